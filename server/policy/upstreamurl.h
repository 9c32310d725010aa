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

/// False for an address that others may listen in on the way to: one that is neither loopback nor private (RFC 1918,
/// RFC 4193, link-local). A name's addresses are not known here: true.
[[nodiscard]] bool isNearby(const UpstreamUrl& url);

} // namespace gatehouse
