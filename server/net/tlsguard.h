// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "net/hellolimit.h"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatehouse {

/// Counts what came after the handshake and is no data, and each costs us more than the peer.
///
/// Handshake messages: a new ClientHello (TLS 1.2), which is refused, or a KeyUpdate (TLS 1.3), which is carried out.
/// The third within an hour is one too many. Records of any kind without data: OpenSSL ends a connection after 32 empty
/// ones or 5 warnings in a row, and begins anew with each byte of data; here 256 in an hour are the end.
class TlsGuard {
public:
    static constexpr std::chrono::hours window{1};
    static constexpr std::uint32_t mostIdle = 256;

    void attempt(TimePoint now) noexcept
    {
        m_excessive = m_excessive || (m_seen == m_last.size() && now - m_last.front() < window);
        m_last = {m_last.back(), now};
        m_seen = m_seen < m_last.size() ? static_cast<std::uint8_t>(m_seen + 1) : m_seen;
    }
    void idle(std::uint32_t records, TimePoint now) noexcept
    {
        if (m_idle == 0 || now - m_idleSince >= window) {
            m_idleSince = now;
            m_idle = 0;
        }
        m_idle += records;
        m_excessive = m_excessive || m_idle > mostIdle;
    }
    [[nodiscard]] bool excessive() const noexcept { return m_excessive; }

    friend bool operator==(const TlsGuard&, const TlsGuard&) = default;

private:
    std::array<TimePoint, 2> m_last{};
    TimePoint m_idleSince{};
    std::uint32_t m_idle = 0;
    std::uint8_t m_seen = 0;
    bool m_excessive = false;
};

/// What OpenSSL's callbacks keep about one connection; SSL_get_app_data() leads to it. Owner: the connection's worker.
struct TlsPeer {
    std::string serverName; ///< as the ClientHello has it; empty: none was sent
    TlsGuard guard;
    std::unique_ptr<HelloLimit> hello; ///< while the handshake lasts
    bool helloTooLarge = false;
    std::uint32_t records = 0; ///< begun since the handshake, less those whose data was read
    bool established = false;  ///< the handshake is done
};

/// The one host name of a server_name extension (RFC 6066 §3): visible ASCII, 1 to 255 bytes. Unset where the extension
/// says anything else.
[[nodiscard]] std::optional<std::string_view> sentServerName(std::span<const unsigned char> extension);

} // namespace gatehouse
