// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

SessionRow rowOf(const TestServer& server, const std::string& user)
{
    for (const SessionRow& row : server.sessions())
        if (row.info->user == user)
            return row;
    throw std::runtime_error("no session of " + user);
}

SessionId idOf(const TestServer& server, const std::string& user)
{
    return rowOf(server, user).info->id;
}

QuarantineResult carriedOut(const TestServer& server, const QuarantineCommand& command)
{
    return std::get<QuarantineResult>(server.call(command).value());
}

QuarantineResult quarantine(const TestServer& server, const std::string& user,
                            std::optional<std::chrono::milliseconds> duration = std::nullopt)
{
    return carriedOut(server, {{idOf(server, user)}, true, duration, "odd"});
}

QuarantineResult release(const TestServer& server, const std::string& user)
{
    return carriedOut(server, {{idOf(server, user)}, false, std::nullopt, {}});
}

bool hearsNothing(ByteClient& client)
{
    return client.nextData(200ms).kind == Incoming::Kind::Nothing;
}

std::vector<AuditRecord> recordsOf(const TestServer& server)
{
    AuditQuery query;
    query.kind = AuditKind::Quarantine;
    return server.audit(query);
}

void quick(nlohmann::json& policy)
{
    policy["routes"][0]["idle_timeout"] = "1m";
    policy["routes"][0]["messages"]["complete_within"] = "1m";
    policy["routes"][0]["ping"] = {{"every", "25s"}, {"timeout", "8s"}};
}

/// Moves the clock on in steps that every timer meets.
void pass(const TestServer& server, ManualClock& clock, std::chrono::minutes time)
{
    for (auto left = time; left.count() > 0; --left) {
        clock.advance(1min);
        QTest::qWait(60);
        (void)server.sessions();
    }
}

} // namespace

/// A session in quarantine stays open, and is neither read nor told anything.
class QuarantineTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothing_is_read_and_nothing_delivered();
    void what_was_queued_before_is_not_delivered();
    void what_it_said_comes_in_order_afterwards();
    void over_tls_what_it_said_comes_in_order_afterwards();
    void it_ends_by_itself();
    void another_order_replaces_the_duration();
    void no_ping_idle_time_or_unfinished_message_ends_it();
    void the_end_of_its_token_does();
    void its_lifetime_does();
    void a_kick_does_and_is_heard_data();
    void a_kick_does_and_is_heard();
    void a_ban_does();
    void a_lockdown_does();
    void a_drain_does();
    void a_peer_that_resets_is_gone_at_once();
    void a_peer_that_leaves_is_gone_when_reading_goes_on();
    void a_throttled_session_goes_on_throttled();
    void another_policy_leaves_it_as_it_is();
    void sessions_that_are_gone_are_named();
    void each_is_recorded_with_its_actor();
    void commands_that_make_no_sense_are_refused_data();
    void commands_that_make_no_sense_are_refused();
};

void QuarantineTest::nothing_is_read_and_nothing_delivered()
{
    TestServer server;
    ByteClient ann = server.join("chat.a", "ann");
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(quarantine(server, "bob").sessions, std::vector<SessionId>{idOf(server, "bob")});
    QVERIFY(ann.text("to all"));
    QCOMPARE(ann.nextData().payload, std::string("to all"));
    QVERIFY(bob.text("from bob"));
    QVERIFY(hearsNothing(bob));
    QVERIFY(hearsNothing(ann));
    const SessionActivity activity = rowOf(server, "bob").activity;
    QCOMPARE(activity.phase, SessionPhase::Quarantined);
    QVERIFY(!activity.quarantinedUntil);
    QCOMPARE(activity.dropped, 1u);
    QCOMPARE(activity.messagesIn, 0u);
    QCOMPARE(activity.backlog, 0u);
    QCOMPARE(rowOf(server, "ann").activity.phase, SessionPhase::Open);
    QCOMPARE(server.info().stats.dropped, 1u);
    QCOMPARE(release(server, "bob").sessions.size(), 1u);
    QCOMPARE(ann.nextData().payload, std::string("from bob"));
    QCOMPARE(bob.nextData().payload, std::string("from bob")); // what it was not told is gone
    QCOMPARE(rowOf(server, "bob").activity.phase, SessionPhase::Open);
}

void QuarantineTest::what_was_queued_before_is_not_delivered()
{
    TestServer server([](nlohmann::json& policy) { policy["routes"][0]["send_buffer"] = "64MiB"; });
    ByteClient::Options slow;
    slow.receiveBuffer = 4096;
    ByteClient bob = server.join("chat.a", "bob", slow);
    ByteClient ann = server.join("chat.a", "ann");
    const std::string large(60000, 'x');
    constexpr int all = 200;
    for (int i = 0; i < all; ++i) {
        QVERIFY(ann.text(large));
        QCOMPARE(ann.nextData().payload.size(), large.size());
    }
    QVERIFY(eventually([&] { return rowOf(server, "bob").activity.backlog > 1'000'000; }));
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    const std::uint64_t backlog = rowOf(server, "bob").activity.backlog;
    int delivered = 0;
    while (bob.nextData(300ms).kind == Incoming::Kind::Message) // what the kernel had already
        ++delivered;
    QCOMPARE(rowOf(server, "bob").activity.backlog, backlog);
    QVERIFY(delivered < all);
    QCOMPARE(release(server, "bob").sessions.size(), 1u);
    for (; delivered < all; ++delivered)
        QCOMPARE(bob.nextData().payload.size(), large.size());
}

void QuarantineTest::what_it_said_comes_in_order_afterwards()
{
    TestServer server;
    ByteClient ann = server.join("chat.a", "ann");
    ByteClient bob = server.join("chat.a", "bob");
    QVERIFY(bob.send(rawFrame(0x81, "first") + rawFrame(0x81, "half of it").substr(0, 7)));
    QCOMPARE(ann.nextData().payload, std::string("first"));
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    QVERIFY(bob.send(rawFrame(0x81, "half of it").substr(7)));
    for (int i = 0; i < 100; ++i)
        QVERIFY(bob.text(std::to_string(i)));
    QVERIFY(hearsNothing(ann));
    QCOMPARE(release(server, "bob").sessions.size(), 1u);
    QCOMPARE(ann.nextData().payload, std::string("half of it"));
    for (int i = 0; i < 100; ++i)
        QCOMPARE(ann.nextData().payload, std::to_string(i));
}

void QuarantineTest::over_tls_what_it_said_comes_in_order_afterwards()
{
    TestServer server;
    ByteClient client = server.tls();
    QCOMPARE(client.upgrade({}).status, 101);
    const SessionId id = server.sessions().at(0).info->id;
    QVERIFY(client.text("first"));
    QCOMPARE(client.nextData().payload, std::string("first"));
    QCOMPARE(carriedOut(server, {{id}, true, {}, {}}).sessions.size(), 1u);
    const std::string filler(9000, 'x');
    for (int i = 0; i < 20; ++i) // more than a TLS record and than one read
        QVERIFY(client.text(std::to_string(i) + filler));
    QVERIFY(hearsNothing(client));
    QCOMPARE(carriedOut(server, {{id}, false, {}, {}}).sessions.size(), 1u);
    for (int i = 0; i < 20; ++i)
        QVERIFY(client.nextData().payload == std::to_string(i) + filler);
}

void QuarantineTest::it_ends_by_itself()
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(quarantine(server, "bob", 5min).sessions.size(), 1u);
    QVERIFY(rowOf(server, "bob").activity.quarantinedUntil == clock.wall() + 5min);
    QVERIFY(bob.text("x"));
    clock.advance(5min - 1s);
    QVERIFY(hearsNothing(bob));
    clock.stepWall(-std::chrono::hours(1)); // the steady clock measures it
    clock.advance(2s);
    QCOMPARE(bob.nextData().payload, std::string("x"));
    const auto records = recordsOf(server);
    QCOMPARE(records.size(), 2u);
    QCOMPARE(records[0].actor, std::string("rule"));
    QCOMPARE(records[0].detail, std::string("off: its time is over"));
}

void QuarantineTest::another_order_replaces_the_duration()
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(quarantine(server, "bob", 10s).sessions.size(), 1u);
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    QVERIFY(!rowOf(server, "bob").activity.quarantinedUntil);
    clock.advance(1min);
    QVERIFY(bob.text("x"));
    QVERIFY(hearsNothing(bob));
    QCOMPARE(rowOf(server, "bob").activity.phase, SessionPhase::Quarantined);
}

void QuarantineTest::no_ping_idle_time_or_unfinished_message_ends_it()
{
    ManualClock clock;
    TestServer server(quick, &clock);
    ByteClient bob = server.join("chat.a", "bob");
    QVERIFY(bob.send(rawFrame(0x81, "whole") + rawFrame(0x81, "unfinished").substr(0, 5)));
    QCOMPARE(bob.nextData().payload, std::string("whole"));
    clock.advance(26s);
    QCOMPARE(bob.next().kind, Incoming::Kind::Ping); // which goes unanswered
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    pass(server, clock, 5min);
    QCOMPARE(server.info().stats.sessions, 1u);
    QCOMPARE(release(server, "bob").sessions.size(), 1u);
    clock.advance(7s); // each begins anew
    QTest::qWait(60);
    QCOMPARE(server.info().stats.sessions, 1u);
    QVERIFY(bob.send(rawFrame(0x81, "unfinished").substr(5)));
    QCOMPARE(bob.nextData().payload, std::string("unfinished"));
}

void QuarantineTest::the_end_of_its_token_does()
{
    ManualClock clock;
    TestServer server({}, &clock);
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = server.token("bob", {}, 20s);
    ByteClient bob = server.plain();
    QCOMPARE(bob.upgrade(options).status, 101);
    QCOMPARE(quarantine(server, "bob", 1min).sessions.size(), 1u);
    clock.advance(21s);
    QCOMPARE(bob.closing().code, 4401);
}

void QuarantineTest::its_lifetime_does()
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["routes"][0]["session_lifetime"] = "5m"; }, &clock);
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    clock.advance(5min + 1s);
    QCOMPARE(bob.closing().code, 4408);
}

void QuarantineTest::a_kick_does_and_is_heard_data()
{
    QTest::addColumn<bool>("tls");
    QTest::newRow("plain") << false;
    QTest::newRow("TLS") << true;
}

void QuarantineTest::a_kick_does_and_is_heard()
{
    QFETCH(const bool, tls);
    TestServer server([](nlohmann::json& policy) { policy["routes"][0]["send_buffer"] = "64MiB"; });
    ByteClient::Options slow;
    slow.receiveBuffer = 4096;
    ByteClient bob = tls ? server.tls(slow) : server.plain(slow);
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = server.token("bob");
    QCOMPARE(bob.upgrade(options).status, 101);
    ByteClient ann = server.join("chat.a", "ann");
    const std::string large(60000, 'x');
    constexpr int all = 200;
    for (int i = 0; i < all; ++i) {
        QVERIFY(ann.text(large));
        QCOMPARE(ann.nextData().payload.size(), large.size());
    }
    QVERIFY(eventually([&] { return rowOf(server, "bob").activity.backlog > 1'000'000; }));
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    KickCommand kick;
    kick.sessions = {idOf(server, "bob")};
    kick.reason = "out";
    QVERIFY(server.call(kick).ok());
    int delivered = 0;
    Incoming last = bob.nextData();
    for (; last.kind == Incoming::Kind::Message; last = bob.nextData())
        ++delivered;
    QCOMPARE(last.code, 4403);
    QCOMPARE(last.payload, std::string("out"));
    QVERIFY2(delivered < all, std::to_string(delivered).c_str());
}

void QuarantineTest::a_ban_does()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    QVERIFY(server.call(BanCommand{BanSubject::User, "bob", {}, {}, {}}).ok());
    QCOMPARE(bob.closing().code, 4403);
    QVERIFY(bob.close(4403));
    QVERIFY(bob.ends()); // it is read again
    QVERIFY(eventually([&] { return server.info().stats.sessions == 0; }));
}

void QuarantineTest::a_lockdown_does()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    QVERIFY(server.call(LockdownCommand{}).ok());
    QCOMPARE(bob.closing().code, 4403);
}

void QuarantineTest::a_drain_does()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    QVERIFY(server.call(DrainCommand{}).ok());
    QCOMPARE(bob.closing().code, 1001);
    QVERIFY(bob.close(1001));
    QVERIFY(server.runtime().waitUntilStopped(ceiling));
}

void QuarantineTest::a_peer_that_resets_is_gone_at_once()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    bob.reset();
    QVERIFY(eventually([&] { return server.info().stats.sessions == 0; }));
    QCOMPARE(server.audit(AuditKind::Close, Reason::PeerAbort).size(), 1u);
}

void QuarantineTest::a_peer_that_leaves_is_gone_when_reading_goes_on()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    QVERIFY(bob.close());
    QVERIFY(hearsNothing(bob));
    QCOMPARE(release(server, "bob").sessions.size(), 1u);
    QCOMPARE(bob.closing().code, 1000);
    QVERIFY(eventually([&] { return server.info().stats.sessions == 0; }));
}

void QuarantineTest::a_throttled_session_goes_on_throttled()
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["routes"][0]["messages"].update(
                {{"rate", {{"count", 1}, {"per", "10s"}, {"burst", 1}}}, {"on_excess", "throttle"}});
        },
        &clock);
    ByteClient bob = server.join("chat.a", "bob");
    for (const char* text : {"1", "2", "3"})
        QVERIFY(bob.text(text));
    QCOMPARE(bob.nextData().payload, std::string("1"));
    QVERIFY(eventually([&] { return rowOf(server, "bob").activity.throttled == 1; }));
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    QCOMPARE(release(server, "bob").sessions.size(), 1u);
    QVERIFY(hearsNothing(bob)); // its rate has no room yet
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    clock.advance(11s);
    QVERIFY(hearsNothing(bob)); // there is room, and it is in quarantine
    QCOMPARE(release(server, "bob").sessions.size(), 1u);
    QCOMPARE(bob.nextData().payload, std::string("2"));
    QVERIFY(hearsNothing(bob));
    clock.advance(11s);
    QCOMPARE(bob.nextData().payload, std::string("3"));
}

void QuarantineTest::another_policy_leaves_it_as_it_is()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(quarantine(server, "bob").sessions.size(), 1u);
    QVERIFY(bob.text("x"));
    server.edit([](nlohmann::json& policy) {
        policy["routes"][0]["messages"].update(
            {{"rate", {{"count", 10}, {"per", "1s"}, {"burst", 10}}}, {"on_excess", "throttle"}});
    });
    QVERIFY(server.call(ReloadCommand{}).ok());
    QVERIFY(eventually([&] { return rowOf(server, "bob").info->rateBurst == 10; })); // it has met it
    QVERIFY(hearsNothing(bob));
    QCOMPARE(rowOf(server, "bob").activity.phase, SessionPhase::Quarantined);
    QCOMPARE(release(server, "bob").sessions.size(), 1u);
    QCOMPARE(bob.nextData().payload, std::string("x"));
}

void QuarantineTest::sessions_that_are_gone_are_named()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    const SessionId here = idOf(server, "bob");
    const QuarantineResult result = carriedOut(server, {{SessionId{4711}, here, here}, true, {}, {}});
    QCOMPARE(result.sessions, std::vector<SessionId>{here});
    QCOMPARE(result.missing, std::vector<SessionId>{SessionId{4711}});
    QVERIFY(carriedOut(server, {}).sessions.empty()); // an empty list matches nothing
    QCOMPARE(carriedOut(server, {{here}, false, {}, {}}).sessions, std::vector<SessionId>{here});
}

void QuarantineTest::each_is_recorded_with_its_actor()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    (void)quarantine(server, "bob", 5min);
    (void)release(server, "bob");
    (void)release(server, "bob"); // it is in none
    const auto records = recordsOf(server);
    QCOMPARE(records.size(), 2u);
    QCOMPARE(records[1].detail, std::string("on for 300000 ms: odd"));
    QCOMPARE(records[0].detail, std::string("off"));
    for (const AuditRecord& record : records) {
        QCOMPARE(record.actor, std::string("tester"));
        QCOMPARE(record.user, std::string("bob"));
        QCOMPARE(record.session, idOf(server, "bob"));
    }
}

void QuarantineTest::commands_that_make_no_sense_are_refused_data()
{
    QTest::addColumn<QuarantineCommand>("command");
    QTest::newRow("no duration") << QuarantineCommand{{SessionId{1}}, true, 0ms, {}};
    QTest::newRow("negative duration") << QuarantineCommand{{SessionId{1}}, true, -1ms, {}};
    QTest::newRow("too many sessions") << QuarantineCommand{std::vector<SessionId>(1001), true, {}, {}};
    QTest::newRow("a reason too long") << QuarantineCommand{{SessionId{1}}, true, {}, std::string(501, 'x')};
}

void QuarantineTest::commands_that_make_no_sense_are_refused()
{
    QFETCH(const QuarantineCommand, command);
    TestServer server;
    const Reply reply = server.call(command);
    QVERIFY(!reply.ok());
    QCOMPARE(reply.error().code, ControlErrorCode::BadRequest);
}

QTEST_GUILESS_MAIN(QuarantineTest)
#include "quarantinetest.moc"
