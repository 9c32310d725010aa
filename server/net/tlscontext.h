// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/result.h"
#include "net/ticketkeys.h"
#include "policy/policy.h"

#include <memory>
#include <openssl/ssl.h>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

struct SslContextFree {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct SslFree {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, SslFree>;

/// When a certificate ends; unset where it cannot be read.
[[nodiscard]] std::optional<WallTime> notAfter(const X509& certificate);

/// One SSL_CTX for each generation of a listener's certificate and client CA, shared by all workers (OpenSSL locks what
/// it must inside). TLS 1.2 and 1.3 with AEAD suites and forward secrecy alone, no compression, no renegotiation, no
/// early data, ALPN `http/1.1`. It outlives every SSL that it made: whoever holds one holds the context too.
class TlsContext {
public:
    /// Errors name the file and what is wrong with it. Tickets are good for this listener, this client CA and this
    /// object alone. The clock outlives the context.
    [[nodiscard]] static Result<std::shared_ptr<const TlsContext>, std::string>
    create(const ListenerTls& settings, std::string_view listener, const Clock& clock);

    /// A server-side SSL on a connected, non-blocking socket; null where memory ran out. Its app data must lead to a
    /// TlsPeer before its handshake starts.
    [[nodiscard]] SslPtr accept(int fd) const;

    [[nodiscard]] const std::string& subject() const { return m_subject; }
    [[nodiscard]] std::optional<WallTime> expires() const { return m_expires; }
    [[nodiscard]] const Clock& clock() const { return m_clock; }
    [[nodiscard]] bool asksForCertificate() const { return m_asksForCertificate; }
    /// Thread-safe, as they say of themselves.
    [[nodiscard]] TicketKeys& tickets() const { return m_tickets; }

private:
    explicit TlsContext(const Clock& clock)
        : m_clock(clock)
    {
    }
    [[nodiscard]] std::string loadCertificate(const ListenerTls& settings);
    [[nodiscard]] std::string bindTickets(const ListenerTls& settings, std::string_view listener);

    const Clock& m_clock;
    mutable TicketKeys m_tickets;
    std::unique_ptr<SSL_CTX, SslContextFree> m_context;
    std::string m_subject;
    std::optional<WallTime> m_expires;
    bool m_asksForCertificate = false;
};

} // namespace gatehouse
