// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/timingwheel.h"
#include "trace.h"

#include <QElapsedTimer>
#include <QTest>

#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;
using nlohmann::json;
using wire::Opcode;

namespace {

/// Of `/echo`, which asks for no token; no pings, so that a clock that jumps ends nobody.
TestServer::Edit echoMessages(json messages)
{
    return [messages = std::move(messages)](json& policy) {
        policy["routes"][1]["messages"].update(messages);
        policy["routes"][1]["ping"] = "off";
    };
}

json rate(int count, const char* per, int burst)
{
    return {{"count", count}, {"per", per}, {"burst", burst}};
}

ByteClient opened(const TestServer& server, const ByteClient::Options& options = {})
{
    ByteClient client = server.plain(options);
    if (client.upgrade({}).status != 101)
        throw std::runtime_error("not let in");
    return client;
}

/// Everything that comes before nothing more does for a while.
std::vector<std::string> echoes(ByteClient& client)
{
    std::vector<std::string> result;
    for (Incoming got = client.next(200ms); got.kind == Incoming::Kind::Message; got = client.next(200ms))
        result.push_back(got.payload);
    return result;
}

SessionActivity activityOf(const TestServer& server)
{
    const auto rows = server.sessions();
    return rows.empty() ? SessionActivity{} : rows.front().activity;
}

} // namespace

/// More than the rates allow, and what each way to meet it gives.
class RateFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void one_message_over_the_rate_is_refused_and_a_minute_of_them_closes();
    void one_user_over_ten_addresses_is_counted_together();
    void bytes_are_counted_like_messages();
    void what_comes_compressed_costs_the_larger_of_its_sizes();
    void drop_refuses_without_a_violation();
    void throttle_takes_all_and_reads_at_the_rate();
    void throttle_comes_to_its_rate_and_not_beyond();
    void throttle_pays_a_large_message_back();
    void throttle_over_tls_goes_on_with_what_was_read();
    void a_throttled_client_is_not_blamed_for_what_is_not_read();
    void a_throttled_session_can_be_kicked();
    void a_throttled_session_meets_its_lifetime();
    void a_throttled_peer_that_resets_is_gone_at_once();
    void a_throttled_peer_that_leaves_is_gone_when_reading_goes_on();
};

void RateFaultsTest::one_message_over_the_rate_is_refused_and_a_minute_of_them_closes() // row 69
{
    ManualClock clock;
    TestServer server(
        echoMessages({{"rate", rate(5, "1s", 5)}, {"violations_before_close", 30}, {"violations_within", "1m"}}),
        &clock);
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source());
    int refused = 0;
    for (int second = 0; second < 29; ++second) {
        for (int i = 0; i < 6; ++i)
            QVERIFY(client.text(std::to_string(i)));
        for (int i = 0; i < 5; ++i)
            QCOMPARE(client.next().payload, std::to_string(i));
        ++refused;
        QTRY_COMPARE(server.refused(Reason::RateSession), static_cast<std::uint64_t>(refused));
        clock.advance(1s);
    }
    QCOMPARE(activityOf(server).violations, 29u);
    for (int i = 0; i < 6; ++i)
        QVERIFY(client.text(std::to_string(i)));
    const Incoming end = client.closing();
    QCOMPARE(end.code, 1008);
    QCOMPARE(end.payload, std::string("rate_session"));
    QCOMPARE(server.refused(Reason::RateSession), 30u);
    const auto closes = server.audit(AuditKind::Close, Reason::RateSession);
    QCOMPARE(closes.size(), 1u);
    QCOMPARE(closes[0].decision.rule.pointer, std::string("/routes/1/messages/rate"));
    QVERIFY(closes[0].decision.limit.starts_with("5/s"));
    QVERIFY(closes[0].decision.met.starts_with("bucket empty: 6 messages"));
}

void RateFaultsTest::one_user_over_ten_addresses_is_counted_together() // row 69
{
    ManualClock clock;
    TestServer server(
        [](json& policy) {
            policy["workers"] = 4;
            policy["limits"]["messages_per_user"] = rate(20, "1m", 20);
            policy["routes"][0]["messages"]["violations_before_close"] = 100;
            policy["routes"][0]["ping"] = "off";
        },
        &clock);
    ByteClient watcher = server.join("chat.a", "watcher");
    std::vector<ByteClient> clients;
    for (int i = 1; i <= 10; ++i) {
        ByteClient::Options from;
        from.source = "127.0.0." + std::to_string(i + 1);
        clients.push_back(server.join("chat.a", "ann", from));
    }
    for (int round = 0; round < 3; ++round)
        for (ByteClient& client : clients)
            QVERIFY(client.text("x"));
    QTRY_COMPARE(server.refused(Reason::RateUser), 10u);
    QCOMPARE(echoes(watcher).size(), 20u);
    for (ByteClient& client : clients)
        QCOMPARE(echoes(client).size(), 20u);
    QVERIFY(watcher.text("another user"));
    QCOMPARE(watcher.nextData().payload, std::string("another user"));
    const auto records = server.audit(AuditKind::Limit, Reason::RateUser);
    QCOMPARE(records.size(), 10u);
    QCOMPARE(records[0].decision.rule.pointer, std::string("/limits/messages_per_user"));
}

void RateFaultsTest::bytes_are_counted_like_messages()
{
    ManualClock clock;
    TestServer server(echoMessages({{"bytes", rate(1000, "1s", 1000)}, {"max_size", "1000B"}}), &clock);
    ByteClient client = opened(server);
    const std::string half(500, 'x');
    for (int i = 0; i < 3; ++i)
        QVERIFY(client.text(half));
    QCOMPARE(client.next().payload, half);
    QCOMPARE(client.next().payload, half);
    QTRY_COMPARE(server.refused(Reason::RateSession), 1u);
    QCOMPARE(activityOf(server).lastRefusal->decision.rule.pointer, std::string("/routes/1/messages/bytes"));
    clock.advance(500ms);
    QVERIFY(client.text(half));
    QCOMPARE(client.next().payload, half);
}

void RateFaultsTest::what_comes_compressed_costs_the_larger_of_its_sizes()
{
    ManualClock clock;
    TestServer server(
        [](json& policy) {
            policy["routes"][1]["messages"]["bytes"] = rate(1000, "1s", 1000);
            policy["routes"][1]["messages"]["max_size"] = "1000B";
            policy["routes"][1]["compression"] = {{"max_inflated", "1000B"}, {"min_size", "1000B"}};
            policy["routes"][1]["ping"] = "off";
        },
        &clock);
    UpgradeOptions options;
    options.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate; client_no_context_takeover");
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade(options).status, 101);
    const std::string emptyBlocks = [] {
        std::string blocks;
        for (int i = 0; i < 120; ++i) // stored blocks of no bytes (RFC 1951 §3.2.4)
            blocks.append("\x00\x00\x00\xff\xff", 5);
        return blocks + std::string(1, '\0');
    }();
    QVERIFY(client.send(rawFrame(0xc1, emptyBlocks)));
    QCOMPARE(client.next().payload, std::string());
    QVERIFY(client.send(rawFrame(0xc1, emptyBlocks)));
    QTRY_COMPARE(server.refused(Reason::RateSession), 1u); // 601 of 1000 bytes are gone, though it inflates to nothing
}

void RateFaultsTest::drop_refuses_without_a_violation()
{
    ManualClock clock;
    TestServer server(echoMessages({{"rate", rate(5, "1s", 5)}, {"on_excess", "drop"}}), &clock);
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source());
    for (int i = 0; i < 50; ++i)
        QVERIFY(client.text(std::to_string(i)));
    QCOMPARE(echoes(client), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
    QCOMPARE(server.refused(Reason::RateSession), 45u);
    QCOMPARE(activityOf(server).violations, 0u);
    QCOMPARE(activityOf(server).refused, 45u);
    QCOMPARE(server.audit(AuditKind::Limit, Reason::RateSession).size(), 1u);
    clock.advance(1s);
    QVERIFY(client.text("in time"));
    QCOMPARE(client.next().payload, std::string("in time"));
}

void RateFaultsTest::throttle_takes_all_and_reads_at_the_rate()
{
    ManualClock clock;
    TestServer server(echoMessages({{"rate", rate(10, "1s", 5)}, {"on_excess", "throttle"}}), &clock);
    ByteClient client = opened(server);
    std::string burst;
    constexpr int all = 60;
    for (int i = 0; i < all; ++i)
        burst += rawFrame(0x81, std::to_string(i));
    QVERIFY(client.send(burst));
    int next = 0;
    for (; next < 5; ++next)
        QCOMPARE(client.next().payload, std::to_string(next));
    QTRY_COMPARE(activityOf(server).throttled, 1u);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(84ms);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(2 * TimingWheel::tick - 84ms); // one each tenth of a second from here on, and not one more
    for (; next < all; ++next) {
        clock.advance(100ms);
        QCOMPARE(client.next().payload, std::to_string(next));
        if (next < 10)
            QCOMPARE(client.next(100ms).kind, Incoming::Kind::Nothing);
    }
    QCOMPARE(server.refused(Reason::RateSession), 0u);
    QCOMPARE(activityOf(server).messagesIn, static_cast<std::uint64_t>(all));
    QCOMPARE(server.info().stats.throttled, static_cast<std::uint64_t>(all) - 4);
}

void RateFaultsTest::throttle_pays_a_large_message_back()
{
    ManualClock clock;
    TestServer server(echoMessages({{"bytes", rate(1000, "1s", 1000)}, {"on_excess", "throttle"}}), &clock);
    ByteClient client = opened(server);
    const std::string large(3000, 'x');
    QVERIFY(client.text(large));
    QVERIFY(client.text("next"));
    QVERIFY(client.next().payload == large);
    clock.advance(2s);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(1ms + 2 * TimingWheel::tick);
    QCOMPARE(client.next().payload, std::string("next"));
}

void RateFaultsTest::throttle_over_tls_goes_on_with_what_was_read()
{
    ManualClock clock;
    TestServer server(echoMessages({{"rate", rate(10, "1s", 1)}, {"on_excess", "throttle"}}), &clock);
    ByteClient client = server.tls();
    QCOMPARE(client.upgrade({}).status, 101);
    std::string records; // more than a TLS record and than one read
    const std::string filler(9000, 'x');
    for (int i = 0; i < 30; ++i)
        records += rawFrame(0x81, std::to_string(i) + filler);
    std::thread sender([&] { client.send(records); });
    sender.join();
    for (int i = 0; i < 30; ++i) {
        QVERIFY(client.next().payload == std::to_string(i) + filler);
        clock.advance(100ms + 2 * TimingWheel::tick);
    }
}

void RateFaultsTest::throttle_comes_to_its_rate_and_not_beyond()
{
    TestServer server(echoMessages({{"rate", rate(200, "1s", 1)}, {"on_excess", "throttle"}}));
    ByteClient client = opened(server);
    constexpr int all = 300;
    std::string burst;
    for (int i = 0; i < all; ++i)
        burst += rawFrame(0x81, std::to_string(i));
    QElapsedTimer timer;
    timer.start();
    QVERIFY(client.send(burst));
    for (int i = 0; i < all; ++i)
        QCOMPARE(client.next().payload, std::to_string(i));
    const auto took = timer.elapsed();
    QVERIFY2(took >= (all - 1) * 5 - 1, std::to_string(took).c_str());
    QVERIFY2(took < (all - 1) * 5 * 2,
             std::to_string(took).c_str()); // a tick lost each time would be four times as long
}

void RateFaultsTest::a_throttled_client_is_not_blamed_for_what_is_not_read()
{
    ManualClock clock;
    TestServer server(
        [](json& policy) {
            policy["routes"][1]["messages"]["rate"] = rate(1, "10m", 1);
            policy["routes"][1]["messages"]["on_excess"] = "throttle";
            policy["routes"][1]["idle_timeout"] = "1m";
            policy["routes"][1]["ping"] = {{"every", "25s"}, {"timeout", "8s"}};
        },
        &clock);
    ByteClient client = opened(server);
    QVERIFY(client.text("first"));
    QVERIFY(client.send(rawFrame(0x81, "second") + rawFrame(0x81, "third").substr(0, 3)));
    QCOMPARE(client.next().payload, std::string("first"));
    for (int i = 0; i < 9; ++i) { // ping, idle and complete_within would all be over
        clock.advance(1min);
        QTest::qWait(60);
        QCOMPARE(server.info().stats.sessions, 1u);
    }
    clock.advance(1min + 1s);
    QCOMPARE(client.nextData().payload, std::string("second"));
    QCOMPARE(server.info().stats.sessions, 1u);
}

void RateFaultsTest::a_throttled_session_can_be_kicked()
{
    ManualClock clock;
    TestServer server(echoMessages({{"rate", rate(1, "10m", 1)}, {"on_excess", "throttle"}}), &clock);
    ByteClient client = opened(server);
    for (const char* text : {"first", "second", "third"})
        QVERIFY(client.text(text));
    QCOMPARE(client.next().payload, std::string("first"));
    QTRY_COMPARE(activityOf(server).throttled, 1u);
    KickCommand kick;
    kick.sessions = {server.sessions().at(0).info->id};
    kick.cooldown.reset();
    QVERIFY(server.call(kick).ok());
    QCOMPARE(client.next().code, 4403); // and not what waited
    QVERIFY(client.close(4403));
    QVERIFY(client.ends());
    client.disconnect();
    QTRY_COMPARE(server.info().stats.sessions, 0u);
    QCOMPARE(server.audit(AuditKind::Close, Reason::CloseTimeout).size(), 0u); // its Close was read
}

void RateFaultsTest::a_throttled_session_meets_its_lifetime()
{
    ManualClock clock;
    TestServer server(
        [](json& policy) {
            policy["routes"][1]["messages"]["rate"] = rate(1, "10m", 1);
            policy["routes"][1]["messages"]["on_excess"] = "throttle";
            policy["routes"][1]["session_lifetime"] = "5m";
        },
        &clock);
    ByteClient client = opened(server);
    QVERIFY(client.text("first"));
    QCOMPARE(client.next().payload, std::string("first"));
    clock.advance(5min + 1s);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 4408);
    QCOMPARE(end.payload, std::string("lifetime"));
}

void RateFaultsTest::a_throttled_peer_that_resets_is_gone_at_once()
{
    ManualClock clock;
    TestServer server(echoMessages({{"rate", rate(1, "10m", 1)}, {"on_excess", "throttle"}}), &clock);
    ByteClient client = opened(server);
    QVERIFY(client.text("first"));
    QCOMPARE(client.next().payload, std::string("first"));
    QTRY_COMPARE(activityOf(server).throttled, 1u);
    client.reset();
    QTRY_COMPARE(server.info().stats.sessions, 0u);
    QCOMPARE(server.audit(AuditKind::Close, Reason::PeerAbort).size(), 1u);
}

void RateFaultsTest::a_throttled_peer_that_leaves_is_gone_when_reading_goes_on()
{
    ManualClock clock;
    TestServer server(echoMessages({{"rate", rate(1, "1m", 1)}, {"on_excess", "throttle"}}), &clock);
    ByteClient client = opened(server);
    QVERIFY(client.text("first"));
    QCOMPARE(client.next().payload, std::string("first"));
    QTRY_COMPARE(activityOf(server).throttled, 1u);
    client.shutdownWrite();
    clock.advance(1min + 1s);
    QTRY_COMPARE(server.info().stats.sessions, 0u);
}

QTEST_GUILESS_MAIN(RateFaultsTest)
#include "ratefaultstest.moc"
