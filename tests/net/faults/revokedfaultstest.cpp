// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditstore.h"
#include "control/json.h"
#include "trace.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr const char* header = R"({"alg":"HS256"})";
constexpr std::string_view headEnd = "\r\n";

std::string tokenOf(const TestServer& server, const std::string& user, const std::string& id)
{
    nlohmann::json claims = server.claims(user);
    claims["jti"] = id;
    return server.signedToken(header, claims.dump());
}

UpgradeOptions asking(const std::optional<std::string>& token)
{
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = token;
    return options;
}

HttpAnswer enter(const TestServer& server, const std::optional<std::string>& token,
                 const ByteClient::Options& source = {})
{
    return server.plain(source).upgrade(asking(token));
}

/// A client behind its 101, with a token of this id.
ByteClient joined(const TestServer& server, const std::string& user, const std::string& id,
                  const ByteClient::Options& source = {})
{
    ByteClient client = server.plain(source);
    if (client.upgrade(asking(tokenOf(server, user, id))).status != 101)
        throw std::runtime_error("not let in");
    return client;
}

RevocationResult revoke(const TestServer& server, const std::string& id)
{
    return std::get<RevocationResult>(server.call(RevokeTokenCommand{id, {}, {}, {}, {}}).value());
}

RevocationResult invalidate(const TestServer& server, const std::string& user, const std::string& issuer = {})
{
    return std::get<RevocationResult>(
        server.call(InvalidateUserTokensCommand{user, issuer, {}, {}, {}, "lost her phone"}).value());
}

std::vector<Ban> bansOf(const TestServer& server)
{
    return std::get<BanList>(server.call(BansQuery{}).value()).bans;
}

TestServer::Edit failuresLimited(int count)
{
    return [count](nlohmann::json& policy) {
        policy["limits"]["auth_failures_per_ip"] = {{"count", count}, {"per", "1m"}, {"then_ban", "10m"}};
    };
}

} // namespace

/// Rows 43 to 45 of the table of faults: tokens that were good once, and those that never were.
class RevokedFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_revoked_jti_gives_401();
    void tokens_of_a_user_issued_up_to_now_give_401_and_later_ones_101();
    void tokens_of_another_issuer_are_not_concerned();
    void a_revocation_that_is_taken_back_or_over_lets_in_again();
    void a_session_whose_token_is_revoked_ends_with_4401();
    void a_session_ends_with_its_users_tokens_and_nobody_elses_does();
    void a_session_whose_token_expires_ends_with_4401();
    void nobody_slips_in_beside_a_revocation();
    void the_answer_to_a_revocation_comes_once_it_is_on_disk();
    void revocations_and_bans_of_tokens_stand_after_a_restart();
    void a_banned_token_gives_403_and_ends_its_session();
    void a_refusal_names_the_ban_to_the_operator_alone();
    void a_refusal_shows_its_rule_among_the_failures();
    void a_thousand_forged_tokens_block_and_then_ban_data();
    void a_thousand_forged_tokens_block_and_then_ban();
    void a_thousand_that_were_good_once_never_ban();
    void neither_token_nor_payload_is_in_feed_answers_or_store();
};

void RevokedFaultsTest::a_revoked_jti_gives_401() // row 43
{
    TestServer server;
    const RevocationResult made = revoke(server, "7f3a");
    QCOMPARE(made.revocation.value, std::string("7f3a"));
    QVERIFY(made.ended.empty());
    const FaultTrace trace(server);
    const HttpAnswer answer = enter(server, tokenOf(server, "ann", "7f3a"), trace.source());
    QCOMPARE(answer.status, 401);
    QCOMPARE(answer.header("WWW-Authenticate"), std::string("Bearer"));
    COMPARE_TRACE(trace.refused(Reason::Revoked, 401, "hub"));
    const Decision why = server.audit(AuditKind::Refuse, Reason::Revoked)[0].decision;
    QCOMPARE(why.rule.name, std::string("revocation 1 by tester"));
    QCOMPARE(why.met, std::string("token 7f3a"));
    QCOMPARE(enter(server, tokenOf(server, "ann", "7f3b")).status, 101);
}

void RevokedFaultsTest::tokens_of_a_user_issued_up_to_now_give_401_and_later_ones_101() // row 43
{
    ManualClock clock;
    clock.stepWall(400ms);
    TestServer server({}, &clock);
    const std::string before = server.token("ann");
    (void)invalidate(server, "ann");
    const std::string sameSecond = server.token("ann");
    clock.advance(600ms); // the next second begins
    const std::string after = server.token("ann");
    nlohmann::json claims = server.claims("ann");
    claims.erase("iat");
    const FaultTrace trace(server);
    QCOMPARE(enter(server, before, trace.source()).status, 401);
    COMPARE_TRACE(trace.refused(Reason::Revoked, 401, "hub"));
    QCOMPARE(enter(server, sameSecond).status, 401);
    QCOMPARE(enter(server, after).status, 101);
    QCOMPARE(enter(server, server.token("bob")).status, 101);
    QCOMPARE(enter(server, server.signedToken(header, claims.dump())).status, 401);
    const auto commands = server.audit(AuditKind::Revoke, Reason::Revoked);
    QCOMPARE(commands.size(), 1u);
    QCOMPARE(commands[0].user, std::string("ann"));
    QCOMPARE(commands[0].actor, std::string("tester"));
    QVERIFY(commands[0].detail.find("lost her phone") != std::string::npos);
}

void RevokedFaultsTest::tokens_of_another_issuer_are_not_concerned()
{
    TestServer server;
    ByteClient client = joined(server, "ann", "a");
    QVERIFY(invalidate(server, "ann", "elsewhere").ended.empty());
    QCOMPARE(enter(server, tokenOf(server, "ann", "b")).status, 101);
    QCOMPARE(invalidate(server, "ann", "local").ended.size(), 1u);
    QCOMPARE(client.closing().code, 4401);
}

void RevokedFaultsTest::a_revocation_that_is_taken_back_or_over_lets_in_again()
{
    ManualClock clock;
    TestServer server({}, &clock);
    const Revocation taken = revoke(server, "a").revocation;
    QVERIFY(server.call(RevokeTokenCommand{"b", {}, {}, 5min, {}}).ok());
    QCOMPARE(enter(server, tokenOf(server, "ann", "a")).status, 401);
    QVERIFY(server.call(UnrevokeCommand{taken.id}).ok());
    QVERIFY(eventually([&] { return enter(server, tokenOf(server, "ann", "a")).status == 101; }));
    QCOMPARE(enter(server, tokenOf(server, "ann", "b")).status, 401);
    clock.advance(5min);
    QCOMPARE(enter(server, tokenOf(server, "ann", "b")).status, 101);
    QVERIFY(eventually(
        [&] { return std::get<RevocationList>(server.call(RevocationsQuery{}).value()).revocations.empty(); }));
    QCOMPARE(server.audit(AuditKind::Unrevoke, Reason::None).size(), 2u);
    QCOMPARE(server.call(UnrevokeCommand{taken.id}).error().code, ControlErrorCode::NotFound);
}

void RevokedFaultsTest::a_session_whose_token_is_revoked_ends_with_4401() // row 44
{
    TestServer server;
    const FaultTrace trace(server);
    ByteClient client = joined(server, "ann", "7f3a", trace.source());
    ByteClient other = joined(server, "ann", "7f3b");
    QCOMPARE(server.sessions().size(), 2u);
    const RevocationResult made = revoke(server, "7f3a");
    QCOMPARE(made.ended.size(), 1u);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 4401);
    QCOMPARE(end.payload, std::string("revoked"));
    client.disconnect();
    COMPARE_TRACE(trace.closed(Reason::Revoked, 4401, "hub", false));
    QVERIFY(other.text("still here"));
    QCOMPARE(other.nextData().payload, std::string("still here"));
}

void RevokedFaultsTest::a_session_ends_with_its_users_tokens_and_nobody_elses_does() // row 44
{
    TestServer server([](nlohmann::json& policy) { policy["workers"] = 4; });
    std::vector<ByteClient> hers;
    for (int i = 0; i < 8; ++i)
        hers.push_back(joined(server, "ann", std::to_string(i)));
    ByteClient his = joined(server, "bob", "x");
    QCOMPARE(invalidate(server, "ann").ended.size(), 8u);
    for (ByteClient& client : hers)
        QCOMPARE(client.closing().code, 4401);
    QVERIFY(his.text("still here"));
    QCOMPARE(his.nextData().payload, std::string("still here"));
}

void RevokedFaultsTest::a_session_whose_token_expires_ends_with_4401() // row 44
{
    ManualClock clock;
    TestServer server({}, &clock);
    const FaultTrace trace(server);
    ByteClient client = server.plain(trace.source());
    QCOMPARE(client.upgrade(asking(server.token("ann", {}, 20s))).status, 101);
    clock.advance(20s + 500ms); // the timers come by within that
    QCOMPARE(client.closing().code, 4401);
    client.disconnect();
    COMPARE_TRACE(trace.closed(Reason::Expired, 4401, "hub", false));
}

void RevokedFaultsTest::nobody_slips_in_beside_a_revocation()
{
    TestServer server([](nlohmann::json& policy) { policy["workers"] = 4; });
    for (int round = 0; round < 10; ++round) {
        const std::string id = std::to_string(round);
        ByteClient client = joined(server, "ann", id);
        std::vector<ByteClient> others;
        std::string head = upgradeText(asking(tokenOf(server, "ann", id)));
        head.resize(head.size() - headEnd.size());
        for (int i = 0; i < 8; ++i) {
            others.push_back(server.plain());
            others.back().send(head);
        }
        server.runtime().call({"tester", "test"}, RevokeTokenCommand{id, {}, {}, {}, {}}, [](const Reply&) {});
        QCOMPARE(client.closing().code, 4401);
        for (ByteClient& other : others)
            QCOMPARE(other.request(headEnd).status, 401);
    }
}

void RevokedFaultsTest::the_answer_to_a_revocation_comes_once_it_is_on_disk()
{
    TestServer server;
    const Revocation token = revoke(server, "7f3a").revocation;
    const Revocation user = invalidate(server, "ann").revocation;
    AuditStore store; // what a process after a crash would find
    QVERIFY(store.open(server.policy().stateDir / "gatehouse.sqlite", server.clock().wall()).ok());
    QCOMPARE(store.revocations().value(), (std::vector<Revocation>{token, user}));

    SqlConnection other;
    QVERIFY(other.open(server.policy().stateDir / "gatehouse.sqlite", SqlConnection::Mode::ReadWrite).ok());
    QVERIFY(other.execute(QStringLiteral("BEGIN EXCLUSIVE")).ok());
    const Reply reply = server.call(RevokeTokenCommand{"b", {}, {}, {}, {}});
    QVERIFY(!reply.ok());
    QCOMPARE(reply.error().code, ControlErrorCode::Internal);
    QVERIFY(reply.error().message.starts_with("the revocation holds"));
    QCOMPARE(enter(server, tokenOf(server, "ann", "b")).status, 401);
    QVERIFY(other.execute(QStringLiteral("ROLLBACK")).ok());
}

void RevokedFaultsTest::revocations_and_bans_of_tokens_stand_after_a_restart()
{
    ManualClock clock;
    TestServer server({}, &clock);
    (void)revoke(server, "a");
    (void)invalidate(server, "ann");
    QVERIFY(server.call(BanCommand{BanSubject::Token, "b", {}, {}, {}}).ok());
    const std::string old = tokenOf(server, "ann", "c");
    clock.advance(1s);
    server.stop();
    server.start();
    QCOMPARE(enter(server, tokenOf(server, "bob", "a")).status, 401);
    QCOMPARE(enter(server, tokenOf(server, "bob", "b")).status, 403);
    QCOMPARE(enter(server, old).status, 401);
    QCOMPARE(enter(server, tokenOf(server, "ann", "c")).status, 101);
}

void RevokedFaultsTest::a_banned_token_gives_403_and_ends_its_session()
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient client = joined(server, "ann", "7f3a");
    const auto made =
        std::get<BanResult>(server.call(BanCommand{BanSubject::Token, "7f3a", "local", 5min, {}}).value());
    QCOMPARE(made.ended.size(), 1u);
    QCOMPARE(client.closing().code, 4403);
    const FaultTrace trace(server);
    const HttpAnswer answer = enter(server, tokenOf(server, "ann", "7f3a"), trace.source());
    QCOMPARE(answer.status, 403);
    QCOMPARE(answer.header("Retry-After"), std::string("300"));
    COMPARE_TRACE(trace.refused(Reason::Banned, 403, "hub"));
    QCOMPARE(enter(server, tokenOf(server, "ann", "7f3b")).status, 101);
    clock.advance(5min);
    QCOMPARE(enter(server, tokenOf(server, "ann", "7f3a")).status, 101);
}

void RevokedFaultsTest::a_refusal_names_the_ban_to_the_operator_alone()
{
    TestServer server;
    const std::string words = "suspected of theft";
    QVERIFY(server.call(BanCommand{BanSubject::User, "ann", {}, {}, words}).ok());
    const HttpAnswer answer = enter(server, server.token("ann"));
    QCOMPARE(answer.status, 403);
    QVERIFY2(answer.text.find("theft") == std::string::npos, answer.text.c_str());
    QVERIFY2(answer.text.find("tester") == std::string::npos, answer.text.c_str());
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::Banned)[0].decision.rule.name, "ban 1 by tester: " + words);
}

void RevokedFaultsTest::a_refusal_shows_its_rule_among_the_failures()
{
    TestServer server;
    nlohmann::json claims = server.claims("ann");
    claims["aud"] = "another";
    QCOMPARE(enter(server, server.signedToken(header, claims.dump())).status, 401);
    const auto groups = std::get<AuthFailureList>(server.call(AuthFailuresQuery{}).value()).groups;
    QCOMPARE(groups.size(), 1u);
    const Explanation& why = groups[0].lastRefusal;
    QCOMPARE(why.decision, server.audit(AuditKind::Refuse, Reason::JwtClaims)[0].decision);
    QCOMPARE(why.decision.rule.pointer, std::string("/issuers/0/audience"));
    QVERIFY(!why.decision.met.empty());
    QCOMPARE(why.decision.limit, std::string("gatehouse"));
    QCOMPARE(why.policyVersion, server.info().policyVersion);
    QCOMPARE(why.time, groups[0].last);
}

void RevokedFaultsTest::a_thousand_forged_tokens_block_and_then_ban_data() // row 45
{
    QTest::addColumn<Reason>("reason");
    QTest::newRow("bad signature") << Reason::JwtSig;
    QTest::newRow("algorithm none") << Reason::JwtAlg;
    QTest::newRow("bad form") << Reason::JwtFormat;
    QTest::newRow("unknown key") << Reason::JwtKid;
}

void RevokedFaultsTest::a_thousand_forged_tokens_block_and_then_ban()
{
    QFETCH(const Reason, reason);
    ManualClock clock;
    const QTemporaryDir folder;
    const std::filesystem::path keys = folder.filePath(QStringLiteral("keys.json")).toStdString();
    std::ofstream(keys) << R"({"keys":[{"kty":"EC","crv":"P-256","kid":"k1",)"
                        << R"("x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
                        << R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]})"; // of RFC 7517, appendix A.1
    TestServer server(
        [&](nlohmann::json& policy) {
            failuresLimited(10)(policy);
            policy["issuers"].push_back({{"name", "corp"},
                                         {"algorithms", {"ES256"}},
                                         {"jwks_file", keys.string()},
                                         {"issuer", "https://id.example"},
                                         {"audience", "gatehouse"},
                                         {"user_prefix", "corp:"}});
            policy["routes"][0]["authentication"]["issuers"] = {"local", "corp"};
        },
        &clock);
    const auto forged = [&] {
        if (reason == Reason::JwtKid) {
            nlohmann::json claims = server.claims("ann");
            claims["iss"] = "https://id.example";
            return server.signedToken(R"({"alg":"ES256","kid":"k2"})", claims.dump());
        }
        if (reason == Reason::JwtAlg)
            return server.signedToken(R"({"alg":"none"})", server.claims("ann").dump());
        return reason == Reason::JwtFormat
                   ? std::string("not.a.token")
                   : server.signedToken(header, server.claims("ann").dump(), std::string(43, 'k'));
    };
    for (int i = 0; i < 1000; ++i)
        QCOMPARE(enter(server, forged()).status, i < 10 ? 401 : 429);
    QCOMPARE(server.refused(reason), 10u);
    QCOMPARE(server.refused(Reason::AuthBruteforce), 990u);
    QVERIFY(bansOf(server).empty());

    clock.advance(61s); // the window that the address was kept out for
    for (int i = 0; i < 10; ++i)
        QCOMPARE(enter(server, forged()).status, 401);
    QVERIFY(eventually([&] { return bansOf(server).size() == 1; }));
    const Ban ban = bansOf(server)[0];
    QCOMPARE(ban.actor, std::string(ruleActor));
    QCOMPARE(ban.value, std::string("127.0.0.1"));
    QVERIFY(ban.until == ban.since + 10min);
    QVERIFY(eventually([&] { return enter(server, server.token("ann")).status == 0; }));
    const auto records = server.audit(AuditKind::Ban, Reason::Banned);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string(ruleActor));
    QCOMPARE(records[0].address, std::string("127.0.0.1"));

    clock.advance(10min);
    QCOMPARE(enter(server, server.token("ann")).status, 101);
}

void RevokedFaultsTest::a_thousand_that_were_good_once_never_ban() // row 45
{
    ManualClock clock;
    TestServer server(failuresLimited(10), &clock);
    const std::string expired = server.token("ann", {}, 10s);
    clock.advance(1h);
    (void)revoke(server, "7f3a");
    (void)invalidate(server, "bob");
    const std::string revoked = tokenOf(server, "ann", "7f3a");
    const std::string invalidated = server.token("bob");
    for (int i = 0; i < 250; ++i) {
        QCOMPARE(enter(server, expired).status, 401);
        QCOMPARE(enter(server, revoked).status, 401);
        QCOMPARE(enter(server, invalidated).status, 401);
        QCOMPARE(enter(server, std::nullopt).status, 401);
        UpgradeOptions elsewhere = asking(server.token("ann"));
        elsewhere.origin = "https://evil.example";
        QCOMPARE(server.plain().upgrade(elsewhere).status, 403);
    }
    QCOMPARE(server.refused(Reason::JwtTime), 250u);
    QCOMPARE(server.refused(Reason::Revoked), 500u);
    QCOMPARE(server.refused(Reason::AuthMissing), 250u);
    QCOMPARE(server.refused(Reason::Origin), 250u);
    QVERIFY(bansOf(server).empty());
    QCOMPARE(enter(server, server.token("ann")).status, 101);
    std::uint64_t counted = 0; // each by address and reason, for the operator
    const auto groups = std::get<AuthFailureList>(server.call(AuthFailuresQuery{}).value()).groups;
    for (const AuthFailureGroup& group : groups)
        counted += group.count;
    QCOMPARE(counted, 1250u);
}

void RevokedFaultsTest::neither_token_nor_payload_is_in_feed_answers_or_store() // row 46
{
    const std::string canary = "canary-7c2b91";
    TestServer server([](nlohmann::json& policy) { policy["issuers"][0]["one_time"] = true; });
    const auto watch = server.runtime().watch([] {});
    std::string said;
    const auto fed = [&](const std::string& awaited) {
        return eventually([&] {
            while (const auto batch = watch->take())
                said += formatFeed(*batch);
            return said.find(awaited) != std::string::npos;
        });
    };
    const std::string token = tokenOf(server, "ann", "id-of-the-token");
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade(asking(token)).status, 101);
    QVERIFY(client.text(canary));
    QCOMPARE(client.nextData().payload, canary);
    QVERIFY(fed("id-of-the-token"));
    QCOMPARE(enter(server, token).status, 401); // used up
    QCOMPARE(revoke(server, "id-of-the-token").ended.size(), 1u);
    QCOMPARE(enter(server, token).status, 401); // and revoked
    QVERIFY(server.call(BanCommand{BanSubject::Token, "id-of-the-token", {}, {}, {}}).ok());
    const std::string forged = server.signedToken(header, server.claims("mallory").dump(), std::string(43, 'k'));
    QCOMPARE(enter(server, forged).status, 401);
    QVERIFY(fed("jwt_"));
    for (const Command& question : std::initializer_list<Command>{InfoQuery{}, SessionsQuery{}, AuditQuery{},
                                                                  BansQuery{}, RevocationsQuery{}, AuthFailuresQuery{}})
        said += formatReply(server.call(question));
    for (const auto& file : std::filesystem::directory_iterator(server.policy().stateDir)) {
        std::ifstream stream(file.path(), std::ios::binary);
        said.append(std::istreambuf_iterator<char>(stream), {});
    }
    QVERIFY(said.find("SQLite format 3") != std::string::npos);
    for (const std::string& secret : {canary, token, token.substr(token.find('.') + 1, 40),
                                      token.substr(token.rfind('.') + 1), forged.substr(forged.rfind('.'))})
        QVERIFY2(said.find(secret) == std::string::npos, secret.c_str());
}

QTEST_GUILESS_MAIN(RevokedFaultsTest)
#include "revokedfaultstest.moc"
