// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/ids.h"

#include <optional>
#include <string>

namespace gatehouse {

enum class BanSubject : std::uint8_t { User, Address, Network, Token };

[[nodiscard]] constexpr const char* banSubjectWord(BanSubject subject)
{
    switch (subject) {
    case BanSubject::User:
        return "user";
    case BanSubject::Address:
        return "address";
    case BanSubject::Network:
        return "network";
    case BanSubject::Token:
        return "token";
    }
    return "";
}

inline constexpr const char* ruleActor = "rule"; ///< of what the gate does by itself

/// Somebody who may not come in until a time.
struct Ban {
    BanId id;
    BanSubject subject = BanSubject::Address;
    std::string value;  ///< user name, address, network in CIDR form, or `jti`
    std::string issuer; ///< of a user or token; empty: whoever vouches
    std::string actor;  ///< ruleActor where the gate banned by itself
    std::string reason; ///< in the operator's words
    WallTime since{};
    std::optional<WallTime> until; ///< unset: until it is lifted

    friend bool operator==(const Ban&, const Ban&) = default;
};

} // namespace gatehouse
