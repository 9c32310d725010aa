// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/policy.h"

#include <string>

namespace gatehouse {

/// Where the token of a session came from.
struct TokenSource {
    TokenPlace place = TokenPlace::Authorization;
    std::string name; ///< of the cookie or the parameter
};

/// What the route calls the cookie or the parameter; empty for other places.
[[nodiscard]] std::string tokenPlaceName(const Authentication& authentication, TokenPlace place);

} // namespace gatehouse
