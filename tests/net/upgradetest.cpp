// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

Q_DECLARE_METATYPE(gatehouse::Reason)

namespace {

constexpr std::string_view validHead = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// A request for /echo whose headers are these.
std::string withHeaders(const std::string& headers, const std::string& line = "GET /echo HTTP/1.1")
{
    return line + "\r\n" + headers + "\r\n";
}

std::string valid(const std::string& more, const std::string& line = "GET /echo HTTP/1.1")
{
    return withHeaders("Host: localhost\r\n" + std::string(validHead) + more, line);
}

std::string repeated(std::string_view text, int times)
{
    std::string all;
    for (int i = 0; i < times; ++i)
        all += text;
    return all;
}

} // namespace

class UpgradeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void a_request_is_refused_data();
    void a_request_is_refused();
    void a_request_is_accepted_data();
    void a_request_is_accepted();
    void a_head_that_trickles_gets_408();
    void the_subprotocol_is_echoed_and_never_the_token();
    void server_names_are_checked();
    void origins_data();
    void origins();
    void an_origin_is_refused_even_with_a_token();
    void a_frame_in_a_record_of_its_own_behind_the_head_is_early();
    void a_request_inside_a_message_is_payload();
    void a_refusal_closes_and_reaches_a_peer_that_goes_on_sending();
    void a_refusal_reaches_a_half_closed_peer();

private:
    std::unique_ptr<TestServer> m_server;
};

void UpgradeTest::initTestCase()
{
    m_server = std::make_unique<TestServer>([](nlohmann::json& policy) {
        policy["routes"][1]["origins"] = {"none", "https://app.example"};
    });
}

void UpgradeTest::cleanupTestCase()
{
    m_server.reset();
}

void UpgradeTest::a_request_is_refused_data()
{
    QTest::addColumn<std::string>("request");
    QTest::addColumn<int>("status");
    QTest::addColumn<Reason>("reason");
    const auto row = [](const char* name, std::string request, int status, Reason reason) {
        QTest::newRow(name) << std::move(request) << status << reason;
    };
    const std::string host = "Host: localhost\r\n";
    const std::string head(validHead);

    row("12 header line over its limit", valid("X-A: " + std::string(8200, 'a') + "\r\n"), 431, Reason::HsHeaderSize);
    row("12 head over its limit",
        valid("X-A: " + std::string(8000, 'a') + "\r\nX-B: " + std::string(8000, 'a') +
              "\r\nX-C: " + std::string(1000, 'a') + "\r\n"),
        431, Reason::HsHeaderSize);
    row("12 101 headers", valid(repeated("X-A: 1\r\n", 96)), 431, Reason::HsHeaderCount);
    row("13 target", valid({}, "GET /" + std::string(2100, 'a') + " HTTP/1.1"), 414, Reason::HsUriSize);
    row("13 request line", valid({}, std::string(4200, 'G') + " / HTTP/1.1"), 414, Reason::HsUriSize);
    row("14 POST", valid({}, "POST /echo HTTP/1.1"), 405, Reason::HsMethod);
    row("14 CONNECT", valid({}, "CONNECT localhost:443 HTTP/1.1"), 405, Reason::HsMethod);
    row("15 HTTP/1.0", valid({}, "GET /echo HTTP/1.0"), 505, Reason::HsRequestLine);
    row("15 HTTP/9.9", valid({}, "GET /echo HTTP/9.9"), 505, Reason::HsRequestLine);
    row("15 four tokens", valid({}, "GET /echo x HTTP/1.1"), 400, Reason::HsRequestLine);
    row("15 garbage", "\x16\x03\x01 garbage\r\n\r\n", 400, Reason::HsSyntax);
    row("16 bare LF", "GET /echo HTTP/1.1\nHost: localhost\n\n", 400, Reason::HsSyntax);
    row("16 lone CR", valid("X-A: a\rb\r\n"), 400, Reason::HsSyntax);
    row("16 folded", valid("X-A: a\r\n b\r\n"), 400, Reason::HsSyntax);
    row("16 space before colon", valid("X-A : a\r\n"), 400, Reason::HsSyntax);
    row("16 NUL", valid(std::string("X-A: a\0b\r\n", 10)), 400, Reason::HsSyntax);
    row("17 Host missing", withHeaders(head), 400, Reason::HsHost);
    row("17 Host twice", withHeaders(host + host + head), 400, Reason::HsHost);
    row("17 Host with userinfo", withHeaders("Host: a@localhost\r\n" + head), 400, Reason::HsHost);
    row("18 Upgrade missing",
        withHeaders(host + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
        426, Reason::HsUpgrade);
    row("18 h2c", withHeaders(host + "Upgrade: h2c\r\nConnection: Upgrade\r\n"), 426, Reason::HsUpgrade);
    const std::string noKey = host + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
    row("20 key missing", withHeaders(noKey), 400, Reason::HsKey);
    row("20 key twice", valid("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400, Reason::HsKey);
    row("20 key of 15 bytes", withHeaders(noKey + "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1\r\n"), 400, Reason::HsKey);
    row("20 key of 17 bytes", withHeaders(noKey + "Sec-WebSocket-Key: MTIzNDU2Nzg5MDEyMzQ1Njc=\r\n"), 400,
        Reason::HsKey);
    row("20 key not base64", withHeaders(noKey + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==\r\n"), 400,
        Reason::HsKey);
    const std::string noVersion =
        host + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    row("21 version 8", withHeaders(noVersion + "Sec-WebSocket-Version: 8\r\n"), 426, Reason::HsVersion);
    row("21 version missing", withHeaders(noVersion), 426, Reason::HsVersion);
    row("21 version twice", valid("Sec-WebSocket-Version: 13\r\n"), 426, Reason::HsVersion);
    row("22 Content-Length", valid("Content-Length: 5\r\n"), 400, Reason::HsBody);
    row("22 Content-Length and a body", valid("Content-Length: 5\r\n") + "hello", 400, Reason::HsBody);
    row("22 Transfer-Encoding", valid("Transfer-Encoding: chunked\r\n"), 400, Reason::HsBody);
    row("23 frames before the 101", valid({}) + rawFrame(0x81, "early"), 400, Reason::HsEarlyData);
    row("23 a second request", valid({}) + valid({}), 400, Reason::HsEarlyData);
    row("26 Origin twice", valid("Origin: https://app.example\r\nOrigin: https://evil.example\r\n"), 400,
        Reason::HsDuplicate);
    row("26 Origin twice, other order", valid("Origin: https://evil.example\r\nOrigin: https://app.example\r\n"), 400,
        Reason::HsDuplicate);
    row("27 /ws/../x", valid({}, "GET /ws/../echo HTTP/1.1"), 404, Reason::Path);
    row("27 %2e%2e", valid({}, "GET /ws/%2e%2e/echo HTTP/1.1"), 404, Reason::Path);
    row("27 //", valid({}, "GET //echo HTTP/1.1"), 404, Reason::Path);
    row("27 unknown", valid({}, "GET /nothing HTTP/1.1"), 404, Reason::Path);
    row("27 root", valid({}, "GET / HTTP/1.1"), 404, Reason::Path);
    row("28 none match", valid("Sec-WebSocket-Protocol: mqtt, soap\r\n"), 400, Reason::Subprotocol);
    row("28 centrifuge-protobuf", valid("Sec-WebSocket-Protocol: centrifuge-protobuf\r\n"), 400, Reason::Subprotocol);
    row("28 invalid characters", valid("Sec-WebSocket-Protocol: gate house\r\n"), 400, Reason::Subprotocol);
    row("28 1,000 names", valid("Sec-WebSocket-Protocol: " + repeated("a,", 1000) + "gatehouse\r\n"), 400,
        Reason::Subprotocol);
    row("28 4 KiB of commas", valid("Sec-WebSocket-Protocol: " + std::string(4096, ',') + "\r\n"), 400,
        Reason::Subprotocol);
    row("28 bearer alone", valid("Sec-WebSocket-Protocol: bearer.abc\r\n"), 400, Reason::Subprotocol);
}

void UpgradeTest::a_request_is_refused()
{
    QFETCH(std::string, request);
    QFETCH(int, status);
    QFETCH(Reason, reason);
    const std::uint64_t before = m_server->refused(reason);
    const std::size_t recorded = m_server->audit(AuditKind::Refuse, reason).size();
    ByteClient client = m_server->plain();
    const HttpAnswer answer = client.request(request);
    QCOMPARE(answer.status, status);
    QVERIFY(answer.text.find(reasonWord(reason)) != std::string::npos);
    QVERIFY(answer.header("Connection").starts_with("close"));
    if (status == 405)
        QCOMPARE(answer.header("Allow"), std::string("GET"));
    if (status == 426)
        QCOMPARE(answer.header("Upgrade"), std::string("websocket"));
    if (reason == Reason::HsVersion)
        QCOMPARE(answer.header("Sec-WebSocket-Version"), std::string("13"));
    QVERIFY(client.ends());
    QVERIFY(!client.wasReset());
    QCOMPARE(m_server->refused(reason), before + 1);
    const auto records = m_server->audit(AuditKind::Refuse, reason);
    QCOMPARE(records.size(), recorded + 1);
    QCOMPARE(records[0].code, static_cast<std::uint16_t>(status));
    QCOMPARE(records[0].address, std::string("127.0.0.1"));
    QCOMPARE(m_server->info().stats.sessions, 0u);
}

void UpgradeTest::a_request_is_accepted_data()
{
    QTest::addColumn<std::string>("request");
    const std::string host = "Host: localhost\r\n";
    const std::string key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    QTest::newRow("19 second Connection line, mixed case")
        << withHeaders(host + "Connection: keep-alive\r\nConnection: foo, uPgRaDe\r\nUpgrade: WebSocket\r\n" + key);
    QTest::newRow("29 deflate offered") << valid(
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
    QTest::newRow("29 deflate, bad parameters")
        << valid("Sec-WebSocket-Extensions: permessage-deflate; window=99; =;;\r\n");
    QTest::newRow("12 100 headers") << valid(repeated("X-A: 1\r\n", 95));
    QTest::newRow("22 Content-Length 0") << valid("Content-Length: 0\r\n");
    QTest::newRow("query") << valid({}, "GET /echo?token=abc HTTP/1.1");
    QTest::newRow("33 a header that the route does not name") << valid("X-Token: abc\r\nCookie: token=abc\r\n");
}

void UpgradeTest::a_request_is_accepted()
{
    QFETCH(std::string, request);
    ByteClient client = m_server->plain();
    const HttpAnswer answer = client.request(request);
    QCOMPARE(answer.status, 101);
    QCOMPARE(answer.header("Sec-WebSocket-Accept"), std::string("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    QCOMPARE(answer.header("Sec-WebSocket-Extensions"), std::string());
    QVERIFY(client.text("in"));
    QCOMPARE(client.next().payload, std::string("in"));
    client.close();
    QVERIFY(client.ends());
    client.disconnect();
    QTRY_COMPARE(m_server->info().stats.sessions, 0u);
}

void UpgradeTest::a_head_that_trickles_gets_408() // row 11
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient client = server.plain();
    const std::string request = upgradeText({});
    QTRY_COMPARE(server.info().stats.pending, 1u);
    for (std::size_t i = 0; i < 4; ++i) {
        QVERIFY(client.send(request.substr(i, 1)));
        clock.advance(1s);
        QVERIFY(client.receive(20ms).empty());
    }
    clock.advance(1100ms);
    QCOMPARE(client.request({}).status, 408);
    QCOMPARE(server.refused(Reason::HsTimeout), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::HsTimeout).size(), 1u);
    client.disconnect();
    QTRY_COMPARE(server.info().stats.pending, 0u);
}

void UpgradeTest::the_subprotocol_is_echoed_and_never_the_token()
{
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    const std::string token = m_server->token("ann");
    options.subprotocols = {"mqtt", "gatehouse, bearer." + token};
    ByteClient client = m_server->plain();
    const HttpAnswer answer = client.upgrade(options);
    QCOMPARE(answer.status, 101);
    QCOMPARE(answer.header("Sec-WebSocket-Protocol"), std::string("gatehouse"));
    QVERIFY(answer.text.find(token) == std::string::npos);
}

void UpgradeTest::server_names_are_checked() // row 17
{
    TestServer server([](nlohmann::json& policy) { policy["listeners"][1]["server_names"] = {"gate.example"}; });
    UpgradeOptions options;
    options.host = "gate.example:8443";
    QCOMPARE(server.plain().upgrade(options).status, 101);
    options.host = "GATE.example";
    QCOMPARE(server.plain().upgrade(options).status, 101);
    for (const char* host : {"localhost", "gate.example.evil.example", "xgate.example"}) {
        options.host = host;
        QCOMPARE(server.plain().upgrade(options).status, 421);
    }
    QCOMPARE(server.refused(Reason::HsHost), 3u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::HsHost).size(), 3u);
}

void UpgradeTest::origins_data()
{
    QTest::addColumn<QByteArray>("origin");
    QTest::addColumn<bool>("allowed");
    QTest::newRow("exact") << QByteArray("https://app.example") << true;
    QTest::newRow("default port") << QByteArray("https://app.example:443") << true;
    QTest::newRow("look-alike prefix") << QByteArray("https://evilapp.example") << false;
    QTest::newRow("look-alike suffix") << QByteArray("https://app.example.evil.example") << false;
    QTest::newRow("null") << QByteArray("null") << false;
    QTest::newRow("other port") << QByteArray("https://app.example:444") << false;
    QTest::newRow("other scheme") << QByteArray("http://app.example") << false;
    QTest::newRow("trailing dot") << QByteArray("https://app.example.") << false;
    QTest::newRow("userinfo") << QByteArray("https://app.example@evil.example") << false;
    QTest::newRow("empty") << QByteArray("") << false;
}

void UpgradeTest::origins() // row 25
{
    QFETCH(QByteArray, origin);
    QFETCH(bool, allowed);
    const std::uint64_t before = m_server->refused(Reason::Origin);
    UpgradeOptions options;
    options.origin = origin.toStdString();
    QCOMPARE(m_server->plain().upgrade(options).status, allowed ? 101 : 403);
    QCOMPARE(m_server->refused(Reason::Origin), before + (allowed ? 0 : 1));
}

void UpgradeTest::an_origin_is_refused_even_with_a_token() // row 25
{
    TestServer server([](nlohmann::json& policy) { policy["routes"][0]["origins"] = {"https://app.example"}; });
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = server.token("ann");
    QCOMPARE(server.plain().upgrade(options).status, 403); // none was sent, and the route does not say "none"
    options.origin = "https://evil.example";
    QCOMPARE(server.plain().upgrade(options).status, 403);
    options.origin = "https://app.example";
    QCOMPARE(server.plain().upgrade(options).status, 101);
    const auto records = server.audit(AuditKind::Refuse, Reason::Origin);
    QCOMPARE(records.size(), 2u);
    QCOMPARE(records[0].origin, std::string("https://evil.example"));
}

void UpgradeTest::a_frame_in_a_record_of_its_own_behind_the_head_is_early() // row 23
{
    const std::uint64_t before = m_server->refused(Reason::HsEarlyData);
    ByteClient client = m_server->tls();
    client.hold(true);
    QVERIFY(client.send(upgradeText({})));
    QVERIFY(client.frame(wire::Opcode::Text, "early"));
    client.hold(false);
    QCOMPARE(client.request({}).status, 400);
    QCOMPARE(m_server->refused(Reason::HsEarlyData), before + 1);
}

void UpgradeTest::a_request_inside_a_message_is_payload() // row 24
{
    ByteClient client = m_server->plain();
    QCOMPARE(client.upgrade({}).status, 101);
    QVERIFY(client.text(upgradeText({})));
    QCOMPARE(client.next().payload, upgradeText({}));
    QCOMPARE(m_server->sessions().size(), 1u);
}

void UpgradeTest::a_refusal_closes_and_reaches_a_peer_that_goes_on_sending()
{
    ByteClient client = m_server->plain();
    QVERIFY(client.send(valid({}, "GET /nothing HTTP/1.1")));
    const std::string more(1 << 20, 'x');
    QVERIFY(client.send(more));
    QCOMPARE(client.request({}).status, 404);
}

void UpgradeTest::a_refusal_reaches_a_half_closed_peer()
{
    for (const bool tls : {false, true}) {
        ByteClient client = tls ? m_server->tls() : m_server->plain();
        QVERIFY(client.send(valid({}, "GET /nothing HTTP/1.1")));
        client.shutdownWrite();
        QCOMPARE(client.request({}).status, 404);
        QVERIFY(client.ends());
        QVERIFY(!client.wasReset());
    }
}

QTEST_GUILESS_MAIN(UpgradeTest)
#include "upgradetest.moc"
