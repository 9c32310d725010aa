// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/base64url.h"
#include "auth/claims.h"
#include "auth/hmac.h"
#include "auth/token.h"
#include "policy/decide.h"
#include "policy/json.h"
#include "policy/text.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;

constexpr std::size_t longestKeyId = 128;

/// The three parts of a compact JWS, each decoded; `signed_` is what the signature covers.
struct Jws {
    std::string_view signed_;
    JsonValue header;
    std::string payload;
    std::string signature;
};

class TokenVerifier {
public:
    TokenVerifier(const Policy& policy, std::size_t route, WallTime now)
        : m_policy(policy)
        , m_route(route)
        , m_now(now)
    {
    }

    Result<Identity, Decision> verify(std::string_view token) const
    {
        auto parsed = parse(token);
        if (!parsed)
            return Failure{parsed.error()};
        const Jws& jws = parsed.value();
        if (Decision refusal = checkHeader(jws.header); !refusal.allowed())
            return Failure{std::move(refusal)};
        const auto issuer = signer(jws);
        if (!issuer)
            return Failure{refuse(Reason::JwtSig, "the signature does not fit", "a signature of a listed issuer")};
        if (Decision refusal = checkType(jws.header); !refusal.allowed())
            return Failure{std::move(refusal)};
        const auto claims = parseObject(jws.payload);
        if (!claims)
            return Failure{refuse(Reason::JwtFormat, "claims are no JSON object", "one object, each key once")};
        auto identity = checkClaims(m_policy, *issuer, *claims, m_now);
        if (identity)
            identity->keyId = keyId(jws.header);
        return identity;
    }

private:
    [[nodiscard]] Decision refuse(Reason reason, std::string met, std::string limit) const
    {
        return {reason, routeRule(m_policy, m_route, "authentication"), std::move(met), std::move(limit)};
    }

    static std::optional<JsonValue> parseObject(std::string_view text)
    {
        auto document = parseJson(text, deepestClaims);
        if (!document || !document->duplicates.empty() || !document->root.is(Kind::Object))
            return std::nullopt;
        return std::move(document->root);
    }

    [[nodiscard]] Result<Jws, Decision> parse(std::string_view token) const
    {
        if (token.size() > longestToken)
            return Failure{refuse(Reason::JwtFormat, std::to_string(token.size()) + " bytes",
                                  std::to_string(longestToken) + " bytes")};
        const std::size_t first = token.find('.');
        const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
        if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
            return Failure{refuse(Reason::JwtFormat, "not three parts", "header.payload.signature")};
        auto header = base64urlDecoded(token.substr(0, first));
        auto payload = base64urlDecoded(token.substr(first + 1, second - first - 1));
        auto signature = base64urlDecoded(token.substr(second + 1));
        if (!header || !payload || !signature)
            return Failure{refuse(Reason::JwtFormat, "a part is no base64url", "base64url without padding")};
        auto object = parseObject(*header);
        if (!object)
            return Failure{refuse(Reason::JwtFormat, "header is no JSON object", "one object, each key once")};
        return Jws{token.substr(0, second), std::move(*object), std::move(*payload), std::move(*signature)};
    }

    [[nodiscard]] Decision checkHeader(const JsonValue& header) const
    {
        const JsonValue* alg = header.find("alg");
        if (!alg || !alg->is(Kind::String) || alg->text != "HS256" || candidates().empty())
            return refuse(Reason::JwtAlg, describeAlgorithm(alg), "HS256");
        // A key that the token brings along, or says where to fetch, proves nothing.
        for (const std::string_view name : {"jwk", "jku", "x5u", "x5c"})
            if (header.find(name))
                return refuse(Reason::JwtHeader, std::string(name) + " in the header", "no key in the header");
        if (header.find("crit"))
            return refuse(Reason::JwtFormat, "crit in the header", "no critical extensions");
        const JsonValue* kid = header.find("kid");
        if (kid && (!kid->is(Kind::String) || !isKeyId(kid->text)))
            return refuse(Reason::JwtKid, "a kid of " + std::to_string(kid->text.size()) + " bytes",
                          "1 to 128 of A–Z a–z 0–9 . _ : -");
        return Decision::allow();
    }

    [[nodiscard]] Decision checkType(const JsonValue& header) const
    {
        const JsonValue* typ = header.find("typ");
        if (!typ)
            return Decision::allow();
        const std::string word = typ->is(Kind::String) ? toLower(typ->text) : std::string();
        if (word == "jwt" || word == "at+jwt")
            return Decision::allow();
        return refuse(Reason::JwtClaims, "another typ", "JWT, at+jwt");
    }

    /// The issuers that this route listens to, as indices.
    [[nodiscard]] std::vector<std::size_t> candidates() const
    {
        const auto& names = m_policy.routes.at(m_route).authentication.issuers;
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < m_policy.issuers.size(); ++i) {
            const Issuer& issuer = m_policy.issuers[i];
            const bool listed = names.empty() || std::find(names.begin(), names.end(), issuer.name) != names.end();
            const auto& algorithms = issuer.algorithms;
            if (listed && std::find(algorithms.begin(), algorithms.end(), JwtAlgorithm::HS256) != algorithms.end())
                found.push_back(i);
        }
        return found;
    }

    [[nodiscard]] std::optional<std::size_t> signer(const Jws& jws) const
    {
        for (const std::size_t i : candidates()) {
            const std::string& secret = m_policy.issuers[i].secret;
            const auto expected = secret.empty() ? std::nullopt : hmacSha256(secret, jws.signed_);
            if (expected && equalInConstantTime(*expected, jws.signature))
                return i;
        }
        return std::nullopt;
    }

    static bool isKeyId(std::string_view text)
    {
        return !text.empty() && text.size() <= longestKeyId && std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
                   c == ':' || c == '-';
        });
    }

    static std::string keyId(const JsonValue& header)
    {
        const JsonValue* kid = header.find("kid");
        return kid ? kid->text : std::string();
    }

    /// Only names that RFC 7518 knows are repeated: anything else in that place may be a secret that went astray.
    static std::string describeAlgorithm(const JsonValue* alg)
    {
        constexpr std::array known{"none",  "HS256", "HS384", "HS512", "RS256", "RS384", "RS512",
                                   "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"};
        if (!alg)
            return "no alg";
        for (const std::string_view name : known)
            if (toLower(alg->text) == toLower(name))
                return alg->text;
        return "an unknown alg";
    }

    const Policy& m_policy;
    std::size_t m_route;
    WallTime m_now;
};

} // namespace

Result<Identity, Decision> verifyToken(const Policy& policy, std::size_t route, std::string_view token, WallTime now)
{
    return TokenVerifier(policy, route, now).verify(token);
}

} // namespace gatehouse
