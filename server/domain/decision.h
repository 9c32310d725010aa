// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/reason.h"

#include <string>

namespace gatehouse {

/// Names the rule that decided: where it stands and how a person calls it.
struct Rule {
    std::string pointer; ///< JSON pointer into the policy (RFC 6901), "/routes/0/messages/rate"
    std::string name;    ///< "hub › messages › rate"

    friend bool operator==(const Rule&, const Rule&) = default;
};

/// What a check said. Allowing costs nothing; a refusal says what it met and what it allows.
struct [[nodiscard]] Decision {
    Reason reason = Reason::None;
    Rule rule;
    std::string met;   ///< "53/s came over 10 s"; never a token or a payload
    std::string limit; ///< "50/s, burst 100"

    [[nodiscard]] bool allowed() const { return reason == Reason::None; }
    [[nodiscard]] static Decision allow() { return {}; }

    friend bool operator==(const Decision&, const Decision&) = default;
};

} // namespace gatehouse
