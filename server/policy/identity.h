// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

/// Stands for the issuer of those whom a client certificate names.
inline constexpr const char* certificateIssuer = "certificate";

inline constexpr std::size_t longestUserName = 192; ///< bytes: an issuer's prefix of 64 and a claim of 128

/// Who a verified token speaks for. A user is (issuer, user): the same name from two issuers is two people.
struct Identity {
    std::string issuer; ///< the policy's name for the issuer; empty: anonymous
    std::string user;
    std::vector<std::string> roles; ///< only roles that the policy has and the issuer may give
    std::string tokenId;            ///< `jti`; empty where the token has none
    std::string keyId;              ///< `kid`; empty where the token has none
    std::optional<WallTime> issuedAt;
    std::optional<WallTime> expires;
    std::optional<WallTime> onceUntil{}; ///< set: the token is good once; from then on it is refused for its age

    [[nodiscard]] bool anonymous() const { return issuer.empty(); }
    friend bool operator==(const Identity&, const Identity&) = default;
};

} // namespace gatehouse
