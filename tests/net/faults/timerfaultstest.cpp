// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/timingwheel.h"
#include "trace.h"

#include <QTest>

#include <algorithm>

using namespace gatehouse;
using namespace gatehouse::test;
using nlohmann::json;
using wire::Opcode;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int crowd = 200;
#else
constexpr int crowd = 1000;
#endif

constexpr std::chrono::milliseconds late = 2 * TimingWheel::tick; ///< what a timer may be late by

ByteClient opened(const TestServer& server, const ByteClient::Options& options = {})
{
    ByteClient client = server.plain(options);
    if (client.upgrade({}).status != 101)
        throw std::runtime_error("not let in");
    return client;
}

/// Makes a client that never reads have a backlog at the server, by pings that it does not read the answers of.
bool fillBacklog(const TestServer& server, ByteClient& client, const std::string& user)
{
    const std::string pings = [] {
        std::string all;
        for (int i = 0; i < 200; ++i)
            all += rawFrame(0x89, std::string(125, 'p'));
        return all;
    }();
    for (int i = 0; i < 1000; ++i) {
        if (!client.send(pings))
            return false;
        for (const SessionRow& row : server.sessions())
            if (row.info->user == user && row.activity.backlog > 0)
                return true;
    }
    return false;
}

std::uint64_t sessionsOf(const TestServer& server, const std::string& user)
{
    std::uint64_t count = 0;
    for (const SessionRow& row : server.sessions())
        count += row.info->user == user ? 1U : 0U;
    return count;
}

} // namespace

/// What time itself does to a session, and what a wall clock that is moved does not.
class TimerFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void idle_though_it_answers_pings();
    void ping_timeout_for_one_that_does_not_answer();
    void idle_counts_messages_in_either_direction();
    void lifetime_ends_a_session_that_is_busy();
    void lifetime_may_be_off();
    void a_peer_that_never_reads_meets_each_of_them_data();
    void a_peer_that_never_reads_meets_each_of_them();
    void one_that_never_reads_among_many_ends_alone();
    void drop_newest_keeps_a_slow_consumer_and_the_order();
    void a_peer_that_pings_and_never_reads_ends_though_messages_are_dropped();
    void a_wall_clock_that_is_moved_changes_no_timer_data();
    void a_wall_clock_that_is_moved_changes_no_timer();
    void a_clock_that_goes_on_is_no_step();
};

void TimerFaultsTest::idle_though_it_answers_pings() // row 71
{
    ManualClock clock;
    TestServer server([](json& policy) { policy["routes"][1]["idle_timeout"] = "1m"; }, &clock);
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source());
    for (int i = 0; i < 2; ++i) {
        clock.advance(25s + late);
        QCOMPARE(client.next().kind, Incoming::Kind::Ping);
        QVERIFY(client.frame(Opcode::Pong, ""));
        QTest::qWait(60); // it is read before the clock goes on
    }
    clock.advance(60s - 2 * (25s + late) - 100ms);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(100ms + late);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 4408);
    QCOMPARE(end.payload, std::string("idle"));
    client.close(4408);
    client.disconnect();
    COMPARE_TRACE(trace.closed(Reason::Idle, 4408, "echo", false));
    const AuditRecord record = server.audit(AuditKind::Close, Reason::Idle).at(0);
    QCOMPARE(record.decision.rule.pointer, std::string("/routes/1/idle_timeout"));
    QCOMPARE(record.decision.limit, std::string("60000 ms"));
    QVERIFY(record.decision.met.starts_with("no message for 600"));
}

void TimerFaultsTest::ping_timeout_for_one_that_does_not_answer() // row 71
{
    ManualClock clock;
    TestServer server({}, &clock);
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source());
    clock.advance(25s + late);
    QCOMPARE(client.next().kind, Incoming::Kind::Ping);
    clock.advance(8s - 100ms);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(100ms + late);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 4408);
    QCOMPARE(end.payload, std::string("ping_timeout"));
    client.disconnect();
    COMPARE_TRACE(trace.closed(Reason::PingTimeout, 4408, "echo", false));
}

void TimerFaultsTest::idle_counts_messages_in_either_direction()
{
    ManualClock clock;
    TestServer server(
        [](json& policy) {
            policy["routes"][0]["idle_timeout"] = "1m";
            policy["routes"][0]["ping"] = "off";
        },
        &clock);
    ByteClient listener = server.join("chat.a", "listener");
    ByteClient speaker = server.join("chat.a", "speaker");
    for (int i = 0; i < 3; ++i) {
        clock.advance(50s);
        QVERIFY(speaker.text("x"));
        QCOMPARE(listener.next().payload, std::string("x"));
        QCOMPARE(speaker.next().payload, std::string("x"));
    }
    clock.advance(60s + late);
    QCOMPARE(listener.closing().payload, std::string("idle"));
    QCOMPARE(speaker.closing().payload, std::string("idle"));
}

void TimerFaultsTest::lifetime_ends_a_session_that_is_busy()
{
    ManualClock clock;
    TestServer server(
        [](json& policy) {
            policy["routes"][1]["session_lifetime"] = "1h";
            policy["routes"][1]["ping"] = "off";
        },
        &clock);
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source());
    for (int i = 0; i < 59; ++i) {
        clock.advance(1min);
        QVERIFY(client.text("x"));
        QCOMPARE(client.next().payload, std::string("x"));
    }
    clock.advance(59s);
    QVERIFY(client.text("x"));
    QCOMPARE(client.next().payload, std::string("x"));
    clock.advance(1s + late);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 4408);
    QCOMPARE(end.payload, std::string("lifetime"));
    client.disconnect();
    COMPARE_TRACE(trace.closed(Reason::Lifetime, 4408, "echo", false));
    QCOMPARE(server.audit(AuditKind::Close, Reason::Lifetime).at(0).decision.rule.pointer,
             std::string("/routes/1/session_lifetime"));
}

void TimerFaultsTest::lifetime_may_be_off()
{
    ManualClock clock;
    TestServer server(
        [](json& policy) {
            policy["routes"][1]["session_lifetime"] = "off";
            policy["routes"][1]["ping"] = "off";
        },
        &clock);
    ByteClient client = opened(server);
    clock.advance(std::chrono::hours(24 * 365));
    QVERIFY(client.text("still here"));
    QCOMPARE(client.next().payload, std::string("still here"));
}

void TimerFaultsTest::a_peer_that_never_reads_meets_each_of_them_data()
{
    QTest::addColumn<std::string>("key");
    QTest::addColumn<int>("seconds");
    QTest::addColumn<int>("reason");
    QTest::newRow("idle") << std::string("idle_timeout") << 60 << static_cast<int>(Reason::Idle);
    QTest::newRow("lifetime") << std::string("session_lifetime") << 60 << static_cast<int>(Reason::Lifetime);
    QTest::newRow("expired") << std::string() << 3600 << static_cast<int>(Reason::Expired);
    QTest::newRow("ping_timeout") << std::string("ping") << 34 << static_cast<int>(Reason::PingTimeout);
}

void TimerFaultsTest::a_peer_that_never_reads_meets_each_of_them()
{
    QFETCH(std::string, key);
    QFETCH(int, seconds);
    QFETCH(int, reason);
    ManualClock clock;
    TestServer server(
        [&](json& policy) {
            json& route = policy["routes"][0];
            route["ping"] = "off";
            route["control_frames"] = "off";
            route["send_buffer"] = "4MiB";
            if (key == "ping")
                route["ping"] = {{"every", "25s"}, {"timeout", "8s"}};
            else if (!key.empty())
                route[key] = "1m";
        },
        &clock);
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    ByteClient stuck = server.join("chat.a", "stuck", small);
    QVERIFY(fillBacklog(server, stuck, "stuck"));
    const Reason why = static_cast<Reason>(reason);
    if (key == "ping") {
        clock.advance(25s + late);
        QTest::qWait(100);
        clock.advance(8s + late);
    } else {
        clock.advance(std::chrono::seconds(seconds) + late);
    }
    QTRY_COMPARE(server.audit(AuditKind::Close, why).size(), 1u);
    QCOMPARE(server.info().stats.sessions, 1u); // its Close cannot be told
    clock.advance(3s + late);
    QTRY_COMPARE(server.info().stats.sessions, 0u);
    QCOMPARE(server.info().stats.backlog, 0u);
    QCOMPARE(server.audit(AuditKind::Close, Reason::CloseTimeout).size(), 1u);
}

void TimerFaultsTest::one_that_never_reads_among_many_ends_alone() // row 72
{
    TestServer server([](json& policy) {
        json& route = policy["routes"][0];
        route["control_frames"] = "off";
        route["send_buffer"] = "256KiB";
        route["messages"]["max_size"] = "16KiB";
    });
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    ByteClient stuck = server.join("chat.a", "stuck", small);
    std::vector<ByteClient> readers;
    for (int i = 1; i < crowd; ++i)
        readers.push_back(server.join("chat.a", "reader" + std::to_string(i)));
    QVERIFY(fillBacklog(server, stuck, "stuck")); // the kernel's buffers, so that the others need not be sent as much
    const std::string filler(8000, 'x');
    int sent = 0;
    for (; sent < 100 && sessionsOf(server, "stuck") == 1; ++sent) {
        QVERIFY(readers[0].text(std::to_string(sent) + filler));
        for (ByteClient& reader : readers) {
            const Incoming got = reader.nextData();
            QVERIFY2(got.payload == std::to_string(sent) + filler, std::to_string(got.code).c_str());
        }
        if (!server.audit(AuditKind::Close, Reason::SlowConsumer).empty())
            break;
    }
    const auto records = server.audit(AuditKind::Close, Reason::SlowConsumer);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].user, std::string("stuck"));
    QCOMPARE(records[0].code, 4008);
    QCOMPARE(records[0].decision.rule.pointer, std::string("/routes/0/send_buffer"));
    QCOMPARE(records[0].decision.limit, std::to_string(256 * 1024) + " bytes");
    QCOMPARE(stuck.closing().code, 4008);
    stuck.disconnect();
    QVERIFY(readers[0].text("after"));
    for (ByteClient& reader : readers)
        QVERIFY(reader.nextData().payload == "after");
    QTRY_COMPARE(server.info().stats.sessions, static_cast<std::uint64_t>(crowd) - 1);
}

void TimerFaultsTest::drop_newest_keeps_a_slow_consumer_and_the_order()
{
    constexpr int all = 2000;
    TestServer server([](json& policy) {
        policy["routes"][0]["slow_consumer"] = "drop_newest";
        policy["routes"][0]["send_buffer"] = "128KiB";
    });
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    ByteClient slow = server.join("chat.a", "slow", small);
    ByteClient speaker = server.join("chat.a", "speaker");
    const std::string filler(8000, 'x');
    for (int i = 0; i < all; ++i) {
        QVERIFY(speaker.text(std::to_string(i) + ' ' + filler));
        QVERIFY(speaker.nextData().payload.starts_with(std::to_string(i) + ' ')); // it reads, and loses nothing
    }
    std::uint64_t dropped = 0;
    QVERIFY(eventually([&] { // the last message comes to the slow one's worker in its own time
        dropped = server.info().stats.dropped;
        return std::ranges::all_of(server.sessions(), [&](const SessionRow& row) {
            return row.activity.dropped == (row.info->user == "slow" ? dropped : 0u);
        });
    }));
    QVERIFY2(dropped > 0 && dropped < all, std::to_string(dropped).c_str());
    for (const SessionRow& row : server.sessions()) {
        QVERIFY(row.activity.backlog <= 128U * 1024U);
    }
    QVERIFY(slow.text("asked by the slow one, who reads again"));
    int last = -1;
    std::uint64_t got = 0;
    for (Incoming message = slow.nextData(500ms); message.kind == Incoming::Kind::Message;
         message = slow.nextData(500ms)) {
        if (message.payload.starts_with("asked"))
            continue;
        const int number = std::stoi(message.payload);
        QVERIFY(number > last); // what is missing is missing; nothing is out of order
        last = number;
        ++got;
    }
    QVERIFY(got + server.info().stats.dropped >= all);
    QVERIFY(got <= all - dropped);
    QCOMPARE(server.audit(AuditKind::Close, Reason::SlowConsumer).size(), 0u);
    QVERIFY(speaker.text("after"));
    QCOMPARE(slow.nextData().payload, std::string("after"));
}

void TimerFaultsTest::a_peer_that_pings_and_never_reads_ends_though_messages_are_dropped()
{
    TestServer server([](json& policy) {
        policy["routes"][0]["slow_consumer"] = "drop_newest";
        policy["routes"][0]["control_frames"] = "off";
        policy["routes"][0]["send_buffer"] = "128KiB";
    });
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    ByteClient stuck = server.join("chat.a", "stuck", small);
    std::string pings;
    for (int i = 0; i < 500; ++i)
        pings += rawFrame(0x89, std::string(125, 'p'));
    for (int i = 0; i < 500 && server.audit(AuditKind::Close, Reason::SlowConsumer).empty(); ++i)
        if (!stuck.send(pings))
            break;
    QTRY_COMPARE(server.audit(AuditKind::Close, Reason::SlowConsumer).size(), 1u);
}

void TimerFaultsTest::a_wall_clock_that_is_moved_changes_no_timer_data()
{
    QTest::addColumn<int>("hours");
    QTest::newRow("ahead") << 1;
    QTest::newRow("back") << -1;
}

void TimerFaultsTest::a_wall_clock_that_is_moved_changes_no_timer() // row 79
{
    QFETCH(int, hours);
    ManualClock clock;
    TestServer server(
        [](json& policy) {
            policy["routes"][0]["idle_timeout"] = "5m";
            policy["routes"][0]["session_lifetime"] = "30m";
            policy["routes"][0]["messages"]["rate"] = {{"count", 1}, {"per", "1m"}, {"burst", 1}};
        },
        &clock);
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = server.token("ann", {}, std::chrono::minutes(10));
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade(options).status, 101);
    QVERIFY(client.text("x"));
    QCOMPARE(client.nextData().payload, std::string("x"));
    QTest::qWait(600); // the clock was looked at
    QVERIFY(!server.info().stats.clockStep);

    clock.stepWall(std::chrono::hours(hours));
    QTRY_VERIFY(server.info().stats.clockStep.has_value());
    const GateStats stats = server.info().stats;
    QCOMPARE(stats.clockStep->count(), 3'600'000);
    QCOMPARE(stats.clockSteppedBack, hours < 0);
    QVERIFY(stats.clockStepped.has_value());
    QCOMPARE(server.refused(Reason::ClockStep), 1u);
    const auto records = server.audit(AuditKind::Limit, Reason::ClockStep);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].decision.met, std::string("3600000 ms"));
    QVERIFY(records[0].detail.find(hours < 0 ? "back" : "ahead") != std::string::npos);

    QVERIFY(client.text("no sooner"));
    QTRY_COMPARE(server.refused(Reason::RateSession), 1u); // no token came with the hour
    clock.advance(2s);
    QTest::qWait(100);
    QCOMPARE(server.info().stats.sessions, 1u); // neither idle nor expired nor its ping unanswered
    for (int i = 0; i < 2; ++i) {
        clock.advance(25s);
        QCOMPARE(client.next().kind, Incoming::Kind::Ping);
        QVERIFY(client.frame(Opcode::Pong, ""));
        QTest::qWait(60);
    }
    QCOMPARE(server.info().stats.sessions, 1u);
    QCOMPARE(server.plain().upgrade(options).status, 401); // tokens go by the new clock: over, or not yet
    QCOMPARE(server.refused(Reason::JwtTime), 1u);
}

void TimerFaultsTest::a_clock_that_goes_on_is_no_step()
{
    ManualClock clock;
    TestServer server([](json& policy) { policy["routes"][1]["ping"] = "off"; }, &clock);
    QTest::qWait(600);
    for (int i = 0; i < 5; ++i) {
        clock.advance(std::chrono::hours(1));
        QTest::qWait(100);
        clock.stepWall(900ms); // within what a clock may be corrected by
    }
    QTest::qWait(600);
    QVERIFY(!server.info().stats.clockStep);
    QCOMPARE(server.refused(Reason::ClockStep), 0u);
}

QTEST_GUILESS_MAIN(TimerFaultsTest)
#include "timerfaultstest.moc"
