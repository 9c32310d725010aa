// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/ids.h"

#include <optional>
#include <string>

namespace gatehouse {

enum class RevocationSubject : std::uint8_t { Token, User };

[[nodiscard]] constexpr const char* revocationSubjectWord(RevocationSubject subject)
{
    switch (subject) {
    case RevocationSubject::Token:
        return "token";
    case RevocationSubject::User:
        return "user";
    }
    return "";
}

/// A token, or all tokens of a user up to a time, that is worth nothing any more.
struct Revocation {
    RevocationId id;
    RevocationSubject subject = RevocationSubject::Token;
    std::string value;       ///< `jti`, or user name
    std::string issuer;      ///< the policy's name for it; empty: whoever vouches
    WallTime issuedBefore{}; ///< of a user: tokens of this second are among the revoked; of a token: nothing
    std::string actor;
    std::string reason; ///< in the operator's words
    WallTime since{};
    std::optional<WallTime> until; ///< unset: until it is taken back

    friend bool operator==(const Revocation&, const Revocation&) = default;
};

} // namespace gatehouse
