// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/keyset.h"

#include "auth/base64url.h"
#include "policy/json.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

using Kind = JsonValue::Kind;
using Type = PublicKey::Type;

constexpr std::size_t deepestKeySet = 8;

/// RFC 7518 §6.2.2, §6.3.2 and §6.4, RFC 8037 §2.
constexpr std::array privateMembers{"d", "p", "q", "dp", "dq", "qi", "oth", "k"};

/// One key: taken, left out, or a reason to refuse its set.
struct ReadKey {
    std::optional<KeySetKey> key;
    std::string leftOut;
    std::string problem;
};

ReadKey broken(std::string what)
{
    return {std::nullopt, {}, std::move(what)};
}

ReadKey leftOut(std::string why)
{
    return {std::nullopt, std::move(why), {}};
}

/// The text of a member; unset where it is absent or no text.
std::optional<std::string_view> textOf(const JsonValue& jwk, std::string_view name)
{
    const JsonValue* member = jwk.find(name);
    return member && member->is(Kind::String) ? std::optional<std::string_view>(member->text) : std::nullopt;
}

std::optional<std::string> bytesOf(const JsonValue& jwk, std::string_view name)
{
    const auto text = textOf(jwk, name);
    return text ? base64urlDecoded(*text) : std::nullopt;
}

std::optional<Type> curveOf(std::string_view kty, std::string_view crv)
{
    if (kty == "EC")
        return crv == "P-256"   ? std::optional(Type::P256)
               : crv == "P-384" ? std::optional(Type::P384)
               : crv == "P-521" ? std::optional(Type::P521)
                                : std::nullopt;
    return crv == "Ed25519" ? std::optional(Type::Ed25519) : crv == "Ed448" ? std::optional(Type::Ed448) : std::nullopt;
}

/// Why this key is not for verifying signatures; empty where it is. RFC 7517 §4.2 and §4.3.
Result<std::string, std::string> otherUse(const JsonValue& jwk)
{
    if (const JsonValue* use = jwk.find("use")) {
        if (!use->is(Kind::String))
            return Failure{std::string("use is no text")};
        if (use->text != "sig")
            return std::string("its use is not sig");
    }
    if (const JsonValue* operations = jwk.find("key_ops")) {
        if (!operations->is(Kind::Array))
            return Failure{std::string("key_ops is no list")};
        const auto verifies = [](const JsonValue& one) { return one.is(Kind::String) && one.text == "verify"; };
        if (std::none_of(operations->items.begin(), operations->items.end(), verifies))
            return std::string("its key_ops do not hold verify");
    }
    return std::string();
}

ReadKey withAlgorithms(const JsonValue& jwk, PublicKey key)
{
    KeySetKey made{{}, {}, std::move(key)};
    for (std::size_t i = 0; i < jwtAlgorithmCount; ++i)
        made.algorithms[i] = PublicKey::fits(made.key.type(), static_cast<JwtAlgorithm>(i));
    if (const JsonValue* alg = jwk.find("alg")) {
        if (!alg->is(Kind::String))
            return broken("alg is no text");
        const auto known = jwtAlgorithmFromWord(alg->text);
        if (!known)
            return leftOut("its alg is not one that tokens are verified by");
        const auto bit = static_cast<std::size_t>(*known);
        if (!made.algorithms[bit])
            return broken("its alg " + alg->text + " does not fit its type");
        made.algorithms.reset();
        made.algorithms.set(bit);
    }
    return {std::move(made), {}, {}};
}

/// RFC 7518 §6.2.1 and §6.3.1, RFC 8037 §2.
ReadKey readKey(const JsonValue& jwk)
{
    const auto kty = textOf(jwk, "kty");
    if (!kty)
        return broken("it has no kty");
    auto other = otherUse(jwk);
    if (!other)
        return broken(other.error());
    if (!other->empty())
        return leftOut(*other);
    if (*kty == "RSA") {
        const auto n = bytesOf(jwk, "n");
        const auto e = bytesOf(jwk, "e");
        if (!n || !e)
            return broken("n and e must be base64url");
        auto key = PublicKey::rsa(*n, *e);
        return key ? withAlgorithms(jwk, std::move(*key)) : leftOut(key.error());
    }
    if (*kty != "EC" && *kty != "OKP")
        return leftOut("its kty is not RSA, EC or OKP");
    const auto crv = textOf(jwk, "crv");
    if (!crv)
        return broken("it has no crv");
    const auto type = curveOf(*kty, *crv);
    if (!type)
        return leftOut("its crv is not P-256, P-384, P-521, Ed25519 or Ed448");
    const auto x = bytesOf(jwk, "x");
    const auto y = bytesOf(jwk, "y");
    if (!x || (*kty == "EC" && !y))
        return broken("its coordinates must be base64url");
    auto key = *kty == "EC" ? PublicKey::ec(*type, *x, *y) : PublicKey::edwards(*type, *x);
    return key ? withAlgorithms(jwk, std::move(*key)) : broken(key.error());
}

/// What keeps the set as a whole from being used, before its keys are looked at for what they are.
std::string memberProblem(const JsonValue& jwk)
{
    if (!jwk.is(Kind::Object))
        return "it is no object";
    for (const char* name : privateMembers)
        if (jwk.find(name))
            return std::string("it holds \"") + name +
                   "\", a secret: whoever can read it can sign; make another key, and publish its public half alone";
    const JsonValue* kid = jwk.find("kid");
    if (kid && (!kid->is(Kind::String) || kid->text.empty() || kid->text.size() > longestKeyId))
        return "its kid is no text of 1 to " + std::to_string(longestKeyId) + " bytes";
    return {};
}

} // namespace

Result<std::shared_ptr<const KeySet>, std::string> KeySet::parse(std::string_view text)
{
    if (text.size() > largestKeySet)
        return Failure{"a key set of more than " + formatSize(largestKeySet)};
    const auto document = parseJson(text, deepestKeySet);
    if (!document)
        return Failure{"no JSON: " + document.error().detail};
    if (!document->duplicates.empty())
        return Failure{"no key set: " + document->duplicates.front().pointer + " stands there twice"};
    const JsonValue* keys = document->root.find("keys");
    if (!document->root.is(Kind::Object) || !keys || !keys->is(Kind::Array))
        return Failure{std::string("no key set: there is no list \"keys\"")};
    if (keys->items.size() > mostKeys)
        return Failure{std::to_string(keys->items.size()) + " keys; at most " + std::to_string(mostKeys) +
                       " are allowed"};
    auto set = std::make_shared<KeySet>();
    for (std::size_t i = 0; i < keys->items.size(); ++i) {
        const JsonValue& jwk = keys->items[i];
        const std::string where = "key " + std::to_string(i + 1) + ": ";
        if (std::string problem = memberProblem(jwk); !problem.empty())
            return Failure{where + problem};
        ReadKey read = readKey(jwk);
        if (!read.problem.empty())
            return Failure{where + read.problem};
        if (!read.key) {
            set->m_leftOut.push_back(where + read.leftOut);
            continue;
        }
        read.key->id = textOf(jwk, "kid").value_or("");
        const auto alike = [&](const KeySetKey& one) {
            return !one.id.empty() && one.id == read.key->id && one.key.type() == read.key->key.type() &&
                   one.algorithms == read.key->algorithms;
        };
        if (std::any_of(set->m_keys.begin(), set->m_keys.end(), alike))
            return Failure{where + "another key of the same type has the same kid"};
        set->m_keys.push_back(std::move(*read.key));
    }
    set->m_text = text;
    return std::shared_ptr<const KeySet>(std::move(set));
}

bool KeySet::hasId(std::string_view id) const
{
    return std::any_of(m_keys.begin(), m_keys.end(), [&](const KeySetKey& key) { return key.id == id; });
}

std::string keySetProblem(const KeySet& set, const Issuer& issuer)
{
    std::string words;
    for (const JwtAlgorithm algorithm : issuer.algorithms) {
        const auto bit = static_cast<std::size_t>(algorithm);
        for (const KeySetKey& key : set.keys())
            if (key.algorithms[bit])
                return {};
        words.append(words.empty() ? "" : ", ").append(jwtAlgorithmWord(algorithm));
    }
    std::string problem = "no key of it fits " + words;
    for (const std::string& left : set.leftOut())
        problem += "; " + left;
    return problem;
}

} // namespace gatehouse
