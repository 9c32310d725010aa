// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/randomkeys.h"
#include "gateway/upstreamrequest.h"
#include "net/workercontext.h"

#include <QTest>

#include <algorithm>
#include <set>

using namespace gatehouse;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

Route makeRoute()
{
    Route route;
    route.name = "app";
    route.path = "/app/*";
    route.kind = RouteKind::Gateway;
    route.gateway.emplace();
    return route;
}

UpstreamUrl makeUrl()
{
    return {"ws://app.example:1880/", false, "app.example", 1880, "/"};
}

Entrant makeEntrant()
{
    Entrant entrant;
    entrant.who.issuer = "local";
    entrant.who.user = "ann";
    entrant.who.roles = {"editor", "viewer"};
    entrant.session.value = 77;
    entrant.client = *IpAddress::parse("192.0.2.7");
    entrant.host = "gate.example:8443";
    entrant.request.path = "/app/x";
    return entrant;
}

wire::ClientRequest make(const Route& route, const Entrant& entrant, const UpstreamUrl& url = makeUrl())
{
    return upstreamRequest(route, url, entrant, "dGhlIHNhbXBsZSBub25jZQ==");
}

std::vector<std::string> values(const wire::ClientRequest& request, const std::string& name)
{
    std::vector<std::string> found;
    for (const auto& [key, value] : request.headers)
        if (QString::fromStdString(key).compare(QString::fromStdString(name), Qt::CaseInsensitive) == 0)
            found.push_back(value);
    return found;
}

std::string only(const wire::ClientRequest& request, const std::string& name)
{
    const auto found = values(request, name);
    return found.size() == 1 ? found.front() : found.empty() ? "(none)" : "(several)";
}

bool has(const Headers& headers, const std::string& name)
{
    return std::ranges::any_of(headers, [&](const auto& header) { return header.first == name; });
}

} // namespace

/// What an application behind the gate is asked, and what no client can make it be told.
class GatewayRequestTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void what_a_client_says_of_itself_stays_behind_data();
    void what_a_client_says_of_itself_stays_behind();
    void other_headers_go_on_data();
    void other_headers_go_on();
    void what_connection_names_stays_behind();
    void what_the_route_drops_stays_behind();
    void the_gates_word_data();
    void the_gates_word();
    void forwarded_headers_are_sent_where_the_route_says_so_alone();
    void the_anonymous_have_no_identity();
    void identity_values_are_encoded_data();
    void identity_values_are_encoded();
    void the_upstreams_own_header_replaces_a_clients();
    void the_cookie_with_the_token_stays_behind_data();
    void the_cookie_with_the_token_stays_behind();
    void subprotocols_are_offered_in_order_without_tokens();
    void the_host_is_the_upstreams_data();
    void the_host_is_the_upstreams();
    void nothing_that_would_break_the_head_is_sent_data();
    void nothing_that_would_break_the_head_is_sent();
    void no_extension_is_offered();
    void keys_and_masks_are_never_the_same();
};

void GatewayRequestTest::what_a_client_says_of_itself_stays_behind_data()
{
    QTest::addColumn<QByteArray>("name");
    for (const char* name : {"X-Forwarded-For",
                             "x-forwarded-for",
                             "X_Forwarded_For",
                             "X-Forwarded_For",
                             "X-FORWARDED-PROTO",
                             "X-Forwarded-Host",
                             "X-Forwarded-Port",
                             "X-Forwarded",
                             "Forwarded",
                             "FORWARDED",
                             "X-Real-IP",
                             "X_REAL_IP",
                             "X-Gatehouse-User",
                             "x-gatehouse-roles",
                             "X_Gatehouse_User",
                             "X-Gatehouse_Issuer",
                             "X-Gatehouse-Session",
                             "X-Gatehouse-Anything",
                             "x_gatehouse",
                             "Host",
                             "Connection",
                             "Upgrade",
                             "Keep-Alive",
                             "Proxy-Connection",
                             "Proxy-Authorization",
                             "Proxy-Authenticate",
                             "TE",
                             "Trailer",
                             "Transfer-Encoding",
                             "Content-Length",
                             "Expect",
                             "HTTP2-Settings",
                             "Sec-WebSocket-Key",
                             "Sec-WebSocket-Version",
                             "Sec-WebSocket-Protocol",
                             "Sec-WebSocket-Extensions",
                             "Sec-WebSocket-Accept",
                             "sec_websocket_key",
                             "Authorization",
                             "authorization",
                             "Cookie",
                             "COOKIE"})
        QTest::newRow(name) << QByteArray(name);
}

void GatewayRequestTest::what_a_client_says_of_itself_stays_behind()
{
    QFETCH(QByteArray, name);
    Route route = makeRoute();
    route.gateway->forward.clear();
    Entrant entrant = makeEntrant();
    entrant.request.headers = {
        {"Accept", "a"}, {name.toStdString(), "root"}, {"Accept", "b"}, {name.toStdString(), "root"}};
    const auto request = make(route, entrant);
    QCOMPARE(request.headers, (Headers{{"Accept", "a"}, {"Accept", "b"}}));
}

void GatewayRequestTest::other_headers_go_on_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::newRow("user agent") << QByteArray("User-Agent") << QByteArray("browser/1");
    QTest::newRow("origin") << QByteArray("Origin") << QByteArray("https://a.example");
    QTest::newRow("an underscore of its own") << QByteArray("My_Header") << QByteArray("x");
    QTest::newRow("obs-text") << QByteArray("X-Name") << QByteArray("M\xfcller \xff");
    QTest::newRow("no value") << QByteArray("X-Empty") << QByteArray();
    QTest::newRow("almost one of ours") << QByteArray("X-Gate") << QByteArray("x");
    QTest::newRow("almost forwarded") << QByteArray("Forwarded-For") << QByteArray("x");
}

void GatewayRequestTest::other_headers_go_on()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    Entrant entrant = makeEntrant();
    entrant.request.headers = {{name.toStdString(), value.toStdString()}};
    QCOMPARE(only(make(makeRoute(), entrant), name.toStdString()), value.toStdString());
}

void GatewayRequestTest::what_connection_names_stays_behind()
{
    Entrant entrant = makeEntrant();
    entrant.request.headers = {{"connection", "Upgrade, X-Secret"},
                               {"Connection", ",\tx-hop ,"},
                               {"X-Secret", "1"},
                               {"X-Hop", "2"},
                               {"X_Hop", "3"},
                               {"X-Kept", "4"}};
    const auto request = make(makeRoute(), entrant);
    QVERIFY(values(request, "X-Secret").empty());
    QVERIFY(values(request, "X-Hop").empty());
    QVERIFY(values(request, "X_Hop").empty());
    QCOMPARE(only(request, "X-Kept"), std::string("4"));

    entrant.request.headers = {{"Connection", "X-Gatehouse-User, X-Forwarded-For"}}; // ours is not the client's to drop
    QCOMPARE(only(make(makeRoute(), entrant), "X-Gatehouse-User"), std::string("ann"));
    QCOMPARE(only(make(makeRoute(), entrant), "X-Forwarded-For"), std::string("192.0.2.7"));
}

void GatewayRequestTest::what_the_route_drops_stays_behind()
{
    Route route = makeRoute();
    route.gateway->drop = {"X-Api-Key"};
    Entrant entrant = makeEntrant();
    entrant.request.headers = {{"x-api-key", "1"}, {"X_API_KEY", "2"}, {"Authorization", "Basic x"}, {"Cookie", "a=b"}};
    const auto request = make(route, entrant);
    QVERIFY(values(request, "X-Api-Key").empty());
    QVERIFY(values(request, "X_API_KEY").empty());
    QCOMPARE(only(request, "Authorization"), std::string("Basic x"));
    QCOMPARE(only(request, "Cookie"), std::string("a=b"));
}

void GatewayRequestTest::the_gates_word_data()
{
    QTest::addColumn<int>("header");
    QTest::addColumn<QByteArray>("address");
    QTest::addColumn<bool>("secure");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char* name, ForwardedHeader header, const char* address, bool secure,
                        const char* expected) {
        QTest::newRow(name) << static_cast<int>(header) << QByteArray(address) << secure << QByteArray(expected);
    };
    row("for", ForwardedHeader::XForwardedFor, "192.0.2.7", true, "192.0.2.7");
    row("for, IPv6", ForwardedHeader::XForwardedFor, "2001:db8::7", true, "2001:db8::7");
    row("proto", ForwardedHeader::XForwardedProto, "192.0.2.7", true, "https");
    row("proto, plain", ForwardedHeader::XForwardedProto, "192.0.2.7", false, "http");
    row("host", ForwardedHeader::XForwardedHost, "192.0.2.7", true, "gate.example:8443");
    row("forwarded", ForwardedHeader::Forwarded, "192.0.2.7", true,
        "for=192.0.2.7;host=\"gate.example:8443\";proto=https");
    row("forwarded, IPv6", ForwardedHeader::Forwarded, "2001:db8::7", false,
        "for=\"[2001:db8::7]\";host=\"gate.example:8443\";proto=http");
    row("user", ForwardedHeader::User, "192.0.2.7", true, "ann");
    row("roles", ForwardedHeader::Roles, "192.0.2.7", true, "editor,viewer");
    row("issuer", ForwardedHeader::Issuer, "192.0.2.7", true, "local");
    row("session", ForwardedHeader::Session, "192.0.2.7", true, "77");
}

void GatewayRequestTest::the_gates_word()
{
    QFETCH(int, header);
    QFETCH(QByteArray, address);
    QFETCH(bool, secure);
    QFETCH(QByteArray, expected);
    Route route = makeRoute();
    route.gateway->forward = {static_cast<ForwardedHeader>(header)};
    Entrant entrant = makeEntrant();
    entrant.client = *IpAddress::parse(address.toStdString());
    entrant.secure = secure;
    const std::string name(forwardedHeaderName(static_cast<ForwardedHeader>(header)));
    entrant.request.headers = {{name, "forged"}, {name, "forged again"}};
    const auto request = make(route, entrant);
    QCOMPARE(request.headers, (Headers{{name, expected.toStdString()}}));
}

void GatewayRequestTest::forwarded_headers_are_sent_where_the_route_says_so_alone()
{
    const auto request = make(makeRoute(), makeEntrant());
    QCOMPARE(request.headers.size(), std::size_t{3}); // the defaults
    QVERIFY(has(request.headers, "X-Forwarded-For"));
    QVERIFY(has(request.headers, "X-Gatehouse-User"));
    QVERIFY(has(request.headers, "X-Gatehouse-Roles"));
}

void GatewayRequestTest::the_anonymous_have_no_identity()
{
    Route route = makeRoute();
    route.gateway->forward = {ForwardedHeader::User, ForwardedHeader::Roles, ForwardedHeader::Issuer};
    Entrant entrant = makeEntrant();
    entrant.who = Identity();
    entrant.request.headers = {{"X-Gatehouse-User", "root"}};
    QVERIFY(make(route, entrant).headers.empty());
    entrant.who.issuer = "local";
    entrant.who.user = "ann"; // without a role
    QCOMPARE(make(route, entrant).headers, (Headers{{"X-Gatehouse-User", "ann"}, {"X-Gatehouse-Issuer", "local"}}));
}

void GatewayRequestTest::identity_values_are_encoded_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("plain") << QByteArray("ann.b@example-1_~!") << QByteArray("ann.b@example-1_~!");
    QTest::newRow("blank") << QByteArray("ann b") << QByteArray("ann%20b");
    QTest::newRow("comma") << QByteArray("a,b") << QByteArray("a%2Cb");
    QTest::newRow("percent") << QByteArray("a%2Cb") << QByteArray("a%252Cb");
    QTest::newRow("quotes") << QByteArray("\"a'") << QByteArray("%22a%27");
    QTest::newRow("UTF-8") << QByteArray("J\xc3\xb6rg") << QByteArray("J%C3%B6rg");
    QTest::newRow("a second header") << QByteArray("a\r\nX: b") << QByteArray("a%0D%0AX:%20b");
    QTest::newRow("NUL and DEL") << QByteArray("\0\x7f", 2) << QByteArray("%00%7F");
    QTest::newRow("nothing") << QByteArray() << QByteArray();
}

void GatewayRequestTest::identity_values_are_encoded()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, expected);
    QCOMPARE(identityValue(text.toStdString()), expected.toStdString());
    Entrant entrant = makeEntrant();
    entrant.who.roles = {text.toStdString(), "editor"};
    if (!text.isEmpty())
        QCOMPARE(only(make(makeRoute(), entrant), "X-Gatehouse-Roles"), expected.toStdString() + ",editor");
}

void GatewayRequestTest::the_upstreams_own_header_replaces_a_clients()
{
    Route route = makeRoute();
    route.gateway->drop.clear();
    route.gateway->authHeaderName = "X-App-Key";
    route.gateway->authHeaderValue = "secret";
    Entrant entrant = makeEntrant();
    entrant.request.headers = {{"x-app-key", "guess"}, {"X_APP_KEY", "guess"}, {"Authorization", "Basic x"}};
    const auto request = make(route, entrant);
    QCOMPARE(only(request, "X-App-Key"), std::string("secret"));
    QVERIFY(values(request, "X_APP_KEY").empty());
    QCOMPARE(only(request, "Authorization"), std::string("Basic x"));
}

void GatewayRequestTest::the_cookie_with_the_token_stays_behind_data()
{
    QTest::addColumn<QByteArray>("cookie");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("alone") << QByteArray("token=T") << QByteArray("(none)");
    QTest::newRow("first") << QByteArray("token=T; theme=dark") << QByteArray("theme=dark");
    QTest::newRow("last") << QByteArray("theme=dark;token=T") << QByteArray("theme=dark");
    QTest::newRow("twice") << QByteArray("token=T; a=b; token=U") << QByteArray("a=b");
    QTest::newRow("blanks") << QByteArray("a=b;\t token =T;;") << QByteArray("a=b");
    QTest::newRow("without a value") << QByteArray("token; a=b") << QByteArray("a=b");
    QTest::newRow("another one") << QByteArray("xtoken=T; token2=U") << QByteArray("xtoken=T; token2=U");
}

void GatewayRequestTest::the_cookie_with_the_token_stays_behind()
{
    QFETCH(QByteArray, cookie);
    QFETCH(QByteArray, expected);
    Route route = makeRoute();
    route.gateway->drop.clear();
    route.authentication.from = {TokenPlace::Cookie};
    route.authentication.cookie = "token";
    Entrant entrant = makeEntrant();
    entrant.request.headers = {{"Cookie", cookie.toStdString()}};
    QCOMPARE(only(make(route, entrant), "Cookie"), expected.toStdString());
    route.authentication.from = {TokenPlace::Authorization};
    QCOMPARE(only(make(route, entrant), "Cookie"), cookie.toStdString());
}

void GatewayRequestTest::subprotocols_are_offered_in_order_without_tokens()
{
    Entrant entrant = makeEntrant();
    entrant.request.subprotocols = {"mqtt", "bearer.T", "mqttv3.1"};
    entrant.request.headers = {{"Sec-WebSocket-Protocol", "mqtt, gatehouse"}, {"sec-websocket-protocol", "bearer.T"}};
    const auto request = make(makeRoute(), entrant);
    QCOMPARE(request.subprotocols, (std::vector<std::string>{"mqtt", "mqttv3.1"}));
    QVERIFY(offersSubprotocol(entrant.request, "gatehouse"));
    QVERIFY(offersSubprotocol(entrant.request, "bearer.T"));
    QVERIFY(!offersSubprotocol(entrant.request, "gate"));
}

void GatewayRequestTest::the_host_is_the_upstreams_data()
{
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<int>("port");
    QTest::addColumn<bool>("tls");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("name") << QByteArray("app.example") << 1880 << false << QByteArray("app.example:1880");
    QTest::newRow("80") << QByteArray("app.example") << 80 << false << QByteArray("app.example");
    QTest::newRow("80 with TLS") << QByteArray("app.example") << 80 << true << QByteArray("app.example:80");
    QTest::newRow("443") << QByteArray("app.example") << 443 << true << QByteArray("app.example");
    QTest::newRow("IPv6") << QByteArray("2001:db8::1") << 9001 << false << QByteArray("[2001:db8::1]:9001");
    QTest::newRow("IPv6, 443") << QByteArray("::1") << 443 << true << QByteArray("[::1]");
}

void GatewayRequestTest::the_host_is_the_upstreams()
{
    QFETCH(QByteArray, host);
    QFETCH(int, port);
    QFETCH(bool, tls);
    QFETCH(QByteArray, expected);
    const UpstreamUrl url{"-", tls, host.toStdString(), static_cast<std::uint16_t>(port), "/"};
    Entrant entrant = makeEntrant();
    entrant.request.headers = {{"Host", "gate.example"}};
    const auto request = make(makeRoute(), entrant, url);
    QCOMPARE(request.host, expected.toStdString());
    QVERIFY(!wire::upgradeRequest(request).empty());
}

void GatewayRequestTest::nothing_that_would_break_the_head_is_sent_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::newRow("CR LF in a value") << QByteArray("X-A") << QByteArray("a\r\nX-Gatehouse-User: root");
    QTest::newRow("LF in a value") << QByteArray("X-A") << QByteArray("a\nX-Gatehouse-User: root");
    QTest::newRow("CR in a value") << QByteArray("X-A") << QByteArray("a\rb");
    QTest::newRow("NUL in a value") << QByteArray("X-A") << QByteArray("a\0b", 3);
    QTest::newRow("CR LF in a name") << QByteArray("X-A\r\nX-B") << QByteArray("a");
    QTest::newRow("colon in a name") << QByteArray("X-A:b") << QByteArray("a");
    QTest::newRow("no name") << QByteArray("") << QByteArray("a");
}

/// The parser lets none of it through; were one to come, nobody is asked anything.
void GatewayRequestTest::nothing_that_would_break_the_head_is_sent()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    Entrant entrant = makeEntrant();
    QVERIFY(!wire::upgradeRequest(make(makeRoute(), entrant)).empty());
    entrant.request.headers = {{name.toStdString(), value.toStdString()}};
    QVERIFY(wire::upgradeRequest(make(makeRoute(), entrant)).empty());
}

void GatewayRequestTest::no_extension_is_offered()
{
    Entrant entrant = makeEntrant();
    entrant.request.headers = {{"Sec-WebSocket-Extensions", "permessage-deflate"}};
    const std::string text = wire::upgradeRequest(make(makeRoute(), entrant));
    QVERIFY(text.find("xtensions") == std::string::npos);
}

void GatewayRequestTest::keys_and_masks_are_never_the_same()
{
    RandomKeys keys;
    std::set<std::uint32_t> masks;
    std::set<std::string> texts;
    for (int i = 0; i < 1000; ++i) {
        masks.insert(keys.mask());
        const std::string key = keys.webSocketKey();
        QCOMPARE(key.size(), std::size_t{24});
        QCOMPARE(QByteArray::fromBase64(QByteArray::fromStdString(key)).size(), 16);
        texts.insert(key);
    }
    QVERIFY(masks.size() >= 999);
    QCOMPARE(texts.size(), std::size_t{1000});
}

QTEST_APPLESS_MAIN(GatewayRequestTest)
#include "gatewayrequesttest.moc"
