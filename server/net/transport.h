// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/reason.h"
#include "net/listeners.h"
#include "net/tlscontext.h"

#include <cstddef>
#include <span>

namespace gatehouse {

enum class IoStatus : std::uint8_t { Ok, WouldBlock, Closed, Failed };

struct IoResult {
    IoStatus status = IoStatus::Ok;
    std::size_t bytes = 0;
};

/// A connected, non-blocking socket with or without TLS on it. Owner: one I/O worker.
class Transport {
public:
    Transport(Fd fd, SslPtr ssl)
        : m_fd(std::move(fd))
        , m_ssl(std::move(ssl))
    {
    }

    [[nodiscard]] int fd() const { return m_fd.get(); }
    [[nodiscard]] bool secure() const { return m_ssl != nullptr; }
    /// True where the last call could not go on before the socket takes more bytes.
    [[nodiscard]] bool wantsWrite() const { return m_wantsWrite; }
    /// Why handshake() failed.
    [[nodiscard]] Reason failure() const { return m_failure; }

    [[nodiscard]] IoStatus handshake();
    [[nodiscard]] IoResult read(std::span<std::byte> into);
    /// Where it answers WouldBlock, the next call must offer the same bytes, or more of them.
    [[nodiscard]] IoResult write(std::span<const std::byte> from);
    /// close_notify and FIN: the peer sees the end of what was written.
    void shutdownWrite();

    [[nodiscard]] std::string tlsVersion() const; ///< "1.3"; empty without TLS
    [[nodiscard]] std::string tlsCipher() const;

private:
    [[nodiscard]] IoStatus sslStatus(int result);

    Fd m_fd; // outlives the SSL that writes to it
    SslPtr m_ssl;
    bool m_wantsWrite = false;
    Reason m_failure = Reason::TlsAborted;
};

} // namespace gatehouse
