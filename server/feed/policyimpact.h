// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"
#include "domain/ids.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gatehouse {

/// A session that a policy would end, or ended.
struct AffectedSession {
    SessionId id;
    std::string user;
    std::string address;
    std::string route;
    Decision why;
    std::uint16_t code = 0; ///< close code; 0: it is limited, not ended

    friend bool operator==(const AffectedSession&, const AffectedSession&) = default;
};

/// What a policy does to the sessions that are open.
struct PolicyImpact {
    std::uint64_t sessions = 0;           ///< open ones
    std::uint64_t examined = 0;           ///< fewer than `sessions` where the time ran out
    std::vector<AffectedSession> ended;   ///< by id
    std::vector<AffectedSession> limited; ///< by id: they stay, and what they do now is more than they may

    [[nodiscard]] bool complete() const { return examined == sessions; }
    friend bool operator==(const PolicyImpact&, const PolicyImpact&) = default;
};

} // namespace gatehouse
