// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "domain/clock.h"

#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

/// Who stays and who may come in while the gate is locked down: both lists must match where both are set. Where both
/// are empty nobody does.
struct LockdownLists {
    std::vector<std::string> users;
    std::vector<Network> networks;

    friend bool operator==(const LockdownLists&, const LockdownLists&) = default;
};

/// A lockdown that is on.
struct Lockdown {
    std::optional<LockdownLists> lists; ///< unset: those of the policy, as they are at the time
    std::string actor;
    std::string reason; ///< in the operator's words
    WallTime since{};
    std::optional<WallTime> until; ///< unset: until somebody ends it

    friend bool operator==(const Lockdown&, const Lockdown&) = default;
};

} // namespace gatehouse
