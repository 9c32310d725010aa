// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/listeners.h"
#include "net/tlscontext.h"
#include "net/transport.h"

namespace gatehouse {

/// A connected, non-blocking socket with or without TLS on it.
class SocketTransport final : public Transport {
public:
    SocketTransport(Fd fd, SslPtr ssl)
        : m_fd(std::move(fd))
        , m_ssl(std::move(ssl))
    {
    }

    [[nodiscard]] int fd() const override { return m_fd.get(); }
    [[nodiscard]] bool secure() const override { return m_ssl != nullptr; }
    [[nodiscard]] bool wantsWrite() const override { return m_wantsWrite; }
    [[nodiscard]] Reason failure() const override { return m_failure; }

    [[nodiscard]] IoStatus handshake() override;
    [[nodiscard]] IoResult read(std::span<std::byte> into) override;
    [[nodiscard]] bool readable() override;
    [[nodiscard]] IoResult write(std::span<const std::byte> from) override;
    /// close_notify and FIN.
    void shutdownWrite() override;

    [[nodiscard]] std::string tlsVersion() const override;
    [[nodiscard]] std::string tlsCipher() const override;

private:
    [[nodiscard]] IoStatus sslStatus(int result);

    Fd m_fd; // outlives the SSL that writes to it
    SslPtr m_ssl;
    bool m_wantsWrite = false;
    Reason m_failure = Reason::TlsAborted;
};

} // namespace gatehouse
