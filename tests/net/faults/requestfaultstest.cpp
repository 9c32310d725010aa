// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

Q_DECLARE_METATYPE(gatehouse::Reason)

namespace {

const std::string host = "Host: localhost\r\n";
const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
const std::string version = "Sec-WebSocket-Version: 13\r\n";
const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string websocket = upgrade + version + key;
const std::string echoLine = "GET /echo HTTP/1.1";

std::string request(const std::string& headers, const std::string& line = echoLine)
{
    return line + "\r\n" + headers + "\r\n";
}

/// Correct but for what is added.
std::string with(const std::string& more)
{
    return request(host + websocket + more);
}

/// Correct but for its request line.
std::string withLine(const std::string& line)
{
    return request(host + websocket, line);
}

std::string repeated(std::string_view text, int times)
{
    std::string all;
    for (int i = 0; i < times; ++i)
        all += text;
    return all;
}

} // namespace

/// What a request must give that is none, or that the gate does not let in.
class RequestFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data();
    void initTestCase();
    void cleanupTestCase();
    void faults_of_a_request_data();
    void faults_of_a_request();
    void requests_that_are_let_in_data();
    void requests_that_are_let_in();
    void hs_timeout_for_a_head_that_trickles();
    void origin_refused_even_with_a_token_data();
    void origin_refused_even_with_a_token();
    void hs_host_for_a_name_that_is_not_the_listeners_data();
    void hs_host_for_a_name_that_is_not_the_listeners();

private:
    static void headRows();
    static void handshakeRows();
    static void pathAndSubprotocolRows();
    static void originRows();
    [[nodiscard]] static ByteClient connected(const TestServer& server, const FaultTrace& trace);
    std::unique_ptr<TestServer> m_server;
};

void RequestFaultsTest::initTestCase_data()
{
    QTest::addColumn<bool>("tls");
    QTest::newRow("ws") << false;
    QTest::newRow("wss") << true;
}

void RequestFaultsTest::initTestCase()
{
    m_server = std::make_unique<TestServer>([](nlohmann::json& policy) {
        policy["listeners"].push_back({{"name", "named"},
                                       {"address", "127.0.0.1"},
                                       {"port", 0},
                                       {"tls", "off"},
                                       {"server_names", {"gate.example", "::1"}}});
        policy["routes"][0]["origins"] = {"https://app.example"};
        policy["routes"][1]["origins"] = {"none", "https://app.example"};
        nlohmann::json browsers = policy["routes"][1];
        browsers["name"] = "browsers";
        browsers["path"] = "/browsers";
        browsers["origins"] = {"https://app.example"};
        policy["routes"].push_back(browsers);
    });
}

void RequestFaultsTest::cleanupTestCase()
{
    m_server.reset();
}

ByteClient RequestFaultsTest::connected(const TestServer& server, const FaultTrace& trace)
{
    QFETCH_GLOBAL(bool, tls);
    return tls ? server.tls(trace.source()) : server.plain(trace.source());
}

namespace {

void row(const std::string& name, const std::string& request, int status, Reason reason,
         const std::string& route = "echo")
{
    QTest::newRow(name.c_str()) << request << status << reason << route;
}

/// Refused before any route was known.
void headRow(const std::string& name, const std::string& request, int status, Reason reason)
{
    row(name, request, status, reason, {});
}

} // namespace

void RequestFaultsTest::headRows()
{
    const std::string x8000 = "X: " + std::string(8000, 'a') + "\r\n";
    headRow("12 a header line over its limit", with("X: " + std::string(8200, 'a') + "\r\n"), 431,
            Reason::HsHeaderSize);
    headRow("12 a header name over its limit", with(std::string(8200, 'a') + ": x\r\n"), 431, Reason::HsHeaderSize);
    headRow("12 a head over its limit", with(x8000 + x8000 + x8000), 431, Reason::HsHeaderSize);
    headRow("12 a head over its limit that does not end", echoLine + "\r\n" + x8000 + x8000 + x8000, 431,
            Reason::HsHeaderSize);
    headRow("12 101 headers", with(repeated("X: 1\r\n", 96)), 431, Reason::HsHeaderCount);
    headRow("13 a target over its limit", withLine("GET /" + std::string(2048, 'a') + " HTTP/1.1"), 414,
            Reason::HsUriSize);
    headRow("13 a query over its limit", withLine("GET /echo?" + std::string(2048, 'a') + " HTTP/1.1"), 414,
            Reason::HsUriSize);
    headRow("13 a request line over its limit", withLine(std::string(4200, 'G') + " / HTTP/1.1"), 414,
            Reason::HsUriSize);

    headRow("15 HTTP/1.0", withLine("GET /echo HTTP/1.0"), 505, Reason::HsRequestLine);
    headRow("15 HTTP/9.9", withLine("GET /echo HTTP/9.9"), 505, Reason::HsRequestLine);
    headRow("15 four tokens", withLine("GET /echo x HTTP/1.1"), 400, Reason::HsRequestLine);
    headRow("15 two tokens", withLine("GET /echo"), 400, Reason::HsRequestLine);
    headRow("15 one token", withLine("GET"), 400, Reason::HsRequestLine);
    headRow("15 two spaces", withLine("GET  /echo HTTP/1.1"), 400, Reason::HsRequestLine);
    headRow("15 a space at the start", withLine(" GET /echo HTTP/1.1"), 400, Reason::HsRequestLine);
    headRow("15 no token as a method", withLine("G(T /echo HTTP/1.1"), 400, Reason::HsRequestLine);
    headRow("15 words", "I would like to come in, please\r\n\r\n", 400, Reason::HsRequestLine);

    headRow("16 bare LF behind the request line", echoLine + "\n" + host + websocket + "\r\n", 400, Reason::HsSyntax);
    headRow("16 bare LF behind a header", with("X: a\nY: b\r\n"), 400, Reason::HsSyntax);
    headRow("16 bare LF as the end of the head", echoLine + "\r\n" + host + websocket + "\n", 400, Reason::HsSyntax);
    headRow("16 lone CR in a value", with("X: a\rb\r\n"), 400, Reason::HsSyntax);
    headRow("16 lone CR in the request line", withLine("GET /echo\r HTTP/1.1"), 400, Reason::HsSyntax);
    headRow("16 folded by a space", with("X: a\r\n b\r\n"), 400, Reason::HsSyntax);
    headRow("16 folded by a tab", with("X: a\r\n\tb\r\n"), 400, Reason::HsSyntax);
    headRow("16 folded at the first header", request(" Host: localhost\r\n" + websocket), 400, Reason::HsSyntax);
    headRow("16 a space before the colon", with("X : a\r\n"), 400, Reason::HsSyntax);
    headRow("16 a header without a colon", with("X\r\n"), 400, Reason::HsSyntax);
    headRow("16 a header without a name", with(": a\r\n"), 400, Reason::HsSyntax);
    headRow("16 NUL in a value", with(std::string("X: a\0b\r\n", 8)), 400, Reason::HsSyntax);
    headRow("16 NUL in a name", with(std::string("X\0: ab\r\n", 9)), 400, Reason::HsSyntax);
    headRow("16 NUL in the request line", withLine(std::string("GET /e\0cho HTTP/1.1", 19)), 400, Reason::HsSyntax);
    headRow("70 an escape sequence in User-Agent", with("User-Agent: \x1b[31mred\r\n"), 400, Reason::HsSyntax);
}

void RequestFaultsTest::handshakeRows()
{
    row("14 POST", withLine("POST /echo HTTP/1.1"), 405, Reason::HsMethod);
    row("14 HEAD", withLine("HEAD /echo HTTP/1.1"), 405, Reason::HsMethod);
    row("14 get", withLine("get /echo HTTP/1.1"), 405, Reason::HsMethod);
    headRow("14 CONNECT", withLine("CONNECT localhost:443 HTTP/1.1"), 405, Reason::HsMethod);

    row("17 Host missing", request(websocket), 400, Reason::HsHost);
    row("17 Host twice", request(host + host + websocket), 400, Reason::HsHost);
    row("17 Host with userinfo", request("Host: a@localhost\r\n" + websocket), 400, Reason::HsHost);
    row("17 Host empty", request("Host:\r\n" + websocket), 400, Reason::HsHost);

    const std::string line = host + "Connection: Upgrade\r\n" + version + key;
    row("18 Upgrade missing", request(line), 426, Reason::HsUpgrade);
    row("18 h2c", request(line + "Upgrade: h2c\r\n"), 426, Reason::HsUpgrade);
    row("18 a name that only begins so", request(line + "Upgrade: websocket2\r\n"), 426, Reason::HsUpgrade);
    row("18 Connection without it", request(host + "Upgrade: websocket\r\nConnection: keep-alive\r\n" + version + key),
        426, Reason::HsUpgrade);

    const auto withKey = [](const std::string& value) {
        return request(host + upgrade + version + "Sec-WebSocket-Key: " + value + "\r\n");
    };
    row("20 key missing", request(host + upgrade + version), 400, Reason::HsKey);
    row("20 key twice", with(key), 400, Reason::HsKey);
    row("20 key of 15 bytes", withKey("MTIzNDU2Nzg5MDEyMzQ1"), 400, Reason::HsKey);
    row("20 key of 17 bytes", withKey("MTIzNDU2Nzg5MDEyMzQ1Njc="), 400, Reason::HsKey);
    row("20 key not base64", withKey("dGhlIHNhbXBsZSBub25jZ!=="), 400, Reason::HsKey);
    row("20 key without padding", withKey("dGhlIHNhbXBsZSBub25jZQ"), 400, Reason::HsKey);

    row("21 version 8", request(host + upgrade + key + "Sec-WebSocket-Version: 8\r\n"), 426, Reason::HsVersion);
    row("21 version missing", request(host + upgrade + key), 426, Reason::HsVersion);
    row("21 version twice", with(version), 426, Reason::HsVersion);
    row("21 a list of versions", request(host + upgrade + key + "Sec-WebSocket-Version: 13, 8\r\n"), 426,
        Reason::HsVersion);

    row("22 Content-Length", with("Content-Length: 5\r\n"), 400, Reason::HsBody);
    row("22 Content-Length and a body", with("Content-Length: 5\r\n") + "hello", 400, Reason::HsBody);
    row("22 Content-Length twice", with("Content-Length: 0\r\nContent-Length: 0\r\n"), 400, Reason::HsBody);
    row("22 Content-Length +0", with("Content-Length: +0\r\n"), 400, Reason::HsBody);
    row("22 Transfer-Encoding", with("Transfer-Encoding: chunked\r\n"), 400, Reason::HsBody);
    row("22 Transfer-Encoding identity", with("Transfer-Encoding: identity\r\n"), 400, Reason::HsBody);

    row("23 a frame before the 101", with({}) + rawFrame(0x81, "early"), 400, Reason::HsEarlyData);
    row("23 one byte before the 101", with({}) + "x", 400, Reason::HsEarlyData);
    row("23 a second request", with({}) + with({}), 400, Reason::HsEarlyData);
}

void RequestFaultsTest::pathAndSubprotocolRows()
{
    for (const char* path : {"/ws/../echo", "/ws/%2e%2e/echo", "/ws/%2E%2E/echo", "/./echo", "/echo/.", "/%2e/echo",
                             "//echo", "/echo//", "//", "/echo/", "/nothing", "/", "/Echo", "/echo/x", "/ec%00ho",
                             "/%65%63%68%6f%2f", "/ws%5c..%5cecho", "/ech"})
        headRow(std::string("27 ") + path, withLine(std::string("GET ") + path + " HTTP/1.1"), 404, Reason::Path);

    const auto offer = [](const std::string& names) { return with("Sec-WebSocket-Protocol: " + names + "\r\n"); };
    row("28 none match", offer("mqtt, soap"), 400, Reason::Subprotocol);
    row("28 none match, in two lines", with("Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Protocol: soap\r\n"), 400,
        Reason::Subprotocol);
    row("28 invalid characters", offer("gate house"), 400, Reason::Subprotocol);
    row("28 invalid characters beside it", offer("gatehouse, a/b"), 400, Reason::Subprotocol);
    row("28 1,000 names", offer(repeated("a,", 1000) + "gatehouse"), 400, Reason::Subprotocol);
    row("28 the same name twice", offer("gatehouse, gatehouse"), 400, Reason::Subprotocol);
    row("28 4 KiB of commas", offer(std::string(4096, ',')), 400, Reason::Subprotocol);
    row("28 empty", offer(""), 400, Reason::Subprotocol);
    row("28 bearer alone", offer("bearer.abc"), 400, Reason::Subprotocol);
    row("28 centrifuge-protobuf alone", offer("centrifuge-protobuf"), 400, Reason::Subprotocol);
    row("28 another case", offer("Gatehouse"), 400, Reason::Subprotocol);
}

void RequestFaultsTest::originRows()
{
    row("25 missing where the route does not say none", withLine("GET /browsers HTTP/1.1"), 403, Reason::Origin,
        "browsers");
    for (const char* origin :
         {"https://app.example.evil.example", "https://evilapp.example", "https://app.exampleevil", "null", "",
          "https://app.example:444", "http://app.example", "wss://app.example", "https://app.example.",
          "https://app.example@evil.example", "https://user@app.example", "https://app.example/", "app.example", "*",
          "none", "https://app.example, https://app.example", "https://app.example https://evil.example",
          "https://xn--app.example", "https://app%2eexample"})
        row(std::string("25 ") + origin, with(std::string("Origin: ") + origin + "\r\n"), 403, Reason::Origin);
    const std::string good = "Origin: https://app.example\r\n", evil = "Origin: https://evil.example\r\n";
    row("26 Origin twice", with(good + evil), 400, Reason::HsDuplicate);
    row("26 Origin twice, the other order", with(evil + good), 400, Reason::HsDuplicate);
    row("26 the same Origin twice", with(good + good), 400, Reason::HsDuplicate);
}

void RequestFaultsTest::faults_of_a_request_data()
{
    QTest::addColumn<std::string>("request");
    QTest::addColumn<int>("status");
    QTest::addColumn<Reason>("reason");
    QTest::addColumn<std::string>("route");
    headRows();
    handshakeRows();
    pathAndSubprotocolRows();
    originRows();
}

void RequestFaultsTest::faults_of_a_request()
{
    QFETCH(std::string, request);
    QFETCH(int, status);
    QFETCH(Reason, reason);
    QFETCH(std::string, route);
    const FaultTrace trace(*m_server);
    ByteClient client = connected(*m_server, trace);
    const HttpAnswer answer = client.request(request);
    QCOMPARE(answer.status, status);
    QVERIFY(answer.text.find(reasonWord(reason)) != std::string::npos);
    QCOMPARE(answer.header("Connection"), std::string(status == 426 ? "close, Upgrade" : "close"));
    QCOMPARE(answer.header("Allow"), std::string(status == 405 ? "GET" : ""));
    QCOMPARE(answer.header("Upgrade"), std::string(status == 426 ? "websocket" : ""));
    QCOMPARE(answer.header("Sec-WebSocket-Version"), std::string(status == 426 ? "13" : ""));
    QVERIFY(client.ends());
    QVERIFY(!client.wasReset());
    COMPARE_TRACE(trace.refused(reason, static_cast<std::uint16_t>(status), route));
    QCOMPARE(m_server->info().stats.sessions, 0u);
}

void RequestFaultsTest::requests_that_are_let_in_data()
{
    QTest::addColumn<std::string>("request");
    const auto good = [](const char* name, const std::string& request) { QTest::newRow(name) << request; };
    good("12 a header of exactly its limit", with("X: " + std::string(8192 - 3, 'a') + "\r\n"));
    good("12 100 headers", with(repeated("X: 1\r\n", 95)));
    good("13 a target of exactly its limit", withLine("GET /echo?" + std::string(2048 - 6, 'a') + " HTTP/1.1"));
    good(
        "19 upgrade in the second Connection line, in mixed case",
        request(host + "Connection: keep-alive\r\nConnection: foo, uPgRaDe\r\nUpgrade: WebSocket\r\n" + version + key));
    good("19 upgrade in a list",
         request(host + "Connection: keep-alive , Upgrade\r\nUpgrade: h2c, websocket\r\n" + version + key));
    good("22 Content-Length 0", with("Content-Length: 0\r\n"));
    good("25 Origin as listed", with("Origin: https://app.example\r\n"));
    good("25 Origin with the scheme's own port", with("Origin: https://app.example:443\r\n"));
    good("25 Origin in other case", with("Origin: HTTPS://App.Example\r\n"));
    good("29 deflate offered where it is off",
         with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"));
    good("29 deflate with bad parameters", with("Sec-WebSocket-Extensions: permessage-deflate; window=99; =;;\r\n"));
    good("33 a header and a cookie that the route does not name", with("X-Token: abc\r\nCookie: token=abc\r\n"));
    good("70 markup and right-to-left overrides in User-Agent", with("User-Agent: <b>\xe2\x80\xae</b>\r\n"));
    good("27 a query", withLine("GET /echo?token=abc HTTP/1.1"));
    good("27 an encoded letter", withLine("GET /%65cho HTTP/1.1"));
}

void RequestFaultsTest::requests_that_are_let_in()
{
    QFETCH(std::string, request);
    const FaultTrace trace(*m_server);
    ByteClient client = connected(*m_server, trace);
    const HttpAnswer answer = client.request(request);
    QCOMPARE(answer.status, 101);
    QCOMPARE(answer.header("Sec-WebSocket-Accept"), std::string("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    QCOMPARE(answer.header("Sec-WebSocket-Extensions"), std::string());
    QVERIFY(client.text("in"));
    QCOMPARE(client.next().payload, std::string("in"));
    COMPARE_TRACE(trace.accepted());
    client.disconnect();
    QTRY_COMPARE(m_server->info().stats.sessions, 0u);
}

void RequestFaultsTest::hs_timeout_for_a_head_that_trickles() // row 11
{
    ManualClock clock;
    TestServer server({}, &clock);
    const FaultTrace trace(server);
    ByteClient client = connected(server, trace);
    const std::string head = with({});
    for (std::size_t i = 0; i < 4; ++i) {
        QVERIFY(client.send(head.substr(i, 1)));
        QVERIFY(client.receive(20ms).empty());
        clock.advance(1s);
    }
    QVERIFY(client.receive(100ms).empty());
    clock.advance(1100ms);
    QCOMPARE(client.request({}).status, 408);
    QVERIFY(client.ends());
    COMPARE_TRACE(trace.refused(Reason::HsTimeout, 408));
}

void RequestFaultsTest::origin_refused_even_with_a_token_data()
{
    QTest::addColumn<std::string>("origin");
    QTest::newRow("none where the route does not say so") << std::string();
    QTest::newRow("another") << std::string("https://evil.example");
}

void RequestFaultsTest::origin_refused_even_with_a_token() // row 25
{
    QFETCH(std::string, origin);
    const FaultTrace trace(*m_server);
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = m_server->token("ann");
    if (!origin.empty())
        options.origin = origin;
    QCOMPARE(connected(*m_server, trace).upgrade(options).status, 403);
    COMPARE_TRACE(trace.refused(Reason::Origin, 403, m_server->policy().routes[0].name));
    AuditQuery query;
    query.address = trace.address();
    QCOMPARE(m_server->audit(query)[0].origin, origin);
    options.origin = "https://app.example";
    QCOMPARE(connected(*m_server, trace).upgrade(options).status, 101);
}

void RequestFaultsTest::hs_host_for_a_name_that_is_not_the_listeners_data()
{
    QTest::addColumn<std::string>("name");
    QTest::addColumn<bool>("known");
    for (const char* name : {"gate.example", "GATE.Example", "gate.example:8443", "[::1]:443"})
        QTest::newRow(name) << std::string(name) << true;
    for (const char* name : {"localhost", "gate.example.evil.example", "xgate.example", "gate.example.", "127.0.0.1"})
        QTest::newRow(name) << std::string(name) << false;
}

void RequestFaultsTest::hs_host_for_a_name_that_is_not_the_listeners() // row 17
{
    QFETCH(std::string, name);
    QFETCH(bool, known);
    const FaultTrace trace(*m_server);
    UpgradeOptions options;
    options.host = name;
    ByteClient client(m_server->port("named"), ByteClient::Security::Plain, trace.source());
    QCOMPARE(client.upgrade(options).status, known ? 101 : 421);
    if (known)
        COMPARE_TRACE(trace.accepted());
    else
        COMPARE_TRACE(trace.refused(Reason::HsHost, 421, "echo"));
}

QTEST_GUILESS_MAIN(RequestFaultsTest)
#include "requestfaultstest.moc"
