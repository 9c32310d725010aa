// SPDX-License-Identifier: GPL-3.0-or-later
#include "admindesk.h"
#include "manualclock.h"
#include "protocolclient.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

/// Centrifugo's server API over HTTP, at the real gate: what backends ask of channels and of who is in them.
class HubApiTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void what_is_published_reaches_subscribers_of_every_protocol_as_it_was_written();
    void a_publication_beside_the_history_is_delivered_and_not_kept();
    void an_idempotency_key_publishes_once();
    void a_broadcast_answers_for_each_channel();
    void a_batch_is_carried_out_in_its_order();
    void a_batch_is_done_whole_or_refused_whole_by_the_role();
    void a_large_batch_keeps_its_order_and_a_larger_one_is_refused();
    void publishing_meets_the_same_policy_as_a_client_data();
    void publishing_meets_the_same_policy_as_a_client();
    void a_publisher_is_held_to_its_channels();
    void history_is_read_and_removed();
    void the_answers_to_one_request_are_bounded();
    void presence_and_channels_are_those_of_all_workers();
    void the_server_subscribes_and_unsubscribes();
    void a_users_sessions_are_disconnected_on_every_route();
    void a_connection_is_refreshed_or_expires();
    void a_filter_that_names_nobody_is_a_mistake_data();
    void a_filter_that_names_nobody_is_a_mistake();
    void what_was_done_is_recorded();
    void info_has_the_node_and_the_figures_of_the_hub();
};

namespace {

struct Desk : AdminDesk {
    explicit Desk(const TestServer::Edit& more = {}, const Clock* clock = nullptr)
        : AdminDesk(hubPolicy([&more](Json& policy) {
                        policy["workers"] = 3;
                        if (more)
                            more(policy);
                    }),
                    clock)
    {
    }

    [[nodiscard]] HttpAnswer post(const std::string& method, const std::string& body,
                                  const std::string& key = "admin") const
    {
        ApiRequestOptions options;
        options.key = shownKey(key);
        options.body = body;
        return call(method, options);
    }
    [[nodiscard]] Json ask(const std::string& method, const Json& body, const std::string& key = "admin") const
    {
        return bodyOf(post(method, body.dump(), key));
    }
    [[nodiscard]] Json result(const std::string& method, const Json& body, const std::string& key = "admin") const
    {
        return ask(method, body, key).value("result", Json(nullptr));
    }
    [[nodiscard]] int error(const std::string& method, const Json& body, const std::string& key = "admin") const
    {
        const Json answer = ask(method, body, key);
        return answer.contains("error") ? answer["error"]["code"].get<int>() : 0;
    }
};

Json subscribed(ProtocolClient& client, const std::string& channel)
{
    return client.ask({{"subscribe", {{"channel", channel}}}})["subscribe"];
}

std::string idOf(const Desk& desk, const std::string& user)
{
    for (const SessionRow& row : desk.server.sessions())
        if (row.info->user == user)
            return std::to_string(row.info->id.value);
    return {};
}

} // namespace

void HubApiTest::what_is_published_reaches_subscribers_of_every_protocol_as_it_was_written()
{
    const Desk desk;
    ByteClient plain = desk.server.join("news.a", "pat");
    ProtocolClient client = connected(desk.server, "ann");
    QVERIFY(subscribed(client, "news.a").is_object());
    const std::string data = R"({"z":1.0, "a":[1e2,18446744073709551615], "t":"\u00e9"})";
    const HttpAnswer answer = desk.post("publish", R"({"channel":"news.a","data":)" + data + R"(,"tags":{"k":"v"}})");
    QCOMPARE(answer.status, 200);
    const Json result = bodyOf(answer)["result"];
    QCOMPARE(result["offset"].get<int>(), 1);
    QVERIFY(!result["epoch"].get<std::string>().empty());
    QCOMPARE(plain.nextData().payload, data);
    const Json push = client.push();
    QCOMPARE(push["channel"].get<std::string>(), std::string("news.a"));
    VERIFY_SAME(push["pub"]["data"], Json::parse(data));
    QCOMPARE(push["pub"]["offset"].get<int>(), 1);
    VERIFY_SAME(push["pub"]["tags"], (Json{{"k", "v"}}));
    QVERIFY(!push["pub"].contains("info"));
    const HttpAnswer history = desk.post("history", R"({"channel":"news.a","limit":-1})");
    QVERIFY2(history.text.find("\"data\":" + data) != std::string::npos, history.text.c_str());
    VERIFY_SAME(bodyOf(history)["result"]["publications"][0]["tags"], (Json{{"k", "v"}}));
    VERIFY_SAME(desk.result("publish", {{"channel", "plain.a"}, {"data", "x"}}), (Json{{"offset", 0}, {"epoch", ""}}));
}

void HubApiTest::a_publication_beside_the_history_is_delivered_and_not_kept()
{
    const Desk desk;
    ProtocolClient client = connected(desk.server, "ann");
    QVERIFY(subscribed(client, "news.a").is_object());
    QCOMPARE(desk.result("publish", {{"channel", "news.a"}, {"data", 1}})["offset"].get<int>(), 1);
    VERIFY_SAME(desk.result("publish", {{"channel", "news.a"}, {"data", 2}, {"skip_history", true}}),
                (Json{{"offset", 0}, {"epoch", ""}}));
    QCOMPARE(desk.result("publish", {{"channel", "news.a"}, {"data", 3}})["offset"].get<int>(), 2);
    for (const int expected : {1, 2, 3}) {
        const Json push = client.push();
        QVERIFY2(push.contains("pub"), push.dump().c_str());
        QCOMPARE(push["pub"]["data"].get<int>(), expected);
        QCOMPARE(push["pub"].value("offset", 0), expected == 1 ? 1 : expected == 2 ? 0 : 2);
    }
    const Json page = desk.result("history", {{"channel", "news.a"}, {"limit", 10}});
    QCOMPARE(page["publications"].size(), std::size_t{2});
    QCOMPARE(page["offset"].get<int>(), 2);
}

void HubApiTest::an_idempotency_key_publishes_once()
{
    const Desk desk;
    ProtocolClient client = connected(desk.server, "ann");
    QVERIFY(subscribed(client, "news.a").is_object());
    const Json once{{"channel", "news.a"}, {"data", 1}, {"idempotency_key", "order-7"}};
    const Json first = desk.result("publish", once);
    VERIFY_SAME(desk.result("publish", once), first);
    QCOMPARE(desk.result("publish", {{"channel", "news.a"}, {"data", 2}})["offset"].get<int>(), 2);
    QCOMPARE(client.push()["pub"]["data"].get<int>(), 1);
    QCOMPARE(client.push()["pub"]["data"].get<int>(), 2);
    Json other = once;
    other["idempotency_key"] = std::string(256, 'k');
    QCOMPARE(desk.error("publish", other), 107);
}

void HubApiTest::a_broadcast_answers_for_each_channel()
{
    const Desk desk;
    ProtocolClient client = connected(desk.server, "ann");
    QVERIFY(subscribed(client, "news.b").is_object());
    const Json responses =
        desk.result("broadcast", {{"channels", {"news.a", "nowhere", "news.b"}}, {"data", {{"n", 1}}}})["responses"];
    QCOMPARE(responses.size(), std::size_t{3});
    QCOMPARE(responses[0]["result"]["offset"].get<int>(), 1);
    QCOMPARE(responses[1]["error"]["code"].get<int>(), 102);
    QCOMPARE(responses[2]["result"]["offset"].get<int>(), 1);
    VERIFY_SAME(client.push()["pub"]["data"], (Json{{"n", 1}}));
    QCOMPARE(desk.error("broadcast", {{"channels", Json::array()}, {"data", 1}}), 107);
}

void HubApiTest::a_batch_is_carried_out_in_its_order()
{
    const Desk desk;
    ProtocolClient client = connected(desk.server, "ann");
    const Json batch{{"commands",
                      {{{"subscribe", {{"user", "ann"}, {"channel", "news.a"}}}},
                       {{"publish", {{"channel", "news.a"}, {"data", 1}}}},
                       {{"broadcast", {{"channels", {"news.a", "news.b"}}, {"data", 2}}}},
                       {{"history", {{"channel", "news.a"}, {"limit", 10}}}},
                       {{"publish", {{"channel", "nowhere"}, {"data", 3}}}},
                       {{"unsubscribe", {{"user", "ann"}, {"channel", "news.a"}}}},
                       {{"publish", {{"channel", "news.a"}, {"data", 4}}}}}}};
    const Json answer = desk.ask("batch", batch);
    const Json& replies = answer["result"]["replies"];
    VERIFY_SAME(answer["replies"], replies); // where Centrifugo's clients look
    QCOMPARE(replies.size(), std::size_t{7});
    QCOMPARE(replies[0]["subscribe"]["sessions"].get<int>(), 1);
    QCOMPARE(replies[1]["publish"]["offset"].get<int>(), 1);
    QCOMPARE(replies[2]["broadcast"]["responses"][0]["result"]["offset"].get<int>(), 2);
    QCOMPARE(replies[3]["history"]["publications"].size(), std::size_t{2});
    QCOMPARE(replies[4]["error"]["code"].get<int>(), 102);
    QCOMPARE(replies[5]["unsubscribe"]["sessions"].get<int>(), 1);
    QCOMPARE(replies[6]["publish"]["offset"].get<int>(), 3);
    QVERIFY(client.push().contains("subscribe"));
    std::vector<int> seen;
    for (Json push = client.push(); push.contains("pub") || push.contains("join"); push = client.push())
        if (push.contains("pub"))
            seen.push_back(push["pub"]["data"].get<int>());
    QCOMPARE(seen, (std::vector<int>{1, 2}));
    QCOMPARE(desk.error("batch", {{"commands", Json::array()}}), 107);
    const Json wrong = desk.ask("batch", {{"commands", {{{"publish", {{"channel", "news.a"}}}}}}});
    QCOMPARE(wrong["error"]["code"].get<int>(), 107);
    QCOMPARE(wrong["error"]["message"].get<std::string>(), std::string("commands[0].publish. data is missing"));
}

void HubApiTest::a_batch_is_done_whole_or_refused_whole_by_the_role()
{
    const Desk desk([](Json&) {});
    const Json batch{
        {"commands", {{{"publish", {{"channel", "news.a"}, {"data", 1}}}}, {{"disconnect", {{"user", "ann"}}}}}}};
    const HttpAnswer answer = desk.post("batch", batch.dump(), "publisher");
    QCOMPARE(answer.status, 403);
    QCOMPARE(desk.result("history", {{"channel", "news.a"}})["offset"].get<int>(), 0);
    QCOMPARE(desk.post("batch", R"({"commands":[{"kick":{"sessions":[1]}}]})").status, 400);
    QCOMPARE(desk.post("batch", R"({"commands":[{"batch":{"commands":[]}}]})").status, 400);
}

void HubApiTest::a_large_batch_keeps_its_order_and_a_larger_one_is_refused()
{
    const Desk desk([](Json& policy) { policy["channels"][0]["history"]["size"] = 10000; });
    Json commands = Json::array();
    for (int n = 0; n < 10000; ++n)
        commands.push_back({{"publish", {{"channel", "news." + std::to_string(n % 7)}, {"data", n}}}});
    const Json replies = desk.ask("batch", {{"commands", commands}})["replies"];
    QCOMPARE(replies.size(), commands.size());
    for (std::size_t n = 0; n < replies.size(); ++n)
        QCOMPARE(replies[n]["publish"]["offset"].get<std::size_t>(), n / 7 + 1);
    const Json page = desk.result("history", {{"channel", "news.3"}, {"limit", -1}})["publications"];
    for (std::size_t i = 0; i < page.size(); ++i)
        QCOMPARE(page[i]["data"].get<std::size_t>(), 7 * i + 3);
    commands.push_back(commands[0]);
    QCOMPARE(desk.post("batch", Json{{"commands", commands}}.dump()).status, 400);
    QCOMPARE(desk.error("broadcast", {{"channels", std::vector<std::string>(10001, "news.x")}, {"data", 1}}), 106);
    QCOMPARE(desk.result("history", {{"channel", "news.x"}})["offset"].get<int>(), 0);
}

void HubApiTest::publishing_meets_the_same_policy_as_a_client_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("code");
    QTest::addColumn<QByteArray>("reason");
    const auto row = [](const char* name, const QByteArray& body, int code, const char* reason, int status = 200) {
        QTest::newRow(name) << body << status << code << QByteArray(reason);
    };
    row("no rule", R"({"channel":"nowhere","data":1})", 102, "");
    row("a wildcard", R"({"channel":"news.*","data":1})", 102, "");
    row("a control character", "{\"channel\":\"news.a\\n\",\"data\":1}", 102, "");
    row("a name that is too long", "{\"channel\":\"news." + QByteArray(300, 'a') + "\",\"data\":1}", 102, "");
    row("not as the schema has it", R"({"channel":"typed.a","data":{"n":"one"}})", 107, "schema");
    row("the same key twice", R"({"channel":"news.a","data":{"n":1,"n":2}})", 107, "schema");
    row("an integer beyond 64 bits", R"({"channel":"news.a","data":123456789012345678901})", 107, "schema");
    row("deeper than messages may be",
        R"({"channel":"news.a","data":)" + QByteArray("[").repeated(70) + QByteArray("]").repeated(70) + "}", 107,
        "schema");
    row("larger than messages may be", "{\"channel\":\"news.a\",\"data\":\"" + QByteArray(70000, 'x') + "\"}", 107,
        "too_big");
    row("tags that are", "{\"channel\":\"news.a\",\"data\":1,\"tags\":{\"t\":\"" + QByteArray(70000, 'x') + "\"}}", 107,
        "too_big");
    row("no data", R"({"channel":"news.a"})", 107, "api_format", 400);
    row("no channel", R"({"data":1})", 107, "api_format", 400);
    row("bytes", R"({"channel":"news.a","b64data":"AAH/"})", 107, "api_format", 400);
    row("half a surrogate pair", R"({"channel":"news.a","data":"\ud800"})", 107, "api_format", 400);
}

void HubApiTest::publishing_meets_the_same_policy_as_a_client()
{
    QFETCH(QByteArray, body);
    QFETCH(int, status);
    QFETCH(int, code);
    QFETCH(QByteArray, reason);
    TestServer::Edit typed = [](Json& policy) {
        policy["channels"].push_back({{"match", "typed.*"}, {"subscribe", {"*"}}, {"publish", {"*"}}});
    };
    Desk desk(typed);
    writeText(desk.server.policyFile().parent_path() / "n.json",
              R"({"type":"object","properties":{"n":{"type":"integer"}}})");
    QVERIFY(desk.apply([](Json& policy) { policy["channels"].back()["schema"] = "n.json"; }));
    const HttpAnswer answer = desk.post("publish", body.toStdString(), "admin");
    QCOMPARE(answer.status, status);
    QCOMPARE(bodyOf(answer)["error"]["code"].get<int>(), code);
    if (reason.isEmpty())
        return;
    const Reason why = reasonFromWord(reason.toStdString()).value();
    QVERIFY(eventually([&] { return !desk.server.audit(AuditKind::Refuse, why).empty(); }));
    QCOMPARE(desk.server.refused(why), 1u);
    QCOMPARE(desk.server.audit(AuditKind::Refuse, why)[0].user, std::string(status == 200 ? "the admin" : ""));
}

void HubApiTest::a_publisher_is_held_to_its_channels()
{
    const Desk desk;
    QVERIFY(desk.apply([](Json& policy) {
        for (Json& key : policy["api_keys"])
            if (key["id"] == "publisher")
                key["channels"] = {"news.*", "user.{user}"};
    }));
    ProtocolClient client = connected(desk.server, "ann");
    QVERIFY(subscribed(client, "news.a").is_object());
    QVERIFY(subscribed(client, "plain.a").is_object());
    const std::string publish = R"("data":1})";
    QCOMPARE(desk.post("publish", R"({"channel":"news.a",)" + publish, "publisher").status, 200);
    QCOMPARE(desk.post("publish", R"({"channel":"user.bob",)" + publish, "publisher").status, 200);
    const HttpAnswer refused = desk.post("publish", R"({"channel":"plain.a",)" + publish, "publisher");
    QCOMPARE(refused.status, 403);
    QCOMPARE(bodyOf(refused)["error"]["code"].get<int>(), 103);
    QCOMPARE(bodyOf(refused)["error"]["reason"].get<std::string>(), std::string("authz_channel"));
    for (const char* method : {"presence", "presence_stats", "history"})
        QCOMPARE(desk.post(method, R"({"channel":"plain.a"})", "publisher").status, 403);
    QCOMPARE(desk.post("presence", R"({"channel":"news.a"})", "publisher").status, 200);
    QCOMPARE(desk.post("history_remove", R"({"channel":"news.a"})", "publisher").status, 403);
    VERIFY_SAME(desk.result("channels", Json::object(), "publisher")["channels"],
                (Json{{"news.a", {{"num_clients", 1}}}}));
    const Json replies = desk.ask(
        "batch",
        {{"commands",
          {{{"publish", {{"channel", "plain.a"}, {"data", 1}}}}, {{"publish", {{"channel", "news.a"}, {"data", 2}}}}}}},
        "publisher")["replies"];
    QCOMPARE(replies[0]["error"]["code"].get<int>(), 103);
    QVERIFY(replies[1].contains("publish"));
    QVERIFY(eventually([&] { return !desk.server.audit(AuditKind::Refuse, Reason::AuthzChannel).empty(); }));
    QCOMPARE(desk.server.audit(AuditKind::Refuse, Reason::AuthzChannel)[0].user, std::string("the publisher"));
    QCOMPARE(desk.server.refused(Reason::AuthzChannel), 5u);
    QCOMPARE(client.push()["pub"]["data"].get<int>(), 1);
    QCOMPARE(client.push()["pub"]["data"].get<int>(), 2); // and nothing of plain.a
}

void HubApiTest::history_is_read_and_removed()
{
    const Desk desk;
    for (int n = 1; n <= 5; ++n)
        QCOMPARE(desk.result("publish", {{"channel", "news.a"}, {"data", n}})["offset"].get<int>(), n);
    const Json position = desk.result("history", {{"channel", "news.a"}});
    QCOMPARE(position["publications"].size(), std::size_t{0});
    QCOMPARE(position["offset"].get<int>(), 5);
    const auto read = [&](const Json& more) {
        Json query = more;
        query["channel"] = "news.a";
        std::vector<int> all;
        const Json page = desk.result("history", query);
        for (const Json& publication : page["publications"])
            all.push_back(publication["data"].get<int>());
        return all;
    };
    QCOMPARE(read(Json{{"limit", 2}}), (std::vector<int>{1, 2}));
    QCOMPARE(read({{"limit", 2}, {"reverse", true}}), (std::vector<int>{5, 4}));
    QCOMPARE(read({{"limit", -1}, {"since", {{"offset", 3}, {"epoch", position["epoch"]}}}}), (std::vector<int>{4, 5}));
    QCOMPARE(desk.error("history", {{"channel", "news.a"}, {"limit", 1}, {"since", {{"offset", 3}, {"epoch", "x"}}}}),
             112);
    QCOMPARE(desk.error("history", {{"channel", "news.a"}, {"limit", -2}}), 107);
    QCOMPARE(desk.error("history", {{"channel", "plain.a"}}), 108);
    QCOMPARE(desk.error("history_remove", {{"channel", "plain.a"}}), 108);
    VERIFY_SAME(desk.result("history_remove", {{"channel", "news.a"}}, "operator"), Json::object());
    const Json after = desk.result("history", {{"channel", "news.a"}, {"limit", -1}});
    QCOMPARE(after["publications"].size(), std::size_t{0});
    VERIFY_SAME(after["epoch"], position["epoch"]);
    QCOMPARE(after["offset"].get<int>(), 5);
}

void HubApiTest::the_answers_to_one_request_are_bounded()
{
    const Desk desk;
    for (int n = 0; n < 40; ++n)
        QVERIFY(desk.result("publish", {{"channel", "news.a"}, {"data", std::string(60000, 'x')}}).is_object());
    Json commands = Json::array();
    for (int n = 0; n < 1000; ++n)
        commands.push_back({{"history", {{"channel", "news.a"}, {"limit", -1}}}});
    const HttpAnswer answer = desk.post("batch", Json{{"commands", commands}}.dump());
    QVERIFY(answer.text.size() < 2 * (std::size_t{20} << 20)); // the replies stand there twice
    const Json replies = bodyOf(answer)["replies"];
    QCOMPARE(replies.size(), std::size_t{1000});
    QCOMPARE(replies[0]["history"]["publications"].size(), std::size_t{40});
    QCOMPARE(replies[999]["error"]["code"].get<int>(), 106);
}

void HubApiTest::presence_and_channels_are_those_of_all_workers()
{
    const Desk desk;
    std::vector<ProtocolClient> clients;
    for (int i = 0; i < 6; ++i) {
        clients.push_back(connected(desk.server, i < 4 ? "ann" : "bob"));
        QVERIFY(subscribed(clients.back(), "news.a").is_object());
        QVERIFY(subscribed(clients.back(), i < 5 ? "plain.x" : "news.b").is_object());
    }
    const Json presence = desk.result("presence", {{"channel", "news.a"}}, "viewer")["presence"];
    QCOMPARE(presence.size(), std::size_t{6});
    for (const auto& [id, info] : presence.items())
        QCOMPARE(info["client"].get<std::string>(), id);
    VERIFY_SAME(desk.result("presence_stats", {{"channel", "news.a"}}, "viewer"),
                (Json{{"num_clients", 6}, {"num_users", 2}}));
    QCOMPARE(desk.error("presence", {{"channel", "plain.x"}}), 108);
    VERIFY_SAME(
        desk.result("channels", Json::object(), "viewer")["channels"],
        (Json{{"news.a", {{"num_clients", 6}}}, {"news.b", {{"num_clients", 1}}}, {"plain.x", {{"num_clients", 5}}}}));
    VERIFY_SAME(desk.result("channels", {{"pattern", "plain.*"}})["channels"],
                (Json{{"plain.x", {{"num_clients", 5}}}}));
    VERIFY_SAME(desk.result("channels", {{"pattern", "none"}})["channels"], Json::object());
}

void HubApiTest::the_server_subscribes_and_unsubscribes()
{
    const Desk desk;
    ProtocolClient client = connected(desk.server, "ann");
    const std::string id = idOf(desk, "ann");
    QCOMPARE(desk.result("publish", {{"channel", "news.a"}, {"data", 1}})["offset"].get<int>(), 1);
    const Json since{{"offset", 0}, {"epoch", desk.result("history", {{"channel", "news.a"}})["epoch"]}};
    const Json wish{{"user", "ann"},      {"client", id},        {"channel", "news.a"},
                    {"info", {{"b", 1}}}, {"data", {{"hi", 1}}}, {"recover_since", since}};
    QCOMPARE(desk.result("subscribe", wish, "operator")["sessions"].get<int>(), 1);
    const Json push = client.push();
    QVERIFY2(push.contains("subscribe"), push.dump().c_str());
    QCOMPARE(push["channel"].get<std::string>(), std::string("news.a"));
    VERIFY_SAME(push["subscribe"]["data"], (Json{{"hi", 1}}));
    QVERIFY(push["subscribe"]["recoverable"].get<bool>());
    QCOMPARE(client.push()["pub"]["data"].get<int>(), 1);
    VERIFY_SAME(desk.result("presence", {{"channel", "news.a"}})["presence"][id]["chan_info"], (Json{{"b", 1}}));
    QCOMPARE(desk.result("subscribe", wish)["sessions"].get<int>(), 0); // it is already
    QCOMPARE(desk.error("subscribe", {{"user", "ann"}, {"channel", "nowhere"}}), 102);
    for (const char* part : {"info", "data"}) { // what no message of a client may be goes to no client
        const std::string twice = R"({"user":"ann","channel":"news.b",")" + std::string(part) + R"(":{"a":1,"a":2}})";
        QCOMPARE(bodyOf(desk.post("subscribe", twice))["error"]["code"].get<int>(), 107);
    }
    QCOMPARE(desk.result("unsubscribe", {{"session", id}, {"channel", "news.a"}})["sessions"].get<int>(), 1);
    Json end = client.push();
    while (end.contains("join"))
        end = client.push();
    QCOMPARE(end["unsubscribe"]["code"].get<int>(), 2000);
    QCOMPARE(desk.result("presence_stats", {{"channel", "news.a"}})["num_clients"].get<int>(), 0);
    QCOMPARE(desk.result("unsubscribe", {{"user", "ann"}, {"channel", "news.a"}})["sessions"].get<int>(), 0);
    QCOMPARE(
        desk.result("subscribe", {{"user", "ann"}, {"channel", "news.b"}, {"expire_at", 1}})["sessions"].get<int>(), 1);
    end = client.push();
    while (!end.is_null() && !end.contains("unsubscribe"))
        end = client.push();
    QCOMPARE(end["unsubscribe"]["code"].get<int>(), 2501); // what is over ends at once
}

void HubApiTest::a_users_sessions_are_disconnected_on_every_route()
{
    const Desk desk;
    ProtocolClient first = connected(desk.server, "ann");
    const std::string firstId = idOf(desk, "ann");
    ProtocolClient second = connected(desk.server, "ann");
    ByteClient plain = desk.server.join("news.a", "ann");
    ProtocolClient other = connected(desk.server, "bob");
    QCOMPARE(desk.result("disconnect", {{"user", "ann"}, {"whitelist", {firstId}}}, "operator")["sessions"].get<int>(),
             2);
    QCOMPARE(second.closing().code, 3503);
    QCOMPARE(plain.nextData().code, 4403);
    const Json order{{"code", 4321}, {"reason", "maintenance"}};
    QCOMPARE(desk.result("disconnect", {{"client", firstId}, {"user", "bob"}})["sessions"].get<int>(), 0);
    QCOMPARE(desk.result("disconnect", {{"client", firstId}, {"disconnect", order}})["sessions"].get<int>(), 1);
    const Incoming end = first.closing();
    QCOMPARE(end.code, 4321);
    QCOMPARE(end.payload, std::string("maintenance"));
    QVERIFY(other.ask({{"ping", Json::object()}}).contains("ping"));
    QCOMPARE(desk.error("disconnect", {{"user", "bob"}, {"disconnect", {{"code", 1000}}}}), 107);
    QCOMPARE(desk.error("disconnect", {{"user", "bob"}, {"disconnect", {{"code", 5000}}}}), 107);
    ProtocolClient again = connected(desk.server, "ann"); // there is no cooldown
    QVERIFY(again.ask({{"ping", Json::object()}}).contains("ping"));
}

void HubApiTest::a_connection_is_refreshed_or_expires()
{
    ManualClock clock;
    const Desk desk([](Json& policy) { policy["routes"].back()["ping"] = "off"; }, &clock);
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count();
    const auto refresh = [&](const std::string& user, Json more) {
        more["user"] = user;
        return desk.result("refresh", more, "operator")["sessions"].get<int>();
    };
    ProtocolClient refreshed = connected(desk.server, "ann");
    ProtocolClient expired = connected(desk.server, "bob");
    ProtocolClient forever = connected(desk.server, "cat");
    ProtocolClient left = connected(desk.server, "dan");
    QCOMPARE(refresh("ann", {{"expire_at", now + 7200}}), 1);
    const Json push = refreshed.push();
    QVERIFY2(push.contains("refresh"), push.dump().c_str());
    QCOMPARE(push["refresh"]["expires"].get<bool>(), true);
    QCOMPARE(refresh("cat", {{"expire_at", 253402300799}}), 1); // the last second of the year 9999
    QCOMPARE(refresh("bob", {{"expired", true}}), 1);
    QCOMPARE(refresh("nobody", {{"expired", true}}), 0);
    clock.advance(1s);
    QCOMPARE(expired.closing().code, 3005);
    clock.advance(3601s);
    QCOMPARE(left.closing().code, 3005);
    QVERIFY(refreshed.ask({{"ping", Json::object()}}).contains("ping"));
    clock.advance(3600s);
    QCOMPARE(refreshed.closing().code, 3005);
    QVERIFY(forever.ask({{"ping", Json::object()}}).contains("ping"));
}

void HubApiTest::a_filter_that_names_nobody_is_a_mistake_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("disconnect") << QByteArray("disconnect") << QByteArray("{}");
    QTest::newRow("an empty user") << QByteArray("disconnect") << QByteArray(R"({"user":""})");
    QTest::newRow("two ids") << QByteArray("disconnect") << QByteArray(R"({"client":"1","session":"2"})");
    QTest::newRow("refresh") << QByteArray("refresh") << QByteArray(R"({"expired":true})");
    QTest::newRow("refresh until when") << QByteArray("refresh") << QByteArray(R"({"user":"ann"})");
    QTest::newRow("subscribe") << QByteArray("subscribe") << QByteArray(R"({"channel":"news.a"})");
    QTest::newRow("unsubscribe") << QByteArray("unsubscribe") << QByteArray(R"({"channel":"news.a"})");
    QTest::newRow("unsubscribe from what") << QByteArray("unsubscribe") << QByteArray(R"({"user":"ann","channel":""})");
}

void HubApiTest::a_filter_that_names_nobody_is_a_mistake()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, body);
    const Desk desk;
    ProtocolClient client = connected(desk.server, "ann");
    QVERIFY(subscribed(client, "news.a").is_object());
    QCOMPARE(bodyOf(desk.post(method.toStdString(), body.toStdString()))["error"]["code"].get<int>(), 107);
    QVERIFY(client.ask({{"publish", {{"channel", "news.a"}, {"data", 1}}}})["publish"].is_object());
    QCOMPARE(desk.server.sessions().size(), std::size_t{1});
}

void HubApiTest::what_was_done_is_recorded()
{
    const Desk desk;
    QVERIFY(desk.apply([](Json& policy) {
        for (Json& key : policy["api_keys"])
            if (key["id"] == "publisher")
                key["channels"] = {"news.*"};
    }));
    ProtocolClient client = connected(desk.server, "ann");
    for (int n = 0; n < 30; ++n)
        QVERIFY(desk.result("publish", {{"channel", "news.a"}, {"data", n}}, "publisher").is_object());
    QVERIFY(desk.result("batch", {{"commands",
                                   {{{"publish", {{"channel", "news.a"}, {"data", 1}}}},
                                    {{"broadcast", {{"channels", {"news.b", "news.c"}}, {"data", 1}}}},
                                    {{"disconnect", {{"user", "ann"}}}}}}})
                .is_object());
    QCOMPARE(client.closing().code, 3503);
    const auto of = [&](AuditKind kind, const std::string& actor) {
        std::vector<AuditRecord> found;
        for (const AuditRecord& record : desk.server.audit(kind, Reason::None))
            if (record.actor == actor)
                found.push_back(record);
        return found;
    };
    QVERIFY(eventually([&] { return of(AuditKind::Command, "the admin").size() == 1; }));
    QCOMPARE(of(AuditKind::Command, "the admin")[0].detail, std::string("disconnect user ann: 1 sessions"));
    QCOMPARE(of(AuditKind::Publish, "the admin").size(), std::size_t{1});
    QCOMPARE(of(AuditKind::Publish, "the admin")[0].detail, std::string("news.a and 2 more publications"));
    const auto published = of(AuditKind::Publish, "the publisher");
    QVERIFY(!published.empty() && published.size() <= 30);
    QCOMPARE(published.back().detail, std::string("news.a"));
    for (const AuditRecord& record : desk.server.audit())
        QVERIFY(record.detail.find("CANARY") == std::string::npos);
}

void HubApiTest::info_has_the_node_and_the_figures_of_the_hub()
{
    const Desk desk;
    ProtocolClient first = connected(desk.server, "ann");
    ProtocolClient second = connected(desk.server, "ann");
    QVERIFY(subscribed(first, "news.a").is_object());
    QVERIFY(subscribed(second, "news.b").is_object());
    QVERIFY(desk.result("publish", {{"channel", "news.a"}, {"data", 1}}).is_object());
    const Json info = desk.result("info", Json::object(), "viewer");
    QCOMPARE(info["nodes"].size(), std::size_t{1});
    QVERIFY(!info["nodes"][0]["uid"].get<std::string>().empty());
    QCOMPARE(info["nodes"][0]["num_clients"].get<int>(), 2);
    QCOMPARE(info["nodes"][0]["num_users"].get<int>(), 1);
    QCOMPARE(info["nodes"][0]["num_channels"].get<int>(), 2);
    QVERIFY(info["hub"]["history_bytes"].get<int>() > 0);
    QVERIFY(info["hub"]["presence_bytes"].get<int>() > 0);
    QCOMPARE(info["hub"]["most_channels"].get<int>(), 100000);
}

QTEST_GUILESS_MAIN(HubApiTest)
#include "hubapitest.moc"
