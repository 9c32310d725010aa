// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/base64url.h"
#include "auth/hmac.h"
#include "auth/token.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr WallTime now{1'800'000'000'000ms};
const std::string secret = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
const std::string plainHeader = R"({"alg":"HS256","typ":"JWT"})";

Policy sample()
{
    Policy policy;
    policy.roles = {"reader", "editor", "admin"};
    Issuer issuer;
    issuer.name = "local";
    issuer.algorithms = {JwtAlgorithm::HS256};
    issuer.secret = secret;
    issuer.issuer = "gatehouse";
    issuer.audience = "gate";
    issuer.rolesAllowed = {"reader", "editor"};
    policy.issuers = {issuer};
    Route route;
    route.name = "hub";
    route.path = "/hub/{channel}";
    policy.routes = {route};
    return policy;
}

std::string signedToken(const std::string& header, const std::string& payload, const std::string& key = secret)
{
    const std::string text = base64urlEncoded(header) + "." + base64urlEncoded(payload);
    return text + "." + base64urlEncoded(hmacSha256(key, text).value());
}

/// Good claims with some replaced or added; an empty replacement takes the claim away.
std::string claims(const std::vector<std::pair<std::string, std::string>>& changes = {})
{
    std::vector<std::pair<std::string, std::string>> all{{"iss", "\"gatehouse\""},
                                                         {"aud", "\"gate\""},
                                                         {"sub", "\"amir\""},
                                                         {"iat", "1799999990"},
                                                         {"exp", "1800000060"}};
    for (const auto& change : changes) {
        const auto same =
            std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.first == change.first; });
        if (same == all.end())
            all.push_back(change);
        else
            same->second = change.second;
    }
    std::string text;
    for (const auto& [name, value] : all)
        if (!value.empty())
            text += (text.empty() ? "{\"" : ",\"") + name + "\":" + value;
    return text + "}";
}

/// With the keys that the policy itself holds.
Result<Identity, Decision> verifyToken(const Policy& policy, std::size_t route, std::string_view token, WallTime time)
{
    const auto keys = IssuerKeys::make(policy, {}).value();
    auto verified = gatehouse::verifyToken(policy, *keys, route, token, time);
    if (!verified)
        return Failure{static_cast<const Decision&>(verified.error())};
    return std::move(verified->who);
}

Reason verdict(const std::string& token)
{
    const auto result = verifyToken(sample(), 0, token, now);
    return result ? Reason::None : result.error().reason;
}

QByteArray bytes(const std::string& text)
{
    return QByteArray(text.data(), static_cast<qsizetype>(text.size()));
}

} // namespace

class AuthTokenTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void hmac_gives_the_published_vector();
    void base64url_is_strict_data();
    void base64url_is_strict();
    void tokens_are_found_where_the_route_looks_data();
    void tokens_are_found_where_the_route_looks();
    void places_that_the_route_does_not_name_are_not_looked_at();
    void bad_tokens_are_refused_data();
    void bad_tokens_are_refused();
    void a_good_token_tells_who_it_is();
    void the_leeway_holds_to_the_second_data();
    void the_leeway_holds_to_the_second();
    void a_refusal_names_the_rule_of_the_issuer();
    void an_issuer_that_the_route_does_not_list_is_not_heard();
    void an_issuer_without_a_secret_accepts_nothing();
    void a_minted_token_verifies();
    void minting_refuses_what_would_not_be_accepted_data();
    void minting_refuses_what_would_not_be_accepted();
    void a_changed_byte_anywhere_is_refused();
    void a_canary_never_appears_in_a_decision();
};

void AuthTokenTest::hmac_gives_the_published_vector()
{
    // RFC 4231 §4.3, test case 2.
    QCOMPARE(bytes(hmacSha256("Jefe", "what do ya want for nothing?").value()).toHex(),
             QByteArray("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
    QVERIFY(hmacSha256("", "").has_value());
    QVERIFY(!equalInConstantTime("a", "b"));
    QVERIFY(!equalInConstantTime("a", "aa"));
    QVERIFY(equalInConstantTime("ab", "ab"));
}

void AuthTokenTest::base64url_is_strict_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("good");
    QTest::addColumn<QByteArray>("decoded");
    QTest::newRow("empty") << QByteArray("") << true << QByteArray("");
    QTest::newRow("one byte") << QByteArray("Zg") << true << QByteArray("f");
    QTest::newRow("two bytes") << QByteArray("Zm8") << true << QByteArray("fo");
    QTest::newRow("three bytes") << QByteArray("Zm9v") << true << QByteArray("foo");
    QTest::newRow("own letters") << QByteArray("-_8") << true << QByteArray("\xfb\xff");
    for (const char* text : {"Z", "Zg==", "Zh", "Zm9", "Zm9v\n", " Zm9v", "Zm9+", "Zm9/", "Zm9v=", "Zm9vZ"})
        QTest::newRow(text) << QByteArray(text) << false << QByteArray();
}

void AuthTokenTest::base64url_is_strict()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, good);
    QFETCH(QByteArray, decoded);
    const auto result = base64urlDecoded(text.toStdString());
    QCOMPARE(result.has_value(), good);
    if (good) {
        QCOMPARE(bytes(*result), decoded);
        QCOMPARE(base64urlEncoded(*result), text.toStdString());
    }
}

void AuthTokenTest::tokens_are_found_where_the_route_looks_data()
{
    QTest::addColumn<QByteArrayList>("authorization");
    QTest::addColumn<QByteArrayList>("subprotocols");
    QTest::addColumn<QByteArray>("reason");
    QTest::addColumn<QByteArray>("token"); // null: none
    const auto row = [](const char* name, QByteArrayList authorization, QByteArrayList subprotocols, const char* reason,
                        const char* token = nullptr) {
        QTest::newRow(name) << authorization << subprotocols << QByteArray(reason) << QByteArray(token);
    };
    row("nothing", {}, {}, "");
    row("header", {"Bearer abc"}, {}, "", "abc");
    row("header in any case", {"bEaReR abc"}, {}, "", "abc");
    row("header with blanks", {"Bearer   abc"}, {}, "", "abc");
    row("header without a token", {"Bearer"}, {}, "", "");
    row("another scheme", {"Basic abc"}, {}, "");
    row("a scheme that begins alike", {"Bearers abc"}, {}, "");
    row("another scheme beside it", {"Basic abc", "Bearer def"}, {}, "", "def");
    row("subprotocol", {}, {"gatehouse", "bearer.abc"}, "", "abc");
    row("subprotocol first", {}, {"bearer.abc", "gatehouse"}, "", "abc");
    row("other subprotocols", {}, {"mqtt", "gatehouse"}, "");
    row("two headers", {"Bearer abc", "Bearer abc"}, {}, "auth_ambiguous");
    row("two subprotocols", {}, {"gatehouse", "bearer.abc", "bearer.def"}, "auth_ambiguous");
    row("two places", {"Bearer abc"}, {"gatehouse", "bearer.abc"}, "auth_ambiguous");
    row("alone", {}, {"bearer.abc"}, "subprotocol");
    row("beside what is not echoed", {}, {"mqtt", "bearer.abc"}, "subprotocol");
}

void AuthTokenTest::tokens_are_found_where_the_route_looks()
{
    QFETCH(QByteArrayList, authorization);
    QFETCH(QByteArrayList, subprotocols);
    QFETCH(QByteArray, reason);
    QFETCH(QByteArray, token);
    TokenFacts facts;
    for (const QByteArray& value : authorization)
        facts.authorization.emplace_back(value.constData(), static_cast<std::size_t>(value.size()));
    for (const QByteArray& value : subprotocols)
        facts.subprotocols.emplace_back(value.constData(), static_cast<std::size_t>(value.size()));
    const auto result = findToken(sample(), 0, facts);
    QCOMPARE(result ? std::string_view() : reasonWord(result.error().reason), std::string_view(reason.toStdString()));
    if (result) {
        QCOMPARE(result->has_value(), !token.isNull());
        if (*result)
            QCOMPARE(std::string_view((*result)->text),
                     std::string_view(token.constData(), static_cast<std::size_t>(token.size())));
    }
}

void AuthTokenTest::places_that_the_route_does_not_name_are_not_looked_at()
{
    Policy policy = sample();
    policy.routes[0].authentication.from = {TokenPlace::Authorization};
    QVERIFY(!findToken(policy, 0, {{}, {"bearer.abc"}}).value());
    QCOMPARE(findToken(policy, 0, {{"Bearer def"}, {"gatehouse", "bearer.abc"}}).value(),
             std::optional(FoundToken{TokenPlace::Authorization, "def"}));
    policy.routes[0].authentication.from = {TokenPlace::Subprotocol};
    QVERIFY(!findToken(policy, 0, {{"Bearer def"}, {}}).value());
}

void AuthTokenTest::bad_tokens_are_refused_data()
{
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char* name, const std::string& token, const char* reason) {
        QTest::newRow(name) << bytes(token) << QByteArray(reason);
    };
    const auto withHeader = [](const std::string& header) { return signedToken(header, claims()); };
    const auto withClaims = [](const std::vector<std::pair<std::string, std::string>>& changes) {
        return signedToken(plainHeader, claims(changes));
    };
    const std::string good = signedToken(plainHeader, claims());
    const std::string unsigned_ = good.substr(0, good.rfind('.') + 1);
    row("good", good, "");

    // FAULTS rows 34 to 36
    for (const char* none : {"none", "None", "nOnE"}) {
        const std::string header = std::string(R"({"alg":")") + none + "\"}";
        row((std::string("alg ") + none).c_str(), withHeader(header), "jwt_alg");
        row((std::string("unsigned alg ") + none).c_str(),
            base64urlEncoded(header) + "." + base64urlEncoded(claims()) + ".", "jwt_alg");
    }
    for (const char* alg : {"HS384", "HS512", "RS256", "ES256", "PS256", "EdDSA", "hs256", ""})
        row((std::string("alg of another kind ") + alg).c_str(), withHeader(std::string(R"({"alg":")") + alg + "\"}"),
            "jwt_alg");
    row("no alg", withHeader("{}"), "jwt_alg");
    row("alg is a list", withHeader(R"({"alg":["HS256"]})"), "jwt_alg");
    row("empty signature", unsigned_, "jwt_sig");
    row("another key", signedToken(plainHeader, claims(), secret + "x"), "jwt_sig");
    row("short signature", good.substr(0, good.size() - 3), "jwt_sig");
    row("signature twice as long", good + good.substr(good.rfind('.') + 1), "jwt_format");

    // Row 37
    for (const char* name : {"jwk", "jku", "x5u", "x5c"})
        row(name, withHeader(std::string(R"({"alg":"HS256",")") + name + R"(":"https://evil.example/k"})"),
            "jwt_header");

    // Row 38
    const auto kid = [&](const std::string& value) { return withHeader(R"({"alg":"HS256","kid":)" + value + "}"); };
    row("kid good", kid("\"k1.A_b:c-9\""), "");
    row("kid at its limit", kid("\"" + std::string(128, 'k') + "\""), "");
    row("kid over its limit", kid("\"" + std::string(129, 'k') + "\""), "jwt_kid");
    row("kid of 2 KiB", kid("\"" + std::string(2048, 'k') + "\""), "jwt_kid");
    row("kid is a path", kid("\"../../dev/null\""), "jwt_kid");
    row("kid is SQL", kid("\"x' OR 1=1 --\""), "jwt_kid");
    row("kid with NUL", kid("\"a\\u0000b\""), "jwt_kid");
    row("kid empty", kid("\"\""), "jwt_kid");
    row("kid is a number", kid("1"), "jwt_kid");

    // Row 39
    row("exp past", withClaims({{"exp", "1799999000"}}), "jwt_time");
    row("exp missing", withClaims({{"exp", ""}}), "jwt_time");
    row("exp is text", withClaims({{"exp", "\"1800000060\""}}), "jwt_time");
    row("exp 1e308", withClaims({{"exp", "1e308"}}), "jwt_time");
    row("exp over a double", withClaims({{"exp", "1e999"}}), "jwt_format");
    row("exp negative", withClaims({{"exp", "-1"}}), "jwt_time");
    row("exp is null", withClaims({{"exp", "null"}}), "jwt_time");
    row("exp with a fraction", withClaims({{"exp", "1800000060.5"}}), "");
    row("iat missing", withClaims({{"iat", ""}}), "jwt_time");
    row("iat is text", withClaims({{"iat", "\"now\""}}), "jwt_time");
    row("iat ahead", withClaims({{"iat", "1800000040"}}), "jwt_time");
    row("nbf ahead", withClaims({{"nbf", "1800000040"}}), "jwt_time");
    row("nbf past", withClaims({{"nbf", "1700000000"}}), "");
    row("nbf is a list", withClaims({{"nbf", "[1]"}}), "jwt_time");
    row("lives as long as allowed", withClaims({{"exp", "1800086390"}}), "");
    row("lives too long", withClaims({{"exp", "1800086391"}}), "jwt_time");

    // Row 40
    row("iss wrong", withClaims({{"iss", "\"other\""}}), "jwt_claims");
    row("iss missing", withClaims({{"iss", ""}}), "jwt_claims");
    row("iss is a list", withClaims({{"iss", "[\"gatehouse\"]"}}), "jwt_claims");
    row("aud wrong", withClaims({{"aud", "\"gat\""}}), "jwt_claims");
    row("aud missing", withClaims({{"aud", ""}}), "jwt_claims");
    row("aud list with ours", withClaims({{"aud", "[\"x\",\"gate\"]"}}), "");
    row("aud list without ours", withClaims({{"aud", "[\"x\"]"}}), "jwt_claims");
    row("aud list with a number", withClaims({{"aud", "[\"gate\",1]"}}), "jwt_claims");
    row("aud empty list", withClaims({{"aud", "[]"}}), "jwt_claims");
    row("typ wrong", withHeader(R"({"alg":"HS256","typ":"JOSE"})"), "jwt_claims");
    row("typ at+jwt", withHeader(R"({"alg":"HS256","typ":"AT+JWT"})"), "");
    row("typ is a number", withHeader(R"({"alg":"HS256","typ":1})"), "jwt_claims");
    row("typ absent", withHeader(R"({"alg":"HS256"})"), "");
    row("sub with a byte order mark", withClaims({{"sub", "\"\\ufeffroot\""}}), "jwt_claims");
    row("sub missing", withClaims({{"sub", ""}}), "jwt_claims");
    row("sub empty", withClaims({{"sub", "\"\""}}), "jwt_claims");
    row("sub is a number", withClaims({{"sub", "7"}}), "jwt_claims");
    row("sub with a line break", withClaims({{"sub", "\"a\\nb\""}}), "jwt_claims");
    row("sub with DEL", withClaims({{"sub", "\"a\\u007f\""}}), "jwt_claims");
    row("sub with a C1 control", withClaims({{"sub", "\"a\\u0085\""}}), "jwt_claims");
    row("sub at its limit", withClaims({{"sub", "\"" + std::string(128, 'a') + "\""}}), "");
    row("sub over its limit", withClaims({{"sub", "\"" + std::string(129, 'a') + "\""}}), "jwt_claims");
    row("jti is a number", withClaims({{"jti", "1"}}), "jwt_claims");
    row("roles is text", withClaims({{"roles", "\"editor\""}}), "jwt_claims");
    row("roles with a number", withClaims({{"roles", "[1]"}}), "jwt_claims");

    // Row 41
    row("sub twice", signedToken(plainHeader, R"({"sub":"root",)" + claims().substr(1)), "jwt_format");
    row("sub twice, once escaped", signedToken(plainHeader, R"({"s\u0075b":"root",)" + claims().substr(1)),
        "jwt_format");
    row("alg twice", withHeader(R"({"alg":"none","alg":"HS256"})"), "jwt_format");
    row("key twice further in", withClaims({{"x", R"({"a":1,"a":2})"}}), "jwt_format");
    row("depth 8", withClaims({{"x", std::string(7, '[') + std::string(7, ']')}}), "");
    row("depth 9", withClaims({{"x", std::string(8, '[') + std::string(8, ']')}}), "jwt_format");
    row("depth 1,000", withClaims({{"x", std::string(1000, '[') + std::string(1000, ']')}}), "jwt_format");
    row("crit", withHeader(R"({"alg":"HS256","crit":["exp"],"exp":1})"), "jwt_format");
    row("five parts", good + ".a.b", "jwt_format");
    row("two parts", unsigned_.substr(0, unsigned_.size() - 1), "jwt_format");
    row("empty", "", "jwt_format");
    row("dots", "..", "jwt_format");
    row("padded", good + "=", "jwt_format");
    row("odd base64url", "A" + good, "jwt_format");
    row("blank at the end", good + " ", "jwt_format");
    row("header is a list", withHeader("[]"), "jwt_format");
    row("claims are a list", signedToken(plainHeader, "[]"), "jwt_format");
    row("claims are empty", signedToken(plainHeader, ""), "jwt_format");
    row("claims with a comment", signedToken(plainHeader, "/**/" + claims()), "jwt_format");
    row("claims with a byte order mark", signedToken(plainHeader, "\xef\xbb\xbf" + claims()), "jwt_format");
    row("claims with bad UTF-8", withClaims({{"x", "\"\xff\""}}), "jwt_format");
    row("claims with a lone surrogate", withClaims({{"sub", "\"\\ud800\""}}), "jwt_format");
    row("over 8 KiB", withClaims({{"x", "\"" + std::string(8192, 'x') + "\""}}), "jwt_format");
}

void AuthTokenTest::bad_tokens_are_refused()
{
    QFETCH(QByteArray, token);
    QFETCH(QByteArray, reason);
    QCOMPARE(bytes(std::string(reasonWord(verdict(token.toStdString())))), reason);
}

void AuthTokenTest::a_good_token_tells_who_it_is()
{
    const std::string header = R"({"alg":"HS256","kid":"k1"})";
    const auto result = verifyToken(
        sample(), 0,
        signedToken(header,
                    claims({{"jti", "\"t1\""}, {"roles", R"(["editor","ghost","admin","*","editor","reader"])"}})),
        now);
    QVERIFY(result);
    QCOMPARE(result.value(), (Identity{"local",
                                       "amir",
                                       {"editor", "reader"},
                                       "t1",
                                       "k1",
                                       WallTime(1'799'999'990'000ms),
                                       WallTime(1'800'000'060'000ms)}));
    Policy generous = sample();
    generous.issuers[0].rolesAllowed = {"*"};
    QCOMPARE(verifyToken(generous, 0, signedToken(header, claims({{"roles", R"(["admin","ghost"])"}})), now)->roles,
             std::vector<std::string>{"admin"});
    generous.issuers[0].rolesAllowed = {};
    QVERIFY(verifyToken(generous, 0, signedToken(header, claims({{"roles", R"(["admin"])"}})), now)->roles.empty());
}

void AuthTokenTest::the_leeway_holds_to_the_second_data()
{
    QTest::addColumn<QByteArray>("claim");
    QTest::addColumn<int>("offset"); // seconds from now
    QTest::addColumn<bool>("good");
    QTest::newRow("exp a second inside") << QByteArray("exp") << -29 << true;
    QTest::newRow("exp at the edge") << QByteArray("exp") << -30 << false;
    QTest::newRow("exp a second outside") << QByteArray("exp") << -31 << false;
    for (const char* claim : {"nbf", "iat"}) {
        QTest::addRow("%s a second inside", claim) << QByteArray(claim) << 29 << true;
        QTest::addRow("%s at the edge", claim) << QByteArray(claim) << 30 << true;
        QTest::addRow("%s a second outside", claim) << QByteArray(claim) << 31 << false;
    }
}

void AuthTokenTest::the_leeway_holds_to_the_second()
{
    QFETCH(QByteArray, claim);
    QFETCH(int, offset);
    QFETCH(bool, good);
    const std::string time = std::to_string(1'800'000'000 + offset);
    const std::string token = signedToken(plainHeader, claims({{"iat", "1799999900"}, {claim.toStdString(), time}}));
    QCOMPARE(verdict(token), good ? Reason::None : Reason::JwtTime);
}

void AuthTokenTest::a_refusal_names_the_rule_of_the_issuer()
{
    const auto lifetime = verifyToken(sample(), 0, signedToken(plainHeader, claims({{"exp", "1800172790"}})), now);
    QCOMPARE(lifetime.error(),
             (Decision{Reason::JwtTime, {"/issuers/0/max_lifetime", "issuer local › max_lifetime"}, "2d", "1d"}));
    const auto expired =
        verifyToken(sample(), 0, signedToken(plainHeader, claims({{"iat", "1799990000"}, {"exp", "1799999880"}})), now);
    QCOMPARE(
        expired.error(),
        (Decision{Reason::JwtTime, {"/issuers/0/leeway", "issuer local › leeway"}, "expired 2m ago", "leeway 30s"}));
    const auto signature = verifyToken(sample(), 0, signedToken(plainHeader, claims(), "x"), now);
    QCOMPARE(signature.error().rule, (Rule{"/issuers/0/secret_file", "issuer local › secret_file"}));
}

void AuthTokenTest::an_issuer_that_the_route_does_not_list_is_not_heard()
{
    Policy policy = sample();
    Issuer other = policy.issuers[0];
    other.name = "other";
    other.secret = "another secret of more than thirty-two bytes";
    policy.issuers.push_back(other);
    policy.routes[0].authentication.issuers = {"other"};
    QCOMPARE(verifyToken(policy, 0, signedToken(plainHeader, claims()), now).error().reason, Reason::JwtSig);
    QCOMPARE(verifyToken(policy, 0, signedToken(plainHeader, claims(), other.secret), now)->issuer,
             std::string("other"));
}

void AuthTokenTest::an_issuer_without_a_secret_accepts_nothing()
{
    Policy policy = sample();
    policy.issuers[0].secret.clear();
    QCOMPARE(verifyToken(policy, 0, signedToken(plainHeader, claims(), ""), now).error().reason, Reason::JwtSig);
    policy.issuers.clear();
    QCOMPARE(verifyToken(policy, 0, signedToken(plainHeader, claims()), now).error().reason, Reason::JwtAlg);
}

void AuthTokenTest::a_minted_token_verifies()
{
    const TokenRequest request{"Zoë \"quoted\"", {"editor"}, 90s, {"news.*"}};
    const auto token = mintToken(sample(), request, now + 7ms);
    QVERIFY(token);
    const auto who = verifyToken(sample(), 0, *token, now);
    QVERIFY(who);
    QCOMPARE(who->user, request.user);
    QCOMPARE(who->roles, request.roles);
    QCOMPARE(who->tokenId.size(), std::size_t(22));
    QCOMPARE(who->issuedAt, std::optional(now));
    QCOMPARE(who->expires, std::optional(now + 90s));
    const auto again = mintToken(sample(), request, now + 7ms);
    QVERIFY(verifyToken(sample(), 0, *again, now)->tokenId != who->tokenId);
}

void AuthTokenTest::minting_refuses_what_would_not_be_accepted_data()
{
    QTest::addColumn<QByteArray>("user");
    QTest::addColumn<QByteArray>("role");
    QTest::addColumn<int>("ttl");
    QTest::addColumn<QByteArray>("says");
    QTest::newRow("no user") << QByteArray("") << QByteArray("reader") << 60 << QByteArray("a user is");
    QTest::newRow("control") << QByteArray("a\nb") << QByteArray("reader") << 60 << QByteArray("a user is");
    QTest::newRow("long") << QByteArray(129, 'a') << QByteArray("reader") << 60 << QByteArray("a user is");
    QTest::newRow("unknown role") << QByteArray("a") << QByteArray("ghost") << 60 << QByteArray("no role \"ghost\"");
    QTest::newRow("role not allowed") << QByteArray("a") << QByteArray("admin") << 60 << QByteArray("may not give");
    QTest::newRow("no time") << QByteArray("a") << QByteArray("reader") << 0 << QByteArray("positive");
    QTest::newRow("too long") << QByteArray("a") << QByteArray("reader") << 86'401 << QByteArray("max_lifetime");
}

void AuthTokenTest::minting_refuses_what_would_not_be_accepted()
{
    QFETCH(QByteArray, user);
    QFETCH(QByteArray, role);
    QFETCH(int, ttl);
    QFETCH(QByteArray, says);
    const auto token =
        mintToken(sample(), {user.toStdString(), {role.toStdString()}, std::chrono::seconds(ttl), {}}, now);
    QVERIFY(!token);
    QVERIFY2(token.error().find(says.toStdString()) != std::string::npos, token.error().c_str());
    QVERIFY(!mintToken({}, {"a", {}, 60s, {}}, now));
}

void AuthTokenTest::a_changed_byte_anywhere_is_refused()
{
    const std::string token = mintToken(sample(), {"amir", {"editor"}, 90s, {}}, now).value();
    for (std::size_t i = 0; i < token.size(); ++i) {
        for (const char other : {'A', 'B', 'z', '-', '.', '=', '\0', ' '}) {
            std::string changed = token;
            changed[i] = other;
            if (changed != token)
                QVERIFY2(verdict(changed) != Reason::None, changed.c_str());
        }
    }
    for (std::size_t length = 0; length < token.size(); ++length)
        QVERIFY(verdict(token.substr(0, length)) != Reason::None);
}

void AuthTokenTest::a_canary_never_appears_in_a_decision()
{
    const std::string canary = "CANARYcanaryCANARY";
    const std::string quoted = "\"" + canary + "\"";
    const auto header = [&](const std::string& member) { return R"({"alg":"HS256",)" + member + "}"; };
    const std::vector<std::string> tokens{
        canary,
        canary + "." + canary + "." + canary,
        signedToken(header("\"kid\":\"" + canary + "!\""), claims()),
        signedToken(header("\"jwk\":" + quoted), claims()),
        signedToken(header("\"typ\":" + quoted), claims()),
        signedToken("{\"alg\":" + quoted + "}", claims()),
        signedToken(plainHeader, claims({{"sub", "\"" + canary + "\\n\""}})),
        signedToken(plainHeader, claims({{"exp", quoted}})),
        signedToken(plainHeader, claims({{"jti", quoted}, {"exp", "1"}, {"iat", "0"}})),
        signedToken(plainHeader, canary),
        signedToken(plainHeader, claims({{"secret", quoted}}), "x"),
    };
    for (const std::string& token : tokens) {
        const auto result = verifyToken(sample(), 0, token, now);
        QVERIFY(!result);
        const Decision& decision = result.error();
        const std::string all = decision.rule.pointer + decision.rule.name + decision.met + decision.limit;
        QVERIFY2(all.find(canary) == std::string::npos, all.c_str());
        QVERIFY(token.size() < 40 || all.find(token.substr(token.size() - 20)) == std::string::npos);
    }
    const std::string offered = "bearer." + canary;
    const auto alone = findToken(sample(), 0, {{}, {offered}});
    QVERIFY((alone.error().met + alone.error().limit).find(canary) == std::string::npos);
}

QTEST_GUILESS_MAIN(AuthTokenTest)
#include "authtokentest.moc"
