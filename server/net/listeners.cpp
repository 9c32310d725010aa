// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/listeners.h"

#include "net/socketaddress.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sstream>
#include <sys/socket.h>
#include <unistd.h>

namespace gatehouse {

namespace {

constexpr int backlog = 1024;

/// The inode of the socket that listens on a port, from /proc/net/tcp and tcp6; empty: none seen.
std::string listeningInode(std::uint16_t port)
{
    std::array<char, 8> hex{};
    std::snprintf(hex.data(), hex.size(), ":%04X", port);
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream lines(table);
        for (std::string line; std::getline(lines, line);) {
            std::istringstream fields(line);
            std::string number, local, remote, state, queue, timer, retransmit, uid, timeout, inode;
            fields >> number >> local >> remote >> state >> queue >> timer >> retransmit >> uid >> timeout >> inode;
            if (state == "0A" && local.ends_with(hex.data()))
                return inode;
        }
    }
    return {};
}

/// The process that holds a socket's inode, as far as we may look; 0: not seen.
long holderOf(const std::string& inode)
{
    namespace fs = std::filesystem;
    const std::string wanted = "socket:[" + inode + "]";
    std::error_code ignored;
    for (const auto& process : fs::directory_iterator("/proc", ignored)) {
        const long pid = std::strtol(process.path().filename().c_str(), nullptr, 10);
        if (pid <= 0)
            continue;
        for (fs::directory_iterator fd(process.path() / "fd", ignored), end; !ignored && fd != end;
             fd.increment(ignored))
            if (fs::read_symlink(fd->path(), ignored).string() == wanted)
                return pid;
        ignored.clear();
    }
    return 0;
}

std::string bindError(const std::string& url, std::uint16_t port, int error)
{
    std::string text = "cannot listen on " + url + ": " + std::strerror(error);
    if (error == EADDRINUSE) {
        const std::string inode = listeningInode(port);
        const long pid = inode.empty() ? 0 : holderOf(inode);
        text += pid > 0 ? "; process " + std::to_string(pid) + " holds it" : "; another process holds it";
    } else if (error == EACCES) {
        text += "; ports below 1024 need CAP_NET_BIND_SERVICE";
    } else if (error == EADDRNOTAVAIL) {
        text += "; this machine does not have that address";
    }
    return text;
}

/// A bound, listening socket; errno tells where it failed.
Fd listenOn(const IpAddress& address, std::uint16_t port, bool shared)
{
    const SocketAddress where = socketAddress(address, port);
    Fd fd(socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd)
        return fd;
    const int one = 1;
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (shared && setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) != 0)
        return {};
    const auto* bound = static_cast<const sockaddr*>(static_cast<const void*>(&where.storage));
    if (bind(fd.get(), bound, where.length) != 0 || listen(fd.get(), backlog) != 0)
        return {};
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); // inherited by what it accepts
    return fd;
}

std::uint16_t boundPort(int fd)
{
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (getsockname(fd, static_cast<sockaddr*>(static_cast<void*>(&storage)), &length) != 0)
        return 0;
    std::uint16_t port = 0; // sin_port and sin6_port stand at the same place
    std::memcpy(&port, &static_cast<const sockaddr_in*>(static_cast<const void*>(&storage))->sin_port, sizeof port);
    return ntohs(port);
}

} // namespace

Fd& Fd::operator=(Fd&& other) noexcept
{
    if (this != &other) {
        reset();
        m_fd = other.release();
    }
    return *this;
}

int Fd::release()
{
    return std::exchange(m_fd, -1);
}

void Fd::reset()
{
    if (m_fd >= 0) {
        const int error = errno; // close() must not hide why the caller gives the socket up
        close(m_fd);
        errno = error;
    }
    m_fd = -1;
}

std::string listenerUrl(const Listener& listener, std::uint16_t port)
{
    const std::string host = listener.address.toString();
    const bool admin = listener.kind == ListenerKind::Admin;
    const std::string scheme = std::string(admin ? "http" : "ws") + (listener.tls ? "s://" : "://");
    return scheme + (listener.address.isV4() ? host : '[' + host + ']') + ':' + std::to_string(port);
}

Result<ListenerSockets, std::string> openListener(const Listener& listener, unsigned workers)
{
    const std::string url = listenerUrl(listener, listener.port);
    ListenerSockets result;
    result.port = listener.port;
    if (result.port != 0 && !listenOn(listener.address, result.port, false)) // a port of the system's choice is free
        return Failure{bindError(url, result.port, errno)};
    for (unsigned i = 0; i < workers; ++i) {
        Fd fd = listenOn(listener.address, result.port, true);
        if (!fd)
            return Failure{bindError(url, result.port, errno)};
        if (result.port == 0)
            result.port = boundPort(fd.get());
        result.sockets.push_back(std::move(fd));
    }
    return result;
}

} // namespace gatehouse
