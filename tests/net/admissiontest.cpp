// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

Q_DECLARE_METATYPE(gatehouse::Reason)

namespace {

ByteClient::Options from(const std::string& source)
{
    ByteClient::Options options;
    options.source = source;
    return options;
}

} // namespace

class AdmissionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void tokens_are_refused_data();
    void tokens_are_refused();
    void tokens_at_the_edge_are_let_in();
    void no_token_gets_401_with_a_challenge();
    void tokens_in_two_places_get_400();
    void a_token_where_the_route_does_not_look_is_ignored();
    void a_channel_that_may_not_be_entered_gets_403();
    void bad_tokens_block_an_address_for_the_window_and_ban_it_after_a_second();
    void expired_and_missing_tokens_never_ban();
    void nothing_counts_while_an_address_is_blocked();
    void sessions_of_an_address_are_limited();
    void sessions_of_a_user_are_limited_over_all_addresses();
    void sessions_of_the_gate_are_limited();
    void connects_of_an_address_are_limited();
    void pending_connections_of_an_address_are_limited();
    void pending_connections_of_the_gate_are_limited();
    void slots_come_back_whatever_way_a_connection_ends();

private:
    [[nodiscard]] HttpAnswer enter(const TestServer& server, const std::optional<std::string>& token,
                                   const ByteClient::Options& options = {}) const
    {
        UpgradeOptions upgrade;
        upgrade.path = "/hub/chat.a";
        upgrade.token = token;
        return server.plain(options).upgrade(upgrade);
    }
    std::unique_ptr<TestServer> m_server;
    ManualClock m_clock;
};

void AdmissionTest::initTestCase()
{
    m_server = std::make_unique<TestServer>(nullptr, &m_clock);
}

void AdmissionTest::cleanupTestCase()
{
    m_server.reset();
}

void AdmissionTest::tokens_are_refused_data()
{
    QTest::addColumn<std::string>("token");
    QTest::addColumn<Reason>("reason");
    const TestServer& server = *m_server;
    const std::string header = R"({"alg":"HS256","typ":"JWT"})";
    const nlohmann::json claims = server.claims("ann");
    const std::string good = server.signedToken(header, claims.dump());
    const auto row = [](const char* name, std::string token, Reason reason) {
        QTest::newRow(name) << std::move(token) << reason;
    };
    const auto withHeader = [&](const std::string& text) { return server.signedToken(text, claims.dump()); };
    const auto with = [&](const char* claim, nlohmann::json value) {
        nlohmann::json changed = claims;
        changed[claim] = std::move(value);
        return server.signedToken(header, changed.dump());
    };
    const auto without = [&](const char* claim) {
        nlohmann::json changed = claims;
        changed.erase(claim);
        return server.signedToken(header, changed.dump());
    };
    const std::int64_t now = claims["iat"];

    for (const char* alg : {"none", "None", "nOnE"})
        row((std::string("34 ") + alg).c_str(), withHeader(R"({"alg":")" + std::string(alg) + R"("})"), Reason::JwtAlg);
    row("34 empty signature", good.substr(0, good.rfind('.') + 1), Reason::JwtSig);
    row("34 another secret", server.signedToken(header, claims.dump(), std::string(43, 'k')), Reason::JwtSig);
    row("35 RS256", withHeader(R"({"alg":"RS256"})"), Reason::JwtAlg);
    for (const char* name : {"jwk", "jku", "x5u", "x5c"})
        row((std::string("37 ") + name).c_str(),
            withHeader(R"({"alg":"HS256",")" + std::string(name) + R"(":"http://127.0.0.1:9/"})"), Reason::JwtHeader);
    row("38 kid, a path", withHeader(R"({"alg":"HS256","kid":"../../dev/null"})"), Reason::JwtKid);
    row("38 kid, SQL", withHeader(R"({"alg":"HS256","kid":"' OR 1=1 --"})"), Reason::JwtKid);
    row("38 kid, NUL", withHeader(R"({"alg":"HS256","kid":"a\u0000b"})"), Reason::JwtKid);
    row("38 kid, 2 KiB", withHeader(R"({"alg":"HS256","kid":")" + std::string(2048, 'k') + R"("})"), Reason::JwtKid);
    row("39 exp past", with("exp", now - 31), Reason::JwtTime);
    row("39 exp missing", without("exp"), Reason::JwtTime);
    row("39 exp a string", with("exp", "tomorrow"), Reason::JwtTime);
    row("39 exp 1e308", with("exp", 1e308), Reason::JwtTime);
    row("39 nbf in the future", with("nbf", now + 3600), Reason::JwtTime);
    row("40 wrong iss", with("iss", "somebody"), Reason::JwtClaims);
    row("40 wrong aud", with("aud", "elsewhere"), Reason::JwtClaims);
    row("40 wrong typ", withHeader(R"({"alg":"HS256","typ":"JOSE"})"), Reason::JwtClaims);
    row("40 sub missing", without("sub"), Reason::JwtClaims);
    row("40 sub empty", with("sub", ""), Reason::JwtClaims);
    row("40 sub a number", with("sub", 7), Reason::JwtClaims);
    row("40 sub with a control character", with("sub", "a\nb"), Reason::JwtClaims);
    row("40 sub over 128 bytes", with("sub", std::string(129, 'a')), Reason::JwtClaims);
    row("41 duplicate keys", server.signedToken(header, R"({"sub":"a","sub":"b"})"), Reason::JwtFormat);
    row("41 depth 1,000", server.signedToken(header, std::string(1000, '[') + std::string(1000, ']')),
        Reason::JwtFormat);
    row("41 crit", withHeader(R"({"alg":"HS256","crit":["exp"]})"), Reason::JwtFormat);
    row("41 five parts", good + ".a.b", Reason::JwtFormat);
    row("41 padded", good + "=", Reason::JwtFormat);
    row("41 garbage", "abc", Reason::JwtFormat);
}

void AdmissionTest::tokens_are_refused()
{
    QFETCH(std::string, token);
    QFETCH(Reason, reason);
    const std::uint64_t before = m_server->refused(reason);
    const std::size_t recorded = m_server->audit(AuditKind::Refuse, reason).size();
    const HttpAnswer answer = enter(*m_server, token);
    QCOMPARE(answer.status, 401);
    QCOMPARE(answer.header("WWW-Authenticate").substr(0, 6), std::string("Bearer"));
    QVERIFY(answer.text.find(reasonWord(reason)) != std::string::npos);
    QCOMPARE(m_server->refused(reason), before + 1);
    m_clock.advance(1s); // the recorder caps what one source may write in a second
    const auto records = m_server->audit(AuditKind::Refuse, reason);
    QCOMPARE(records.size(), recorded + 1);
    QVERIFY(records[0].decision.met.find(token) == std::string::npos);
}

void AdmissionTest::tokens_at_the_edge_are_let_in() // rows 39, 40
{
    const std::string header = R"({"alg":"HS256","typ":"JWT"})";
    nlohmann::json claims = m_server->claims("ann");
    const std::int64_t now = claims["iat"];
    claims["exp"] = now - 29;
    claims["iat"] = now - 60;
    QCOMPARE(enter(*m_server, m_server->signedToken(header, claims.dump())).status, 101);
    claims = m_server->claims("ann");
    claims["nbf"] = now + 29;
    QCOMPARE(enter(*m_server, m_server->signedToken(header, claims.dump())).status, 101);
    claims = m_server->claims("ann");
    claims["aud"] = {"elsewhere", "gatehouse"};
    QCOMPARE(enter(*m_server, m_server->signedToken(header, claims.dump())).status, 101);
}

void AdmissionTest::no_token_gets_401_with_a_challenge() // row 33
{
    const HttpAnswer answer = enter(*m_server, std::nullopt);
    QCOMPARE(answer.status, 401);
    QCOMPARE(answer.header("WWW-Authenticate").substr(0, 6), std::string("Bearer"));
    QVERIFY(m_server->refused(Reason::AuthMissing) > 0);
    const auto groups = std::get<AuthFailureList>(m_server->call(AuthFailuresQuery{}).value()).groups;
    const auto group = std::ranges::find(groups, Reason::AuthMissing, &AuthFailureGroup::reason);
    QVERIFY(group != groups.end());
    QCOMPARE(group->address, std::string("127.0.0.1"));
    QCOMPARE(group->lastRoute, std::string("hub"));
}

void AdmissionTest::tokens_in_two_places_get_400() // row 33
{
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = m_server->token("ann");
    options.subprotocols = {"gatehouse", "bearer." + *options.token};
    const HttpAnswer answer = m_server->plain().upgrade(options);
    QCOMPARE(answer.status, 400);
    QVERIFY(answer.text.find("auth_ambiguous") != std::string::npos);
    QVERIFY(answer.text.find(*options.token) == std::string::npos);
}

void AdmissionTest::a_token_where_the_route_does_not_look_is_ignored() // row 33
{
    TestServer server([](nlohmann::json& policy) { policy["routes"][0]["authentication"]["from"] = {"subprotocol"}; });
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = "nonsense";
    options.subprotocols = {"gatehouse, bearer." + server.token("ann")};
    options.headers = {{"Cookie", "session=nonsense"}};
    QCOMPARE(server.plain().upgrade(options).status, 101);
}

void AdmissionTest::a_channel_that_may_not_be_entered_gets_403() // row 66
{
    UpgradeOptions options;
    options.token = m_server->token("ann");
    for (const std::string& channel :
         {std::string("user.bob"), std::string("secret"), std::string("news.%2A"), std::string("chat.%D0%B0"),
          std::string("chat.a.b"), "chat." + std::string(300, 'a')}) {
        options.path = "/hub/" + channel;
        const int expected =
            channel == "chat.%D0%B0" ? 101 : 403; // another name than chat.a, and one that may be entered
        QCOMPARE(m_server->plain().upgrade(options).status, expected);
    }
    QVERIFY(m_server->refused(Reason::AuthzChannel) >= 5);
    m_clock.advance(1s);
    const auto records = m_server->audit(AuditKind::Refuse, Reason::AuthzChannel);
    QVERIFY(!records.empty());
    QCOMPARE(records[0].user, std::string("ann"));
    options.path = "/hub/user.ann";
    QCOMPARE(m_server->plain().upgrade(options).status, 101);
}

void AdmissionTest::bad_tokens_block_an_address_for_the_window_and_ban_it_after_a_second() // row 45
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["limits"]["auth_failures_per_ip"] = {{"count", 10}, {"per", "1m"}, {"then_ban", "10m"}};
        },
        &clock);
    const std::string good = server.token("ann");
    const std::string bad = server.signedToken(R"({"alg":"HS256"})", server.claims("ann").dump(), std::string(43, 'k'));
    for (int i = 0; i < 10; ++i)
        QCOMPARE(enter(server, bad).status, 401);
    const HttpAnswer blocked = enter(server, good);
    QCOMPARE(blocked.status, 429);
    QCOMPARE(blocked.header("Retry-After"), std::string("60"));
    QCOMPARE(enter(server, good, from("127.0.0.2")).status, 101); // another address is not disturbed
    clock.advance(61s);
    QCOMPARE(enter(server, server.token("ann")).status, 101);
    for (int i = 0; i < 10; ++i)
        QCOMPARE(enter(server, bad).status, 401);
    QTRY_COMPARE(std::get<BanList>(server.call(BansQuery{}).value()).bans.size(), 1u);
    const Ban ban = std::get<BanList>(server.call(BansQuery{}).value()).bans[0];
    QCOMPARE(ban.actor, std::string("rule"));
    QCOMPARE(ban.value, std::string("127.0.0.1"));
    QCOMPARE(*ban.until - ban.since, std::chrono::milliseconds(10min));
    QVERIFY(
        eventually([&] { return enter(server, server.token("ann")).status == 0; })); // closed before anything is read
    QVERIFY(server.refused(Reason::Banned) > 0);
    AuditQuery bans;
    bans.kind = AuditKind::Ban;
    const auto records = server.audit(bans);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string("rule"));
    const auto groups = std::get<AuthFailureList>(server.call(AuthFailuresQuery{}).value()).groups;
    QVERIFY(std::ranges::any_of(groups, [](const AuthFailureGroup& group) {
        return group.reason == Reason::JwtSig && group.count == 20 && group.banned;
    }));
    clock.advance(10min);
    QVERIFY(eventually([&] { return enter(server, server.token("ann")).status == 101; }));
    QTRY_VERIFY(std::get<BanList>(server.call(BansQuery{}).value()).bans.empty());
}

void AdmissionTest::expired_and_missing_tokens_never_ban() // row 45
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["limits"]["auth_failures_per_ip"] = {{"count", 5}, {"per", "1m"}, {"then_ban", "10m"}};
            policy["routes"][0]["origins"] = {"none"};
        },
        &clock);
    nlohmann::json old = server.claims("ann");
    old["exp"] = old["exp"].get<std::int64_t>() - 3600;
    const std::string expired = server.signedToken(R"({"alg":"HS256"})", old.dump());
    for (int i = 0; i < 50; ++i) {
        QCOMPARE(enter(server, expired).status, 401);
        QCOMPARE(enter(server, std::nullopt).status, 401);
        UpgradeOptions options;
        options.path = "/hub/chat.a";
        options.origin = "https://evil.example";
        QCOMPARE(server.plain().upgrade(options).status, 403);
    }
    QCOMPARE(enter(server, server.token("ann")).status, 101);
    QVERIFY(std::get<BanList>(server.call(BansQuery{}).value()).bans.empty());
    QCOMPARE(server.refused(Reason::JwtTime), 50u);
    QCOMPARE(server.refused(Reason::AuthMissing), 50u);
    QCOMPARE(server.refused(Reason::Origin), 50u);
}

void AdmissionTest::nothing_counts_while_an_address_is_blocked()
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["limits"]["auth_failures_per_ip"] = {{"count", 5}, {"per", "1m"}, {"then_ban", "10m"}};
        },
        &clock);
    for (int i = 0; i < 5; ++i)
        QCOMPARE(enter(server, "bad").status, 401);
    for (int i = 0; i < 50; ++i)
        QCOMPARE(enter(server, "bad").status, 429);
    UpgradeOptions twoTokens;
    twoTokens.path = "/hub/chat.a";
    twoTokens.headers = {{"Authorization", "Bearer a"}, {"Authorization", "Bearer b"}};
    QCOMPARE(server.plain().upgrade(twoTokens).status, 429);
    clock.advance(61s);
    QCOMPARE(enter(server, server.token("ann")).status, 101);
    QVERIFY(std::get<BanList>(server.call(BansQuery{}).value()).bans.empty());
    QCOMPARE(server.refused(Reason::AuthBruteforce), 51u);
}

void AdmissionTest::sessions_of_an_address_are_limited() // row 32
{
    TestServer server([](nlohmann::json& policy) { policy["limits"]["sessions_per_ip"] = 3; });
    std::vector<ByteClient> open;
    for (int i = 0; i < 3; ++i)
        open.push_back(server.join("chat.a", "user" + std::to_string(i)));
    const HttpAnswer answer = enter(server, server.token("ann"));
    QCOMPARE(answer.status, 429);
    QVERIFY(!answer.header("Retry-After").empty());
    QCOMPARE(server.refused(Reason::LimitIp), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::LimitIp)[0].decision.rule.pointer,
             std::string("/limits/sessions_per_ip"));
    QCOMPARE(enter(server, server.token("ann"), from("127.0.0.9")).status, 101);
    open.pop_back();
    QVERIFY(eventually([&] { return enter(server, server.token("ann")).status == 101; }));
}

void AdmissionTest::sessions_of_a_user_are_limited_over_all_addresses() // row 32
{
    TestServer server([](nlohmann::json& policy) { policy["limits"]["sessions_per_user"] = 2; });
    std::vector<ByteClient> open;
    open.push_back(server.join("chat.a", "ann", from("127.0.0.2")));
    open.push_back(server.join("chat.a", "ann", from("127.0.0.3")));
    const HttpAnswer answer = enter(server, server.token("ann"), from("127.0.0.4"));
    QCOMPARE(answer.status, 429);
    QVERIFY(!answer.header("Retry-After").empty());
    QCOMPARE(server.refused(Reason::LimitUser), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::LimitUser)[0].user, std::string("ann"));
    QCOMPARE(enter(server, server.token("bob")).status, 101);
    QTRY_COMPARE(server.sessions().size(), 2u);
    QCOMPARE(server.sessions()[0].activity.userSessions, 2u);
    open.clear();
    QVERIFY(eventually([&] { return enter(server, server.token("ann")).status == 101; }));
}

void AdmissionTest::sessions_of_the_gate_are_limited() // row 32
{
    TestServer server([](nlohmann::json& policy) { policy["limits"]["sessions"] = 4; });
    std::vector<ByteClient> open;
    for (int i = 0; i < 4; ++i)
        open.push_back(server.join("chat.a", "user" + std::to_string(i), from("127.0.0." + std::to_string(i + 2))));
    const HttpAnswer answer = enter(server, server.token("ann"));
    QCOMPARE(answer.status, 503);
    QVERIFY(!answer.header("Retry-After").empty());
    QCOMPARE(server.refused(Reason::LimitTotal), 1u);
    open.clear();
    QVERIFY(eventually([&] { return enter(server, server.token("ann")).status == 101; }));
}

void AdmissionTest::connects_of_an_address_are_limited() // row 9
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["limits"]["connects_per_ip"] = {{"count", 1}, {"per", "1s"}, {"burst", 5}};
        },
        &clock);
    for (int i = 0; i < 5; ++i)
        QVERIFY(server.tls().connected());
    ByteClient refused = server.tls();
    QVERIFY(!refused.connected());
    QCOMPARE(refused.alert(), 0); // before TLS
    QCOMPARE(server.refused(Reason::LimitIp), 1u);
    QVERIFY(server.tls(from("127.0.0.2")).connected());
    clock.advance(1s);
    QVERIFY(server.tls().connected());
    QVERIFY(!server.tls().connected());
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::LimitIp)[0].decision.rule.pointer,
             std::string("/limits/connects_per_ip"));
}

void AdmissionTest::pending_connections_of_an_address_are_limited() // row 88
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["limits"]["pending_per_ip"] = 10; }, &clock);
    ByteClient::Options silent;
    silent.handshake = false;
    std::vector<ByteClient> waiting;
    for (int i = 0; i < 200; ++i)
        waiting.push_back(server.tls(silent));
    QTRY_COMPARE(server.refused(Reason::LimitPending), 190u);
    QCOMPARE(server.info().stats.pending, 10u);
    QCOMPARE(enter(server, server.token("ann"), from("127.0.0.2")).status, 101); // live
    clock.advance(6s);
    QTRY_COMPARE(server.info().stats.pending, 0u);
    QCOMPARE(server.refused(Reason::TlsTimeout), 10u);
    QCOMPARE(enter(server, server.token("ann")).status, 101);
}

void AdmissionTest::pending_connections_of_the_gate_are_limited() // row 88
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["limits"]["pending"] = 20; }, &clock);
    ByteClient::Options silent;
    silent.handshake = false;
    std::vector<ByteClient> waiting;
    for (int i = 0; i < 60; ++i) {
        silent.source = "127.0.1." + std::to_string(i + 1);
        waiting.push_back(server.tls(silent));
    }
    QTRY_COMPARE(server.refused(Reason::LimitPending), 40u);
    QVERIFY(server.info().stats.pending <= 20);
    clock.advance(6s);
    QTRY_COMPARE(server.info().stats.pending, 0u);
    QCOMPARE(enter(server, server.token("ann")).status, 101);
}

void AdmissionTest::slots_come_back_whatever_way_a_connection_ends()
{
    TestServer server([](nlohmann::json& policy) {
        policy["limits"]["sessions_per_ip"] = 1;
        policy["limits"]["pending_per_ip"] = 4;
    });
    UpgradeOptions upgrade;
    upgrade.path = "/hub/chat.a";
    upgrade.token = server.token("ann");
    for (int round = 0; round < 5; ++round)
        for (int way = 0; way < 6; ++way) {
            std::optional<ByteClient> client;
            QVERIFY(eventually([&] {
                client.emplace(way % 2 == 0 ? server.plain() : server.tls());
                return client->upgrade(upgrade).status == 101;
            }));
            switch (way) {
            case 0:
                client->close();
                break;
            case 1:
                client->reset();
                break;
            case 2:
                client->send(rawFrame(0x83, "violation"));
                break;
            case 3:
                client->shutdownWrite();
                break;
            case 4: {
                KickCommand kick;
                kick.sessions = {server.sessions()[0].info->id};
                kick.cooldown.reset();
                QVERIFY(server.call(kick).ok());
                break;
            }
            default:
                client->disconnect();
            }
        }
    QTRY_COMPARE(server.info().stats.sessions, 0u);
    QCOMPARE(server.info().stats.pending, 0u);
    QCOMPARE(server.info().stats.backlog, 0u);
}

QTEST_GUILESS_MAIN(AdmissionTest)
#include "admissiontest.moc"
