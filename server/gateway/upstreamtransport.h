// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/upstreamtls.h"
#include "net/listeners.h"
#include "net/transport.h"

#include <string>

namespace gatehouse {

/// The gate's own connection to an upstream, on a non-blocking socket, with or without TLS on it. The process ignores
/// SIGPIPE: OpenSSL writes to sockets whose peer may be gone. Owner: one I/O worker.
class UpstreamTransport final : public Transport {
public:
    /// `ssl` comes from `tls`; both are null for a plain connection.
    explicit UpstreamTransport(Fd fd, std::shared_ptr<const UpstreamTls> tls = nullptr, SslPtr ssl = nullptr);
    ~UpstreamTransport() override;
    UpstreamTransport(const UpstreamTransport&) = delete; // OpenSSL holds a pointer into it
    UpstreamTransport& operator=(const UpstreamTransport&) = delete;

    [[nodiscard]] int fd() const override { return m_fd.get(); }
    [[nodiscard]] bool secure() const override { return m_ssl != nullptr; }
    [[nodiscard]] bool wantsWrite() const override { return m_wantsWrite; }
    /// UpstreamTls where TLS is to blame, else UpstreamLost.
    [[nodiscard]] Reason failure() const override { return m_failure; }
    /// Why handshake() failed: "its certificate: certificate has expired", "it does not speak TLS".
    [[nodiscard]] std::string certificateProblem() const override { return m_problem; }

    [[nodiscard]] IoResult peek(std::span<std::byte> into) override;
    void skip(std::size_t size) override;
    /// Once the socket is connected.
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

    Fd m_fd;                                  // outlives the SSL that writes to it,
    std::shared_ptr<const UpstreamTls> m_tls; // and so do these, which its callbacks go to
    UpstreamTlsPeer m_peer;
    SslPtr m_ssl;
    bool m_wantsWrite = false;
    Reason m_failure = Reason::UpstreamLost;
    std::string m_problem;
};

} // namespace gatehouse
