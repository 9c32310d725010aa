// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatewaydesk.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

/// What ends sessions of an application that has never heard of tokens, roles, bans or networks: the client is told
/// why, the application that its peer went away.
class GatewayEndingsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void an_order_ends_both_sides_data();
    void an_order_ends_both_sides();
    void a_change_of_policy_ends_both_sides_data();
    void a_change_of_policy_ends_both_sides();
    void nobody_else_is_ended();
};

namespace {

using Order = std::function<Command(const TestServer&)>;

TestServer::Edit authenticated(const std::vector<std::string>& roles = {})
{
    return [=](nlohmann::json& route) {
        route["authentication"] = {{"required", true}};
        route["roles"] = roles;
    };
}

UpgradeOptions as(const TestServer& server, const std::string& user, const std::string& tokenId)
{
    nlohmann::json claims = server.claims(user);
    claims["jti"] = tokenId;
    UpgradeOptions options;
    options.token = server.signedToken(R"({"alg":"HS256"})", claims.dump());
    return options;
}

} // namespace

Q_DECLARE_METATYPE(Order)
Q_DECLARE_METATYPE(TestServer::Edit)

void GatewayEndingsTest::an_order_ends_both_sides_data()
{
    QTest::addColumn<Order>("order");
    QTest::addColumn<int>("code");
    const auto row = [](const char* name, int code, Command command) {
        QTest::newRow(name) << Order([=](const TestServer&) { return command; }) << code;
    };
    row("token revoked", 4401, RevokeTokenCommand{"7f3a", {}, {}, {}, {}});
    row("tokens of the user invalidated", 4401, InvalidateUserTokensCommand{"ann", {}, {}, {}, {}, {}});
    row("user banned", 4403, BanCommand{BanSubject::User, "ann", {}, {}, "noise"});
    row("token banned", 4403, BanCommand{BanSubject::Token, "7f3a", {}, {}, {}});
    row("lockdown", 4403, LockdownCommand{});
    QTest::newRow("kicked") << Order([](const TestServer& server) {
        return Command(KickCommand{{server.sessions().at(0).info->id}, "noise", {}});
    }) << 4403;
}

void GatewayEndingsTest::an_order_ends_both_sides()
{
    QFETCH(Order, order);
    QFETCH(int, code);
    const GatewayDesk desk(authenticated());
    auto pair = desk.open(as(desk.server, "ann", "7f3a"));
    QCOMPARE(pair.answer.status, 101);
    QVERIFY(pair.client.text("in"));
    QCOMPARE(pair.peer.nextData().payload, std::string("in"));
    QVERIFY(desk.server.call(order(desk.server)).ok());
    QCOMPARE(int(pair.client.closing().code), code);
    const Incoming told = pair.peer.closing();
    QCOMPARE(int(told.code), 1001);
    QCOMPARE(told.payload, std::string()); // the reason is nobody's business there
    QVERIFY(pair.client.frame(wire::Opcode::Close, {}) && pair.peer.frame(wire::Opcode::Close, {}));
    QVERIFY(eventually([&] { return desk.server.sessions().empty(); }));
}

void GatewayEndingsTest::a_change_of_policy_ends_both_sides_data()
{
    QTest::addColumn<TestServer::Edit>("edit");
    QTest::addColumn<int>("code");
    const auto row = [](const char* name, int code, std::function<void(nlohmann::json&)> change) {
        QTest::newRow(name) << TestServer::Edit([=](nlohmann::json& policy) { change(policy["routes"].back()); })
                            << code;
    };
    row("another role is asked for", 4403, [](nlohmann::json& route) { route["roles"] = {"editor"}; });
    row("the network is out", 4403, [](nlohmann::json& route) { route["networks"] = {{"deny", {"127.0.0.0/8"}}}; });
    row("the token's place is none", 4401,
        [](nlohmann::json& route) { route["authentication"]["from"] = {"subprotocol"}; });
    row("another path", 4403, [](nlohmann::json& route) { route["path"] = "/elsewhere/*"; });
    row("a hub now", 4403, [](nlohmann::json& route) {
        route.erase("gateway");
        route["hub"] = {{"protocol", "echo"}};
    });
}

void GatewayEndingsTest::a_change_of_policy_ends_both_sides()
{
    QFETCH(TestServer::Edit, edit);
    QFETCH(int, code);
    GatewayDesk desk(authenticated());
    auto pair = desk.open(as(desk.server, "ann", "7f3a"));
    QCOMPARE(pair.answer.status, 101);
    desk.server.edit(edit);
    QVERIFY(desk.server.call(ReloadCommand{}).ok());
    QCOMPARE(int(pair.client.closing().code), code);
    QCOMPARE(int(pair.peer.closing().code), 1001);
}

void GatewayEndingsTest::nobody_else_is_ended()
{
    const GatewayDesk desk(authenticated());
    auto ann = desk.open(as(desk.server, "ann", "a"));
    auto bob = desk.open(as(desk.server, "bob", "b"));
    QVERIFY(desk.server.call(RevokeTokenCommand{"a", {}, {}, {}, {}}).ok());
    QCOMPARE(int(ann.client.closing().code), 4401);
    QCOMPARE(int(ann.peer.closing().code), 1001);
    QVERIFY(bob.client.text("still here"));
    QCOMPARE(bob.peer.nextData().payload, std::string("still here"));
    QVERIFY(ann.client.frame(wire::Opcode::Close, {}) && ann.peer.frame(wire::Opcode::Close, {}));
    QVERIFY(eventually([&] { return desk.server.sessions().size() == 1; }));
}

QTEST_GUILESS_MAIN(GatewayEndingsTest)
#include "endingstest.moc"
