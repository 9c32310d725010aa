// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/base64url.h"
#include "auth/token.h"
#include "signingkey.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

namespace {

constexpr WallTime now{1'800'000'000'000ms};
const std::string localSecret(43, 'l');
const std::string oldSecret(43, 'o');
const std::string otherSecret(43, 'x');

/// Issuers "local" (HS256), "corp" (ES256, RS256), "edge" (EdDSA, once); routes "all", "corp alone", "local alone".
struct World {
    Policy policy;
    SigningKey es = SigningKey::ec("P-256");
    SigningKey es2 = SigningKey::ec("P-256");
    SigningKey rs = SigningKey::rsa();
    SigningKey ed = SigningKey::edwards("ED25519");
    std::shared_ptr<const IssuerKeys> keys;

    World()
    {
        policy.roles = {"reader", "editor", "admin"};
        policy.issuers.push_back(issuer("local", "gatehouse", {JwtAlgorithm::HS256}, ""));
        policy.issuers[0].secret = localSecret;
        policy.issuers[0].rolesAllowed = {"*"};
        policy.issuers[0].previous = {{"old.key", oldSecret, now + 60s}};
        policy.issuers.push_back(issuer("corp", "id.corp", {JwtAlgorithm::ES256, JwtAlgorithm::RS256}, "corp:"));
        policy.issuers[1].jwksFile = "corp.jwks.json";
        policy.issuers[1].rolesAllowed = {"reader", "editor"};
        policy.issuers.push_back(issuer("edge", "id.edge", {JwtAlgorithm::EdDSA, JwtAlgorithm::ES256}, "edge:"));
        policy.issuers[2].jwksUrl = "https:/";
        policy.issuers[2].oneTime = true;
        policy.routes.push_back(route("all", {}));
        policy.routes.push_back(route("corp alone", {"corp"}));
        policy.routes.push_back(route("local alone", {"local"}));
        make();
    }

    void make()
    {
        keys = IssuerKeys::make(
                   policy, {nullptr, KeySet::parse(keySetText({es.jwk("e1"), rs.jwk("r1"), es2.jwk("A/B+c=")})).value(),
                            KeySet::parse(keySetText({ed.jwk("d1")})).value()})
                   .value();
    }

    static Issuer issuer(std::string name, std::string iss, std::vector<JwtAlgorithm> algorithms, std::string prefix)
    {
        Issuer made;
        made.name = std::move(name);
        made.issuer = std::move(iss);
        made.audience = "gate";
        made.algorithms = std::move(algorithms);
        made.userPrefix = std::move(prefix);
        return made;
    }

    static Route route(std::string name, std::vector<std::string> issuers)
    {
        Route made;
        made.name = std::move(name);
        made.authentication.issuers = std::move(issuers);
        return made;
    }

    [[nodiscard]] Result<VerifiedToken, TokenRefusal> verify(const std::string& token, std::size_t on = 0,
                                                             WallTime at = now) const
    {
        return verifyToken(policy, *keys, on, token, at);
    }
};

World& world()
{
    static World made;
    return made;
}

std::string claims(const std::string& iss, const std::string& members = {}, const std::string& sub = "amir")
{
    return R"({"iss":")" + iss + R"(","aud":"gate","iat":1799999990,"exp":1800000060)" +
           (sub.empty() ? "" : R"(,"sub":")" + sub + "\"") + (members.empty() ? "" : "," + members) + "}";
}

std::string byHmac(const std::string& payload, const std::string& secret = localSecret,
                   const std::string& header = R"({"alg":"HS256"})")
{
    const std::string text = base64urlEncoded(header) + "." + base64urlEncoded(payload);
    return text + "." + base64urlEncoded(hmacSha256(secret, text).value());
}

std::string byEs(const std::string& payload, const std::string& members = {})
{
    return world().es.token(JwtAlgorithm::ES256, R"({"alg":"ES256")" + members + "}", payload);
}

} // namespace

class AuthIssuersTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_judged_token_is_what_it_was_verified_as();
    void a_judged_token_needs_its_key_in_the_set();
    void each_issuer_vouches_for_its_own_data();
    void each_issuer_vouches_for_its_own();
    void a_refusal_names_the_key_of_the_policy_data();
    void a_refusal_names_the_key_of_the_policy();
    void a_kid_chooses_the_key();
    void an_unknown_kid_asks_for_newer_keys();
    void a_kid_of_a_set_may_have_any_form();
    void a_set_of_many_keys_costs_a_bounded_number_of_tries();
    void two_issuers_of_one_name_are_told_apart_by_their_audience();
    void a_previous_secret_verifies_until_its_end();
    void the_prefix_is_put_before_the_claim();
    void no_user_looks_like_one_of_another_issuer_data();
    void no_user_looks_like_one_of_another_issuer();
    void claims_have_the_names_that_the_policy_gives();
    void roles_are_those_that_the_policy_has_and_the_issuer_may_give();
    void typ_is_as_the_issuer_asks_data();
    void typ_is_as_the_issuer_asks();
    void a_one_time_token_says_so();
    void minting_signs_with_the_current_secret_alone();
};

void AuthIssuersTest::each_issuer_vouches_for_its_own_data()
{
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<int>("route");
    QTest::addColumn<QByteArray>("reason");
    QTest::addColumn<QByteArray>("user");
    const auto row = [](const char* name, const std::string& token, int route, const char* reason,
                        const char* user = "") {
        QTest::newRow(name) << QByteArray::fromStdString(token) << route << QByteArray(reason) << QByteArray(user);
    };
    const World& all = world();
    const std::string ed = all.ed.token(JwtAlgorithm::EdDSA, R"({"alg":"EdDSA"})", claims("id.edge", R"("jti":"1")"));
    row("local", byHmac(claims("gatehouse")), 0, "", "amir");
    row("corp", byEs(claims("id.corp")), 0, "", "corp:amir");
    row("corp by RSA", all.rs.token(JwtAlgorithm::RS256, R"({"alg":"RS256"})", claims("id.corp")), 0, "", "corp:amir");
    row("edge", ed, 0, "", "edge:amir");
    row("corp where it is listed", byEs(claims("id.corp")), 1, "", "corp:amir");
    row("local where it is not listed", byHmac(claims("gatehouse")), 1, "jwt_alg");
    row("corp where it is not listed", byEs(claims("id.corp")), 2, "jwt_alg");
    // Row 89: a good signature of one issuer under the name of another.
    row("local's secret in corp's name", byHmac(claims("id.corp")), 0, "jwt_claims");
    row("corp's key in local's name", byEs(claims("gatehouse")), 0, "jwt_claims");
    row("corp's key in edge's name", byEs(claims("id.edge")), 0, "jwt_claims");
    row("a name that nobody has", byEs(claims("id.nobody")), 0, "jwt_claims");
    row("no name", byEs(R"({"aud":"gate","sub":"amir","iat":1799999990,"exp":1800000060})"), 0, "jwt_claims");
    // Row 35 in a policy with several issuers.
    row("PEM as secret in corp's name", byHmac(claims("id.corp"), all.rs.publicPem()), 0, "jwt_alg");
    row("DER as secret in corp's name", byHmac(claims("id.corp"), all.rs.publicDer()), 0, "jwt_alg");
    row("PEM as secret in local's name", byHmac(claims("gatehouse"), all.rs.publicPem()), 0, "jwt_sig");
    row("another secret", byHmac(claims("gatehouse"), otherSecret), 0, "jwt_sig");
    row("another key", SigningKey::ec("P-256").token(JwtAlgorithm::ES256, R"({"alg":"ES256"})", claims("id.corp")), 0,
        "jwt_sig");
    row("a curve that fits no key",
        SigningKey::ec("P-384").token(JwtAlgorithm::ES384, R"({"alg":"ES384"})", claims("id.corp")), 0, "jwt_alg");
    for (const char* alg : {"none", "None", "nOnE", "ES256K", "es256", "HS512"})
        row(alg,
            base64urlEncoded(std::string(R"({"alg":")") + alg + "\"}") + "." + base64urlEncoded(claims("id.corp")) +
                ".",
            0, "jwt_alg");
}

void AuthIssuersTest::each_issuer_vouches_for_its_own()
{
    QFETCH(QByteArray, token);
    QFETCH(int, route);
    QFETCH(QByteArray, reason);
    QFETCH(QByteArray, user);
    const auto result = world().verify(token.toStdString(), static_cast<std::size_t>(route));
    QCOMPARE(result ? std::string_view() : reasonWord(result.error().reason), std::string_view(reason.toStdString()));
    if (result)
        QCOMPARE(result->who.user, user.toStdString());
}

void AuthIssuersTest::a_refusal_names_the_key_of_the_policy_data()
{
    QTest::addColumn<QByteArray>("token");
    QTest::addColumn<QByteArray>("pointer");
    QTest::addColumn<QByteArray>("name");
    const auto row = [](const std::string& token, const char* pointer, const char* name) {
        QTest::newRow(pointer) << QByteArray::fromStdString(token) << QByteArray(pointer) << QByteArray(name);
    };
    row(byHmac(claims("id.corp"), otherSecret), "/issuers/1/algorithms", "issuer corp › algorithms");
    row(byHmac(claims("gatehouse"), otherSecret), "/issuers/0/secret_file", "issuer local › secret_file");
    row(byEs(claims("id.corp"), R"(,"kid":"gone")"), "/issuers/1/jwks_file", "issuer corp › jwks_file");
    row(byEs(claims("id.edge"), R"(,"kid":"gone")"), "/issuers/2/jwks_url", "issuer edge › jwks_url");
    row(SigningKey::ec("P-256").token(JwtAlgorithm::ES256, R"({"alg":"ES256"})", claims("id.nobody")),
        "/routes/0/authentication/issuers", "all › authentication › issuers");
    row(byEs(claims("gatehouse")), "/issuers/1/issuer", "issuer corp › issuer");
    row(byEs(claims("id.corp"), R"(,"typ":"JOSE")"), "/issuers/1/typ", "issuer corp › typ");
    row(byEs(claims("id.corp", {}, "")), "/issuers/1/user_claim", "issuer corp › user_claim");
    row(byEs(claims("id.corp", R"("roles":"editor")")), "/issuers/1/roles_claim", "issuer corp › roles_claim");
    row(byHmac(claims("gatehouse", {}, "corp:eve")), "/issuers/1/user_prefix", "issuer corp › user_prefix");
    row(world().ed.token(JwtAlgorithm::EdDSA, R"({"alg":"EdDSA"})", claims("id.edge")), "/issuers/2/one_time",
        "issuer edge › one_time");
}

void AuthIssuersTest::a_refusal_names_the_key_of_the_policy()
{
    QFETCH(QByteArray, token);
    QFETCH(QByteArray, pointer);
    QFETCH(QByteArray, name);
    const auto result = world().verify(token.toStdString());
    QVERIFY(!result);
    QCOMPARE(result.error().rule, (Rule{pointer.toStdString(), name.toStdString()}));
    QVERIFY(!result.error().met.empty() && !result.error().limit.empty());
}

void AuthIssuersTest::a_kid_chooses_the_key()
{
    QVERIFY(world().verify(byEs(claims("id.corp"), R"(,"kid":"e1")")));
    QCOMPARE(world().verify(byEs(claims("id.corp"), R"(,"kid":"e1")"))->who.keyId, std::string("e1"));
    // Named, but made by another key of the set; named, but of another type.
    QCOMPARE(world().verify(byEs(claims("id.corp"), R"(,"kid":"A/B+c=")")).error().reason, Reason::JwtSig);
    QCOMPARE(world().verify(byEs(claims("id.corp"), R"(,"kid":"r1")")).error().reason, Reason::JwtSig);
}

void AuthIssuersTest::an_unknown_kid_asks_for_newer_keys()
{
    const auto unknown = world().verify(byEs(claims("id.edge"), R"(,"kid":"new")"));
    QCOMPARE(unknown.error().reason, Reason::JwtKid);
    QCOMPARE(unknown.error().keyUnknownTo, std::optional<std::size_t>(2));
    QVERIFY(!world().verify(byEs(claims("id.nobody"), R"(,"kid":"new")")).error().keyUnknownTo);
    QVERIFY(!world()
                 .verify(byHmac(claims("gatehouse"), otherSecret, R"({"alg":"HS256","kid":"new"})"))
                 .error()
                 .keyUnknownTo);
}

void AuthIssuersTest::a_kid_of_a_set_may_have_any_form()
{
    const auto token = [](const std::string& kid) {
        return world().es2.token(JwtAlgorithm::ES256, R"({"alg":"ES256","kid":")" + kid + "\"}", claims("id.corp"));
    };
    QVERIFY(world().verify(token("A/B+c=")));
    for (const char* kid : {"A/B+c", "../../dev/null", "x' OR 1=1 --", "a\\u0000b", ""})
        QCOMPARE(world().verify(token(kid)).error().reason, Reason::JwtKid);
}

void AuthIssuersTest::a_set_of_many_keys_costs_a_bounded_number_of_tries()
{
    World many;
    const auto set = [&](std::size_t before) {
        std::string text = R"({"keys":[)";
        for (std::size_t i = 0; i < before; ++i)
            text += SigningKey::ec("P-256").jwk("k" + std::to_string(i)) + ",";
        many.keys =
            IssuerKeys::make(many.policy, {nullptr, KeySet::parse(text + many.es.jwk("last") + "]}").value()}).value();
    };
    const auto token = [&](const std::string& members) {
        return many.es.token(JwtAlgorithm::ES256, R"({"alg":"ES256")" + members + "}", claims("id.corp"));
    };
    set(IssuerKeys::mostTries - 1);
    QVERIFY(many.verify(token("")));
    set(IssuerKeys::mostTries);
    QCOMPARE(many.verify(token("")).error().reason, Reason::JwtKid);
    QVERIFY(many.verify(token(R"(,"kid":"last")")));
}

void AuthIssuersTest::two_issuers_of_one_name_are_told_apart_by_their_audience()
{
    World two;
    two.policy.issuers[2] = two.policy.issuers[1];
    two.policy.issuers[2].name = "corp mobile";
    two.policy.issuers[2].audience = "mobile";
    two.policy.issuers[2].userPrefix = "mobile:";
    const auto set = KeySet::parse(keySetText({two.es.jwk("e1")})).value();
    two.keys = IssuerKeys::make(two.policy, {nullptr, set, set}).value();
    const auto token = [&](const std::string& audience) {
        return two.es.token(JwtAlgorithm::ES256, R"({"alg":"ES256"})",
                            R"({"iss":"id.corp","sub":"amir","iat":1799999990,"exp":1800000060,"aud":")" + audience +
                                "\"}");
    };
    QCOMPARE(two.verify(token("gate"))->who.user, std::string("corp:amir"));
    QCOMPARE(two.verify(token("mobile"))->who.user, std::string("mobile:amir"));
    QCOMPARE(two.verify(token("else")).error().reason, Reason::JwtClaims);
}

void AuthIssuersTest::a_previous_secret_verifies_until_its_end()
{
    const std::string token = byHmac(claims("gatehouse"), oldSecret);
    QVERIFY(world().verify(token));
    QCOMPARE(world().verify(token)->keyUntil, std::optional(now + 60s));
    QVERIFY(world().verify(token, 0, now + 59999ms));
    QCOMPARE(world().verify(token, 0, now + 60s).error().reason, Reason::JwtSig);
    QVERIFY(!world().verify(byHmac(claims("gatehouse")))->keyUntil);
}

void AuthIssuersTest::the_prefix_is_put_before_the_claim()
{
    QCOMPARE(world().verify(byEs(claims("id.corp", {}, std::string(128, 'a'))))->who.user,
             "corp:" + std::string(128, 'a'));
    QCOMPARE(world().verify(byEs(claims("id.corp", {}, std::string(129, 'a')))).error().reason, Reason::JwtClaims);
}

void AuthIssuersTest::no_user_looks_like_one_of_another_issuer_data()
{
    QTest::addColumn<QByteArray>("prefix");
    QTest::addColumn<QByteArray>("user");
    QTest::addColumn<bool>("good");
    QTest::newRow("no prefix, an own name") << QByteArray("") << QByteArray("amir") << true;
    QTest::newRow("no prefix, corp's name") << QByteArray("") << QByteArray("corp:amir") << false;
    QTest::newRow("no prefix, corp's prefix alone") << QByteArray("") << QByteArray("corp:") << false;
    QTest::newRow("no prefix, corp's prefix in it") << QByteArray("") << QByteArray("xcorp:amir") << true;
    QTest::newRow("a prefix that becomes corp's") << QByteArray("co") << QByteArray("rp:amir") << false;
    QTest::newRow("a prefix that begins with corp's") << QByteArray("corp:x:") << QByteArray("amir") << false;
    QTest::newRow("a prefix of its own") << QByteArray("local:") << QByteArray("corp:amir") << true;
}

void AuthIssuersTest::no_user_looks_like_one_of_another_issuer()
{
    QFETCH(QByteArray, prefix);
    QFETCH(QByteArray, user);
    QFETCH(bool, good);
    World other;
    other.policy.issuers[0].userPrefix = prefix.toStdString();
    other.make();
    const auto result = other.verify(byHmac(claims("gatehouse", {}, user.toStdString())));
    QCOMPARE(result ? Reason::None : result.error().reason, good ? Reason::None : Reason::JwtClaims);
    const auto minted = mintToken(other.policy, {user.toStdString(), {}, 60s, {}}, now);
    QCOMPARE(minted.ok(), good);
    if (good) {
        QCOMPARE(other.verify(*minted)->who.user, prefix.toStdString() + user.toStdString());
    }
}

void AuthIssuersTest::claims_have_the_names_that_the_policy_gives()
{
    World other;
    other.policy.issuers[0].userClaim = "email";
    other.policy.issuers[0].rolesClaim = "groups";
    other.make();
    const auto result =
        other.verify(byHmac(claims("gatehouse", R"("email":"a@b","groups":["admin"],"roles":["editor"])", "")));
    QCOMPARE(result->who.user, std::string("a@b"));
    QCOMPARE(result->who.roles, std::vector<std::string>{"admin"});
    QCOMPARE(other.verify(byHmac(claims("gatehouse"))).error().reason, Reason::JwtClaims);
    const auto minted = mintToken(other.policy, {"a@b", {"editor"}, 60s, {}}, now);
    QCOMPARE(other.verify(*minted)->who.roles, std::vector<std::string>{"editor"});
}

void AuthIssuersTest::roles_are_those_that_the_policy_has_and_the_issuer_may_give()
{
    const std::string roles = R"("roles":["admin","editor","ghost","editor"])";
    QCOMPARE(world().verify(byEs(claims("id.corp", roles)))->who.roles, std::vector<std::string>{"editor"});
    QCOMPARE(world().verify(byHmac(claims("gatehouse", roles)))->who.roles,
             (std::vector<std::string>{"admin", "editor"}));
    const auto edge =
        world().ed.token(JwtAlgorithm::EdDSA, R"({"alg":"EdDSA"})", claims("id.edge", roles + R"(,"jti":"1")"));
    QVERIFY(world().verify(edge)->who.roles.empty());
}

void AuthIssuersTest::typ_is_as_the_issuer_asks_data()
{
    QTest::addColumn<QByteArray>("wanted");
    QTest::addColumn<QByteArray>("typ"); // null: absent
    QTest::addColumn<bool>("good");
    const auto row = [](const char* wanted, const char* typ, bool good) {
        QTest::addRow("%s for %s", typ ? typ : "none", wanted) << QByteArray(wanted) << QByteArray(typ) << good;
    };
    row("", nullptr, true);
    row("", "JWT", true);
    row("", "jwt", true);
    row("", "application/JWT", true);
    row("", "at+jwt", true);
    row("", "dpop+jwt", false);
    row("", "text/jwt", false);
    row("at+jwt", "at+jwt", true);
    row("at+jwt", "Application/AT+JWT", true);
    row("application/at+jwt", "at+jwt", true);
    row("at+jwt", "JWT", false);
    row("at+jwt", nullptr, false);
    row("at+jwt", "", false);
}

void AuthIssuersTest::typ_is_as_the_issuer_asks()
{
    QFETCH(QByteArray, wanted);
    QFETCH(QByteArray, typ);
    QFETCH(bool, good);
    World other;
    other.policy.issuers[0].typ = wanted.toStdString();
    const std::string header =
        typ.isNull() ? R"({"alg":"HS256"})" : R"({"alg":"HS256","typ":")" + typ.toStdString() + "\"}";
    const auto result = other.verify(byHmac(claims("gatehouse"), localSecret, header));
    QCOMPARE(result ? Reason::None : result.error().reason, good ? Reason::None : Reason::JwtClaims);
    QVERIFY(other.verify(*mintToken(other.policy, {"amir", {}, 60s, {}}, now)));
}

void AuthIssuersTest::a_one_time_token_says_so()
{
    const auto token = [](const std::string& members) {
        return world().ed.token(JwtAlgorithm::EdDSA, R"({"alg":"EdDSA"})", claims("id.edge", members));
    };
    const auto once = world().verify(token(R"("jti":"j1")"));
    QCOMPARE(once->who.tokenId, std::string("j1"));
    QCOMPARE(once->who.onceUntil, std::optional(WallTime(1'800'000'090'000ms)));
    QCOMPARE(world().verify(token("")).error().reason, Reason::JwtClaims);
    QVERIFY(!world().verify(byHmac(claims("gatehouse", R"("jti":"j1")")))->who.onceUntil);
}

void AuthIssuersTest::minting_signs_with_the_current_secret_alone()
{
    for (const JwtAlgorithm algorithm : {JwtAlgorithm::HS256, JwtAlgorithm::HS384, JwtAlgorithm::HS512}) {
        World other;
        std::swap(other.policy.issuers[0], other.policy.issuers[1]); // the first with a secret need not be the first
        other.policy.issuers[1].algorithms = {algorithm};
        const auto set = KeySet::parse(keySetText({other.es.jwk("e1")})).value();
        other.keys = IssuerKeys::make(other.policy, {set}).value();
        const std::string token = mintToken(other.policy, {"amir", {"admin"}, 60s, {}}, now).value();
        const auto result = other.verify(token);
        QVERIFY(result);
        QVERIFY(!result->keyUntil);
        const std::string header = base64urlDecoded(token.substr(0, token.find('.'))).value();
        QVERIFY(header.find(jwtAlgorithmWord(algorithm)) != std::string::npos);
    }
}

void AuthIssuersTest::a_judged_token_is_what_it_was_verified_as()
{
    const World world;
    const std::string claims =
        R"({"iss":"id.corp","aud":"gate","sub":"ann","iat":1800000000,"exp":1800000600,"roles":["reader"]})";
    const std::string token = world.es.token(JwtAlgorithm::ES256, R"({"alg":"ES256","kid":"e1"})", claims);
    const auto verified = world.verify(token);
    QVERIFY(verified && verified->evidence);
    QCOMPARE(verified->evidence->claims, claims);
    const auto judged = judgeToken(world.policy, *world.keys, 0, verified->evidence, now);
    QVERIFY(judged && *judged == *verified);
    QCOMPARE(judgeToken(world.policy, *world.keys, 0, verified->evidence, now + 1h).error().reason, Reason::JwtTime);
    QCOMPARE(judgeToken(world.policy, *world.keys, 2, verified->evidence, now).error().reason, Reason::JwtAlg);
}

void AuthIssuersTest::a_judged_token_needs_its_key_in_the_set()
{
    const World world;
    const std::string claims = R"({"iss":"id.corp","aud":"gate","sub":"ann","iat":1800000000,"exp":1800000600})";
    const auto evidence =
        world.verify(world.es.token(JwtAlgorithm::ES256, R"({"alg":"ES256","kid":"e1"})", claims))->evidence;
    const auto under = [&](std::initializer_list<std::string> keys) {
        const auto set = KeySet::parse(keySetText(keys)).value();
        const auto made = IssuerKeys::make(world.policy, {nullptr, set, nullptr}).value();
        const auto judged = judgeToken(world.policy, *made, 0, evidence, now);
        return judged ? Reason::None : judged.error().reason;
    };
    QCOMPARE(under({world.es2.jwk("e2"), world.es.jwk("e1")}), Reason::None);
    QCOMPARE(under({world.es2.jwk("e2")}), Reason::JwtKid);
    QCOMPARE(under({world.es2.jwk("e1")}), Reason::JwtSig); // the same name, another key
    QCOMPARE(under({world.es.jwk("e1"), world.rs.jwk("e1")}), Reason::None);
}

QTEST_GUILESS_MAIN(AuthIssuersTest)
#include "authissuerstest.moc"
