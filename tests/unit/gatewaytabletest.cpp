// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstreamtable.h"
#include "manualclock.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;
using test::ManualClock;

namespace {

UpstreamUrl plain(const std::string& host, std::uint16_t port, std::string text = {})
{
    if (text.empty())
        text = "ws://" + host + ':' + std::to_string(port) + '/';
    return {std::move(text), false, host, port, "/"};
}

Route gatewayRoute(const std::string& name, std::vector<UpstreamUrl> upstreams)
{
    Route route;
    route.name = name;
    route.path = "/" + name + "/*";
    route.kind = RouteKind::Gateway;
    route.gateway.emplace();
    route.gateway->upstreams = std::move(upstreams);
    return route;
}

Policy policyOf(std::vector<Route> routes)
{
    Policy policy;
    policy.routes = std::move(routes);
    return policy;
}

const std::shared_ptr<Upstream>& first(const UpstreamTable::Resources& resources, std::size_t route = 0)
{
    return gatewayResources(resources.at(route))->upstreams().at(0);
}

} // namespace

class GatewayTableTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void hubs_need_nothing();
    void routes_do_not_share_an_upstream();
    void an_upstream_stays_over_policies_however_it_is_written();
    void an_upstream_that_nobody_has_is_forgotten();
    void resources_of_an_unchanged_route_stay();
    void another_setting_makes_other_resources_of_the_same_upstreams();
    void files_that_cannot_be_used_name_route_and_file();
    void a_changed_authority_makes_other_resources();
    void statuses_come_in_the_policys_order();

private:
    ManualClock m_clock;
};

void GatewayTableTest::hubs_need_nothing()
{
    UpstreamTable table(m_clock);
    const Policy policy = policyOf({Route(), gatewayRoute("plc", {plain("127.0.0.1", 1)})});
    const auto made = table.resources(policy).value();
    QCOMPARE(made.size(), 2u);
    QVERIFY(!made[0] && made[1]);
    QCOMPARE(gatewayResources(made[1])->settings(), *policy.routes[1].gateway);
}

void GatewayTableTest::routes_do_not_share_an_upstream()
{
    UpstreamTable table(m_clock);
    const auto url = plain("127.0.0.1", 1);
    const auto made = table.resources(policyOf({gatewayRoute("a", {url}), gatewayRoute("b", {url})})).value();
    QVERIFY(first(made, 0) != first(made, 1));
    QCOMPARE(table.find("b", url), first(made, 1));
    QVERIFY(!table.find("c", url));
}

void GatewayTableTest::an_upstream_stays_over_policies_however_it_is_written()
{
    UpstreamTable table(m_clock);
    const Policy before = policyOf({gatewayRoute("plc", {plain("plc.example", 80, "ws://PLC.example")})});
    const auto was = table.resources(before).value();
    first(was)->setDraining(true);
    const Policy after = policyOf({gatewayRoute("plc", {plain("plc.example", 80, "ws://plc.example:80/")})});
    const auto is = table.resources(after, &before, was).value();
    QCOMPARE(first(is), first(was));
    QVERIFY(is[0] != was[0]);
    const auto statuses = table.statuses(after);
    QCOMPARE(statuses.at(0).url, std::string("ws://plc.example:80/"));
    QCOMPARE(statuses.at(0).state, UpstreamState::Draining);
    QCOMPARE(table.statuses(before).at(0).url, std::string("ws://PLC.example"));
}

void GatewayTableTest::an_upstream_that_nobody_has_is_forgotten()
{
    UpstreamTable table(m_clock);
    const Policy policy = policyOf({gatewayRoute("plc", {plain("127.0.0.1", 1)})});
    auto made = table.resources(policy).value();
    first(made)->setDraining(true);
    made.clear();
    QVERIFY(table.statuses(policy).empty());
    made = table.resources(policy).value();
    QVERIFY(!first(made)->draining());
}

void GatewayTableTest::resources_of_an_unchanged_route_stay()
{
    UpstreamTable table(m_clock);
    Policy before = policyOf({gatewayRoute("plc", {plain("127.0.0.1", 1)})});
    before.routes[0].gateway->upstreams.push_back({"wss://plc.example/", true, "plc.example", 443, "/"});
    const auto was = table.resources(before).value();
    Policy after = before;
    after.routes.insert(after.routes.begin(), Route());
    after.routes[1].messages.maxSize = 77;
    const auto is = table.resources(after, &before, was).value();
    QVERIFY(!is[0]);
    // What the system trusts may have changed, but then the whole set is read anew with the next process.
    QCOMPARE(is[1], was[0]);
}

void GatewayTableTest::another_setting_makes_other_resources_of_the_same_upstreams()
{
    UpstreamTable table(m_clock);
    const Policy before = policyOf({gatewayRoute("plc", {plain("127.0.0.1", 1), plain("127.0.0.1", 2)})});
    const auto was = table.resources(before).value();
    Policy after = before;
    after.routes[0].gateway->balance = Balance::LeastSessions;
    auto is = table.resources(after, &before, was).value();
    QVERIFY(is[0] != was[0]);
    QCOMPARE(gatewayResources(is[0])->upstreams(), gatewayResources(was[0])->upstreams());
    after = before;
    after.routes[0].gateway->authHeaderValue = "another secret";
    is = table.resources(after, &before, was).value();
    QVERIFY(is[0] != was[0]);
}

void GatewayTableTest::files_that_cannot_be_used_name_route_and_file()
{
    UpstreamTable table(m_clock);
    const QTemporaryDir folder;
    const auto empty = std::filesystem::path(folder.filePath(QStringLiteral("empty.pem")).toStdString());
    QFile file(QString::fromStdString(empty.string()));
    QVERIFY(file.open(QIODevice::WriteOnly));
    Policy policy = policyOf({gatewayRoute("plc", {plain("127.0.0.1", 1)}), gatewayRoute("lab", {plain("::1", 1)})});
    policy.routes[0].gateway->ca = empty;
    policy.routes[1].gateway->ca = "/nowhere/ca.pem";
    const auto made = table.resources(policy);
    QVERIFY(!made);
    QVERIFY2(made.error().starts_with("route plc: ca " + empty.string() + " holds no certificate\nroute lab: ca "),
             made.error().c_str());
    QVERIFY2(made.error().find("/nowhere/ca.pem") != std::string::npos, made.error().c_str());
}

void GatewayTableTest::a_changed_authority_makes_other_resources()
{
    // A root that this machine has is as good as any.
    QFile bundle(QStringLiteral("/etc/ssl/certs/ca-certificates.crt"));
    if (!bundle.open(QIODevice::ReadOnly))
        QSKIP("no certificates on this machine");
    const QByteArray all = bundle.readAll();
    const QByteArray end("-----END CERTIFICATE-----\n");
    const qsizetype one = all.indexOf(end) + end.size();
    const qsizetype two = all.indexOf(end, one) + end.size();
    const QTemporaryDir folder;
    const QString name = folder.filePath(QStringLiteral("ca.pem"));
    const auto write = [&](const QByteArray& text) {
        QFile file(name);
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(text) == text.size());
    };
    UpstreamTable table(m_clock);
    Policy policy = policyOf({gatewayRoute("plc", {{"wss://plc.example/", true, "plc.example", 443, "/"}})});
    policy.routes[0].gateway->ca = name.toStdString();
    write(all.left(one));
    const auto was = table.resources(policy).value();
    QCOMPARE(table.resources(policy, &policy, was).value()[0], was[0]);
    write(all.left(two));
    const auto is = table.resources(policy, &policy, was).value();
    QVERIFY(is[0] != was[0]);
    QCOMPARE(first(is), first(was));
}

void GatewayTableTest::statuses_come_in_the_policys_order()
{
    UpstreamTable table(m_clock);
    const Policy policy = policyOf({gatewayRoute("z", {plain("127.0.0.1", 9), plain("127.0.0.1", 1)}), Route(),
                                    gatewayRoute("a", {plain("127.0.0.1", 5)})});
    const auto made = table.resources(policy).value();
    QStringList names;
    for (const UpstreamStatus& status : table.statuses(policy))
        names << QString::fromStdString(status.route + ' ' + status.url);
    QCOMPARE(names, (QStringList{QStringLiteral("z ws://127.0.0.1:9/"), QStringLiteral("z ws://127.0.0.1:1/"),
                                 QStringLiteral("a ws://127.0.0.1:5/")}));
}

QTEST_APPLESS_MAIN(GatewayTableTest)
#include "gatewaytabletest.moc"
