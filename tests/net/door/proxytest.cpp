// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace.h"

#include <QTest>

#include <openssl/ssl.h>
#include <sys/socket.h>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

const std::string proxyAddress = "127.50.0.1";
const std::string otherProxy = "127.50.0.2";

/// "edge" reads X-Forwarded-For, "rfc" Forwarded and "raw" the PROXY protocol, without TLS; "tls" the last with it.
void prepare(nlohmann::json& policy)
{
    const auto add = [&](const char* name, const char* header) {
        policy["listeners"].push_back({{"name", name},
                                       {"address", "127.0.0.1"},
                                       {"port", 0},
                                       {"tls", "off"},
                                       {"trusted_proxies", {"127.50.0.0/24"}},
                                       {"proxy_header", header}});
    };
    add("edge", "x-forwarded-for");
    add("rfc", "forwarded");
    add("raw", "proxy_protocol");
    policy["listeners"][0]["trusted_proxies"] = {"127.50.0.0/24"};
    policy["listeners"][0]["proxy_header"] = "proxy_protocol";
    policy["routes"][1]["networks"] = {{"deny", {"192.0.2.64/26"}}};
}

struct Sent {
    std::string listener = "edge";
    std::string source = proxyAddress;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::string> token;
    std::string path = "/echo";
    std::string before{}; ///< raw bytes ahead of the request
};

void sendToSocket(const SSL* ssl, const std::string& bytes)
{
    (void)::send(SSL_get_fd(ssl), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

} // namespace

class ProxyTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void the_address_is_the_clients_data();
    void the_address_is_the_clients();
    void what_cannot_be_read_gets_400_data();
    void what_cannot_be_read_gets_400();
    void the_networks_of_a_route_are_about_the_client();
    void limits_are_the_clients_and_not_the_proxys();
    void without_a_header_the_proxys_own_address_counts();
    void failures_and_bans_are_the_clients();
    void connects_of_a_client_are_limited_at_the_head_by_its_64();
    void records_name_the_proxy();
    void the_proxy_protocol_is_read_before_tls();
    void without_the_proxy_protocol_a_trusted_peer_is_closed_data();
    void without_the_proxy_protocol_a_trusted_peer_is_closed();
    void half_a_proxy_header_is_waited_for_until_the_deadline();
    void the_proxy_protocol_closes_for_bans_and_limits();
    void an_untrusted_peer_cannot_speak_the_proxy_protocol();

private:
    [[nodiscard]] static ByteClient connected(const TestServer& server, const Sent& sent)
    {
        ByteClient::Options options;
        options.source = sent.source;
        return {server.port(sent.listener), ByteClient::Security::Plain, options};
    }
    [[nodiscard]] static HttpAnswer send(const TestServer& server, const Sent& sent)
    {
        ByteClient client = connected(server, sent);
        return sendOver(client, sent);
    }
    [[nodiscard]] static HttpAnswer sendOver(ByteClient& client, const Sent& sent)
    {
        UpgradeOptions upgrade;
        upgrade.path = sent.path;
        upgrade.headers = sent.headers;
        upgrade.token = sent.token;
        if (!sent.before.empty())
            client.send(sent.before);
        return client.upgrade(upgrade);
    }
    [[nodiscard]] static std::string addressOf(const TestServer& server)
    {
        const auto sessions = server.sessions();
        return sessions.size() == 1 ? sessions[0].info->address : std::to_string(sessions.size()) + " sessions";
    }
};

void ProxyTest::the_address_is_the_clients_data() // row 30
{
    using Headers = std::vector<std::pair<std::string, std::string>>;
    QTest::addColumn<Sent>("sent");
    QTest::addColumn<std::string>("address");
    const auto row = [](const char* name, const char* listener, const std::string& source, Headers headers,
                        const std::string& address, const std::string& before = {}) {
        Sent sent;
        sent.listener = listener;
        sent.source = source;
        sent.headers = std::move(headers);
        sent.before = before;
        QTest::newRow(name) << sent << address;
    };
    const std::string xff = "X-Forwarded-For";
    row("an untrusted peer is not believed", "edge", "127.51.0.1", {{xff, "192.0.2.1"}}, "127.51.0.1");
    row("a listener without proxies believes nobody", "lab", proxyAddress, {{xff, "192.0.2.1"}}, proxyAddress);
    row("one", "edge", proxyAddress, {{xff, "192.0.2.1"}}, "192.0.2.1");
    row("a forged chain", "edge", proxyAddress, {{xff, "10.0.0.1, 192.0.2.1"}}, "192.0.2.1");
    row("a forged line", "edge", proxyAddress, {{xff, "garbage"}, {"x-forwarded-for", "192.0.2.1"}}, "192.0.2.1");
    row("behind two proxies", "edge", proxyAddress, {{xff, "10.0.0.1, 192.0.2.1, " + otherProxy}}, "192.0.2.1");
    row("all trusted", "edge", proxyAddress, {{xff, "127.50.0.9, " + otherProxy}}, "127.50.0.9");
    row("the other header is not looked at", "edge", proxyAddress,
        {{xff, "192.0.2.1"}, {"Forwarded", "for=unknown"}, {"X-Real-IP", "10.0.0.1"}}, "192.0.2.1");
    row("no header", "edge", proxyAddress, {{"Forwarded", "for=192.0.2.1"}}, proxyAddress);
    row("a port", "edge", proxyAddress, {{xff, "192.0.2.1:4711"}}, "192.0.2.1");
    row("IPv6", "edge", proxyAddress, {{xff, "[2001:db8::7]:4711"}}, "2001:db8::7");
    row("mapped IPv4", "edge", proxyAddress, {{xff, "::ffff:192.0.2.1"}}, "192.0.2.1");
    row("Forwarded", "rfc", proxyAddress, {{"Forwarded", "for=10.0.0.1, for=\"192.0.2.1:80\";proto=https"}},
        "192.0.2.1");
    row("Forwarded, IPv6", "rfc", proxyAddress, {{"Forwarded", "for=\"[2001:db8::7]\""}}, "2001:db8::7");
    row("Forwarded, the other header", "rfc", proxyAddress, {{xff, "10.0.0.1"}}, proxyAddress);
    row("PROXY 1", "raw", proxyAddress, {{xff, "10.0.0.1"}}, "192.0.2.1", "PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\r\n");
    row("PROXY 1, UNKNOWN", "raw", proxyAddress, {}, proxyAddress, "PROXY UNKNOWN\r\n");
    const std::string signature("\r\n\r\n\0\r\nQUIT\n", 12);
    row("PROXY 2", "raw", proxyAddress, {}, "192.0.2.1",
        signature + std::string("\x21\x11\x00\x0c\xc0\x00\x02\x01\x7f\x00\x00\x01\x12\x34\x00\x50", 16));
    row("PROXY 2, LOCAL", "raw", proxyAddress, {}, proxyAddress, signature + std::string("\x20\x00\x00\x00", 4));
    row("PROXY, from an untrusted peer that says none", "raw", "127.51.0.1", {}, "127.51.0.1");
}

void ProxyTest::the_address_is_the_clients()
{
    QFETCH(Sent, sent);
    QFETCH(std::string, address);
    static const TestServer server(prepare);
    QTRY_VERIFY(server.sessions().empty());
    ByteClient client = connected(server, sent);
    QCOMPARE(sendOver(client, sent).status, 101);
    QCOMPARE(addressOf(server), address);
    QVERIFY(client.text("hello"));
    QCOMPARE(client.nextData().payload, std::string("hello"));
}

void ProxyTest::what_cannot_be_read_gets_400_data() // row 30
{
    QTest::addColumn<std::string>("listener");
    QTest::addColumn<std::string>("value");
    for (const char* value : {"unknown", "_hidden", "192.0.2.1, unknown", "garbage", "", "192.0.2.1,"})
        QTest::addRow("X-Forwarded-For: %s", value) << std::string("edge") << std::string(value);
    for (const char* value : {"for=unknown", "for=_hidden", "for=192.0.2.1, for=unknown", "garbage", "proto=https",
                              "for=\"192.0.2.1", "for=192.0.2.1;for=192.0.2.2"})
        QTest::addRow("Forwarded: %s", value) << std::string("rfc") << std::string(value);
}

void ProxyTest::what_cannot_be_read_gets_400()
{
    QFETCH(std::string, listener);
    QFETCH(std::string, value);
    const TestServer server(prepare);
    Sent sent;
    sent.listener = listener;
    sent.headers = {{listener == "edge" ? "X-Forwarded-For" : "Forwarded", value}};
    QCOMPARE(send(server, sent).status, 400);
    QCOMPARE(server.refused(Reason::ProxyHeader), 1u);
    QTRY_COMPARE(server.audit(AuditKind::Refuse, Reason::ProxyHeader).size(), std::size_t{1});
    const AuditRecord record = server.audit(AuditKind::Refuse, Reason::ProxyHeader).front();
    QCOMPARE(record.decision.rule.pointer,
             std::string(listener == "edge" ? "/listeners/2/proxy_header" : "/listeners/3/proxy_header"));
    QCOMPARE(record.address, proxyAddress);
    sent.source = "127.51.0.1"; // from whom it is ignored
    QCOMPARE(send(server, sent).status, 101);
}

void ProxyTest::the_networks_of_a_route_are_about_the_client() // row 31
{
    const TestServer server(prepare);
    const auto status = [&](const char* address) {
        Sent sent;
        sent.headers = {{"X-Forwarded-For", address}};
        return send(server, sent).status;
    };
    QCOMPARE(status("192.0.2.63"), 101);
    QCOMPARE(status("192.0.2.64"), 403);
    QCOMPARE(status("::ffff:192.0.2.64"), 403);
    QCOMPARE(status("192.0.2.127"), 403);
    QCOMPARE(status("192.0.2.128"), 101);
    QCOMPARE(server.refused(Reason::IpDenied), 3u);
}

void ProxyTest::limits_are_the_clients_and_not_the_proxys() // row 32
{
    const TestServer server([](nlohmann::json& policy) {
        prepare(policy);
        policy["limits"]["sessions_per_ip"] = 2;
        policy["limits"]["pending_per_ip"] = 2;
        policy["limits"]["connects_per_ip"] = {{"count", 1}, {"per", "1h"}, {"burst", 3}};
    });
    std::vector<ByteClient> clients;
    const auto enter = [&](const std::string& address) {
        Sent sent;
        sent.headers = {{"X-Forwarded-For", address}};
        clients.push_back(connected(server, sent));
        return sendOver(clients.back(), sent);
    };
    for (int i = 1; i <= 4; ++i) {
        const std::string address = "198.51.100." + std::to_string(i);
        QCOMPARE(enter(address).status, 101);
        QCOMPARE(enter(address).status, 101);
    }
    const HttpAnswer third = enter("198.51.100.1");
    QCOMPARE(third.status, 429);
    QVERIFY(!third.header("Retry-After").empty());
    const HttpAnswer fourth = enter("198.51.100.1"); // its connects are used up
    QCOMPARE(fourth.status, 429);
    QCOMPARE(server.refused(Reason::LimitIp), 2u);
    QTRY_COMPARE(server.audit(AuditKind::Refuse, Reason::LimitIp).size(), std::size_t{2});
    const auto records = server.audit(AuditKind::Refuse, Reason::LimitIp);
    QCOMPARE(records[0].decision.rule.pointer, std::string("/limits/connects_per_ip"));
    QCOMPARE(records[1].decision.rule.pointer, std::string("/limits/sessions_per_ip"));
    QCOMPARE(records[0].address, std::string("198.51.100.1"));
}

void ProxyTest::without_a_header_the_proxys_own_address_counts()
{
    const TestServer server([](nlohmann::json& policy) {
        prepare(policy);
        policy["limits"]["sessions_per_ip"] = 1;
    });
    for (const char* listener : {"edge", "rfc"}) {
        Sent sent;
        sent.listener = listener;
        sent.source = listener == std::string("edge") ? proxyAddress : otherProxy;
        ByteClient first = connected(server, sent);
        QCOMPARE(sendOver(first, sent).status, 101);
        QCOMPARE(send(server, sent).status, 429);
    }
}

void ProxyTest::failures_and_bans_are_the_clients() // rows 30, 45
{
    ManualClock clock;
    const TestServer server(
        [](nlohmann::json& policy) {
            prepare(policy);
            policy["limits"]["auth_failures_per_ip"] = {{"count", 3}, {"per", "1m"}, {"then_ban", "10m"}};
        },
        &clock);
    const auto status = [&](const char* address, const std::string& token) {
        Sent sent;
        sent.headers = {{"X-Forwarded-For", address}};
        sent.token = token;
        sent.path = "/hub/news";
        return send(server, sent).status;
    };
    const std::string good = server.token("ann");
    for (int window = 0; window < 2; ++window) {
        for (int i = 0; i < 3; ++i)
            QCOMPARE(status("203.0.113.1", "abc"), 401);
        if (window == 0) {
            QCOMPARE(status("203.0.113.1", good), 429);
            clock.advance(61s);
        }
    }
    int last = 0; // nobody gets in between the last failure and the ban
    QVERIFY(eventually([&] { return (last = status("203.0.113.1", good)) != 429; }));
    QCOMPARE(last, 403);
    const auto records = server.audit(AuditKind::Refuse, Reason::Banned);
    QVERIFY(!records.empty());
    QCOMPARE(records.front().address, std::string("203.0.113.1"));
    QVERIFY(status("203.0.113.2", good) != 429);
    QVERIFY(status("203.0.113.2", good) != 403 || server.refused(Reason::AuthzChannel) > 0);
    Sent other;
    other.headers = {{"X-Forwarded-For", "203.0.113.2"}};
    QCOMPARE(send(server, other).status, 101);
    other.headers = {{"X-Forwarded-For", "203.0.113.1"}}; // on any route, before any token
    QCOMPARE(send(server, other).status, 403);
    const auto bans = std::get<BanList>(server.call(BansQuery{}).value()).bans;
    QCOMPARE(bans.size(), std::size_t{1});
    QVERIFY(server.call(UnbanCommand{bans[0].id}).ok());
    QVERIFY(eventually([&] { return (last = send(server, other).status) != 403; }));
    QCOMPARE(last, 101); // what led to the ban keeps nobody out for longer
}

void ProxyTest::connects_of_a_client_are_limited_at_the_head_by_its_64() // row 9
{
    const TestServer server([](nlohmann::json& policy) {
        prepare(policy);
        policy["limits"]["connects_per_ip"] = {{"count", 1}, {"per", "1h"}, {"burst", 2}};
    });
    const auto status = [&](const char* address) {
        Sent sent;
        sent.headers = {{"X-Forwarded-For", address}};
        return send(server, sent).status;
    };
    QCOMPARE(status("2001:db8:0:1::1"), 101);
    QCOMPARE(status("2001:db8:0:1:ffff::2"), 101);
    QCOMPARE(status("2001:db8:0:1::3"), 429);
    QCOMPARE(status("2001:db8:0:2::3"), 101);
    QCOMPARE(server.refused(Reason::LimitIp), 1u);
}

void ProxyTest::records_name_the_proxy()
{
    const TestServer server(prepare);
    Sent sent;
    sent.headers = {{"X-Forwarded-For", "192.0.2.1"}};
    QCOMPARE(send(server, sent).status, 101);
    sent.headers = {{"X-Forwarded-For", "192.0.2.64"}};
    QCOMPARE(send(server, sent).status, 403);
    QTRY_COMPARE(server.audit(AuditKind::Refuse, Reason::IpDenied).size(), std::size_t{1});
    const AuditRecord refused = server.audit(AuditKind::Refuse, Reason::IpDenied).front();
    QCOMPARE(refused.address, std::string("192.0.2.64"));
    QCOMPARE(refused.detail, "through " + proxyAddress);
    const AuditRecord opened = server.audit(AuditKind::Open, Reason::None).front();
    QCOMPARE(opened.address, std::string("192.0.2.1"));
    QCOMPARE(opened.detail, "through " + proxyAddress);
}

void ProxyTest::the_proxy_protocol_is_read_before_tls()
{
    const TestServer server(prepare);
    const std::string header = "PROXY TCP6 2001:db8::9 ::1 4711 443\r\n";
    for (std::size_t piece : {std::size_t{1}, header.size()}) {
        ByteClient::Options options;
        options.source = proxyAddress;
        // the socket is connected when the context is made, and TLS has not begun
        options.prepare = [&](ssl_st* ssl) {
            for (std::size_t at = 0; at < header.size(); at += piece)
                sendToSocket(ssl, header.substr(at, piece));
        };
        ByteClient client = server.tls(options);
        QVERIFY(client.connected());
        QCOMPARE(client.upgrade({}).status, 101);
        QCOMPARE(addressOf(server), std::string("2001:db8::9"));
        QCOMPARE(int(server.sessions()[0].info->port), 4711);
        client.disconnect();
        QTRY_VERIFY(server.sessions().empty());
    }
}

void ProxyTest::without_the_proxy_protocol_a_trusted_peer_is_closed_data()
{
    QTest::addColumn<std::string>("first");
    QTest::newRow("a request") << upgradeText({});
    QTest::newRow("a ClientHello") << std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00", 12);
    QTest::newRow("broken") << std::string("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n");
    QTest::newRow("too long") << "PROXY UNKNOWN " + std::string(200, 'x');
    QTest::newRow("AF_UNIX") << std::string("\r\n\r\n\0\r\nQUIT\n\x21\x31\x00\xd8", 16);
}

void ProxyTest::without_the_proxy_protocol_a_trusted_peer_is_closed()
{
    QFETCH(std::string, first);
    static const TestServer server(prepare);
    const std::uint64_t before = server.refused(Reason::ProxyHeader);
    Sent sent;
    sent.listener = "raw";
    ByteClient client = connected(server, sent);
    client.send(first);
    QVERIFY(client.ends());
    QTRY_COMPARE(server.refused(Reason::ProxyHeader), before + 1);
    QTRY_VERIFY(!server.audit(AuditKind::Refuse, Reason::ProxyHeader).empty());
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::ProxyHeader).front().decision.rule.pointer,
             std::string("/listeners/4/proxy_header"));
}

void ProxyTest::half_a_proxy_header_is_waited_for_until_the_deadline()
{
    ManualClock clock;
    const TestServer server(prepare, &clock);
    ByteClient::Options options;
    options.source = proxyAddress;
    options.handshake = false;
    ByteClient client = server.tls(options);
    client.sendRaw("PROXY TCP4 192.0.2.1");
    QTRY_COMPARE(server.info().stats.pending, 1u);
    clock.advance(4900ms);
    QVERIFY(!client.ends(200ms));
    clock.advance(200ms);
    QVERIFY(client.ends());
    QTRY_COMPARE(server.refused(Reason::TlsTimeout), 1u);
    QTRY_COMPARE(server.audit(AuditKind::Refuse, Reason::TlsTimeout).size(), std::size_t{1});
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::TlsTimeout).front().decision.rule.pointer,
             std::string("/listeners/0/tls/handshake_timeout"));
}

void ProxyTest::the_proxy_protocol_closes_for_bans_and_limits() // rows 9, 88
{
    const TestServer server([](nlohmann::json& policy) {
        prepare(policy);
        policy["limits"]["connects_per_ip"] = {{"count", 1}, {"per", "1h"}, {"burst", 3}};
        policy["limits"]["pending_per_ip"] = 2;
    });
    Sent sent;
    sent.listener = "raw";
    const auto begin = [&](const std::string& address) {
        ByteClient client = connected(server, sent);
        client.send("PROXY TCP4 " + address + " 127.0.0.1 4711 80\r\n");
        return client;
    };
    ByteClient one = begin("192.0.2.1");
    ByteClient two = begin("192.0.2.1");
    QTRY_COMPARE(server.info().stats.pending, 2u);
    QVERIFY(begin("192.0.2.1").ends());
    QTRY_COMPARE(server.refused(Reason::LimitPending), 1u);
    QVERIFY(begin("192.0.2.1").ends());
    QTRY_COMPARE(server.refused(Reason::LimitIp), 1u);
    ByteClient other = begin("192.0.2.2"); // the proxy itself is exempt
    QCOMPARE(other.upgrade({}).status, 101);
    BanCommand ban;
    ban.value = "192.0.2.3";
    QVERIFY(server.call(ban).ok());
    QVERIFY(begin("192.0.2.3").ends());
    QTRY_COMPARE(server.refused(Reason::Banned), 1u);
}

void ProxyTest::an_untrusted_peer_cannot_speak_the_proxy_protocol()
{
    const TestServer server(prepare);
    Sent sent;
    sent.listener = "raw";
    sent.source = "127.51.0.1";
    ByteClient client = connected(server, sent);
    QCOMPARE(client.request("PROXY TCP4 192.0.2.1 127.0.0.1 4711 80\r\n" + upgradeText({})).status, 400);
    QCOMPARE(server.refused(Reason::HsRequestLine), 1u);
}

QTEST_GUILESS_MAIN(ProxyTest)
#include "proxytest.moc"
