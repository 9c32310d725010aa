// SPDX-License-Identifier: GPL-3.0-or-later
#include "completepolicy.h"
#include "policy/defaults.h"
#include "policy/difference.h"
#include "policy/document.h"
#include "policy/documentkeys.h"
#include "policy/text.h"

#include <nlohmann/json.hpp>

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>

using namespace gatehouse;
using test::complete;
using Code = PolicyErrorCode;
using Json = nlohmann::ordered_json;
using Pointer = Json::json_pointer;

namespace {

/// A member of the complete document.
struct Field {
    Pointer pointer;
    std::string object; ///< DocumentObject::name of what holds it
    std::string key;
    std::string name; ///< of the rule
    std::string rate; ///< name of the rate that holds it, where one does
};

/// Walks a document by the table, and fails where the two part.
class Walk {
public:
    explicit Walk(const Json& document) { object(document, rootObject, Pointer(), {}, {}); }

    std::vector<Field> fields;
    std::set<std::string> seen; ///< "object/key" of every key that stands in the document

private:
    static std::string below(const std::string& name, const std::string& step)
    {
        return name.empty() ? step : name + " › " + step;
    }

    void object(const Json& value, std::string_view kind, const Pointer& here, const std::string& name,
                const std::string& rate)
    {
        const DocumentObject* known = documentObject(kind);
        if (!known)
            qFatal("the table has no object %s", std::string(kind).c_str());
        for (const auto& [key, child] : value.items()) {
            const DocumentKey* entry = known->find(key);
            if (!entry && known->entries.empty() && key != noteKey)
                qFatal("the table has no key %s of %s", key.c_str(), std::string(kind).c_str());
            fields.push_back({here / key, std::string(kind), key, below(name, key), rate});
            seen.insert(std::string(kind) + "/" + key);
            const std::string_view inner = entry ? entry->object : known->entries;
            const std::string innerRate = inner == "rate" ? below(name, key) : rate;
            if (child.is_object())
                object(child, inner, here / key, below(name, key), innerRate);
            else if (child.is_array() && !inner.empty())
                list(child, inner, here / key, below(name, key));
        }
    }

    void list(const Json& items, std::string_view kind, const Pointer& here, const std::string& name)
    {
        const DocumentObject* known = documentObject(kind);
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (!items[i].is_object())
                continue;
            std::string entry = name;
            if (!known->identity.empty()) {
                const std::string identity = items[i][std::string(known->identity)].get<std::string>();
                entry = known->prefix ? std::string(*known->prefix) + identity : below(name, identity);
            }
            object(items[i], kind, here / i, entry, {});
        }
    }
};

/// What tells an entry from others, so that to change it is to remove one and to add another; so is the whole of a
/// place of a token.
bool isIdentity(const Field& field)
{
    const DocumentObject* object = documentObject(field.object);
    return object->identity == field.key || field.object == "token_place";
}

Json shuffled(const Json& value, std::mt19937& random, std::string_view kind)
{
    const DocumentObject* known = documentObject(kind);
    if (value.is_array()) {
        Json list = Json::array();
        for (const Json& item : value)
            list.push_back(shuffled(item, random, kind));
        return list;
    }
    if (!value.is_object())
        return value;
    std::vector<std::string> keys;
    for (const auto& [key, child] : value.items())
        keys.push_back(key);
    if (known)
        std::shuffle(keys.begin(), keys.end(), random);
    Json object = Json::object();
    for (const std::string& key : keys) {
        const DocumentKey* entry = known ? known->find(key) : nullptr;
        object[key] = shuffled(value[key], random, entry ? entry->object : known ? known->entries : std::string_view());
    }
    return object;
}

/// JSON text with blanks and escapes that mean nothing.
void writeLoosely(const Json& value, std::mt19937& random, std::string& out)
{
    const auto blank = [&] {
        for (auto i = random() % 3; i > 0; --i)
            out += " \t\r\n"[random() % 4];
    };
    const auto text = [&](const std::string& word) {
        for (const char c : Json(word).dump()) {
            constexpr std::string_view digits = "0123456789abcdef";
            if (c > '#' && c < '~' && c != '\\' && random() % 5 == 0 && out.back() != '\\')
                out.append("\\u00") += {digits[static_cast<unsigned>(c) >> 4U], digits[static_cast<unsigned>(c) & 15U]};
            else
                out += c;
        }
    };
    blank();
    if (value.is_structured()) {
        out += value.is_array() ? '[' : '{';
        bool first = true;
        for (const auto& [key, child] : value.items()) {
            out += first ? "" : ",";
            first = false;
            blank();
            if (value.is_object()) {
                text(key);
                blank();
                out += ':';
            }
            writeLoosely(child, random, out);
        }
        blank();
        out += value.is_array() ? ']' : '}';
    } else if (value.is_string()) {
        text(value.get<std::string>());
    } else {
        out += value.dump();
    }
    blank();
}

void collectObjects(const Json& value, const Pointer& here, std::vector<Pointer>& found)
{
    if (value.is_object())
        found.push_back(here);
    if (value.is_structured())
        for (const auto& [key, child] : value.items())
            collectObjects(child, value.is_array() ? here / std::stoul(key) : here / key, found);
}

std::string canonical(const std::string& text)
{
    const auto made = canonicalDocument(text);
    if (!made)
        qFatal("%s", formatPolicyError(made.error().front(), "document").c_str());
    return *made;
}

std::string told(const std::vector<PolicyChange>& changes)
{
    std::string text;
    for (const PolicyChange& c : changes)
        text += c.pointer + " [" + c.name + "] " + c.before + " -> " + c.after + "\n";
    return text;
}

} // namespace

class PolicyDocumentTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void the_table_leads_to_objects_that_it_has();
    void the_complete_document_has_every_built_key();
    void a_document_has_one_form();
    void lines_break_at_80_columns();
    void a_canonical_document_means_the_same();
    void the_order_of_keys_blanks_and_escapes_do_not_matter();
    void what_is_not_a_value_is_refused();
    void what_is_not_built_stays();
    void deep_and_long_documents_have_bounds();
    void every_field_is_told_alone();
    void the_same_document_has_no_changes();
    void no_changes_mean_the_same_text();
    void keys_that_are_not_built_give_one_error_each();
    void the_default_document_is_canonical();

private:
    auto parse(const std::string& text) const
    {
        return parsePolicy(text, std::filesystem::path(m_folder.path().toStdString()) / "gatehouse.json");
    }

    QTemporaryDir m_folder;
    Json m_complete;
    std::vector<Field> m_fields;
};

void PolicyDocumentTest::initTestCase()
{
    const std::filesystem::path folder = m_folder.path().toStdString();
    const auto write = [&](const char* name, const std::string& bytes, int mode) {
        std::filesystem::create_directories((folder / name).parent_path());
        std::ofstream(folder / name, std::ios::binary) << bytes;
        std::filesystem::permissions(folder / name, static_cast<std::filesystem::perms>(mode));
    };
    for (const char* name : {"server.pem", "ops.pem", "clients.pem", "tls/server.pem"})
        write(name, "certificate", 0644);
    for (const char* name : {"server.key", "ops.key", "token.key", "old.key", "tls/server.key", "keys/token.key"})
        write(name, std::string(43, 'k'), 0600);
    write("corp.jwks", "{\"keys\":[]}", 0644);
    write("plc.json", "{\"type\":\"object\"}", 0644);
    for (const char* name : {"news.json", "command.json", "state.json"})
        write(name, "true", 0644);
    write("upstreams.pem", std::string(test::framedCertificate), 0644);
    write("upstream.header", "X-Key: k", 0600);
    m_complete = Json::parse(complete);
    m_fields = Walk(m_complete).fields;
    QVERIFY(m_fields.size() > 150);
}

void PolicyDocumentTest::the_table_leads_to_objects_that_it_has()
{
    std::set<std::string_view> reached{rootObject};
    std::set<std::string_view> names;
    for (const DocumentObject& object : documentObjects()) {
        QVERIFY(names.insert(object.name).second);
        QVERIFY(object.identity.empty() || object.find(object.identity));
        std::set<std::string_view> keys{noteKey};
        for (const DocumentKey& key : object.keys) {
            QVERIFY2(keys.insert(key.name).second, std::string(key.name).c_str());
            if (!key.object.empty())
                reached.insert(key.object);
        }
        if (!object.entries.empty())
            reached.insert(object.entries);
    }
    QCOMPARE(documentObjects().front().name, rootObject);
    QVERIFY(names == reached);
}

void PolicyDocumentTest::the_complete_document_has_every_built_key()
{
    const std::set<std::string> seen = Walk(m_complete).seen;
    std::set<std::string_view> built{rootObject};
    for (std::size_t before = 0; before != built.size();) {
        before = built.size();
        for (const std::string_view name : std::set(built)) {
            const DocumentObject& object = *documentObject(name);
            if (!object.entries.empty())
                built.insert(object.entries);
            for (const DocumentKey& key : object.keys) {
                if (!key.built)
                    continue;
                if (!key.object.empty())
                    built.insert(key.object);
                const std::string path = std::string(name) + "/" + std::string(key.name);
                QVERIFY2(seen.contains(path), path.c_str());
            }
        }
    }
}

void PolicyDocumentTest::a_document_has_one_form()
{
    const std::string text = R"json({"routes":[{"path":"/h","messages":{"rate":{"per":"1s","count":1e2,"note":"n"}},
        "note":"why","name":"hub","origins":["none"],"authentication":{"from":["query",{"cookie":"\u0063"}]}}],
        "listeners":[],"roles":{"b":{},"a":{"note":"\u00e9\/"}},"gatehouse":1.0,"note":null})json";
    QCOMPARE(canonical(text), std::string(R"json({
  "note": null,
  "gatehouse": 1.0,
  "listeners": [],
  "roles": {
    "a": { "note": "é/" },
    "b": {}
  },
  "routes": [
    {
      "note": "why",
      "name": "hub",
      "path": "/h",
      "authentication": {
        "from": [
          "query",
          { "cookie": "c" }
        ]
      },
      "origins": ["none"],
      "messages": {
        "rate": { "note": "n", "count": 1e2, "per": "1s" }
      }
    }
  ]
}
)json"));
    QCOMPARE(canonical("{}"), std::string("{}\n"));
}

void PolicyDocumentTest::lines_break_at_80_columns()
{
    for (std::size_t length = 1; length < 120; ++length) {
        std::string name;
        for (std::size_t i = 0; i < length; ++i)
            name += "é";
        const std::string made = canonical("{\"limits\":{\"note\":\"" + name + "\"}}");
        const std::string line = "  \"limits\": { \"note\": \"" + name + "\" }";
        const bool fits = line.size() - length + 1 <= 80; // a comma may follow
        QCOMPARE(made.find(line) != std::string::npos, fits);
        QCOMPARE(canonical(made), made);
    }
}

void PolicyDocumentTest::a_canonical_document_means_the_same()
{
    const std::string made = canonical(complete);
    QCOMPARE(canonical(made), made);
    QVERIFY(made.ends_with("}\n"));
    const auto before = parse(complete);
    const auto after = parse(made);
    QVERIFY(before && after);
    QVERIFY(after->policy == before->policy);
    QVERIFY(Json::parse(made) != m_complete); // as ordered documents they are two
    QVERIFY(nlohmann::json::parse(made) == nlohmann::json::parse(complete));
}

void PolicyDocumentTest::the_order_of_keys_blanks_and_escapes_do_not_matter()
{
    std::mt19937 random(1789);
    for (int round = 0; round < 80; ++round) {
        Json document = m_complete;
        for (auto i = random() % 12; i > 0; --i) {
            std::vector<Pointer> objects;
            collectObjects(document, Pointer(), objects);
            const Pointer& at = objects[random() % objects.size()];
            Json& object = document[at];
            if (random() % 2 == 0 && at != Pointer("/roles"))
                object["note"] = "note \"" + std::to_string(random()) + "\"\n";
            else if (!object.empty())
                object.erase(std::next(object.begin(), static_cast<int>(random() % object.size())));
        }
        const std::string straight = document.dump();
        const std::string made = canonical(straight);
        std::string loose;
        writeLoosely(shuffled(document, random, rootObject), random, loose);
        QCOMPARE(canonical(loose), made);
        QCOMPARE(canonical(made), made);
        QVERIFY(nlohmann::json::parse(made) == nlohmann::json::parse(straight));
        QVERIFY(policyChanges(loose, straight).empty());
        const auto before = parse(straight);
        const auto after = parse(made);
        QCOMPARE(bool(after), bool(before));
        if (before)
            QVERIFY(after->policy == before->policy);
    }
}

void PolicyDocumentTest::what_is_not_a_value_is_refused()
{
    const auto refused = [](const std::string& text) {
        const auto made = canonicalDocument(text);
        return made ? PolicyError{} : made.error().front();
    };
    QCOMPARE(refused("").code, Code::Syntax);
    QCOMPARE(refused("{").code, Code::Syntax);
    QCOMPARE(refused("[]").code, Code::WrongType);
    QCOMPARE(refused(std::string((4U << 20) + 1, ' ')).code, Code::Unreadable);
    QCOMPARE(refused("{\"name\":1,\"name\":2}").code, Code::DuplicateKey);
    const PolicyError unknown = refused("{\n \"routes\": [{\"mesages\": {}}]}");
    QCOMPARE(unknown.code, Code::UnknownKey);
    QCOMPARE(unknown.pointer, std::string("/routes/0/mesages"));
    QCOMPARE(std::make_pair(unknown.line, unknown.column), std::make_pair(2U, 14U));
    QVERIFY(unknown.detail.find("\"messages\"") != std::string::npos);
    QCOMPARE(
        canonical("{\"name\":7,\"note\":[],\"routes\":\"none\",\"roles\":{\"a b\":1}}"),
        std::string("{\n  \"note\": [],\n  \"name\": 7,\n  \"roles\": { \"a b\": 1 },\n  \"routes\": \"none\"\n}\n"));
}

void PolicyDocumentTest::what_is_not_built_stays()
{
    QCOMPARE(canonical(R"({"api_keys":[{"sha256":"x","id":"k"}],"audit":{"payloads":false,"retention":"9d"}})"),
             std::string("{\n  \"audit\": { \"retention\": \"9d\", \"payloads\": false },\n  \"api_keys\": [\n    { "
                         "\"id\": \"k\", \"sha256\": \"x\" }\n  ]\n}\n"));
    QCOMPARE(canonicalDocument(R"({"audit":{"retain":"9d"}})").error().at(0).pointer, std::string("/audit/retain"));
}

void PolicyDocumentTest::deep_and_long_documents_have_bounds()
{
    QCOMPARE(canonicalDocument("{\"name\":" + std::string(100'000, '[')).error().at(0).code, Code::Syntax);
    std::string wide = "{\"name\":" + std::string(60, '[');
    for (int i = 0; i < 500'000; ++i)
        wide += "[[]],";
    wide += "[]" + std::string(60, ']') + "}";
    QCOMPARE(canonicalDocument(wide).error().at(0).code, Code::Unreadable);
}

void PolicyDocumentTest::every_field_is_told_alone()
{
    const std::string before = canonical(complete);
    for (const Field& field : m_fields) {
        const std::string where = field.pointer.to_string();
        const bool whole = field.pointer.parent_pointer().to_string() == "/roles";
        for (const char* how : {"changed", "removed", "null"}) {
            Json document = m_complete;
            if (how == std::string("removed"))
                document[field.pointer.parent_pointer()].erase(field.pointer.back());
            else
                document[field.pointer] = how == std::string("null") ? Json(nullptr) : Json("another");
            const std::string after = canonical(document.dump());
            QCOMPARE(canonical(after), after);
            const auto changes = policyChanges(before, after);
            const std::string message = where + " " + how + ":\n" + told(changes);
            QVERIFY2(!changes.empty(), message.c_str());
            QVERIFY2(policyChanges(after, before).size() == changes.size(), message.c_str());
            if (isIdentity(field)) {
                QVERIFY2(changes.size() == 2 && changes[0].kind == PolicyChange::Kind::Removed &&
                             changes[1].kind == PolicyChange::Kind::Added,
                         message.c_str());
                continue;
            }
            QVERIFY2(changes.size() == 1, message.c_str());
            const bool inRate = !field.rate.empty() && field.key != noteKey;
            QVERIFY2(changes[0].name == (inRate ? field.rate : field.name), message.c_str());
            QVERIFY2(changes[0].pointer == (inRate ? field.pointer.parent_pointer().to_string() : where),
                     message.c_str());
            QVERIFY2(changes[0].before != changes[0].after, message.c_str());
            QVERIFY2(whole || inRate ||
                         (changes[0].kind == PolicyChange::Kind::Removed) == (how == std::string("removed")),
                     message.c_str());
        }
    }
}

void PolicyDocumentTest::the_same_document_has_no_changes()
{
    QVERIFY(policyChanges(complete, complete).empty());
    QVERIFY(policyChanges(complete, canonical(complete)).empty());
}

void PolicyDocumentTest::no_changes_mean_the_same_text()
{
    const std::string before = canonical(complete);
    std::mt19937 random(1848);
    for (int round = 0; round < 150; ++round) {
        Json document = m_complete;
        for (auto i = random() % 3; i > 0; --i) {
            const Field& field = m_fields[random() % m_fields.size()];
            if (!document.contains(field.pointer))
                continue;
            Json& value = document[field.pointer];
            if (value.is_array() && value.size() > 1)
                std::swap(value[random() % value.size()], value[random() % value.size()]);
            else if (random() % 2 == 0)
                value = m_complete.at(m_fields[random() % m_fields.size()].pointer);
        }
        const auto made = canonicalDocument(document.dump());
        if (!made)
            continue; // a copied object has keys that do not belong there
        QCOMPARE(policyChanges(before, *made).empty(), *made == before);
        QCOMPARE(textDifference(before, *made).empty(), *made == before);
    }
}

void PolicyDocumentTest::keys_that_are_not_built_give_one_error_each()
{
    std::set<std::pair<std::string, std::string>> tried;
    std::vector<Field> objects{{Pointer(), std::string(rootObject), {}, {}, {}}};
    for (const Field& field : m_fields) {
        const DocumentKey* key = documentObject(field.object)->find(field.key);
        const Json& value = m_complete.at(field.pointer);
        const std::string inner(key ? key->object : documentObject(field.object)->entries);
        if (!inner.empty() && value.is_object())
            objects.push_back({field.pointer, inner, {}, {}, {}});
        else if (!inner.empty() && value.is_array() && value[0].is_object())
            objects.push_back({field.pointer / 0, inner, {}, {}, {}});
    }
    for (const Field& object : objects)
        for (const DocumentKey& key : documentObject(object.object)->keys) {
            if (key.built)
                continue;
            tried.emplace(object.object, key.name);
            const Pointer at = object.pointer / std::string(key.name);
            for (const Json& value : {Json(nullptr), Json("x"), Json::object(), Json::array({Json{{"zzz", 1}}})}) {
                Json document = m_complete;
                document[at] = value;
                const auto loaded = parse(document.dump());
                QVERIFY2(!loaded, at.to_string().c_str());
                QCOMPARE(loaded.error().size(), std::size_t(1));
                QCOMPARE(loaded.error()[0].code, Code::NotBuiltYet);
                QCOMPARE(loaded.error()[0].pointer, at.to_string());
                QVERIFY(loaded.error()[0].detail.find("not built yet") != std::string::npos);
            }
        }
    std::size_t planned = 0;
    for (const DocumentObject& object : documentObjects())
        planned += static_cast<std::size_t>(
            std::count_if(object.keys.begin(), object.keys.end(), [](const DocumentKey& key) { return !key.built; }));
    QCOMPARE(tried.size(), planned);
}

void PolicyDocumentTest::the_default_document_is_canonical()
{
    QCOMPARE(canonical(policyDefaults()), policyDefaults());
    const std::string named = policyDefaults({"a \"b\"", "::1", 1, {"a.example"}, {"https://b.example"}});
    QCOMPARE(canonical(named), named);
    const auto loaded = parse(policyDefaults());
    QVERIFY(loaded);
    QVERIFY(loaded->warnings.empty());
}

QTEST_GUILESS_MAIN(PolicyDocumentTest)
#include "policydocumenttest.moc"
