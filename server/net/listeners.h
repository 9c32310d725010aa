// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "policy/policy.h"

#include <string>
#include <vector>

namespace gatehouse {

/// A file descriptor that closes itself.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd)
        : m_fd(fd)
    {
    }
    Fd(Fd&& other) noexcept
        : m_fd(other.release())
    {
    }
    Fd& operator=(Fd&& other) noexcept;
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const { return m_fd; }
    explicit operator bool() const { return m_fd >= 0; }
    int release();
    void reset();

private:
    int m_fd = -1;
};

/// The sockets of one listener: one for each worker, on one port (SO_REUSEPORT).
struct ListenerSockets {
    std::vector<Fd> sockets;
    std::uint16_t port = 0; ///< the real one, where the policy says 0
};

/// Binds and listens. A first, exclusive bind finds another process on the port, which SO_REUSEPORT would let us share;
/// the error then names its process id.
[[nodiscard]] Result<ListenerSockets, std::string> openListener(const Listener& listener, unsigned workers);

/// "wss://0.0.0.0:8443"; of an admin listener "https://127.0.0.1:9443"
[[nodiscard]] std::string listenerUrl(const Listener& listener, std::uint16_t port);

} // namespace gatehouse
