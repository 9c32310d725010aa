// SPDX-License-Identifier: GPL-3.0-or-later
// What an upstream is asked for: the URL that names it, and the target of the request made of it and of the client's.
#include "policy/upstreamtarget.h"
#include "policy/decide.h"
#include "policy/upstreamheader.h"
#include "policy/upstreamurl.h"

#include <QTest>

#include <array>
#include <random>

using namespace gatehouse;

namespace {

using Bytes = QByteArray;

std::string text(const Bytes& bytes)
{
    return bytes.toStdString();
}

Route routeOf(const Bytes& path, const Bytes& parameter, bool strip = true, bool query = true)
{
    Route route;
    route.path = text(path);
    route.kind = RouteKind::Gateway;
    route.gateway = Gateway{};
    route.gateway->stripPrefix = strip;
    route.gateway->forwardQuery = query;
    if (!parameter.isEmpty()) {
        route.authentication.from.push_back(TokenPlace::Query);
        route.authentication.query = text(parameter);
    }
    return route;
}

} // namespace

class UpstreamTargetTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void urls_are_read_data();
    void urls_are_read();
    void wrong_urls_are_refused_data();
    void wrong_urls_are_refused();
    void any_byte_in_a_host_is_a_letter_or_refused();
    void the_same_upstream_is_known_however_it_is_written_data();
    void the_same_upstream_is_known_however_it_is_written();
    void nearby_is_this_machine_or_a_private_network_data();
    void nearby_is_this_machine_or_a_private_network();
    void headers_of_files_are_read_data();
    void headers_of_files_are_read();
    void paths_are_joined_data();
    void paths_are_joined();
    void the_token_never_goes_along_data();
    void the_token_never_goes_along();
    void a_target_is_one_word_of_visible_ascii_whatever_came();
    void a_spelling_of_the_token_never_goes_along_whatever_stands_around_it();
};

void UpstreamTargetTest::urls_are_read_data()
{
    QTest::addColumn<bool>("tls");
    QTest::addColumn<Bytes>("host");
    QTest::addColumn<int>("port");
    QTest::addColumn<Bytes>("path");
    const auto row = [](const char* url, bool tls, const char* host, int port, const char* path) {
        QTest::newRow(url) << tls << Bytes(host) << port << Bytes(path);
    };
    row("ws://127.0.0.1:1880/", false, "127.0.0.1", 1880, "/");
    row("ws://localhost", false, "localhost", 80, "/");
    row("wss://App.Example", true, "app.example", 443, "/");
    row("WSS://app.example:8443", true, "app.example", 8443, "/");
    row("ws://app_1/a/b", false, "app_1", 80, "/a/b");
    row("ws://[::1]:9001/mqtt", false, "::1", 9001, "/mqtt");
    row("ws://[2001:DB8:0::1]", false, "2001:db8::1", 80, "/");
    row("ws://[::ffff:10.0.0.1]", false, "10.0.0.1", 80, "/");
    row("ws://h:1", false, "h", 1, "/");
    row("ws://h:65535", false, "h", 65535, "/");
    row("ws://h/a//b/", false, "h", 80, "/a//b/");
    row("ws://h/a%20b;v=1,2@:!$&'()*+~", false, "h", 80, "/a%20b;v=1,2@:!$&'()*+~");
    row("ws://h/...", false, "h", 80, "/...");
    row("ws://0xcafe.example", false, "0xcafe.example", 80, "/");
}

void UpstreamTargetTest::urls_are_read()
{
    QFETCH(bool, tls);
    QFETCH(Bytes, host);
    QFETCH(int, port);
    QFETCH(Bytes, path);
    const std::string written = QTest::currentDataTag();
    const auto url = parseUpstreamUrl(written);
    if (!url)
        QFAIL(url.error().c_str());
    QCOMPARE(*url, (UpstreamUrl{written, tls, text(host), static_cast<std::uint16_t>(port), text(path)}));
}

void UpstreamTargetTest::wrong_urls_are_refused_data()
{
    QTest::addColumn<Bytes>("url");
    for (const char* url : {"",
                            "/",
                            "ws:",
                            "ws:/h",
                            "ws://",
                            "ws:///",
                            "ws:///path",
                            "//h/",
                            "h:80",
                            "http://h/",
                            "https://h/",
                            "wsx://h/",
                            " ws://h/",
                            "ws://h/ ",
                            "ws ://h/",
                            "ws://a@b",
                            "ws://a:b@c/",
                            "ws://@b",
                            "ws://a%40b/",
                            "ws://h:0",
                            "ws://h:65536",
                            "ws://h:99999999999999999999",
                            "ws://h:080",
                            "ws://h:+80",
                            "ws://h:-1",
                            "ws://h:8 0",
                            "ws://h:",
                            "ws://h:/",
                            "ws://h:80:80",
                            "ws://h:80x/",
                            "ws://:80/",
                            "ws://h?x=1",
                            "ws://h/?",
                            "ws://h/?token=secret",
                            "ws://h/#",
                            "ws://h#x",
                            "ws://h/a#x",
                            "ws://h\\a",
                            "ws://h/\\a",
                            "ws:\\\\h/",
                            "ws://h/a b",
                            "ws://h/\"",
                            "ws://h/<>",
                            "ws://h/{channel}",
                            "ws://h/|",
                            "ws://h/^",
                            "ws://h/`",
                            "ws://h/[x]",
                            "ws://h/%",
                            "ws://h/%2",
                            "ws://h/%zz",
                            "ws://h/%00",
                            "ws://h/a%0d%0aHost:%20x",
                            "ws://h/%7F",
                            "ws://h/.",
                            "ws://h/..",
                            "ws://h/../a",
                            "ws://h/a/../b",
                            "ws://h/a/./b",
                            "ws://h/%2e%2e/a",
                            "ws://h/.%2E",
                            "ws://h/a%2f..%2fb",
                            "ws://h/\xc3\xa9",
                            "ws://caf\xc3\xa9.example/",
                            "ws://\xd1\x80\xd1\x83.example/",
                            "ws://h\xef\xbc\x8e"
                            "example/",
                            "ws://\xe2\x80\xae/",
                            "ws://h%00/",
                            "ws://%68/",
                            "ws://h\r\nX: y/",
                            "ws://h\t/",
                            "ws://h./",
                            "ws://.h/",
                            "ws://a..b/",
                            "ws://*.example/",
                            "ws://a,b/",
                            "ws://a/b://c@d:0?",
                            "ws://[::1",
                            "ws://::1/",
                            "ws://[]/",
                            "ws://[127.0.0.1]/",
                            "ws://[::1]80/",
                            "ws://[::1%25lo]/",
                            "ws://[::1%lo]/",
                            "ws://[::g]/",
                            "ws://[[::1]]/",
                            "ws://127.1/",
                            "ws://2130706433/",
                            "ws://0x7f000001/",
                            "ws://0x7f.1/",
                            "ws://0X7F.0.0.1/",
                            "ws://017700000001/",
                            "ws://127.0.0.01/",
                            "ws://1.2.3.256/",
                            "ws://1.2.3.4.5/",
                            "ws://host.0x1/",
                            "ws://0.0.0.0/",
                            "ws://[::]:80/",
                            "ws://[::ffff:0.0.0.0]/"})
        QTest::newRow(url) << Bytes(url);
    QTest::newRow("NUL in the host") << Bytes("ws://a\0b/", 9);
    QTest::newRow("NUL in the path") << Bytes("ws://a/\0b", 9);
    QTest::newRow("a label of 64") << "ws://" + Bytes(64, 'a') + "/";
    QTest::newRow("a name of 254") << "ws://" + Bytes("ab.").repeated(84) + "ab/";
    QTest::newRow("too long") << "ws://h/" + Bytes(2048, 'a');
}

void UpstreamTargetTest::wrong_urls_are_refused()
{
    QFETCH(Bytes, url);
    const auto read = parseUpstreamUrl(text(url));
    QVERIFY(!read);
    QVERIFY(!read.error().empty());
    QVERIFY(read.error().find("secret") == std::string::npos);
}

void UpstreamTargetTest::any_byte_in_a_host_is_a_letter_or_refused()
{
    const std::string_view good = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    for (int byte = 0; byte < 256; ++byte) {
        const std::string url = std::string("ws://a") + static_cast<char>(byte) + "b/";
        const bool path = byte == '/';
        QCOMPARE(bool(parseUpstreamUrl(url)), path || good.find(static_cast<char>(byte)) != std::string_view::npos);
    }
}

void UpstreamTargetTest::the_same_upstream_is_known_however_it_is_written_data()
{
    QTest::addColumn<Bytes>("a");
    QTest::addColumn<Bytes>("b");
    QTest::addColumn<bool>("same");
    const auto row = [](const char* a, const char* b, bool same) { QTest::newRow(b) << Bytes(a) << Bytes(b) << same; };
    row("ws://H.example", "WS://h.EXAMPLE:80/", true);
    row("wss://h", "wss://h:443", true);
    row("ws://[::1]/", "ws://[0:0::0:1]:80", true);
    row("ws://10.0.0.1/", "ws://[::ffff:a00:1]/", true);
    row("ws://h", "wss://h:80", false);
    row("ws://h", "ws://h:81", false);
    row("ws://h/a", "ws://h/A", false);
    row("ws://h/a", "ws://h/a/", false);
}

void UpstreamTargetTest::the_same_upstream_is_known_however_it_is_written()
{
    QFETCH(Bytes, a);
    QFETCH(Bytes, b);
    QFETCH(bool, same);
    QCOMPARE(isSameUpstream(*parseUpstreamUrl(text(a)), *parseUpstreamUrl(text(b))), same);
}

void UpstreamTargetTest::nearby_is_this_machine_or_a_private_network_data()
{
    QTest::addColumn<bool>("nearby");
    for (const char* url :
         {"ws://127.0.0.1", "ws://127.255.0.9", "ws://[::1]", "ws://10.255.255.255", "ws://172.16.0.1",
          "ws://172.31.255.255", "ws://192.168.0.1", "ws://169.254.1.1", "ws://[fc00::1]", "ws://[fdff::1]",
          "ws://[fe80::1]", "ws://[::ffff:10.0.0.1]", "ws://localhost", "ws://app"})
        QTest::newRow(url) << true;
    for (const char* url :
         {"ws://9.255.255.255", "ws://11.0.0.0", "ws://172.15.255.255", "ws://172.32.0.0", "ws://192.167.255.255",
          "ws://192.169.0.0", "ws://128.0.0.1", "ws://169.253.0.1", "ws://100.64.0.1", "ws://203.0.113.9",
          "ws://[2001:db8::1]", "ws://[fec0::1]", "ws://[::2]", "ws://[::ffff:203.0.113.9]"})
        QTest::newRow(url) << false;
}

void UpstreamTargetTest::nearby_is_this_machine_or_a_private_network()
{
    QFETCH(bool, nearby);
    QCOMPARE(isNearby(*parseUpstreamUrl(QTest::currentDataTag())), nearby);
}

void UpstreamTargetTest::headers_of_files_are_read_data()
{
    QTest::addColumn<Bytes>("file");
    QTest::addColumn<Bytes>("name"); // empty: refused
    QTest::addColumn<Bytes>("value");
    const auto row = [](const Bytes& file, const char* name, const char* value) {
        QTest::newRow(file.left(40).toPercentEncoding().constData()) << file << Bytes(name) << Bytes(value);
    };
    row("Bearer abc", "Authorization", "Bearer abc");
    row("Basic dXNlcjpwYXNz\n", "Authorization", "Basic dXNlcjpwYXNz");
    row("X-Api-Key: k\n", "X-Api-Key", "k");
    row("X-Api-Key:k", "X-Api-Key", "k");
    row("Authorization:   Bearer a b  ", "Authorization", "Bearer a b");
    row("Cookie: a=b; c=d", "Cookie", "a=b; c=d");
    row("Digest username=\"a\", uri=\"http://h\"", "Authorization", "Digest username=\"a\", uri=\"http://h\"");
    row(": k", "Authorization", ": k");
    row("", "", "");
    row("\n", "", "");
    row("   ", "", "");
    row("X-Api-Key:", "", "");
    row("X-Api-Key:  \n", "", "");
    row("k\n\n", "", "");
    row("k\r\n", "", "");
    row("k\nX-Injected: 1", "", "");
    row("X-Api-Key: k\r\nX-Injected: 1\r\n", "", "");
    row("k\tk", "", "");
    row("caf\xc3\xa9", "", "");
    row(Bytes("k\0k", 3), "", "");
    row("k\x7f", "", "");
    row(Bytes(8193, 'k'), "", "");
    for (const char* name : {"Host",
                             "host",
                             "Connection",
                             "UPGRADE",
                             "Sec-WebSocket-Key",
                             "Sec-WebSocket-Protocol",
                             "sec_websocket_accept",
                             "Content-Length",
                             "Content_Length",
                             "Transfer-Encoding",
                             "TE",
                             "Trailer",
                             "Keep-Alive",
                             "Proxy-Connection",
                             "Expect",
                             "X-Forwarded-For",
                             "X_Forwarded_Host",
                             "Forwarded",
                             "X-Real-IP",
                             "X-Gatehouse-User",
                             "x-gatehouse-anything"})
        row(Bytes(name) + ": x", "", "");
}

void UpstreamTargetTest::headers_of_files_are_read()
{
    QFETCH(Bytes, file);
    QFETCH(Bytes, name);
    QFETCH(Bytes, value);
    const auto header = parseAuthHeader(text(file));
    QCOMPARE(bool(header), !name.isEmpty());
    if (header)
        QCOMPARE(*header, (UpstreamHeader{text(name), text(value)}));
    else
        QVERIFY(!header.error().empty());
}

void UpstreamTargetTest::paths_are_joined_data()
{
    QTest::addColumn<Bytes>("route");
    QTest::addColumn<bool>("strip");
    QTest::addColumn<Bytes>("upstream");
    QTest::addColumn<Bytes>("path");
    QTest::addColumn<Bytes>("target");
    const auto row = [](const char* route, bool strip, const char* upstream, const char* path, const char* target) {
        const Bytes title = Bytes(route) + (strip ? " " : " whole ") + upstream + " " + path;
        QTest::newRow(title.constData()) << Bytes(route) << strip << Bytes(upstream) << Bytes(path) << Bytes(target);
    };
    row("/plc/*", true, "/", "/plc/a", "/a");
    row("/plc/*", true, "/", "/plc/a/b%20c", "/a/b%20c");
    row("/plc/*", true, "/app", "/plc/a", "/app/a");
    row("/plc/*", true, "/app/", "/plc/a", "/app/a");
    row("/plc/*", true, "/app/", "/plc/", "/app/");
    row("/plc/*", true, "/app", "/plc/", "/app");
    row("/plc/*", true, "/", "/plc/a/", "/a/");
    row("/plc/*", false, "/app", "/plc/", "/app/plc/");
    row("/*", true, "/", "/", "/");
    row("/plc/*", true, "/app//", "/plc/a", "/app//a");
    row("/plc/*", true, "/", "/plc/plc/plc", "/plc/plc");
    row("/plc/*", true, "/", "/%70l%63/a", "/a"); // the same segment, written in another way
    row("/plc/*", true, "/", "/plc/", "/");
    row("/plc/*", false, "/", "/plc/", "/plc/");
    row("/plc/*", false, "/app", "/plc/a/", "/app/plc/a/");
    row("/*", true, "/app", "/", "/app");
    row("/*", false, "/app/", "/", "/app/");
    row("/a/b/*", true, "/", "/a/b/c/d", "/c/d");
    row("/*", true, "/", "/a/b", "/a/b");
    row("/*", true, "/app", "/a", "/app/a");
    row("/plc", true, "/", "/plc", "/");
    row("/plc", true, "/app", "/plc", "/app");
    row("/plc", true, "/app/", "/plc", "/app/");
    row("/", true, "/app", "/", "/app");
    row("/plc/*", false, "/", "/plc/a", "/plc/a");
    row("/plc/*", false, "/app", "/plc/a", "/app/plc/a");
    row("/plc/*", false, "/app/", "/plc/a", "/app/plc/a");
    row("/plc", false, "/", "/plc", "/plc");
    row("/", false, "/app", "/", "/app");
    // What no route matches, were it ever to come here.
    row("/plc/*", true, "/", "/plc//evil.example/a", "/evil.example/a");
    row("/plc/*", false, "/", "//evil.example/a", "/evil.example/a");
    row("/plc/*", true, "/app", "/plc", "/app");
    row("/plc/*", true, "/app", "", "/app");
    row("/plc/*", true, "/", "/plc/a?b#c", "/a%3Fb%23c");
    row("/plc/*", true, "/", "/plc/a HTTP/1.1\r\nX: y", "/a%20HTTP/1.1%0D%0AX:%20y");
    row("/plc/*", true, "/", "/plc/\xc3\xa9\x7f", "/%C3%A9%7F");
}

void UpstreamTargetTest::paths_are_joined()
{
    QFETCH(Bytes, route);
    QFETCH(bool, strip);
    QFETCH(Bytes, upstream);
    QFETCH(Bytes, path);
    QFETCH(Bytes, target);
    const UpstreamUrl url{{}, false, "h", 80, text(upstream)};
    QCOMPARE(upstreamTarget(routeOf(route, {}, strip), url, text(path), {}), text(target));
    const std::string whole = upstreamTarget(routeOf(route, {}, strip), url, text(path), "a=b");
    QCOMPARE(whole, text(target) + "?a=b");
}

void UpstreamTargetTest::the_token_never_goes_along_data()
{
    QTest::addColumn<Bytes>("parameter");
    QTest::addColumn<Bytes>("query");
    QTest::addColumn<Bytes>("kept");
    const auto row = [](const char* parameter, const char* query, const char* kept) {
        QTest::newRow((Bytes(parameter) + " in " + query).constData())
            << Bytes(parameter) << Bytes(query) << Bytes(kept);
    };
    row("token", "", "");
    row("token", "token=SECRET", "");
    row("token", "a=1&token=SECRET&b=2", "a=1&b=2");
    row("token", "token=SECRET&a=1", "a=1");
    row("token", "a=1&token=SECRET", "a=1");
    row("token", "token=SECRET&token=SECRET&token=SECRET", "");
    row("token", "%74oken=SECRET&a=1", "a=1");
    row("token", "%74%6F%6b%65%6E=SECRET&a=1", "a=1");
    row("token", "a=1&tok%65n=SECRET", "a=1");
    row("token", "token=SECRET=SECRET", "");
    row("token", "token=", "");
    row("token", "token", "");
    row("token", "&token=SECRET&", "");
    row("token", "a=1&&token=SECRET&&b=2", "a=1&&&b=2");
    row("token", "token=SEC&RET=1", "RET=1"); // the parameter ends there for the gate too
    row("token", "tokens=1&atoken=2&Token=3&token2=4", "tokens=1&atoken=2&Token=3&token2=4");
    row("token", "%2574oken=1", "%2574oken=1"); // encoded twice: another name
    row("token", "%zz=1&%=2&a%2=3", "%zz=1&%=2&a%2=3");
    row("token", "a=token=1", "a=token=1");
    row("token", "a=%26token=1", "a=%26token=1");
    row("a.b-c_d", "a%2eb%2Dc%5fd=SECRET&a.b-c_d=SECRET&x=1", "x=1");
    row("", "token=no+token+here&a", "token=no+token+here&a"); // the route looks for none in the query
    row("token", "a=1 2#\r\n", "a=1%202%23%0D%0A");
}

void UpstreamTargetTest::the_token_never_goes_along()
{
    QFETCH(Bytes, parameter);
    QFETCH(Bytes, query);
    QFETCH(Bytes, kept);
    const UpstreamUrl url{{}, false, "h", 80, "/app"};
    const std::string target = upstreamTarget(routeOf("/x", parameter), url, "/x", text(query));
    QCOMPARE(target, kept.isEmpty() ? std::string("/app") : "/app?" + text(kept));
    QVERIFY(target.find("SECRET") == std::string::npos);
    QCOMPARE(upstreamTarget(routeOf("/x", parameter, true, false), url, "/x", text(query)), std::string("/app"));
}

void UpstreamTargetTest::a_target_is_one_word_of_visible_ascii_whatever_came()
{
    std::mt19937 random(6);
    const auto bytes = [&](std::size_t most) {
        std::string made;
        for (auto left = random() % most; left > 0; --left)
            made += random() % 3 == 0 ? "/?#&=% \r\n"[random() % 9] : static_cast<char>(random() % 256);
        return made;
    };
    for (int round = 0; round < 20000; ++round) {
        const Route route = routeOf(random() % 2 ? "/a/*" : "/a", "token", random() % 2, random() % 2);
        const UpstreamUrl url{{}, false, "h", 80, random() % 2 ? "/" : "/app"};
        const std::string target = upstreamTarget(route, url, bytes(30), bytes(30));
        QVERIFY(target.starts_with(url.path) && !target.starts_with("//"));
        QVERIFY(std::count(target.begin(), target.end(), '#') == 0);
        QVERIFY(std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < '\x7f'; }));
    }
}

void UpstreamTargetTest::a_spelling_of_the_token_never_goes_along_whatever_stands_around_it()
{
    std::mt19937 random(7);
    const std::array<std::string, 8> others{"", "a=1", "=", "%", "%74oke=1", "token2=1", "?x", "b=%26"};
    const Route route = routeOf("/a/*", "token");
    const UpstreamUrl url{{}, false, "h", 80, "/"};
    for (int round = 0; round < 20000; ++round) {
        std::string query;
        for (auto left = random() % 6; left > 0; --left) {
            query += query.empty() ? "" : "&";
            if (random() % 2 == 0) {
                query += others[random() % others.size()];
                continue;
            }
            for (const char c : std::string_view("token")) {
                constexpr std::array digits{"0123456789abcdef", "0123456789ABCDEF"};
                const char* const some = digits[random() % 2];
                query += random() % 2 ? std::string(1, c)
                                      : std::string{'%', some[static_cast<unsigned>(c) >> 4U], some[c & 0xf]};
            }
            query += "=SECRET";
        }
        const std::string target = upstreamTarget(route, url, "/a/b", query);
        QVERIFY2(target.find("SECRET") == std::string::npos, query.c_str());
        for (const char* other : {"a=1", "%74oke=1", "token2=1", "b=%26"})
            QCOMPARE(target.find(other) == std::string::npos, query.find(other) == std::string::npos);
    }
}

QTEST_GUILESS_MAIN(UpstreamTargetTest)
#include "upstreamtargettest.moc"
