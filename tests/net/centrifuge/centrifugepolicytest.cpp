// SPDX-License-Identifier: GPL-3.0-or-later
#include "protocolclient.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

/// Another policy under live sessions of Centrifugo's protocol: sessions and subscriptions are asked again.
class CentrifugePolicyTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_subscription_that_is_not_allowed_any_more_ends_for_good();
    void a_role_that_is_lost_ends_what_it_allowed();
    void a_channel_that_became_another_is_subscribed_anew();
    void what_did_not_change_goes_on();
    void a_session_that_is_not_allowed_any_more_has_the_protocols_code();
    void a_right_to_publish_is_asked_at_each_publication();
};

namespace {

Json subscribe(const std::string& channel)
{
    return {{"subscribe", {{"channel", channel}}}};
}

Json publish(const std::string& channel, Json data)
{
    return {{"publish", {{"channel", channel}, {"data", std::move(data)}}}};
}

/// Applies the policy further edited; false where the server refused it.
bool change(TestServer& server, const TestServer::Edit& edit)
{
    server.edit(edit);
    return server.call(ReloadCommand{}).ok();
}

} // namespace

void CentrifugePolicyTest::a_subscription_that_is_not_allowed_any_more_ends_for_good()
{
    TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    QVERIFY(client.ask(subscribe("news.a"))["subscribe"].is_object());
    QVERIFY(client.ask(subscribe("plain.a"))["subscribe"].is_object());
    QVERIFY(change(server, [](Json& policy) { policy["channels"][1]["subscribe"] = {"editor"}; }));
    const Json end = client.push();
    VERIFY_SAME(end["channel"], Json("plain.a"));
    QCOMPARE(end["unsubscribe"]["code"].get<int>(), 2000);
    QVERIFY(client.ask(publish("news.a", 1))["publish"].is_object());
    QCOMPARE(client.push()["pub"]["data"].get<int>(), 1);
    QCOMPARE(client.ask(subscribe("plain.a"))["error"]["code"].get<int>(), 103);
}

void CentrifugePolicyTest::a_role_that_is_lost_ends_what_it_allowed()
{
    TestServer server(hubPolicy([](Json& policy) { policy["channels"][2]["subscribe"] = {"editor"}; }));
    ProtocolClient client = connected(server, "ann", {"editor"});
    QVERIFY(client.ask(subscribe("read.a"))["subscribe"].is_object());
    // A token of the same user without the role takes it away, too.
    QVERIFY(client.ask({{"refresh", {{"token", server.token("ann")}}}})["refresh"].is_object());
    QCOMPARE(client.push()["unsubscribe"]["code"].get<int>(), 2000);
    QCOMPARE(client.ask(publish("read.a", 1))["error"]["code"].get<int>(), 103);
}

void CentrifugePolicyTest::a_channel_that_became_another_is_subscribed_anew()
{
    TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    QVERIFY(client.ask(subscribe("plain.a"))["subscribe"].is_object());
    QVERIFY(change(server, [](Json& policy) { policy["channels"][1]["history"] = {{"size", 5}, {"ttl", "1m"}}; }));
    const Json end = client.push();
    VERIFY_SAME(end["channel"], Json("plain.a"));
    QCOMPARE(end["unsubscribe"]["code"].get<int>(), 2500);
    const Json again = client.ask(subscribe("plain.a"))["subscribe"];
    QCOMPARE(again["recoverable"].get<bool>(), true);
}

void CentrifugePolicyTest::what_did_not_change_goes_on()
{
    TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    QVERIFY(client.ask(subscribe("news.a"))["subscribe"].is_object());
    for (int i = 0; i < 5; ++i) {
        QVERIFY(client.ask(publish("news.a", i))["publish"].is_object());
        QVERIFY(change(server, [&](Json& policy) { policy["name"] = "Plant " + std::to_string(i); }));
    }
    for (int i = 0; i < 5; ++i) {
        const Json push = client.push();
        QCOMPARE(push["pub"]["data"].get<int>(), i);
        QCOMPARE(push["pub"]["offset"].get<int>(), i + 1);
    }
    VERIFY_SAME(client.push(100ms), Json(nullptr));
}

void CentrifugePolicyTest::a_session_that_is_not_allowed_any_more_has_the_protocols_code()
{
    TestServer server(hubPolicy());
    ProtocolClient reader = connected(server, "ann");
    ProtocolClient editor = connected(server, "ed", {"editor"});
    QVERIFY(change(server, [](Json& policy) { policy["routes"].back()["roles"] = {"editor"}; }));
    const Incoming end = reader.closing();
    QCOMPARE(end.code, 3507);
    QCOMPARE(end.payload, std::string("authz"));
    QVERIFY(editor.ask({{"ping", Json::object()}}).contains("ping"));
}

void CentrifugePolicyTest::a_right_to_publish_is_asked_at_each_publication()
{
    TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    QVERIFY(client.ask(publish("plain.a", 1))["publish"].is_object());
    QVERIFY(change(server, [](Json& policy) { policy["channels"][1]["publish"] = {"editor"}; }));
    QCOMPARE(client.ask(publish("plain.a", 1))["error"]["code"].get<int>(), 103);
}

QTEST_GUILESS_MAIN(CentrifugePolicyTest)
#include "centrifugepolicytest.moc"
