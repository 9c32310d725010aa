// SPDX-License-Identifier: GPL-3.0-or-later
#include "byteupstream.h"

#include <arpa/inet.h>
#include <cerrno>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace gatehouse::test {

ByteUpstream::ByteUpstream(int receiveBuffer)
    : m_receiveBuffer(receiveBuffer)
{
    listen();
}

ByteUpstream::~ByteUpstream()
{
    stop();
}

void ByteUpstream::listen()
{
    m_listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    setsockopt(m_listening, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (m_receiveBuffer > 0)
        setsockopt(m_listening, SOL_SOCKET, SO_RCVBUF, &m_receiveBuffer, sizeof m_receiveBuffer);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_port = htons(m_port);
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = static_cast<sockaddr*>(static_cast<void*>(&own));
    socklen_t length = sizeof own;
    if (bind(m_listening, generic, sizeof own) != 0 || ::listen(m_listening, 128) != 0 ||
        getsockname(m_listening, generic, &length) != 0)
        throw std::runtime_error("an upstream cannot listen");
    m_port = ntohs(own.sin_port);
}

void ByteUpstream::stop()
{
    if (m_listening >= 0)
        ::close(std::exchange(m_listening, -1));
}

std::string ByteUpstream::url(std::string_view path) const
{
    return "ws://127.0.0.1:" + std::to_string(m_port) + std::string(path);
}

ByteClient ByteUpstream::accept(std::chrono::milliseconds atMost) const
{
    const auto deadline = std::chrono::steady_clock::now() + atMost;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        pollfd poller{m_listening, POLLIN, 0};
        const int ready = poll(&poller, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return ByteClient(-1);
        const int fd = accept4(m_listening, nullptr, nullptr, SOCK_CLOEXEC);
        const int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        return ByteClient(fd);
    }
}

std::string ByteUpstream::readHead(ByteClient& peer)
{
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
        const std::string more = peer.receive();
        if (more.empty())
            break;
        head += more;
    }
    return head;
}

std::string ByteUpstream::header(std::string_view head, std::string_view name)
{
    return HttpAnswer{0, std::string(head)}.header(name);
}

std::string ByteUpstream::switching(std::string_view head, std::string_view more)
{
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
           wire::acceptKey(header(head, "Sec-WebSocket-Key")) + "\r\n" + std::string(more) + "\r\n";
}

} // namespace gatehouse::test
