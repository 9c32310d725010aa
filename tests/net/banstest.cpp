// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditstore.h"
#include "testserver.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr std::string_view headEnd = "\r\n";

std::vector<Ban> bansOf(const TestServer& server)
{
    return std::get<BanList>(server.call(BansQuery{}).value()).bans;
}

BanCommand banOf(BanSubject subject, const std::string& value)
{
    BanCommand command;
    command.subject = subject;
    command.value = value;
    return command;
}

/// A client whose request lacks nothing but its last line end.
ByteClient waiting(const TestServer& server, const std::string& user)
{
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = server.token(user);
    std::string head = upgradeText(options);
    head.resize(head.size() - headEnd.size());
    ByteClient client = server.plain();
    client.send(head);
    return client;
}

} // namespace

/// Whom an operator put out stays out, whatever the peer has ready when it happens, and whatever happens to the
/// process.
class BansTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void the_answer_to_a_ban_comes_once_it_is_on_disk_data();
    void the_answer_to_a_ban_comes_once_it_is_on_disk();
    void an_answer_says_where_a_ban_could_not_be_written();
    void failures_of_a_banned_address_do_not_shorten_its_ban();
    void a_kicked_user_does_not_slip_in_through_requests_that_wait();
    void a_banned_user_does_not_slip_in_through_requests_that_wait();
};

void BansTest::the_answer_to_a_ban_comes_once_it_is_on_disk_data()
{
    QTest::addColumn<BanSubject>("subject");
    QTest::addColumn<QByteArray>("value");
    QTest::newRow("user") << BanSubject::User << QByteArray("ann");
    QTest::newRow("address") << BanSubject::Address << QByteArray("192.0.2.7");
    QTest::newRow("network") << BanSubject::Network << QByteArray("192.0.2.0/24");
}

void BansTest::the_answer_to_a_ban_comes_once_it_is_on_disk()
{
    QFETCH(const BanSubject, subject);
    QFETCH(const QByteArray, value);
    TestServer server;
    const auto answered = std::get<BanResult>(server.call(banOf(subject, value.toStdString())).value());
    AuditStore store; // what a process after a crash would find
    QVERIFY(store.open(server.policy().stateDir / "gatehouse.sqlite", server.clock().wall()).ok());
    QCOMPARE(store.bans().value(), std::vector<Ban>{answered.ban});
}

void BansTest::an_answer_says_where_a_ban_could_not_be_written()
{
    TestServer server;
    SqlConnection other;
    QVERIFY(other.open(server.policy().stateDir / "gatehouse.sqlite", SqlConnection::Mode::ReadWrite).ok());
    QVERIFY(other.execute(QStringLiteral("BEGIN EXCLUSIVE")).ok());
    const Reply reply = server.call(banOf(BanSubject::User, "ann"));
    QVERIFY(!reply.ok());
    QCOMPARE(reply.error().code, ControlErrorCode::Internal);
    QCOMPARE(bansOf(server).size(), 1u); // it holds
    QVERIFY(other.execute(QStringLiteral("ROLLBACK")).ok());
}

void BansTest::failures_of_a_banned_address_do_not_shorten_its_ban()
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["limits"]["auth_failures_per_ip"] = {{"count", 1}, {"per", "1s"}, {"then_ban", "10m"}};
        },
        &clock);
    UpgradeOptions bad;
    bad.path = "/hub/chat.a";
    bad.token = "no token";
    QCOMPARE(server.plain().upgrade(bad).status, 401); // the first window
    clock.advance(2s);
    const auto pending = [&server](std::uint64_t count) {
        return eventually([&] { return server.info().stats.pending == count; });
    };
    QVERIFY(pending(0)); // the first is gone, so that the next one counted is the second
    ByteClient early = server.plain();
    QVERIFY(pending(1));
    QVERIFY(server.call(banOf(BanSubject::Address, "127.0.0.1")).ok());
    QVERIFY(early.upgrade(bad).status >= 400); // the second, which bans
    const std::vector<Ban> bans = bansOf(server);
    QCOMPARE(bans.size(), 1u);
    QCOMPARE(bans[0].actor, std::string("tester"));
    QVERIFY(!bans[0].until.has_value());
}

void BansTest::a_kicked_user_does_not_slip_in_through_requests_that_wait()
{
    TestServer server([](nlohmann::json& policy) { policy["workers"] = 4; });
    for (int round = 0; round < 10; ++round) {
        const std::string user = "ann" + std::to_string(round);
        ByteClient client = server.join("chat.a", user);
        std::vector<ByteClient> others;
        for (int i = 0; i < 8; ++i)
            others.push_back(waiting(server, user));
        KickCommand kick;
        for (const SessionRow& row : server.sessions())
            if (row.info->user == user)
                kick.sessions.push_back(row.info->id);
        kick.cooldown = 1min;
        server.runtime().call({"tester", "test"}, kick, [](const Reply&) {});
        QCOMPARE(client.closing().code, 4403);
        for (ByteClient& other : others)
            QCOMPARE(other.request(headEnd).status, 403);
    }
}

void BansTest::a_banned_user_does_not_slip_in_through_requests_that_wait()
{
    TestServer server([](nlohmann::json& policy) { policy["workers"] = 4; });
    ByteClient client = server.join("chat.a", "ann");
    std::vector<ByteClient> others;
    for (int i = 0; i < 8; ++i)
        others.push_back(waiting(server, "ann"));
    QVERIFY(server.call(banOf(BanSubject::User, "ann")).ok());
    QCOMPARE(client.closing().code, 4403);
    for (ByteClient& other : others)
        QCOMPARE(other.request(headEnd).status, 403);
}

QTEST_GUILESS_MAIN(BansTest)
#include "banstest.moc"
