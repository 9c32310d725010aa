// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/base64url.h"
#include "auth/claims.h"
#include "auth/token.h"
#include "policy/decide.h"
#include "policy/json.h"
#include "policy/text.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;
using Issuers = std::vector<std::size_t>;

/// The three parts of a compact JWS, each decoded; `signed_` is what the signature covers.
struct Jws {
    std::string_view signed_;
    JsonValue header;
    std::optional<JsonValue> claims; ///< unset: no JSON object, or a key twice
    std::string claimsText;
    std::string signature;
    std::shared_ptr<const TokenEvidence> evidence{}; ///< set: it was verified before, and no signature is there
};

/// The issuers that a token's signature is tried under.
struct Candidates {
    Issuers picked; ///< by the unverified `iss`; all of them, whatever they list
    Issuers tried;  ///< those that list the token's algorithm, the picked ones first
};

class TokenVerifier {
public:
    TokenVerifier(const Policy& policy, const IssuerKeys& keys, std::size_t route, WallTime now)
        : m_policy(policy)
        , m_keys(keys)
        , m_route(route)
        , m_now(now)
    {
    }

    Result<VerifiedToken, TokenRefusal> verify(std::string_view token) const
    {
        auto parsed = parse(token);
        if (!parsed)
            return Failure{TokenRefusal{parsed.error(), {}}};
        return verify(parsed.value());
    }

    Result<VerifiedToken, TokenRefusal> judge(const std::shared_ptr<const TokenEvidence>& evidence) const
    {
        Jws jws;
        jws.header.kind = Kind::Object;
        const auto add = [&](std::string key, std::string_view text) {
            JsonValue value;
            value.kind = Kind::String;
            value.text = text;
            jws.header.members.push_back({std::move(key), 0, std::move(value)});
        };
        add("alg", jwtAlgorithmWord(evidence->algorithm));
        if (!evidence->keyId.empty())
            add("kid", evidence->keyId);
        if (evidence->type)
            add("typ", *evidence->type);
        jws.claims = parseObject(evidence->claims);
        jws.evidence = evidence;
        return verify(jws);
    }

private:
    [[nodiscard]] Result<VerifiedToken, TokenRefusal> verify(const Jws& jws) const
    {
        const JsonValue* alg = jws.header.find("alg");
        std::optional<JwtAlgorithm> algorithm;
        if (alg && alg->is(Kind::String))
            algorithm = jwtAlgorithmFromWord(alg->text);
        const Candidates candidates = candidatesFor(jws, algorithm);
        if (!algorithm || candidates.tried.empty())
            return Failure{TokenRefusal{notListed(candidates, alg), {}}};
        if (Decision refusal = checkHeader(jws.header); !refusal.allowed())
            return Failure{TokenRefusal{std::move(refusal), {}}};
        if (!jws.claims)
            return Failure{TokenRefusal{
                refuse(Reason::JwtFormat, "authentication", "claims are no JSON object", "one object, each key once"),
                {}}};
        return verifySignature(jws, *algorithm, candidates);
    }

    [[nodiscard]] Decision refuse(Reason reason, std::string_view key, std::string met, std::string limit) const
    {
        return {reason, routeRule(m_policy, m_route, key), std::move(met), std::move(limit)};
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
        const auto malformed = [&](std::string met, std::string limit) {
            return Failure{refuse(Reason::JwtFormat, "authentication", std::move(met), std::move(limit))};
        };
        if (token.size() > longestToken)
            return malformed(std::to_string(token.size()) + " bytes", std::to_string(longestToken) + " bytes");
        const std::size_t first = token.find('.');
        const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
        if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
            return malformed("not three parts", "header.payload.signature");
        const auto header = base64urlDecoded(token.substr(0, first));
        auto payload = base64urlDecoded(token.substr(first + 1, second - first - 1));
        auto signature = base64urlDecoded(token.substr(second + 1));
        if (!header || !payload || !signature)
            return malformed("a part is no base64url", "base64url without padding");
        auto object = parseObject(*header);
        if (!object)
            return malformed("header is no JSON object", "one object, each key once");
        auto claims = parseObject(*payload);
        return Jws{token.substr(0, second), std::move(*object), std::move(claims), std::move(*payload),
                   std::move(*signature)};
    }

    [[nodiscard]] Decision checkHeader(const JsonValue& header) const
    {
        // A key that the token brings along, or says where to fetch, proves nothing.
        for (const std::string_view name : {"jwk", "jku", "x5u", "x5c"})
            if (header.find(name))
                return refuse(Reason::JwtHeader, "authentication", std::string(name) + " in the header",
                              "no key in the header");
        if (header.find("crit"))
            return refuse(Reason::JwtFormat, "authentication", "crit in the header", "no critical extensions");
        const JsonValue* kid = header.find("kid");
        if (kid && (!kid->is(Kind::String) || !(isKeyId(kid->text) || isKnown(kid->text))))
            return refuse(Reason::JwtKid, "authentication", "a kid of " + std::to_string(kid->text.size()) + " bytes",
                          "1 to 128 of A–Z a–z 0–9 . _ : -");
        return Decision::allow();
    }

    [[nodiscard]] bool lists(std::size_t issuer, JwtAlgorithm algorithm) const
    {
        const auto& algorithms = m_policy.issuers[issuer].algorithms;
        return std::find(algorithms.begin(), algorithms.end(), algorithm) != algorithms.end();
    }

    [[nodiscard]] Candidates candidatesFor(const Jws& jws, std::optional<JwtAlgorithm> algorithm) const
    {
        const JsonValue* iss = jws.claims ? jws.claims->find("iss") : nullptr;
        Candidates found;
        Issuers others;
        for (const std::size_t i : issuersOfRoute()) {
            const bool picked = iss && iss->is(Kind::String) && iss->text == m_policy.issuers[i].issuer;
            if (picked)
                found.picked.push_back(i);
            if (algorithm && lists(i, *algorithm))
                (picked ? found.tried : others).push_back(i);
        }
        found.tried.insert(found.tried.end(), others.begin(), others.end());
        return found;
    }

    [[nodiscard]] Issuers issuersOfRoute() const
    {
        const auto& names = m_policy.routes.at(m_route).authentication.issuers;
        Issuers found;
        for (std::size_t i = 0; i < m_policy.issuers.size(); ++i)
            if (names.empty() || contains(names, m_policy.issuers[i].name))
                found.push_back(i);
        return found;
    }

    [[nodiscard]] Result<VerifiedToken, TokenRefusal> verifySignature(const Jws& jws, JwtAlgorithm algorithm,
                                                                      const Candidates& candidates) const
    {
        const std::string kid = keyId(jws.header);
        unsigned tries = 0;
        bool spent = false;
        std::optional<std::size_t> unknownTo;
        std::optional<Decision> refusal; // of the first issuer whose key made the signature
        for (const std::size_t i : candidates.tried) {
            const auto verdict = jws.evidence
                                     ? m_keys.judge(i, algorithm, kid, jws.evidence->keyFingerprint, m_now)
                                     : m_keys.verify(i, algorithm, kid, jws.signed_, jws.signature, m_now, tries);
            spent = spent || verdict.triesSpent;
            if (!verdict.keyKnown && !unknownTo && contains(candidates.picked, i))
                unknownTo = i;
            if (!verdict.good)
                continue;
            auto token = judgeClaims(i, jws);
            if (token) {
                token->who.keyId = kid;
                token->keyUntil = verdict.until;
                token->evidence = jws.evidence ? jws.evidence : evidenceOf(jws, algorithm, kid, verdict.fingerprint);
                return std::move(*token);
            }
            if (!refusal)
                refusal = token.error();
        }
        if (refusal)
            return Failure{TokenRefusal{std::move(*refusal), {}}};
        return Failure{noSignature(candidates, algorithm, unknownTo, spent)};
    }

    static std::shared_ptr<const TokenEvidence> evidenceOf(const Jws& jws, JwtAlgorithm algorithm,
                                                           const std::string& kid, std::string_view fingerprint)
    {
        const JsonValue* typ = jws.header.find("typ");
        return std::make_shared<const TokenEvidence>(
            TokenEvidence{algorithm, kid, std::string(fingerprint),
                          typ && typ->is(Kind::String) ? std::optional(typ->text) : std::nullopt, jws.claimsText});
    }

    /// What stands in a token whose signature is good under this issuer.
    [[nodiscard]] Result<VerifiedToken, Decision> judgeClaims(std::size_t issuer, const Jws& jws) const
    {
        if (Decision refusal = checkType(m_policy, issuer, jws.header); !refusal.allowed())
            return Failure{std::move(refusal)};
        return checkClaims(m_policy, issuer, *jws.claims, m_now);
    }

    [[nodiscard]] TokenRefusal noSignature(const Candidates& candidates, JwtAlgorithm algorithm,
                                           std::optional<std::size_t> unknownTo, bool spent) const
    {
        const auto listing = [&](std::size_t i) { return lists(i, algorithm); };
        const Issuers& picked = candidates.picked;
        const auto chosen = std::find_if(picked.begin(), picked.end(), listing);
        if (!picked.empty() && chosen == picked.end())
            return {{Reason::JwtAlg, issuerRule(m_policy, picked.front(), "algorithms"),
                     std::string(jwtAlgorithmWord(algorithm)), algorithmsOf({picked.front()})},
                    {}};
        if (unknownTo)
            return {{Reason::JwtKid, keysRule(*unknownTo), "a kid that no key of the issuer has", "a kid of its set"},
                    unknownTo};
        if (spent)
            return {{Reason::JwtKid, keysRule(chosen == picked.end() ? candidates.tried.front() : *chosen),
                     "more keys to try than " + std::to_string(IssuerKeys::mostTries), "a kid that names one"},
                    {}};
        Rule rule = chosen == picked.end() ? routeRule(m_policy, m_route, "authentication/issuers") : keysRule(*chosen);
        return {
            {Reason::JwtSig, std::move(rule), "the signature does not fit", "a signature by a key of a listed issuer"},
            {}};
    }

    [[nodiscard]] Rule keysRule(std::size_t issuer) const
    {
        const Issuer& which = m_policy.issuers[issuer];
        return issuerRule(m_policy, issuer,
                          !which.jwksFile.empty()  ? "jwks_file"
                          : !which.jwksUrl.empty() ? "jwks_url"
                                                   : "secret_file");
    }

    [[nodiscard]] Decision notListed(const Candidates& candidates, const JsonValue* alg) const
    {
        const Issuers all = candidates.picked.empty() ? issuersOfRoute() : candidates.picked;
        Rule rule = all.size() == 1 ? issuerRule(m_policy, all.front(), "algorithms")
                                    : routeRule(m_policy, m_route, "authentication/issuers");
        return {Reason::JwtAlg, std::move(rule), describeAlgorithm(alg), algorithmsOf(all)};
    }

    [[nodiscard]] std::string algorithmsOf(const Issuers& issuers) const
    {
        std::vector<std::string> words;
        for (const std::size_t i : issuers)
            for (const JwtAlgorithm algorithm : m_policy.issuers[i].algorithms)
                if (!gatehouse::contains(words, jwtAlgorithmWord(algorithm)))
                    words.emplace_back(jwtAlgorithmWord(algorithm));
        return words.empty() ? "no algorithm" : joined(words, ", ");
    }

    /// Only compared with the names in sets, and never a path, a URL or a query: what stands in a set is safe.
    [[nodiscard]] bool isKnown(std::string_view kid) const
    {
        const Issuers all = issuersOfRoute();
        return std::any_of(all.begin(), all.end(), [&](std::size_t i) {
            const auto set = m_keys.set(i);
            return set && set->hasId(kid);
        });
    }

    static bool contains(const Issuers& issuers, std::size_t issuer)
    {
        return std::find(issuers.begin(), issuers.end(), issuer) != issuers.end();
    }
    static bool contains(const std::vector<std::string>& list, std::string_view word)
    {
        return gatehouse::contains(list, word);
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
    const IssuerKeys& m_keys;
    std::size_t m_route;
    WallTime m_now;
};

} // namespace

Result<VerifiedToken, TokenRefusal> verifyToken(const Policy& policy, const IssuerKeys& keys, std::size_t route,
                                                std::string_view token, WallTime now)
{
    return TokenVerifier(policy, keys, route, now).verify(token);
}

Result<VerifiedToken, Decision> judgeToken(const Policy& policy, const IssuerKeys& keys, std::size_t route,
                                           const std::shared_ptr<const TokenEvidence>& evidence, WallTime now)
{
    auto judged = TokenVerifier(policy, keys, route, now).judge(evidence);
    if (!judged)
        return Failure{static_cast<const Decision&>(judged.error())};
    return std::move(*judged);
}

} // namespace gatehouse
