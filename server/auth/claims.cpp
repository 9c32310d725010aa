// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/claims.h"

#include "policy/text.h"

#include <algorithm>
#include <cmath>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;

constexpr std::size_t longestMet = 64;

/// Reads claims one after the other and keeps the first refusal; what comes after it changes nothing any more.
class ClaimsReader {
public:
    ClaimsReader(const Policy& policy, std::size_t index, const JsonValue& claims, WallTime now)
        : m_policy(policy)
        , m_index(index)
        , m_issuer(policy.issuers.at(index))
        , m_claims(claims)
        , m_now(now)
    {
    }

    Result<Identity, Decision> read()
    {
        Identity who;
        who.issuer = m_issuer.name;
        checkIssuer();
        checkAudience();
        checkRequired();
        who.user = plainClaim("sub", longestUser).value_or(std::string());
        if (!m_claims.find("sub"))
            refuse(Reason::JwtClaims, "require", "no sub", "sub");
        who.tokenId = plainClaim("jti", longestTokenId).value_or(std::string());
        who.issuedAt = time("iat");
        who.expires = time("exp");
        checkTimes(who, time("nbf"));
        who.roles = roles();
        if (!m_refusal.allowed())
            return Failure{std::move(m_refusal)};
        return who;
    }

private:
    void refuse(Reason reason, std::string_view key, std::string met, std::string limit)
    {
        if (m_refusal.allowed())
            m_refusal = {reason, issuerRule(m_policy, m_index, key), std::move(met), std::move(limit)};
    }

    void checkIssuer()
    {
        const JsonValue* iss = m_claims.find("iss");
        if (!iss || !iss->is(Kind::String) || iss->text != m_issuer.issuer)
            refuse(Reason::JwtClaims, "issuer", describe("iss", iss), m_issuer.issuer);
    }

    void checkAudience()
    {
        const JsonValue* aud = m_claims.find("aud");
        const auto isText = [](const JsonValue& value) { return value.is(Kind::String); };
        const auto isOurs = [&](const JsonValue& value) { return value.text == m_issuer.audience; };
        const bool ours =
            aud && (aud->is(Kind::String)
                        ? isOurs(*aud)
                        : aud->is(Kind::Array) && std::all_of(aud->items.begin(), aud->items.end(), isText) &&
                              std::any_of(aud->items.begin(), aud->items.end(), isOurs));
        if (!ours)
            refuse(Reason::JwtClaims, "audience", describe("aud", aud), m_issuer.audience);
    }

    void checkRequired()
    {
        for (const std::string& name : m_issuer.require) {
            const bool isTime = name == "exp" || name == "iat" || name == "nbf";
            if (!m_claims.find(name))
                refuse(isTime ? Reason::JwtTime : Reason::JwtClaims, "require", "no " + name,
                       joined(m_issuer.require, ", "));
        }
    }

    std::optional<std::string> plainClaim(std::string_view name, std::size_t longest)
    {
        const JsonValue* claim = m_claims.find(name);
        if (!claim)
            return std::nullopt;
        const std::string key(name);
        const std::string limit = "text of 1 to " + std::to_string(longest) + " bytes";
        if (!claim->is(Kind::String))
            refuse(Reason::JwtClaims, "require", key + " is no text", limit);
        else if (claim->text.empty() || claim->text.size() > longest)
            refuse(Reason::JwtClaims, "require", key + " of " + std::to_string(claim->text.size()) + " bytes", limit);
        else if (!isPlainText(claim->text))
            refuse(Reason::JwtClaims, "require", key + " with control characters", limit);
        else
            return claim->text;
        return std::nullopt;
    }

    /// A NumericDate (RFC 7519 §2): seconds since 1970, whole or with a fraction, within the years that a calendar has.
    std::optional<WallTime> time(std::string_view name)
    {
        constexpr double latest = 253402300799.0; // end of the year 9999
        const JsonValue* claim = m_claims.find(name);
        if (!claim)
            return std::nullopt;
        if (!claim->is(Kind::Number) || !(claim->number >= 0 && claim->number <= latest)) {
            refuse(Reason::JwtTime, "require", std::string(name) + " is no time", "seconds since 1970");
            return std::nullopt;
        }
        return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(std::floor(claim->number * 1000))));
    }

    void checkTimes(const Identity& who, std::optional<WallTime> notBefore)
    {
        const std::string leeway = "leeway " + formatDuration(m_issuer.leeway);
        if (!who.expires) {
            refuse(Reason::JwtTime, "require", "no exp", "exp");
            return;
        }
        if (m_now >= *who.expires + m_issuer.leeway)
            refuse(Reason::JwtTime, "leeway", "expired " + seconds(m_now - *who.expires) + " ago", leeway);
        if (notBefore && *notBefore > m_now + m_issuer.leeway)
            refuse(Reason::JwtTime, "leeway", "valid in " + seconds(*notBefore - m_now), leeway);
        if (who.issuedAt && *who.issuedAt > m_now + m_issuer.leeway)
            refuse(Reason::JwtTime, "leeway", "issued " + seconds(*who.issuedAt - m_now) + " ahead", leeway);
        const auto lifetime = *who.expires - who.issuedAt.value_or(m_now);
        if (lifetime > m_issuer.maxLifetime)
            refuse(Reason::JwtTime, "max_lifetime", seconds(lifetime), formatDuration(m_issuer.maxLifetime));
    }

    std::vector<std::string> roles()
    {
        std::vector<std::string> granted;
        const JsonValue* claim = m_claims.find("roles");
        if (!claim)
            return granted;
        const bool texts = claim->is(Kind::Array) && std::all_of(claim->items.begin(), claim->items.end(),
                                                                 [](const JsonValue& v) { return v.is(Kind::String); });
        if (!texts) {
            refuse(Reason::JwtClaims, "roles_allowed", "roles is no list of texts", "a list of texts");
            return granted;
        }
        for (const JsonValue& role : claim->items)
            if (mayGive(role.text) && !contains(granted, role.text))
                granted.push_back(role.text);
        return granted;
    }

    [[nodiscard]] bool mayGive(const std::string& role) const
    {
        return contains(m_policy.roles, role) &&
               (contains(m_issuer.rolesAllowed, "*") || contains(m_issuer.rolesAllowed, role));
    }

    static std::string seconds(std::chrono::milliseconds duration)
    {
        return formatDuration(std::chrono::duration_cast<std::chrono::seconds>(duration));
    }

    static std::string describe(std::string_view name, const JsonValue* claim)
    {
        if (!claim)
            return std::string("no ").append(name);
        if (claim->is(Kind::String) && isPlainText(claim->text))
            return std::string(name).append(" ").append(clipped(claim->text, longestMet));
        return std::string("another ").append(name);
    }

    const Policy& m_policy;
    std::size_t m_index;
    const Issuer& m_issuer;
    const JsonValue& m_claims;
    WallTime m_now;
    Decision m_refusal;
};

} // namespace

Result<Identity, Decision> checkClaims(const Policy& policy, std::size_t issuer, const JsonValue& claims, WallTime now)
{
    return ClaimsReader(policy, issuer, claims, now).read();
}

Rule issuerRule(const Policy& policy, std::size_t issuer, std::string_view key)
{
    return {"/issuers/" + std::to_string(issuer) + "/" + std::string(key),
            "issuer " + policy.issuers.at(issuer).name + " › " + std::string(key)};
}

} // namespace gatehouse
