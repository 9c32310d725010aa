// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"

#include <QTest>

#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;

Q_DECLARE_METATYPE(gatehouse::Reason)

/// What goes through between a client and an application behind the gate, and how the end of one side is told to the
/// other.
class RelayTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void messages_of_any_form_arrive_whole_data();
    void messages_of_any_form_arrive_whole();
    void ten_thousand_messages_keep_their_order();
    void a_clients_close_goes_to_the_application_data();
    void a_clients_close_goes_to_the_application();
    void an_applications_close_goes_to_the_client_data();
    void an_applications_close_goes_to_the_client();
    void what_the_application_breaks_ends_the_session_data();
    void what_the_application_breaks_ends_the_session();
    void an_application_that_dies_is_1014_data();
    void an_application_that_dies_is_1014();
    void a_client_that_dies_ends_the_application();
    void a_kick_ends_both_sides();
    void a_client_that_does_not_read_stops_the_application();
    void an_application_that_does_not_read_stops_the_client();
    void an_application_that_does_not_answer_a_ping_is_1014();
    void an_application_that_never_closes_is_cut_off();
    void pings_stop_at_the_gate();
};

void RelayTest::messages_of_any_form_arrive_whole_data()
{
    QTest::addColumn<int>("opcode");
    QTest::addColumn<int>("size");
    QTest::addColumn<int>("fragments");
    QTest::addColumn<int>("chunk"); ///< bytes that are written at once; 0: all
    for (const int opcode : {1, 2}) {
        const QByteArray type = opcode == 1 ? "text" : "binary";
        QTest::newRow((type + ", empty").constData()) << opcode << 0 << 1 << 0;
        QTest::newRow((type + ", one byte").constData()) << opcode << 1 << 1 << 0;
        QTest::newRow((type + ", largest").constData()) << opcode << 65536 << 1 << 0;
        QTest::newRow((type + ", fragments").constData()) << opcode << 5000 << 7 << 0;
        QTest::newRow((type + ", fragments of nothing").constData()) << opcode << 3 << 10 << 0;
        QTest::newRow((type + ", byte by byte").constData()) << opcode << 300 << 3 << 1;
        QTest::newRow((type + ", larger than a part").constData()) << opcode << 60000 << 2 << 1000;
    }
}

void RelayTest::messages_of_any_form_arrive_whole()
{
    QFETCH(int, opcode);
    QFETCH(int, size);
    QFETCH(int, fragments);
    QFETCH(int, chunk);
    std::string payload;
    while (payload.size() < std::size_t(size))
        payload += opcode == 1 ? "J\xc3\xb6rg " : std::string("\0\xff\x80", 3);
    payload.resize(std::size_t(size), 'x');
    if (opcode == 1 && !payload.empty() && payload.back() == '\xc3')
        payload.back() = 'x';
    GatewayDesk desk;
    auto pair = desk.open();
    const auto say = [&](ByteClient& from, bool masked) {
        std::string bytes;
        const std::size_t share = payload.size() / std::size_t(fragments);
        for (int i = 0; i < fragments; ++i) {
            const bool last = i + 1 == fragments;
            const std::string part =
                last ? payload.substr(share * std::size_t(i)) : payload.substr(share * std::size_t(i), share);
            bytes += rawFrame((last ? 0x80U : 0U) | (i == 0 ? unsigned(opcode) : 0U), part, masked);
        }
        const std::size_t step = chunk > 0 ? std::size_t(chunk) : bytes.size();
        for (std::size_t at = 0; at < bytes.size(); at += step)
            QVERIFY(from.send(bytes.substr(at, step)));
    };
    const auto hear = [&](ByteClient& at) {
        const Incoming heard = at.nextData();
        QCOMPARE(heard.kind, Incoming::Kind::Message);
        QCOMPARE(int(heard.type), opcode);
        QVERIFY(heard.payload == payload);
    };
    say(pair.client, true);
    hear(pair.peer);
    say(pair.peer, false);
    hear(pair.client);
}

void RelayTest::ten_thousand_messages_keep_their_order()
{
    GatewayDesk desk;
    auto pair = desk.open();
    constexpr int count = 10'000;
    const auto talk = [](ByteClient& self) {
        for (int i = 0; i < count; ++i)
            if (!self.text(std::to_string(i) + std::string(std::size_t(i % 50), '.')))
                return;
    };
    const auto listen = [](ByteClient& self) {
        for (int i = 0; i < count; ++i) {
            const Incoming heard = self.nextData();
            if (heard.kind != Incoming::Kind::Message || std::atoi(heard.payload.c_str()) != i)
                return i;
        }
        return count;
    };
    int heard = 0;
    std::thread application([&] { // first all of the client's, then as many of its own
        heard = listen(pair.peer);
        talk(pair.peer);
    });
    talk(pair.client);
    const int back = listen(pair.client);
    application.join();
    QCOMPARE(heard, count);
    QCOMPARE(back, count);
}

void RelayTest::a_clients_close_goes_to_the_application_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("reason");
    QTest::newRow("1000") << 1000 << QByteArray();
    QTest::newRow("1000, why") << 1000 << QByteArray("done");
    QTest::newRow("empty") << 1005 << QByteArray();
    QTest::newRow("3000") << 3000 << QByteArray("J\xc3\xb6rg");
    QTest::newRow("4999") << 4999 << QByteArray(123, 'x');
}

void RelayTest::a_clients_close_goes_to_the_application()
{
    QFETCH(int, code);
    QFETCH(QByteArray, reason);
    GatewayDesk desk;
    auto pair = desk.open();
    QVERIFY(pair.client.close(code == 1005 ? std::nullopt : std::optional(std::uint16_t(code)), reason.toStdString()));
    const Incoming heard = pair.peer.closing();
    QCOMPARE(heard.kind, Incoming::Kind::Close);
    QCOMPARE(int(heard.code), code);
    QCOMPARE(heard.payload, reason.toStdString());
    QCOMPARE(int(pair.client.closing().code), code);
    QVERIFY(pair.peer.close(code == 1005 ? std::nullopt : std::optional(std::uint16_t(code))));
    QVERIFY(pair.peer.ends());
}

void RelayTest::an_applications_close_goes_to_the_client_data()
{
    a_clients_close_goes_to_the_application_data();
}

void RelayTest::an_applications_close_goes_to_the_client()
{
    QFETCH(int, code);
    QFETCH(QByteArray, reason);
    GatewayDesk desk;
    auto pair = desk.open();
    QVERIFY(pair.peer.close(code == 1005 ? std::nullopt : std::optional(std::uint16_t(code)), reason.toStdString()));
    const Incoming heard = pair.client.closing();
    QCOMPARE(heard.kind, Incoming::Kind::Close);
    QCOMPARE(int(heard.code), code);
    QCOMPARE(heard.payload, reason.toStdString());
    QCOMPARE(int(pair.peer.closing().code), code); // its own, as RFC 6455 has it
    QVERIFY(pair.peer.ends());
    QVERIFY(eventually([&] { return desk.server.audit(AuditKind::Close, Reason::UpstreamClosed).size() == 1; }));
    const AuditRecord record = desk.server.audit(AuditKind::Close, Reason::UpstreamClosed).front();
    QCOMPARE(int(record.code), code);
    QCOMPARE(record.decision.limit, desk.upstream.url());
}

void RelayTest::what_the_application_breaks_ends_the_session_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<Reason>("reason");
    QTest::addColumn<QByteArray>("met");
    QTest::addColumn<int>("told"); ///< the code that the application is told
    const auto row = [](const char* name, const std::string& bytes, Reason reason, const char* met, int told) {
        QTest::newRow(name) << QByteArray::fromStdString(bytes) << reason << QByteArray(met) << told;
    };
    const Reason wire = Reason::UpstreamProtocol;
    const Reason policy = Reason::UpstreamMessage;
    row("masked", rawFrame(0x81, "hi", true), wire, "unmasked", 1002);
    row("bad UTF-8", rawFrame(0x81, "a\xff", false), wire, "utf8", 1007);
    row("cut UTF-8", rawFrame(0x81, "\xc3", false), wire, "utf8", 1007);
    row("RSV1", rawFrame(0xc1, "hi", false), wire, "rsv", 1002);
    row("RSV3", rawFrame(0x91, "hi", false), wire, "rsv", 1002);
    row("opcode 3", rawFrame(0x83, "hi", false), wire, "opcode", 1002);
    row("opcode 15", rawFrame(0x8f, "hi", false), wire, "opcode", 1002);
    row("continuation of nothing", rawFrame(0x80, "hi", false), wire, "fragmentation", 1002);
    row("a start within a message", rawFrame(0x01, "a", false) + rawFrame(0x81, "b", false), wire, "fragmentation",
        1002);
    row("a fragmented ping", rawFrame(0x09, "a", false), wire, "control", 1002);
    row("a ping of 126 bytes", rawFrame(0x89, std::string(126, 'x'), false), wire, "control", 1002);
    row("a long length for little", std::string("\x82\x7e\x00\x05hello", 9), wire, "length", 1002);
    row("the top bit of a length", std::string("\x82\x7f\x80\0\0\0\0\0\0\0", 10), wire, "length", 1002);
    row("a giant length", std::string("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10), policy, "too_big", 1009);
    row("one byte too much", rawFrame(0x82, std::string(65537, 'x'), false), policy, "too_big", 1009);
    std::string flood = rawFrame(0x02, "", false);
    for (int i = 0; i < 200; ++i)
        flood += rawFrame(0x00, "", false);
    row("a flood of fragments", flood, policy, "fragments", 1008);
    std::string pings;
    for (int i = 0; i < 100; ++i)
        pings += rawFrame(0x89, "", false);
    row("a flood of pings", pings, wire, "control_rate", 1008);
    row("a Close of one byte", rawFrame(0x88, "x", false), wire, "close_payload", 1002);
    for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000}) {
        const std::string payload{char(code >> 8), char(code & 0xff)};
        row(("a Close with " + std::to_string(code)).c_str(), rawFrame(0x88, payload, false), wire, "close_payload",
            1002);
    }
    row("a Close with bad UTF-8", rawFrame(0x88, "\x03\xe8\xff", false), wire, "utf8", 1007);
}

void RelayTest::what_the_application_breaks_ends_the_session()
{
    QFETCH(QByteArray, bytes);
    QFETCH(Reason, reason);
    QFETCH(QByteArray, met);
    QFETCH(int, told);
    GatewayDesk desk;
    auto beside = desk.open();
    auto pair = desk.open();
    QVERIFY(pair.peer.send(rawFrame(0x81, "before", false) + bytes.toStdString()));
    QCOMPARE(pair.client.nextData().payload, std::string("before"));
    const Incoming heard = pair.client.closing();
    QCOMPARE(heard.kind, Incoming::Kind::Close);
    QCOMPARE(int(heard.code), 1014);
    QCOMPARE(heard.payload, std::string(reasonWord(reason)));
    QCOMPARE(int(pair.peer.closing().code), told);
    QVERIFY(pair.peer.ends());
    QCOMPARE(desk.server.refused(reason), std::uint64_t{1});
    QVERIFY(eventually([&] { return desk.server.audit(AuditKind::Close, reason).size() == 1; }));
    const AuditRecord record = desk.server.audit(AuditKind::Close, reason).front();
    QCOMPARE(record.decision.met, met.toStdString());
    QVERIFY(record.decision.rule.pointer.starts_with("/routes/"));
    QVERIFY(beside.peer.text("still here"));
    QCOMPARE(beside.client.nextData().payload, std::string("still here"));
}

void RelayTest::an_application_that_dies_is_1014_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<bool>("reset");
    QTest::newRow("ends") << QByteArray() << false;
    QTest::newRow("resets") << QByteArray() << true;
    QTest::newRow("ends in the middle of a frame") << QByteArray("\x81\x05he") << false;
    QTest::newRow("ends in the middle of a message") << QByteArray("\x01\x02he") << false;
}

void RelayTest::an_application_that_dies_is_1014()
{
    QFETCH(QByteArray, before);
    QFETCH(bool, reset);
    GatewayDesk desk;
    auto pair = desk.open();
    QVERIFY(pair.peer.send(before.toStdString()));
    if (reset)
        pair.peer.reset();
    else
        pair.peer.disconnect();
    const Incoming heard = pair.client.closing();
    QCOMPARE(heard.kind, Incoming::Kind::Close);
    QCOMPARE(int(heard.code), 1014);
    QCOMPARE(heard.payload, std::string("upstream_lost"));
}

void RelayTest::a_client_that_dies_ends_the_application()
{
    GatewayDesk desk;
    auto pair = desk.open();
    pair.client.reset();
    QCOMPARE(int(pair.peer.closing().code), 1001);
    QVERIFY(pair.peer.close(1001));
    QVERIFY(pair.peer.ends());
    QCOMPARE(desk.server.info().stats.backlog, std::uint64_t{0});
}

void RelayTest::a_kick_ends_both_sides()
{
    GatewayDesk desk;
    auto pair = desk.open();
    QVERIFY(eventually([&] { return desk.server.sessions().size() == 1; }));
    QVERIFY(desk.server.call(KickCommand{{desk.server.sessions().front().info->id}, "out", std::nullopt}).ok());
    const Incoming heard = pair.client.closing();
    QCOMPARE(int(heard.code), 4403);
    QCOMPARE(heard.payload, std::string("out"));
    const Incoming told = pair.peer.closing();
    QCOMPARE(told.kind, Incoming::Kind::Close);
    QCOMPARE(int(told.code), 1001);
    QCOMPARE(told.payload, std::string());
}

void RelayTest::a_client_that_does_not_read_stops_the_application()
{
    GatewayDesk desk;
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    auto pair = desk.open({}, {}, small);
    Talker talker{rawFrame(0x82, std::string(60'000, 'x'), false)};
    QVERIFY(talker.fill(pair.peer, desk.server, 1U << 18U));
    QVERIFY(desk.server.info().stats.backlog <= 1U << 20U); // send_buffer
    QCOMPARE(desk.server.sessions().size(), std::size_t{1});
    std::thread writer([&] { (void)pair.peer.send(talker.rest); });
    std::size_t heard = 0;
    while (heard < talker.frames() && pair.client.nextData().payload.size() == 60'000)
        ++heard;
    writer.join();
    QCOMPARE(heard, talker.frames());
}

void RelayTest::an_application_that_does_not_read_stops_the_client()
{
    GatewayDesk desk({}, nullptr, 4096);
    auto pair = desk.open();
    Talker talker{rawFrame(0x82, std::string(60'000, 'x'), true)};
    QVERIFY(talker.fill(pair.client, desk.server, 131'072U));
    QVERIFY(desk.server.info().stats.backlog <= 262'144U + 131'072U);
    std::thread writer([&] { (void)pair.client.send(talker.rest); });
    std::size_t heard = 0;
    while (heard < talker.frames() && pair.peer.nextData().payload.size() == 60'000)
        ++heard;
    writer.join();
    QCOMPARE(heard, talker.frames());
}

void RelayTest::an_application_that_does_not_answer_a_ping_is_1014()
{
    ManualClock clock;
    GatewayDesk desk([](nlohmann::json& route) { route["ping"] = {{"every", "10s"}, {"timeout", "5s"}}; }, &clock);
    auto pair = desk.open();
    (void)desk.server.sessions();
    clock.advance(11s);
    QCOMPARE(pair.peer.next().kind, Incoming::Kind::Ping);
    QCOMPARE(pair.client.next().kind, Incoming::Kind::Ping);
    QVERIFY(pair.client.frame(wire::Opcode::Pong, {}));
    QVERIFY(pair.client.text("behind the pong"));
    QCOMPARE(pair.peer.next().payload, std::string("behind the pong")); // it was read before the clock goes on
    clock.advance(6s);
    const Incoming heard = pair.client.closing();
    QCOMPARE(int(heard.code), 1014);
    QCOMPARE(heard.payload, std::string("upstream_timeout"));
    QCOMPARE(desk.record(AuditKind::Close, Reason::UpstreamTimeout).decision.rule.pointer, desk.rule("ping/timeout"));
    QVERIFY(pair.peer.ends());
}

void RelayTest::an_application_that_never_closes_is_cut_off()
{
    ManualClock clock;
    GatewayDesk desk({}, &clock);
    auto pair = desk.open();
    QVERIFY(pair.client.close(1000));
    QCOMPARE(int(pair.peer.closing().code), 1000);
    desk.settle();
    clock.advance(2900ms); // close_timeout is 3 s
    desk.settle();
    QCOMPARE(pair.peer.next(0ms).kind, Incoming::Kind::Nothing);
    clock.advance(200ms);
    QVERIFY(pair.peer.ends());
}

void RelayTest::pings_stop_at_the_gate()
{
    GatewayDesk desk;
    auto pair = desk.open();
    QVERIFY(pair.peer.frame(wire::Opcode::Ping, "up"));
    const Incoming pong = pair.peer.next();
    QCOMPARE(pong.kind, Incoming::Kind::Pong);
    QCOMPARE(pong.payload, std::string("up"));
    QVERIFY(pair.client.frame(wire::Opcode::Ping, "down"));
    QCOMPARE(pair.client.next().payload, std::string("down"));
    QVERIFY(pair.client.text("behind it") && pair.peer.text("behind it")); // nothing of a ping came before
    for (ByteClient* side : {&pair.peer, &pair.client}) {
        const Incoming heard = side->next();
        QCOMPARE(heard.kind, Incoming::Kind::Message);
        QCOMPARE(heard.payload, std::string("behind it"));
    }
}

QTEST_GUILESS_MAIN(RelayTest)
#include "relaytest.moc"
