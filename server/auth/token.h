// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/findtoken.h"
#include "auth/issuerkeys.h"
#include "auth/tokenevidence.h"
#include "domain/decision.h"
#include "domain/result.h"
#include "policy/identity.h"
#include "policy/policy.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

/// A token whose signature and claims are good, with what may end that before the token's own end.
struct VerifiedToken {
    Identity who;
    std::size_t issuer = 0; ///< index into the policy's issuers
    std::optional<WallTime> notBefore;
    std::optional<WallTime> keyUntil; ///< it was signed with a previous secret, which verifies until then
    std::shared_ptr<const TokenEvidence> evidence{};

    /// Evidence by what it says.
    friend bool operator==(const VerifiedToken& a, const VerifiedToken& b)
    {
        const bool same = a.evidence == b.evidence || (a.evidence && b.evidence && *a.evidence == *b.evidence);
        return same && a.who == b.who && a.issuer == b.issuer && a.notBefore == b.notBefore && a.keyUntil == b.keyUntil;
    }
};

struct TokenRefusal : Decision {
    /// The token names a key that this issuer's set does not hold: it may have a newer one.
    std::optional<std::size_t> keyUnknownTo;
};

/// Verifies a JSON Web Token (RFC 7519) in its compact JWS form (RFC 7515) against the route's issuers: algorithm bound
/// to the key, signature (RFC 7518 §3, RFC 8037), then type and claims. Input over 8 KiB is JwtFormat.
///
/// The unverified `iss` picks the issuers whose keys are tried first; the keys of the others are tried after them, so
/// that a good signature of one issuer under the name of another is told from a forgery: it is refused for its claims.
[[nodiscard]] Result<VerifiedToken, TokenRefusal> verifyToken(const Policy& policy, const IssuerKeys& keys,
                                                              std::size_t route, std::string_view token, WallTime now);

/// Judges a token that was verified before as verifyToken() would, but for its signature: in its place, a key of that
/// fingerprint must still be good for an issuer of the route. Never knows more than the token said.
[[nodiscard]] Result<VerifiedToken, Decision> judgeToken(const Policy& policy, const IssuerKeys& keys,
                                                         std::size_t route,
                                                         const std::shared_ptr<const TokenEvidence>& evidence,
                                                         WallTime now);

/// What of a verified token the time can change: exp, nbf, iat, max_lifetime, and the end of a previous secret.
[[nodiscard]] Decision checkTimes(const Policy& policy, const VerifiedToken& token, WallTime now);

/// True where a token was refused because its time is over, and another one may be good.
[[nodiscard]] bool isExpiry(const Decision& why);

/// The `sub` that a token claims, whatever it is worth: for the eyes of the operator alone, never for a decision. Empty
/// where the token cannot be read or the claim could not be a user's name.
[[nodiscard]] std::string claimedUser(std::string_view token);

struct TokenRequest {
    std::string user;
    std::vector<std::string> roles;
    std::chrono::seconds ttl{3600};
    std::vector<std::string> channels; ///< claim `channels`; absent where empty
};

/// A token of the policy's local issuer (the first with HS256, HS384 or HS512), signed with its secret and the first of
/// these that it lists, with `jti`, `iat` and `exp`. `user` becomes the claim `user_claim` as it is: the gate puts the
/// issuer's `user_prefix` before it.
/// Errors: no such issuer, a role the policy does not have, a ttl over the issuer's `max_lifetime`; in English.
[[nodiscard]] Result<std::string, std::string> mintToken(const Policy& policy, const TokenRequest& request,
                                                         WallTime now);

} // namespace gatehouse
