// SPDX-License-Identifier: GPL-3.0-or-later
#include "keyserver.h"

#include <openssl/ssl.h>

#include <array>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace gatehouse::test {

namespace {

/// Until there is something to read, or the time is over.
bool readable(int fd, int milliseconds)
{
    pollfd wait{fd, POLLIN, 0};
    return poll(&wait, 1, milliseconds) == 1;
}

} // namespace

KeyServer::KeyServer(const std::filesystem::path& certificate, const std::filesystem::path& key)
{
    if (!certificate.empty()) {
        m_tls = {SSL_CTX_new(TLS_server_method()), [](SSL_CTX* tls) { SSL_CTX_free(tls); }};
        if (SSL_CTX_use_certificate_chain_file(m_tls.get(), certificate.c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(m_tls.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
            throw std::runtime_error("key server: no certificate");
    }
    m_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (bind(m_socket, generic, size) != 0 || listen(m_socket, 16) != 0 || getsockname(m_socket, generic, &size) != 0)
        throw std::runtime_error("key server: no socket");
    m_port = ntohs(address.sin_port);
    answer("{}");
    m_thread = std::thread([this] { run(); });
}

KeyServer::~KeyServer()
{
    m_stop = true;
    m_thread.join();
    close(m_socket);
}

void KeyServer::answer(std::string body, int status, std::string headers)
{
    const std::lock_guard lock(m_mutex);
    m_answer = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\nConnection: close\r\n" + headers + "\r\n" + body;
}

void KeyServer::hang()
{
    const std::lock_guard lock(m_mutex);
    m_answer.clear();
}

std::string KeyServer::url(const std::string& host) const
{
    return std::string(m_tls ? "https" : "http") + "://" + host + ":" + std::to_string(m_port) + "/jwks.json";
}

void KeyServer::run()
{
    while (!m_stop) {
        if (!readable(m_socket, 20))
            continue;
        const int fd = accept4(m_socket, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        ++m_asked;
        serve(fd);
        close(fd);
    }
}

void KeyServer::serve(int fd)
{
    std::string text;
    {
        const std::lock_guard lock(m_mutex);
        text = m_answer;
    }
    while (text.empty() && !m_stop && !readable(fd, 20)) {
    }
    std::array<char, 4096> request{};
    if (text.empty()) {
        while (!m_stop && !(readable(fd, 20) && recv(fd, request.data(), request.size(), 0) <= 0)) {
        }
    } else if (m_tls) {
        const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(m_tls.get()), &SSL_free);
        SSL_set_fd(ssl.get(), fd);
        if (SSL_accept(ssl.get()) == 1 && SSL_read(ssl.get(), request.data(), request.size()) > 0) {
            SSL_write(ssl.get(), text.data(), static_cast<int>(text.size()));
            SSL_shutdown(ssl.get());
        }
    } else if (readable(fd, 2000) && recv(fd, request.data(), request.size(), 0) > 0) {
        (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    }
}

} // namespace gatehouse::test
