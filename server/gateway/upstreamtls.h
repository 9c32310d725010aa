// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/result.h"
#include "net/tlscontext.h"
#include "net/tlsguard.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace gatehouse {

/// What is kept about one connection to an upstream; SSL_get_app_data() leads to it. Owner: the connection's worker.
struct UpstreamTlsPeer {
    static constexpr std::uint32_t mostTickets = 16; ///< servers send two; none is of use to us

    const Clock* clock = nullptr;
    TlsGuard guard;
    std::uint32_t records = 0; ///< begun since the handshake, less those whose data was read
    std::uint32_t tickets = 0;
    bool established = false; ///< the handshake is done
};

/// Whom one gateway route trusts to vouch for its upstreams: one SSL_CTX of the client role, shared by all workers.
/// TLS 1.2 and 1.3 as towards clients (net/tlsstrength), the certificate always verified, by the gate's own clock, and
/// no sessions resumed. It outlives every SSL that it made: whoever holds one holds this too.
class UpstreamTls {
public:
    /// `ca`: PEM of the certificates that are trusted, and no others; empty: the system's authorities. The error names
    /// the file and what is wrong with it. The clock outlives what is made.
    [[nodiscard]] static Result<std::shared_ptr<const UpstreamTls>, std::string> create(const std::filesystem::path& ca,
                                                                                        const Clock& clock);

    /// A client-side SSL on a non-blocking socket; null where memory ran out. `host` is a name, which is sent too, or
    /// an address: the certificate must be for it. Its app data must lead to an UpstreamTlsPeer before its handshake
    /// starts.
    [[nodiscard]] SslPtr connect(int fd, const std::string& host) const;

    [[nodiscard]] const Clock& clock() const { return m_clock; }
    /// Of the bytes of `ca`: what tells that the file has others now.
    using Digest = std::array<unsigned char, 32>;
    [[nodiscard]] const Digest& digest() const { return m_digest; }
    [[nodiscard]] static Digest digestOf(const std::string& bytes);

private:
    explicit UpstreamTls(const Clock& clock)
        : m_clock(clock)
    {
    }

    const Clock& m_clock;
    std::unique_ptr<SSL_CTX, SslContextFree> m_context;
    Digest m_digest{};
};

/// Why a handshake failed, for an operator; takes what is in OpenSSL's error queue of this thread.
[[nodiscard]] std::string upstreamTlsProblem(const SSL& ssl);

} // namespace gatehouse
