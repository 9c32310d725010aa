// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/ids.h"
#include "domain/rate.h"

#include <optional>
#include <string>

namespace gatehouse {

/// A limit on messages that an operator set on a session or on all sessions of a user, beside those of the policy.
struct TemporaryLimit {
    LimitId id;
    SessionId session; ///< none: of the user
    std::string user;
    std::string issuer; ///< empty: whoever vouches
    Rate rate;
    std::string actor;
    std::string reason; ///< in the operator's words
    WallTime since{};
    std::optional<WallTime> until; ///< unset: until it is lifted

    friend bool operator==(const TemporaryLimit&, const TemporaryLimit&) = default;
};

} // namespace gatehouse
