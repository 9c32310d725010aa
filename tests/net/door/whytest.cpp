// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/explain.h"
#include "policy/decide.h"
#include "trace.h"

#include <QTest>

#include <set>

using namespace gatehouse;
using namespace gatehouse::test;

Q_DECLARE_METATYPE(gatehouse::Reason)

namespace {

const std::string fields = "Host: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

std::string request(const std::string& target, const std::string& more = {})
{
    return "GET " + target + " HTTP/1.1\r\n" + fields + more + "\r\n";
}

void prepare(nlohmann::json& policy)
{
    policy["roles"] = {{"editor", nlohmann::json::object()}};
    policy["routes"].push_back(policy["routes"][1]);
    policy["routes"][2].update({{"name", "strict"},
                                {"path", "/strict"},
                                {"authentication", {{"required", true}}},
                                {"roles", {"editor"}},
                                {"subprotocols", {{"require", true}}}});
    policy["routes"].push_back(policy["routes"][1]);
    policy["routes"][3].update({{"name", "far"}, {"path", "/far"}, {"networks", {{"allow", {"192.0.2.0/24"}}}}});
    policy["listeners"].push_back(
        {{"name", "named"}, {"address", "127.0.0.1"}, {"port", 0}, {"tls", "off"}, {"server_names", {"gate.example"}}});
}

} // namespace

/// Every refusal says which key of the policy made it, what it met and what is allowed, unless a protocol is broken.
class WhyTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void refusals_of_a_request_name_their_rule_data();
    void refusals_of_a_request_name_their_rule();
    void a_ban_and_a_cooldown_name_themselves();
    void connections_that_end_early_name_their_rule_data();
    void connections_that_end_early_name_their_rule();
    void sizes_are_told();

private:
    std::unique_ptr<TestServer> m_server;
};

void WhyTest::initTestCase()
{
    m_server = std::make_unique<TestServer>(prepare);
}

void WhyTest::cleanupTestCase()
{
    m_server.reset();
}

void WhyTest::refusals_of_a_request_name_their_rule_data()
{
    QTest::addColumn<std::string>("text"); // TOKEN stands for a good one
    QTest::addColumn<Reason>("reason");
    QTest::addColumn<std::string>("pointer"); // empty: a protocol is broken, and no key says so
    const auto row = [](Reason reason, const std::string& text, const std::string& pointer, const char* which = "") {
        QTest::newRow((std::string(reasonWord(reason)) + which).c_str()) << text << reason << pointer;
    };
    const auto without = [](const std::string& field) {
        std::string text = request("/echo");
        const std::size_t at = text.find(field);
        return text.erase(at, text.find("\r\n", at) + 2 - at);
    };
    row(Reason::HsHeaderSize, request("/echo", "X: " + std::string(8200, 'x') + "\r\n"), "/limits/request_header");
    row(Reason::HsHeaderSize,
        request("/echo", "X: " + std::string(8000, 'x') + "\r\nY: " + std::string(8000, 'x') +
                             "\r\nZ: " + std::string(2000, 'x') + "\r\n"),
        "/limits/request_head", " of the whole");
    std::string many;
    for (int i = 0; i < 101; ++i)
        many += "X: x\r\n";
    row(Reason::HsHeaderCount, request("/echo", many), "/limits/request_headers");
    row(Reason::HsUriSize, request("/" + std::string(2100, 'x')), "/limits/request_target");
    row(Reason::HsUriSize, std::string(5000, 'G'), "/limits/request_line", " of the line");
    row(Reason::HsMethod, "POST" + request("/echo").substr(3), "");
    row(Reason::HsRequestLine, "GET /echo HTTP/1.0\r\n\r\n", "");
    row(Reason::HsSyntax, "GET /echo HTTP/1.1\n\n", "");
    row(Reason::HsHost, without("Host"), "", " missing");
    row(Reason::HsUpgrade, without("Upgrade: "), "");
    row(Reason::HsKey, without("Sec-WebSocket-Key"), "");
    row(Reason::HsVersion, without("Sec-WebSocket-Version"), "");
    row(Reason::HsBody, request("/echo", "Content-Length: 1\r\n"), "");
    row(Reason::HsEarlyData, request("/echo") + "x", "");
    row(Reason::HsDuplicate, request("/echo", "Origin: a\r\nOrigin: b\r\n"), "");
    row(Reason::Path, request("/nowhere?secret"), "/routes");
    row(Reason::Origin, request("/echo", "Origin: https://a.example\r\n"), "/routes/1/origins");
    row(Reason::Subprotocol, request("/echo", "Sec-WebSocket-Protocol: mqtt\r\n"), "/routes/1/subprotocols/allow");
    row(Reason::Subprotocol, request("/strict"), "/routes/2/subprotocols/require", " missing");
    row(Reason::Subprotocol, request("/echo", "Sec-WebSocket-Protocol: a b\r\n"), "", " with broken syntax");
    row(Reason::IpDenied, request("/far"), "/routes/3/networks/allow");
    const std::string own = "Sec-WebSocket-Protocol: gatehouse\r\n";
    row(Reason::AuthMissing, request("/strict", own), "/routes/2/authentication");
    row(Reason::AuthAmbiguous, request("/strict", own + "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"),
        "/routes/2/authentication/from");
    row(Reason::JwtFormat, request("/strict", own + "Authorization: Bearer a\r\n"), "/routes/2/authentication");
    row(Reason::Authz, request("/strict", own + "Authorization: Bearer TOKEN\r\n"), "/routes/2/roles");
    row(Reason::AuthzChannel, request("/hub/secret", "Authorization: Bearer TOKEN\r\n"), "/channels");
}

void WhyTest::refusals_of_a_request_name_their_rule()
{
    QFETCH(std::string, text);
    QFETCH(Reason, reason);
    QFETCH(std::string, pointer);
    if (const std::size_t at = text.find("TOKEN"); at != std::string::npos)
        text.replace(at, 5, m_server->token("ann"));
    const FaultTrace trace(*m_server);
    ByteClient client = m_server->plain(trace.source());
    QVERIFY(client.request(text).status >= 400);
    AuditQuery query;
    query.address = trace.address();
    QTRY_COMPARE(m_server->audit(query).size(), std::size_t{1});
    const Decision decision = m_server->audit(query).front().decision;
    QCOMPARE(decision.reason, reason);
    QCOMPARE(decision.rule.pointer, pointer);
    QCOMPARE(decision.rule.name.empty(), pointer.empty());
    if (!pointer.empty())
        QVERIFY2(!decision.met.empty() && !decision.limit.empty(), (decision.met + "|" + decision.limit).c_str());
    QVERIFY(decision.met.find("?secret") == std::string::npos);
}

void WhyTest::a_ban_and_a_cooldown_name_themselves()
{
    const FaultTrace banned(*m_server);
    BanCommand ban;
    ban.value = banned.address();
    ban.reason = "too loud";
    QVERIFY(m_server->call(ban).ok());
    QVERIFY(m_server->plain(banned.source()).ends());
    AuditQuery query;
    query.kind = AuditKind::Refuse;
    query.reason = Reason::Banned;
    query.address = banned.address();
    QTRY_COMPARE(m_server->audit(query).size(), std::size_t{1});
    const Decision decision = m_server->audit(query).front().decision;
    QVERIFY2(decision.rule.name.find("too loud") != std::string::npos, decision.rule.name.c_str());
    QCOMPARE(decision.met, banned.address());

    ByteClient client = m_server->join("chat.a", "bob");
    KickCommand kick;
    kick.sessions = {m_server->sessions().at(0).info->id};
    kick.cooldown = 1min;
    QVERIFY(m_server->call(kick).ok());
    UpgradeOptions upgrade;
    upgrade.path = "/hub/chat.a";
    upgrade.token = m_server->token("bob");
    QTRY_COMPARE(m_server->plain().upgrade(upgrade).status, 403);
    query = {};
    query.reason = Reason::Kicked;
    query.kind = AuditKind::Refuse;
    QTRY_VERIFY(!m_server->audit(query).empty());
    QCOMPARE(m_server->audit(query).front().decision.rule.name, std::string("cooldown after a kick"));
}

void WhyTest::connections_that_end_early_name_their_rule_data()
{
    QTest::addColumn<std::size_t>("index");
    for (std::size_t i = 1; i < reasonCount; ++i)
        QTest::newRow(std::string(reasonWord(static_cast<Reason>(i))).c_str()) << i;
}

void WhyTest::connections_that_end_early_name_their_rule()
{
    QFETCH(std::size_t, index);
    const auto reason = static_cast<Reason>(index);
    Policy policy = m_server->policy();
    policy.listeners[0].tls->clientCa = "ca.pem";
    static const std::map<Reason, std::string> expected{
        {Reason::TlsTimeout, "/listeners/0/tls/handshake_timeout"},
        {Reason::TlsVersion, "/listeners/0/tls/min_version"},
        {Reason::TlsClientCert, "/listeners/0/tls/client_ca"},
        {Reason::ProxyHeader, "/listeners/0/proxy_header"},
        {Reason::HsTimeout, "/limits/request_timeout"},
        {Reason::HsUriSize, "/limits/request_target"},
        {Reason::HsHeaderSize, "/limits/request_header"},
        {Reason::HsHeaderCount, "/limits/request_headers"},
    };
    const Decision decision = explainConnection(policy, 0, reason, {100, 50});
    const auto found = expected.find(reason);
    QCOMPARE(decision.reason, reason);
    QCOMPARE(decision.rule.pointer, found == expected.end() ? std::string() : found->second);
    QCOMPARE(decision.rule.name.empty(), decision.rule.pointer.empty());
    QCOMPARE(decision.limit.empty(), decision.rule.pointer.empty());
}

void WhyTest::sizes_are_told()
{
    const Policy& policy = m_server->policy();
    const Decision header = explainConnection(policy, 0, Reason::HsHeaderSize, {9000, 8193});
    QCOMPARE(header.met, std::string("8193 bytes or more"));
    QCOMPARE(header.limit, std::string("8192 bytes"));
    const Decision head = explainConnection(policy, 0, Reason::HsHeaderSize, {16385, 100});
    QCOMPARE(head.rule, limitRule("request_head"));
    QCOMPARE(head.met, std::string("16385 bytes or more"));
    const Decision timeout = explainConnection(policy, 0, Reason::HsTimeout, {17, 17});
    QCOMPARE(timeout.met, std::string("17 bytes of a request"));
    QCOMPARE(timeout.limit, std::string("5s"));
}

QTEST_GUILESS_MAIN(WhyTest)
#include "whytest.moc"
