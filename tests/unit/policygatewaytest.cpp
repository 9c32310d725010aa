// SPDX-License-Identifier: GPL-3.0-or-later
// Routes to an application behind the gate, as a document writes them.
#include "completepolicy.h"
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

Q_DECLARE_METATYPE(gatehouse::PolicyErrorCode)

namespace {

Json base()
{
    return Json::parse(complete);
}

/// With `value` at a pointer below the gateway's route.
Json with(const std::string& pointer, const Json& value)
{
    Json document = base();
    document[Json::json_pointer("/routes/2" + pointer)] = value;
    return document;
}

} // namespace

class PolicyGatewayTest : public QObject, private PolicyFolder {
    Q_OBJECT
private Q_SLOTS:
    void init() { renew(); }
    void a_gateway_needs_upstreams_alone();
    void off_and_explicit_values_hold_against_the_defaults_of_gateways();
    void mistakes_are_named_with_place_data();
    void mistakes_are_named_with_place();
    void a_route_is_either_a_hub_or_a_gateway();
    void an_unknown_header_is_told_which_there_are();
    void a_user_in_an_upstreams_url_is_not_repeated();
    void upstreams_are_64_at_most();
    void every_upstream_in_the_clear_elsewhere_is_warned_about();
    void an_upstream_that_is_the_gate_itself_is_told_data();
    void an_upstream_that_is_the_gate_itself_is_told();
    void files_are_checked_data();
    void files_are_checked();
    void a_header_of_authorization_needs_no_name();
    void what_a_header_file_holds_is_never_shown_data();
    void what_a_header_file_holds_is_never_shown();
    void policies_differ_where_the_header_does();
    void the_canonical_form_orders_the_keys();
    void a_difference_names_the_upstream_by_its_url();
};

void PolicyGatewayTest::a_gateway_needs_upstreams_alone()
{
    Json document = base();
    document["routes"][2] = {{"name", "app"}, {"path", "/app"}, {"gateway", {{"upstreams", {"ws://127.0.0.1:3000"}}}}};
    const auto loaded = parse(document.dump());
    if (!loaded)
        QFAIL(formatPolicyError(loaded.error().front(), "f").c_str());
    const Route& route = loaded->policy.routes.at(2);
    Route expected;
    expected.name = "app";
    expected.path = "/app";
    expected.kind = RouteKind::Gateway;
    expected.gateway = Gateway{{{"ws://127.0.0.1:3000", false, "127.0.0.1", 3000, "/"}}};
    expected.messages.onExcess = OnExcess::Throttle;
    expected.idleTimeout = 5min;
    QCOMPARE(route, expected);
    const Gateway& gateway = *route.gateway;
    QCOMPARE(gateway.balance, Balance::RoundRobin);
    QVERIFY(gateway.ca.empty() && gateway.authHeaderFile.empty());
    QCOMPARE(gateway.connectTimeout, 3000ms);
    QCOMPARE(gateway.healthEvery, std::optional(10000ms));
    QVERIFY(gateway.stripPrefix && gateway.forwardQuery);
    QCOMPARE(gateway.forward,
             (std::vector{ForwardedHeader::XForwardedFor, ForwardedHeader::User, ForwardedHeader::Roles}));
    QCOMPARE(gateway.drop, (std::vector<std::string>{"Authorization", "Cookie"}));
    QVERIFY(std::none_of(loaded->warnings.begin(), loaded->warnings.end(),
                         [](const PolicyError& warning) { return warning.pointer.starts_with("/routes/2"); }));
    // The keys that stand with null mean the same.
    for (const char* key : {"balance", "ca", "auth_header_file", "connect_timeout", "health", "strip_prefix",
                            "forward_query", "forward", "drop", "note"})
        document["routes"][2]["gateway"][key] = nullptr;
    document["routes"][2]["hub"] = nullptr;
    document["routes"][2]["messages"] = {{"schema", nullptr}, {"on_excess", nullptr}};
    document["routes"][2]["idle_timeout"] = nullptr;
    QCOMPARE(parse(document.dump())->policy.routes.at(2), expected);
    document["routes"][2]["messages"]["schema"] = {{"client", nullptr}, {"upstream", nullptr}};
    document["routes"][2]["gateway"]["health"] = Json::object();
    QCOMPARE(parse(document.dump())->policy.routes.at(2), expected);
}

void PolicyGatewayTest::off_and_explicit_values_hold_against_the_defaults_of_gateways()
{
    Json document = with("/gateway/health", "off");
    document["routes"][2]["idle_timeout"] = "off";
    document["routes"][2]["gateway"]["forward"] = Json::array();
    document["routes"][2]["gateway"]["drop"] = Json::array();
    for (const auto& [word, conduct] : {std::pair{"close", OnExcess::Close}, std::pair{"drop", OnExcess::Drop},
                                        std::pair{"throttle", OnExcess::Throttle}}) {
        document["routes"][2]["messages"]["on_excess"] = word;
        const auto loaded = parse(document.dump());
        QVERIFY(loaded);
        const Route& route = loaded->policy.routes.at(2);
        QCOMPARE(route.messages.onExcess, conduct);
        QVERIFY(!route.idleTimeout && !route.gateway->healthEvery);
        QVERIFY(route.gateway->forward.empty() && route.gateway->drop.empty());
    }
    document["routes"][2]["idle_timeout"] = "1h";
    QCOMPARE(parse(document.dump())->policy.routes.at(2).idleTimeout, OptionalDuration(1h));
    // A hub's own defaults stay.
    document["routes"][0]["messages"].erase("on_excess");
    document["routes"][0].erase("idle_timeout");
    const auto loaded = parse(document.dump());
    QCOMPARE(loaded->policy.routes.at(0).messages.onExcess, OnExcess::Close);
    QVERIFY(!loaded->policy.routes.at(0).idleTimeout);
}

void PolicyGatewayTest::mistakes_are_named_with_place_data()
{
    QTest::addColumn<QByteArray>("at"); // below the gateway's route
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<Code>("code");
    QTest::addColumn<QByteArray>("pointer");
    const auto row = [](const char* at, const QByteArray& value, Code code, const char* pointer) {
        QTest::newRow((QByteArray(at) + " = " + value.left(60)).constData())
            << QByteArray(at) << value << code << QByteArray(pointer);
    };
    const auto here = [&](const char* at, const QByteArray& value, Code code) { row(at, value, code, at); };
    here("/gateway", "7", Code::WrongType);
    here("/gateway", "\"ws://127.0.0.1\"", Code::WrongType);
    row("/gateway", "{}", Code::Missing, "/gateway/upstreams");
    row("/gateway", "{\"upstreams\":[\"wss://h\"],\"upstream\":1}", Code::UnknownKey, "/gateway/upstream");
    here("/gateway/upstreams", "\"wss://h\"", Code::WrongType);
    here("/gateway/upstreams", "[]", Code::Missing);
    row("/gateway/upstreams", "[7]", Code::WrongType, "/gateway/upstreams/0");
    row("/gateway/upstreams", "[\"wss://h\", null]", Code::WrongType, "/gateway/upstreams/1");
    row("/gateway/upstreams", "[\"wss://h\", \"\"]", Code::BadValue, "/gateway/upstreams/1");
    row("/gateway/upstreams", "[\"wss://h\", \"WSS://H:443/\"]", Code::Conflict, "/gateway/upstreams/1");
    row("/gateway/upstreams", "[\"wss://h\", \"ws://a@b\"]", Code::BadValue, "/gateway/upstreams/1");
    row("/gateway/upstreams", "[\"wss://h\", \"ws://h/?x\"]", Code::BadValue, "/gateway/upstreams/1");
    row("/gateway/upstreams", "[\"wss://h\", \"ws://h/#x\"]", Code::BadValue, "/gateway/upstreams/1");
    row("/gateway/upstreams", "[\"wss://h\", \"http://h/\"]", Code::BadValue, "/gateway/upstreams/1");
    row("/gateway/upstreams", "[\"wss://h\", \"ws://h:0/\"]", Code::BadValue, "/gateway/upstreams/1");
    row("/gateway/upstreams", "[\"ws://\xc3\xa9\"]", Code::BadValue, "/gateway/upstreams/0");
    row("/gateway/upstreams", "[\"ws://a\\u0000b\"]", Code::BadValue, "/gateway/upstreams/0");
    row("/gateway/upstreams", "[\"ws://127.0.0.1\"]", Code::Conflict, "/gateway/ca");
    here("/gateway/balance", "\"random\"", Code::BadValue);
    here("/gateway/balance", "7", Code::WrongType);
    here("/gateway/ca", "\"gone.pem\"", Code::BadFile);
    here("/gateway/ca", "\"clients.pem\"", Code::BadFile);
    here("/gateway/ca", "\".\"", Code::BadFile);
    here("/gateway/ca", "false", Code::WrongType);
    here("/gateway/auth_header_file", "\"gone.header\"", Code::BadFile);
    here("/gateway/auth_header_file", "\"clients.pem\"", Code::Insecure);
    here("/gateway/auth_header_file", "[]", Code::WrongType);
    here("/gateway/connect_timeout", "\"99ms\"", Code::BadValue);
    here("/gateway/connect_timeout", "\"61s\"", Code::BadValue);
    here("/gateway/connect_timeout", "\"off\"", Code::BadValue);
    here("/gateway/connect_timeout", "3", Code::WrongType);
    here("/gateway/health", "\"on\"", Code::WrongType);
    here("/gateway/health", "true", Code::WrongType);
    row("/gateway/health", "{\"kind\":\"http\"}", Code::BadValue, "/gateway/health/kind");
    row("/gateway/health", "{\"path\":\"/\"}", Code::UnknownKey, "/gateway/health/path");
    row("/gateway/health", "{\"every\":\"999ms\"}", Code::BadValue, "/gateway/health/every");
    row("/gateway/health", "{\"every\":\"61m\"}", Code::BadValue, "/gateway/health/every");
    row("/gateway/health", "{\"every\":\"off\"}", Code::BadValue, "/gateway/health/every");
    here("/gateway/strip_prefix", "\"yes\"", Code::WrongType);
    here("/gateway/forward_query", "1", Code::WrongType);
    here("/gateway/forward", "\"Forwarded\"", Code::WrongType);
    row("/gateway/forward", "[\"X-Real-IP\"]", Code::BadValue, "/gateway/forward/0");
    row("/gateway/forward", "[\"Forwarded\", \"Authorization\"]", Code::BadValue, "/gateway/forward/1");
    row("/gateway/forward", "[\"Forwarded\", \"FORWARDED\"]", Code::Conflict, "/gateway/forward/1");
    row("/gateway/forward", "[{}]", Code::WrongType, "/gateway/forward/0");
    here("/gateway/drop", "\"Cookie\"", Code::WrongType);
    row("/gateway/drop", "[\"a b\"]", Code::BadValue, "/gateway/drop/0");
    row("/gateway/drop", "[\"a:\"]", Code::BadValue, "/gateway/drop/0");
    row("/gateway/drop", "[\"caf\xc3\xa9\"]", Code::BadValue, "/gateway/drop/0");
    row("/gateway/drop", "[\"Cookie\", \"cookie\"]", Code::Conflict, "/gateway/drop/1");
    for (const char* name : {"Upgrade", "connection", "HOST", "Sec-WebSocket-Protocol", "sec-websocket-key"})
        row("/gateway/drop", "[\"A\", \"" + QByteArray(name) + "\"]", Code::Conflict, "/gateway/drop/1");
    here("/path", "\"/plc/{channel}\"", Code::BadValue);
    here("/path", "\"/plc/{channel}/*\"", Code::BadValue);
    row("/authentication", "{\"from\":[\"first_message\"]}", Code::Conflict, "/authentication/from");
    row("/authentication", "{\"from\":[\"first_message\"],\"required\":false}", Code::Conflict, "/authentication/from");
    here("/messages/schema", "\"command.json\"", Code::Conflict);
    here("/messages/schema", "7", Code::WrongType);
    here("/messages/schema", "[\"command.json\"]", Code::WrongType);
    row("/messages/schema", "{\"server\":\"command.json\"}", Code::UnknownKey, "/messages/schema/server");
    here("/messages/schema/client", "\"gone.json\"", Code::BadFile);
    here("/messages/schema/upstream", "\"gone.json\"", Code::BadFile);
    here("/messages/schema/client", "{}", Code::WrongType);
    here("/messages/schema/upstream", "{}", Code::WrongType);
    here("/messages/on_excess", "\"hold\"", Code::BadValue);
    here("/idle_timeout", "\"0s\"", Code::BadValue);
}

void PolicyGatewayTest::mistakes_are_named_with_place()
{
    QFETCH(QByteArray, at);
    QFETCH(QByteArray, value);
    QFETCH(Code, code);
    QFETCH(QByteArray, pointer);
    const auto loaded = parse(with(at.toStdString(), Json::parse(value.toStdString())).dump());
    QVERIFY(!loaded);
    for (const PolicyError& error : loaded.error())
        QVERIFY2(loaded.error().size() == 1, formatPolicyError(error, "f").c_str());
    const PolicyError& error = loaded.error().front();
    QVERIFY2(error.code == code, formatPolicyError(error, "f").c_str());
    QCOMPARE(error.pointer, "/routes/2" + pointer.toStdString());
    QVERIFY(!error.detail.empty());
}

void PolicyGatewayTest::a_route_is_either_a_hub_or_a_gateway()
{
    const auto first = [&](const Json& route) {
        Json document = base();
        document["routes"][2] = route;
        const auto loaded = parse(document.dump());
        return loaded ? PolicyError{} : loaded.error().front();
    };
    const Json echo{{"protocol", "echo"}};
    const Json gateway{{"upstreams", {"ws://127.0.0.1"}}};
    const Json both{{"name", "a"}, {"path", "/a"}, {"hub", echo}, {"gateway", gateway}};
    QVERIFY(first(both).code == Code::Conflict);
    QCOMPARE(first(both).pointer, std::string("/routes/2/gateway"));
    const Json neither{{"name", "a"}, {"path", "/a/{channel}"}, {"hub", nullptr}, {"gateway", nullptr}};
    QVERIFY(first(neither).code == Code::Missing);
    QCOMPARE(first(neither).pointer, std::string("/routes/2"));
    QVERIFY(first({{"name", "a"}, {"path", "/a"}, {"gateway", gateway}}).detail.empty());
    QVERIFY(first({{"name", "a"}, {"path", "/a"}, {"hub", echo}}).detail.empty());
}

void PolicyGatewayTest::an_unknown_header_is_told_which_there_are()
{
    const auto loaded = parse(with("/gateway/forward", {"X-Real-IP"}).dump());
    QVERIFY(!loaded);
    for (std::size_t i = 0; i < forwardedHeaderCount; ++i)
        QVERIFY(loaded.error()[0].detail.find(forwardedHeaderName(static_cast<ForwardedHeader>(i))) !=
                std::string::npos);
}

void PolicyGatewayTest::a_user_in_an_upstreams_url_is_not_repeated()
{
    const auto loaded = parse(with("/gateway/upstreams", {"wss://h", "wss://ann:hunter2@h/"}).dump());
    QVERIFY(!loaded);
    QVERIFY(loaded.error()[0].detail.find("hunter2") == std::string::npos);
    QVERIFY(loaded.error()[0].detail.find("auth_header_file") != std::string::npos);
}

void PolicyGatewayTest::upstreams_are_64_at_most()
{
    Json list = Json::array();
    for (int i = 0; i < 64; ++i)
        list.push_back("wss://h" + std::to_string(i));
    QCOMPARE(parse(with("/gateway/upstreams", list).dump())->policy.routes[2].gateway->upstreams.size(),
             std::size_t(64));
    for (int i = 64; i < 5000; ++i) // each wrong: what is over the limit is not looked at
        list.push_back("h");
    const auto loaded = parse(with("/gateway/upstreams", list).dump());
    QVERIFY(!loaded);
    QCOMPARE(loaded.error().size(), std::size_t(1));
    QCOMPARE(loaded.error()[0].pointer, std::string("/routes/2/gateway/upstreams"));
    Json names = Json::array();
    for (int i = 0; i < 65; ++i)
        names.push_back("X-" + std::to_string(i));
    QCOMPARE(parse(with("/gateway/drop", names).dump()).error()[0].pointer, std::string("/routes/2/gateway/drop"));
    names.erase(0);
    QVERIFY(parse(with("/gateway/drop", names).dump()));
}

void PolicyGatewayTest::every_upstream_in_the_clear_elsewhere_is_warned_about()
{
    const Json list{"wss://203.0.113.1", "ws://203.0.113.2", "ws://10.0.0.1", "ws://localhost", "ws://[2001:db8::1]"};
    const auto loaded = parse(with("/gateway/upstreams", list).dump());
    QVERIFY(loaded);
    std::vector<std::string> met;
    for (const PolicyError& warning : loaded->warnings)
        if (warning.pointer.starts_with("/routes/2")) {
            QCOMPARE(warning.code, Code::Insecure);
            met.push_back(warning.pointer);
        }
    QCOMPARE(met, (std::vector<std::string>{"/routes/2/gateway/upstreams/1", "/routes/2/gateway/upstreams/4"}));
}

void PolicyGatewayTest::an_upstream_that_is_the_gate_itself_is_told_data()
{
    QTest::addColumn<QByteArray>("address");
    QTest::addColumn<int>("port");
    QTest::addColumn<QByteArray>("said"); // "error", "warning" or nothing
    const auto row = [](const char* address, const char* url, const char* said, int port = 7000) {
        QTest::newRow((QByteArray(address) + ' ' + QByteArray::number(port) + " <- " + url).constData())
            << QByteArray(address) << port << QByteArray(said);
    };
    row("127.0.0.1", "ws://127.0.0.1:7000", "error");
    row("127.0.0.1", "wss://127.0.0.1:7000/other/path", "error");
    row("127.0.0.1", "ws://[::ffff:127.0.0.1]:7000", "error");
    row("127.0.0.1", "ws://127.0.0.2:7000", "");
    row("127.0.0.1", "ws://[::1]:7000", "");
    row("127.0.0.1", "ws://localhost:7000", "warning");
    row("127.0.0.1", "ws://app.LOCALHOST:7000", "warning");
    row("127.0.0.1", "ws://notlocalhost:7000", "");
    row("127.0.0.1", "ws://127.0.0.1:7001", "");
    row("127.0.0.1", "ws://127.0.0.1", "error", 80); // the scheme's own port
    row("127.0.0.1", "wss://127.0.0.1", "error", 443);
    row("127.0.0.1", "ws://127.0.0.1:7000", "", 0); // a port that only the system knows
    row("0.0.0.0", "ws://127.0.0.1:7000", "error");
    row("0.0.0.0", "ws://127.9.9.9:7000", "error");
    row("0.0.0.0", "ws://[::1]:7000", "");
    row("0.0.0.0", "ws://10.0.0.1:7000", ""); // it may be another machine
    row("0.0.0.0", "ws://localhost:7000", "warning");
    row("0.0.0.0", "ws://gate.EXAMPLE:7000", "warning");
    row("0.0.0.0", "ws://app.example:7000", "");
    row("10.0.0.1", "ws://10.0.0.1:7000", "error");
    row("10.0.0.1", "ws://127.0.0.1:7000", "");
    row("10.0.0.1", "ws://localhost:7000", "");
    row("10.0.0.1", "wss://gate.example:7000", "warning");
    row("10.0.0.1", "wss://gate.example", "");
    row("::", "ws://[::1]:7000", "error");
    row("::", "ws://127.0.0.1:7000", "warning"); // as the system has it
    row("::", "ws://localhost:7000", "warning");
    row("::1", "ws://[0:0::1]:7000", "error");
    row("::1", "ws://127.0.0.1:7000", "");
}

void PolicyGatewayTest::an_upstream_that_is_the_gate_itself_is_told()
{
    QFETCH(QByteArray, address);
    QFETCH(int, port);
    QFETCH(QByteArray, said);
    const QByteArray tag(QTest::currentDataTag());
    const std::string url = tag.mid(tag.indexOf("<- ") + 3).toStdString();
    Json document = with("/gateway/upstreams", {"wss://PLC.example/app", url});
    Json& listener = document["listeners"][0];
    listener["address"] = address.toStdString();
    listener["port"] = port;
    const auto loaded = parse(document.dump());
    QCOMPARE(bool(loaded), said != "error");
    std::vector<PolicyError> told = loaded ? loaded->warnings : loaded.error();
    std::erase_if(told, [](const PolicyError& one) { return one.detail.find("own listener") == std::string::npos; });
    QCOMPARE(told.size(), std::size_t(said.isEmpty() ? 0 : 1));
    for (const PolicyError& one : told) {
        QCOMPARE(one.code, Code::Conflict);
        QCOMPARE(one.pointer, std::string("/routes/2/gateway/upstreams/1"));
        QVERIFY(one.line > 0);
        QVERIFY(one.detail.find("\"public\"") != std::string::npos);
    }
}

void PolicyGatewayTest::files_are_checked_data()
{
    QTest::addColumn<QByteArray>("file");
    QTest::addColumn<int>("mode"); // -1: the file is removed
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<Code>("code"); // Syntax: none
    QTest::addColumn<QByteArray>("key");
    const auto row = [](const char* title, const char* file, int mode, const QByteArray& bytes, Code code,
                        const char* key) {
        QTest::newRow(title) << QByteArray(file) << mode << bytes << code << QByteArray(key);
    };
    const char* const header = "upstream.header";
    const char* const headerKey = "auth_header_file";
    row("header for all", header, 0644, "SSS", Code::Insecure, headerKey);
    row("header for a writing group", header, 0660, "SSS", Code::Insecure, headerKey);
    row("header for its owner", header, 0400, "SSS", Code::Syntax, headerKey);
    row("header for a group", header, 0640, "SSS", Code::Syntax, headerKey);
    row("header gone", header, -1, {}, Code::BadFile, headerKey);
    row("header of nothing", header, 0600, {}, Code::BadFile, headerKey);
    row("header of two lines", header, 0600, "SSS\nSSS", Code::BadFile, headerKey);
    row("header that the gate makes", header, 0600, "Host: SSS", Code::BadFile, headerKey);
    row("header without a value", header, 0600, "SSS: ", Code::BadFile, headerKey);
    row("header too long", header, 0600, QByteArray(1 << 21, 'S'), Code::BadFile, headerKey);
    row("authorities gone", "upstreams.pem", -1, {}, Code::BadFile, "ca");
    row("authorities empty", "upstreams.pem", 0644, {}, Code::BadFile, "ca");
    row("authorities that are a key", "upstreams.pem", 0644,
        "-----BEGIN PRIVATE KEY-----\nSSS\n-----END PRIVATE KEY-----\n", Code::BadFile, "ca");
    row("authorities cut off", "upstreams.pem", 0644, "-----BEGIN CERTIFICATE-----\nSSS\n", Code::BadFile, "ca");
    row("authorities backwards", "upstreams.pem", 0644, "-----END CERTIFICATE-----\nSSS\n-----BEGIN CERTIFICATE-----\n",
        Code::BadFile, "ca");
    row("authorities too many", "upstreams.pem", 0644, QByteArray(1 << 21, 'S'), Code::BadFile, "ca");
}

void PolicyGatewayTest::files_are_checked()
{
    QFETCH(QByteArray, file);
    QFETCH(int, mode);
    QFETCH(QByteArray, bytes);
    QFETCH(Code, code);
    QFETCH(QByteArray, key);
    if (mode < 0)
        std::filesystem::remove(path(file.constData()));
    else
        write(file.constData(), bytes.toStdString(), mode);
    const auto loaded = parse(complete);
    QCOMPARE(bool(loaded), code == Code::Syntax);
    if (loaded)
        return;
    QCOMPARE(loaded.error().size(), std::size_t(1));
    QCOMPARE(loaded.error()[0].code, code);
    QCOMPARE(loaded.error()[0].pointer, "/routes/2/gateway/" + key.toStdString());
    QVERIFY(loaded.error()[0].detail.find("SSS") == std::string::npos);
    QVERIFY(loaded.error()[0].detail.find(file.toStdString()) != std::string::npos);
}

void PolicyGatewayTest::a_header_of_authorization_needs_no_name()
{
    write("upstream.header", "Bearer abc\n", 0600);
    const auto loaded = parse(complete);
    QVERIFY(loaded);
    QCOMPARE(loaded->policy.routes[2].gateway->authHeaderName, std::string("Authorization"));
    QCOMPARE(loaded->policy.routes[2].gateway->authHeaderValue, std::string("Bearer abc"));
}

void PolicyGatewayTest::what_a_header_file_holds_is_never_shown_data()
{
    QTest::addColumn<QByteArray>("bytes");
    for (const char* bytes : {"hunter2\n", "X-Key: hunter2\n", "hunter2: x", "Host: hunter2", "hunter2\thunter2",
                              "hunter2\nhunter2", "hunter2:", "Sec-WebSocket-hunter2: 1"})
        QTest::newRow(QByteArray(bytes).simplified().constData()) << QByteArray(bytes);
}

void PolicyGatewayTest::what_a_header_file_holds_is_never_shown()
{
    QFETCH(QByteArray, bytes);
    write("upstream.header", bytes.toStdString(), 0600);
    const auto loaded = parse(complete);
    std::string shown = *canonicalDocument(complete);
    for (const PolicyError& said : loaded ? loaded->warnings : loaded.error())
        shown += formatPolicyError(said, "f");
    for (const PolicyChange& change : policyChanges(complete, with("/gateway/auth_header_file", "other").dump()))
        shown += change.name + change.before + change.after;
    QVERIFY(shown.find("upstream.header") != std::string::npos);
    QVERIFY(shown.find("hunter2") == std::string::npos);
}

/// What a reload compares: a new secret in the same file is another policy.
void PolicyGatewayTest::policies_differ_where_the_header_does()
{
    const auto before = parse(complete);
    QVERIFY(before && parse(complete)->policy == before->policy);
    write("upstream.header", "X-Key: another", 0600);
    QVERIFY(!(parse(complete)->policy == before->policy));
}

void PolicyGatewayTest::the_canonical_form_orders_the_keys()
{
    Json document = base();
    document["routes"] = Json::parse("[{\"messages\":{\"schema\":{\"upstream\":null,\"client\":\"c\",\"note\":\"n\"}},"
                                     "\"gateway\":{\"drop\":[],\"health\":{\"every\":\"5s\",\"kind\":\"tcp\"},"
                                     "\"upstreams\":[\"wss://h\"],\"forward\":[],\"ca\":null,\"balance\":null},"
                                     "\"path\":\"/\",\"name\":\"a\"}]");
    const auto canonical = canonicalDocument(document.dump());
    QVERIFY(canonical);
    const Json route = Json::parse(*canonical)["routes"][0];
    QCOMPARE(route.dump(),
             std::string("{\"name\":\"a\",\"path\":\"/\",\"gateway\":{\"upstreams\":[\"wss://h\"],\"balance\":null,"
                         "\"ca\":null,\"health\":{\"kind\":\"tcp\",\"every\":\"5s\"},\"forward\":[],\"drop\":[]},"
                         "\"messages\":{\"schema\":{\"note\":\"n\",\"client\":\"c\",\"upstream\":null}}}"));
}

void PolicyGatewayTest::a_difference_names_the_upstream_by_its_url()
{
    using Kind = PolicyChange::Kind;
    const auto changes = [](const Json& after) { return policyChanges(complete, after.dump()); };
    const std::string upstreams = "plc › gateway › upstreams";
    QCOMPARE(changes(with("/gateway/upstreams", {"wss://PLC.example/app", "ws://10.0.0.1/"})),
             (std::vector<PolicyChange>{
                 {Kind::Removed, "/routes/2/gateway/upstreams/0", upstreams, "ws://127.0.0.1:1880", {}},
                 {Kind::Added, "/routes/2/gateway/upstreams/1", upstreams, {}, "ws://10.0.0.1/"}}));
    const auto one = [&](const char* at, const Json& value) {
        const auto all = changes(with(at, value));
        return all.size() == 1 ? all[0] : PolicyChange{};
    };
    QCOMPARE(one("/gateway/health", "off"),
             (PolicyChange{Kind::Changed, "/routes/2/gateway/health", "plc › gateway › health",
                           "{ \"kind\": \"tcp\", \"every\": \"31s\" }", "off"}));
    QCOMPARE(one("/gateway/health/every", "5s"), (PolicyChange{Kind::Changed, "/routes/2/gateway/health/every",
                                                               "plc › gateway › health › every", "31s", "5s"}));
    QCOMPARE(one("/messages/schema/upstream", nullptr),
             (PolicyChange{Kind::Changed, "/routes/2/messages/schema/upstream", "plc › messages › schema › upstream",
                           "state.json", "null"}));
    QCOMPARE(one("/messages/schema", "command.json"),
             (PolicyChange{Kind::Changed, "/routes/2/messages/schema", "plc › messages › schema",
                           "{ \"client\": \"command.json\", \"upstream\": \"state.json\" }", "command.json"}));
}

QTEST_GUILESS_MAIN(PolicyGatewayTest)
#include "policygatewaytest.moc"
