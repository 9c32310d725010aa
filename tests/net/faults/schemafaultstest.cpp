// SPDX-License-Identifier: GPL-3.0-or-later
#include "trace.h"

#include <QElapsedTimer>
#include <QTest>

#include <fstream>

using namespace gatehouse;
using namespace gatehouse::test;
using wire::Opcode;

namespace {

constexpr const char* commandSchema =
    R"({"type":"object","required":["cmd"],"additionalProperties":false,
        "properties":{"cmd":{"enum":["start","stop"]},"note":{"type":"string","maxLength":20}}})";
const std::string good = R"({"cmd":"start"})";

/// A gate whose route `/hub/{channel}` asks for a schema.
struct SchemaGate {
    explicit SchemaGate(const char* schema = commandSchema, const TestServer::Edit& more = {})
    {
        const std::string file = write("command.json", schema);
        server = std::make_unique<TestServer>([&](nlohmann::json& policy) {
            policy["routes"][0]["messages"]["schema"] = file;
            if (more)
                more(policy);
        });
    }
    [[nodiscard]] std::string write(const char* name, const char* text) const
    {
        const std::string file = folder.filePath(QString::fromLatin1(name)).toStdString();
        std::ofstream(file) << text;
        return file;
    }
    QTemporaryDir folder;
    std::unique_ptr<TestServer> server;
};

std::string repeated(std::string_view text, std::size_t count)
{
    std::string result;
    for (std::size_t i = 0; i < count; ++i)
        result += text;
    return result;
}

/// The refusals of one address, newest first.
std::vector<AuditRecord> limitRecords(const TestServer& server, const FaultTrace& trace)
{
    AuditQuery query;
    query.address = trace.address();
    query.kind = AuditKind::Limit;
    return server.audit(std::move(query));
}

} // namespace

/// Messages that are no JSON, or not what a schema asks for.
class SchemaFaultsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void bad_messages_are_refused_and_the_third_ends_the_session_data();
    void bad_messages_are_refused_and_the_third_ends_the_session();
    void a_refusal_names_the_keyword_and_repeats_nothing_of_the_message();
    void drop_refuses_without_a_word_and_never_closes();
    void report_lets_through_and_records();
    void the_schema_of_the_first_channel_rule_that_matches_holds_too();
    void a_binary_message_is_json_by_its_bytes();
    void what_is_inflated_is_what_is_checked();
    void a_pattern_against_64_KiB_costs_no_time_data();
    void a_pattern_against_64_KiB_costs_no_time();
    void a_schema_that_does_not_compile_is_an_error_of_the_policy();
};

void SchemaFaultsTest::bad_messages_are_refused_and_the_third_ends_the_session_data()
{
    QTest::addColumn<std::string>("message");
    const auto row = [](const char* name, std::string message) { QTest::newRow(name) << std::move(message); };
    row("64: bad JSON", R"({"cmd":"start")");
    row("64: empty", "");
    row("64: depth 10,000", repeated("[", 10'000) + repeated("]", 10'000));
    row("64: duplicate keys", R"({"cmd":"start","cmd":"stop"})");
    row("64: lone surrogate", R"({"cmd":"start","note":"\ud800"})");
    row("64: low surrogate alone", R"({"cmd":"start","note":"\udc00"})");
    row("64: 10,000 commands in lines", repeated("{\"cmd\":\"start\"}\n", 4'000));
    row("65: missing field", R"({"note":"x"})");
    row("65: extra field", R"({"cmd":"start","more":1})");
    row("65: ill-typed field", R"({"cmd":"start","note":7})");
    row("65: value that is not listed", R"({"cmd":"drop tables"})");
    row("65: too long", R"({"cmd":"start","note":")" + std::string(21, 'x') + "\"}");
}

void SchemaFaultsTest::bad_messages_are_refused_and_the_third_ends_the_session() // rows 64, 65
{
    QFETCH(std::string, message);
    const SchemaGate gate;
    const FaultTrace trace(*gate.server);
    ByteClient watcher = gate.server->join("chat.a", "watcher");
    ByteClient client = gate.server->join("chat.a", "ann", trace.source());
    QVERIFY(client.text(message));
    QVERIFY(client.text(good));
    QCOMPARE(client.nextData().payload, good); // nothing was answered, nothing published
    QCOMPARE(watcher.nextData().payload, good);
    QCOMPARE(gate.server->refused(Reason::Schema), 1u);
    QVERIFY(client.text(message));
    QVERIFY(client.text(message));
    QVERIFY(client.text(good)); // too late
    const Incoming end = client.closing();
    QCOMPARE(end.code, 1008);
    QCOMPARE(end.payload, std::string("schema"));
    QTRY_COMPARE(gate.server->refused(Reason::Schema), 3u);
    QCOMPARE(limitRecords(*gate.server, trace).size(), 3u);
    QCOMPARE(gate.server->audit(AuditKind::Close, Reason::Schema).size(), 1u);
    QVERIFY(watcher.text(R"({"cmd":"stop"})"));
    QCOMPARE(watcher.nextData().payload, std::string(R"({"cmd":"stop"})"));
}

void SchemaFaultsTest::a_refusal_names_the_keyword_and_repeats_nothing_of_the_message()
{
    const SchemaGate gate;
    const FaultTrace trace(*gate.server);
    ByteClient client = gate.server->join("chat.a", "ann", trace.source());
    QVERIFY(client.text(R"({"cmd":"start","canary":"canary"})"));
    QVERIFY(client.text(R"({"cmd":"canary"})"));
    QTRY_COMPARE(gate.server->refused(Reason::Schema), 2u);
    const auto records = limitRecords(*gate.server, trace);
    QCOMPARE(records.size(), 2u);
    QCOMPARE(records[0].decision.limit, std::string("command.json#/properties/cmd/enum"));
    QCOMPARE(records[1].decision.limit, std::string("command.json#/additionalProperties"));
    for (const AuditRecord& record : records) {
        QCOMPARE(record.decision.rule.pointer, std::string("/routes/0/messages/schema"));
        QCOMPARE(record.decision.rule.name, std::string("hub › messages › schema"));
        QCOMPARE(record.decision.met, std::string("does not fit"));
        QVERIFY(record.detail.find("canary") == std::string::npos);
    }
    const SessionActivity activity = gate.server->sessions().at(0).activity;
    QCOMPARE(activity.lastRefusal->decision.reason, Reason::Schema);
    QCOMPARE(activity.lastRefusal->decision.limit, std::string("command.json#/properties/cmd/enum"));
    QCOMPARE(activity.violations, 2u);
}

void SchemaFaultsTest::drop_refuses_without_a_word_and_never_closes()
{
    const SchemaGate gate(commandSchema,
                          [](nlohmann::json& policy) { policy["routes"][0]["messages"]["on_violation"] = "drop"; });
    const FaultTrace trace(*gate.server);
    ByteClient client = gate.server->join("chat.a", "ann", trace.source());
    for (int i = 0; i < 50; ++i)
        QVERIFY(client.text("{"));
    QVERIFY(client.text(good));
    QCOMPARE(client.nextData().payload, good);
    QCOMPARE(gate.server->refused(Reason::Schema), 50u);
    const SessionActivity activity = gate.server->sessions().at(0).activity;
    QCOMPARE(activity.refused, 50u);
    QCOMPARE(activity.violations, 0u);
    QCOMPARE(activity.lastRefusal->decision.met, std::string("not JSON"));
    QCOMPARE(limitRecords(*gate.server, trace).size(), 1u); // once in a window
}

void SchemaFaultsTest::report_lets_through_and_records()
{
    const SchemaGate gate(commandSchema,
                          [](nlohmann::json& policy) { policy["routes"][0]["messages"]["on_violation"] = "report"; });
    const FaultTrace trace(*gate.server);
    ByteClient client = gate.server->join("chat.a", "ann", trace.source());
    for (const std::string message : {R"({"cmd":"other"})", "no JSON", R"({"cmd":"start"})", "{}"}) {
        QVERIFY(client.text(message));
        QCOMPARE(client.nextData().payload, message);
    }
    QCOMPARE(gate.server->info().stats.reported, 3u);
    QCOMPARE(gate.server->refused(Reason::Schema), 0u);
    const auto records = limitRecords(*gate.server, trace);
    QCOMPARE(records.size(), 3u);
    QCOMPARE(records[0].decision.reason, Reason::Schema);
    QCOMPARE(records[0].decision.limit, std::string("command.json#/required/0"));
}

void SchemaFaultsTest::the_schema_of_the_first_channel_rule_that_matches_holds_too()
{
    QTemporaryDir folder;
    const auto write = [&](const char* name, const char* text) {
        const std::string file = folder.filePath(QString::fromLatin1(name)).toStdString();
        std::ofstream(file) << text;
        return file;
    };
    const std::string object = write("object.json", R"({"type":"object"})");
    const std::string news = write("news.json", R"({"required":["title"]})");
    const std::string never = write("never.json", "false");
    TestServer server([&](nlohmann::json& policy) {
        policy["routes"][0]["messages"]["schema"] = object;
        const nlohmann::json all = {"*"};
        policy["channels"] = {{{"match", "free"}, {"subscribe", all}, {"publish", all}},
                              {{"match", "news.*"}, {"subscribe", all}, {"publish", all}, {"schema", news}},
                              {{"match", "**"}, {"subscribe", all}, {"publish", all}, {"schema", never}}};
    });
    ByteClient free = server.join("free", "ann");
    ByteClient reporter = server.join("news.world", "ann");
    QVERIFY(free.text("{}"));
    QCOMPARE(free.nextData().payload, std::string("{}"));
    QVERIFY(reporter.text(R"({"title":1})"));
    QCOMPARE(reporter.nextData().payload, std::string(R"({"title":1})"));
    QVERIFY(reporter.text("{}"));
    QTRY_COMPARE(server.refused(Reason::Schema), 1u);
    QVERIFY(reporter.text("[]"));
    QTRY_COMPARE(server.refused(Reason::Schema), 2u);
    const auto records = server.audit(AuditKind::Limit, Reason::Schema);
    QCOMPARE(records.size(), 2u);
    QCOMPARE(records[1].decision.rule.pointer, std::string("/channels/1/schema"));
    QCOMPARE(records[1].decision.rule.name, std::string("channels › news.* › schema"));
    QCOMPARE(records[1].decision.limit, std::string("news.json#/required/0"));
    QCOMPARE(records[0].decision.rule.pointer, std::string("/routes/0/messages/schema"));
}

void SchemaFaultsTest::a_binary_message_is_json_by_its_bytes()
{
    const SchemaGate gate;
    ByteClient client = gate.server->join("chat.a", "ann");
    QVERIFY(client.frame(Opcode::Binary, good));
    const Incoming got = client.nextData();
    QCOMPARE(got.payload, good);
    QCOMPARE(got.type, Opcode::Binary);
    QVERIFY(client.frame(Opcode::Binary, "{\"cmd\":\"start\",\"note\":\"\xff\"}"));
    QTRY_COMPARE(gate.server->refused(Reason::Schema), 1u);
    QCOMPARE(gate.server->audit(AuditKind::Limit, Reason::Schema).at(0).decision.met, std::string("not UTF-8"));
}

void SchemaFaultsTest::what_is_inflated_is_what_is_checked()
{
    const SchemaGate gate(commandSchema, [](nlohmann::json& policy) {
        policy["routes"][0]["compression"] = {{"max_inflated", "64KiB"}, {"min_size", "64KiB"}};
    });
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = gate.server->token("ann");
    options.headers.emplace_back("Sec-WebSocket-Extensions", "permessage-deflate; client_no_context_takeover");
    ByteClient client = gate.server->plain();
    const HttpAnswer answer = client.upgrade(options);
    QCOMPARE(answer.status, 101);
    QVERIFY(!answer.header("Sec-WebSocket-Extensions").empty());
    const auto compressed = [](const std::string& text) {
        return wire::encodeDeflated(Opcode::Text, std::as_bytes(std::span(text)), 15, 0x01020304U);
    };
    const std::string spaced = R"({"cmd":"start"})" + std::string(500, ' ');
    const auto fits = compressed(spaced);
    const auto wrong = compressed(R"({"cmd":"start","note":")" + std::string(500, 'x') + "\"}");
    QVERIFY(fits && wrong);
    QVERIFY(client.send(*fits));
    QCOMPARE(client.nextData().payload, spaced);
    QVERIFY(client.send(*wrong));
    QTRY_COMPARE(gate.server->refused(Reason::Schema), 1u);
    QCOMPARE(gate.server->audit(AuditKind::Limit, Reason::Schema).at(0).decision.limit,
             std::string("command.json#/properties/note/maxLength"));
}

void SchemaFaultsTest::a_pattern_against_64_KiB_costs_no_time_data()
{
    QTest::addColumn<std::string>("last");
    QTest::addColumn<bool>("fits");
    QTest::newRow("fits") << std::string("b") << true;
    QTest::newRow("does not") << std::string("c") << false;
}

void SchemaFaultsTest::a_pattern_against_64_KiB_costs_no_time() // row 85
{
    QFETCH(std::string, last);
    QFETCH(bool, fits);
    const SchemaGate gate(R"~({"type":"string","pattern":"^(a|b)*$"})~");
    ByteClient client = gate.server->join("chat.a", "ann");
    const std::string message = '"' + repeated("ab", 32'766) + last + '"';
    QElapsedTimer timer;
    timer.start();
    QVERIFY(client.text(message));
    if (fits)
        QVERIFY(client.nextData().payload == message);
    else
        QTRY_COMPARE(gate.server->refused(Reason::Schema), 1u);
    QVERIFY2(timer.elapsed() < 5'000, "a matcher that goes back needs for ever, one that recurses all of the stack");
    QVERIFY(client.text("\"ab\""));
    QCOMPARE(client.nextData().payload, std::string("\"ab\""));
}

void SchemaFaultsTest::a_schema_that_does_not_compile_is_an_error_of_the_policy()
{
    try {
        const SchemaGate gate(R"~({"properties":{"a":{"pattern":"(?=x)"}},"items":{"$ref":"other.json"}})~");
        QFAIL("it starts");
    } catch (const std::runtime_error& error) {
        const std::string_view text(error.what());
        QVERIFY2(text.find("/routes/0/messages/schema") != std::string_view::npos, error.what());
        QVERIFY2(text.find("command.json#/properties/a/pattern: ") != std::string_view::npos, error.what());
        QVERIFY2(text.find("command.json#/items/$ref: ") != std::string_view::npos, error.what());
    }
}

QTEST_GUILESS_MAIN(SchemaFaultsTest)
#include "schemafaultstest.moc"
