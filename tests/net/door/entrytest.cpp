// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

Q_DECLARE_METATYPE(gatehouse::Reason)

namespace {

/// A route of its own for each surface, on the plain listener and on one with networks.
void prepare(nlohmann::json& policy)
{
    policy["roles"] = {{"reader", nlohmann::json::object()}, {"editor", nlohmann::json::object()}};
    policy["issuers"][0]["roles_allowed"] = {"*"};
    const auto addEcho = [&](const std::string& name, const nlohmann::json& more) {
        nlohmann::json route = policy["routes"][1];
        route["name"] = name;
        route["path"] = "/" + name;
        route.update(more);
        policy["routes"].push_back(std::move(route));
    };
    addEcho("editors", {{"authentication", {{"required", true}}}, {"roles", {"editor"}}});
    addEcho("near", {{"networks", {{"allow", {"127.0.0.0/8"}}, {"deny", {"127.77.0.0/28"}}}}});
    addEcho("mqtt", {{"subprotocols", {{"allow", {"mqtt", "wamp"}}, {"require", true}}}});
    addEcho("cookie", {{"authentication", {{"required", true}, {"from", {{{"cookie", "session"}}}}}}});
    addEcho("query", {{"authentication", {{"required", true}, {"from", {{{"query", "token"}}, "authorization"}}}}});
    policy["listeners"].push_back({{"name", "fenced"},
                                   {"address", "127.0.0.1"},
                                   {"port", 0},
                                   {"tls", "off"},
                                   {"networks", {{"deny", {"127.77.0.0/28"}}}}});
}

ByteClient::Options from(const std::string& address)
{
    ByteClient::Options options;
    options.source = address;
    return options;
}

UpgradeOptions to(const std::string& path)
{
    UpgradeOptions upgrade;
    upgrade.path = path;
    return upgrade;
}

} // namespace

class EntryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void a_role_that_is_missing_gets_403_data();
    void a_role_that_is_missing_gets_403();
    void a_denied_address_gets_403_of_a_route_data();
    void a_denied_address_gets_403_of_a_route();
    void a_denied_address_is_closed_by_a_listener();
    void subprotocols_data();
    void subprotocols();
    void a_token_in_a_cookie_data();
    void a_token_in_a_cookie();
    void a_token_in_the_query_is_never_repeated();
    void places_that_a_route_does_not_name_are_not_looked_at();

private:
    [[nodiscard]] AuditRecord recordOf(const FaultTrace& trace, Reason reason) const;
    std::unique_ptr<TestServer> m_server;
};

void EntryTest::initTestCase()
{
    m_server = std::make_unique<TestServer>(prepare);
}

void EntryTest::cleanupTestCase()
{
    m_server.reset();
}

AuditRecord EntryTest::recordOf(const FaultTrace& trace, Reason reason) const
{
    AuditQuery query;
    query.address = trace.address();
    query.reason = reason;
    AuditRecord found;
    (void)eventually([&] {
        const auto records = m_server->audit(query);
        if (!records.empty())
            found = records.front();
        return !records.empty();
    });
    return found;
}

void EntryTest::a_role_that_is_missing_gets_403_data() // row 42
{
    QTest::addColumn<std::vector<std::string>>("roles");
    QTest::addColumn<int>("status");
    QTest::newRow("no role") << std::vector<std::string>{} << 403;
    QTest::newRow("another role") << std::vector<std::string>{"reader"} << 403;
    QTest::newRow("the role") << std::vector<std::string>{"editor"} << 101;
    QTest::newRow("both") << std::vector<std::string>{"reader", "editor"} << 101;
}

void EntryTest::a_role_that_is_missing_gets_403()
{
    QFETCH(std::vector<std::string>, roles);
    QFETCH(int, status);
    const FaultTrace trace(*m_server);
    UpgradeOptions upgrade = to("/editors");
    upgrade.token = m_server->token("ann", roles);
    QCOMPARE(m_server->plain(trace.source()).upgrade(upgrade).status, status);
    if (status == 101)
        return;
    COMPARE_TRACE(trace.refused(Reason::Authz, 403, "editors"));
    const AuditRecord record = recordOf(trace, Reason::Authz);
    QCOMPARE(record.decision.rule.pointer, std::string("/routes/2/roles"));
    QCOMPARE(record.user, std::string("ann"));
}

void EntryTest::a_denied_address_gets_403_of_a_route_data() // row 31
{
    QTest::addColumn<std::string>("address");
    QTest::addColumn<int>("status");
    QTest::newRow("below the block") << std::string("127.76.255.255") << 101;
    QTest::newRow("its first") << std::string("127.77.0.0") << 403;
    QTest::newRow("its last") << std::string("127.77.0.15") << 403;
    QTest::newRow("above the block") << std::string("127.77.0.16") << 101;
}

void EntryTest::a_denied_address_gets_403_of_a_route()
{
    QFETCH(std::string, address);
    QFETCH(int, status);
    const std::uint64_t before = m_server->refused(Reason::IpDenied);
    QCOMPARE(m_server->plain(from(address)).upgrade(to("/near")).status, status);
    QCOMPARE(m_server->refused(Reason::IpDenied), before + (status == 403 ? 1 : 0));
    QCOMPARE(m_server->plain(from(address)).upgrade(to("/echo")).status, 101);
}

void EntryTest::a_denied_address_is_closed_by_a_listener() // row 31
{
    const std::uint16_t port = m_server->port("fenced");
    for (const char* address : {"127.77.0.0", "127.77.0.15"}) {
        const std::uint64_t before = m_server->refused(Reason::IpDenied);
        ByteClient client(port, ByteClient::Security::Plain, from(address));
        QVERIFY(client.ends());
        QTRY_COMPARE(m_server->refused(Reason::IpDenied), before + 1);
    }
    QTRY_VERIFY(!m_server->audit(AuditKind::Refuse, Reason::IpDenied).empty());
    const AuditRecord record = m_server->audit(AuditKind::Refuse, Reason::IpDenied).front();
    QCOMPARE(record.decision.rule.pointer, std::string("/listeners/2/networks/deny"));
    QCOMPARE(record.decision.met, record.address);
    QCOMPARE(int(record.code), 0);
    for (const char* address : {"127.76.255.255", "127.77.0.16"}) {
        ByteClient client(port, ByteClient::Security::Plain, from(address));
        QCOMPARE(client.upgrade(to("/echo")).status, 101);
    }
}

void EntryTest::subprotocols_data() // row 28
{
    QTest::addColumn<std::string>("path");
    QTest::addColumn<std::vector<std::string>>("offered");
    QTest::addColumn<std::string>("echoed"); // empty with 101: none; "400": refused
    const auto row = [](const char* name, const char* path, std::vector<std::string> offered, const char* echoed) {
        QTest::newRow(name) << std::string(path) << std::move(offered) << std::string(echoed);
    };
    row("missing where required", "/mqtt", {}, "400");
    row("missing where not required", "/echo", {}, "");
    row("the client's first", "/mqtt", {"wamp", "mqtt"}, "wamp");
    row("the first that is allowed", "/mqtt", {"soap", "mqtt", "gatehouse"}, "mqtt");
    row("gatehouse is always allowed", "/mqtt", {"gatehouse"}, "gatehouse");
    row("of another route", "/echo", {"mqtt"}, "400");
    row("none match", "/mqtt", {"soap"}, "400");
    row("a token alone", "/mqtt", {"bearer.T"}, "400");
    row("a token beside what is not allowed", "/echo", {"mqtt", "bearer.T"}, "400");
}

void EntryTest::subprotocols()
{
    QFETCH(std::string, path);
    QFETCH(std::vector<std::string>, offered);
    QFETCH(std::string, echoed);
    const FaultTrace trace(*m_server);
    UpgradeOptions upgrade = to(path);
    upgrade.subprotocols = offered;
    const HttpAnswer answer = m_server->plain(trace.source()).upgrade(upgrade);
    if (echoed == "400") {
        QCOMPARE(answer.status, 400);
        COMPARE_TRACE(trace.refused(Reason::Subprotocol, 400, path.substr(1)));
        return;
    }
    QCOMPARE(answer.status, 101);
    QCOMPARE(answer.header("Sec-WebSocket-Protocol"), echoed);
}

void EntryTest::a_token_in_a_cookie_data() // row 33
{
    QTest::addColumn<std::string>("cookies"); // TOKEN stands for a good one
    QTest::addColumn<int>("status");
    QTest::addColumn<Reason>("reason");
    const auto row = [](const char* name, const char* cookies, int status, Reason reason) {
        QTest::newRow(name) << std::string(cookies) << status << reason;
    };
    row("alone", "session=TOKEN", 101, Reason::None);
    row("among others", "theme=dark; session=TOKEN; lang=en", 101, Reason::None);
    row("of another name", "Session=TOKEN", 401, Reason::AuthMissing);
    row("twice", "session=TOKEN; session=TOKEN", 400, Reason::AuthAmbiguous);
    row("none", "theme=dark", 401, Reason::AuthMissing);
    row("a bad one", "session=abc", 401, Reason::JwtFormat);
}

void EntryTest::a_token_in_a_cookie()
{
    QFETCH(std::string, cookies);
    QFETCH(int, status);
    QFETCH(Reason, reason);
    const FaultTrace trace(*m_server);
    for (std::size_t at = 0; (at = cookies.find("TOKEN", at)) != std::string::npos;)
        cookies.replace(at, 5, m_server->token("ann"));
    UpgradeOptions upgrade = to("/cookie");
    upgrade.headers = {{"Cookie", cookies}};
    ByteClient client = m_server->plain(trace.source());
    const HttpAnswer answer = client.upgrade(upgrade);
    QCOMPARE(answer.status, status);
    if (status == 401)
        QCOMPARE(answer.header("WWW-Authenticate"), std::string("Bearer"));
    if (status == 101)
        COMPARE_TRACE(trace.accepted());
    else
        COMPARE_TRACE(trace.refused(reason, static_cast<std::uint16_t>(status), "cookie"));
}

void EntryTest::a_token_in_the_query_is_never_repeated()
{
    const std::string token = m_server->token("ann");
    ByteClient client = m_server->plain();
    QCOMPARE(client.upgrade(to("/query?a=1&token=" + token)).status, 101);
    const auto sessions = m_server->sessions();
    QCOMPARE(sessions.size(), std::size_t{1});
    QCOMPARE(sessions[0].info->path, std::string("/query"));
    QCOMPARE(sessions[0].info->user, std::string("ann"));
    const FaultTrace trace(*m_server);
    UpgradeOptions twice = to("/query?token=" + token);
    twice.token = token;
    QCOMPARE(m_server->plain(trace.source()).upgrade(twice).status, 400);
    COMPARE_TRACE(trace.refused(Reason::AuthAmbiguous, 400, "query"));
    const FaultTrace bad(*m_server);
    const HttpAnswer answer = m_server->plain(bad.source()).upgrade(to("/query?token=canary." + token));
    QCOMPARE(answer.status, 401);
    QVERIFY(answer.text.find("canary") == std::string::npos);
    COMPARE_TRACE(bad.refused(Reason::JwtFormat, 401, "query"));
    for (const AuditRecord& record : m_server->audit()) {
        const std::string all =
            record.detail + record.decision.met + record.decision.limit + record.route + record.origin;
        QVERIFY2(all.find("canary") == std::string::npos && all.find(token) == std::string::npos, all.c_str());
    }
}

void EntryTest::places_that_a_route_does_not_name_are_not_looked_at() // row 33
{
    const std::string token = m_server->token("ann");
    UpgradeOptions cookie = to("/cookie?token=" + token);
    cookie.headers = {{"Cookie", "session=" + token}};
    cookie.token = token;
    cookie.subprotocols = {"gatehouse", "bearer." + token};
    QCOMPARE(m_server->plain().upgrade(cookie).status, 101);
    UpgradeOptions query = to("/query?token=" + token);
    query.headers = {{"Cookie", "session=" + token}};
    QCOMPARE(m_server->plain().upgrade(query).status, 101);
    UpgradeOptions stray = to("/cookie?token=" + token);
    stray.token = token;
    QCOMPARE(m_server->plain().upgrade(stray).status, 401);
}

QTEST_GUILESS_MAIN(EntryTest)
#include "entrytest.moc"
