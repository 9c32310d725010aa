// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/policy.h"

#include <optional>
#include <string_view>

namespace gatehouse {

/// A serialised origin (RFC 6454 §6.2) in parts: lower case, the scheme's own port where none is written.
struct OriginParts {
    std::string scheme;
    std::string host;       ///< an IPv6 literal keeps its brackets
    std::uint16_t port = 0; ///< 0 where the scheme has no port of its own

    friend bool operator==(const OriginParts&, const OriginParts&) = default;
};

/// scheme://host[:port] and nothing else: no userinfo, path, trailing dot or blank. "null" is not one.
[[nodiscard]] std::optional<OriginParts> parseOrigin(std::string_view text);

/// An entry of `origins`: "none", "*", scheme://host[:port], or with "*." as the leftmost label, there without a scheme
/// too.
[[nodiscard]] std::optional<OriginRule> parseOriginRule(std::string_view text);

/// `origin` unset: the request has no Origin header. "*" does not stand for a missing one: "none" does.
[[nodiscard]] bool originMatches(const OriginRule& rule, std::optional<std::string_view> origin);

/// Letters, digits, `-` and `_` in non-empty labels of at most 63 bytes, 253 in all; no trailing dot.
[[nodiscard]] bool isHostName(std::string_view text);

struct HostPort {
    std::string_view host; ///< an IPv6 literal without its brackets
    std::optional<std::uint16_t> port;
    bool bracketed = false;
};
/// host[:port] as in Host and Origin; unset where the port is not 1–65535 in plain digits or the brackets hold no IPv6
/// address.
[[nodiscard]] std::optional<HostPort> splitHostPort(std::string_view text);

} // namespace gatehouse
