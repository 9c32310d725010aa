// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decide.h"
#include "policy/origin.h"
#include "policy/text.h"

#include <QTest>

#include <random>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

Route routeAt(std::string name, std::string path)
{
    Route route;
    route.name = std::move(name);
    route.path = std::move(path);
    return route;
}

Policy sample()
{
    Policy policy;
    policy.roles = {"reader", "editor"};
    Listener listener;
    listener.name = "public";
    listener.serverNames = {"gate.example", "::1"};
    policy.listeners = {listener};
    policy.routes = {routeAt("hub", "/hub/{channel}"), routeAt("tail", "/hub/{channel}/tail"), routeAt("echo", "/echo"),
                     routeAt("plc", "/plc/*"), routeAt("second", "/hub/x")};
    policy.channels = {{"news.*", {"*"}, {"editor"}},
                       {"chat.lobby", {"anonymous"}, {"*"}},
                       {"user.{user}", {"*"}, {}},
                       {"deep.**", {"reader"}, {"reader"}}};
    return policy;
}

Policy remembering()
{
    Policy policy = sample();
    policy.channels = {{"log.*", {"*"}, {"editor"}, {}, HistoryRule{10, 1min, {"reader"}}, {"editor"}},
                       {"open", {}, {}, {}, HistoryRule{10, 1min, {"anonymous"}}, {"anonymous"}},
                       {"all", {}, {}, {}, HistoryRule{10, 1min, {"*"}}, {"*"}},
                       {"closed", {"*"}, {}, {}, HistoryRule{10, 1min, {}}, {}},
                       {"bare", {"*"}, {}}};
    return policy;
}

Identity identity(std::string user, std::vector<std::string> roles)
{
    Identity who;
    who.issuer = "local";
    who.user = std::move(user);
    who.roles = std::move(roles);
    return who;
}

std::vector<OriginRule> rules(const QByteArray& texts)
{
    std::vector<OriginRule> result;
    for (const QByteArray& text : texts.split(' '))
        result.push_back(parseOriginRule(text.toStdString()).value());
    return result;
}

} // namespace

class PolicyDecideTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void an_upstream_is_offered_what_the_route_allows_data();
    void an_upstream_is_offered_what_the_route_allows();
    void paths_find_their_route_data();
    void paths_find_their_route();
    void a_star_alone_stands_for_every_path();
    void hosts_are_those_of_the_listener_data();
    void hosts_are_those_of_the_listener();
    void host_is_the_server_name_that_was_sent_data();
    void host_is_the_server_name_that_was_sent();
    void a_listener_without_server_names_takes_every_host();
    void origins_match_whole_data();
    void origins_match_whole();
    void origin_rules_parse_data();
    void origin_rules_parse();
    void a_refused_origin_names_its_rule();
    void message_types_are_those_of_the_route();
    void channel_patterns_match_data();
    void channel_patterns_match();
    void a_pattern_of_many_wildcards_is_answered_at_once();
    void channel_rights_follow_roles_data();
    void channel_rights_follow_roles();
    void a_refused_channel_names_its_rule();
    void history_and_presence_have_roles_of_their_own_data();
    void history_and_presence_have_roles_of_their_own();
    void a_refused_history_names_its_rule();
    void the_server_finds_the_rule_of_a_channel_data();
    void the_server_finds_the_rule_of_a_channel();
    void whatever_a_user_finds_the_server_finds();
    void rules_have_pointer_and_name();
    void rates_read_well();
    void durations_and_sizes_data();
    void durations_and_sizes();
    void clipped_text_stays_valid_utf8();
};

void PolicyDecideTest::an_upstream_is_offered_what_the_route_allows_data()
{
    QTest::addColumn<QByteArray>("offered");
    QTest::addColumn<QByteArray>("forwarded");
    const auto row = [](const char* offered, const char* forwarded) {
        QTest::newRow(offered) << QByteArray(offered) << QByteArray(forwarded);
    };
    row("", "");
    row("mqtt", "mqtt");
    row("v2.plc mqtt", "v2.plc mqtt"); // the client's order
    row("mqtt v2.plc", "mqtt v2.plc");
    row("gatehouse", "");
    row("gatehouse mqtt bearer.SECRET", "mqtt");
    row("bearer.SECRET", "");
    row("bearer. bearer.mqtt", "");
    row("other mqtt Mqtt mqtt2", "mqtt");
    row("mqtt mqtt mqtt", "mqtt");
}

void PolicyDecideTest::an_upstream_is_offered_what_the_route_allows()
{
    QFETCH(QByteArray, offered);
    QFETCH(QByteArray, forwarded);
    // A policy that was not read from a document may allow what is the gate's own.
    Route route = routeAt("plc", "/plc/*");
    route.subprotocols.allow = {"mqtt", "gatehouse", "v2.plc", "bearer.mqtt"};
    std::vector<std::string> words;
    std::vector<std::string> expected;
    for (const QByteArray& word : offered.split(' '))
        if (!word.isEmpty())
            words.push_back(word.toStdString());
    for (const QByteArray& word : forwarded.split(' '))
        if (!word.isEmpty())
            expected.push_back(word.toStdString());
    const std::vector<std::string_view> views(words.begin(), words.end());
    QCOMPARE(forwardableSubprotocols(route, views), expected);
    QVERIFY(forwardableSubprotocols(routeAt("none", "/"), views).empty());
}

void PolicyDecideTest::paths_find_their_route_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<int>("route");
    QTest::addColumn<QByteArray>("channel");
    const auto row = [](const char* path, int route, const char* channel = "") {
        QTest::newRow(path) << QByteArray(path) << route << QByteArray(channel);
    };
    row("/hub/news.plant", 0, "news.plant");
    row("/hub/a%20b", 0, "a b");
    row("/hub/%C3%A9", 0, "é");
    row("/hub/a%25b", 0, "a%b");
    row("/hub/x", 0, "x");
    row("/hub/news/tail", 1, "news");
    row("/echo", 2);
    row("/%65cho", 2);
    row("/plc/1", 3);
    row("/plc/1/2", 3);
    row("/plc/", 3); // `*` may stand for nothing
    row("/plc/1/", 3);
    row("/%70lc/", 3);
    row("/plc", -1);
    row("/plcx", -1);
    row("/plc//", -1);
    row("/plc//1", -1);
    row("/plc/1//", -1);
    row("/plc/./", -1);
    row("/plc/../", -1);
    row("/plc/%2f", -1);
    row("/plc/%", -1);
    row("/hub/news/", -1);
    row("/hub/news/tail/", -1);
    row("", -1);
    row("plc/", -1);
    row("/", -1);
    row("echo", -1);
    row("*", -1);
    row("/ECHO", -1);
    row("/echo/", -1);
    row("//echo", -1);
    row("/hub//x", -1);
    row("/hub/", -1);
    row("/hub", -1);
    row("/hub/.", -1);
    row("/hub/..", -1);
    row("/x/../echo", -1);
    row("/plc/../echo", -1);
    row("/hub/%2e%2e", -1);
    row("/hub/%2E", -1);
    row("/hub/news%2eplant", -1);
    row("/hub/a%2fb", -1);
    row("/hub/a%2Fb", -1);
    row("/hub/a%5Cb", -1);
    row("/hub/a\\b", -1);
    row("/hub/a%", -1);
    row("/hub/a%4", -1);
    row("/hub/a%zz", -1);
    row("/hub/%00", -1);
    row("/hub/%0d%0a", -1);
    row("/hub/%ff", -1);
    row("/hub/\xc3\xa9", -1);
    row("/unknown", -1);
}

void PolicyDecideTest::paths_find_their_route()
{
    QFETCH(QByteArray, path);
    QFETCH(int, route);
    QFETCH(QByteArray, channel);
    const auto match = matchRoute(sample(), path.toStdString());
    QCOMPARE(match ? static_cast<int>(match->route) : -1, route);
    if (match)
        QCOMPARE(match->channel, channel.toStdString());
}

void PolicyDecideTest::a_star_alone_stands_for_every_path()
{
    Policy policy;
    policy.routes = {routeAt("root", "/"), routeAt("all", "/*"), routeAt("never", "/plc/*")};
    const auto routeOf = [&](std::string_view path) {
        return matchRoute(policy, path).value_or(RouteMatch{9, {}}).route;
    };
    QCOMPARE(routeOf("/"), std::size_t(0));
    for (const char* path : {"/a", "/a/", "/a/b", "/plc/"})
        QCOMPARE(routeOf(path), std::size_t(1));
    for (const char* path : {"", "a", "//", "//a", "/a//"})
        QCOMPARE(routeOf(path), std::size_t(9));
    policy.routes.erase(policy.routes.begin());
    QCOMPARE(routeOf("/"), std::size_t(0));
}

void PolicyDecideTest::hosts_are_those_of_the_listener_data()
{
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<bool>("allowed");
    for (const char* host : {"gate.example", "GATE.example", "gate.example:8443", "[::1]", "[::1]:8443", "[0:0::1]:1"})
        QTest::newRow(host) << QByteArray(host) << true;
    for (const char* host :
         {"", "gate.example.", "xgate.example", "gate.example.evil", "u@gate.example",
          "gate.example:", "gate.example:0", "gate.example:65536", "gate.example:8443x", "::1", "[::2]", "[::1", "[]"})
        QTest::newRow(host) << QByteArray(host) << false;
}

void PolicyDecideTest::hosts_are_those_of_the_listener()
{
    QFETCH(QByteArray, host);
    QFETCH(bool, allowed);
    const Decision decision = decideHost(sample(), 0, host.toStdString());
    QCOMPARE(decision.allowed(), allowed);
    if (!allowed) {
        QCOMPARE(decision.reason, Reason::HsHost);
        QCOMPARE(decision.rule.pointer, std::string("/listeners/0/server_names"));
        QCOMPARE(decision.rule.name, std::string("public › server_names"));
    }
}

void PolicyDecideTest::host_is_the_server_name_that_was_sent_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<bool>("allowed");
    const auto row = [](const char* sent, const char* host, bool allowed) {
        QTest::addRow("sent %s, host %s", sent, host) << QByteArray(sent) << QByteArray(host) << allowed;
    };
    row("gate.example", "gate.example", true);
    row("gate.example", "gate.example:8443", true);
    row("GATE.example", "gate.EXAMPLE", true);
    row("gate.example", "gate.example.", true);
    row("gate.example.", "gate.example:443", true);
    row("::1", "[0:0::1]:8443", true);
    row("[::1]", "[::1]", true);
    row("127.0.0.1", "127.0.0.1:1", true);
    row("", "anything", true);
    row("gate.example", "other.example", false);
    row("gate.example", "gate.example.evil", false);
    row("gate.example", "gate.example..", false);
    row("gate.example", "xgate.example", false);
    row("gate.example", "gate.example:x", false);
    row("gate.example", "", false);
    row("::1", "[::2]", false);
    row(".", "gate.example", false);
}

void PolicyDecideTest::host_is_the_server_name_that_was_sent()
{
    QFETCH(QByteArray, sent);
    QFETCH(QByteArray, host);
    QFETCH(bool, allowed);
    const Decision decision = decideServerName(sample(), 0, sent.toStdString(), host.toStdString());
    QCOMPARE(decision.allowed(), allowed);
    if (!allowed) {
        QCOMPARE(decision.reason, Reason::HsHost);
        QCOMPARE(decision.rule.pointer, std::string("/listeners/0/tls"));
        QCOMPARE(decision.met, host.toStdString());
        QCOMPARE(decision.limit, sent.toStdString());
    }
}

void PolicyDecideTest::a_listener_without_server_names_takes_every_host()
{
    Policy policy = sample();
    policy.listeners[0].serverNames.clear();
    QVERIFY(decideHost(policy, 0, "anything").allowed());
}

void PolicyDecideTest::origins_match_whole_data()
{
    QTest::addColumn<QByteArray>("allowed");
    QTest::addColumn<QByteArray>("origin"); // null: the client sent none
    QTest::addColumn<bool>("passes");
    const auto row = [](const char* rule, const char* origin, bool passes) {
        QTest::addRow("%s with %s", rule, origin ? origin : "nothing")
            << QByteArray(rule) << QByteArray(origin) << passes;
    };
    row("none", nullptr, true);
    row("none", "https://app.example", false);
    row("none", "null", false);
    row("*", "https://app.example", true);
    row("*", "null", true);
    row("*", nullptr, false);
    row("none *", nullptr, true);
    row("https://app.example", nullptr, false);
    row("https://app.example", "https://app.example", true);
    row("https://app.example", "HTTPS://APP.example", true);
    row("https://app.example", "https://app.example:443", true);
    row("https://app.example", "https://app.example:444", false);
    row("https://app.example", "http://app.example", false);
    row("https://app.example", "https://app.example.", false);
    row("https://app.example", "https://app.example.evil.example", false);
    row("https://app.example", "https://evil-app.example", false);
    row("https://app.example", "https://app.exampl", false);
    row("https://app.example", "https://user@app.example", false);
    row("https://app.example", "https://app.example/", false);
    row("https://app.example", "https://app.example:", false);
    row("https://app.example", " https://app.example", false);
    row("https://app.example", "null", false);
    row("https://app.example", "", false);
    row("http://localhost:8080", "http://localhost:8080", true);
    row("http://localhost:8080", "http://localhost", false);
    row("http://[::1]:8080", "http://[0::1]:8080", true);
    row("*.app.example", "https://a.app.example", true);
    row("*.app.example", "https://a.b.app.example", false);
    row("*.app.example", "https://app.example", false);
    row("*.app.example", "https://.app.example", false);
    row("*.app.example", "https://aapp.example", false);
    row("*.app.example", "http://a.app.example", false);
    row("*.app.example", "https://a.app.example:8443", false);
    row("*.app.example", "https://a.app.example.evil", false);
    row("http://*.app.example:81", "http://a.app.example:81", true);
    row("https://x.example https://y.example", "https://y.example", true);
}

void PolicyDecideTest::origins_match_whole()
{
    QFETCH(QByteArray, allowed);
    QFETCH(QByteArray, origin);
    QFETCH(bool, passes);
    Policy policy = sample();
    policy.routes[0].origins = rules(allowed);
    const std::string text = origin.toStdString();
    const Decision decision =
        decideOrigin(policy, 0, origin.isNull() ? std::nullopt : std::optional<std::string_view>(text));
    QCOMPARE(decision.allowed(), passes);
    QCOMPARE(decision.reason, passes ? Reason::None : Reason::Origin);
}

void PolicyDecideTest::origin_rules_parse_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("good");
    for (const char* text : {"none", "*", "https://a.example", "http://localhost:8080", "https://127.0.0.1",
                             "http://[::1]", "*.example", "https://*.example:8443", "chrome-extension://abcdef"})
        QTest::newRow(text) << QByteArray(text) << true;
    for (const char* text : {"", "None", "null", "a.example", "https://", "https://a.example/", "https://a.example/x",
                             "https://u@a.example", "https://a.*.example", "https://*", "*.", "**.example",
                             "*.*.example", "https://a.example:0", "https://a.example:99999", "https://a..example",
                             "https://a.example.", "https://*.[::1]", "://a.example"})
        QTest::newRow(text) << QByteArray(text) << false;
}

void PolicyDecideTest::origin_rules_parse()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, good);
    const auto rule = parseOriginRule(text.toStdString());
    QCOMPARE(rule.has_value(), good);
    if (rule)
        QCOMPARE(rule->text, text.toStdString());
}

void PolicyDecideTest::a_refused_origin_names_its_rule()
{
    Policy policy = sample();
    policy.routes[0].origins = rules("none https://a.example");
    const Decision decision = decideOrigin(policy, 0, "https://evil.example");
    QCOMPARE(decision, (Decision{Reason::Origin,
                                 {"/routes/0/origins", "hub › origins"},
                                 "https://evil.example",
                                 "none, https://a.example"}));
    QVERIFY(decideOrigin(policy, 0, std::string(5000, 'x')).met.size() <= 120);
}

void PolicyDecideTest::message_types_are_those_of_the_route()
{
    Policy policy = sample();
    QVERIFY(decideType(policy, 0, false).allowed());
    QCOMPARE(decideType(policy, 0, true),
             (Decision{Reason::Type, {"/routes/0/messages/types", "hub › messages › types"}, "binary", "text"}));
    policy.routes[0].messages = {false, true, 1, 1, 1ms, {}, 1, 1ms};
    QVERIFY(decideType(policy, 0, true).allowed());
    QCOMPARE(decideType(policy, 0, false).reason, Reason::Type);
}

void PolicyDecideTest::channel_patterns_match_data()
{
    QTest::addColumn<QByteArray>("pattern");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("user");
    QTest::addColumn<bool>("matches");
    const auto row = [](const char* pattern, const char* name, bool matches, const char* user = "amir") {
        QTest::addRow("%s ~ %s as %s", pattern, name, user)
            << QByteArray(pattern) << QByteArray(name) << QByteArray(user) << matches;
    };
    row("news", "news", true);
    row("news", "newsx", false);
    row("news", "New", false);
    row("news.*", "news.plant", true);
    row("news.*", "news.", false);
    row("news.*", "news", false);
    row("news.*", "news.a.b", false);
    row("news.**", "news.a.b", true);
    row("news.**", "news.", false);
    row("*", "a", true);
    row("*", "", false);
    row("*", "a.b", false);
    row("**", "a.b", true);
    row("*.b", "a.b", true);
    row("a*c", "abc", true);
    row("a*c", "ac", false);
    row("a*c", "abcbc", true);
    row("a.*.c", "a.b.c", true);
    row("a.*.c", "a.b.b.c", false);
    row("**.c", "a.b.c", true);
    row("user.{user}", "user.amir", true);
    row("user.{user}", "user.other", false);
    row("user.{user}", "user.*", true, "*");
    row("user.{user}", "user.anybody", false, "*");
    row("user.{user}", "user.", false, "");
    row("user.{user}.*", "user.amir.x", true);
    row("{user}", "{user}", false);
    row("a{b", "a{b", true);
}

void PolicyDecideTest::channel_patterns_match()
{
    QFETCH(QByteArray, pattern);
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, user);
    QFETCH(bool, matches);
    QCOMPARE(channelMatches(pattern.toStdString(), name.toStdString(), user.toStdString()), matches);
}

void PolicyDecideTest::a_pattern_of_many_wildcards_is_answered_at_once()
{
    std::string pattern;
    for (int i = 0; i < 30; ++i)
        pattern += "*a";
    QVERIFY(!channelMatches(pattern + "b", std::string(255, 'a'), "amir"));
    QVERIFY(channelMatches(pattern, std::string(255, 'a'), "amir"));
}

void PolicyDecideTest::channel_rights_follow_roles_data()
{
    QTest::addColumn<QByteArray>("channel");
    QTest::addColumn<QByteArray>("role");
    QTest::addColumn<bool>("subscribe");
    QTest::addColumn<bool>("publish");
    const auto row = [](const char* channel, const char* role, bool subscribe, bool publish) {
        QTest::addRow("%.40s as %s", channel, role) << QByteArray(channel) << QByteArray(role) << subscribe << publish;
    };
    row("news.plant", "reader", true, false);
    row("news.plant", "editor", true, true);
    row("news.plant", "anonymous", false, false);
    row("chat.lobby", "anonymous", true, false);
    row("chat.lobby", "reader", true, true);
    row("user.amir", "reader", true, false);
    row("user.other", "reader", false, false);
    row("user.amir", "anonymous", false, false);
    row("deep.a.b", "reader", true, true);
    row("deep.a.b", "editor", false, false);
    row("nowhere", "editor", false, false);
    row("", "editor", false, false);
    row("news.*", "editor", false, false);
    row("deep.**", "reader", false, false);
    row("user.{user}", "reader", false, false);
    row("news.a\nb", "editor", false, false);
    row("news.\x7f", "editor", false, false);
    row("news.\xc2\x85", "editor", false, false);
    row("news.\xff", "editor", false, false);
    // Cyrillic letters that look like Latin ones.
    row("n\xd0\xb5ws.plant", "editor", false, false);
    QTest::newRow("at the limit") << QByteArray("news." + QByteArray(250, 'x')) << QByteArray("editor") << true << true;
    QTest::newRow("over the limit") << QByteArray("news." + QByteArray(251, 'x')) << QByteArray("editor") << false
                                    << false;
}

void PolicyDecideTest::channel_rights_follow_roles()
{
    QFETCH(QByteArray, channel);
    QFETCH(QByteArray, role);
    QFETCH(bool, subscribe);
    QFETCH(bool, publish);
    const Policy policy = sample();
    const Identity who = role == "anonymous" ? Identity{} : identity("amir", {role.toStdString()});
    const Decision reading = decideChannel(policy, who, channel.toStdString(), ChannelRight::Subscribe);
    const Decision writing = decideChannel(policy, who, channel.toStdString(), ChannelRight::Publish);
    QCOMPARE(reading.reason, subscribe ? Reason::None : Reason::AuthzChannel);
    QCOMPARE(writing.reason, publish ? Reason::None : Reason::AuthzChannel);
}

void PolicyDecideTest::a_refused_channel_names_its_rule()
{
    const Policy policy = sample();
    QCOMPARE(
        decideChannel(policy, identity("amir", {"reader"}), "news.plant", ChannelRight::Publish),
        (Decision{Reason::AuthzChannel, {"/channels/0/publish", "channels › news.* › publish"}, "reader", "editor"}));
    QCOMPARE(decideChannel(policy, identity("amir", {}), "user.amir", ChannelRight::Publish).limit,
             std::string("nobody"));
    QCOMPARE(decideChannel(policy, {}, std::string(256, 'x'), ChannelRight::Subscribe).rule.pointer,
             std::string("/limits/channel_name"));
}

void PolicyDecideTest::history_and_presence_have_roles_of_their_own_data()
{
    QTest::addColumn<QByteArray>("channel");
    QTest::addColumn<QByteArray>("role");
    QTest::addColumn<QByteArray>("rights"); // Subscribe, Publish, History, presence (W: who)
    const auto row = [](const char* channel, const char* role, const char* rights) {
        QTest::addRow("%s as %s", channel, role) << QByteArray(channel) << QByteArray(role) << QByteArray(rights);
    };
    row("log.a", "reader", "SH");
    row("log.a", "editor", "SPW");
    row("log.a", "other", "S");
    row("log.a", "anonymous", "");
    row("open", "anonymous", "HW"); // asking needs no subscription: each right is its own
    row("open", "reader", "HW");
    row("all", "other", "HW");
    row("all", "anonymous", "");
    row("closed", "reader", "S"); // history without readers: it is there for those who recover
    row("bare", "reader", "S");
    row("nowhere", "reader", "");
    row("log.*", "reader", "");
}

void PolicyDecideTest::history_and_presence_have_roles_of_their_own()
{
    QFETCH(QByteArray, channel);
    QFETCH(QByteArray, role);
    QFETCH(QByteArray, rights);
    const Policy policy = remembering();
    const Identity who = role == "anonymous" ? Identity{} : identity("amir", {role.toStdString()});
    for (const auto& [letter, right] :
         {std::pair{'S', ChannelRight::Subscribe}, std::pair{'P', ChannelRight::Publish},
          std::pair{'H', ChannelRight::History}, std::pair{'W', ChannelRight::Presence}}) {
        const Decision decision = decideChannel(policy, who, channel.toStdString(), right);
        QVERIFY2(decision.allowed() == rights.contains(letter), QByteArray(1, letter).constData());
        QCOMPARE(decision.reason, rights.contains(letter) ? Reason::None : Reason::AuthzChannel);
    }
}

void PolicyDecideTest::a_refused_history_names_its_rule()
{
    const Policy policy = remembering();
    const Identity who = identity("amir", {"other"});
    const auto refused = [&](std::string_view channel, ChannelRight right) {
        return decideChannel(policy, who, channel, right);
    };
    QCOMPARE(refused("log.a", ChannelRight::History),
             (Decision{Reason::AuthzChannel,
                       {"/channels/0/history/read", "channels › log.* › history › read"},
                       "other",
                       "reader"}));
    QCOMPARE(
        refused("log.a", ChannelRight::Presence),
        (Decision{Reason::AuthzChannel, {"/channels/0/presence", "channels › log.* › presence"}, "other", "editor"}));
    QCOMPARE(refused("closed", ChannelRight::History),
             (Decision{Reason::AuthzChannel,
                       {"/channels/3/history/read", "channels › closed › history › read"},
                       "other",
                       "nobody"}));
    QCOMPARE(refused("bare", ChannelRight::History),
             (Decision{Reason::AuthzChannel, {"/channels/4/history", "channels › bare › history"}, "other", "nobody"}));
    QCOMPARE(
        refused("bare", ChannelRight::Presence),
        (Decision{Reason::AuthzChannel, {"/channels/4/presence", "channels › bare › presence"}, "other", "nobody"}));
}

void PolicyDecideTest::the_server_finds_the_rule_of_a_channel_data()
{
    QTest::addColumn<QByteArray>("channel");
    QTest::addColumn<int>("rule");
    const auto row = [](const QByteArray& channel, int rule) {
        QTest::addRow("%.40s", channel.constData()) << channel << rule;
    };
    row("news.plant", 0);
    row("news.a.b", -1);
    row("chat.lobby", 1);
    row("user.amir", 2);
    row("user.ada.lovelace", 2); // a user's name may hold a dot
    row("user.corp:ada@id.example", 2);
    row("user.é", 2);
    row("user.", -1);
    row("user", -1);
    row("deep.a.b", 3);
    row("pair.a.b", 4);
    row("pair.a", -1);
    row("", -1);
    row("news.*", -1);
    row("user.{user}", -1);
    row("user.a}", -1);
    row("deep.**", -1);
    row("news.a\nb", -1);
    row("news.\xff", -1);
    row("deep." + QByteArray(250, 'x'), 3);
    row("deep." + QByteArray(251, 'x'), -1);
}

void PolicyDecideTest::the_server_finds_the_rule_of_a_channel()
{
    QFETCH(QByteArray, channel);
    QFETCH(int, rule);
    Policy policy = sample();
    policy.channels.push_back({"pair.{user}.{user}", {}, {}});
    const auto found = matchChannelForServer(policy, channel.toStdString());
    QCOMPARE(found ? static_cast<int>(*found) : -1, rule);
}

/// Where a policy has one rule the server finds it for every name that some user could use by it.
void PolicyDecideTest::whatever_a_user_finds_the_server_finds()
{
    std::mt19937 random(7);
    const auto text = [&](std::string_view letters, std::size_t most) {
        std::string made;
        for (std::size_t i = random() % (most + 1); i > 0; --i)
            made += letters[random() % letters.size()];
        return made;
    };
    int found = 0;
    int without = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string pattern;
        for (std::size_t parts = 1 + random() % 3; parts > 0; --parts)
            pattern += random() % 3 == 0 ? "{user}" : text("ab.*", 3);
        Policy policy;
        policy.channels = {{pattern, {}, {}}};
        const std::string name = text("ab.", 6);
        const Identity who = identity(text("ab.", 3), {});
        const auto byUser = matchChannel(policy, who, name);
        const auto byServer = matchChannelForServer(policy, name);
        if (name.empty())
            QVERIFY(!byServer);
        else if (pattern.find("{user}") == std::string::npos)
            QCOMPARE(byServer, byUser);
        else if (byUser)
            QVERIFY2(byServer, (pattern + " " + name + " " + who.user).c_str());
        else
            without += int(byServer.has_value());
        found += int(byUser.has_value());
    }
    QVERIFY(found > 500 && without > 100);
}

void PolicyDecideTest::rules_have_pointer_and_name()
{
    QCOMPARE(routeRule(sample(), 0, "messages/rate"), (Rule{"/routes/0/messages/rate", "hub › messages › rate"}));
    QCOMPARE(limitRule("sessions_per_ip"), (Rule{"/limits/sessions_per_ip", "limits › sessions_per_ip"}));
}

void PolicyDecideTest::rates_read_well()
{
    QCOMPARE(describeRate({50, 1s, 100}), std::string("50/s, burst 100"));
    QCOMPARE(describeRate({10, 1min, 10}), std::string("10/1m"));
    QCOMPARE(describeRate({1, 1500ms, 1}), std::string("1/1500ms"));
}

void PolicyDecideTest::durations_and_sizes_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("milliseconds"); // -1: no duration
    QTest::addColumn<qint64>("bytes");        // -1: no size
    const auto row = [](const char* text, qint64 milliseconds, qint64 bytes) {
        QTest::newRow(text) << QByteArray(text) << milliseconds << bytes;
    };
    row("500ms", 500, -1);
    row("30s", 30'000, -1);
    row("5m", 300'000, -1);
    row("24h", 86'400'000, -1);
    row("90d", 7'776'000'000, -1);
    row("0s", 0, -1);
    row("512B", -1, 512);
    row("64KiB", -1, 65'536);
    row("1MiB", -1, 1'048'576);
    row("2GiB", -1, 2'147'483'648);
    for (const char* text : {"", "s", "5", "5 s", "-5s", "+5s", "5.5s", "05s", "5S", "5min", "1KB", "64kib", "KiB",
                             "1e3s", "99999999999999999999s", "18446744073709551615d", "18446744073709551615GiB"})
        row(text, -1, -1);
}

void PolicyDecideTest::durations_and_sizes()
{
    QFETCH(QByteArray, text);
    QFETCH(qint64, milliseconds);
    QFETCH(qint64, bytes);
    const auto duration = parseDuration(text.toStdString());
    const auto size = parseSize(text.toStdString());
    QCOMPARE(duration ? qint64(duration->count()) : -1, milliseconds);
    QCOMPARE(size ? qint64(*size) : -1, bytes);
    if (size)
        QCOMPARE(formatSize(*size), text.toStdString());
    if (duration)
        QCOMPARE(parseDuration(formatDuration(*duration)), duration);
}

void PolicyDecideTest::clipped_text_stays_valid_utf8()
{
    QCOMPARE(clipped("short", 10), std::string("short"));
    QCOMPARE(clipped("abcdéfgh", 8), std::string("abcd…"));
    QVERIFY(isPlainText(clipped("ééééé", 6)));
}

QTEST_GUILESS_MAIN(PolicyDecideTest)
#include "policydecidetest.moc"
