// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/policy.h"

#include <string>
#include <string_view>

namespace gatehouse {

/// The target of the request to an upstream (RFC 9112 §3.2.1): the upstream's path and behind it the path of the
/// client's request, raw, without the segments of the route's path up to its `*` where the route strips them; then the
/// client's raw query, without every parameter that is the route's place of tokens, however its name is
/// percent-encoded. Visible ASCII whatever came: other bytes are escaped. `rawPath` is one that the route matches.
[[nodiscard]] std::string upstreamTarget(const Route& route, const UpstreamUrl& url, std::string_view rawPath,
                                         std::string_view rawQuery);

} // namespace gatehouse
