// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/base64url.h"
#include "auth/claims.h"
#include "auth/hmac.h"
#include "auth/token.h"
#include "policy/json.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::size_t tokenIdBytes = 16;

/// The issuer whose tokens are made here, and how it signs.
struct LocalIssuer {
    const Issuer* issuer = nullptr;
    JwtAlgorithm algorithm = JwtAlgorithm::HS256;
};

LocalIssuer localIssuer(const Policy& policy)
{
    for (const Issuer& issuer : policy.issuers) {
        const auto found = std::find_if(issuer.algorithms.begin(), issuer.algorithms.end(), isSymmetric);
        if (!issuer.secret.empty() && found != issuer.algorithms.end())
            return {&issuer, *found};
    }
    return {};
}

HmacDigest digestOf(JwtAlgorithm algorithm)
{
    return algorithm == JwtAlgorithm::HS256   ? HmacDigest::Sha256
           : algorithm == JwtAlgorithm::HS384 ? HmacDigest::Sha384
                                              : HmacDigest::Sha512;
}

std::string headerText(const Issuer& issuer, JwtAlgorithm algorithm)
{
    return "{\"alg\":" + jsonQuoted(jwtAlgorithmWord(algorithm)) +
           ",\"typ\":" + jsonQuoted(issuer.typ.empty() ? "JWT" : issuer.typ) + "}";
}

/// What keeps the token from being accepted later, so that it is better not made; empty where nothing does.
std::string objection(const Policy& policy, const Issuer& issuer, const TokenRequest& request)
{
    if (request.user.empty() || request.user.size() > longestUser || !isPlainText(request.user))
        return "a user is a text of 1 to 128 bytes without control characters";
    for (const Issuer& other : policy.issuers)
        if (&other != &issuer && !other.userPrefix.empty() &&
            (issuer.userPrefix + request.user).starts_with(other.userPrefix))
            return "the user's name would begin like those of issuer " + other.name;
    for (const std::string& role : request.roles) {
        if (!contains(policy.roles, role))
            return "the policy has no role " + jsonQuoted(role);
        if (!contains(issuer.rolesAllowed, "*") && !contains(issuer.rolesAllowed, role))
            return "issuer " + issuer.name + " may not give the role " + jsonQuoted(role);
    }
    if (request.ttl <= std::chrono::seconds(0))
        return "the time to live must be positive";
    if (request.ttl > issuer.maxLifetime)
        return "a time to live of " + formatDuration(request.ttl) + " is over the issuer's max_lifetime of " +
               formatDuration(issuer.maxLifetime);
    return {};
}

std::string jsonList(const std::vector<std::string>& words)
{
    std::string list = "[";
    for (const std::string& word : words)
        list.append(list.size() > 1 ? "," : "").append(jsonQuoted(word));
    return list + "]";
}

} // namespace

Result<std::string, std::string> mintToken(const Policy& policy, const TokenRequest& request, WallTime now)
{
    const auto [issuer, algorithm] = localIssuer(policy);
    if (!issuer)
        return Failure{std::string(
            "the policy has no issuer with a secret (HS256, HS384, HS512), so that no token can be made here")};
    if (std::string refusal = objection(policy, *issuer, request); !refusal.empty())
        return Failure{std::move(refusal)};
    const auto tokenId = randomBytes(tokenIdBytes);
    if (!tokenId)
        return Failure{std::string("the system's random generator failed")};
    const auto issuedAt = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
    std::string claims = "{\"iss\":" + jsonQuoted(issuer->issuer) + ",\"aud\":" + jsonQuoted(issuer->audience) + "," +
                         jsonQuoted(issuer->userClaim) + ":" + jsonQuoted(request.user) +
                         ",\"iat\":" + std::to_string(issuedAt.count()) +
                         ",\"exp\":" + std::to_string((issuedAt + request.ttl).count()) +
                         ",\"jti\":" + jsonQuoted(base64urlEncoded(*tokenId)) + "," + jsonQuoted(issuer->rolesClaim) +
                         ":" + jsonList(request.roles);
    if (!request.channels.empty())
        claims += ",\"channels\":" + jsonList(request.channels);
    claims += "}";
    std::string token = base64urlEncoded(headerText(*issuer, algorithm)) + "." + base64urlEncoded(claims);
    const auto key = HmacKey::make(issuer->secret, digestOf(algorithm));
    const auto signature = key ? key->mac(token) : std::nullopt;
    if (!signature)
        return Failure{std::string("the signature could not be made")};
    return token + "." + base64urlEncoded(*signature);
}

} // namespace gatehouse
