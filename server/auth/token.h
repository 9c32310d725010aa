// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/findtoken.h"
#include "domain/decision.h"
#include "domain/result.h"
#include "policy/identity.h"
#include "policy/policy.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

/// Verifies a JSON Web Token (RFC 7519) in its compact JWS form (RFC 7515) against the route's issuers: algorithm bound
/// to the key, signature by HMAC (RFC 7518 §3.2) compared in constant time, then claims. Input over 8 KiB is JwtFormat.
[[nodiscard]] Result<Identity, Decision> verifyToken(const Policy& policy, std::size_t route, std::string_view token,
                                                     WallTime now);

/// The `sub` that a token claims, whatever it is worth: for the eyes of the operator alone, never for a decision. Empty
/// where the token cannot be read or the claim could not be a user's name.
[[nodiscard]] std::string claimedUser(std::string_view token);

struct TokenRequest {
    std::string user;
    std::vector<std::string> roles;
    std::chrono::seconds ttl{3600};
    std::vector<std::string> channels; ///< claim `channels`; absent where empty
};

/// A token of the policy's local issuer (the first with HS256), with `jti`, `iat` and `exp`.
/// Errors: no such issuer, a role the policy does not have, a ttl over the issuer's `max_lifetime`; in English.
[[nodiscard]] Result<std::string, std::string> mintToken(const Policy& policy, const TokenRequest& request,
                                                         WallTime now);

} // namespace gatehouse
