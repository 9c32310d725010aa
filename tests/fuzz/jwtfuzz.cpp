// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/base64url.h"
#include "auth/claims.h"
#include "auth/tokencache.h"
#include "check.h"
#include "input.h"
#include "signingkey.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

using namespace gatehouse;
using namespace gatehouse::fuzz;
using gatehouse::test::SigningKey;
using Json = nlohmann::json;

namespace {

constexpr WallTime now{std::chrono::milliseconds(1'800'000'000'000)};
const std::string secret = "0123456789abcdef0123456789abcdef";
const std::string oldSecret = "fedcba9876543210fedcba9876543210";

Issuer issuer(std::string name, std::vector<JwtAlgorithm> algorithms, std::string prefix)
{
    Issuer made;
    made.issuer = made.name = std::move(name);
    made.algorithms = std::move(algorithms);
    made.userPrefix = std::move(prefix);
    made.audience = "gate";
    made.rolesAllowed = {"reader"};
    return made;
}

/// Issuers of every kind; what one may not do, another may.
struct World {
    SigningKey es = SigningKey::ec("P-256");
    SigningKey rs = SigningKey::rsa();
    SigningKey ed = SigningKey::edwards("ED25519");
    std::shared_ptr<Policy> policy = std::make_shared<Policy>();
    std::shared_ptr<const IssuerKeys> keys;
    TokenCache cache{8};

    World()
    {
        policy->roles = {"reader", "editor"};
        policy->issuers = {issuer("local", {JwtAlgorithm::HS256, JwtAlgorithm::HS512}, ""),
                           issuer("corp", {JwtAlgorithm::ES256, JwtAlgorithm::RS256, JwtAlgorithm::PS256}, "c:"),
                           issuer("edge", {JwtAlgorithm::EdDSA}, "e:")};
        policy->issuers[0].secret = secret;
        policy->issuers[0].previous = {{"old", oldSecret, now - std::chrono::seconds(1)}};
        policy->issuers[0].rolesAllowed = {"*"};
        policy->issuers[1].jwksFile = "corp";
        policy->issuers[1].userClaim = "email";
        policy->issuers[2].jwksFile = "edge";
        policy->issuers[2].typ = "at+jwt";
        policy->issuers[2].oneTime = true;
        policy->routes.resize(2);
        policy->routes[1].authentication.issuers = {"corp", "edge"};
        const auto set = [](const std::string& text) { return KeySet::parse(text).value(); };
        keys = IssuerKeys::make(*policy, {nullptr, set(test::keySetText({es.jwk("e1"), rs.jwk("r1"), es.jwk("")})),
                                          set(test::keySetText({ed.jwk("d1")}))})
                   .value();
    }
};

/// How the token of an input is signed; the order is the corpus's format.
enum class Signer : std::uint8_t { Raw, Local, LocalLong, Es, Rs, Ps, Ed, Old, PublicKey, Count };

std::string signedText(const World& world, Signer signer, const std::string& text)
{
    switch (signer) {
    case Signer::Local:
        return hmacSha256(secret, text).value();
    case Signer::LocalLong:
        return HmacKey::make(secret, HmacDigest::Sha512)->mac(text).value();
    case Signer::Es:
        return world.es.sign(JwtAlgorithm::ES256, text);
    case Signer::Rs:
        return world.rs.sign(JwtAlgorithm::RS256, text);
    case Signer::Ps:
        return world.rs.sign(JwtAlgorithm::PS256, text);
    case Signer::Ed:
        return world.ed.sign(JwtAlgorithm::EdDSA, text);
    case Signer::Old:
        return hmacSha256(oldSecret, text).value();
    case Signer::PublicKey:
        return hmacSha256(world.rs.publicPem(), text).value();
    case Signer::Raw:
    case Signer::Count:
        break;
    }
    return {};
}

/// Who may have made a token with this signature, and under which algorithm.
std::pair<std::string, std::string> ownerOf(Signer signer)
{
    switch (signer) {
    case Signer::Local:
        return {"local", "HS256"};
    case Signer::LocalLong:
        return {"local", "HS512"};
    case Signer::Es:
        return {"corp", "ES256"};
    case Signer::Rs:
        return {"corp", "RS256"};
    case Signer::Ps:
        return {"corp", "PS256"};
    case Signer::Ed:
        return {"edge", "EdDSA"};
    case Signer::Raw:
    case Signer::Old:
    case Signer::PublicKey:
    case Signer::Count:
        break;
    }
    return {};
}

Json parsed(std::string_view part)
{
    const auto text = base64urlDecoded(part);
    CHECK(text.has_value());
    CHECK(base64urlEncoded(*text) == part);
    Json value = Json::parse(*text, nullptr, false);
    CHECK(value.is_object());
    return value;
}

void checkHeader(const Json& header, const std::string& issuer)
{
    for (const char* name : {"jwk", "jku", "x5u", "x5c", "crit"})
        CHECK(!header.contains(name));
    std::string typ = header.value("typ", std::string());
    std::ranges::transform(typ, typ.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (typ.starts_with("application/"))
        typ.erase(0, 12);
    CHECK(issuer == "edge" ? typ == "at+jwt" : !header.contains("typ") || typ == "jwt" || typ == "at+jwt");
    if (header.contains("kid")) {
        const std::string kid = header["kid"].get<std::string>();
        CHECK(!kid.empty() && kid.size() <= 128 && kid.find('/') == std::string::npos);
    }
}

void checkAccepted(const World& world, std::size_t route, const std::string& token, const VerifiedToken& verified,
                   Signer signer)
{
    const std::size_t first = token.find('.');
    const std::size_t second = token.find('.', first + 1);
    CHECK(token.find('.', second + 1) == std::string::npos);
    const Json header = parsed(std::string_view(token).substr(0, first));
    const Json claims = parsed(std::string_view(token).substr(first + 1, second - first - 1));
    const Identity& who = verified.who;
    if (signer == Signer::Raw) { // nothing but the secret, which stands above, can have made it
        const auto signature = base64urlDecoded(std::string_view(token).substr(second + 1));
        const std::string text = token.substr(0, second);
        CHECK(signature == hmacSha256(secret, text) ||
              signature == HmacKey::make(secret, HmacDigest::Sha512)->mac(text));
        CHECK(who.issuer == "local");
    } else {
        const auto [owner, algorithm] = ownerOf(signer);
        CHECK(who.issuer == owner);
        CHECK(header["alg"] == algorithm);
    }
    CHECK(route == 0 || who.issuer != "local");
    checkHeader(header, who.issuer);
    const Issuer& issuer = world.policy->issuers[verified.issuer];
    CHECK(issuer.name == who.issuer);
    CHECK(claims["iss"] == issuer.issuer);
    CHECK(claims["aud"] == "gate" ||
          (claims["aud"].is_array() && std::ranges::find(claims["aud"], Json("gate")) != claims["aud"].end()));
    const std::string user = claims[issuer.userClaim].get<std::string>();
    CHECK(!user.empty() && user.size() <= 128 && who.user == issuer.userPrefix + user);
    CHECK(std::ranges::none_of(user, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }));
    for (const Issuer& other : world.policy->issuers)
        CHECK(&other == &issuer || other.userPrefix.empty() || !who.user.starts_with(other.userPrefix));
    const auto seconds = [&](const char* name) { return claims[name].get<double>(); };
    const double time = 1'800'000'000;
    CHECK(seconds("exp") + 30 > time && seconds("iat") <= time + 30);
    CHECK(seconds("exp") - seconds("iat") <= 86'400.001);
    CHECK(!claims.contains("nbf") || seconds("nbf") <= time + 30.001);
    for (const std::string& role : who.roles)
        CHECK(role == "reader" || (role == "editor" && who.issuer == "local"));
    CHECK(who.onceUntil.has_value() == (who.issuer == "edge"));
    CHECK(!who.onceUntil || !who.tokenId.empty());
}

void checkRefused(const TokenRefusal& refusal, const std::string& token)
{
    CHECK(httpStatus(refusal.reason) == 401);
    CHECK(refusal.rule.pointer.starts_with("/issuers/") || refusal.rule.pointer.starts_with("/routes/"));
    CHECK(!refusal.rule.name.empty() && !refusal.met.empty() && !refusal.limit.empty());
    CHECK(refusal.met.size() <= 256);
    const std::size_t dot = token.rfind('.');
    const std::string signature = dot == std::string::npos ? std::string() : token.substr(dot + 1);
    CHECK(signature.size() < 32 || refusal.met.find(signature) == std::string::npos);
}

} // namespace

/// A byte says how the token is signed (Signer; Raw: the rest is the token as it stands) and, from its top bit, on
/// which route it is shown. Then the header's length in two bytes, the header, and the claims.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static World world;
    Input input(data, size);
    const std::uint8_t first = input.byte();
    const auto signer = static_cast<Signer>((first & 0x7fU) % static_cast<unsigned>(Signer::Count));
    const std::size_t route = first >> 7U;
    std::string token;
    if (signer == Signer::Raw) {
        token = asText(input.rest());
    } else {
        const std::size_t length = input.word();
        token = base64urlEncoded(asText(input.take(length))) + ".";
        token += base64urlEncoded(asText(input.rest()));
        token += "." + base64urlEncoded(signedText(world, signer, token));
    }
    const auto verified = verifyToken(*world.policy, *world.keys, route, token, now);
    if (verified)
        checkAccepted(world, route, token, *verified, signer);
    else
        checkRefused(verified.error(), token);
    for (int i = 0; i < 2; ++i) {
        const auto cached = world.cache.verify(world.policy, world.keys, route, token, now);
        CHECK(cached.ok() == verified.ok());
        CHECK(!cached.ok() || *cached == *verified);
    }
    (void)claimedUser(token);
    return 0;
}
