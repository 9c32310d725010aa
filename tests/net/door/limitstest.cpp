// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include <QTest>

#include <sys/resource.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

ByteClient::Options from(const std::string& address)
{
    ByteClient::Options options;
    options.source = address;
    options.handshake = false;
    return options;
}

std::string pointerOf(const TestServer& server, Reason reason)
{
    std::vector<AuditRecord> records;
    (void)eventually([&] { return !(records = server.audit(AuditKind::Refuse, reason)).empty(); });
    return records.empty() ? std::string() : records.front().decision.rule.pointer;
}

} // namespace

/// What one address, one user and the gate as a whole may take.
class LimitsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void sessions_over_a_limit_are_refused_with_a_time_to_retry_data();
    void sessions_over_a_limit_are_refused_with_a_time_to_retry();
    void five_thousand_that_never_finish_leave_room_for_others();
    void pending_of_the_gate_is_capped_over_all_addresses();
    void a_connect_storm_is_capped_per_address();
};

void LimitsTest::initTestCase()
{
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = std::min<rlim_t>(files.rlim_max, 16384);
    setrlimit(RLIMIT_NOFILE, &files);
}

void LimitsTest::sessions_over_a_limit_are_refused_with_a_time_to_retry_data() // row 32
{
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<int>("status");
    QTest::newRow("of an address") << QByteArray("sessions_per_ip") << 429;
    QTest::newRow("of a user") << QByteArray("sessions_per_user") << 429;
    QTest::newRow("of the gate") << QByteArray("sessions") << 503;
}

void LimitsTest::sessions_over_a_limit_are_refused_with_a_time_to_retry()
{
    QFETCH(QByteArray, key);
    QFETCH(int, status);
    const TestServer server([&](nlohmann::json& policy) { policy["limits"][key.toStdString()] = 2; });
    UpgradeOptions upgrade;
    upgrade.path = "/hub/chat.a";
    upgrade.token = server.token("ann");
    ByteClient first = server.join("chat.a", "ann");
    ByteClient second = server.join("chat.a", "ann");
    const HttpAnswer answer = server.plain().upgrade(upgrade);
    QCOMPARE(answer.status, status);
    QVERIFY(std::stoi(answer.header("Retry-After")) > 0);
    const Reason reason = status == 503              ? Reason::LimitTotal
                          : key == "sessions_per_ip" ? Reason::LimitIp
                                                     : Reason::LimitUser;
    QCOMPARE(server.refused(reason), 1u);
    QCOMPARE(pointerOf(server, reason), "/limits/" + key.toStdString());
    second.disconnect();
    QTRY_COMPARE(server.sessions().size(), std::size_t{1});
    QVERIFY(eventually([&] { return server.plain().upgrade(upgrade).status == 101; }));
}

void LimitsTest::five_thousand_that_never_finish_leave_room_for_others() // row 88
{
    constexpr std::size_t all = 5000;
    static constexpr std::uint64_t mostOfOne = 50;
    const TestServer server([](nlohmann::json& policy) { policy["limits"]["pending_per_ip"] = mostOfOne; });
    ByteClient live = server.join("chat.a", "ann");
    std::vector<ByteClient> idle;
    for (std::size_t i = 0; i < mostOfOne; ++i)
        idle.push_back(server.tls(from("127.0.0.9")));
    QTRY_COMPARE(server.info().stats.pending, mostOfOne);
    for (std::size_t i = mostOfOne; i < all; ++i)
        idle.push_back(server.tls(from("127.0.0.9")));
    QVERIFY(eventually([&] { return server.refused(Reason::LimitPending) == all - mostOfOne; }));
    QCOMPARE(server.info().stats.pending, mostOfOne);
    QCOMPARE(pointerOf(server, Reason::LimitPending), std::string("/limits/pending_per_ip"));
    ByteClient::Options other;
    other.source = "127.0.0.10";
    ByteClient newcomer = server.tls(other);
    QVERIFY(newcomer.connected());
    QCOMPARE(newcomer.upgrade({}).status, 101);
    QVERIFY(live.text("still here"));
    QCOMPARE(live.nextData().payload, std::string("still here"));
}

void LimitsTest::pending_of_the_gate_is_capped_over_all_addresses() // row 88
{
    const TestServer server([](nlohmann::json& policy) { policy["limits"]["pending"] = 40; });
    std::vector<ByteClient> idle;
    for (int i = 0; i < 100; ++i)
        idle.push_back(server.tls(from("127.0.1." + std::to_string(1 + i))));
    QTRY_COMPARE(server.refused(Reason::LimitPending), 60u);
    QCOMPARE(server.info().stats.pending, 40u);
    QCOMPARE(pointerOf(server, Reason::LimitPending), std::string("/limits/pending"));
    idle.clear();
    QTRY_COMPARE(server.info().stats.pending, 0u);
    QCOMPARE(server.plain().upgrade({}).status, 101);
}

void LimitsTest::a_connect_storm_is_capped_per_address() // row 9
{
    static constexpr std::uint64_t burst = 20;
    ManualClock clock;
    const TestServer server(
        [](nlohmann::json& policy) {
            policy["limits"]["connects_per_ip"] = {{"count", 10}, {"per", "1s"}, {"burst", burst}};
        },
        &clock);
    ByteClient live = server.join("chat.a", "ann");
    for (int i = 0; i < 500; ++i)
        (void)server.tls(from("127.0.0.9"));
    QTRY_COMPARE(server.refused(Reason::LimitIp), 500 - burst);
    QCOMPARE(pointerOf(server, Reason::LimitIp), std::string("/limits/connects_per_ip"));
    ByteClient::Options same, other;
    same.source = "127.0.0.9";
    other.source = "127.0.0.10";
    QCOMPARE(server.tls(other).upgrade({}).status, 101);
    QVERIFY(!server.tls(same).connected());
    clock.advance(1s);
    QCOMPARE(server.tls(same).upgrade({}).status, 101);
    QVERIFY(live.text("still here"));
    QCOMPARE(live.nextData().payload, std::string("still here"));
}

QTEST_GUILESS_MAIN(LimitsTest)
#include "limitstest.moc"
