// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/policycommands.h"
#include "domain/reason.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gatehouse {

/// As Centrifugo's server API numbers them, where it has such an error.
enum class ControlErrorCode : std::uint16_t {
    Internal = 100,
    UnknownChannel = 102,   ///< no rule of the policy has it
    PermissionDenied = 103, ///< the key is not for that channel; HTTP status 403
    NotFound = 104,
    LimitExceeded = 106,
    BadRequest = 107,
    NotAvailable = 108, ///< the channel keeps no history, or no presence
    TooManyRequests = 111,
    Rejected = 112, ///< of `history`: a position of another epoch
    Unavailable = 113,
    Conflict = 114 ///< somebody else came first; HTTP status 409
};

struct ControlError {
    ControlErrorCode code = ControlErrorCode::Internal;
    std::string message;                   ///< English: what, where, what to do
    Reason reason = Reason::None;          ///< PolicyRejected, PolicyConflict …
    std::string difference{};              ///< of a conflict: from `base` to what runs, unified
    std::vector<PolicyProblem> problems{}; ///< of a policy that was rejected

    friend bool operator==(const ControlError&, const ControlError&) = default;
};

} // namespace gatehouse
