// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decide.h"
#include "policy/decidenetworks.h"

#include <QTest>

using namespace gatehouse;

namespace {

IpAddress at(const std::string& text)
{
    return IpAddress::parse(text).value();
}

std::vector<Network> networks(std::initializer_list<const char*> texts)
{
    std::vector<Network> all;
    for (const char* text : texts)
        all.push_back(Network::parse(text).value());
    return all;
}

Policy policyWith(const NetworkRules& rules)
{
    Policy policy;
    policy.listeners.resize(2);
    policy.listeners[1].name = "edge";
    policy.listeners[1].networks = rules;
    policy.listeners[1].trustedProxies = networks({"10.0.0.0/8", "fd00::/16"});
    policy.routes.resize(2);
    policy.routes[1].name = "hub";
    policy.routes[1].networks = rules;
    return policy;
}

using Names = std::vector<std::string_view>;

} // namespace

class PolicyEntryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void networks_allow_and_deny_data();
    void networks_allow_and_deny();
    void a_refused_address_names_its_rule();
    void the_client_behind_proxies_data();
    void the_client_behind_proxies();
    void subprotocols_are_chosen_in_the_clients_order_data();
    void subprotocols_are_chosen_in_the_clients_order();
    void a_subprotocol_that_is_refused_names_its_rule();
    void a_centrifuge_route_speaks_json_data();
    void a_centrifuge_route_speaks_json();
    void roles_of_a_route();
};

void PolicyEntryTest::networks_allow_and_deny_data() // row 31
{
    QTest::addColumn<std::string>("address");
    QTest::addColumn<bool>("allowed");
    const auto row = [](const char* address, bool allowed) {
        QTest::newRow(address) << std::string(address) << allowed;
    };
    row("192.0.2.63", true);
    row("192.0.2.64", false); // the first and the last of the denied block
    row("192.0.2.127", false);
    row("192.0.2.128", true);
    row("::ffff:192.0.2.64", false);
    row("::ffff:192.0.2.127", false);
    row("::ffff:192.0.2.128", true);
    row("192.0.2.0", true); // of the allowed one
    row("192.0.2.255", true);
    row("192.0.1.255", false);
    row("192.0.3.0", false);
    row("2001:db8::", true);
    row("2001:db8::ffff:ffff", true);
    row("2001:db8::1:0:0", false);
    row("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", false);
    row("::192.0.2.1", false); // IPv4-compatible is not IPv4
}

void PolicyEntryTest::networks_allow_and_deny()
{
    QFETCH(std::string, address);
    QFETCH(bool, allowed);
    const Policy policy = policyWith({networks({"192.0.2.0/24", "2001:db8::/96"}), networks({"192.0.2.64/26"})});
    QCOMPARE(decideRouteNetworks(policy, 1, at(address)).allowed(), allowed);
    QCOMPARE(decideListenerNetworks(policy, 1, at(address)).allowed(), allowed);
    QVERIFY(decideListenerNetworks(policy, 0, at(address)).allowed());
}

void PolicyEntryTest::a_refused_address_names_its_rule()
{
    const Policy policy = policyWith({networks({"192.0.2.0/24"}), networks({"192.0.2.64/26"})});
    QCOMPARE(decideRouteNetworks(policy, 1, at("192.0.2.64")),
             (Decision{Reason::IpDenied,
                       {"/routes/1/networks/deny", "hub › networks › deny"},
                       "192.0.2.64",
                       "not 192.0.2.64/26"}));
    QCOMPARE(
        decideListenerNetworks(policy, 1, at("::ffff:10.0.0.1")),
        (Decision{
            Reason::IpDenied, {"/listeners/1/networks/allow", "edge › networks › allow"}, "10.0.0.1", "192.0.2.0/24"}));
}

void PolicyEntryTest::the_client_behind_proxies_data() // row 30
{
    QTest::addColumn<std::vector<std::string>>("chain");
    QTest::addColumn<std::string>("client");
    const auto row = [](const char* name, std::vector<std::string> chain, const char* client) {
        QTest::newRow(name) << std::move(chain) << std::string(client);
    };
    row("no header", {}, "10.0.0.1");
    row("one", {"192.0.2.1"}, "192.0.2.1");
    row("forged before it", {"127.0.0.1", "192.0.2.1"}, "192.0.2.1");
    row("behind two proxies", {"203.0.113.9", "192.0.2.1", "10.7.7.7", "fd00::5"}, "192.0.2.1");
    row("a trusted address beyond the client is forged", {"10.1.1.1", "192.0.2.1"}, "192.0.2.1");
    row("all trusted", {"10.0.0.3", "10.0.0.2"}, "10.0.0.3");
    row("garbage beyond the client is not looked at", {"?", "192.0.2.1"}, "192.0.2.1");
    row("garbage at the place that decides", {"192.0.2.1", "?"}, "");
    row("garbage behind a proxy", {"192.0.2.1", "?", "10.0.0.2"}, "");
}

void PolicyEntryTest::the_client_behind_proxies()
{
    QFETCH(std::vector<std::string>, chain);
    QFETCH(std::string, client);
    const Policy policy = policyWith({});
    std::vector<std::optional<IpAddress>> addresses;
    for (const std::string& text : chain)
        addresses.push_back(IpAddress::parse(text));
    const auto decided = decideClient(policy, 1, at("10.0.0.1"), addresses);
    QCOMPARE(decided.ok(), !client.empty());
    if (decided) {
        QCOMPARE(decided->toString(), client);
        return;
    }
    QCOMPARE(decided.error().reason, Reason::ProxyHeader);
    QCOMPARE(decided.error().rule.pointer, std::string("/listeners/1/proxy_header"));
    QCOMPARE(decided.error().rule.name, std::string("edge › proxy_header"));
}

void PolicyEntryTest::subprotocols_are_chosen_in_the_clients_order_data() // row 28
{
    QTest::addColumn<Names>("offered");
    QTest::addColumn<bool>("require");
    QTest::addColumn<bool>("allowed");
    QTest::addColumn<std::string>("chosen");
    const auto row = [](const char* name, Names offered, bool require, std::optional<std::string> chosen) {
        QTest::newRow(name) << std::move(offered) << require << chosen.has_value() << chosen.value_or("");
    };
    row("none", {}, false, "");
    row("none where one is required", {}, true, std::nullopt);
    row("gatehouse", {"gatehouse"}, true, "gatehouse");
    row("another that the route allows", {"mqtt"}, true, "mqtt");
    row("the client's order", {"wamp", "mqtt"}, false, "wamp");
    row("the client's order, the other way", {"mqtt", "wamp"}, false, "mqtt");
    row("the first that is allowed", {"soap", "gatehouse", "mqtt"}, false, "gatehouse");
    row("another case", {"MQTT"}, false, std::nullopt);
    row("none match", {"soap", "stomp"}, false, std::nullopt);
    row("a token alone", {"bearer.T"}, false, std::nullopt);
    row("a token is never echoed", {"bearer.T", "mqtt"}, true, "mqtt");
    row("a token beside what is not allowed", {"soap", "bearer.T"}, false, std::nullopt);
    row("a token that the policy allows by mistake", {"bearer.listed"}, false, std::nullopt);
}

void PolicyEntryTest::subprotocols_are_chosen_in_the_clients_order()
{
    QFETCH(Names, offered);
    QFETCH(bool, require);
    QFETCH(bool, allowed);
    QFETCH(std::string, chosen);
    Policy policy = policyWith({});
    policy.routes[1].subprotocols = {{"mqtt", "wamp", "bearer.listed"}, require};
    const auto decided = decideSubprotocol(policy, 1, offered);
    QCOMPARE(decided.ok(), allowed);
    if (allowed)
        QCOMPARE(decided.value(), chosen);
}

void PolicyEntryTest::a_subprotocol_that_is_refused_names_its_rule()
{
    Policy policy = policyWith({});
    policy.routes[1].subprotocols = {{"mqtt"}, true};
    const Decision none = decideSubprotocol(policy, 1, {}).error();
    QCOMPARE(none, (Decision{Reason::Subprotocol,
                             {"/routes/1/subprotocols/require", "hub › subprotocols › require"},
                             "none",
                             "mqtt, gatehouse"}));
    const Names offered{"soap", "bearer.canary"};
    const Decision others = decideSubprotocol(policy, 1, offered).error();
    QCOMPARE(others.rule.pointer, std::string("/routes/1/subprotocols/allow"));
    QCOMPARE(others.met, std::string("2 others"));
}

void PolicyEntryTest::a_centrifuge_route_speaks_json_data() // row 28
{
    QTest::addColumn<Names>("offered");
    QTest::addColumn<int>("kind");
    QTest::addColumn<std::string>("chosen"); // empty: refused
    const auto row = [](const char* name, const Names& offered, RouteKind kind, const char* chosen) {
        QTest::newRow(name) << offered << int(kind) << std::string(chosen);
    };
    row("JSON", {"centrifuge-json"}, RouteKind::Centrifuge, "centrifuge-json");
    row("JSON with a token", {"bearer.T", "centrifuge-json"}, RouteKind::Centrifuge, "centrifuge-json");
    row("ours first", {"gatehouse", "centrifuge-json"}, RouteKind::Centrifuge, "gatehouse");
    row("ours last", {"centrifuge-json", "gatehouse"}, RouteKind::Centrifuge, "centrifuge-json");
    row("what the route allows", {"mqtt", "centrifuge-json"}, RouteKind::Centrifuge, "mqtt");
    row("protobuf or JSON", {"centrifuge-protobuf", "centrifuge-json"}, RouteKind::Centrifuge, "centrifuge-json");
    row("protobuf alone", {"centrifuge-protobuf"}, RouteKind::Centrifuge, "");
    row("another case", {"Centrifuge-JSON"}, RouteKind::Centrifuge, "");
    for (const RouteKind kind : {RouteKind::Plain, RouteKind::Echo, RouteKind::Gateway})
        row("elsewhere", {"centrifuge-json"}, kind, "");
}

void PolicyEntryTest::a_centrifuge_route_speaks_json()
{
    QFETCH(Names, offered);
    QFETCH(int, kind);
    QFETCH(std::string, chosen);
    Policy policy = policyWith({});
    policy.routes[1].kind = static_cast<RouteKind>(kind);
    for (const bool require : {false, true}) {
        policy.routes[1].subprotocols = {{"mqtt"}, require};
        const auto decided = decideSubprotocol(policy, 1, offered);
        QCOMPARE(decided.ok(), !chosen.empty());
        if (decided)
            QCOMPARE(decided.value(), chosen);
        else
            QCOMPARE(decided.error().limit,
                     std::string(policy.routes[1].kind == RouteKind::Centrifuge ? "mqtt, gatehouse, centrifuge-json"
                                                                                : "mqtt, gatehouse"));
    }
    QVERIFY(forwardableSubprotocols(policy.routes[1], Names{"gatehouse"}).empty());
}

void PolicyEntryTest::roles_of_a_route() // row 42
{
    Policy policy = policyWith({});
    const Identity nobody;
    const Identity reader{"local", "ann", {"reader"}, {}, {}, {}, {}};
    const Identity both{"local", "bob", {"reader", "editor"}, {}, {}, {}, {}};
    for (const Identity& who : {nobody, reader, both})
        QVERIFY(decideRoles(policy, 1, who).allowed());
    policy.routes[1].roles = {"editor", "admin"};
    QVERIFY(decideRoles(policy, 1, both).allowed());
    QCOMPARE(decideRoles(policy, 1, reader),
             (Decision{Reason::Authz, {"/routes/1/roles", "hub › roles"}, "reader", "editor, admin"}));
    QCOMPARE(decideRoles(policy, 1, nobody).reason, Reason::Authz);
}

QTEST_APPLESS_MAIN(PolicyEntryTest)
#include "policyentrytest.moc"
