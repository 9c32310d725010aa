// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/lockdown.h"
#include "domain/temporarylimit.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

// What an operator does in an incident beside kicks and bans: commands and their answers.
namespace gatehouse {

// lockdown
struct LockdownCommand {
    bool on = true;
    std::optional<std::vector<std::string>> allowUsers; ///< either of the two given: instead of the policy's lists
    std::optional<std::vector<Network>> allowNetworks;
    std::optional<std::chrono::milliseconds> duration; ///< unset: until somebody ends it
    std::string reason;

    friend bool operator==(const LockdownCommand&, const LockdownCommand&) = default;
};
struct LockdownResult {
    std::optional<Lockdown> lockdown; ///< unset: none is on now
    LockdownLists lists;              ///< that hold now
    std::vector<SessionId> ended;

    friend bool operator==(const LockdownResult&, const LockdownResult&) = default;
};

// limit, limits, unlimit
struct LimitCommand {
    std::vector<SessionId> sessions; ///< either these …
    std::string user;                ///< … or this user
    std::string issuer;
    Rate rate;
    std::optional<std::chrono::milliseconds> duration = std::chrono::minutes(10); ///< unset: until it is lifted
    std::string reason;

    friend bool operator==(const LimitCommand&, const LimitCommand&) = default;
};
struct LimitResult {
    std::vector<TemporaryLimit> limits;
    std::vector<SessionId> missing; ///< gone before they could be limited

    friend bool operator==(const LimitResult&, const LimitResult&) = default;
};
struct LimitsQuery {
    friend bool operator==(const LimitsQuery&, const LimitsQuery&) = default;
};
struct LimitList {
    std::vector<TemporaryLimit> limits;

    friend bool operator==(const LimitList&, const LimitList&) = default;
};
struct UnlimitCommand {
    LimitId id;

    friend bool operator==(const UnlimitCommand&, const UnlimitCommand&) = default;
};

// quarantine
struct QuarantineCommand {
    std::vector<SessionId> sessions; ///< empty matches nothing
    bool on = true;
    std::optional<std::chrono::milliseconds> duration; ///< unset: until somebody ends it
    std::string reason;

    friend bool operator==(const QuarantineCommand&, const QuarantineCommand&) = default;
};
struct QuarantineResult {
    std::vector<SessionId> sessions; ///< that are as was asked now
    std::vector<SessionId> missing;  ///< gone

    friend bool operator==(const QuarantineResult&, const QuarantineResult&) = default;
};

} // namespace gatehouse
