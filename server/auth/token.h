// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

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

/// Where a request may carry a token, as received.
struct TokenFacts {
    std::vector<std::string_view> authorization; ///< every Authorization header's value
    std::vector<std::string_view> subprotocols;  ///< the names offered, in order
};

/// Finds the one token in the places that the route names. No token in any of them: an empty optional. Tokens in two
/// places or twice in one: AuthAmbiguous. A `bearer.T` alone, with nothing echoable beside it: Subprotocol.
[[nodiscard]] Result<std::optional<std::string_view>, Decision> findToken(const Policy& policy, std::size_t route,
                                                                          const TokenFacts& facts);

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
