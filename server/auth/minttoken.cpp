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

const Issuer* localIssuer(const Policy& policy)
{
    const auto signsHere = [](const Issuer& issuer) {
        return !issuer.secret.empty() && std::find(issuer.algorithms.begin(), issuer.algorithms.end(),
                                                   JwtAlgorithm::HS256) != issuer.algorithms.end();
    };
    const auto found = std::find_if(policy.issuers.begin(), policy.issuers.end(), signsHere);
    return found == policy.issuers.end() ? nullptr : &*found;
}

/// What keeps the token from being accepted later, so that it is better not made; empty where nothing does.
std::string objection(const Policy& policy, const Issuer& issuer, const TokenRequest& request)
{
    if (request.user.empty() || request.user.size() > longestUser || !isPlainText(request.user))
        return "a user is a text of 1 to 128 bytes without control characters";
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
    const Issuer* issuer = localIssuer(policy);
    if (!issuer)
        return Failure{std::string("the policy has no issuer with HS256, so that no token can be made here")};
    if (std::string refusal = objection(policy, *issuer, request); !refusal.empty())
        return Failure{std::move(refusal)};
    const auto tokenId = randomBytes(tokenIdBytes);
    if (!tokenId)
        return Failure{std::string("the system's random generator failed")};
    const auto issuedAt = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
    std::string claims = "{\"iss\":" + jsonQuoted(issuer->issuer) + ",\"aud\":" + jsonQuoted(issuer->audience) +
                         ",\"sub\":" + jsonQuoted(request.user) + ",\"iat\":" + std::to_string(issuedAt.count()) +
                         ",\"exp\":" + std::to_string((issuedAt + request.ttl).count()) +
                         ",\"jti\":" + jsonQuoted(base64urlEncoded(*tokenId)) + ",\"roles\":" + jsonList(request.roles);
    if (!request.channels.empty())
        claims += ",\"channels\":" + jsonList(request.channels);
    claims += "}";
    std::string token = base64urlEncoded(R"({"alg":"HS256","typ":"JWT"})") + "." + base64urlEncoded(claims);
    const auto signature = hmacSha256(issuer->secret, token);
    if (!signature)
        return Failure{std::string("the signature could not be made")};
    return token + "." + base64urlEncoded(*signature);
}

} // namespace gatehouse
