// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/sqlconnection.h"
#include "trace.h"

#include <QTest>
#include <QVariant>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr std::string_view headEnd = "\r\n";

TestServer::Edit goodOnce(int workers = 2)
{
    return [workers](nlohmann::json& policy) {
        policy["workers"] = workers;
        policy["issuers"][0]["one_time"] = true;
    };
}

UpgradeOptions asking(const std::string& token)
{
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = token;
    return options;
}

HttpAnswer enter(const TestServer& server, const std::string& token, const ByteClient::Options& source = {})
{
    return server.plain(source).upgrade(asking(token));
}

/// Uses that the store holds.
int stored(const TestServer& server)
{
    SqlConnection store;
    if (!store.open(server.policy().stateDir / "gatehouse.sqlite", SqlConnection::Mode::ReadOnly))
        return -1;
    QSqlQuery count = store.query();
    return count.exec(QStringLiteral("SELECT count(*) FROM token_uses")) && count.next() ? count.value(0).toInt() : -1;
}

} // namespace

/// Row 43 of the table of faults: a token that is good once.
class OneTimeFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_token_that_was_used_gives_401();
    void a_session_that_ended_does_not_give_its_token_back();
    void of_many_that_come_at_once_with_one_token_one_gets_in();
    void a_used_token_stays_used_after_a_restart();
    void a_use_that_cannot_be_written_lets_nobody_in();
    void a_use_is_forgotten_with_the_age_of_its_token();
    void a_thousand_replays_block_and_then_ban();
};

void OneTimeFaultsTest::a_token_that_was_used_gives_401()
{
    TestServer server(goodOnce());
    const std::string token = server.token("ann");
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade(asking(token)).status, 101);
    QCOMPARE(stored(server), 1); // before the 101
    const FaultTrace trace(server);
    QCOMPARE(enter(server, token, trace.source()).status, 401);
    COMPARE_TRACE(trace.refused(Reason::JwtReplay, 401, "hub"));
    QCOMPARE(enter(server, server.token("ann")).status, 101);
    QVERIFY(client.text("still here"));
    QCOMPARE(client.nextData().payload, std::string("still here"));
}

void OneTimeFaultsTest::a_session_that_ended_does_not_give_its_token_back()
{
    TestServer server(goodOnce());
    const std::string token = server.token("ann");
    QCOMPARE(enter(server, token).status, 101);
    QVERIFY(eventually([&] { return server.sessions().empty(); }));
    QCOMPARE(enter(server, token).status, 401);
}

void OneTimeFaultsTest::of_many_that_come_at_once_with_one_token_one_gets_in()
{
    constexpr int many = 8;
    TestServer server(goodOnce(4));
    for (int round = 0; round < 10; ++round) {
        std::string head = upgradeText(asking(server.token("ann")));
        head.resize(head.size() - headEnd.size());
        std::vector<ByteClient> clients;
        for (int i = 0; i < many; ++i) {
            clients.push_back(server.plain());
            clients.back().send(head);
        }
        for (ByteClient& client : clients) // none waits for an answer before all have asked
            client.send(headEnd);
        int in = 0;
        int refused = 0;
        for (ByteClient& client : clients) {
            const int status = client.request({}).status;
            in += status == 101 ? 1 : 0;
            refused += status == 401 ? 1 : 0;
        }
        QCOMPARE(in, 1);
        QCOMPARE(refused, many - 1);
    }
    QCOMPARE(server.refused(Reason::JwtReplay), std::uint64_t(10 * (many - 1)));
    QCOMPARE(stored(server), 10);
}

void OneTimeFaultsTest::a_used_token_stays_used_after_a_restart()
{
    TestServer server(goodOnce());
    const std::string used = server.token("ann");
    const std::string fresh = server.token("ann");
    QCOMPARE(enter(server, used).status, 101);
    server.stop();
    server.start();
    QCOMPARE(enter(server, used).status, 401);
    QCOMPARE(enter(server, fresh).status, 101);
}

void OneTimeFaultsTest::a_use_that_cannot_be_written_lets_nobody_in()
{
    TestServer server(goodOnce());
    const std::string token = server.token("ann");
    {
        SqlConnection other;
        QVERIFY(other.open(server.policy().stateDir / "gatehouse.sqlite", SqlConnection::Mode::ReadWrite).ok());
        QVERIFY(other.execute(QStringLiteral("BEGIN EXCLUSIVE")).ok());
        QCOMPARE(enter(server, token).status, 503);
        QVERIFY(other.execute(QStringLiteral("ROLLBACK")).ok());
    }
    QCOMPARE(server.refused(Reason::AuditFailed), 1u);
    QCOMPARE(enter(server, token).status, 401); // it was used up all the same
    QVERIFY(eventually([&] { return enter(server, server.token("ann")).status == 101; }));
}

void OneTimeFaultsTest::a_use_is_forgotten_with_the_age_of_its_token()
{
    ManualClock clock;
    TestServer server(goodOnce(), &clock);
    const std::string token = server.token("ann", {}, 60s);
    QCOMPARE(enter(server, token).status, 101);
    QCOMPARE(stored(server), 1);
    clock.advance(60s + 29s); // the leeway is 30 s
    QCOMPARE(enter(server, token).status, 401);
    QCOMPARE(server.refused(Reason::JwtReplay), 1u);
    clock.advance(2s);
    QCOMPARE(enter(server, token).status, 401);
    QCOMPARE(server.refused(Reason::JwtTime), 1u);
    QVERIFY(eventually([&] { return stored(server) == 0; }));
}

void OneTimeFaultsTest::a_thousand_replays_block_and_then_ban() // row 45
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            goodOnce()(policy);
            policy["limits"]["auth_failures_per_ip"] = {{"count", 10}, {"per", "1m"}, {"then_ban", "10m"}};
        },
        &clock);
    const std::string token = server.token("ann");
    QCOMPARE(enter(server, token).status, 101);
    for (int i = 0; i < 1000; ++i)
        QCOMPARE(enter(server, token).status, i < 10 ? 401 : 429);
    QCOMPARE(server.refused(Reason::JwtReplay), 10u);
    clock.advance(61s);
    for (int i = 0; i < 10; ++i)
        QCOMPARE(enter(server, token).status, 401);
    const auto bans = [&] { return std::get<BanList>(server.call(BansQuery{}).value()).bans; };
    QVERIFY(eventually([&] { return bans().size() == 1; }));
    QCOMPARE(bans()[0].actor, std::string(ruleActor));
    QCOMPARE(server.audit(AuditKind::Ban, Reason::Banned).size(), 1u);
}

QTEST_GUILESS_MAIN(OneTimeFaultsTest)
#include "onetimefaultstest.moc"
