// SPDX-License-Identifier: GPL-3.0-or-later
#include "completepolicy.h"
#include "policyfolder.h"

#include <nlohmann/json.hpp>

#include <QTest>

using namespace gatehouse;
using test::complete;
using test::PolicyFolder;
using namespace std::chrono_literals;
using Code = PolicyErrorCode;
using Json = nlohmann::ordered_json;

Q_DECLARE_METATYPE(gatehouse::PolicyErrorCode)

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to)
{
    const std::size_t at = text.find(from);
    if (at == std::string::npos)
        qFatal("the document has no %s", from.c_str());
    return text.replace(at, from.size(), to);
}

std::pair<unsigned, unsigned> lineAndColumn(const std::string& text, std::size_t offset)
{
    std::pair<unsigned, unsigned> place{1, 1};
    for (std::size_t i = 0; i < offset; ++i) {
        if (text[i] == '\n')
            place = {place.first + 1, 1};
        else if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80)
            ++place.second;
    }
    return place;
}

/// Pointers of all members of objects.
void collectMembers(const Json& value, const Json::json_pointer& here, std::vector<Json::json_pointer>& found)
{
    for (const auto& [key, child] : value.items()) {
        const auto pointer = value.is_array() ? here / std::stoul(key) : here / key;
        if (value.is_object())
            found.push_back(pointer);
        if (child.is_structured())
            collectMembers(child, pointer, found);
    }
}

} // namespace

class PolicyLoadTest : public QObject, private PolicyFolder {
    Q_OBJECT
private Q_SLOTS:
    void init() { renew(); }
    void a_complete_document_is_read_whole();
    void absent_and_null_keys_are_defaults();
    void compression_is_off_or_has_its_defaults();
    void warnings_name_echo_and_anonymous_routes();
    void routes_for_anybody_have_neither_first_messages_nor_roles();
    void mistakes_are_named_with_place_data();
    void mistakes_are_named_with_place();
    void all_mistakes_come_at_once_in_order();
    void columns_count_code_points();
    void suggestions_name_the_nearest_key();
    void keys_of_parts_not_built_are_errors_data();
    void keys_of_parts_not_built_are_errors();
    void every_key_matters();
    void api_keys_have_names_and_digests();
    void keys_and_admin_listeners_need_each_other();
    void a_drain_is_spread_within_its_time();
    void errors_read_well();
};

void PolicyLoadTest::a_complete_document_is_read_whole()
{
    const auto loaded = parse(complete);
    if (!loaded)
        QFAIL(formatPolicyError(loaded.error().front(), "f").c_str());
    const Policy& p = loaded->policy;
    QCOMPARE(p.name, std::string("Plant 3"));
    QCOMPARE(p.stateDir, path("st"));
    QCOMPARE(p.controlSocket, std::filesystem::path("/run/c.sock"));
    QCOMPARE(p.workers, std::optional(3U));
    QCOMPARE(p.listeners.size(), std::size_t(3));
    const ListenerTls tls{
        path("server.pem"), path("server.key"), TlsVersion::Tls13, 4000ms, path("clients.pem"), false};
    const auto network = [](const char* text) { return *Network::parse(text); };
    QCOMPARE(p.listeners[0], (Listener{"public",
                                       *IpAddress::parse("0.0.0.0"),
                                       8443,
                                       tls,
                                       false,
                                       {"gate.example", "::1"},
                                       {network("10.1.0.0/16")},
                                       ProxyHeader::Forwarded,
                                       {{network("10.0.0.0/8"), network("::1")}, {network("10.9.0.0/16")}}}));
    QCOMPARE(p.listeners[1], (Listener{"lab", *IpAddress::parse("127.0.0.1"), 8080, {}, false, {}}));
    QCOMPARE(p.issuers.at(0), (Issuer{"local",
                                      {JwtAlgorithm::HS256},
                                      path("token.key"),
                                      "0123456789012345678901234567890123456789012",
                                      "iss",
                                      "aud",
                                      {"reader"},
                                      {"exp", "jti"},
                                      5s,
                                      24h * 90,
                                      {{path("old.key"), "an older secret, which signs no more",
                                        WallTime(std::chrono::milliseconds(1'800'000'000'000))}},
                                      {},
                                      {},
                                      {},
                                      10min,
                                      "uid",
                                      {},
                                      "groups",
                                      "at+jwt",
                                      false}));
    Issuer corp;
    corp.name = "corp";
    corp.algorithms = {JwtAlgorithm::ES256, JwtAlgorithm::EdDSA};
    corp.jwksFile = path("corp.jwks");
    corp.issuer = "https://id.example";
    corp.audience = "gate";
    corp.userPrefix = "corp:";
    corp.oneTime = true;
    QCOMPARE(p.issuers.at(1), corp);
    Issuer away = corp;
    away.name = "away";
    away.algorithms = {JwtAlgorithm::RS256};
    away.jwksFile.clear();
    away.jwksUrl = "https://id.example/keys";
    away.jwksCa = path("clients.pem");
    away.refresh = 20min;
    away.userPrefix = "away:";
    away.oneTime = false;
    QCOMPARE(p.issuers.at(2), away);
    QCOMPARE(p.roles, (std::vector<std::string>{"editor", "reader"}));
    const Limits limits{7,
                        {},
                        9,
                        10,
                        11,
                        Rate{1, 2s, 3},
                        AuthFailureLimit{4, 5min, 6h},
                        {},
                        Rate{65536, 1s, 65536},
                        Rate{5, 500ms, 5},
                        2048,
                        1024,
                        4096,
                        8192,
                        50,
                        6s,
                        2s,
                        100,
                        500,
                        1 << 20};
    QCOMPARE(p.limits, limits);
    QCOMPARE(p.routes.size(), std::size_t(4));
    const Route& hub = p.routes[0];
    QCOMPARE(hub.authentication, (Authentication{true,
                                                 {"local"},
                                                 {TokenPlace::Subprotocol, TokenPlace::FirstMessage, TokenPlace::Cookie,
                                                  TokenPlace::Query, TokenPlace::Certificate},
                                                 "c",
                                                 "t",
                                                 CertificateName::DnsName,
                                                 3s}));
    QCOMPARE(hub.origins.at(1),
             (OriginRule{OriginRule::Kind::Exact, "https", "app.example", 443, "https://App.example"}));
    QCOMPARE(hub.compression, std::optional(Compression{5120, 200}));
    Messages messages{true, true, 1024, 5, 7s, Rate{8, 1min, 8}, 9, 2min};
    messages.bytes = Rate{4194304, 1s, 4194304};
    messages.schema = SchemaFile{path("plc.json"), "{\"type\":\"object\"}", {}};
    messages.onViolation = OnViolation::Drop;
    QCOMPARE(hub.messages, messages);
    QCOMPARE(hub.roles, (std::vector<std::string>{"reader"}));
    QCOMPARE(hub.networks, (NetworkRules{{}, {network("10.8.0.0/16")}}));
    QCOMPARE(hub.subprotocols, (Subprotocols{{"v1.plc"}, true}));
    QCOMPARE(hub.sessionLifetime, OptionalDuration(12h));
    QCOMPARE(hub.slowConsumer, SlowConsumer::Close);
    QCOMPARE(p.routes[1].slowConsumer, SlowConsumer::DropNewest);
    QCOMPARE(p.routes[3].kind, RouteKind::Centrifuge);
    QCOMPARE(p.routes[3].messages.maxCommandsPerFrame, 16U);
    QVERIFY(looksAt(p.routes[3].authentication, TokenPlace::FirstMessage));
    QCOMPARE(hub.idleTimeout, OptionalDuration(1h));
    QCOMPARE(hub.ping, std::optional(Ping{20s, 3s}));
    QCOMPARE(hub.sendBuffer, std::uint64_t(2 << 20));
    QCOMPARE(hub.controlFrames, (OptionalRate(Rate{5, 2s, 7})));
    QCOMPARE(p.routes[1].kind, RouteKind::Echo);
    QVERIFY(!p.routes[1].ping);
    QVERIFY(!p.routes[1].compression);
    const Route& plc = p.routes[2];
    QCOMPARE(plc.kind, RouteKind::Gateway);
    QCOMPARE(plc.gateway, std::optional(Gateway{{{"ws://127.0.0.1:1880", false, "127.0.0.1", 1880, "/"},
                                                 {"wss://PLC.example/app", true, "plc.example", 443, "/app"}},
                                                Balance::LeastSessions,
                                                path("upstreams.pem"),
                                                path("upstream.header"),
                                                "X-Key",
                                                "of the gate",
                                                2500ms,
                                                31s,
                                                false,
                                                false,
                                                {ForwardedHeader::Forwarded, ForwardedHeader::User},
                                                {"Set"}}));
    QCOMPARE(plc.messages.schema, std::optional(SchemaFile{path("command.json"), "true", {}}));
    QCOMPARE(plc.messages.upstreamSchema, std::optional(SchemaFile{path("state.json"), "true", {}}));
    QVERIFY(plc.messages.schema->compiled && plc.messages.upstreamSchema->compiled);
    QVERIFY(!hub.gateway && !p.routes[1].gateway);
    QCOMPARE(p.lockdown, (LockdownLists{{"ada", "corp:grace"}, {network("192.0.2.0/24")}}));
    QCOMPARE(p.drain, (DrainTimes{15s, 5s}));
    QCOMPARE(p.channels, (std::vector<ChannelRule>{{"news.*",
                                                    {"*", "anonymous"},
                                                    {"editor"},
                                                    SchemaFile{path("news.json"), "true", {}},
                                                    HistoryRule{20, 1h, {"editor"}},
                                                    {"reader"},
                                                    true,
                                                    true}}));
    QCOMPARE(p.channelsPerSession, 32U);
}

void PolicyLoadTest::absent_and_null_keys_are_defaults()
{
    const std::string text = R"json({"gatehouse":1,"name":null,"limits":null,"workers":"auto",
        "listeners":[{"name":"l","address":"::1","port":0,"tls":"off","server_names":null}],
        "issuers":[{"name":"i","secret_file":"token.key","issuer":"a","audience":"b"}],
        "routes":[{"name":"r","path":"/{channel}","hub":{"protocol":"plain"},"messages":null,"ping":null}]})json";
    const auto loaded = parse(text);
    QVERIFY(loaded);
    const Policy& p = loaded->policy;
    QCOMPARE(p.limits, Limits{});
    Route route;
    route.name = "r";
    route.path = "/{channel}";
    QCOMPARE(p.routes.at(0), route);
    QCOMPARE(p.name, std::string("Gatehouse"));
    QCOMPARE(p.stateDir, path("state"));
    QCOMPARE(p.controlSocket, path("run/control.sock"));
    QVERIFY(!p.workers);
    QCOMPARE(p.issuers.at(0).require, (std::vector<std::string>{"exp", "iat"}));
    QVERIFY(p.issuers.at(0).rolesAllowed.empty());
    QVERIFY(loaded->warnings.empty());
}

void PolicyLoadTest::compression_is_off_or_has_its_defaults()
{
    const std::string written = "{ \"max_inflated\": \"5KiB\", \"min_size\": \"200B\" }";
    const auto with = [&](const std::string& value) { return parse(replaced(complete, written, value)); };
    QVERIFY(!with("\"off\"")->policy.routes.at(0).compression);
    QVERIFY(!with("null")->policy.routes.at(0).compression);
    QCOMPARE(with("{}")->policy.routes.at(0).compression, std::optional(Compression{65536, 256}));
}

void PolicyLoadTest::warnings_name_echo_and_anonymous_routes()
{
    std::string text = replaced(complete, "\"required\": true", "\"required\": false");
    text = replaced(text, "\"first_message\", ", "");
    text = replaced(text, ", \"first_message_within\": \"3s\"", "");
    text = replaced(text, "\"roles\": [\"reader\"], \"networks\"", "\"networks\"");
    const auto loaded = parse(text);
    QVERIFY(loaded);
    QCOMPARE(loaded->warnings.size(), std::size_t(3));
    QCOMPARE(loaded->warnings[0].pointer, std::string("/routes/0/authentication/required"));
    QCOMPARE(loaded->warnings[1].pointer, std::string("/routes/0/authentication/from")); // the query parameter
    QCOMPARE(loaded->warnings[2].pointer, std::string("/routes/1/hub/protocol"));
}

void PolicyLoadTest::routes_for_anybody_have_neither_first_messages_nor_roles()
{
    const auto loaded = parse(replaced(complete, "\"required\": true", "\"required\": false"));
    QVERIFY(!loaded);
    QCOMPARE(loaded.error().size(), std::size_t(2));
    QCOMPARE(loaded.error()[0].code, Code::Conflict);
    QCOMPARE(loaded.error()[0].pointer, std::string("/routes/0/authentication/from"));
    QCOMPARE(loaded.error()[1].code, Code::Conflict);
    QCOMPARE(loaded.error()[1].pointer, std::string("/routes/0/roles"));
}

void PolicyLoadTest::mistakes_are_named_with_place_data()
{
    QTest::addColumn<QByteArray>("from");
    QTest::addColumn<QByteArray>("to"); // what stands there instead; `@` is cut out and marks the place of the error
    QTest::addColumn<Code>("code");
    QTest::addColumn<QByteArray>("pointer");
    const auto row = [](const char* from, const char* to, Code code, const char* pointer) {
        QTest::newRow(to) << QByteArray(from) << QByteArray(to) << code << QByteArray(pointer);
    };
    row("\"gatehouse\": 1", "\"gatehouse\": @2", Code::BadValue, "/gatehouse");
    row("\"gatehouse\": 1", "\"gatehouse\": @\"1\"", Code::WrongType, "/gatehouse");
    row("{\n  \"gatehouse\": 1,", "@{", Code::Missing, "/gatehouse");
    row("\"Plant 3\"", "@\"\"", Code::BadValue, "/name");
    row("\"Plant 3\"", "@\"a\\nb\"", Code::BadValue, "/name");
    row("\"Plant 3\"", "@3", Code::WrongType, "/name");
    row("\"note\": \"why\"", "\"note\": @1", Code::WrongType, "/note");
    row("\"name\": \"Plant 3\"", "\"name\": \"x\", @\"name\": \"y\"", Code::DuplicateKey, "/name");
    row("\"Plant 3\"", "\"x\" @oops", Code::Syntax, "");
    row("\"workers\": 3", "\"workers\": @0", Code::BadValue, "/workers");
    row("\"workers\": 3", "\"workers\": @\"all\"", Code::BadValue, "/workers");
    row("\"workers\": 3", "\"workers\": @1.5", Code::BadValue, "/workers");
    row("\"workers\": 3", "@\"worker\": 3", Code::UnknownKey, "/worker");
    row("\"name\": \"public\"", "\"name\": @\"Public\"", Code::BadValue, "/listeners/0/name");
    row("\"name\": \"lab\"", "\"name\": @\"public\"", Code::Conflict, "/listeners/1/name");
    row("\"0.0.0.0\"", "@\"0.0.0\"", Code::BadValue, "/listeners/0/address");
    row("8443", "@65536", Code::BadValue, "/listeners/0/port");
    row("8443", "@-1", Code::BadValue, "/listeners/0/port");
    row("\"127.0.0.1\", \"port\": 8080", "\"0.0.0.0\", \"insecure\": true, \"port\": @8443", Code::Conflict,
        "/listeners/1/port");
    row("\"127.0.0.1\", \"port\": 8080, \"tls\": ", "\"10.0.0.1\", \"port\": 8080, \"tls\": @", Code::Insecure,
        "/listeners/1/tls");
    row("\"tls\": \"off\"", "\"tls\": @\"on\"", Code::WrongType, "/listeners/1/tls");
    row("{ \"name\": \"lab\", \"address\": \"127.0.0.1\", \"port\": 8080, \"tls\": \"off\" }",
        "@{ \"name\": \"lab\", \"address\": \"127.0.0.1\", \"port\": 8080 }", Code::Missing, "/listeners/1/tls");
    row("\"1.3\"", "@\"1.1\"", Code::BadValue, "/listeners/0/tls/min_version");
    row("\"renew\": \"off\"", "\"renew\": @\"never\"", Code::BadValue, "/listeners/0/tls/renew");
    row("\"renew\": \"off\"", "\"renew\": @false", Code::WrongType, "/listeners/0/tls/renew");
    row("\"admin\"", "@\"operator\"", Code::BadValue, "/listeners/2/kind");
    row("\"kind\": \"admin\", \"address\": \"127.0.0.1\", \"port\": 9443, \"tls\": { \"certificate\": \"ops.pem\", "
        "\"key\": \"ops.key\" }",
        "\"kind\": \"admin\", \"insecure\": true, \"address\": \"10.0.0.1\", \"port\": 9443, \"tls\": @\"off\"",
        Code::Insecure, "/listeners/2/tls");
    row("\"root\"", "@\"no such group\"", Code::BadValue, "/control_group/group");
    row("\"viewer\"", "@\"root\"", Code::BadValue, "/control_group/role");
    row("\"k1\"", "@\"k 1\"", Code::BadValue, "/api_keys/0/id");
    row("\"on.call_2-B\"", "@\"k1\"", Code::Conflict, "/api_keys/1/id");
    row("\"publisher\"", "@\"owner\"", Code::BadValue, "/api_keys/0/role");
    row("\"publisher\", \"channels\": [", "\"admin\", \"channels\": @[", Code::Conflict, "/api_keys/0/channels");
    row("\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"", "@\"f86d\"", Code::BadValue,
        "/api_keys/0/sha256");
    row("\"4s\"", "@\"4\"", Code::BadValue, "/listeners/0/tls/handshake_timeout");
    row("\"4s\"", "@\"off\"", Code::BadValue, "/listeners/0/tls/handshake_timeout");
    row("\"[::1]\"", "@\"gate.example:1\"", Code::BadValue, "/listeners/0/server_names/1");
    row("[\"HS256\"]", "@[\"HS256\", \"ES256\"]", Code::Conflict, "/issuers/0/algorithms");
    row("[\"ES256\", \"EdDSA\"]", "@[\"HS512\"]", Code::Conflict, "/issuers/1/algorithms");
    row("\"secret_file\": \"token.key\", ", "", Code::Missing, "/issuers/0/secret_file");
    row("\"jwks_file\": \"corp.jwks\"", "\"jwks_file\": \"corp.jwks\", \"jwks_url\": @\"https://id.example/k\"",
        Code::Conflict, "/issuers/1/jwks_url");
    row("\"corp.jwks\"", "@\"gone.jwks\"", Code::BadFile, "/issuers/1/jwks_file");
    for (const char* url : {"http://id.example/keys", "https://", "https://user@id.example/", "ftp://id.example/",
                            "https://id.example/#x", "https://id .example/", "http://127.0.0.1.example/"})
        row("\"https://id.example/keys\"", ("@\"" + QByteArray(url) + "\"").constData(), Code::Insecure,
            "/issuers/2/jwks_url");
    row("\"20m\"", "@\"10ms\"", Code::BadValue, "/issuers/2/refresh");
    row("\"jwks_file\": \"corp.jwks\"", "\"jwks_file\": \"corp.jwks\", \"refresh\": @\"20m\"", Code::Conflict,
        "/issuers/1/refresh");
    row("\"user_prefix\": \"corp:\", ", "", Code::Missing, "/issuers/1/user_prefix");
    row("\"away:\"", "@\"corp:\"", Code::Conflict, "/issuers/2/user_prefix");
    row("\"2027-01-15T08:00:00Z\"", "@\"tomorrow\"", Code::BadValue, "/issuers/0/previous/0/until");
    row("{ \"secret_file\": \"old.key\", \"until\": \"2027-01-15T08:00:00Z\" }", "@7", Code::WrongType,
        "/issuers/0/previous/0");
    row("\"jwks_file\": \"corp.jwks\"", "\"jwks_file\": \"corp.jwks\", \"previous\": @[]", Code::Conflict,
        "/issuers/1/previous");
    row("\"one_time\": true", "\"one_time\": @\"yes\"", Code::WrongType, "/issuers/1/one_time");
    row("\"10.1.0.0/16\"", "@\"10.1.0.1/16\"", Code::BadValue, "/listeners/0/trusted_proxies/0");
    row("\"forwarded\"", "@\"x-real-ip\"", Code::BadValue, "/listeners/0/proxy_header");
    row("[\"10.0.0.0/8\", \"::1\"]", "@[]", Code::Missing, "/listeners/0/networks/allow");
    row("[\"10.9.0.0/16\"]", "@\"10.9.0.0/16\"", Code::WrongType, "/listeners/0/networks/deny");
    row("[\"HS256\"]", "[@\"none\"]", Code::BadValue, "/issuers/0/algorithms/0");
    row("[\"HS256\"]", "@[]", Code::Missing, "/issuers/0/algorithms");
    row("[\"reader\"]", "[@\"ghost\"]", Code::BadValue, "/issuers/0/roles_allowed/0");
    row("[\"reader\"]", "[@\"anonymous\"]", Code::BadValue, "/issuers/0/roles_allowed/0");
    row("[\"exp\", \"jti\"]", "@[\"jti\"]", Code::Insecure, "/issuers/0/require");
    row("\"90d\"", "@\"900000d\"", Code::BadValue, "/issuers/0/max_lifetime");
    row("\"reader\": {}", "@\"any body\": {}, \"reader\": {}", Code::BadValue, "/roles/any body");
    row("\"reader\": {}", "@\"*\": {}, \"reader\": {}", Code::BadValue, "/roles/*");
    row("\"reader\": {}", "\"reader\": { @\"x\": 1 }", Code::UnknownKey, "/roles/reader/x");
    row("\"sessions\": 7", "\"sessions\": @0", Code::BadValue, "/limits/sessions");
    row("\"sessions\": 7", "\"sessions\": @\"many\"", Code::WrongType, "/limits/sessions");
    row("\"count\": 1,", "\"count\": @\"fast\",", Code::WrongType, "/limits/connects_per_ip/count");
    row("\"count\": 1, \"per\": \"2s\"", "\"count\": 1, \"per\": @\"0s\"", Code::BadValue,
        "/limits/connects_per_ip/per");
    row("{ \"count\": 1, \"per\": \"2s\", \"burst\": 3 }", "@{ \"count\": 1 }", Code::Missing,
        "/limits/connects_per_ip/per");
    row("{ \"count\": 1, \"per\": \"2s\", \"burst\": 3 }", "@5", Code::WrongType, "/limits/connects_per_ip");
    row("\"2KiB\"", "@\"16KiB\"", Code::Conflict, "/limits/request_line");
    row("\"request_head\": \"8KiB\"", "\"request_head\": @\"8kb\"", Code::BadValue, "/limits/request_head");
    row("\"request_head\": \"8KiB\"", "\"request_head\": @\"off\"", Code::BadValue, "/limits/request_head");
    row("\"hub\": { \"protocol\": \"plain\" },", "", Code::Missing, "/routes/0");
    row("\"plain\"", "@\"mqtt\"", Code::BadValue, "/routes/0/hub/protocol");
    row("\"/connection/websocket\"", "@\"/live/{channel}\"", Code::BadValue, "/routes/3/path");
    row("\"on_violation\": \"drop\"", "\"max_commands_per_frame\": @5", Code::Conflict,
        "/routes/0/messages/max_commands_per_frame");
    row("\"max_commands_per_frame\": 16", "\"max_commands_per_frame\": @0", Code::BadValue,
        "/routes/3/messages/max_commands_per_frame");
    row("\"slow_consumer\": \"close\"", "\"slow_consumer\": @\"drop_newest\"", Code::Conflict,
        "/routes/0/slow_consumer");
    row("\"ttl\": \"1h\"", "\"ttl\": @\"10ms\"", Code::BadValue, "/channels/0/history/ttl");
    row("\"size\": 20", "\"size\": @0", Code::BadValue, "/channels/0/history/size");
    row("\"read\": [\"editor\"]", "\"read\": [@\"ghost\"]", Code::BadValue, "/channels/0/history/read/0");
    row("\"presence\": [\"reader\"]", "\"presence\": [@\"ghost\"]", Code::BadValue, "/channels/0/presence/0");
    row("\"join_leave\": true", "\"join_leave\": @1", Code::WrongType, "/channels/0/join_leave");
    row("\"channels_per_session\": 32", "\"channels_per_session\": @0", Code::BadValue, "/channels_per_session");
    row("\"memory_for_history\": \"1MiB\"", "\"memory_for_history\": @\"1KiB\"", Code::BadValue,
        "/limits/memory_for_history");
    row("\"/hub/{channel}\"", "@\"/hub\"", Code::BadValue, "/routes/0/path");
    row("\"/hub/{channel}\"", "@\"/{channel}/{channel}\"", Code::BadValue, "/routes/0/path");
    row("\"/hub/{channel}\"", "@\"/hub/x{channel}\"", Code::BadValue, "/routes/0/path");
    row("\"/hub/{channel}\"", "@\"/hub//{channel}\"", Code::BadValue, "/routes/0/path");
    row("\"/hub/{channel}\"", "@\"/hub/../{channel}\"", Code::BadValue, "/routes/0/path");
    row("\"/echo\"", "@\"/echo/{channel}\"", Code::BadValue, "/routes/1/path");
    row("\"/echo\"", "@\"echo\"", Code::BadValue, "/routes/1/path");
    row("\"name\": \"echo\"", "\"name\": @\"hub\"", Code::Conflict, "/routes/1/name");
    row("[\"local\"]", "[@\"ghost\"]", Code::BadValue, "/routes/0/authentication/issuers/0");
    const char* const places = "[\"subprotocol\", \"first_message\", { \"cookie\": \"c\" }, { \"query\": \"t\" }, "
                               "{ \"certificate\": \"san_dns\" }], \"first_message_within\": \"3s\"";
    row(places, "[@\"body\"]", Code::BadValue, "/routes/0/authentication/from/0");
    row(places, "[@7]", Code::WrongType, "/routes/0/authentication/from/0");
    row(places, "@[]", Code::Missing, "/routes/0/authentication/from");
    row(places, "[\"subprotocol\", @\"subprotocol\"]", Code::Conflict, "/routes/0/authentication/from/1");
    row(places, "[@{ \"cookie\": \"c\", \"query\": \"t\" }]", Code::Missing, "/routes/0/authentication/from/0");
    row(places, "[{ @\"body\": \"c\", \"cookie\": \"c\" }]", Code::UnknownKey, "/routes/0/authentication/from/0/body");
    row(places, "[{ \"cookie\": @\"a b\" }]", Code::BadValue, "/routes/0/authentication/from/0/cookie");
    row(places, "[{ \"certificate\": @\"dn\" }]", Code::BadValue, "/routes/0/authentication/from/0/certificate");
    row(places, "[\"subprotocol\"], \"first_message_within\": @\"3s\"", Code::Conflict,
        "/routes/0/authentication/first_message_within");
    row("\"3s\" },", "@\"1ms\" },", Code::BadValue, "/routes/0/authentication/first_message_within");
    row("\"client_ca\": \"clients.pem\", ", "", Code::Conflict, "/routes/0/authentication/from");
    row("\"name\": \"away\"", "\"name\": \"certificate\"", Code::Conflict, "/routes/0/authentication/from");
    row("\"none\", \"https://App.example\"", "@\"*\"", Code::Insecure, "/routes/0/origins/0");
    row("\"roles\": [\"reader\"]", "\"roles\": [@\"ghost\"]", Code::BadValue, "/routes/0/roles/0");
    row("\"roles\": [\"reader\"]", "\"roles\": [@\"anonymous\"]", Code::BadValue, "/routes/0/roles/0");
    row("[\"v1.plc\"]", "[@\"v1 plc\"]", Code::BadValue, "/routes/0/subprotocols/allow/0");
    row("[\"v1.plc\"]", "[@\"bearer.x\"]", Code::BadValue, "/routes/0/subprotocols/allow/0");
    row("\"require\": true", "\"require\": @1", Code::WrongType, "/routes/0/subprotocols/require");
    row("\"session_lifetime\": \"12h\"", "\"session_lifetime\": @\"0s\"", Code::BadValue, "/routes/0/session_lifetime");
    row("\"drop_newest\"", "@\"drop_oldest\"", Code::BadValue, "/routes/1/slow_consumer");
    row("\"drop\"", "@\"log\"", Code::BadValue, "/routes/0/messages/on_violation");
    row("\"plc.json\"", "@\"gone.json\"", Code::BadFile, "/routes/0/messages/schema");
    row("\"plc.json\"", "@{ \"client\": \"plc.json\" }", Code::Conflict, "/routes/0/messages/schema");
    row("\"bytes\": { \"count\": 4194304", "\"bytes\": @{ \"count\": 1000", Code::Conflict, "/routes/0/messages/bytes");
    row("\"bytes\": { \"count\": 4194304", "\"bytes\": @{ \"count\": 4096", Code::Conflict, "/routes/0/messages/bytes");
    row("\"away:\"", "@\"corp:a\"", Code::Conflict, "/issuers/2/user_prefix");
    row("\"client_ca\": \"clients.pem\",", "\"client_ca\": @\"gone.pem\",", Code::BadFile,
        "/listeners/0/tls/client_ca");
    row("\"https://App.example\"", "@\"app.example\"", Code::BadValue, "/routes/0/origins/1");
    row("\"https://App.example\"", "@7", Code::WrongType, "/routes/0/origins/1");
    row("[\"text\", \"binary\"]", "@[]", Code::Missing, "/routes/0/messages/types");
    row("[\"text\", \"binary\"]", "[@\"json\"]", Code::BadValue, "/routes/0/messages/types/0");
    row("\"max_size\": \"1KiB\"", "\"max_size\": @\"0B\"", Code::BadValue, "/routes/0/messages/max_size");
    row("\"on_excess\": \"close\"", "\"on_excess\": @\"ban\"", Code::BadValue, "/routes/0/messages/on_excess");
    row("\"timeout\": \"3s\"", "\"timeout\": @\"20s\"", Code::Conflict, "/routes/0/ping/timeout");
    row("\"send_buffer\": \"2MiB\"", "\"send_buffer\": @\"512B\"", Code::BadValue, "/routes/0/send_buffer");
    row("\"burst\": 7 }", "\"burst\": @0 }", Code::BadValue, "/routes/0/control_frames/burst");
    row("\"max_size\": \"1KiB\"", "\"max_size\": \"2MiB\"", Code::Conflict, "/routes/0/send_buffer");
    row("\"max_inflated\": \"5KiB\"", "\"max_inflated\": \"2MiB\"", Code::Conflict, "/routes/0/send_buffer");
    row("\"5KiB\"", "@\"0KiB\"", Code::BadValue, "/routes/0/compression/max_inflated");
    row("\"5KiB\"", "@\"2GiB\"", Code::BadValue, "/routes/0/compression/max_inflated");
    row("\"5KiB\"", "@5120", Code::WrongType, "/routes/0/compression/max_inflated");
    row("\"min_size\": \"200B\"", "\"min_size\": @\"0B\"", Code::BadValue, "/routes/0/compression/min_size");
    row("\"min_size\": \"200B\"", "\"min_size\": @\"5121B\"", Code::Conflict, "/routes/0/compression/min_size");
    row("\"min_size\"", "@\"level\"", Code::UnknownKey, "/routes/0/compression/level");
    row("{ \"max_inflated\": \"5KiB\", \"min_size\": \"200B\" }", "@\"on\"", Code::WrongType, "/routes/0/compression");
    row("{ \"max_inflated\": \"5KiB\", \"min_size\": \"200B\" }", "@true", Code::WrongType, "/routes/0/compression");
    row("[\"editor\"]", "[@\"ghost\"]", Code::BadValue, "/channels/0/publish/0");
    row("[\"editor\"]", "@\"editor\"", Code::WrongType, "/channels/0/publish");
    row("[\"editor\"]", "[\"editor\", @\"editor\"]", Code::Conflict, "/channels/0/publish/1");
    row("[\"ada\", \"corp:grace\"]", "[\"ada\", @\"ada\"]", Code::Conflict, "/lockdown/allow_users/1");
    row("[\"ada\", \"corp:grace\"]", "[@\"\"]", Code::BadValue, "/lockdown/allow_users/0");
    row("[\"192.0.2.0/24\"]", "[@\"lan\"]", Code::BadValue, "/lockdown/allow_networks/0");
    row("{ \"within\": \"15s\", \"spread\": \"5s\" }", "@\"off\"", Code::WrongType, "/drain");
    row("\"within\": \"15s\"", "\"within\": @\"off\"", Code::BadValue, "/drain/within");
    row("\"within\": \"15s\"", "\"within\": @\"500ms\"", Code::BadValue, "/drain/within");
    row("\"within\": \"15s\"", "\"within\": @\"61m\"", Code::BadValue, "/drain/within");
    row("\"spread\": \"5s\"", "\"spread\": @\"off\"", Code::BadValue, "/drain/spread");
    row("\"spread\": \"5s\"", "\"spread\": @\"16s\"", Code::Conflict, "/drain/spread");
}

void PolicyLoadTest::mistakes_are_named_with_place()
{
    QFETCH(QByteArray, from);
    QFETCH(QByteArray, to);
    QFETCH(Code, code);
    QFETCH(QByteArray, pointer);
    std::string text = replaced(complete, from.toStdString(), to.toStdString());
    const std::size_t mark = text.find('@');
    if (mark != std::string::npos)
        text.erase(mark, 1);
    const auto loaded = parse(text);
    QVERIFY(!loaded);
    for (const PolicyError& error : loaded.error())
        QVERIFY2(loaded.error().size() == 1, formatPolicyError(error, "f").c_str());
    const PolicyError& error = loaded.error().front();
    QVERIFY2(error.code == code, formatPolicyError(error, "f").c_str());
    QCOMPARE(error.pointer, pointer.toStdString());
    QVERIFY(!error.detail.empty());
    if (mark != std::string::npos)
        QCOMPARE(std::make_pair(error.line, error.column), lineAndColumn(text, mark));
}

void PolicyLoadTest::all_mistakes_come_at_once_in_order()
{
    std::string text = replaced(complete, "8443", "\"high\"");
    text = replaced(text, "\"sessions\": 7", "\"sesions\": 7");
    text = replaced(text, "\"editor\"]", "\"ghost\"]");
    text = replaced(text, "\"name\": \"Plant 3\"", "\"name\": 1, \"name\": 2, \"audit\": {}");
    const auto loaded = parse(text);
    QVERIFY(!loaded);
    std::vector<std::pair<Code, std::string>> met;
    for (const PolicyError& error : loaded.error())
        met.emplace_back(error.code, error.pointer);
    const std::vector<std::pair<Code, std::string>> expected{{Code::WrongType, "/name"},
                                                             {Code::DuplicateKey, "/name"},
                                                             {Code::NotBuiltYet, "/audit"},
                                                             {Code::WrongType, "/listeners/0/port"},
                                                             {Code::UnknownKey, "/limits/sesions"},
                                                             {Code::BadValue, "/channels/0/publish/0"}};
    QCOMPARE(met, expected);
}

void PolicyLoadTest::columns_count_code_points()
{
    const auto loaded = parse(replaced(complete, "\"Plant 3\",", "\"é…😀\", \"x\": 1,"));
    QCOMPARE(loaded.error().at(0).line, 2U);
    QCOMPARE(loaded.error().at(0).column, 34U);
}

void PolicyLoadTest::suggestions_name_the_nearest_key()
{
    const auto near = parse(replaced(complete, "\"listeners\"", "\"listener\""));
    QVERIFY(near.error().at(0).detail.find("\"listeners\"") != std::string::npos ||
            near.error().at(1).detail.find("\"listeners\"") != std::string::npos);
    const auto far = parse(replaced(complete, "\"workers\"", "\"zzzzzzz\""));
    QCOMPARE(far.error().at(0).detail, std::string("unknown key"));
}

void PolicyLoadTest::keys_of_parts_not_built_are_errors_data()
{
    QTest::addColumn<QByteArray>("object");
    QTest::addColumn<QByteArray>("key");
    const auto rows = [](const char* object, const char* keys) {
        for (const QByteArray& key : QByteArray(keys).split(' '))
            QTest::newRow((QByteArray(object) + "/" + key).constData()) << QByteArray(object) << key;
    };
    rows("", "audit recorder alerts");
    rows("/limits", "memory_for_buffers");
}

void PolicyLoadTest::keys_of_parts_not_built_are_errors()
{
    QFETCH(QByteArray, object);
    QFETCH(QByteArray, key);
    Json document = Json::parse(complete);
    document[Json::json_pointer(object.toStdString())][key.toStdString()] = Json::object();
    const auto loaded = parse(document.dump());
    QVERIFY(!loaded);
    QCOMPARE(loaded.error().size(), std::size_t(1));
    QCOMPARE(loaded.error()[0].code, Code::NotBuiltYet);
    QCOMPARE(loaded.error()[0].pointer, (object + "/" + key).toStdString());
}

void PolicyLoadTest::every_key_matters()
{
    const Json document = Json::parse(complete);
    std::vector<Json::json_pointer> members;
    collectMembers(document, Json::json_pointer(), members);
    QVERIFY(members.size() > 80);
    for (const auto& pointer : members) {
        const std::string name = pointer.to_string();
        if (pointer.back() == "note" || pointer.parent_pointer().to_string() == "/roles")
            continue;
        Json renamed = document;
        renamed[pointer.parent_pointer()][pointer.back() + "zzz"] = renamed[pointer];
        const auto unknown = parse(renamed.dump());
        QVERIFY2(!unknown, name.c_str());
        QCOMPARE(unknown.error().front().code, Code::UnknownKey);
        QCOMPARE(unknown.error().front().pointer, name + "zzz");
        Json wrong = document;
        wrong[pointer] = Json::array({Json::array({-1.5})});
        const auto refused = parse(wrong.dump());
        QVERIFY2(!refused, name.c_str());
        QVERIFY2(std::any_of(refused.error().begin(), refused.error().end(),
                             [&](const PolicyError& e) { return e.pointer.starts_with(name); }),
                 name.c_str());
        Json absent = document;
        absent[pointer] = nullptr;
        const auto defaulted = parse(absent.dump());
        if (!defaulted)
            QVERIFY2(!defaulted.error().front().detail.empty(), name.c_str());
    }
}

void PolicyLoadTest::api_keys_have_names_and_digests()
{
    const auto loaded = parse(complete);
    QVERIFY(loaded);
    const Policy& p = loaded->policy;
    QCOMPARE(p.listeners.at(0).kind, ListenerKind::Public);
    QCOMPARE(p.listeners.at(2).kind, ListenerKind::Admin);
    QCOMPARE(p.controlGroup, std::optional(ControlGroup{"root", ApiRole::Viewer}));
    QCOMPARE(p.apiKeys.size(), std::size_t(2));
    QCOMPARE(p.apiKeys[0].id, std::string("k1"));
    QCOMPARE(p.apiKeys[0].name, std::string("backend"));
    QCOMPARE(p.apiKeys[0].role, ApiRole::Publisher);
    QCOMPARE(p.apiKeys[0].channels, std::vector<std::string>{"news.*"});
    QCOMPARE(p.apiKeys[0].sha256[0], std::byte(0x9f));
    QCOMPARE(p.apiKeys[1].name, std::string("on.call_2-B"));
    QCOMPARE(p.apiKeys[1].role, ApiRole::Operator);
    QCOMPARE(p.apiKeys[1].sha256[31], std::byte(0xae));
}

void PolicyLoadTest::keys_and_admin_listeners_need_each_other()
{
    Json document = Json::parse(complete);
    document.erase("api_keys");
    const auto listenerAlone = parse(document.dump());
    QVERIFY(listenerAlone);
    const auto warned = [](const auto& loaded, const char* pointer) {
        return std::ranges::any_of(loaded->warnings, [&](const PolicyError& one) { return one.pointer == pointer; });
    };
    QVERIFY(warned(listenerAlone, "/listeners"));
    document = Json::parse(complete);
    document["listeners"].erase(2);
    const auto keysAlone = parse(document.dump());
    QVERIFY(keysAlone);
    QVERIFY(warned(keysAlone, "/api_keys"));
    document = Json::parse(complete);
    document["listeners"].erase(0);
    document["listeners"].erase(0);
    const auto nobody = parse(document.dump());
    QVERIFY(!nobody);
    QVERIFY(std::ranges::any_of(nobody.error(), [](const PolicyError& error) {
        return error.code == Code::Missing && error.pointer == "/listeners";
    }));
}

void PolicyLoadTest::a_drain_is_spread_within_its_time()
{
    const auto with = [&](const std::string& value) {
        return parse(replaced(complete, "{ \"within\": \"15s\", \"spread\": \"5s\" }", value));
    };
    QCOMPARE(with("null")->policy.drain, (DrainTimes{20s, 10s}));
    QCOMPARE(with("{ \"within\": \"1h\" }")->policy.drain, (DrainTimes{1h, 10s}));
    QCOMPARE(with("{ \"within\": \"4s\" }")->policy.drain, (DrainTimes{4s, 4s}));
    QCOMPARE(with("{ \"within\": \"4s\", \"spread\": \"4s\" }")->policy.drain, (DrainTimes{4s, 4s}));
    QCOMPARE(with("{ \"within\": \"1s\", \"spread\": \"0s\" }")->policy.drain, (DrainTimes{1s, 0s}));
}

void PolicyLoadTest::errors_read_well()
{
    const auto loaded = parse(replaced(complete, "\"count\": 8", "\"count\": \"fast\""));
    QCOMPARE(formatPolicyError(loaded.error().at(0), "gatehouse.json"),
             std::string("gatehouse.json:31:40: /routes/0/messages/rate/count: expected a whole number from 1 to "
                         "1000000000000, found \"fast\""));
    QCOMPARE(formatPolicyError({Code::Unreadable, {}, 0, 0, "No such file"}, "x"), std::string("x: No such file"));
}

QTEST_GUILESS_MAIN(PolicyLoadTest)
#include "policyloadtest.moc"
