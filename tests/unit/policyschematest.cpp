// SPDX-License-Identifier: GPL-3.0-or-later
#include "completepolicy.h"
#include "policy/defaults.h"
#include "policy/document.h"
#include "policy/documentkeys.h"
#include "schema/messageschema.h"
#include "schema/messagevalidator.h"

#include <nlohmann/json.hpp>

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

using namespace gatehouse;
using test::complete;
using Code = PolicyErrorCode;
using Json = nlohmann::ordered_json;
using Pointer = Json::json_pointer;

namespace {

std::string schemaText()
{
    std::ostringstream text;
    text << std::ifstream(GATEHOUSE_POLICY_SCHEMA).rdbuf();
    return text.str();
}

void collectMembers(const Json& value, const Pointer& here, std::vector<Pointer>& found)
{
    for (const auto& [key, child] : value.items()) {
        const Pointer pointer = value.is_array() ? here / std::stoul(key) : here / key;
        if (value.is_object())
            found.push_back(pointer);
        if (child.is_structured())
            collectMembers(child, pointer, found);
    }
}

/// Values of every kind, and words that some key takes.
std::vector<Json> strangers()
{
    std::vector<Json> values{Json(nullptr), Json(true),  Json(false), Json(-1),      Json(0),        Json(1),   Json(7),
                             Json(1.5),     Json(1e300), Json(65536), Json::array(), Json::object(), Json(2e12)};
    for (const char* word : {"",
                             "off",
                             "auto",
                             "none",
                             "*",
                             "a b",
                             "a\nb",
                             "0s",
                             "1s",
                             "01s",
                             "1ms",
                             "400d",
                             "90 s",
                             "1",
                             "0B",
                             "1KiB",
                             "3TiB",
                             "64kib",
                             "reader",
                             "ghost",
                             "anonymous",
                             "HS256",
                             "none256",
                             "exp",
                             "10.0.0.0/8",
                             "::1",
                             "host.name",
                             "https://a.example",
                             "HTTPS://a.example",
                             "/x",
                             "/x/{channel}",
                             "close",
                             "drop",
                             "throttle",
                             "report",
                             "1.2",
                             "cn",
                             "text",
                             "plain",
                             "echo",
                             "centrifuge",
                             "2027-01-15T08:00:00Z",
                             "2027-01-15",
                             "bearer.x",
                             "ws://127.0.0.1/",
                             "wss://a.example",
                             "X-Forwarded-For",
                             "round_robin",
                             "tcp",
                             "x.pem"}) {
        values.emplace_back(word);
        values.push_back(Json::array({word}));
        values.push_back(Json::array({word, word}));
    }
    values.push_back(Json(std::string(300, 'x')));
    values.push_back(Json::array({nullptr}));
    values.push_back(Json::array({7}));
    values.push_back(Json::array({Json::object()}));
    values.push_back(Json{{"zzz", 1}});
    values.push_back(Json{{"note", "n"}});
    values.push_back(Json{{"note", 7}});
    values.push_back(Json{{"count", 5}, {"per", "1s"}});
    values.push_back(Json{{"cookie", "c"}});
    values.push_back(Json{{"client", "plc.json"}, {"upstream", nullptr}});
    values.push_back(Json{{"upstreams", {"ws://127.0.0.1/"}}});
    values.push_back(Json{{"protocol", "echo"}});
    return values;
}

} // namespace

/// The schema is what editors complete and check by. It may let in what parsePolicy() refuses, where the mistake is one
/// that the table of classes below names; it never refuses what parsePolicy() takes.
class PolicySchemaTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void objects_and_keys_are_those_of_the_table();
    void every_key_is_described();
    void every_object_is_closed_and_takes_notes();
    void good_documents_fit();
    void mistakes_of_every_key_are_refused();
    void what_the_schema_refuses_the_policy_refuses();
    void what_is_taken_whatever_stands_together_fits();
    void keys_that_are_not_built_are_not_offered();

private:
    auto parse(const std::string& text) const
    {
        return parsePolicy(text, std::filesystem::path(m_folder.path().toStdString()) / "gatehouse.json");
    }
    bool fits(const std::string& text)
    {
        if (m_validator.read(std::as_bytes(std::span(text))))
            return false;
        return !m_validator.check(*m_compiled);
    }
    /// The object of the schema; null where it has none of that name.
    [[nodiscard]] const Json* objectOf(std::string_view name) const
    {
        const Pointer at = name == rootObject ? Pointer() : Pointer("/definitions/" + std::string(name));
        return m_schema.contains(at) ? &m_schema.at(at) : nullptr;
    }

    QTemporaryDir m_folder;
    Json m_schema;
    std::shared_ptr<const MessageSchema> m_compiled;
    MessageValidator m_validator;
    Json m_complete;
    std::vector<Pointer> m_members;
    std::set<std::string_view> m_built; ///< objects that built keys lead to
};

void PolicySchemaTest::initTestCase()
{
    const std::filesystem::path folder = m_folder.path().toStdString();
    const auto write = [&](const char* name, const std::string& bytes, int mode) {
        std::ofstream(folder / name, std::ios::binary) << bytes;
        std::filesystem::permissions(folder / name, static_cast<std::filesystem::perms>(mode));
    };
    for (const char* name : {"server.pem", "ops.pem", "clients.pem", "x.pem"})
        write(name, "certificate", 0644);
    for (const char* name : {"server.key", "ops.key", "token.key", "old.key"})
        write(name, std::string(43, 'k'), 0600);
    write("corp.jwks", "{\"keys\":[]}", 0644);
    write("upstreams.pem", std::string(test::framedCertificate), 0644);
    write("upstream.header", "X-Key: k", 0600);
    write("plc.json", "{\"type\":\"object\"}", 0644);
    for (const char* name : {"news.json", "command.json", "state.json"})
        write(name, "true", 0644);
    const std::string text = schemaText();
    m_schema = Json::parse(text);
    auto compiled = MessageSchema::compile(text);
    if (!compiled)
        QFAIL((compiled.error().front().pointer + ": " + compiled.error().front().detail).c_str());
    m_compiled = std::move(*compiled);
    m_complete = Json::parse(complete);
    collectMembers(m_complete, Pointer(), m_members);
    QVERIFY(m_members.size() > 150);
    m_built.insert(rootObject);
    for (std::size_t before = 0; before != m_built.size();) {
        before = m_built.size();
        for (const std::string_view name : std::set(m_built)) {
            const DocumentObject& object = *documentObject(name);
            if (!object.entries.empty())
                m_built.insert(object.entries);
            for (const DocumentKey& key : object.keys)
                if (key.built && !key.object.empty())
                    m_built.insert(key.object);
        }
    }
}

void PolicySchemaTest::objects_and_keys_are_those_of_the_table()
{
    for (const std::string_view name : m_built) {
        const Json* object = objectOf(name);
        QVERIFY2(object, std::string(name).c_str());
        std::vector<std::string> expected{std::string(noteKey)};
        for (const DocumentKey& key : documentObject(name)->keys)
            if (key.built)
                expected.emplace_back(key.name);
        std::vector<std::string> met;
        for (const auto& [key, value] : object->at("properties").items())
            met.push_back(key);
        QCOMPARE(met, expected);
    }
    for (const auto& [name, definition] : m_schema.at("definitions").items())
        QVERIFY2(m_built.contains(name) || name == "duration" || name == "size", name.c_str());
}

void PolicySchemaTest::every_key_is_described()
{
    QCOMPARE(m_schema.at("$schema").get<std::string>(), std::string("http://json-schema.org/draft-07/schema#"));
    QVERIFY(m_schema.contains("$id"));
    for (const std::string_view name : m_built) {
        const Json& object = *objectOf(name);
        QVERIFY2(object.contains("title") && object.contains("description"), std::string(name).c_str());
        for (const auto& [key, value] : object.at("properties").items()) {
            const std::string text = value.value("description", "");
            QVERIFY2(text.ends_with('.') && text.size() <= 100, (std::string(name) + "/" + key).c_str());
        }
    }
}

void PolicySchemaTest::every_object_is_closed_and_takes_notes()
{
    for (const Pointer& at : m_members) {
        const Json& value = m_complete.at(at);
        if (!value.is_object())
            continue;
        Json document = m_complete;
        document[at]["note"] = "why";
        QVERIFY2(fits(document.dump()), at.to_string().c_str());
        document[at]["note"] = nullptr;
        QVERIFY2(fits(document.dump()), at.to_string().c_str());
        document[at]["note"] = 7;
        QVERIFY2(!fits(document.dump()), at.to_string().c_str());
        document[at].erase("note");
        document[at]["zzz zzz"] = Json::object();
        QVERIFY2(!fits(document.dump()), at.to_string().c_str());
    }
}

void PolicySchemaTest::good_documents_fit()
{
    QVERIFY(fits(complete));
    QVERIFY(fits(*canonicalDocument(complete)));
    QVERIFY(fits(policyDefaults()));
    QVERIFY(fits(policyDefaults({"a \"b\"", "::1", 1, {"a.example"}, {"https://b.example"}})));
    QVERIFY(fits(R"json({"gatehouse":1,"name":null,"limits":null,"workers":"auto","channels":null,"roles":null,
        "listeners":[{"name":"l","address":"::1","port":0,"tls":"off","server_names":null,"insecure":null}],
        "issuers":[{"name":"i","secret_file":"token.key","issuer":"a","audience":"b","require":null,"typ":null}],
        "routes":[{"name":"r","path":"/{channel}","hub":{"protocol":"plain"},"messages":null,"ping":null}],
        "lockdown":{"allow_users":null},"drain":{}})json"));
}

/// For each key: a value of the wrong type, a key beside it that is none; and where the schema has bounds or words,
/// what is outside of them.
void PolicySchemaTest::mistakes_of_every_key_are_refused()
{
    for (const Pointer& at : m_members) {
        const std::string name = at.to_string();
        const auto refused = [&](const Json& value) {
            Json document = m_complete;
            document[at] = value;
            const std::string text = document.dump();
            return !fits(text) && !parse(text);
        };
        QVERIFY2(refused(Json::array({Json::array({-1.5})})), name.c_str());
        Json beside = m_complete;
        beside[at.parent_pointer()][at.back() + " zzz"] = m_complete.at(at);
        QVERIFY2(!fits(beside.dump()) && !parse(beside.dump()), name.c_str());
        if (at.back() == "note")
            continue;
        const Json& value = m_complete.at(at);
        if (value.is_number()) {
            for (const Json& wrong : {Json(-1), Json(1.5), Json(2e12), Json("7"), Json("")})
                QVERIFY2(refused(wrong), name.c_str());
        } else if (value.is_boolean()) {
            for (const Json& wrong : {Json(1), Json("true"), Json("off")})
                QVERIFY2(refused(wrong), name.c_str());
        } else if (value.is_array()) {
            for (const Json& wrong : {Json("x"), Json::object(), Json(1), Json::array({7}), Json::array({nullptr})})
                QVERIFY2(refused(wrong), name.c_str());
        } else {
            for (const Json& wrong : {Json(true), Json::array(), Json("")})
                QVERIFY2(refused(wrong), name.c_str());
        }
    }
    for (const char* key : {"/listeners/0/tls/min_version",
                            "/listeners/0/tls/renew",
                            "/listeners/0/proxy_header",
                            "/issuers/0/algorithms/0",
                            "/routes/0/hub/protocol",
                            "/routes/0/messages/types/0",
                            "/routes/0/messages/on_excess",
                            "/routes/0/messages/on_violation",
                            "/routes/0/slow_consumer",
                            "/routes/2/gateway/balance",
                            "/routes/2/gateway/health/kind",
                            "/routes/2/gateway/health/every",
                            "/routes/2/gateway/connect_timeout",
                            "/routes/2/gateway/upstreams/0",
                            "/routes/2/gateway/forward/0",
                            "/routes/2/gateway/drop/0",
                            "/routes/0/authentication/from/0",
                            "/drain/within",
                            "/routes/0/send_buffer",
                            "/issuers/0/leeway",
                            "/limits/request_head",
                            "/workers",
                            "/limits/sessions",
                            "/issuers/0/name",
                            "/issuers/0/previous/0/until"}) {
        Json document = m_complete;
        document[Pointer(key)] = "No such word";
        QVERIFY2(!fits(document.dump()) && !parse(document.dump()), key);
    }
}

/// The classes of mistakes that the schema lets through: two rules that contradict each other (Conflict), names of
/// roles and issuers, addresses, host names, paths, origins and durations or sizes out of their range (BadValue), what
/// is required by another key (Missing), files (BadFile), and what would be insecure.
void PolicySchemaTest::what_the_schema_refuses_the_policy_refuses()
{
    const std::set<Code> lax{Code::Conflict, Code::BadValue, Code::Missing, Code::BadFile, Code::Insecure};
    constexpr std::size_t mostTried = 13; // of each key; others of the next
    const std::vector<Json> values = strangers();
    std::size_t next = 0;
    std::size_t taken = 0;
    std::size_t caught = 0;
    std::size_t missed = 0;
    for (const Pointer& at : m_members) {
        for (std::size_t i = 0; i < mostTried; ++i) {
            const Json& value = values[next++ % values.size()];
            Json document = m_complete;
            document[at] = value;
            const std::string text = document.dump();
            const auto loaded = parse(text);
            const bool good = fits(text);
            const std::string what = at.to_string() + " = " + value.dump();
            if (loaded) {
                ++taken;
                QVERIFY2(good, what.c_str());
                continue;
            }
            ++(good ? missed : caught);
            for (const PolicyError& error : loaded.error())
                QVERIFY2(!good || lax.contains(error.code), (what + ": " + error.detail).c_str());
        }
    }
    QVERIFY(taken > 100);
    // The schema alone finds most.
    QVERIFY2(caught > 8 * missed, (std::to_string(caught) + " " + std::to_string(missed)).c_str());
}

void PolicySchemaTest::what_is_taken_whatever_stands_together_fits()
{
    std::mt19937 random(1905);
    const std::vector<Json> values = strangers();
    std::size_t taken = 0;
    for (int round = 0; round < 250; ++round) {
        Json document = m_complete;
        for (auto i = 1 + random() % 4; i > 0; --i) {
            const Pointer& at = m_members[random() % m_members.size()];
            if (!document.contains(at))
                continue;
            if (random() % 3 == 0)
                document[at.parent_pointer()].erase(at.back());
            else if (random() % 2 == 0)
                document[at] = nullptr;
            else
                document[at] = random() % 2 == 0 ? values[random() % values.size()]
                                                 : m_complete.at(m_members[random() % m_members.size()]);
        }
        const std::string text = document.dump();
        if (!parse(text))
            continue;
        ++taken;
        QVERIFY2(fits(text), text.c_str());
    }
    QVERIFY(taken > 20);
}

void PolicySchemaTest::keys_that_are_not_built_are_not_offered()
{
    for (const std::string_view name : m_built)
        for (const DocumentKey& key : documentObject(name)->keys)
            QVERIFY2(objectOf(name)->at("properties").contains(std::string(key.name)) == key.built,
                     std::string(key.name).c_str());
}

QTEST_GUILESS_MAIN(PolicySchemaTest)
#include "policyschematest.moc"
