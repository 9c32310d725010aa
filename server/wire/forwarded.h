// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

// For whom proxies say that they ask. Several header lines are one list (RFC 9110 §5.3).
namespace gatehouse::wire {

/// First the one who is furthest away; unset what is no address: `unknown`, an obfuscated name, or anything else.
using ForwardedChain = std::vector<std::optional<IpAddress>>;

/// X-Forwarded-For: addresses, an IPv6 address with or without brackets, a port behind an IPv4 address or a bracket.
/// An empty element is one that cannot be read.
[[nodiscard]] ForwardedChain readForwardedFor(std::span<const std::string_view> lines);

/// The `for` of each element of Forwarded (RFC 7239 §4), strictly. An element without it cannot be read, and neither
/// can a line whose syntax is broken, which is one element: a quote that somebody left open may hide all that follows.
[[nodiscard]] ForwardedChain readForwarded(std::span<const std::string_view> lines);

} // namespace gatehouse::wire
