// SPDX-License-Identifier: GPL-3.0-or-later
#include "manualclock.h"
#include "protocolclient.h"

#include <QTest>

#include <fstream>

using namespace gatehouse;
using namespace gatehouse::test;

/// What bad input must give on a route of Centrifugo's protocol: the rows of messages, and its close codes.
class CentrifugeFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bad_json_is_answered_and_ends_the_session_after_a_while_data(); // row 64
    void bad_json_is_answered_and_ends_the_session_after_a_while();
    void a_message_of_very_many_commands_is_cut();                         // row 64
    void what_does_not_fit_a_schema_is_answered_and_published_to_nobody(); // row 65
    void on_violation_decides_over_a_misfit_data();
    void on_violation_decides_over_a_misfit();
    void a_forbidden_channel_is_answered_and_ends_nobody_data(); // row 66
    void a_forbidden_channel_is_answered_and_ends_nobody();
    void one_subscription_over_the_limit();     // row 67
    void who_sent_it_is_what_the_server_says(); // row 68
    void each_command_counts_against_the_rate();
    void what_is_over_a_dropping_rate_is_answered_too();
    void pongs_are_no_use_of_a_session();
    void a_flood_of_pongs_ends_the_session();
    void binary_messages_are_refused();
    void a_kick_a_ban_a_drain_and_a_lockdown_have_the_protocols_codes();
    void a_reason_is_never_json();
    void the_limits_of_sessions_have_the_protocols_codes();
    void a_first_message_that_is_none_ends_at_once();
    void protobuf_alone_is_refused();
    void a_quarantined_session_recovers_what_it_missed();
};

namespace {

Json publish(const std::string& channel, Json data)
{
    return {{"publish", {{"channel", channel}, {"data", std::move(data)}}}};
}

} // namespace

void CentrifugeFaultsTest::bad_json_is_answered_and_ends_the_session_after_a_while_data()
{
    QTest::addColumn<QString>("line");
    QTest::addColumn<bool>("answered"); // where the id can be seen
    QTest::newRow("no JSON") << QStringLiteral("{\"id\":7,\"publish\":{") << true;
    QTest::newRow("depth") << QStringLiteral("{\"id\":7,\"publish\":{\"channel\":\"plain.a\",\"data\":%1%2}}")
                                  .arg(QString(10000, u'['), QString(10000, u']'))
                           << true;
    QTest::newRow("duplicate key") << QStringLiteral(
                                          R"({"id":7,"publish":{"channel":"plain.a","channel":"plain.b","data":1}})")
                                   << true;
    QTest::newRow("half a surrogate pair")
        << QStringLiteral(R"({"id":7,"publish":{"channel":"plain.a","data":"\ud800"}})") << true;
    QTest::newRow("missing") << QStringLiteral(R"({"id":7,"publish":{"channel":"plain.a"}})") << true;
    QTest::newRow("another type") << QStringLiteral(R"({"id":7,"subscribe":{"channel":["plain.a"]}})") << true;
    QTest::newRow("two methods") << QStringLiteral(R"({"id":7,"ping":{},"rpc":{"method":"a"}})") << true;
    QTest::newRow("nothing") << QString() << false;
    QTest::newRow("no object") << QStringLiteral("[]") << false;
}

void CentrifugeFaultsTest::bad_json_is_answered_and_ends_the_session_after_a_while()
{
    QFETCH(const QString, line);
    QFETCH(const bool, answered);
    const TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    ProtocolClient other = connected(server, "bob");
    for (int i = 0; i < 3; ++i) {
        client.send(line.toStdString());
        if (answered) {
            const Json reply = client.reply();
            QCOMPARE(reply["id"].get<int>(), 7);
            QCOMPARE(reply["error"]["code"].get<int>(), 107);
        }
    }
    const Incoming end = client.closing();
    QCOMPARE(end.code, 3501);
    QCOMPARE(end.payload, std::string("schema"));
    QCOMPARE(server.refused(Reason::Schema), 3u);
    QCOMPARE(server.audit(AuditKind::Limit, Reason::Schema).size(), std::size_t{3});
    QVERIFY(other.ask(publish("plain.a", 1))["publish"].is_object());
}

void CentrifugeFaultsTest::a_message_of_very_many_commands_is_cut()
{
    const TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    std::string frame;
    for (int i = 0; i < 2000; ++i)
        frame += "{\"id\":" + std::to_string(1000 + i) + ",\"ping\":{}}\n";
    client.send(frame);
    for (int i = 0; i < 64; ++i)
        QCOMPARE(client.reply()["id"].get<int>(), 1000 + i);
    QVERIFY(client.ask({{"ping", Json::object()}}).contains("ping")); // the rest was not looked at
    QCOMPARE(server.refused(Reason::Schema), 1u);
    client.send(frame);
    client.send(frame);
    QCOMPARE(client.closing().code, 3501);
}

void CentrifugeFaultsTest::what_does_not_fit_a_schema_is_answered_and_published_to_nobody()
{
    TestServer server(hubPolicy());
    std::ofstream(server.policyFile().parent_path() / "n.json") << R"({"type":"object","required":["n"]})";
    server.edit([](Json& policy) { policy["channels"][1]["schema"] = "n.json"; });
    QVERIFY(server.call(ReloadCommand{}).ok());
    ProtocolClient reader = connected(server, "bob");
    QVERIFY(reader.ask({{"subscribe", {{"channel", "plain.a"}}}})["subscribe"].is_object());
    ProtocolClient client = connected(server, "ann");
    QCOMPARE(client.ask(publish("plain.a", {{"m", 1}}))["error"]["code"].get<int>(), 107);
    QVERIFY(client.ask(publish("plain.a", {{"n", 1}}))["publish"].is_object());
    VERIFY_SAME(reader.push()["pub"]["data"], (Json{{"n", 1}}));
    QCOMPARE(client.ask(publish("plain.a", 5))["error"]["code"].get<int>(), 107);
    client.send(publish("plain.a", {{"m", 1}}).dump()); // without an id: no answer can be given
    QCOMPARE(client.closing().code, 3501);
    QCOMPARE(server.refused(Reason::Schema), 3u);
    VERIFY_SAME(reader.push(100ms), Json(nullptr));
}

void CentrifugeFaultsTest::on_violation_decides_over_a_misfit_data()
{
    QTest::addColumn<QString>("word");
    QTest::addColumn<bool>("goesThrough");
    QTest::newRow("drop") << QStringLiteral("drop") << false;
    QTest::newRow("report") << QStringLiteral("report") << true;
}

void CentrifugeFaultsTest::on_violation_decides_over_a_misfit()
{
    QFETCH(const QString, word);
    QFETCH(const bool, goesThrough);
    TestServer server(hubPolicy());
    std::ofstream(server.policyFile().parent_path() / "n.json") << R"({"type":"object","required":["n"]})";
    server.edit([&](Json& policy) {
        policy["channels"][1]["schema"] = "n.json";
        policy["routes"].back()["messages"]["on_violation"] = word.toStdString();
    });
    QVERIFY(server.call(ReloadCommand{}).ok());
    ProtocolClient client = connected(server, "ann");
    for (int i = 0; i < 5; ++i) {
        const Json reply = client.ask(publish("plain.a", i));
        if (goesThrough)
            QVERIFY(reply["publish"].is_object());
        else
            QCOMPARE(reply["error"]["code"].get<int>(), 107);
    }
    QVERIFY(client.ask(publish("plain.a", {{"n", 1}}))["publish"].is_object());
}

void CentrifugeFaultsTest::a_forbidden_channel_is_answered_and_ends_nobody_data()
{
    QTest::addColumn<QString>("channel");
    QTest::newRow("no rule") << QStringLiteral("elsewhere");
    QTest::newRow("another user's") << QStringLiteral("user.bob");
    QTest::newRow("wildcard") << QStringLiteral("news.*");
    QTest::newRow("wildcards") << QStringLiteral("**");
    QTest::newRow("look-alike") << QString::fromUtf8("n\u0435ws.a"); // a Cyrillic letter
    QTest::newRow("32 KiB") << QStringLiteral("news.") + QString(32768, u'x');
    QTest::newRow("control") << QStringLiteral("news.a\nb");
}

void CentrifugeFaultsTest::a_forbidden_channel_is_answered_and_ends_nobody()
{
    QFETCH(const QString, channel);
    const TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    for (int i = 0; i < 5; ++i)
        QCOMPARE(client.ask({{"subscribe", {{"channel", channel.toStdString()}}}})["error"]["code"].get<int>(), 103);
    QCOMPARE(client.ask(publish(channel.toStdString(), 1))["error"]["code"].get<int>(), 103);
    QCOMPARE(client.ask({{"history", {{"channel", channel.toStdString()}}}})["error"]["code"].get<int>(), 103);
    QCOMPARE(server.refused(Reason::AuthzChannel), 7u);
    QVERIFY(!server.audit(AuditKind::Limit, Reason::AuthzChannel).empty());
    QVERIFY(client.ask({{"subscribe", {{"channel", "user.ann"}}}})["subscribe"].is_object());
}

void CentrifugeFaultsTest::one_subscription_over_the_limit()
{
    const TestServer server(hubPolicy([](Json& policy) { policy["channels_per_session"] = 3; }));
    ProtocolClient client = connected(server, "ann");
    for (const char* channel : {"plain.a", "plain.b", "plain.c"})
        QVERIFY(client.ask({{"subscribe", {{"channel", channel}}}})["subscribe"].is_object());
    QCOMPARE(client.ask({{"subscribe", {{"channel", "plain.d"}}}})["error"]["code"].get<int>(), 106);
    QCOMPARE(server.refused(Reason::ChannelLimit), 1u);
    QVERIFY(client.ask({{"unsubscribe", {{"channel", "plain.a"}}}})["unsubscribe"].is_object());
    QVERIFY(client.ask({{"subscribe", {{"channel", "plain.d"}}}})["subscribe"].is_object());
}

void CentrifugeFaultsTest::who_sent_it_is_what_the_server_says()
{
    const TestServer server(hubPolicy());
    ProtocolClient reader = connected(server, "bob");
    QVERIFY(reader.ask({{"subscribe", {{"channel", "plain.a"}}}})["subscribe"].is_object());
    ProtocolClient client = connected(server, "ann");
    Json command = publish("plain.a", {{"user", "root"}});
    command["publish"]["info"] = {{"user", "root"}, {"client", "1"}};
    command["publish"]["user"] = "root";
    QVERIFY(client.ask(command)["publish"].is_object());
    const Json info = reader.push()["pub"]["info"];
    VERIFY_SAME(info["user"], Json("ann"));
    QVERIFY(info["client"] != "1");
}

void CentrifugeFaultsTest::each_command_counts_against_the_rate()
{
    ManualClock clock;
    const TestServer server(hubPolicy([](Json& policy) {
                                policy["routes"].back()["messages"]["rate"] = {{"count", 10}, {"per", "1s"}};
                            }),
                            &clock);
    ProtocolClient client = connected(server, "ann"); // one command
    std::string frame;
    for (int i = 1; i <= 9; ++i)
        frame += "{\"id\":" + std::to_string(100 + i) + ",\"ping\":{}}\n";
    client.send(frame);
    for (int i = 1; i <= 9; ++i)
        QVERIFY(client.reply().contains("ping"));
    for (int i = 0; i < 2; ++i) {
        const Json reply = client.ask({{"ping", Json::object()}});
        QCOMPARE(reply["error"]["code"].get<int>(), 111);
        QCOMPARE(reply["error"]["temporary"].get<bool>(), true);
    }
    client.send(frame); // the third
    QCOMPARE(client.reply()["error"]["code"].get<int>(), 111);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 3013);
    QCOMPARE(end.payload, std::string("rate_session"));
    QCOMPARE(server.refused(Reason::RateSession), 3u);
}

void CentrifugeFaultsTest::what_is_over_a_dropping_rate_is_answered_too()
{
    ManualClock clock;
    const TestServer server(hubPolicy([](Json& policy) {
                                Json& messages = policy["routes"].back()["messages"];
                                messages["rate"] = {{"count", 2}, {"per", "1s"}};
                                messages["on_excess"] = "drop";
                            }),
                            &clock);
    ProtocolClient client = connected(server, "ann");
    QVERIFY(client.ask({{"ping", Json::object()}}).contains("ping"));
    for (int i = 0; i < 10; ++i)
        QCOMPARE(client.ask({{"ping", Json::object()}})["error"]["code"].get<int>(), 111);
    clock.advance(1s);
    QVERIFY(client.ask({{"ping", Json::object()}}).contains("ping"));
}

void CentrifugeFaultsTest::pongs_are_no_use_of_a_session() // row 71
{
    ManualClock clock;
    const TestServer server(hubPolicy([](Json& policy) {
                                policy["routes"].back()["idle_timeout"] = "60s";
                                policy["routes"].back()["ping"] = {{"every", "20s"}, {"timeout", "8s"}};
                            }),
                            &clock);
    ProtocolClient idle = connected(server, "ann");
    ProtocolClient busy = connected(server, "bob");
    for (int i = 1; i <= 3; ++i) {
        clock.advance(i < 3 ? 20100ms : 19900ms);
        QVERIFY(busy.ask({{"ping", Json::object()}}).contains("ping"));
        if (i < 3)
            QVERIFY(eventually([&] {
                (void)idle.push(10ms);
                return idle.pings == i;
            }));
    }
    const Incoming end = idle.closing();
    QCOMPARE(end.code, 4508);
    QCOMPARE(end.payload, std::string("idle"));
    QVERIFY(busy.ask({{"ping", Json::object()}}).contains("ping"));
}

void CentrifugeFaultsTest::a_flood_of_pongs_ends_the_session()
{
    const TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    for (int i = 0; i < 40; ++i)
        client.send("{}");
    const Incoming end = client.closing();
    QCOMPARE(end.code, 1008);
    QCOMPARE(end.payload, std::string("control_rate"));
}

void CentrifugeFaultsTest::binary_messages_are_refused()
{
    const TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    QVERIFY(client.bytes().frame(wire::Opcode::Binary, R"({"id":9,"ping":{}})"));
    QCOMPARE(client.closing().code, 1003);
}

void CentrifugeFaultsTest::a_kick_a_ban_a_drain_and_a_lockdown_have_the_protocols_codes()
{
    const TestServer server(hubPolicy());
    const auto idOf = [&](const std::string& user) {
        for (const SessionRow& row : server.sessions())
            if (row.info->user == user)
                return row.info->id;
        return SessionId{};
    };
    ProtocolClient kicked = connected(server, "kicked");
    KickCommand kick;
    kick.sessions = {idOf("kicked")};
    kick.reason = "go home";
    QVERIFY(server.call(kick).ok());
    const Incoming end = kicked.closing();
    QCOMPARE(end.code, 3503);
    QCOMPARE(end.payload, std::string("go home"));
    ProtocolClient again(server); // the cooldown
    VERIFY_SAME(again.connect(server.token("kicked")), Json(nullptr));
    QCOMPARE(again.closing().code, 3503);
    ProtocolClient banned = connected(server, "banned");
    BanCommand ban;
    ban.subject = BanSubject::User;
    ban.value = "banned";
    QVERIFY(server.call(ban).ok());
    QCOMPARE(banned.closing().code, 3503);
    ProtocolClient revoked = connected(server, "revoked");
    InvalidateUserTokensCommand invalidate;
    invalidate.user = "revoked";
    QVERIFY(server.call(invalidate).ok());
    QCOMPARE(revoked.closing().code, 3014);
    ProtocolClient locked = connected(server, "locked");
    LockdownCommand lockdown;
    lockdown.on = true;
    QVERIFY(server.call(lockdown).ok());
    QCOMPARE(locked.closing().code, 4503);
    lockdown.on = false;
    QVERIFY(server.call(lockdown).ok());
    ProtocolClient drained = connected(server, "drained");
    QVERIFY(server.call(DrainCommand{}).ok());
    QCOMPARE(drained.closing().code, 3001);
}

void CentrifugeFaultsTest::a_reason_is_never_json()
{
    const TestServer server(hubPolicy());
    for (const std::string& reason : {std::string(R"({"reconnect":true})"), std::string("123"), std::string("true"),
                                      std::string("\"a\""), std::string(200, '7')}) {
        ProtocolClient client = connected(server, "ann");
        KickCommand kick;
        kick.sessions = {server.sessions().front().info->id};
        kick.reason = reason;
        kick.cooldown.reset();
        QVERIFY(server.call(kick).ok());
        const Incoming end = client.closing();
        QCOMPARE(end.code, 3503);
        QVERIFY(!Json::accept(end.payload));
        QVERIFY(end.payload.size() <= 123);
        client.bytes().disconnect();
        QVERIFY(eventually([&] { return server.sessions().empty(); }));
    }
}

void CentrifugeFaultsTest::the_limits_of_sessions_have_the_protocols_codes()
{
    const TestServer server(hubPolicy([](Json& policy) {
        policy["limits"]["sessions_per_user"] = 1;
        policy["limits"]["sessions"] = 2;
    }));
    ProtocolClient first = connected(server, "ann");
    ProtocolClient second(server);
    VERIFY_SAME(second.connect(server.token("ann")), Json(nullptr));
    QCOMPARE(second.closing().code, 3504);
    ProtocolClient bob = connected(server, "bob");
    ProtocolClient third(server);
    VERIFY_SAME(third.connect(server.token("carl")), Json(nullptr));
    QCOMPARE(third.closing().code, 4013);
}

void CentrifugeFaultsTest::a_first_message_that_is_none_ends_at_once()
{
    const TestServer server(hubPolicy());
    ProtocolClient garbled(server);
    garbled.send("no JSON");
    QCOMPARE(garbled.closing().code, 3501);
    ProtocolClient bare(server); // a token, as the plain protocol has it
    bare.send(server.token("ann"));
    QCOMPARE(bare.closing().code, 3501);
    ProtocolClient large(server);
    large.send(R"({"id":1,"connect":{"token":")" + std::string(40000, 'x') + "\"}}");
    QCOMPARE(large.closing().code, 1009);
    QCOMPARE(server.sessions().size(), std::size_t{0});
}

void CentrifugeFaultsTest::protobuf_alone_is_refused()
{
    const TestServer server(hubPolicy());
    UpgradeOptions options;
    options.path = "/connection/websocket";
    options.token = server.token("ann");
    options.subprotocols = {"centrifuge-protobuf"};
    QCOMPARE(server.plain().upgrade(options).status, 400);
    options.subprotocols = {"centrifuge-json"};
    const HttpAnswer answer = server.plain().upgrade(options);
    QCOMPARE(answer.status, 101);
    QCOMPARE(answer.header("Sec-WebSocket-Protocol"), std::string("centrifuge-json"));
}

void CentrifugeFaultsTest::a_quarantined_session_recovers_what_it_missed()
{
    const TestServer server(hubPolicy());
    ProtocolClient client = connected(server, "ann");
    const SessionId id = server.sessions().front().info->id;
    const Json began = client.ask({{"subscribe", {{"channel", "news.a"}}}})["subscribe"];
    ProtocolClient publisher = connected(server, "bob");
    QuarantineCommand quarantine;
    quarantine.sessions = {id};
    quarantine.on = true;
    QVERIFY(server.call(quarantine).ok());
    QVERIFY(publisher.ask(publish("news.a", 1))["publish"].is_object());
    VERIFY_SAME(client.push(100ms), Json(nullptr));
    quarantine.on = false;
    QVERIFY(server.call(quarantine).ok());
    QCOMPARE(client.push()["unsubscribe"]["code"].get<int>(), 2500);
    const Json back = client.ask({{"subscribe",
                                   {{"channel", "news.a"},
                                    {"recover", true},
                                    {"epoch", began["epoch"]},
                                    {"offset", began.value("offset", 0)}}}});
    QCOMPARE(back["subscribe"]["recovered"].get<bool>(), true);
    QCOMPARE(back["subscribe"]["publications"][0]["data"].get<int>(), 1);
}

QTEST_GUILESS_MAIN(CentrifugeFaultsTest)
#include "centrifugefaultstest.moc"
