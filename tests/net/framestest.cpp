// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decide.h"
#include "testserver.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using wire::Opcode;

Q_DECLARE_METATYPE(gatehouse::Reason)

namespace {

UpgradeOptions at(const std::string& path)
{
    UpgradeOptions options;
    options.path = path;
    return options;
}

/// A masked frame header with any announced length in 8 bytes, and no payload.
std::string longHeader(unsigned firstByte, std::uint64_t length)
{
    std::string bytes{static_cast<char>(firstByte), static_cast<char>(0xff)};
    for (int shift = 56; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<char>(length >> shift & 0xff));
    return bytes + std::string(4, '\0');
}

std::string closePayload(unsigned code, const std::string& reason = {})
{
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason;
}

} // namespace

class FramesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void bytes_end_the_session_data();
    void bytes_end_the_session();
    void bytes_are_accepted_data();
    void bytes_are_accepted();
    void close_codes_that_may_be_sent_are_answered();
    void bad_utf8_ends_it_at_the_first_bad_byte();
    void code_points_split_at_every_byte_with_pings_between_are_accepted();
    void too_big_reaches_a_client_that_goes_on_sending_data();
    void too_big_reaches_a_client_that_goes_on_sending();
    void an_announced_length_allocates_nothing();
    void an_unfinished_message_ends_at_its_deadline();
    void a_message_that_trickles_ends_at_the_same_deadline();
    void a_ping_flood_from_a_client_that_never_reads_ends_it();
    void a_route_has_its_own_rate_of_control_frames();
    void a_close_that_is_never_answered_is_freed_at_the_deadline();
    void a_client_that_never_reads_is_freed_at_the_deadline();
    void the_end_in_the_middle_of_a_frame_is_recorded_as_1006_data();
    void the_end_in_the_middle_of_a_frame_is_recorded_as_1006();
    void a_half_closed_peer_still_gets_the_answer_to_its_close();

private:
    [[nodiscard]] ByteClient open(const std::string& path) const
    {
        ByteClient client = m_server->plain();
        if (client.upgrade(at(path)).status != 101)
            throw std::runtime_error("not let in");
        return client;
    }
    std::unique_ptr<TestServer> m_server;
};

void FramesTest::initTestCase()
{
    m_server = std::make_unique<TestServer>([](nlohmann::json& policy) {
        nlohmann::json strict = policy["routes"][1];
        strict["name"] = "strict";
        strict["path"] = "/strict";
        strict["messages"] = {{"types", {"text"}}, {"max_size", "1KiB"}, {"max_fragments", 8}, {"rate", "off"}};
        policy["routes"].push_back(strict);
    });
}

void FramesTest::cleanupTestCase()
{
    m_server.reset();
}

void FramesTest::bytes_end_the_session_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<int>("code");
    QTest::addColumn<Reason>("reason");
    const auto row = [](const char* name, std::string bytes, int code, Reason reason) {
        QTest::newRow(name) << std::move(bytes) << code << reason;
    };
    row("47 unmasked", rawFrame(0x81, "x", false), 1002, Reason::Unmasked);
    row("47 unmasked ping", rawFrame(0x89, "x", false), 1002, Reason::Unmasked);
    row("49 RSV1", rawFrame(0xc1, "x"), 1002, Reason::Rsv);
    row("49 RSV2", rawFrame(0xa1, "x"), 1002, Reason::Rsv);
    row("49 RSV3", rawFrame(0x91, "x"), 1002, Reason::Rsv);
    for (const unsigned opcode : {0x3U, 0x4U, 0x5U, 0x6U, 0x7U, 0xbU, 0xcU, 0xdU, 0xeU, 0xfU})
        row(("49 opcode " + std::to_string(opcode)).c_str(), rawFrame(0x80 | opcode, "x"), 1002, Reason::Opcode);
    row("50 control of 126 bytes", rawFrame(0x89, std::string(126, 'x')), 1002, Reason::Control);
    row("50 fragmented control", rawFrame(0x09, "x"), 1002, Reason::Control);
    row("51 126 for 5 bytes", std::string("\x81\xfe\x00\x05\0\0\0\0hello", 13), 1002, Reason::Length);
    row("51 127 for 300 bytes", longHeader(0x81, 300), 1002, Reason::Length);
    row("51 top bit", longHeader(0x82, std::uint64_t{1} << 63), 1002, Reason::Length);
    row("52 2^63-1", longHeader(0x82, (std::uint64_t{1} << 63) - 1), 1009, Reason::TooBig);
    row("52 2^32+5", longHeader(0x82, (std::uint64_t{1} << 32) + 5), 1009, Reason::TooBig);
    row("54 continuation without a start", rawFrame(0x80, "x"), 1002, Reason::Fragmentation);
    row("54 new data inside a message", rawFrame(0x01, "x") + rawFrame(0x81, "y"), 1002, Reason::Fragmentation);
    row("55 overlong", rawFrame(0x81, "\xc0\xaf"), 1007, Reason::Utf8);
    row("55 surrogate", rawFrame(0x81, "\xed\xa0\x80"), 1007, Reason::Utf8);
    row("55 cut at the end", rawFrame(0x81, "a\xe2\x82"), 1007, Reason::Utf8);
    std::string empties = rawFrame(0x01, "");
    for (int i = 0; i < 200; ++i)
        empties += rawFrame(0x00, "");
    row("57 empty fragments", empties, 1008, Reason::Fragments);
    row("60 Close of 1 byte", rawFrame(0x88, "x"), 1002, Reason::ClosePayload);
    for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 2999U, 5000U})
        row(("60 Close " + std::to_string(code)).c_str(), rawFrame(0x88, closePayload(code)), 1002,
            Reason::ClosePayload);
    row("60 Close with bad UTF-8", rawFrame(0x88, closePayload(1000, "\xff")), 1007, Reason::Utf8);
    row("63 binary on a text route", rawFrame(0x82, "x"), 1003, Reason::Type);
}

void FramesTest::bytes_end_the_session()
{
    QFETCH(std::string, bytes);
    QFETCH(int, code);
    QFETCH(Reason, reason);
    const std::uint64_t before = m_server->refused(reason);
    ByteClient client = open("/strict");
    QVERIFY(client.send(bytes));
    const Incoming end = client.closing();
    QCOMPARE(end.kind, Incoming::Kind::Close);
    QCOMPARE(static_cast<int>(end.code), code);
    QCOMPARE(end.payload, std::string(reasonWord(reason)));
    QVERIFY(client.ends());
    QVERIFY(!client.wasReset());
    QCOMPARE(m_server->refused(reason), before + 1);
    const auto records = m_server->audit(AuditKind::Close, reason);
    QVERIFY(!records.empty());
    QCOMPARE(records[0].code, static_cast<std::uint16_t>(code));
    QCOMPARE(records[0].route, std::string("strict"));
}

void FramesTest::bytes_are_accepted_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<std::string>("echoed");
    QTest::newRow("48 mask key 0") << asText(wire::encodeFrame(Opcode::Text, std::as_bytes(std::span("zero", 4)), 0))
                                   << std::string("zero");
    QTest::newRow("53 exactly the maximum") << rawFrame(0x81, std::string(1024, 'x')) << std::string(1024, 'x');
    QTest::newRow("57 as many fragments as allowed")
        << rawFrame(0x01, "a") + rawFrame(0, "b") + rawFrame(0, "c") + rawFrame(0, "d") + rawFrame(0, "e") +
               rawFrame(0, "f") + rawFrame(0, "g") + rawFrame(0x80, "h")
        << std::string("abcdefgh");
    QTest::newRow("empty") << rawFrame(0x81, "") << std::string();
}

void FramesTest::bytes_are_accepted()
{
    QFETCH(std::string, bytes);
    QFETCH(std::string, echoed);
    ByteClient client = open("/strict");
    QVERIFY(client.send(bytes));
    const Incoming got = client.next();
    QCOMPARE(got.kind, Incoming::Kind::Message);
    QCOMPARE(got.payload, echoed);
}

void FramesTest::close_codes_that_may_be_sent_are_answered() // row 60
{
    for (const std::uint16_t code :
         std::initializer_list<std::uint16_t>{1000, 1001, 1003, 1007, 1011, 1014, 3000, 4999}) {
        ByteClient client = open("/echo");
        QVERIFY(client.send(rawFrame(0x88, closePayload(code, "bye"))));
        const Incoming end = client.closing();
        QCOMPARE(end.kind, Incoming::Kind::Close);
        QCOMPARE(end.code, code);
        QVERIFY(client.ends());
    }
    ByteClient client = open("/echo");
    QVERIFY(client.close(std::nullopt));
    QCOMPARE(client.closing().code, 1005);
    const auto records = m_server->audit(AuditKind::Close, Reason::PeerClosed);
    QCOMPARE(records[0].code, 1005);
    QCOMPARE(records[1].code, 4999);
}

void FramesTest::bad_utf8_ends_it_at_the_first_bad_byte() // row 55
{
    ByteClient client = open("/echo");
    QVERIFY(client.send(rawFrame(0x81, std::string(1000, 'x')).substr(0, 20) + "\xff"));
    QCOMPARE(client.closing().code, 1007); // although most of the frame is still to come
}

void FramesTest::code_points_split_at_every_byte_with_pings_between_are_accepted() // row 56
{
    const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92";
    ByteClient client = open("/echo");
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bytes += rawFrame((i == 0 ? 0x01U : 0x00U) | (i + 1 == text.size() ? 0x80U : 0U), text.substr(i, 1));
        bytes += rawFrame(0x89, std::to_string(i));
    }
    QVERIFY(client.send(bytes));
    std::size_t pongs = 0;
    for (;;) {
        const Incoming got = client.next();
        if (got.kind == Incoming::Kind::Message) {
            QCOMPARE(got.payload, text);
            break;
        }
        QCOMPARE(got.kind, Incoming::Kind::Pong);
        QCOMPARE(got.payload, std::to_string(pongs++));
    }
    QCOMPARE(pongs, text.size() - 1);
}

void FramesTest::too_big_reaches_a_client_that_goes_on_sending_data()
{
    QTest::addColumn<bool>("tls");
    QTest::newRow("plain") << false;
    QTest::newRow("TLS") << true;
}

void FramesTest::too_big_reaches_a_client_that_goes_on_sending() // row 53
{
    QFETCH(bool, tls);
    ByteClient client = tls ? m_server->tls() : m_server->plain();
    QCOMPARE(client.upgrade(at("/strict")).status, 101);
    QVERIFY(client.send(rawFrame(0x81, std::string(1025, 'x'))));
    const std::string more = rawFrame(0x82, std::string(60000, 'y'));
    for (int i = 0; i < 64; ++i)
        QVERIFY(client.send(more));
    const Incoming end = client.closing();
    QCOMPARE(end.kind, Incoming::Kind::Close);
    QCOMPARE(end.code, 1009);
    QVERIFY(client.ends());
    QVERIFY(!client.wasReset());
}

void FramesTest::an_announced_length_allocates_nothing() // row 52: bytes are kept as they come, not as they are
                                                         // announced
{
    TestServer server([](nlohmann::json& policy) {
        policy["routes"][1]["messages"]["max_size"] = "1GiB";
        policy["routes"][1]["send_buffer"] = "2GiB";
    });
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade({}).status, 101);
    QVERIFY(client.send(longHeader(0x82, std::uint64_t{1} << 30) + "abc"));
    QVERIFY(client.frame(Opcode::Binary, "still inside"));
    QCOMPARE(server.sessions().size(), 1u);
}

void FramesTest::an_unfinished_message_ends_at_its_deadline() // row 58
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["routes"][1]["ping"] = "off"; }, &clock);
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade({}).status, 101);
    QVERIFY(client.text("a whole one starts no deadline"));
    QCOMPARE(client.next().kind, Incoming::Kind::Message);
    clock.advance(60s);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    QVERIFY(client.send(rawFrame(0x81, "hello").substr(0, 3)));
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(9900ms);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(200ms);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 1008);
    QCOMPARE(end.payload, std::string("msg_timeout"));
    QCOMPARE(server.audit(AuditKind::Close, Reason::MsgTimeout).size(), 1u);
}

void FramesTest::a_message_that_trickles_ends_at_the_same_deadline() // row 58
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["routes"][1]["ping"] = "off"; }, &clock);
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade({}).status, 101);
    const std::string bytes = rawFrame(0x81, "hello");
    for (std::size_t i = 0; i < 3; ++i) {
        QVERIFY(client.send(bytes.substr(i, 1)));
        QCOMPARE(client.next(100ms).kind, Incoming::Kind::Nothing);
        clock.advance(4s);
    }
    QCOMPARE(client.closing().payload, std::string("msg_timeout"));
}

void FramesTest::a_ping_flood_from_a_client_that_never_reads_ends_it() // row 59
{
    const std::uint64_t before = m_server->refused(Reason::ControlRate);
    for (const Opcode opcode : {Opcode::Ping, Opcode::Pong}) {
        ByteClient client = open("/echo");
        std::string flood;
        for (int i = 0; i < 5000; ++i)
            flood += asText(wire::encodeFrame(opcode, std::as_bytes(std::span("0123456789", 10)), 9));
        client.send(flood);
        const Incoming end = client.closing();
        QCOMPARE(end.code, 1008);
        QCOMPARE(end.payload, std::string("control_rate"));
        QVERIFY(m_server->info().stats.backlog < 65536);
    }
    QCOMPARE(m_server->refused(Reason::ControlRate), before + 2);
}

void FramesTest::a_route_has_its_own_rate_of_control_frames() // row 59
{
    TestServer server([](nlohmann::json& policy) {
        policy["routes"][1]["control_frames"] = {{"count", 1}, {"per", "1h"}, {"burst", 3}};
    });
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade({}).status, 101);
    for (const char* payload : {"a", "b", "c"}) {
        QVERIFY(client.frame(Opcode::Ping, payload));
        QCOMPARE(client.next().payload, std::string(payload));
    }
    QVERIFY(client.frame(Opcode::Pong, "d"));
    QCOMPARE(client.closing().code, 1008);
    const auto records = server.audit(AuditKind::Close, Reason::ControlRate);
    QCOMPARE(records.size(), std::size_t(1));
    QCOMPARE(records[0].decision.rule.pointer, std::string("/routes/1/control_frames"));
    QCOMPARE(records[0].decision.limit, describeRate(*server.policy().routes[1].controlFrames));
}

void FramesTest::a_close_that_is_never_answered_is_freed_at_the_deadline() // row 61
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade({}).status, 101);
    KickCommand kick;
    kick.sessions = {server.sessions()[0].info->id};
    kick.cooldown.reset();
    QVERIFY(server.call(kick).ok());
    QCOMPARE(client.closing().code, 4403);
    QCOMPARE(server.sessions().size(), 1u);
    QCOMPARE(server.sessions()[0].activity.phase, SessionPhase::Closing);
    clock.advance(2900ms);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(200ms);
    QVERIFY(client.ends());
    QTRY_COMPARE(server.sessions().size(), 0u);
    QCOMPARE(server.audit(AuditKind::Close, Reason::CloseTimeout).size(), 1u);
    QCOMPARE(server.info().stats.sessions, 0u);
}

void FramesTest::a_client_that_never_reads_is_freed_at_the_deadline() // row 61
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    ByteClient client = server.plain(small);
    QCOMPARE(client.upgrade({}).status, 101);
    const std::string large(60000, 'x');
    while (server.info().stats.backlog == 0)
        QVERIFY(client.frame(Opcode::Binary, large));
    KickCommand kick;
    kick.sessions = {server.sessions()[0].info->id};
    kick.cooldown.reset();
    QVERIFY(server.call(kick).ok());
    clock.advance(3100ms);
    QTRY_COMPARE(server.sessions().size(), 0u);
    QCOMPARE(server.info().stats.backlog, 0u);
    QCOMPARE(server.audit(AuditKind::Close, Reason::CloseTimeout).size(), 1u);
}

void FramesTest::the_end_in_the_middle_of_a_frame_is_recorded_as_1006_data()
{
    QTest::addColumn<bool>("tls");
    QTest::addColumn<bool>("reset");
    QTest::newRow("FIN") << false << false;
    QTest::newRow("RST") << false << true;
    QTest::newRow("TLS, FIN") << true << false;
    QTest::newRow("TLS, RST") << true << true;
}

void FramesTest::the_end_in_the_middle_of_a_frame_is_recorded_as_1006() // row 62
{
    QFETCH(bool, tls);
    QFETCH(bool, reset);
    const std::size_t before = m_server->audit(AuditKind::Close, Reason::PeerAbort).size();
    ByteClient client = tls ? m_server->tls() : m_server->plain();
    QCOMPARE(client.upgrade({}).status, 101);
    QVERIFY(client.send(rawFrame(0x81, "hello").substr(0, 8)));
    if (reset)
        client.reset();
    else
        client.disconnect();
    QTRY_COMPARE(m_server->audit(AuditKind::Close, Reason::PeerAbort).size(), before + 1);
    QCOMPARE(m_server->audit(AuditKind::Close, Reason::PeerAbort)[0].code, 1006);
}

void FramesTest::a_half_closed_peer_still_gets_the_answer_to_its_close()
{
    for (const bool tls : {false, true}) {
        ByteClient client = tls ? m_server->tls() : m_server->plain();
        QCOMPARE(client.upgrade({}).status, 101);
        QVERIFY(client.text("last words"));
        QVERIFY(client.close(1001));
        client.shutdownWrite();
        QCOMPARE(client.next().payload, std::string("last words"));
        QCOMPARE(client.closing().code, 1001);
        QVERIFY(client.ends());
        QVERIFY(!client.wasReset());
    }
}

QTEST_GUILESS_MAIN(FramesTest)
#include "framestest.moc"
