// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/claims.h"

#include "policy/text.h"

#include <algorithm>
#include <cmath>

namespace gatehouse {

namespace {

constexpr std::string_view expiredWord = "expired";

using Kind = JsonValue::Kind;

constexpr std::size_t longestMet = 64;

std::string seconds(std::chrono::milliseconds duration)
{
    return formatDuration(std::chrono::duration_cast<std::chrono::seconds>(duration));
}

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

    Result<VerifiedToken, Decision> read()
    {
        VerifiedToken token;
        Identity& who = token.who;
        token.issuer = m_index;
        who.issuer = m_issuer.name;
        checkIssuer();
        checkAudience();
        checkRequired();
        who.user = user();
        who.tokenId = plainClaim("jti", longestTokenId, "require").value_or(std::string());
        who.issuedAt = time("iat");
        who.expires = time("exp");
        token.notBefore = time("nbf");
        if (m_refusal.allowed())
            m_refusal = checkTimes(m_policy, token, m_now);
        who.roles = roles();
        if (m_issuer.oneTime && who.tokenId.empty())
            refuse(Reason::JwtClaims, "one_time", "no jti", "a jti, which is good once");
        if (!m_refusal.allowed())
            return Failure{std::move(m_refusal)};
        if (m_issuer.oneTime)
            who.onceUntil = *who.expires + m_issuer.leeway;
        return token;
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

    /// The issuer's own users and those of others never look alike: channels and bans go by the name.
    std::string user()
    {
        const std::string& claim = m_issuer.userClaim;
        if (!m_claims.find(claim))
            refuse(Reason::JwtClaims, "user_claim", "no " + claim, claim);
        std::string name = m_issuer.userPrefix + plainClaim(claim, longestUser, "user_claim").value_or(std::string());
        for (std::size_t i = 0; i < m_policy.issuers.size(); ++i) {
            const std::string& prefix = m_policy.issuers[i].userPrefix;
            if (i != m_index && !prefix.empty() && name.starts_with(prefix) && m_refusal.allowed())
                m_refusal = {Reason::JwtClaims, issuerRule(m_policy, i, "user_prefix"),
                             "a user of issuer " + m_issuer.name + " whose name begins so",
                             prefix + " for issuer " + m_policy.issuers[i].name + " alone"};
        }
        return name;
    }

    std::optional<std::string> plainClaim(std::string_view name, std::size_t longest, std::string_view rule)
    {
        const JsonValue* claim = m_claims.find(name);
        if (!claim)
            return std::nullopt;
        const std::string key(name);
        const std::string limit = "text of 1 to " + std::to_string(longest) + " bytes";
        if (!claim->is(Kind::String))
            refuse(Reason::JwtClaims, rule, key + " is no text", limit);
        else if (claim->text.empty() || claim->text.size() > longest)
            refuse(Reason::JwtClaims, rule, key + " of " + std::to_string(claim->text.size()) + " bytes", limit);
        else if (!isPlainText(claim->text))
            refuse(Reason::JwtClaims, rule, key + " with control characters", limit);
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

    std::vector<std::string> roles()
    {
        std::vector<std::string> granted;
        const JsonValue* claim = m_claims.find(m_issuer.rolesClaim);
        if (!claim)
            return granted;
        const bool texts = claim->is(Kind::Array) && std::all_of(claim->items.begin(), claim->items.end(),
                                                                 [](const JsonValue& v) { return v.is(Kind::String); });
        if (!texts) {
            refuse(Reason::JwtClaims, "roles_claim", m_issuer.rolesClaim + " is no list of texts", "a list of texts");
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

Result<VerifiedToken, Decision> checkClaims(const Policy& policy, std::size_t issuer, const JsonValue& claims,
                                            WallTime now)
{
    return ClaimsReader(policy, issuer, claims, now).read();
}

Decision checkTimes(const Policy& policy, const VerifiedToken& token, WallTime now)
{
    const Issuer& issuer = policy.issuers.at(token.issuer);
    const Identity& who = token.who;
    const auto refuse = [&](std::string_view key, std::string met, std::string limit) {
        return Decision{Reason::JwtTime, issuerRule(policy, token.issuer, key), std::move(met), std::move(limit)};
    };
    if (!who.expires)
        return refuse("require", "no exp", "exp");
    if (token.keyUntil && now >= *token.keyUntil)
        return {Reason::JwtSig, issuerRule(policy, token.issuer, "previous"),
                "signed with a secret that ended " + seconds(now - *token.keyUntil) + " ago", "until its end"};
    const auto leeway = [&] { return "leeway " + formatDuration(issuer.leeway); };
    if (now >= *who.expires + issuer.leeway)
        return refuse("leeway", std::string(expiredWord) + " " + seconds(now - *who.expires) + " ago", leeway());
    if (token.notBefore && *token.notBefore > now + issuer.leeway)
        return refuse("leeway", "valid in " + seconds(*token.notBefore - now), leeway());
    if (who.issuedAt && *who.issuedAt > now + issuer.leeway)
        return refuse("leeway", "issued " + seconds(*who.issuedAt - now) + " ahead", leeway());
    const auto lifetime = *who.expires - who.issuedAt.value_or(now);
    if (lifetime > issuer.maxLifetime)
        return refuse("max_lifetime", seconds(lifetime), formatDuration(issuer.maxLifetime));
    return Decision::allow();
}

bool isExpiry(const Decision& why)
{
    return why.reason == Reason::JwtTime && why.met.starts_with(expiredWord);
}

Decision checkType(const Policy& policy, std::size_t issuer, const JsonValue& header)
{
    const auto mediaType = [](std::string_view text) {
        return text.find('/') == std::string_view::npos ? "application/" + toLower(text) : toLower(text);
    };
    const std::string& wanted = policy.issuers.at(issuer).typ;
    const JsonValue* typ = header.find("typ");
    const std::string met = typ && typ->is(Kind::String) ? mediaType(typ->text) : std::string();
    const bool fits = wanted.empty() ? !typ || met == "application/jwt" || met == "application/at+jwt"
                                     : typ && met == mediaType(wanted);
    if (fits)
        return Decision::allow();
    return {Reason::JwtClaims, issuerRule(policy, issuer, "typ"), typ ? "another typ" : "no typ",
            wanted.empty() ? "JWT, at+jwt or none" : wanted};
}

Rule issuerRule(const Policy& policy, std::size_t issuer, std::string_view key)
{
    return {"/issuers/" + std::to_string(issuer) + "/" + std::string(key),
            "issuer " + policy.issuers.at(issuer).name + " › " + std::string(key)};
}

} // namespace gatehouse
