// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"

#include <QTest>

#include <fstream>

using namespace gatehouse;
using namespace gatehouse::test;

/// What the policy does to sessions of an application that knows nothing of it.
class GatewayPolicyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void messages_of_each_direction_have_their_schema_data();
    void messages_of_each_direction_have_their_schema();
    void a_type_holds_for_the_application_too();
    void a_client_over_its_rate_is_slowed_down_and_loses_nothing();
    void an_expired_token_ends_both_sides();
    void a_policy_without_the_route_ends_both_sides();
    void a_new_limit_holds_for_the_application_at_once();
    void quarantine_stops_both_directions_and_loses_nothing();
    void a_slow_client_is_left_out_where_the_route_drops();
    void a_drain_ends_both_sides();

private:
    /// The route of a desk with a schema for one direction: {"n": integer}.
    static TestServer::Edit withSchema(const std::string& direction, const std::string& onViolation);
};

TestServer::Edit GatewayPolicyTest::withSchema(const std::string& direction, const std::string& onViolation)
{
    static QTemporaryDir folder;
    const std::string file = folder.filePath(QStringLiteral("schema.json")).toStdString();
    std::ofstream(file) << R"({"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}})";
    return [=](nlohmann::json& route) {
        route["messages"]["schema"] = {{direction, file}};
        route["messages"]["on_violation"] = onViolation;
        route["messages"]["violations_before_close"] = 2;
    };
}

void GatewayPolicyTest::messages_of_each_direction_have_their_schema_data()
{
    QTest::addColumn<QByteArray>("direction");
    QTest::addColumn<QByteArray>("onViolation");
    for (const char* direction : {"client", "upstream"})
        for (const char* what : {"close", "drop", "report"})
            QTest::newRow((QByteArray(direction) + ", " + what).constData())
                << QByteArray(direction) << QByteArray(what);
}

void GatewayPolicyTest::messages_of_each_direction_have_their_schema()
{
    QFETCH(QByteArray, direction);
    QFETCH(QByteArray, onViolation);
    GatewayDesk desk(withSchema(direction.toStdString(), onViolation.toStdString()));
    auto pair = desk.open();
    const bool fromClient = direction == "client";
    ByteClient& from = fromClient ? pair.client : pair.peer;
    ByteClient& to = fromClient ? pair.peer : pair.client;
    const Reason reason = fromClient ? Reason::Schema : Reason::UpstreamMessage;
    QVERIFY(to.text("anything")); // the other direction has none
    QCOMPARE(from.nextData().payload, std::string("anything"));
    QVERIFY(from.text(R"({"n":1})"));
    QVERIFY(from.text(R"({"n":"x"})"));
    QVERIFY(from.text(R"({"n":2})"));
    QCOMPARE(to.nextData().payload, std::string(R"({"n":1})"));
    if (onViolation == "report")
        QCOMPARE(to.nextData().payload, std::string(R"({"n":"x"})"));
    QCOMPARE(to.nextData().payload, std::string(R"({"n":2})"));
    QVERIFY(eventually([&] { return desk.server.audit(AuditKind::Limit, reason).size() == 1; }));
    QCOMPARE(desk.server.refused(reason), std::uint64_t(onViolation == "report" ? 0 : 1));
    const AuditRecord record = desk.server.audit(AuditKind::Limit, reason).front();
    QVERIFY(record.decision.limit.starts_with("schema.json#"));
    QVERIFY(record.decision.met.find("\"x\"") == std::string::npos); // nothing of the message
    if (onViolation != "close")
        return;
    QVERIFY(from.text("no JSON"));
    const Incoming client = pair.client.closing();
    QCOMPARE(int(client.code), fromClient ? 1008 : 1014);
    QCOMPARE(client.payload, std::string(reasonWord(reason)));
    QCOMPARE(int(pair.peer.closing().code), 1001);
}

void GatewayPolicyTest::a_type_holds_for_the_application_too()
{
    GatewayDesk desk([](nlohmann::json& route) { route["messages"]["types"] = {"text"}; });
    auto pair = desk.open();
    for (int i = 0; i < 3; ++i) // violations_before_close
        QVERIFY(pair.peer.frame(wire::Opcode::Binary, "x"));
    QCOMPARE(int(pair.client.closing().code), 1014);
    QCOMPARE(desk.server.refused(Reason::UpstreamMessage), std::uint64_t{3});
}

void GatewayPolicyTest::a_client_over_its_rate_is_slowed_down_and_loses_nothing()
{
    GatewayDesk desk([](nlohmann::json& route) {
        route["messages"]["rate"] = {{"count", 100}, {"per", "1s"}, {"burst", 10}};
        route["messages"].erase("on_excess");
    });
    auto pair = desk.open();
    const auto started = std::chrono::steady_clock::now();
    for (int i = 0; i < 50; ++i)
        QVERIFY(pair.client.text(std::to_string(i)));
    for (int i = 0; i < 50; ++i)
        QCOMPARE(pair.peer.nextData().payload, std::to_string(i));
    QVERIFY(std::chrono::steady_clock::now() - started >= 300ms); // 40 at 100 a second, less what a timer rounds
    QVERIFY(desk.server.info().stats.throttled > 0);
    QVERIFY(pair.peer.text("nobody slows the application down"));
    QCOMPARE(pair.client.nextData().kind, Incoming::Kind::Message);
}

void GatewayPolicyTest::an_expired_token_ends_both_sides()
{
    ManualClock clock;
    GatewayDesk desk([](nlohmann::json& route) { route["authentication"] = {{"required", true}}; }, &clock);
    UpgradeOptions options;
    options.token = desk.server.token("ann", {}, 60s);
    auto pair = desk.open(options);
    QCOMPARE(pair.answer.status, 101);
    (void)desk.server.sessions();
    clock.advance(120s);
    QCOMPARE(int(pair.client.closing().code), 4401);
    QCOMPARE(int(pair.peer.closing().code), 1001);
}

void GatewayPolicyTest::a_policy_without_the_route_ends_both_sides()
{
    GatewayDesk desk;
    auto pair = desk.open();
    desk.server.edit([](nlohmann::json& policy) { policy["routes"].erase(policy["routes"].size() - 1); });
    QVERIFY(desk.server.call(ReloadCommand{}).ok());
    QCOMPARE(int(pair.client.closing().code), 4403);
    QCOMPARE(int(pair.peer.closing().code), 1001);
}

void GatewayPolicyTest::a_new_limit_holds_for_the_application_at_once()
{
    GatewayDesk desk;
    auto pair = desk.open();
    QVERIFY(pair.peer.text(std::string(200, 'x')));
    QCOMPARE(pair.client.nextData().payload.size(), std::size_t{200});
    desk.server.edit([](nlohmann::json& policy) { policy["routes"].back()["messages"]["max_size"] = "100B"; });
    QVERIFY(desk.server.call(ReloadCommand{}).ok());
    QVERIFY(pair.peer.text(std::string(100, 'x')));
    QCOMPARE(pair.client.nextData().payload.size(), std::size_t{100});
    QVERIFY(pair.peer.text(std::string(101, 'x')));
    QCOMPARE(int(pair.client.closing().code), 1014);
    QCOMPARE(int(pair.peer.closing().code), 1009);
}

void GatewayPolicyTest::quarantine_stops_both_directions_and_loses_nothing()
{
    GatewayDesk desk;
    auto pair = desk.open();
    QVERIFY(pair.answer.status == 101 && eventually([&] { return desk.server.sessions().size() == 1; }));
    const SessionId id = desk.server.sessions().front().info->id;
    QVERIFY(desk.server.call(QuarantineCommand{{id}, true, std::nullopt, "look"}).ok());
    QVERIFY(pair.client.text("up"));
    QVERIFY(pair.peer.text("down"));
    QCOMPARE(pair.peer.next(100ms).kind, Incoming::Kind::Nothing);
    QCOMPARE(pair.client.next(100ms).kind, Incoming::Kind::Nothing);
    QVERIFY(desk.server.call(QuarantineCommand{{id}, false, std::nullopt, {}}).ok());
    QCOMPARE(pair.peer.nextData().payload, std::string("up"));
    QCOMPARE(pair.client.nextData().payload, std::string("down"));
}

void GatewayPolicyTest::a_slow_client_is_left_out_where_the_route_drops()
{
    GatewayDesk desk([](nlohmann::json& route) { route["slow_consumer"] = "drop_newest"; });
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    auto pair = desk.open({}, {}, small);
    for (int i = 0; i < 400; ++i) // the application is always read
        QVERIFY(pair.peer.frame(wire::Opcode::Binary, std::string(60'000, 'x')));
    QVERIFY(eventually([&] { return desk.server.info().stats.dropped > 0; }));
    QVERIFY(desk.server.info().stats.backlog <= 1U << 20U);
    QCOMPARE(desk.server.sessions().size(), std::size_t{1});
}

void GatewayPolicyTest::a_drain_ends_both_sides()
{
    GatewayDesk desk;
    auto pair = desk.open();
    QVERIFY(desk.server.call(DrainCommand{}).ok());
    QCOMPARE(int(pair.client.closing().code), 1001);
    QCOMPARE(int(pair.peer.closing().code), 1001);
}

QTEST_GUILESS_MAIN(GatewayPolicyTest)
#include "gatewaypolicytest.moc"
