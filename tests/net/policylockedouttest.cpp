// SPDX-License-Identifier: GPL-3.0-or-later
// Policies on trial that lock everybody out, whoever ordered them too: they return by themselves.
#include "admindesk.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

class PolicyLockedOutTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void whoever_shuts_every_door_by_key_is_back_after_the_time_data();
    void whoever_shuts_every_door_by_key_is_back_after_the_time();
    void a_key_that_a_trial_takes_away_is_good_again_after_it();
    void a_trial_that_its_key_confirms_stays();
};

void PolicyLockedOutTest::whoever_shuts_every_door_by_key_is_back_after_the_time_data()
{
    QTest::addColumn<QByteArray>("how");
    QTest::newRow("no network may come in") << QByteArray("networks");
    QTest::newRow("the admin listener is gone") << QByteArray("listener");
    QTest::newRow("another certificate authority is asked for") << QByteArray("client_ca");
}

void PolicyLockedOutTest::whoever_shuts_every_door_by_key_is_back_after_the_time()
{
    QFETCH(QByteArray, how);
    ManualClock clock;
    const AdminDesk desk({}, &clock);
    const auto lockOut = [&](nlohmann::json& policy) {
        for (nlohmann::json& route : policy["routes"])
            route["networks"] = {{"allow", {"192.0.2.0/24"}}};
        for (nlohmann::json& listener : policy["listeners"]) {
            if (how == "networks")
                listener["networks"] = {{"allow", {"192.0.2.0/24"}}};
            if (how == "client_ca" && listener["tls"].is_object())
                listener["tls"]["client_ca"] = "tls/ca.pem";
        }
        if (how == "listener")
            policy["listeners"].erase(2);
    };
    ApiRequestOptions options;
    options.key = shownKey("admin");
    options.body =
        nlohmann::json{{"base", desk.hash()}, {"policy", desk.edited(lockOut)}, {"reason", "r"}, {"provisional", "60s"}}
            .dump();
    const std::uint16_t port = desk.server.port("ops");
    ByteClient open = desk.connect(); // that was there before, and is no way back either
    QCOMPARE(open.request(apiRequest("/api/info", {shownKey("admin")})).status, 200);
    QCOMPARE(desk.call("policy_apply", options).status, 200);
    QCOMPARE(desk.get().running, 2u);

    const auto serves = [&] {
        ByteClient client(port, ByteClient::Security::Tls);
        return client.connected() && client.request(apiRequest("/api/info", {shownKey("admin")})).status == 200;
    };
    const auto letsIn = [&] {
        UpgradeOptions upgrade;
        return desk.server.plain().upgrade(upgrade).status == 101;
    };
    QVERIFY(eventually([&] { return !serves(); }));
    QVERIFY(!letsIn());
    if (how != "client_ca") // it was asked for nothing when it came in
        QVERIFY(open.request(apiRequest("/api/policy_confirm", {shownKey("admin")})).status != 200);

    clock.advance(60s);
    QVERIFY(eventually([&] { return desk.get().running == 3u; }));
    QCOMPARE(desk.get().version.restores, 1u);
    if (how == "listener") // the system chose its port
        QCOMPARE(desk.status("info", "admin"), 200);
    else
        QVERIFY(serves());
    QVERIFY(letsIn());
}

void PolicyLockedOutTest::a_key_that_a_trial_takes_away_is_good_again_after_it()
{
    ManualClock clock;
    const AdminDesk desk({}, &clock);
    QVERIFY(desk.apply(
        [](nlohmann::json& policy) {
            policy["api_keys"] = nlohmann::json::array();
            policy["issuers"][0]["roles_allowed"] = nlohmann::json::array();
        },
        60s));
    for (const char* key : {"viewer", "operator", "admin"})
        QCOMPARE(desk.status("info", key), 401);
    QCOMPARE(desk.status("policy_confirm", "admin"), 401);
    clock.advance(59s);
    QVERIFY(eventually([&] { return desk.server.info().stats.time >= clock.wall(); }));
    QCOMPARE(desk.status("info", "admin"), 401);
    clock.advance(1s);
    QVERIFY(eventually([&] { return desk.get().running == 3u; }));
    for (const char* key : {"viewer", "operator", "admin"})
        QCOMPARE(desk.status("info", key), 200);
}

void PolicyLockedOutTest::a_trial_that_its_key_confirms_stays()
{
    ManualClock clock;
    const AdminDesk desk({}, &clock);
    ApiRequestOptions options;
    options.key = shownKey("admin");
    options.body = nlohmann::json{
        {"base", desk.hash()},
        {"policy", desk.edited(named("Plant 4"))},
        {"reason", "r"},
        {"provisional",
         "60s"}}.dump();
    QCOMPARE(desk.call("policy_apply", options).status, 200);
    QCOMPARE(desk.status("policy_confirm", "operator"), 200);
    clock.advance(2min);
    QVERIFY(eventually([&] { return desk.server.info().stats.time >= clock.wall(); }));
    QCOMPARE(desk.get().running, 2u);
    QVERIFY(desk.holds(desk.get().version));
}

QTEST_GUILESS_MAIN(PolicyLockedOutTest)
#include "policylockedouttest.moc"
