// SPDX-License-Identifier: GPL-3.0-or-later
#include "workerbed.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

/// A session whose route has another side: what the route's handler may do with it, and is told of it.
class SessionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void a_session_on_hold_is_not_read_and_not_blamed();
    void a_hold_stands_behind_a_quarantine_and_a_rate();
    void a_session_on_hold_ends_like_any_other();
    void a_peer_that_resets_while_on_hold_is_gone();
    void the_lifetime_goes_on_while_on_hold();
    void parts_are_frames_of_one_message();
    void a_message_that_begins_in_quarantine_is_dropped_whole();
    void parts_make_the_message_however_it_was_cut();
    void a_message_refused_at_its_first_part_is_swallowed();
    void room_is_told_of_once();
    void quarantine_is_told_when_it_begins_and_ends();
    void the_handler_sees_how_a_session_ends();
    void parts_are_not_asked_for_where_the_policy_needs_the_whole_data();
    void parts_are_not_asked_for_where_the_policy_needs_the_whole();

private:
    void start(const WorkerBed::Edit& edit);
    [[nodiscard]] bool told(std::size_t messages)
    {
        return eventually([&] { return m_bed->seen().messages.size() == messages; });
    }

    std::unique_ptr<WorkerBed> m_bed;
};

namespace {

std::span<const std::byte> bytesOf(const std::string& text)
{
    return std::as_bytes(std::span(text));
}

} // namespace

void SessionTest::start(const WorkerBed::Edit& edit)
{
    m_bed = std::make_unique<WorkerBed>(edit);
}

void SessionTest::init()
{
    start([](Policy& policy) {
        policy.routes[0].ping = Ping{2s, 1s};
        policy.routes[0].idleTimeout = 10s;
        policy.routes[0].sessionLifetime.reset();
    });
}

void SessionTest::cleanup()
{
    m_bed->worker->stop();
    QVERIFY(m_bed->empty());
    m_bed.reset();
}

void SessionTest::a_session_on_hold_is_not_read_and_not_blamed()
{
    ByteClient client = m_bed->entered();
    m_bed->clock.advance(2100ms);
    QCOMPARE(client.next().kind, Incoming::Kind::Ping); // which waits for its answer
    m_bed->withSession([](Session& session) { session.hold(); });
    QVERIFY(client.text("later"));
    for (int i = 0; i < 8; ++i) { // far beyond ping and idle time
        m_bed->clock.advance(5s);
        m_bed->settle();
    }
    QCOMPARE(client.next(50ms).kind, Incoming::Kind::Nothing);
    QCOMPARE(m_bed->seen().messages.size(), std::size_t{0});
    m_bed->withSession([](Session& session) {
        session.hold(); // twice is once
        session.release();
        session.release();
    });
    QVERIFY(told(1));
    QCOMPARE(m_bed->worker->figures().sessions.value(), 1u);
    m_bed->clock.advance(2100ms);
    QCOMPARE(client.next().kind, Incoming::Kind::Ping); // and the time of a ping goes on
    m_bed->clock.advance(1100ms);
    QCOMPARE(client.closing().code, 4408);
}

void SessionTest::a_hold_stands_behind_a_quarantine_and_a_rate()
{
    m_bed->worker->stop();
    start([](Policy& policy) {
        policy.routes[0].messages.rate = Rate{1, 1s, 1};
        policy.routes[0].messages.onExcess = OnExcess::Throttle;
    });
    ByteClient client = m_bed->entered();
    QVERIFY(client.text("one"));
    QVERIFY(client.text("two"));
    QVERIFY(client.text("three"));
    QVERIFY(told(1));
    m_bed->withSession([](Session& session) {
        session.hold();
        session.quarantine({{}, "ann", {}});
    });
    m_bed->clock.advance(30s);
    m_bed->withSession([](Session& session) { session.endQuarantine("ann", {}); });
    m_bed->settle();
    QCOMPARE(m_bed->seen().messages.size(), std::size_t{1});
    m_bed->withSession([](Session& session) {
        QVERIFY(session.paused());
        session.quarantine({{}, "ann", {}});
        session.release();
        QVERIFY(session.paused());
        session.endQuarantine("ann", {});
    });
    for (int i = 0; i < 4; ++i) {
        m_bed->clock.advance(2s);
        m_bed->settle();
    }
    QVERIFY(told(3));
}

void SessionTest::a_session_on_hold_ends_like_any_other()
{
    ByteClient client = m_bed->entered();
    m_bed->withSession([](Session& session) { session.hold(); });
    QVERIFY(client.close(4000)); // unread
    m_bed->withSession([](Session& session) { session.end({{Reason::UpstreamLost, {}, {}, {}}, 1014, "gone", {}}); });
    QCOMPARE(client.closing().code, 1014);
    QVERIFY(client.ends()); // since the client's own Close was read
}

void SessionTest::a_peer_that_resets_while_on_hold_is_gone()
{
    ByteClient client = m_bed->entered();
    m_bed->withSession([](Session& session) { session.hold(); });
    client.reset();
    QVERIFY(eventually([this] { return m_bed->empty(); }));
    QCOMPARE(m_bed->seen().closed.at(0)->why.reason, Reason::PeerAbort);
}

void SessionTest::the_lifetime_goes_on_while_on_hold()
{
    m_bed->worker->stop();
    start([](Policy& policy) { policy.routes[0].sessionLifetime = 60s; });
    ByteClient client = m_bed->entered();
    m_bed->withSession([](Session& session) { session.hold(); });
    m_bed->clock.advance(61s);
    QCOMPARE(client.closing().code, 4408);
}

void SessionTest::parts_are_frames_of_one_message()
{
    ByteClient client = m_bed->entered();
    m_bed->withSession([](Session& session) {
        session.sendPart(wire::Opcode::Binary, bytesOf("one "), true, false);
        session.sendPart(wire::Opcode::Binary, {}, false, false);
        session.sendPart(wire::Opcode::Binary, bytesOf("message"), false, true);
        session.sendPart(wire::Opcode::Text, bytesOf("whole"), true, true);
        QCOMPARE(session.activity().messagesOut, 2u);
        QCOMPARE(session.activity().bytesOut, 16u);
    });
    QCOMPARE(client.receive(), asText(wire::encodeFrame(wire::Opcode::Binary, bytesOf("one "))).replace(0, 1, "\x02") +
                                   std::string("\x00\x00", 2) + "\x80\x07message\x81\x05whole");
}

void SessionTest::a_message_that_begins_in_quarantine_is_dropped_whole()
{
    ByteClient client = m_bed->entered();
    m_bed->withSession([](Session& session) {
        session.sendPart(wire::Opcode::Text, bytesOf("to"), true, false);
        session.quarantine({{}, "ann", {}});
        session.sendPart(wire::Opcode::Text, bytesOf(" the end"), false, true);
        session.sendPart(wire::Opcode::Text, bytesOf("not"), true, false);
        session.endQuarantine("ann", {});
        session.sendPart(wire::Opcode::Text, bytesOf(" this"), false, true);
        session.sendPart(wire::Opcode::Text, bytesOf("but this"), true, true);
        QCOMPARE(session.activity().dropped, 1u);
    });
    QCOMPARE(client.next().payload, std::string("to the end"));
    QCOMPARE(client.next().payload, std::string("but this"));
}

void SessionTest::parts_make_the_message_however_it_was_cut()
{
    m_bed->script.parts = true;
    ByteClient client = m_bed->entered();
    const std::string cut = rawFrame(0x01, "one ") + rawFrame(0x89, "ping") + rawFrame(0x00, "") +
                            rawFrame(0x80, "message") + rawFrame(0x81, "another");
    for (const char byte : cut) {
        QVERIFY(client.send(std::string(1, byte)));
        m_bed->settle();
    }
    QVERIFY(told(2));
    const std::size_t before = m_bed->seen().parts;
    QVERIFY(before >= 3);
    const std::string large(50'000, 'x');
    const std::string frame = rawFrame(0x81, large);
    QVERIFY(client.send(frame.substr(0, 40'000)));
    QVERIFY(eventually([&] { return m_bed->seen().parts == before + 2; })); // before it is whole
    QVERIFY(client.send(frame.substr(40'000)));
    QVERIFY(told(3));
    const Seen seen = m_bed->seen();
    QCOMPARE(seen.messages, (std::vector<std::string>{"one message", "another", large}));
    m_bed->withSession([&](Session& session) {
        QCOMPARE(session.activity().messagesIn, 3u);
        QCOMPARE(session.activity().bytesIn, 18 + large.size());
    });
}

void SessionTest::a_message_refused_at_its_first_part_is_swallowed()
{
    m_bed->worker->stop();
    start([](Policy& policy) {
        policy.routes[0].messages.rate = Rate{1, 1s, 1};
        policy.routes[0].messages.onExcess = OnExcess::Drop;
    });
    m_bed->script.parts = true;
    ByteClient client = m_bed->entered();
    QVERIFY(client.send(rawFrame(0x01, "taken ")));
    m_bed->settle();
    QVERIFY(client.send(rawFrame(0x80, "whole") + rawFrame(0x01, "not ")));
    QVERIFY(told(1));
    m_bed->clock.advance(5s); // there is room again: not for the rest of what was refused
    m_bed->settle();
    QVERIFY(client.send(rawFrame(0x80, "this") + rawFrame(0x81, "but this")));
    QVERIFY(told(2));
    QCOMPARE(m_bed->seen().messages, (std::vector<std::string>{"taken whole", "but this"}));
    QCOMPARE(m_bed->refused(Reason::RateSession), 1u);
}

void SessionTest::room_is_told_of_once()
{
    ByteClient client = m_bed->entered();
    const std::string half(600U << 10U, 'x'); // of 1 MiB
    m_bed->withSession([&](Session& session) {
        session.sendPart(wire::Opcode::Text, bytesOf(half.substr(0, 1000)), true, true);
        QVERIFY(!session.congested());
        session.sendPart(wire::Opcode::Text, bytesOf(half), true, true);
        QVERIFY(session.congested());
        session.sendPart(wire::Opcode::Text, bytesOf(half.substr(0, 200000)), true, true);
        QVERIFY(session.congested());
    });
    std::size_t got = 0;
    while (got < half.size() + 201000) {
        const std::string bytes = client.receive();
        QVERIFY(!bytes.empty());
        got += bytes.size();
    }
    QVERIFY(eventually([this] { return m_bed->seen().roomAgain == 1; }));
    m_bed->withSession([](Session& session) { QVERIFY(!session.congested()); });
    m_bed->settle();
    QCOMPARE(m_bed->seen().roomAgain, std::size_t{1});
}

void SessionTest::quarantine_is_told_when_it_begins_and_ends()
{
    ByteClient client = m_bed->entered();
    m_bed->withSession([](Session& session) {
        session.quarantine({{}, "ann", {}});
        session.quarantine({1s, "ann", {}}); // replaces it
    });
    QCOMPARE(m_bed->seen().withheld, std::vector<bool>{true});
    m_bed->clock.advance(1100ms);
    QVERIFY(eventually([this] { return m_bed->seen().withheld == std::vector<bool>{true, false}; }));
}

void SessionTest::the_handler_sees_how_a_session_ends()
{
    ByteClient client = m_bed->entered();
    QVERIFY(client.close(4321, "enough"));
    QVERIFY(eventually([this] { return m_bed->seen().closed.size() == 1; }));
    const Ending ending = m_bed->seen().closed[0].value();
    QCOMPARE(ending.why.reason, Reason::PeerClosed);
    QCOMPARE(ending.code, std::optional<std::uint16_t>(4321));
}

void SessionTest::parts_are_not_asked_for_where_the_policy_needs_the_whole_data()
{
    QTest::addColumn<int>("rule");
    QTest::newRow("a schema") << 0;
    QTest::newRow("a rate of bytes that refuses") << 1;
}

void SessionTest::parts_are_not_asked_for_where_the_policy_needs_the_whole()
{
    QFETCH(int, rule);
    m_bed->worker->stop();
    start([rule](Policy& policy) {
        Messages& messages = policy.routes[0].messages;
        if (rule == 0) {
            messages.schema = SchemaFile{};
            messages.onViolation = OnViolation::Report;
        } else {
            messages.bytes = Rate{1000, 1s, 1000};
        }
    });
    m_bed->script.parts = true;
    ByteClient client = m_bed->entered();
    QVERIFY(client.send(rawFrame(0x01, "in ")));
    m_bed->settle();
    QVERIFY(client.send(rawFrame(0x80, "two")));
    QVERIFY(told(1));
    QCOMPARE(m_bed->seen().messages[0], std::string("in two"));
    QCOMPARE(m_bed->seen().parts, std::size_t{0});
}

QTEST_GUILESS_MAIN(SessionTest)
#include "sessiontest.moc"
