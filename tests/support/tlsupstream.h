// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "testca.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

struct ssl_st;

namespace gatehouse::test {

struct TlsUpstreamOptions {
    Credential credential;
    int maxVersion = 0;    ///< as TLS1_1_VERSION; 0: any
    std::string ciphers{}; ///< of TLS 1.2; empty: OpenSSL's own
    bool plain = false;    ///< no TLS: it says something in plain text
    /// After the handshake, instead of an echo.
    std::function<void(ssl_st&)> then{};
};

/// A TLS server on loopback as others run it, straight on OpenSSL: one connection after the other, each echoed until it
/// ends.
class TlsUpstream {
public:
    explicit TlsUpstream(TlsUpstreamOptions options);
    ~TlsUpstream();
    TlsUpstream(const TlsUpstream&) = delete;
    TlsUpstream& operator=(const TlsUpstream&) = delete;

    [[nodiscard]] std::uint16_t port() const { return m_port; }
    /// The server name that the last one sent; "-": none. After its connection ended.
    [[nodiscard]] const std::string& serverName() const { return m_serverName; }
    /// Waits until it has served whoever is connected.
    void stop();

private:
    void run();
    void serve(int fd);

    TlsUpstreamOptions m_options;
    int m_listener = -1;
    std::uint16_t m_port = 0;
    std::string m_serverName = "-";
    std::atomic<bool> m_stop{false};
    std::thread m_thread;
};

} // namespace gatehouse::test
