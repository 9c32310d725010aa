// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decide.h"
#include "trace.h"

#include <QTest>

#include <algorithm>

using namespace gatehouse;
using namespace gatehouse::test;
using wire::Opcode;

namespace {

std::string fragments(int count, const std::string& payload)
{
    std::string bytes = rawFrame(0x01, payload);
    for (int i = 1; i < count; ++i)
        bytes += rawFrame(0x00, payload);
    return bytes;
}

void kickAll(const TestServer& server)
{
    KickCommand kick;
    for (const SessionRow& row : server.sessions())
        kick.sessions.push_back(row.info->id);
    kick.cooldown.reset();
    QVERIFY(server.call(kick).ok());
}

/// The records of the address after a kick whose Close was not answered; newest first.
void compareCloseTimeout(const TestServer& server, const FaultTrace& trace)
{
    AuditQuery query;
    query.address = trace.address();
    const auto records = server.audit(query);
    std::vector<std::tuple<AuditKind, Reason, int>> said;
    for (const AuditRecord& record : records)
        said.emplace_back(record.kind, record.decision.reason, record.code);
    QCOMPARE(said.size(), 4u);
    QVERIFY(said[0] == std::tuple(AuditKind::Close, Reason::CloseTimeout, 1006));
    QVERIFY(std::ranges::find(said, std::tuple(AuditKind::Close, Reason::Kicked, 4403)) != said.end());
    QVERIFY(said[3] == std::tuple(AuditKind::Open, Reason::None, 101));
    QCOMPARE(server.info().stats.backlog, 0u);
    QCOMPARE(server.info().stats.sessions, 0u);
}

} // namespace

/// What a session must give whose peer floods, trickles, falls silent or leaves.
class PeerFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data();
    void initTestCase();
    void cleanupTestCase();
    void fragments_for_a_message_without_an_end_data();
    void fragments_for_a_message_without_an_end();
    void msg_timeout_for_three_bytes_then_silence();
    void msg_timeout_for_a_byte_every_four_seconds();
    void no_timeout_for_control_frames_that_are_always_cut();
    void control_rate_for_a_flood_from_a_client_that_never_reads_data();
    void control_rate_for_a_flood_from_a_client_that_never_reads();
    void control_rate_as_the_route_says();
    void close_timeout_for_a_peer_that_never_answers();
    void close_timeout_for_a_peer_that_never_reads();
    void peer_abort_in_the_middle_of_a_frame_data();
    void peer_abort_in_the_middle_of_a_frame();

private:
    [[nodiscard]] static ByteClient opened(const TestServer& server, const ByteClient::Options& from);
    std::unique_ptr<TestServer> m_server;
};

void PeerFaultsTest::initTestCase_data()
{
    QTest::addColumn<bool>("tls");
    QTest::newRow("ws") << false;
    QTest::newRow("wss") << true;
}

void PeerFaultsTest::initTestCase()
{
    m_server = std::make_unique<TestServer>();
}

void PeerFaultsTest::cleanupTestCase()
{
    m_server.reset();
}

ByteClient PeerFaultsTest::opened(const TestServer& server, const ByteClient::Options& from)
{
    QFETCH_GLOBAL(bool, tls);
    ByteClient client = tls ? server.tls(from) : server.plain(from);
    if (client.upgrade({}).status != 101)
        throw std::runtime_error("not let in");
    return client;
}

void PeerFaultsTest::fragments_for_a_message_without_an_end_data()
{
    QTest::addColumn<std::string>("payload");
    QTest::newRow("131,072 of 0 bytes") << std::string();
    QTest::newRow("131,072 of 1 byte") << std::string("x");
}

void PeerFaultsTest::fragments_for_a_message_without_an_end() // row 57
{
    QFETCH(std::string, payload);
    const FaultTrace trace(*m_server);
    ByteClient client = opened(*m_server, trace.source());
    QVERIFY(client.send(fragments(131'072, payload)));
    const Incoming end = client.next();
    QCOMPARE(end.code, 1008);
    QCOMPARE(end.payload, std::string("fragments"));
    QVERIFY(client.ends());
    QVERIFY(!client.wasReset());
    COMPARE_TRACE(trace.closed(Reason::Fragments, 1008, "echo"));
}

void PeerFaultsTest::msg_timeout_for_three_bytes_then_silence() // row 58
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["routes"][1]["ping"] = "off"; }, &clock);
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source());
    QVERIFY(client.text("a whole one starts no deadline"));
    QCOMPARE(client.next().kind, Incoming::Kind::Message);
    clock.advance(60s);
    QCOMPARE(client.next(100ms).kind, Incoming::Kind::Nothing);
    QVERIFY(client.send(rawFrame(0x81, "hello").substr(0, 3)));
    QCOMPARE(client.next(100ms).kind, Incoming::Kind::Nothing);
    clock.advance(9900ms);
    QCOMPARE(client.next(100ms).kind, Incoming::Kind::Nothing);
    clock.advance(200ms);
    const Incoming end = client.next();
    QCOMPARE(end.code, 1008);
    QCOMPARE(end.payload, std::string("msg_timeout"));
    COMPARE_TRACE(trace.closed(Reason::MsgTimeout, 1008, "echo"));
}

void PeerFaultsTest::msg_timeout_for_a_byte_every_four_seconds() // row 58
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["routes"][1]["ping"] = "off"; }, &clock);
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source());
    const std::string bytes = rawFrame(0x81, "hello");
    for (std::size_t i = 0; i < 3; ++i) {
        QVERIFY(client.send(bytes.substr(i, 1)));
        QCOMPARE(client.next(100ms).kind, Incoming::Kind::Nothing);
        clock.advance(4s);
    }
    QCOMPARE(client.next().payload, std::string("msg_timeout"));
    COMPARE_TRACE(trace.closed(Reason::MsgTimeout, 1008, "echo"));
}

void PeerFaultsTest::no_timeout_for_control_frames_that_are_always_cut() // each is whole within its time
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["routes"][1]["ping"] = "off"; }, &clock);
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source());
    const std::string ping = rawFrame(0x89, "ping");
    QVERIFY(client.send(ping.substr(0, 3)));
    for (int i = 0; i < 5; ++i) {
        QCOMPARE(client.next(50ms).kind, Incoming::Kind::Nothing);
        clock.advance(4s);
        QVERIFY(client.send(ping.substr(3) + ping.substr(0, 3)));
        QCOMPARE(client.next().kind, Incoming::Kind::Pong);
    }
    COMPARE_TRACE(trace.accepted());
}

void PeerFaultsTest::control_rate_for_a_flood_from_a_client_that_never_reads_data()
{
    QTest::addColumn<int>("opcode");
    QTest::newRow("pings") << static_cast<int>(Opcode::Ping);
    QTest::newRow("pongs") << static_cast<int>(Opcode::Pong);
}

void PeerFaultsTest::control_rate_for_a_flood_from_a_client_that_never_reads() // row 59
{
    QFETCH(int, opcode);
    const FaultTrace trace(*m_server);
    ByteClient::Options small = trace.source();
    small.receiveBuffer = 4096;
    ByteClient client = opened(*m_server, small);
    std::string flood;
    for (int i = 0; i < 20000; ++i)
        flood += rawFrame(0x80U | static_cast<unsigned>(opcode), std::string(100, 'p'));
    QVERIFY(client.send(flood));
    QVERIFY(m_server->info().stats.backlog < 65536);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 1008);
    QCOMPARE(end.payload, std::string("control_rate"));
    COMPARE_TRACE(trace.closed(Reason::ControlRate, 1008, "echo"));
}

void PeerFaultsTest::control_rate_as_the_route_says() // row 59
{
    TestServer server([](nlohmann::json& policy) {
        policy["routes"][1]["control_frames"] = {{"count", 1}, {"per", "1h"}, {"burst", 3}};
    });
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source());
    for (const char* payload : {"a", "b", "c"}) {
        QVERIFY(client.frame(Opcode::Ping, payload));
        QCOMPARE(client.next().payload, std::string(payload));
    }
    QVERIFY(client.frame(Opcode::Pong, "d"));
    QCOMPARE(client.closing().code, 1008);
    COMPARE_TRACE(trace.closed(Reason::ControlRate, 1008, "echo"));
    const auto records = server.audit(AuditKind::Close, Reason::ControlRate);
    QCOMPARE(records[0].decision.rule.pointer, std::string("/routes/1/control_frames"));
    QCOMPARE(records[0].decision.limit, describeRate(*server.policy().routes[1].controlFrames));
}

void PeerFaultsTest::close_timeout_for_a_peer_that_never_answers() // row 61
{
    ManualClock clock;
    TestServer server({}, &clock);
    const FaultTrace trace(server);
    ByteClient client = opened(server, trace.source());
    kickAll(server);
    QCOMPARE(client.closing().code, 4403);
    QCOMPARE(server.sessions().size(), 1u);
    QCOMPARE(server.sessions()[0].activity.phase, SessionPhase::Closing);
    clock.advance(2900ms);
    QCOMPARE(client.next(100ms).kind, Incoming::Kind::Nothing);
    clock.advance(200ms);
    QVERIFY(client.ends());
    QTRY_COMPARE(server.sessions().size(), 0u);
    compareCloseTimeout(server, trace);
}

void PeerFaultsTest::close_timeout_for_a_peer_that_never_reads() // row 61
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["routes"][1]["send_buffer"] = "64MiB"; }, &clock);
    const FaultTrace trace(server);
    ByteClient::Options small = trace.source();
    small.receiveBuffer = 4096;
    ByteClient client = opened(server, small);
    const std::string large(60000, 'x');
    while (server.info().stats.backlog == 0)
        QVERIFY(client.frame(Opcode::Binary, large));
    kickAll(server);
    clock.advance(3100ms);
    QTRY_COMPARE(server.sessions().size(), 0u);
    compareCloseTimeout(server, trace);
}

void PeerFaultsTest::peer_abort_in_the_middle_of_a_frame_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<bool>("reset");
    for (const bool reset : {false, true}) {
        const std::string how = reset ? ", RST" : ", FIN";
        QTest::newRow(("in a header" + how).c_str()) << rawFrame(0x81, "hello").substr(0, 1) << reset;
        QTest::newRow(("in a payload" + how).c_str()) << rawFrame(0x81, "hello").substr(0, 8) << reset;
        QTest::newRow(("between fragments" + how).c_str()) << rawFrame(0x01, "hello") << reset;
        QTest::newRow(("between messages" + how).c_str()) << std::string() << reset;
    }
}

void PeerFaultsTest::peer_abort_in_the_middle_of_a_frame() // row 62
{
    QFETCH(std::string, bytes);
    QFETCH(bool, reset);
    const FaultTrace trace(*m_server);
    ByteClient client = opened(*m_server, trace.source());
    QVERIFY(client.send(bytes));
    if (reset)
        client.reset();
    else
        client.disconnect();
    COMPARE_TRACE(trace.closed(Reason::PeerAbort, 1006, "echo", false));
    QTRY_COMPARE(m_server->info().stats.sessions, 0u);
}

QTEST_GUILESS_MAIN(PeerFaultsTest)
#include "peerfaultstest.moc"
