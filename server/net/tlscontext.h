// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/reason.h"
#include "domain/result.h"
#include "policy/policy.h"

#include <memory>
#include <openssl/ssl.h>
#include <optional>
#include <string>

namespace gatehouse {

struct SslContextFree {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;

/// One SSL_CTX for each generation of a certificate, shared by all workers (OpenSSL locks what it must inside).
/// TLS 1.2 and 1.3 with AEAD suites and forward secrecy alone, no compression, no renegotiation, ALPN `http/1.1`.
class TlsContext {
public:
    /// Errors name the file and what is wrong with it.
    [[nodiscard]] static Result<std::shared_ptr<const TlsContext>, std::string> create(const ListenerTls& settings);

    /// A server-side SSL on a connected, non-blocking socket; null where memory ran out.
    [[nodiscard]] SslPtr accept(int fd) const;

    [[nodiscard]] const std::string& subject() const { return m_subject; }
    [[nodiscard]] std::optional<WallTime> expires() const { return m_expires; }

private:
    TlsContext() = default;
    std::unique_ptr<SSL_CTX, SslContextFree> m_context;
    std::string m_subject;
    std::optional<WallTime> m_expires;
};

/// Why a handshake failed, from the thread's OpenSSL error queue, which is emptied.
[[nodiscard]] Reason handshakeFailure();

} // namespace gatehouse
