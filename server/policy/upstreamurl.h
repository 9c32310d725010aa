// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "policy/policy.h"

#include <string>
#include <string_view>

namespace gatehouse {

inline constexpr std::size_t longestUpstreamUrl = 2048; ///< bytes

/// ws:// or wss:// with a host (a name, an IPv4 address or an IPv6 one in brackets), perhaps a port and a path; no
/// user, query or fragment. The scheme's own port and "/" where none is written. The error says what is wrong with it,
/// and repeats nothing of it.
[[nodiscard]] Result<UpstreamUrl, std::string> parseUpstreamUrl(std::string_view text);

/// However both are written.
[[nodiscard]] bool isSameUpstream(const UpstreamUrl& a, const UpstreamUrl& b);

/// Scheme, host and port in one form: "wss://app.example:443", "ws://[::1]:80".
[[nodiscard]] std::string originOf(const UpstreamUrl& url);

enum class Reaches : std::uint8_t { No, Perhaps, Surely };

/// Whether who connects to `url` meets this listener. Surely: its address, or a loopback one where it listens on all of
/// its family. Perhaps: localhost or one of its server names, since what a name leads to is not known here, or an
/// IPv4 loopback address where it listens on "::". Port 0, which is any that the system gives, is no URL's.
[[nodiscard]] Reaches reaches(const UpstreamUrl& url, const Listener& listener);

/// False for an address that others may listen in on the way to: one that is neither loopback nor private (RFC 1918,
/// RFC 4193, link-local). A name's addresses are not known here: true.
[[nodiscard]] bool isNearby(const UpstreamUrl& url);

} // namespace gatehouse
