// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/listeners.h"
#include "net/tlscallbacks.h"
#include "net/tlscontext.h"
#include "net/tlsguard.h"
#include "net/transport.h"

namespace gatehouse {

/// A connected, non-blocking socket with or without TLS on it.
class SocketTransport final : public Transport {
public:
    /// `ssl` comes from `tls`; both are null for a plain connection.
    SocketTransport(Fd fd, std::shared_ptr<const TlsContext> tls, SslPtr ssl)
        : m_fd(std::move(fd))
        , m_tls(std::move(tls))
        , m_ssl(std::move(ssl))
    {
        if (!m_ssl)
            return;
        SSL_set_app_data(m_ssl.get(), &m_peer);
        m_peer.hello = std::make_unique<TlsHello>();
        watchHello(*m_ssl);
    }
    SocketTransport(const SocketTransport&) = delete; // OpenSSL holds a pointer into it
    SocketTransport& operator=(const SocketTransport&) = delete;

    [[nodiscard]] int fd() const override { return m_fd.get(); }
    [[nodiscard]] bool secure() const override { return m_ssl != nullptr; }
    [[nodiscard]] bool wantsWrite() const override { return m_wantsWrite; }
    [[nodiscard]] Reason failure() const override { return m_failure; }

    [[nodiscard]] std::string certificateProblem() const override;
    [[nodiscard]] std::string serverName() const override
    {
        return m_peer.hello ? m_peer.hello->serverName : std::string();
    }

    [[nodiscard]] std::optional<ClientCertificate> clientCertificate() const override;

    [[nodiscard]] IoResult peek(std::span<std::byte> into) override;
    void skip(std::size_t size) override;
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
    void countRecords(bool data);
    [[nodiscard]] bool misbehaved() const;

    Fd m_fd;                                 // outlives the SSL that writes to it,
    std::shared_ptr<const TlsContext> m_tls; // and so do these, which its callbacks go to
    TlsPeer m_peer;
    SslPtr m_ssl;
    bool m_wantsWrite = false;
    Reason m_failure = Reason::PeerAbort;
};

} // namespace gatehouse
