// SPDX-License-Identifier: GPL-3.0-or-later
// Hub routes and channels, as a document writes them: what the protocol of Centrifugo's clients asks of its route, and
// what a channel remembers.
#include "completepolicy.h"
#include "policy/decide.h"
#include "policy/difference.h"
#include "policy/document.h"
#include "policyfolder.h"

#include <nlohmann/json.hpp>

#include <QTest>

#include <algorithm>

using namespace gatehouse;
using test::complete;
using test::PolicyFolder;
using namespace std::chrono_literals;
using Code = PolicyErrorCode;
using Json = nlohmann::ordered_json;
using Places = std::vector<TokenPlace>;

Q_DECLARE_METATYPE(gatehouse::PolicyErrorCode)

namespace {

constexpr std::size_t centrifuge = 3; // the route of `complete`

/// `complete` with `value` at a pointer below the centrifuge route.
Json with(const std::string& pointer, const Json& value)
{
    Json document = Json::parse(complete);
    document[Json::json_pointer("/routes/3" + pointer)] = value;
    return document;
}

} // namespace

class PolicyHubTest : public QObject, private PolicyFolder {
    Q_OBJECT
private Q_SLOTS:
    void init() { renew(); }
    void a_centrifuge_route_needs_its_protocol_alone();
    void a_centrifuge_route_looks_for_the_token_in_connect_too_data();
    void a_centrifuge_route_looks_for_the_token_in_connect_too();
    void its_deadline_may_be_set_where_connect_is_looked_at();
    void the_protocol_is_json_text_data();
    void the_protocol_is_json_text();
    void other_routes_may_speak_protobuf();
    void a_channel_remembers_only_what_it_is_told_to();
    void history_needs_hubs_that_drop_nothing();
    void bounds_are_taken_data();
    void bounds_are_taken();
    void a_difference_names_the_channels_rule();
};

void PolicyHubTest::a_centrifuge_route_needs_its_protocol_alone()
{
    Json document = Json::parse(complete);
    document["routes"] = {{{"name", "live"}, {"path", "/live"}, {"hub", {{"protocol", "centrifuge"}}}}};
    const auto loaded = parse(document.dump());
    if (!loaded)
        QFAIL(formatPolicyError(loaded.error().front(), "f").c_str());
    Route expected;
    expected.name = "live";
    expected.path = "/live";
    expected.kind = RouteKind::Centrifuge;
    expected.authentication.from = {TokenPlace::Authorization, TokenPlace::Subprotocol, TokenPlace::FirstMessage};
    QCOMPARE(loaded->policy.routes.at(0), expected);
    QCOMPARE(expected.messages.maxCommandsPerFrame, 64U);
    QVERIFY(std::ranges::none_of(loaded->warnings,
                                 [](const PolicyError& one) { return one.pointer.starts_with("/routes"); }));
    // The keys that stand with null mean the same.
    Json& route = document["routes"][0];
    route["authentication"] = {{"required", nullptr}, {"from", nullptr}, {"first_message_within", nullptr}};
    route["messages"] = {{"types", nullptr}, {"max_commands_per_frame", nullptr}};
    route["subprotocols"] = {{"allow", nullptr}};
    QCOMPARE(parse(document.dump())->policy.routes.at(0), expected);
    route["authentication"] = nullptr;
    QCOMPARE(parse(document.dump())->policy.routes.at(0), expected);
}

void PolicyHubTest::a_centrifuge_route_looks_for_the_token_in_connect_too_data()
{
    QTest::addColumn<QByteArray>("kind");
    QTest::addColumn<QByteArray>("authentication");
    QTest::addColumn<QByteArray>("places"); // the first letters of the words
    const auto row = [](const char* kind, const char* authentication, const char* places) {
        QTest::addRow("%s %s", kind, authentication)
            << QByteArray(kind) << QByteArray(authentication) << QByteArray(places);
    };
    row("centrifuge", "{}", "asf");
    row("centrifuge", R"({"required":true})", "asf");
    row("centrifuge", R"({"required":false})", "as"); // nothing tells a token from a message there
    row("centrifuge", R"({"required":false,"from":null})", "as");
    row("centrifuge", R"({"required":false,"from":["subprotocol"]})", "s");
    row("centrifuge", R"({"from":["authorization","subprotocol"]})", "as");
    row("centrifuge", R"({"from":["first_message"]})", "f");
    row("centrifuge", R"({"required":false,"from":["first_message"]})", "");
    row("echo", "{}", "as");
    row("echo", R"({"required":false})", "as");
    row("echo", R"({"from":["first_message"]})", "f"); // as the key has it, wherever a message may be a token
}

void PolicyHubTest::a_centrifuge_route_looks_for_the_token_in_connect_too()
{
    QFETCH(QByteArray, kind);
    QFETCH(QByteArray, authentication);
    QFETCH(QByteArray, places);
    Json document = with("/hub/protocol", kind.toStdString());
    document["routes"][centrifuge].erase("messages");
    document["routes"][centrifuge]["authentication"] = Json::parse(authentication.toStdString());
    const auto loaded = parse(document.dump());
    QCOMPARE(loaded.ok(), !places.isEmpty());
    if (!loaded) {
        QCOMPARE(loaded.error().size(), std::size_t(1));
        QCOMPARE(loaded.error()[0].pointer, std::string("/routes/3/authentication/from"));
        return;
    }
    Places expected;
    for (const char letter : places)
        expected.push_back(letter == 'a'   ? TokenPlace::Authorization
                           : letter == 's' ? TokenPlace::Subprotocol
                                           : TokenPlace::FirstMessage);
    QCOMPARE(loaded->policy.routes.at(centrifuge).authentication.from, expected);
}

void PolicyHubTest::its_deadline_may_be_set_where_connect_is_looked_at()
{
    const auto loaded = parse(with("/authentication", {{"first_message_within", "2s"}}).dump());
    QVERIFY(loaded);
    QCOMPARE(loaded->policy.routes.at(centrifuge).authentication.firstMessageWithin, 2000ms);
    const auto open = parse(with("/authentication", {{"required", false}, {"first_message_within", "2s"}}).dump());
    QVERIFY(!open);
    QCOMPARE(open.error().at(0).code, Code::Conflict);
    QCOMPARE(open.error().at(0).pointer, std::string("/routes/3/authentication/first_message_within"));
}

void PolicyHubTest::the_protocol_is_json_text_data()
{
    QTest::addColumn<QByteArray>("pointer"); // below the route
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("refused"); // pointer of the error; empty: taken
    const auto row = [](const char* pointer, const char* value, const char* refused) {
        QTest::addRow("%s %s", pointer, value) << QByteArray(pointer) << QByteArray(value) << QByteArray(refused);
    };
    row("/messages/types", R"(["text"])", "");
    row("/messages/types", R"(["binary"])", "/messages/types");
    row("/messages/types", R"(["text","binary"])", "/messages/types");
    row("/subprotocols/allow", R"(["centrifuge-json"])", "");
    row("/subprotocols/allow", R"(["v2.app"])", "");
    row("/subprotocols/allow", R"(["centrifuge-protobuf"])", "/subprotocols/allow/0");
    row("/subprotocols/allow", R"(["v2.app","centrifuge-protobuf"])", "/subprotocols/allow/1");
}

void PolicyHubTest::the_protocol_is_json_text()
{
    QFETCH(QByteArray, pointer);
    QFETCH(QByteArray, value);
    QFETCH(QByteArray, refused);
    const auto loaded = parse(with(pointer.toStdString(), Json::parse(value.toStdString())).dump());
    QCOMPARE(loaded.ok(), refused.isEmpty());
    if (loaded)
        return;
    QCOMPARE(loaded.error().size(), std::size_t(1));
    QCOMPARE(loaded.error()[0].code, Code::Conflict);
    QCOMPARE(loaded.error()[0].pointer, "/routes/3" + refused.toStdString());
    QVERIFY(loaded.error()[0].detail.find("the protocol is JSON text") != std::string::npos);
}

void PolicyHubTest::other_routes_may_speak_protobuf()
{
    Json document = Json::parse(complete);
    document["routes"][2]["subprotocols"]["allow"] = {"centrifuge-protobuf"};
    document["routes"][2]["messages"]["types"] = {"text", "binary"};
    QVERIFY(parse(document.dump()));
}

void PolicyHubTest::a_channel_remembers_only_what_it_is_told_to()
{
    Json document = Json::parse(complete);
    const auto ruleOf = [&](const Json& rule) {
        document["channels"] = Json::array({rule});
        return parse(document.dump())->policy.channels.at(0);
    };
    const ChannelRule bare{"a", {}, {}};
    QVERIFY(!bare.history && bare.presence.empty() && !bare.joinLeave && !bare.subscribeToken);
    QCOMPARE(ruleOf({{"match", "a"}}), bare);
    QCOMPARE(ruleOf({{"match", "a"},
                     {"history", nullptr},
                     {"presence", nullptr},
                     {"join_leave", nullptr},
                     {"subscribe_token", nullptr}}),
             bare);
    QCOMPARE(ruleOf({{"match", "a"}, {"history", Json::object()}}).history, std::optional(HistoryRule{100, 5min, {}}));
    QCOMPARE(ruleOf({{"match", "a"}, {"presence", {"*", "anonymous"}}}).presence,
             (std::vector<std::string>{"*", "anonymous"}));
    document.erase("channels_per_session");
    QCOMPARE(parse(document.dump())->policy.channelsPerSession, 128U);
}

/// What a slow consumer misses would be missing from what it recovers, and nobody would know.
void PolicyHubTest::history_needs_hubs_that_drop_nothing()
{
    for (const std::size_t route : {std::size_t(0), centrifuge}) {
        Json document = Json::parse(complete);
        document["routes"][route]["slow_consumer"] = "drop_newest";
        const auto refused = parse(document.dump());
        QVERIFY(!refused);
        QCOMPARE(refused.error().size(), std::size_t(1));
        QCOMPARE(refused.error()[0].code, Code::Conflict);
        QCOMPARE(refused.error()[0].pointer, "/routes/" + std::to_string(route) + "/slow_consumer");
        document["channels"][0].erase("history");
        QVERIFY(parse(document.dump()));
    }
    // Echo and gateway have no channels.
    Json document = Json::parse(complete);
    for (const std::size_t route : {std::size_t(1), std::size_t(2)})
        document["routes"][route]["slow_consumer"] = "drop_newest";
    QVERIFY(parse(document.dump()));
}

void PolicyHubTest::bounds_are_taken_data()
{
    QTest::addColumn<QByteArray>("pointer");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<bool>("taken");
    const auto row = [](const char* pointer, const char* value, bool taken) {
        QTest::addRow("%s %s", pointer, value) << QByteArray(pointer) << QByteArray(value) << taken;
    };
    row("/limits/channels", "1", true);
    row("/limits/channels", "10000000", true);
    row("/limits/channels", "10000001", false);
    row("/limits/channels", "0", false);
    row("/limits/channels", "\"off\"", false); // every table that peers make grow has its cap
    row("/limits/memory_for_history", "\"64KiB\"", true);
    row("/limits/memory_for_history", "\"1024GiB\"", true);
    row("/limits/memory_for_history", "\"63KiB\"", false);
    row("/limits/memory_for_history", "\"1025GiB\"", false);
    row("/limits/memory_for_history", "\"off\"", false);
    row("/channels_per_session", "1", true);
    row("/channels_per_session", "100000", true);
    row("/channels_per_session", "100001", false);
    row("/channels_per_session", "\"off\"", false);
    row("/routes/3/messages/max_commands_per_frame", "1", true);
    row("/routes/3/messages/max_commands_per_frame", "10000", true);
    row("/routes/3/messages/max_commands_per_frame", "10001", false);
    row("/channels/0/history/size", "1", true);
    row("/channels/0/history/size", "100000", true);
    row("/channels/0/history/size", "100001", false);
    row("/channels/0/history/ttl", "\"1s\"", true);
    row("/channels/0/history/ttl", "\"366d\"", true);
    row("/channels/0/history/ttl", "\"367d\"", false);
    row("/channels/0/history/ttl", "\"999ms\"", false);
}

void PolicyHubTest::bounds_are_taken()
{
    QFETCH(QByteArray, pointer);
    QFETCH(QByteArray, value);
    QFETCH(bool, taken);
    Json document = Json::parse(complete);
    document[Json::json_pointer(pointer.toStdString())] = Json::parse(value.toStdString());
    const auto loaded = parse(document.dump());
    QCOMPARE(loaded.ok(), taken);
    if (!loaded)
        QCOMPARE(loaded.error().at(0).pointer, pointer.toStdString());
}

void PolicyHubTest::a_difference_names_the_channels_rule()
{
    Json document = Json::parse(complete);
    document["channels"][0]["history"]["size"] = 21;
    document["channels"][0]["presence"] = {"editor"};
    document["channels"][0]["subscribe_token"] = false;
    document["channels_per_session"] = 33;
    document["limits"]["memory_for_history"] = "2MiB";
    document["routes"][centrifuge]["messages"]["max_commands_per_frame"] = 17;
    const auto changes = policyChanges(canonicalDocument(complete).value(), canonicalDocument(document.dump()).value());
    std::vector<std::string> told;
    for (const PolicyChange& change : changes)
        told.push_back(change.name + ": " + change.before + " -> " + change.after);
    QCOMPARE(told,
             (std::vector<std::string>{
                 "limits › memory_for_history: 1MiB -> 2MiB", "live › messages › max_commands_per_frame: 16 -> 17",
                 "channels › news.* › history › size: 20 -> 21", "channels › news.* › presence: reader -> ",
                 "channels › news.* › presence:  -> editor", "channels › news.* › subscribe_token: true -> false",
                 "channels_per_session: 32 -> 33"}));
}

QTEST_GUILESS_MAIN(PolicyHubTest)
#include "policyhubtest.moc"
