// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/messageschema.h"
#include "schema/messagevalidator.h"

#include <QTest>

using namespace gatehouse;

class SchemaCompileTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void what_the_draft_forbids_is_named_by_its_pointer_data();
    void what_the_draft_forbids_is_named_by_its_pointer();
    void what_is_no_error_compiles_data();
    void what_is_no_error_compiles();
    void all_errors_are_named();
    void a_schema_that_never_ends_is_refused_data();
    void a_schema_that_never_ends_is_refused();
    void long_chains_of_references_do_not_fill_the_stack();
    void work_beyond_all_measure_is_given_up_and_does_not_fit();
};

namespace {

/// moc takes two slashes in a raw string for a comment, so that texts here have `||` for them.
std::string withSlashes(std::string text)
{
    for (std::size_t at = text.find("||"); at != std::string::npos; at = text.find("||", at))
        text.replace(at, 2, "//");
    return text;
}

/// The first error as "POINTER: what", or "" where it compiles.
std::string errorOf(std::string_view text)
{
    const auto compiled = MessageSchema::compile(text);
    return compiled ? std::string() : compiled.error().front().pointer + ": " + compiled.error().front().detail;
}

std::string chain(std::size_t length, const std::string& link)
{
    std::string text = R"({"$ref":"#/definitions/d0","definitions":{)";
    for (std::size_t i = 0; i < length; ++i) {
        std::string one = link;
        one.replace(one.find('%'), 1, std::to_string(i + 1));
        text += "\"d" + std::to_string(i) + "\":" + one + ",";
    }
    return text + "\"d" + std::to_string(length) + R"(":{"type":"integer"}}})";
}

} // namespace

void SchemaCompileTest::what_the_draft_forbids_is_named_by_its_pointer_data()
{
    QTest::addColumn<std::string>("text");
    QTest::addColumn<std::string>("error");
    const auto row = [](const char* name, const char* text, const char* error) {
        QTest::newRow(name) << withSlashes(text) << std::string(error);
    };
    row("not JSON", "{", ": the schema cannot be read: not JSON");
    row("same key twice", R"({"type":"object","type":"array"})",
        ": the schema cannot be read: the same key twice in an object");
    row("a list", "[]", ": expected a schema: an object, true or false");
    row("another draft", R"({"$schema":"http:||json-schema.org/draft-04/schema#"})",
        "/$schema: expected http://json-schema.org/draft-07/schema#: this is another draft");
    row("a newer draft", R"({"$schema":"https:||json-schema.org/draft/2020-12/schema"})",
        "/$schema: expected http://json-schema.org/draft-07/schema#: this is another draft");
    row("unknown type", R"({"properties":{"a/b":{"type":"text"}}})",
        "/properties/a~1b/type: expected array, boolean, integer, null, number, object or string");
    row("type twice", R"({"type":["null","null"]})", "/type/1: \"null\" stands here a second time");
    row("no type", R"({"type":[]})", "/type: expected at least one type");
    row("minLength below 0", R"({"minLength":-1})", "/minLength: expected a whole number of at least 0");
    row("maxItems with a fraction", R"({"maxItems":1.5})", "/maxItems: expected a whole number of at least 0");
    row("maximum as a text", R"({"maximum":"3"})", "/maximum: expected a number");
    row("exclusiveMinimum of draft 4", R"({"minimum":1,"exclusiveMinimum":true})",
        "/exclusiveMinimum: expected a number");
    row("multipleOf 0", R"({"multipleOf":0})", "/multipleOf: expected a number above 0");
    row("required of draft 3", R"({"required":true})", "/required: expected a list of names");
    row("required twice", R"({"required":["a","a"]})", "/required/1: this name stands here a second time");
    row("required number", R"({"required":[1]})", "/required/0: expected a text");
    row("empty enum", R"({"enum":[]})", "/enum: expected a list of at least one value");
    row("empty anyOf", R"({"anyOf":[]})", "/anyOf: expected a list of at least one schema");
    row("properties as a list", R"({"properties":[]})", "/properties: expected an object of schemas");
    row("a property that is no schema", R"({"properties":{"a":1}})",
        "/properties/a: expected a schema: an object, true or false");
    row("wrong in definitions that nobody uses", R"({"definitions":{"a":{"minimum":"1"}}})",
        "/definitions/a/minimum: expected a number");
    row("lookahead", R"~({"pattern":"a(?=b)"})~",
        "/pattern: RE2 cannot match this pattern: invalid perl operator: (?=");
    row("backreference", R"({"patternProperties":{"(a)\\1":{}}})",
        "/patternProperties/(a)\\1: RE2 cannot match this pattern: invalid escape sequence: \\1");
    row("pattern that is too large", R"({"pattern":"^(.{1,500}x){1,50}$"})",
        "/pattern: RE2 cannot match this pattern: invalid repetition size");
    row("pattern of too many instructions", R"~({"pattern":"^(\\pL{1,100}x){9}$"})~", "/pattern: ");
    row("unknown format", R"({"items":{"format":"phone"}})", "/items/format: the format \"phone\" is not known here");
    row("file", R"({"$ref":"other.json#/a"})",
        "/$ref: only references within the document are supported, not \"other.json#/a\"");
    row("remote", R"({"items":{"$ref":"http:||example.org/s.json"}})",
        "/items/$ref: only references within the document are supported, not \"http://example.org/s.json\"");
    row("to nowhere", R"({"$ref":"#/definitions/a"})", "/$ref: nothing stands at \"#/definitions/a\"");
    row("to a value", R"({"$ref":"#/a","a":3})", "/a: expected a schema: an object, true or false");
    row("bad pointer", R"({"$ref":"#/~2"})", "/$ref: nothing stands at \"#/~2\"");
    row("unknown name", R"({"$ref":"#a"})", "/$ref: no subschema has the $id \"#a\"");
    row("ref as a number", R"({"$ref":1})", "/$ref: expected a text");
    row("a document within", R"({"items":{"$id":"http:||example.org/b.json"}})",
        "/items/$id: a second document within the first is not supported; only #NAME may stand here");
    row("title as a number", R"({"title":1})", "/title: expected a text");
    row("uniqueItems as a text", R"({"uniqueItems":"yes"})", "/uniqueItems: expected true or false");
    row("U+0000 in a name", R"({"properties":{"a\u0000b":true}})",
        "/properties/a");
}

void SchemaCompileTest::what_the_draft_forbids_is_named_by_its_pointer()
{
    QFETCH(std::string, text);
    QFETCH(std::string, error);
    const std::string found = errorOf(text);
    QVERIFY2(!found.empty() && found.starts_with(error), found.c_str());
}

void SchemaCompileTest::what_is_no_error_compiles_data()
{
    QTest::addColumn<std::string>("text");
    const auto row = [](const char* name, const char* text) { QTest::newRow(name) << withSlashes(text); };
    row("empty", "{}");
    row("true", "true");
    row("false", "false");
    row("draft 7 by its name", R"({"$schema":"http:||json-schema.org/draft-07/schema#"})");
    row("draft 7 without the hash", R"({"$schema":"http:||json-schema.org/draft-07/schema"})");
    row("unknown keyword", R"({"x-unit":{"type":3},"unevaluatedProperties":7})");
    row("id of draft 4, which is unknown here", R"({"id":"http:||example.org/x","items":{"id":1}})");
    row("ref beside what does not count", R"({"$ref":"#/definitions/a","type":7,"definitions":{"a":true}})");
    row("ref by $id", R"({"$id":"http:||example.org/s","items":{"$ref":"http:||example.org/s#/definitions/a"},"definitions":{"a":{}}})");
    row("recursion through a property", R"({"properties":{"next":{"$ref":"#"}}})");
    row("keyword names as properties", R"({"properties":{"$ref":{"type":"string"},"type":true,"enum":{}}})");
    row("whole numbers with a point", R"({"minLength":2.0,"maxItems":3.0})");
    row("empty names and slashes", R"({"properties":{"":{"$ref":"#/definitions/"},"/":true},"definitions":{"":{}}})");
    row("a long repetition", R"({"pattern":"^.{1,255}$"})");
}

void SchemaCompileTest::what_is_no_error_compiles()
{
    QFETCH(std::string, text);
    QCOMPARE(errorOf(text), std::string());
}

void SchemaCompileTest::all_errors_are_named()
{
    const auto compiled = MessageSchema::compile(R"({"type":3,"properties":{"a":{"minimum":"1"},"b":{"format":"x"}}})");
    QVERIFY(!compiled.ok());
    std::vector<std::string> pointers;
    for (const SchemaError& error : compiled.error())
        pointers.push_back(error.pointer);
    QCOMPARE(pointers, (std::vector<std::string>{"/properties/a/minimum", "/properties/b/format", "/type"}));
}

void SchemaCompileTest::a_schema_that_never_ends_is_refused_data()
{
    QTest::addColumn<std::string>("text");
    const auto row = [](const char* name, const char* text) { QTest::newRow(name) << withSlashes(text); };
    row("itself", R"({"$ref":"#"})");
    row("itself through allOf", R"({"allOf":[{"$ref":"#"}]})");
    row("itself through not", R"({"not":{"$ref":"#"}})");
    row("itself through then", R"({"if":true,"then":{"$ref":"#"}})");
    row("itself through dependencies", R"({"dependencies":{"a":{"$ref":"#"}}})");
    row("two of each other", R"({"$ref":"#/definitions/a","definitions":{"a":{"$ref":"#/definitions/b"},"b":{"anyOf":[{"$ref":"#/definitions/a"}]}}})");
}

void SchemaCompileTest::a_schema_that_never_ends_is_refused()
{
    QFETCH(std::string, text);
    const std::string error = errorOf(text);
    QVERIFY2(error.ends_with("the schema refers to itself for the same value, without an end"), error.c_str());
}

void SchemaCompileTest::long_chains_of_references_do_not_fill_the_stack()
{
    QCOMPARE(errorOf(chain(100, R"({"$ref":"#/definitions/d%"})")), std::string());
    QVERIFY(errorOf(chain(5000, R"({"$ref":"#/definitions/d%"})")).ends_with("within each other"));
    QCOMPARE(errorOf(chain(5000, R"({"items":{"$ref":"#/definitions/d%"}})")), std::string());
}

void SchemaCompileTest::work_beyond_all_measure_is_given_up_and_does_not_fit()
{
    std::string text = R"({"definitions":{)";
    for (int i = 0; i < 40; ++i) {
        const std::string next = "{\"$ref\":\"#/definitions/d" + std::to_string(i + 1) + "\"}";
        text += "\"d" + std::to_string(i) + "\":{\"allOf\":[" + next + "," + next + "]},";
    }
    text += R"("d40":{"type":"integer"}},)";
    MessageValidator validator;
    for (const std::string_view last : {R"("$ref":"#/definitions/d0"})", R"("not":{"$ref":"#/definitions/d0"}})",
                                        R"("anyOf":[{"$ref":"#/definitions/d0"},true]})"}) {
        const auto doubling = MessageSchema::compile(text + std::string(last));
        QVERIFY(doubling.ok());
        QVERIFY(!validator.read(std::as_bytes(std::span(std::string_view("1")))));
        const auto mismatch = validator.check(**doubling);
        QVERIFY(mismatch && mismatch->tooMuchWork);
    }
}

QTEST_GUILESS_MAIN(SchemaCompileTest)
#include "schemacompiletest.moc"
