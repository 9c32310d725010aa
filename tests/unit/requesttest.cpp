// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/request.h"
#include "wire/headscanner.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::wire;

namespace {

constexpr std::string_view sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="; // RFC 6455 §1.3

/// A good upgrade whose parts a row replaces.
struct Parts {
    std::string line = "GET /ws?room=1 HTTP/1.1\r\n";
    std::string host = "Host: gate.example:8443\r\n";
    std::string upgrade = "Upgrade: websocket\r\n";
    std::string connection = "Connection: Upgrade\r\n";
    std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    std::string version = "Sec-WebSocket-Version: 13\r\n";
    std::string more;

    [[nodiscard]] std::string head() const
    {
        return line + host + upgrade + connection + key + version + more + "\r\n";
    }
};

template <class Change> std::string headWith(Change change)
{
    Parts parts;
    change(parts);
    return parts.head();
}

/// The first reason on the way from bytes to an upgrade; None where it is granted.
Reason judge(const std::string& head, const RequestLimits& limits = {})
{
    const auto request = parseRequest(head, limits);
    if (!request)
        return request.error();
    const auto upgrade = parseUpgrade(*request);
    return upgrade ? Reason::None : upgrade.error();
}

/// Where the scanner ends: the size or the error, and after how many bytes, given `step` bytes more each time.
struct Scan {
    std::size_t size = 0;
    Reason reason = Reason::None;
    friend bool operator==(const Scan&, const Scan&) = default;
};
Scan scanInSteps(std::string_view text, std::size_t step, const RequestLimits& limits = {})
{
    HeadScanner scanner(limits);
    for (std::size_t seen = step;; seen += step) {
        const auto size = scanner.scan(text.substr(0, seen));
        if (!size)
            return {0, size.error()};
        if (*size > 0 || seen >= text.size())
            return {*size, Reason::None};
    }
}

Reason scanReason(std::string_view text, const RequestLimits& limits = {})
{
    const auto size = scanHead(text, limits);
    return size ? Reason::None : size.error();
}

} // namespace

Q_DECLARE_METATYPE(gatehouse::Reason)

class RequestTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_request_is_judged_data();
    void a_request_is_judged();
    void an_error_does_not_depend_on_the_cut_data() { a_request_is_judged_data(); }
    void an_error_does_not_depend_on_the_cut();
    void an_upgrade_has_its_parts();
    void an_absolute_target_has_a_path_and_a_query();
    void every_limit_is_exact();
    void an_error_does_not_wait_for_the_end();
    void bytes_behind_the_head_are_not_looked_at();
    void a_version_that_is_not_1_1_is_told_from_garbage();
    void any_method_parses_and_its_body_has_a_length();
    void obs_text_stays_in_values();
    void the_accept_key_is_that_of_the_rfc();
    void the_answers_have_their_headers();
    void a_client_request_passes_the_servers_own_parser();
    void a_client_request_carries_no_foreign_header();
    void an_answer_is_checked_data();
    void an_answer_is_checked();
};

void RequestTest::a_request_is_judged_data()
{
    QTest::addColumn<QByteArray>("head");
    QTest::addColumn<Reason>("reason");
    const auto raw = [](const char* name, const std::string& head, Reason reason) {
        QTest::newRow(name) << QByteArray::fromStdString(head) << reason;
    };
    const auto row = [&](const char* name, auto change, Reason reason) { raw(name, headWith(change), reason); };
    const auto line = [&](const char* name, const std::string& text, Reason reason) {
        row(
            name, [&](Parts& p) { p.line = text + "\r\n"; }, reason);
    };
    const auto more = [&](const char* name, const std::string& text, Reason reason) {
        row(
            name, [&](Parts& p) { p.more = text; }, reason);
    };
    using namespace std::string_literals;
    raw("good", Parts().head(), Reason::None);

    line("POST", "POST /ws HTTP/1.1", Reason::HsMethod);
    line("CONNECT to an authority", "CONNECT gate.example:443 HTTP/1.1", Reason::HsMethod);
    line("CONNECT to a path", "CONNECT /ws HTTP/1.1", Reason::HsMethod);
    line("lower-case method", "get /ws HTTP/1.1", Reason::HsMethod);
    line("HTTP/1.0", "GET /ws HTTP/1.0", Reason::HsRequestLine);
    line("HTTP/9.9", "GET /ws HTTP/9.9", Reason::HsRequestLine);
    line("HTTP/1.10", "GET /ws HTTP/1.10", Reason::HsRequestLine);
    line("lower-case version", "GET /ws http/1.1", Reason::HsRequestLine);
    line("four tokens", "GET /ws x HTTP/1.1", Reason::HsRequestLine);
    line("two tokens", "GET /ws", Reason::HsRequestLine);
    line("two spaces", "GET  /ws HTTP/1.1", Reason::HsRequestLine);
    line("space before the method", " GET /ws HTTP/1.1", Reason::HsRequestLine);
    line("space behind the version", "GET /ws HTTP/1.1 ", Reason::HsRequestLine);
    line("tab between", "GET\t/ws HTTP/1.1", Reason::HsRequestLine);
    line("empty line first", "\r\nGET /ws HTTP/1.1", Reason::HsRequestLine);
    line("garbage", "\xde\xad\xbe\xef", Reason::HsRequestLine);
    line("absolute form", "GET http://gate.example:8443/ws HTTP/1.1", Reason::None);
    line("absolute form, https, other case", "GET HTTPS://Gate.Example:8443/ws HTTP/1.1", Reason::None);
    line("absolute form without a path", "GET http://gate.example:8443 HTTP/1.1", Reason::None);
    line("absolute form of another authority", "GET http://other.example:8443/ws HTTP/1.1", Reason::HsHost);
    line("absolute form of another port", "GET http://gate.example/ws HTTP/1.1", Reason::HsHost);
    line("absolute form with userinfo", "GET http://me@gate.example:8443/ws HTTP/1.1", Reason::HsRequestLine);
    line("absolute form of another scheme", "GET ftp://gate.example:8443/ws HTTP/1.1", Reason::HsRequestLine);
    line("absolute form without an authority", "GET http:///ws HTTP/1.1", Reason::HsRequestLine);
    line("absolute form with a fragment", "GET http://gate.example:8443/ws#a HTTP/1.1", Reason::HsRequestLine);
    line("asterisk form", "OPTIONS * HTTP/1.1", Reason::HsRequestLine);
    line("authority form", "GET gate.example:443 HTTP/1.1", Reason::HsRequestLine);
    line("fragment", "GET /ws#top HTTP/1.1", Reason::HsRequestLine);
    line("raw byte in the target", "GET /w\xc3\xa9 HTTP/1.1", Reason::HsRequestLine);

    line("NUL in the target", "GET /w\0s HTTP/1.1"s, Reason::HsSyntax);
    raw("bare LF behind the request line", "GET /ws HTTP/1.1\nHost: a\r\n\r\n", Reason::HsSyntax);
    raw("bare LF everywhere", "GET /ws HTTP/1.1\nHost: a\n\n", Reason::HsSyntax);
    raw("lone CR behind the request line", "GET /ws HTTP/1.1\rHost: a\r\n\r\n", Reason::HsSyntax);
    more("bare LF in a header", "X: a\nY: b\r\n", Reason::HsSyntax);
    more("lone CR in a value", "X: a\rb\r\n", Reason::HsSyntax);
    more("folded header", "X: a\r\n b\r\n", Reason::HsSyntax);
    more("folded with a tab", "X: a\r\n\tb\r\n", Reason::HsSyntax);
    row(
        "folded first header", [](Parts& p) { p.line += " X: a\r\n"; }, Reason::HsSyntax);
    more("space before the colon", "X : a\r\n", Reason::HsSyntax);
    more("tab before the colon", "X\t: a\r\n", Reason::HsSyntax);
    more("no colon", "X\r\n", Reason::HsSyntax);
    more("empty name", ": a\r\n", Reason::HsSyntax);
    more("no token as name", "X(y): a\r\n", Reason::HsSyntax);
    more("raw byte in a name", "X\xc3\xa9: a\r\n", Reason::HsSyntax);
    more("NUL in a name", "X\0: a\r\n"s, Reason::HsSyntax);
    more("NUL in a value", "X: a\0b\r\n"s, Reason::HsSyntax);
    more("escape in a value", "X: a\x1b[31m\r\n", Reason::HsSyntax);
    more("DEL in a value", "X: a\x7f\r\n", Reason::HsSyntax);
    more("tab in a value", "X: a\tb\r\n", Reason::None);
    more("empty value", "X:\r\n", Reason::None);

    const auto host = [&](const char* name, const std::string& text, Reason reason) {
        row(
            name, [&](Parts& p) { p.host = text; }, reason);
    };
    host("Host missing", "", Reason::HsHost);
    host("Host twice", "Host: gate.example\r\nhost: gate.example\r\n", Reason::HsHost);
    for (const char* value : {"",
                              "user@gate.example",
                              "user:pw@gate.example",
                              "gate.example:",
                              "gate.example:0",
                              "gate.example:65536",
                              "gate.example:http",
                              "a b",
                              "a,b",
                              "a..b",
                              ".a",
                              ".",
                              "gate/x",
                              "[::1",
                              "[::1]x",
                              "[127.0.0.1]",
                              "[]",
                              "::1",
                              "http://gate.example",
                              "g\xc3\xa4te"})
        QTest::addRow("bad host '%s'", value)
            << QByteArray::fromStdString(headWith([&](Parts& p) { p.host = "Host: "s + value + "\r\n"; }))
            << Reason::HsHost;
    for (const char* value : {"gate.example", "GATE.example.", "localhost:1", "10.0.0.1:65535", "[::1]:8443",
                              "[fd00::2]", "my_host", "xn--gte-qla.example"})
        QTest::addRow("good host '%s'", value)
            << QByteArray::fromStdString(headWith([&](Parts& p) { p.host = "Host:"s + value + " \r\n"; }))
            << Reason::None;

    more("Content-Length over 0", "Content-Length: 5\r\n", Reason::HsBody);
    more("Content-Length of 0", "Content-Length: 0\r\n", Reason::None);
    more("Content-Length twice", "Content-Length: 0\r\nContent-Length: 0\r\n", Reason::HsBody);
    more("Content-Length as a list", "Content-Length: 0, 0\r\n", Reason::HsBody);
    more("Content-Length signed", "Content-Length: +0\r\n", Reason::HsBody);
    more("Content-Length empty", "Content-Length: \r\n", Reason::HsBody);
    more("Transfer-Encoding", "Transfer-Encoding: chunked\r\n", Reason::HsBody);
    more("Transfer-Encoding identity", "transfer-encoding: identity\r\n", Reason::HsBody);

    row(
        "Upgrade missing", [](Parts& p) { p.upgrade = ""; }, Reason::HsUpgrade);
    row(
        "Upgrade h2c", [](Parts& p) { p.upgrade = "Upgrade: h2c\r\n"; }, Reason::HsUpgrade);
    row(
        "Upgrade in mixed case in a list", [](Parts& p) { p.upgrade = "upgrade: h2c, WebSocket\r\n"; }, Reason::None);
    row(
        "Upgrade look-alike", [](Parts& p) { p.upgrade = "Upgrade: websockets\r\n"; }, Reason::HsUpgrade);
    row(
        "Connection missing", [](Parts& p) { p.connection = ""; }, Reason::HsUpgrade);
    row(
        "Connection without upgrade", [](Parts& p) { p.connection = "Connection: keep-alive\r\n"; }, Reason::HsUpgrade);
    row(
        "Connection look-alike", [](Parts& p) { p.connection = "Connection: x-upgrade\r\n"; }, Reason::HsUpgrade);
    row(
        "upgrade in the second Connection line, in mixed case",
        [](Parts& p) { p.connection = "Connection: keep-alive\r\ncOnnection: close ,\tuPgRaDe\r\n"; }, Reason::None);

    row(
        "version 8", [](Parts& p) { p.version = "Sec-WebSocket-Version: 8\r\n"; }, Reason::HsVersion);
    row(
        "version missing", [](Parts& p) { p.version = ""; }, Reason::HsVersion);
    row(
        "version twice", [](Parts& p) { p.version += p.version; }, Reason::HsVersion);
    row(
        "version as a list", [](Parts& p) { p.version = "Sec-WebSocket-Version: 13, 8\r\n"; }, Reason::HsVersion);

    const auto key = [&](const char* name, const std::string& text, Reason reason) {
        row(
            name, [&](Parts& p) { p.key = text.empty() ? "" : "Sec-WebSocket-Key: " + text + "\r\n"; }, reason);
    };
    key("key missing", "", Reason::HsKey);
    row(
        "key twice", [](Parts& p) { p.key += p.key; }, Reason::HsKey);
    key("key of 15 bytes", "AAAAAAAAAAAAAAAAAAAA", Reason::HsKey);
    key("key of 17 bytes", "AAAAAAAAAAAAAAAAAAAAAAA=", Reason::HsKey);
    key("key not base64", "dGhlIHNhbXBsZSBub25j!Q==", Reason::HsKey);
    key("key in base64url", "dGhlIHNhbXBsZSBub25-_Q==", Reason::HsKey);
    key("key not canonical", "dGhlIHNhbXBsZSBub25jZR==", Reason::HsKey);
    key("key without padding", "dGhlIHNhbXBsZSBub25jZQ", Reason::HsKey);
    key("key of zeros", "AAAAAAAAAAAAAAAAAAAAAA==", Reason::None);

    more("Origin twice", "Origin: https://a\r\nOrigin: https://b\r\n", Reason::HsDuplicate);
    more("Origin twice, the other order", "Origin: https://b\r\nOrigin: https://a\r\n", Reason::HsDuplicate);
    more("Origin once", "Origin: https://a\r\n", Reason::None);

    const auto names = [&](const char* name, const std::string& text, Reason reason) {
        more(name, "Sec-WebSocket-Protocol: " + text + "\r\n", reason);
    };
    names("subprotocols", "gatehouse, bearer.aaa.bbb", Reason::None);
    more("subprotocols in two lines", "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n", Reason::None);
    names("subprotocol with a blank", "a b", Reason::Subprotocol);
    names("subprotocol with a slash", "a/b", Reason::Subprotocol);
    names("subprotocol repeated", "a, b, a", Reason::Subprotocol);
    more("subprotocol repeated over lines", "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n",
         Reason::Subprotocol);
    names("subprotocol empty", "", Reason::Subprotocol);
    names("few empty elements", "a,, b,", Reason::None);
    names("4 KiB of commas", std::string(4096, ','), Reason::Subprotocol);
    std::string thousand;
    for (int i = 0; i < 1000; ++i)
        thousand += (i ? ",p" : "p") + std::to_string(i);
    names("1000 subprotocols", thousand, Reason::Subprotocol);
    more("permessage-deflate is not looked at",
         "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n", Reason::None);
}

void RequestTest::a_request_is_judged()
{
    QFETCH(QByteArray, head);
    QFETCH(Reason, reason);
    const Reason got = judge(head.toStdString());
    QVERIFY2(got == reason, reasonWord(got).data());
}

void RequestTest::an_error_does_not_depend_on_the_cut()
{
    QFETCH(QByteArray, head);
    const std::string text = head.toStdString();
    const Scan whole = scanInSteps(text, text.size());
    for (const std::size_t step : {std::size_t(1), std::size_t(2), std::size_t(3), std::size_t(7), std::size_t(64)})
        QVERIFY(scanInSteps(text, step) == whole);
    const auto plain = scanHead(text, {});
    QCOMPARE(plain ? Reason::None : plain.error(), whole.reason);
    QCOMPARE(plain ? *plain : 0, whole.size);
}

void RequestTest::an_upgrade_has_its_parts()
{
    const std::string head = headWith([](Parts& p) {
        p.more = "Origin: https://app.example\r\nsec-websocket-protocol: a , b\r\nAuthorization: Bearer one\r\n"
                 "Authorization: Bearer two\r\nUser-Agent:  probe/1 \t\r\nSec-WebSocket-Protocol: c\r\n";
    });
    const auto request = parseRequest(head, {});
    QVERIFY(request);
    QCOMPARE(request->method, std::string_view("GET"));
    QCOMPARE(request->target, std::string_view("/ws?room=1"));
    QCOMPARE(request->path, std::string_view("/ws"));
    QCOMPARE(request->query, std::string_view("room=1"));
    QCOMPARE(request->headers.size(), std::size_t(11));
    QCOMPARE(request->one("hOST"), std::optional<std::string_view>("gate.example:8443"));
    QCOMPARE(request->one("Authorization"), std::nullopt);
    const auto upgrade = parseUpgrade(*request);
    QVERIFY(upgrade);
    QCOMPARE(upgrade->key, sampleKey);
    QCOMPARE(upgrade->host, std::string_view("gate.example:8443"));
    QCOMPARE(upgrade->origin, std::optional<std::string_view>("https://app.example"));
    QCOMPARE(upgrade->subprotocols, (std::vector<std::string_view>{"a", "b", "c"}));
    QCOMPARE(upgrade->authorization, (std::vector<std::string_view>{"Bearer one", "Bearer two"}));
    QCOMPARE(upgrade->userAgent, std::string_view("probe/1"));
}

void RequestTest::an_absolute_target_has_a_path_and_a_query()
{
    const auto parse = [](const std::string& target) {
        const std::string head = headWith([&](Parts& p) { p.line = "GET " + target + " HTTP/1.1\r\n"; });
        const auto request = parseRequest(head, {});
        return request ? std::tuple(std::string(request->authority), std::string(request->path),
                                    std::string(request->query))
                       : std::tuple<std::string, std::string, std::string>();
    };
    using Parsed = std::tuple<std::string, std::string, std::string>;
    QCOMPARE(parse("http://a:1/ws/x?y?z"), Parsed("a:1", "/ws/x", "y?z"));
    QCOMPARE(parse("https://a?y"), Parsed("a", "/", "y"));
    QCOMPARE(parse("https://[::1]:2/"), Parsed("[::1]:2", "/", ""));
    QCOMPARE(parse("/http://a/"), Parsed("", "/http://a/", ""));
}

void RequestTest::every_limit_is_exact()
{
    const std::string head = "GET /12345 HTTP/1.1\r\nHost: a\r\nX-Long: 12\r\n\r\n";
    const RequestLimits exact{.line = 19, .target = 6, .header = 10, .head = head.size(), .headers = 2};
    QCOMPARE(scanReason(head, exact), Reason::None);
    const auto less = [&](auto change) {
        RequestLimits limits = exact;
        change(limits);
        return scanReason(head, limits);
    };
    QCOMPARE(less([](RequestLimits& l) { --l.line; }), Reason::HsUriSize);
    QCOMPARE(less([](RequestLimits& l) { --l.target; }), Reason::HsUriSize);
    QCOMPARE(less([](RequestLimits& l) { --l.header; }), Reason::HsHeaderSize);
    QCOMPARE(less([](RequestLimits& l) { --l.head; }), Reason::HsHeaderSize);
    QCOMPARE(less([](RequestLimits& l) { --l.headers; }), Reason::HsHeaderCount);

    std::string many = "GET / HTTP/1.1\r\n";
    for (int i = 0; i < 101; ++i)
        many += "a: b\r\n";
    QCOMPARE(scanReason(many), Reason::HsHeaderCount);
}

void RequestTest::an_error_does_not_wait_for_the_end()
{
    QCOMPARE(scanReason("GET / HTTP/1.1\n"), Reason::HsSyntax);
    QCOMPARE(scanReason("GET / HTTP/1.0\r\n"), Reason::HsRequestLine);
    QCOMPARE(scanReason("\x16"), Reason::HsSyntax);
    QCOMPARE(scanReason("GET /" + std::string(2048, 'a')), Reason::HsUriSize);
    QCOMPARE(scanReason(std::string(4097, 'A')), Reason::HsUriSize);
    QCOMPARE(scanReason("GET / HTTP/1.1\r\nX: " + std::string(8190, 'a')), Reason::HsHeaderSize);
    QCOMPARE(scanReason("GET / HTTP/1.1\r\nHost : a"), Reason::HsSyntax);
    const std::string head = Parts().head();
    for (std::size_t size = 0; size < head.size(); ++size)
        QVERIFY(scanHead(std::string_view(head).substr(0, size), {}) == (Result<std::size_t, Reason>(std::size_t(0))));
    QCOMPARE(judge(head.substr(0, head.size() - 2)), Reason::HsSyntax);
}

void RequestTest::bytes_behind_the_head_are_not_looked_at()
{
    const std::string head = Parts().head();
    const std::string early = head + std::string("\x81\x80\0\0\0\0\n", 7);
    QCOMPARE(*scanHead(early, {}), head.size());
    HeadScanner scanner({});
    QCOMPARE(*scanner.scan(early), head.size());
    QCOMPARE(*scanner.scan(early + "\n\n"), head.size());
    QCOMPARE(judge(early), Reason::HsSyntax);
}

void RequestTest::a_version_that_is_not_1_1_is_told_from_garbage()
{
    const auto versionUnsupported = [](std::string_view line) {
        HeadScanner scanner({});
        (void)scanner.scan(line);
        return scanner.versionUnsupported();
    };
    for (const char* line : {"GET /ws HTTP/1.0\r\n", "GET /ws HTTP/9.9\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n"})
        QVERIFY2(versionUnsupported(line), line);
    for (const char* line :
         {"GET /ws HTTP/1.1\r\n", "GET /ws HTTP/1\r\n", "GET /ws x HTTP/1.0\r\n", "GET /ws HTTP/1.0x\r\n",
          "G@T /ws HTTP/1.0\r\n", "GET  HTTP/1.0\r\n", "GET * HTTP/1.1\r\n", "", "\r\n"})
        QVERIFY2(!versionUnsupported(line), line);
}

void RequestTest::any_method_parses_and_its_body_has_a_length()
{
    const auto length = [](const std::string& headers) -> Result<std::uint64_t, Reason> {
        const std::string head = "POST /api/kick HTTP/1.1\r\n" + headers + "\r\n";
        const auto request = parseRequest(head, {});
        if (!request || request->method != "POST" || request->path != "/api/kick")
            return Failure{Reason::Internal};
        return contentLength(*request);
    };
    QCOMPARE(*length("Content-Length: 1234\r\n"), std::uint64_t(1234));
    QCOMPARE(*length(""), std::uint64_t(0));
    for (const char* bad :
         {"Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: 0x10\r\n", "Content-Length: -1\r\n",
          "Content-Length: 01\r\n", "Content-Length: 99999999999999999999\r\n",
          "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"}) {
        const auto result = length(bad);
        QVERIFY2(!result && result.error() == Reason::HsBody, bad);
    }
}

void RequestTest::obs_text_stays_in_values()
{
    const std::string head = headWith([](Parts& p) { p.more = "User-Agent: J\xf6rg \xff\r\n"; });
    const auto request = parseRequest(head, {});
    QVERIFY(request);
    QCOMPARE(request->one("User-Agent"), std::optional<std::string_view>("J\xf6rg \xff"));
}

void RequestTest::the_accept_key_is_that_of_the_rfc()
{
    QCOMPARE(acceptKey(sampleKey), std::string("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
}

void RequestTest::the_answers_have_their_headers()
{
    QCOMPARE(switchingProtocols(sampleKey, "gatehouse"),
             std::string("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                         "Sec-WebSocket-Protocol: gatehouse\r\n\r\n"));
    QVERIFY(switchingProtocols(sampleKey, "").find("Sec-WebSocket-Protocol") == std::string::npos);

    struct Case {
        std::uint16_t status;
        const char* name;
        const char* value;
    };
    for (const auto& [status, name, value] :
         {Case{401, "WWW-Authenticate", "Bearer"}, Case{405, "Allow", "GET"}, Case{426, "Upgrade", "websocket"},
          Case{426, "Sec-WebSocket-Version", "13"}, Case{426, "Connection", "close, Upgrade"},
          Case{400, "Connection", "close"}, Case{403, "Cache-Control", "no-store"}, Case{403, "Content-Length", "7"}}) {
        const std::string text = refusal(status, "origin");
        const auto response = parseResponse(text, {});
        QVERIFY(response && *response);
        QCOMPARE((*response)->status, status);
        QCOMPARE((*response)->one(name), std::optional<std::string_view>(value));
        QCOMPARE((*response)->one("Retry-After"), std::nullopt);
        QCOMPARE(text.substr((*response)->size), std::string("origin\n"));
    }
    const std::string limited = refusal(429, "limit_ip", 60);
    QCOMPARE((*parseResponse(limited, {}))->one("Retry-After"), std::optional<std::string_view>("60"));
    for (std::size_t i = 1; i < reasonCount; ++i) {
        if (const auto status = httpStatus(static_cast<Reason>(i)))
            QVERIFY2(!statusText(*status).empty(), qPrintable(QString::number(*status)));
    }
}

void RequestTest::a_client_request_passes_the_servers_own_parser()
{
    const ClientRequest request{.host = "[::1]:8443",
                                .target = "/ws?a=b",
                                .key = std::string(sampleKey),
                                .origin = "https://app.example",
                                .subprotocols = {"gatehouse", "bearer.x"},
                                .headers = {{"Authorization", "Bearer t"}}};
    const std::string head = upgradeRequest(request);
    const auto parsed = parseRequest(head, {});
    QVERIFY(parsed);
    const auto upgrade = parseUpgrade(*parsed);
    QVERIFY(upgrade);
    QCOMPARE(upgrade->host, std::string_view(request.host));
    QCOMPARE(upgrade->subprotocols, (std::vector<std::string_view>{"gatehouse", "bearer.x"}));
    QCOMPARE(upgrade->authorization, (std::vector<std::string_view>{"Bearer t"}));
}

void RequestTest::a_client_request_carries_no_foreign_header()
{
    const ClientRequest good{
        .host = "a", .target = "/", .key = std::string(sampleKey), .origin = {}, .subprotocols = {}, .headers = {}};
    QVERIFY(!upgradeRequest(good).empty());
    const auto spoiled = [&](auto change) {
        ClientRequest request = good;
        change(request);
        return upgradeRequest(request).empty();
    };
    QVERIFY(spoiled([](ClientRequest& r) { r.host = "a\r\nX: y"; }));
    QVERIFY(spoiled([](ClientRequest& r) { r.target = "/ HTTP/1.1\r\nX: y"; }));
    QVERIFY(spoiled([](ClientRequest& r) { r.key = "short"; }));
    QVERIFY(spoiled([](ClientRequest& r) { r.origin = "https://a\r\nX: y"; }));
    QVERIFY(spoiled([](ClientRequest& r) { r.subprotocols = {"a, b"}; }));
    QVERIFY(spoiled([](ClientRequest& r) { r.headers = {{"X-User", "me\nX-Admin: yes"}}; }));
    QVERIFY(spoiled([](ClientRequest& r) { r.headers = {{"X User", "me"}}; }));
}

void RequestTest::an_answer_is_checked_data()
{
    QTest::addColumn<QByteArray>("head");
    QTest::addColumn<Reason>("reason");
    const std::string good = switchingProtocols(sampleKey, "gatehouse");
    const auto row = [&](const char* name, const std::string& from, const std::string& to, Reason reason) {
        std::string head = good;
        head.replace(head.find(from), from.size(), to);
        QTest::newRow(name) << QByteArray::fromStdString(head) << reason;
    };
    row("good", "", "", Reason::None);
    row("no subprotocol", "Sec-WebSocket-Protocol: gatehouse\r\n", "", Reason::None);
    row("status 200", "101", "200", Reason::HsUpgrade);
    row("no Upgrade", "Upgrade: websocket\r\n", "", Reason::HsUpgrade);
    row("no Connection", "Connection: Upgrade\r\n", "", Reason::HsUpgrade);
    row("wrong Accept", "s3pP", "s3pQ", Reason::HsKey);
    row("no Accept", "Sec-WebSocket-Accept", "X-Accept", Reason::HsKey);
    row("unasked subprotocol", ": gatehouse", ": other", Reason::Subprotocol);
    row("unasked extension", "Connection:", "Sec-WebSocket-Extensions: x\r\nConnection:", Reason::HsUpgrade);
    row("bad status line", "HTTP/1.1 101", "HTTP/1.1 1o1", Reason::HsRequestLine);
    row("HTTP/1.0", "HTTP/1.1", "HTTP/1.0", Reason::HsRequestLine);
    row("folded", "Connection:", " Connection:", Reason::HsSyntax);
}

void RequestTest::an_answer_is_checked()
{
    QFETCH(QByteArray, head);
    QFETCH(Reason, reason);
    const std::string text = head.toStdString();
    const ClientRequest request{.host = "a",
                                .target = "/",
                                .key = std::string(sampleKey),
                                .origin = {},
                                .subprotocols = {"gatehouse"},
                                .headers = {}};
    const std::string withFrame = text + "\x81\x01";
    const auto response = parseResponse(withFrame, {});
    Reason got = response ? Reason::None : response.error();
    if (response) {
        QVERIFY(*response);
        QCOMPARE((*response)->size, text.size());
        const auto subprotocol = checkAnswer(**response, request);
        got = subprotocol ? Reason::None : subprotocol.error();
    }
    QVERIFY2(got == reason, reasonWord(got).data());
    if (response) {
        const auto cut = parseResponse(std::string_view(text).substr(0, text.size() - 1), {});
        QVERIFY(cut && !*cut);
    }
}

QTEST_GUILESS_MAIN(RequestTest)
#include "requesttest.moc"
