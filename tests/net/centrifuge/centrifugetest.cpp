// SPDX-License-Identifier: GPL-3.0-or-later
#include "manualclock.h"
#include "protocolclient.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

/// Centrifugo's client protocol at the real gate, command by command.
class CentrifugeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_token_comes_in_connect_or_with_the_upgrade();
    void who_has_no_good_token_is_told_as_the_protocol_says();
    void a_second_token_must_be_the_first();
    void a_connect_must_come_and_come_first();
    void publications_reach_every_subscriber_in_one_order();
    void plain_and_centrifuge_clients_share_their_channels();
    void history_is_read_and_missed_publications_are_recovered();
    void what_cannot_be_recovered_is_said();
    void many_channels_recovered_at_once_end_nobody();
    void presence_and_its_numbers();
    void joins_and_leaves_are_pushed_to_who_wants_them();
    void a_locked_channel_asks_for_a_token_of_its_own();
    void a_token_may_name_channels();
    void a_token_is_refreshed_in_band();
    void a_refresh_with_another_users_token_ends_the_session();
    void calls_have_no_method_and_a_send_no_answer();
    void pings_are_the_protocols_own();
    void an_unsubscribe_ends_what_is_pushed();
    void the_operator_sees_the_channels_of_a_session();
};

namespace {

Json subscribe(const std::string& channel, Json more = Json::object())
{
    more["channel"] = channel;
    return {{"subscribe", std::move(more)}};
}

Json publish(const std::string& channel, Json data)
{
    return {{"publish", {{"channel", channel}, {"data", std::move(data)}}}};
}

std::string signedClaims(const TestServer& server, const std::string& user, const Json& more)
{
    Json claims = server.claims(user);
    claims.update(more);
    return server.signedToken(R"({"alg":"HS256","typ":"JWT"})", claims.dump());
}

} // namespace

void CentrifugeTest::a_token_comes_in_connect_or_with_the_upgrade()
{
    const TestServer server(hubPolicy());
    ProtocolClient first(server);
    const Json reply = first.connect(server.token("ann"), {{"data", {{"app", 1}}}, {"name", "js"}});
    QVERIFY(reply["connect"]["client"].is_string());
    QCOMPARE(reply["connect"]["ping"].get<int>(), 25);
    QCOMPARE(reply["connect"]["pong"].get<bool>(), true);
    QCOMPARE(reply["connect"]["expires"].get<bool>(), true);
    const int ttl = reply["connect"]["ttl"];
    QVERIFY(ttl >= 3600 - 360 - 20 && ttl <= 3600 - 360);
    QCOMPARE(server.sessions().size(), std::size_t{1});
    QCOMPARE(server.sessions()[0].info->user, std::string("ann"));
    QCOMPARE(std::to_string(server.sessions()[0].info->id.value), reply["connect"]["client"].get<std::string>());
    ProtocolClient second(server, server.token("bob"));
    QVERIFY(second.connect({})["connect"].is_object());
    QCOMPARE(server.sessions().size(), std::size_t{2});
}

void CentrifugeTest::who_has_no_good_token_is_told_as_the_protocol_says()
{
    const TestServer server(hubPolicy());
    ProtocolClient none(server);
    VERIFY_SAME(none.connect({}), Json(nullptr));
    QCOMPARE(none.closing().code, 3500);
    ProtocolClient forged(server);
    VERIFY_SAME(forged.connect(server.signedToken(R"({"alg":"HS256"})", server.claims("ann").dump(), "another secret")),
                Json(nullptr));
    QCOMPARE(forged.closing().code, 3500);
    Json old = server.claims("ann");
    old["iat"] = old["iat"].get<std::int64_t>() - 7200;
    old["exp"] = old["iat"].get<std::int64_t>() + 60;
    ProtocolClient expired(server);
    const Json reply = expired.connect(server.signedToken(R"({"alg":"HS256"})", old.dump()));
    QCOMPARE(reply["error"]["code"].get<int>(), 109);
    QCOMPARE(expired.closing().code, 3005);
    const std::string token = signedClaims(server, "ann", {{"jti", "r1"}});
    RevokeTokenCommand revoke;
    revoke.tokenId = "r1";
    QVERIFY(server.call(revoke).ok());
    ProtocolClient revoked(server);
    QCOMPARE(revoked.connect(token)["error"]["code"].get<int>(), 113);
    QCOMPARE(revoked.closing().code, 3014);
    QCOMPARE(server.refused(Reason::AuthMissing), 1u);
    QCOMPARE(server.refused(Reason::JwtSig), 1u);
    QCOMPARE(server.refused(Reason::JwtTime), 1u);
    QCOMPARE(server.refused(Reason::Revoked), 1u);
    QCOMPARE(server.sessions().size(), std::size_t{0});
}

void CentrifugeTest::a_second_token_must_be_the_first()
{
    const TestServer server(hubPolicy());
    const std::string token = server.token("ann");
    ProtocolClient same(server, token);
    QVERIFY(same.connect(token)["connect"].is_object());
    ProtocolClient other(server, token);
    VERIFY_SAME(other.connect(server.token("bob")), Json(nullptr));
    const Incoming end = other.closing();
    QCOMPARE(end.code, 3500);
    QCOMPARE(end.payload, std::string("auth_ambiguous"));
    ProtocolClient twice = connected(server, "ann");
    VERIFY_SAME(twice.connect({}), Json(nullptr));
    QCOMPARE(twice.closing().code, 3501);
    ProtocolClient forChannel(server);
    VERIFY_SAME(forChannel.connect(signedClaims(server, "ann", {{"channel", "news.a"}})), Json(nullptr));
    QCOMPARE(forChannel.closing().code, 3500);
}

void CentrifugeTest::a_connect_must_come_and_come_first()
{
    ManualClock clock;
    const TestServer server(hubPolicy(), &clock);
    ProtocolClient silent(server);
    ProtocolClient authenticated(server, server.token("ann"));
    ProtocolClient hasty(server);
    hasty.send(R"({"id":1,"subscribe":{"channel":"news.a"}})");
    QCOMPARE(hasty.reply()["error"]["code"].get<int>(), 107);
    QCOMPARE(hasty.closing().code, 3501);
    ProtocolClient early(server, server.token("ann"));
    early.send(R"({"id":1,"subscribe":{"channel":"news.a"}})");
    QCOMPARE(early.closing().code, 3501);
    clock.advance(5100ms);
    QCOMPARE(silent.closing().code, 3502);
    const Incoming end = authenticated.closing();
    QCOMPARE(end.code, 3502);
    QCOMPARE(end.payload, std::string("msg_timeout"));
}

void CentrifugeTest::publications_reach_every_subscriber_in_one_order()
{
    constexpr int publications = 100;
    const TestServer server(hubPolicy([](Json& policy) { policy["workers"] = 4; }));
    std::vector<ProtocolClient> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(connected(server, "user" + std::to_string(i)));
        const Json reply = clients.back().ask(subscribe("news.order"));
        QCOMPARE(reply["subscribe"]["recoverable"].get<bool>(), true);
        QCOMPARE(reply["subscribe"]["positioned"].get<bool>(), true);
    }
    for (int n = 0; n < publications; ++n)
        for (int publisher = 0; publisher < 2; ++publisher)
            clients[static_cast<std::size_t>(publisher)].send(
                Json{{"id", 1000 + n}, {"publish", {{"channel", "news.order"}, {"data", {publisher, n}}}}}.dump());
    std::vector<Json> orders;
    for (ProtocolClient& client : clients) {
        Json order = Json::array();
        while (order.size() < 2 * publications) {
            const Json push = client.push();
            QVERIFY(!push.is_null());
            QCOMPARE(push["channel"].get<std::string>(), std::string("news.order"));
            QCOMPARE(push["pub"]["offset"].get<std::size_t>(), order.size() + 1);
            QVERIFY(push["pub"]["info"]["user"] == "user0" || push["pub"]["info"]["user"] == "user1");
            order.push_back(push["pub"]["data"]);
        }
        orders.push_back(std::move(order));
    }
    for (const Json& order : orders)
        VERIFY_SAME(order, orders.front());
    for (int n = 0; n < publications; ++n) // each has its answer, too
        QCOMPARE(clients[0].reply()["id"].get<int>(), 1000 + n);
}

void CentrifugeTest::plain_and_centrifuge_clients_share_their_channels()
{
    const TestServer server(hubPolicy());
    ByteClient plain = server.join("news.shared", "pat");
    ProtocolClient client = connected(server, "ann");
    QVERIFY(client.ask(subscribe("news.shared"))["subscribe"].is_object());
    QVERIFY(plain.text(R"({"n": 1})"));
    VERIFY_SAME(client.push()["pub"]["data"], (Json{{"n", 1}}));
    QVERIFY(plain.text("no JSON"));
    VERIFY_SAME(client.push()["pub"]["data"], Json("no JSON"));
    QVERIFY(plain.frame(wire::Opcode::Binary, std::string("\0\x01\xff", 3)));
    const Json binary = client.push();
    VERIFY_SAME(binary["pub"]["data"], Json("AAH/"));
    VERIFY_SAME(binary["pub"]["info"]["user"], Json("pat"));
    QCOMPARE(plain.nextData().payload, std::string(R"({"n": 1})"));
    QCOMPARE(plain.nextData().payload, std::string("no JSON"));
    QCOMPARE(plain.nextData().payload, std::string("\0\x01\xff", 3));
    QVERIFY(client.ask(publish("news.shared", {{"from", "client"}}))["publish"].is_object());
    QCOMPARE(plain.nextData().payload, std::string(R"({"from":"client"})"));
}

void CentrifugeTest::history_is_read_and_missed_publications_are_recovered()
{
    const TestServer server(hubPolicy());
    ProtocolClient publisher = connected(server, "pub");
    ProtocolClient reader = connected(server, "ann");
    const Json began = reader.ask(subscribe("news.a"))["subscribe"];
    reader.bytes().disconnect();
    for (int n = 0; n < 50; ++n)
        QVERIFY(publisher.ask(publish("news.a", n))["publish"].is_object());
    ProtocolClient again = connected(server, "ann");
    const Json recovered = again.ask(subscribe(
        "news.a", {{"recover", true}, {"epoch", began["epoch"]}, {"offset", began.value("offset", 0)}}))["subscribe"];
    QCOMPARE(recovered["was_recovering"].get<bool>(), true);
    QCOMPARE(recovered["recovered"].get<bool>(), true);
    QCOMPARE(recovered["publications"].size(), std::size_t{50});
    for (int n = 0; n < 50; ++n)
        QCOMPARE(recovered["publications"][static_cast<std::size_t>(n)]["data"].get<int>(), n);
    QVERIFY(publisher.ask(publish("news.a", 50))["publish"].is_object());
    const Json next = again.push();
    QCOMPARE(next["pub"]["data"].get<int>(), 50);
    QCOMPARE(next["pub"]["offset"].get<int>(), 51);
    const Json page = again.ask({{"history", {{"channel", "news.a"}, {"limit", 2}, {"reverse", true}}}})["history"];
    QCOMPARE(page["publications"].size(), std::size_t{2});
    QCOMPARE(page["publications"][0]["data"].get<int>(), 50);
    QCOMPARE(page["offset"].get<int>(), 51);
    const Json position = again.ask({{"history", {{"channel", "news.a"}}}})["history"];
    QCOMPARE(position["offset"].get<int>(), 51);
    QVERIFY(!position.contains("publications") || position["publications"].empty());
    QCOMPARE(again.ask({{"history", {{"channel", "plain.a"}}}})["error"]["code"].get<int>(), 108);
}

void CentrifugeTest::what_cannot_be_recovered_is_said()
{
    const TestServer server(hubPolicy([](Json& policy) { policy["channels"][0]["history"]["size"] = 3; }));
    ProtocolClient publisher = connected(server, "pub");
    ProtocolClient reader = connected(server, "ann");
    const Json began = reader.ask(subscribe("news.a"))["subscribe"];
    for (int n = 0; n < 5; ++n)
        QVERIFY(publisher.ask(publish("news.a", n))["publish"].is_object());
    ProtocolClient again = connected(server, "ann");
    const Json since{{"recover", true}, {"epoch", began["epoch"]}, {"offset", began.value("offset", 0)}};
    const Json late = again.ask(subscribe("news.a", since))["subscribe"];
    QCOMPARE(late["was_recovering"].get<bool>(), true);
    QVERIFY(!late.value("recovered", false));
    QCOMPARE(late["offset"].get<int>(), 5);
    ProtocolClient strange = connected(server, "ann");
    const Json other =
        strange.ask(subscribe("news.a", {{"recover", true}, {"epoch", "another"}, {"offset", 5}}))["subscribe"];
    QVERIFY(!other.value("recovered", false));
    ProtocolClient strict = connected(server, "ann");
    Json whole = since;
    whole["flag"] = 2;
    QCOMPARE(strict.ask(subscribe("news.a", whole))["error"]["code"].get<int>(), 112);
}

void CentrifugeTest::many_channels_recovered_at_once_end_nobody()
{
    constexpr int channels = 20;
    const TestServer server(hubPolicy([](Json& policy) { policy["routes"].back()["send_buffer"] = "256KiB"; }));
    ProtocolClient publisher = connected(server, "pub");
    std::string batch;
    for (int i = 0; i < channels; ++i) {
        const std::string channel = "news." + std::to_string(i);
        const Json began = publisher.ask(subscribe(channel))["subscribe"];
        QVERIFY(publisher.ask({{"unsubscribe", {{"channel", channel}}}})["unsubscribe"].is_object());
        for (int n = 0; n < 3; ++n)
            QVERIFY(publisher.ask(publish(channel, std::string(20000, 'x')))["publish"].is_object());
        batch +=
            Json{{"id", 500 + i},
                 {"subscribe", {{"channel", channel}, {"recover", true}, {"epoch", began["epoch"]}, {"offset", 0}}}}
                .dump() +
            "\n";
    }
    ProtocolClient client = connected(server, "ann");
    client.send(batch);
    int recovered = 0;
    for (int i = 0; i < channels; ++i) {
        const Json reply = client.reply();
        QVERIFY(!reply.is_null());
        QCOMPARE(reply["subscribe"]["was_recovering"].get<bool>(), true);
        recovered += reply["subscribe"].value("recovered", false) ? 1 : 0;
    }
    QVERIFY(recovered >= 1);
    QVERIFY(client.ask({{"ping", Json::object()}}).contains("ping"));
}

void CentrifugeTest::presence_and_its_numbers()
{
    const TestServer server(hubPolicy([](Json& policy) { policy["workers"] = 3; }));
    std::vector<ProtocolClient> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(connected(server, i == 2 ? "bob" : "ann"));
        QVERIFY(clients.back().ask(subscribe("news.a"))["subscribe"].is_object());
    }
    const Json presence = clients[0].ask({{"presence", {{"channel", "news.a"}}}})["presence"]["presence"];
    QCOMPARE(presence.size(), std::size_t{3});
    for (const auto& [id, info] : presence.items())
        QCOMPARE(info["client"].get<std::string>(), id);
    const Json numbers = clients[0].ask({{"presence_stats", {{"channel", "news.a"}}}})["presence_stats"];
    QCOMPARE(numbers["num_clients"].get<int>(), 3);
    QCOMPARE(numbers["num_users"].get<int>(), 2);
    clients.pop_back();
    QVERIFY(eventually([&] {
        return clients[0].ask({{"presence_stats", {{"channel", "news.a"}}}})["presence_stats"]["num_clients"] == 2;
    }));
    QCOMPARE(clients[0].ask({{"presence", {{"channel", "plain.a"}}}})["error"]["code"].get<int>(), 108);
    QCOMPARE(clients[0].ask({{"presence", {{"channel", "nowhere"}}}})["error"]["code"].get<int>(), 103);
}

void CentrifugeTest::joins_and_leaves_are_pushed_to_who_wants_them()
{
    const TestServer server(hubPolicy());
    ProtocolClient watcher = connected(server, "watcher");
    ProtocolClient deaf = connected(server, "deaf");
    QVERIFY(watcher.ask(subscribe("news.a", {{"join_leave", true}}))["subscribe"].is_object());
    VERIFY_SAME(watcher.push()["join"]["info"]["user"], Json("watcher")); // its own
    QVERIFY(deaf.ask(subscribe("news.a"))["subscribe"].is_object());
    VERIFY_SAME(watcher.push()["join"]["info"]["user"], Json("deaf"));
    QVERIFY(deaf.ask({{"unsubscribe", {{"channel", "news.a"}}}})["unsubscribe"].is_object());
    VERIFY_SAME(watcher.push()["leave"]["info"]["user"], Json("deaf"));
    {
        ProtocolClient gone = connected(server, "gone");
        QVERIFY(gone.ask(subscribe("news.a"))["subscribe"].is_object());
        VERIFY_SAME(watcher.push()["join"]["info"]["user"], Json("gone"));
    }
    VERIFY_SAME(watcher.push()["leave"]["info"]["user"], Json("gone"));
    VERIFY_SAME(deaf.push(100ms), Json(nullptr));
}

void CentrifugeTest::a_locked_channel_asks_for_a_token_of_its_own()
{
    ManualClock clock;
    const TestServer server(hubPolicy(), &clock);
    ProtocolClient client = connected(server, "ann");
    const auto error = [&](const std::string& token) {
        return client.ask(subscribe("locked.a", {{"token", token}}))["error"]["code"].get<int>();
    };
    QCOMPARE(client.ask(subscribe("locked.a"))["error"]["code"].get<int>(), 103);
    QCOMPARE(error(server.token("ann")), 103);                                    // of a connection
    QCOMPARE(error(signedClaims(server, "ann", {{"channel", "locked.b"}})), 103); // of another channel
    QCOMPARE(error(signedClaims(server, "bob", {{"channel", "locked.a"}})), 103); // of somebody else
    const std::int64_t now = server.claims("ann")["iat"];
    QCOMPARE(error(signedClaims(server, "ann", {{"channel", "locked.a"}, {"iat", now - 600}, {"exp", now - 300}})),
             109);
    const std::string good = signedClaims(server, "ann", {{"channel", "locked.a"}, {"exp", now + 120}});
    const Json reply = client.ask(subscribe("locked.a", {{"token", good}}))["subscribe"];
    QCOMPARE(reply["expires"].get<bool>(), true);
    QVERIFY(reply["ttl"].get<int>() >= 100 && reply["ttl"].get<int>() <= 110);
    const std::string longer = signedClaims(server, "ann", {{"channel", "locked.a"}, {"exp", now + 600}});
    const Json refreshed = client.ask({{"sub_refresh", {{"channel", "locked.a"}, {"token", longer}}}})["sub_refresh"];
    QVERIFY(refreshed["ttl"].get<int>() > 500);
    clock.advance(300s);
    QVERIFY(client.ask(publish("locked.a", 1))["publish"].is_object());
    QCOMPARE(client.push()["pub"]["data"].get<int>(), 1);
    clock.advance(301s);
    const Json over = client.push();
    QCOMPARE(over["channel"].get<std::string>(), std::string("locked.a"));
    QCOMPARE(over["unsubscribe"]["code"].get<int>(), 2501);
}

void CentrifugeTest::a_token_may_name_channels()
{
    const TestServer server(hubPolicy());
    ProtocolClient client(server);
    const Json reply = client.connect(
        signedClaims(server, "ann", {{"channels", {"news.a", "plain.b", "nowhere"}}, {"info", {{"name", "Ann"}}}}));
    const Json subs = reply["connect"]["subs"];
    QCOMPARE(subs.size(), std::size_t{2});
    QCOMPARE(subs["news.a"]["recoverable"].get<bool>(), true);
    QCOMPARE(server.refused(Reason::AuthzChannel), 1u);
    QVERIFY(client.ask(publish("plain.b", "x"))["publish"].is_object());
    for (;;) {
        const Json push = client.push();
        QVERIFY(!push.is_null());
        if (!push.contains("pub"))
            continue; // its own join
        VERIFY_SAME(push["pub"]["info"]["conn_info"], (Json{{"name", "Ann"}}));
        break;
    }
}

void CentrifugeTest::a_token_is_refreshed_in_band()
{
    ManualClock clock;
    const TestServer server(hubPolicy([](Json& policy) { policy["routes"].back()["ping"] = "off"; }), &clock);
    ProtocolClient client(server);
    QVERIFY(client.connect(server.token("ann", {}, 60s))["connect"].is_object());
    ProtocolClient other(server);
    QVERIFY(other.connect(server.token("bob", {}, 60s))["connect"].is_object());
    clock.advance(50s);
    const Json reply = client.ask({{"refresh", {{"token", server.token("ann", {}, 600s)}}}})["refresh"];
    QCOMPARE(reply["expires"].get<bool>(), true);
    QVERIFY(reply["ttl"].get<int>() > 500);
    clock.advance(45s);
    QCOMPARE(other.closing().code, 3005);
    QVERIFY(client.ask(publish("plain.a", 1))["publish"].is_object());
    clock.advance(600s);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 3005);
    QCOMPARE(end.payload, std::string("expired"));
}

void CentrifugeTest::a_refresh_with_another_users_token_ends_the_session()
{
    const TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    VERIFY_SAME(client.ask({{"refresh", {{"token", server.token("bob")}}}}), Json(nullptr));
    QCOMPARE(client.closing().code, 3500);
    ProtocolClient garbled = connected(server, "ann");
    VERIFY_SAME(garbled.ask({{"refresh", {{"token", "x.y.z"}}}}), Json(nullptr));
    QCOMPARE(garbled.closing().code, 3500);
}

void CentrifugeTest::calls_have_no_method_and_a_send_no_answer()
{
    const TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    QCOMPARE(client.ask({{"rpc", {{"method", "m"}, {"data", {}}}}})["error"]["code"].get<int>(), 104);
    client.send(R"({"send":{"data":{}}})");
    QVERIFY(client.ask({{"ping", Json::object()}}).contains("ping"));
    QCOMPARE(client.ask({{"invented", Json::object()}})["error"]["code"].get<int>(), 104);
    // Many in one message, each answered.
    client.send("{\"id\":201,\"ping\":{}}\n{\"id\":202,\"rpc\":{\"method\":\"m\"}}\n{\"id\":203,\"ping\":{}}\n");
    for (const int id : {201, 202, 203})
        QCOMPARE(client.reply()["id"].get<int>(), id);
}

void CentrifugeTest::pings_are_the_protocols_own()
{
    ManualClock clock;
    const TestServer server(hubPolicy(), &clock);
    ProtocolClient answers = connected(server, "ann");
    ProtocolClient silent = connected(server, "bob");
    silent.pongs = false;
    clock.advance(25100ms);
    QVERIFY(eventually([&] {
        (void)silent.push(10ms);
        (void)answers.push(10ms);
        return silent.pings == 1 && answers.pings == 1;
    }));
    QVERIFY(answers.ask(publish("plain.a", 1))["publish"].is_object()); // behind its answer to the ping
    clock.advance(8100ms);
    const Incoming end = silent.closing();
    QCOMPARE(end.code, 3012);
    QCOMPARE(end.payload, std::string("ping_timeout"));
    QVERIFY(answers.ask(publish("plain.a", 2))["publish"].is_object());
}

void CentrifugeTest::an_unsubscribe_ends_what_is_pushed()
{
    const TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    QVERIFY(client.ask(subscribe("plain.a"))["subscribe"].is_object());
    QCOMPARE(client.ask(subscribe("plain.a"))["error"]["code"].get<int>(), 105);
    QVERIFY(client.ask(publish("plain.a", 1))["publish"].is_object());
    QCOMPARE(client.push()["pub"]["data"].get<int>(), 1);
    QVERIFY(client.ask({{"unsubscribe", {{"channel", "plain.a"}}}})["unsubscribe"].is_object());
    QVERIFY(client.ask({{"unsubscribe", {{"channel", "plain.a"}}}})["unsubscribe"].is_object());
    QVERIFY(client.ask(publish("plain.a", 2))["publish"].is_object());
    VERIFY_SAME(client.push(100ms), Json(nullptr));
    // Both at once: the answers come in this order, and nothing is left behind.
    client.send(
        "{\"id\":901,\"subscribe\":{\"channel\":\"plain.a\"}}\n{\"id\":902,\"unsubscribe\":{\"channel\":\"plain.a\"}}");
    QCOMPARE(client.reply()["id"].get<int>(), 901);
    QCOMPARE(client.reply()["id"].get<int>(), 902);
    QVERIFY(client.ask(publish("plain.a", 3))["publish"].is_object());
    VERIFY_SAME(client.push(100ms), Json(nullptr));
}

void CentrifugeTest::the_operator_sees_the_channels_of_a_session()
{
    const TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    const auto shown = [&](const std::vector<std::string>& channels) {
        return eventually([&] { return server.sessions().front().info->channels == channels; });
    };
    QVERIFY(client.ask(subscribe("plain.b"))["subscribe"].is_object());
    QVERIFY(client.ask(subscribe("news.a"))["subscribe"].is_object());
    QVERIFY(shown({"news.a", "plain.b"}));
    QVERIFY(client.ask({{"unsubscribe", {{"channel", "news.a"}}}})["unsubscribe"].is_object());
    QVERIFY(shown({"plain.b"}));
}

QTEST_GUILESS_MAIN(CentrifugeTest)
#include "centrifugetest.moc"
