// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/messageschema.h"
#include "schema/messagevalidator.h"

#include <QElapsedTimer>
#include <QTest>

using namespace gatehouse;

namespace {

/// The keyword that a message does not meet; "" where it fits.
std::string checked(std::string_view schema, std::string_view message)
{
    const auto compiled = MessageSchema::compile(schema);
    if (!compiled)
        return "schema: " + compiled.error().front().pointer + ": " + compiled.error().front().detail;
    MessageValidator validator;
    if (const auto fault = validator.read(std::as_bytes(std::span(message))))
        return "message: " + std::string(jsonFaultText(*fault));
    const auto mismatch = validator.check(**compiled);
    return mismatch ? '#' + mismatch->pointer : std::string();
}

} // namespace

class SchemaKeywordsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_message_is_held_against_each_keyword_data();
    void a_message_is_held_against_each_keyword();
    void formats_data();
    void formats();
    void a_pattern_meets_64_KiB_in_linear_time_data();
    void a_pattern_meets_64_KiB_in_linear_time();
    void unique_items_cost_no_quadratic_time();
    void the_key_of_a_message_is_never_repeated();
};

void SchemaKeywordsTest::a_message_is_held_against_each_keyword_data()
{
    QTest::addColumn<std::string>("schema");
    QTest::addColumn<std::string>("message");
    QTest::addColumn<std::string>("keyword");
    const auto row = [](const char* schema, const char* message, const char* keyword) {
        QTest::newRow((std::string(schema) + "  " + message).c_str())
            << std::string(schema) << std::string(message) << std::string(keyword);
    };
    row("true", "1", "");
    row("false", "1", "#");
    row("{}", "[]", "");
    row(R"({"type":"integer"})", "1", "");
    row(R"({"type":"integer"})", "1.0", "");
    row(R"({"type":"integer"})", "1e30", "");
    row(R"({"type":"integer"})", "18446744073709551615", "");
    row(R"({"type":"integer"})", "1.5", "#/type");
    row(R"({"type":"integer"})", R"("1")", "#/type");
    row(R"({"type":"number"})", "1", "");
    row(R"({"type":"number"})", "true", "#/type");
    row(R"({"type":["null","boolean"]})", "false", "");
    row(R"({"type":["null","boolean"]})", "0", "#/type");
    row(R"({"type":"array"})", "{}", "#/type");
    row(R"({"type":"object"})", "[]", "#/type");
    row(R"({"enum":[1,"a",null,[2],{"x":1,"y":[]}]})", R"({"y":[],"x":1.0})", "");
    row(R"({"enum":[1,"a",null]})", "1.0", "");
    row(R"({"enum":[1,"a",null]})", R"("b")", "#/enum");
    row(R"({"enum":[0]})", "false", "#/enum");
    row(R"({"enum":[""]})", "null", "#/enum");
    row(R"({"const":{"a":[1,2]}})", R"({"a":[1,2]})", "");
    row(R"({"const":{"a":[1,2]}})", R"({"a":[2,1]})", "#/const");
    row(R"({"const":{"a":1}})", R"({"a":1,"b":1})", "#/const");
    row(R"({"const":-0.0})", "0", "");
    row(R"({"const":9007199254740993})", "9007199254740992", "#/const");
    row(R"({"minimum":3})", "3", "");
    row(R"({"minimum":3})", "2.999", "#/minimum");
    row(R"({"minimum":3})", R"("a")", "");
    row(R"({"maximum":9007199254740992})", "9007199254740993", "#/maximum");
    row(R"({"maximum":18446744073709551614})", "18446744073709551615", "#/maximum");
    row(R"({"exclusiveMinimum":3})", "3", "#/exclusiveMinimum");
    row(R"({"exclusiveMaximum":3})", "3.0", "#/exclusiveMaximum");
    row(R"({"exclusiveMaximum":3,"maximum":5})", "2", "");
    row(R"({"multipleOf":3})", "9", "");
    row(R"({"multipleOf":3})", "10", "#/multipleOf");
    row(R"({"multipleOf":0.01})", "19.99", "");
    row(R"({"multipleOf":0.0001})", "0.00751", "#/multipleOf");
    row(R"({"multipleOf":0.0001})", "0.0075", "");
    row(R"({"multipleOf":1.5})", "4.5", "");
    row(R"({"multipleOf":0.123456789})", "1e308", "#/multipleOf");
    row(R"({"minLength":2})", R"("é")", "#/minLength");
    row(R"({"maxLength":2})", R"("éé")", "");
    row(R"({"maxLength":1})", R"("\ud83d\ude00")", "");
    row(R"({"maxLength":1})", R"("ab")", "#/maxLength");
    row(R"({"pattern":"b+"})", R"("abc")", "");
    row(R"({"pattern":"^b+$"})", R"("abc")", "#/pattern");
    row(R"({"pattern":"^b$"})", R"("b\n")", "#/pattern");
    row(R"({"pattern":"^\\u00e9\\d$"})", R"("é1")", "");
    row(R"({"pattern":"^[\\w/\\-]+$"})", R"("a/b-c")", "");
    row(R"({"items":{"type":"integer"}})", "[1,2]", "");
    row(R"({"items":{"type":"integer"}})", R"([1,"2"])", "#/items/type");
    row(R"({"items":[{"type":"integer"},{"type":"string"}]})", R"([1,"2",null])", "");
    row(R"({"items":[{"type":"integer"},{"type":"string"}]})", "[1,2]", "#/items/1/type");
    row(R"({"items":[true],"additionalItems":false})", "[1]", "");
    row(R"({"items":[true],"additionalItems":false})", "[1,2]", "#/additionalItems");
    row(R"({"items":[true],"additionalItems":{"type":"null"}})", "[1,2]", "#/additionalItems/type");
    row(R"({"items":{},"additionalItems":false})", "[1,2]", "");
    row(R"({"additionalItems":false})", "[1,2]", "");
    row(R"({"items":false})", "[]", "");
    row(R"({"items":false})", "[1]", "#/items");
    row(R"({"contains":{"const":5}})", "[1,5]", "");
    row(R"({"contains":{"const":5}})", "[1]", "#/contains");
    row(R"({"contains":true})", "[]", "#/contains");
    row(R"({"minItems":2})", "[1]", "#/minItems");
    row(R"({"maxItems":2})", "[1,2,3]", "#/maxItems");
    row(R"({"uniqueItems":true})", "[1,2,true,false,[],{},null,\"1\"]", "");
    row(R"({"uniqueItems":true})", "[1,2,1.0]", "#/uniqueItems");
    row(R"({"uniqueItems":true})", R"([{"a":1,"b":2},{"b":2,"a":1}])", "#/uniqueItems");
    row(R"({"uniqueItems":true})", R"([[1,[2]],[1,[2]]])", "#/uniqueItems");
    row(R"({"uniqueItems":true})", R"([[0],[false]])", "");
    row(R"({"uniqueItems":false})", "[1,1]", "");
    row(R"({"properties":{"a":{"type":"integer"}}})", R"({"a":1,"b":"x"})", "");
    row(R"({"properties":{"a/b":{"type":"integer"}}})", R"({"a/b":"x"})", "#/properties/a~1b/type");
    row(R"({"properties":{"a":false}})", R"({"a":1})", "#/properties/a");
    row(R"({"properties":{"a":true},"additionalProperties":false})", R"({"a":1})", "");
    row(R"({"properties":{"a":true},"additionalProperties":false})", R"({"b":1})", "#/additionalProperties");
    row(R"({"additionalProperties":{"type":"null"}})", R"({"b":1})", "#/additionalProperties/type");
    row(R"({"required":["a"],"additionalProperties":false})", R"({"a":1})", "#/additionalProperties");
    row(R"({"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false})", R"({"x1":1})", "");
    row(R"({"patternProperties":{"^x":{"type":"integer"}}})", R"({"x1":"a"})", "#/patternProperties/^x/type");
    row(R"({"properties":{"xa":{"maximum":3}},"patternProperties":{"a$":{"minimum":2}}})", R"({"xa":1})",
        "#/patternProperties/a$/minimum");
    row(R"({"required":["a","b"]})", R"({"a":1})", "#/required/1");
    row(R"({"required":["a","b"]})", R"({"b":null,"a":1})", "");
    row(R"({"required":[]})", "{}", "");
    row(R"({"minProperties":1})", "{}", "#/minProperties");
    row(R"({"maxProperties":1})", R"({"a":1,"b":1})", "#/maxProperties");
    row(R"({"propertyNames":{"maxLength":2}})", R"({"ab":1})", "");
    row(R"({"propertyNames":{"maxLength":2}})", R"({"abc":1})", "#/propertyNames/maxLength");
    row(R"({"propertyNames":{"enum":["a","b"]}})", R"({"c":1})", "#/propertyNames/enum");
    row(R"({"propertyNames":false})", R"({"c":1})", "#/propertyNames");
    row(R"({"propertyNames":{"type":"string","not":{"const":"x"}}})", R"({"y":1})", "");
    row(R"({"dependencies":{"a":["b","c"]}})", R"({"a":1,"b":1,"c":1})", "");
    row(R"({"dependencies":{"a":["b","c"]}})", R"({"a":1,"b":1})", "#/dependencies/a");
    row(R"({"dependencies":{"a":["b"]}})", R"({"c":1})", "");
    row(R"({"dependencies":{"a":{"required":["b"]}}})", R"({"a":1})", "#/dependencies/a/required/0");
    row(R"({"dependencies":{"a":false}})", R"({"b":1})", "");
    row(R"({"allOf":[{"minimum":1},{"maximum":3}]})", "4", "#/allOf/1/maximum");
    row(R"({"anyOf":[{"type":"string"},{"minimum":3}]})", "4", "");
    row(R"({"anyOf":[{"type":"string"},{"minimum":3}]})", "2", "#/anyOf");
    row(R"({"oneOf":[{"type":"integer"},{"minimum":3}]})", "4", "#/oneOf");
    row(R"({"oneOf":[{"type":"integer"},{"minimum":3}]})", "3.5", "");
    row(R"({"not":{"type":"integer"}})", "4", "#/not");
    row(R"({"not":{"type":"integer"}})", "4.5", "");
    row(R"({"if":{"minimum":3},"then":{"multipleOf":2},"else":{"const":1}})", "5", "#/then/multipleOf");
    row(R"({"if":{"minimum":3},"then":{"multipleOf":2},"else":{"const":1}})", "2", "#/else/const");
    row(R"({"if":{"minimum":3},"then":{"multipleOf":2}})", "1", "");
    row(R"({"then":{"multipleOf":2},"else":false})", "1", "");
    row(R"({"definitions":{"a":{"type":"integer"}},"items":{"$ref":"#/definitions/a"}})", R"(["x"])",
        "#/definitions/a/type");
    row(R"({"definitions":{"a b%":{"type":"integer"}},"items":{"$ref":"#/definitions/a%20b%25"}})", "[1.5]",
        "#/definitions/a b%/type");
    row(R"({"items":{"$ref":"#x"},"definitions":{"a":{"$id":"#x","minimum":2}}})", "[1]", "#/definitions/a/minimum");
    row(R"({"properties":{"next":{"$ref":"#"},"v":{"type":"integer"}},"required":["v"]})",
        R"({"v":1,"next":{"v":2,"next":{"v":3}}})", "");
    row(R"({"properties":{"next":{"$ref":"#"},"v":{"type":"integer"}},"required":["v"]})",
        R"({"v":1,"next":{"v":2,"next":{"v":"x"}}})", "#/properties/v/type");
    row(R"({"properties":{"a":{"$ref":"#/definitions/f"}},"definitions":{"f":false}})", R"({"a":1})",
        "#/definitions/f");
    row(R"({"$ref":"#/definitions/a","maximum":1,"definitions":{"a":{"minimum":2}}})", "5", "");
}

void SchemaKeywordsTest::a_message_is_held_against_each_keyword()
{
    QFETCH(std::string, schema);
    QFETCH(std::string, message);
    QFETCH(std::string, keyword);
    QCOMPARE(checked(schema, message), keyword);
}

void SchemaKeywordsTest::formats_data()
{
    QTest::addColumn<std::string>("format");
    QTest::addColumn<std::string>("text");
    QTest::addColumn<bool>("fits");
    const auto row = [](const char* format, std::initializer_list<const char*> good,
                        std::initializer_list<const char*> bad) {
        for (const char* text : good)
            QTest::newRow((std::string(format) + ": " + text).c_str()) << std::string(format) << std::string(text) << true;
        for (const char* text : bad)
            QTest::newRow((std::string(format) + " not: " + text).c_str())
                << std::string(format) << std::string(text) << false;
    };
    row("date-time", {"2024-02-29T12:00:00Z", "1990-12-31T23:59:60Z", "1990-12-31t15:59:60.123-08:00"},
        {"2023-02-29T12:00:00Z", "2024-02-29 12:00:00Z", "2024-02-29T24:00:00Z", "2024-02-29T12:00:60Z",
         "2024-02-29T12:00:00", "x2024-02-29T12:00:00Z", "2024-02-29T12:00:00Zx", "2024-13-01T00:00:00Z"});
    row("date", {"2024-02-29", "2000-02-29"}, {"1900-02-29", "2024-04-31", "2024-4-01", "2024-00-10", "2024-01-00"});
    row("time", {"00:00:00Z", "12:30:01.5+01:00"}, {"12:30Z", "12:60:00Z", "12:00:00+24:00", "12:00:00"});
    row("email", {"a.b@example.org", "a+b@x", "\"a b\"@x.org", "a@[127.0.0.1]"},
        {"a", "a@", "@x", ".a@x.org", "a..b@x.org", "a@x..org", "a b@x.org"});
    row("hostname", {"a", "www.example.org", "xn--nxasmq6b"}, {"-a", "a-", "a..b", "a_b", "", "a."});
    row("ipv4", {"127.0.0.1", "0.0.0.0"}, {"127.0.0", "256.0.0.1", "127.0.0.01", "127.0.0.1 ", "::1"});
    row("ipv6", {"::", "::1", "2001:db8::8:800:200c:417a", "::ffff:127.0.0.1"},
        {"1::2::3", "12345::", "fe80::1%eth0", "127.0.0.1", ":::"});
    row("uri", {"http://example.org/a?b#c", "urn:oasis:names", "mailto:a@b.c", "http://[::1]:8080/", "file:///x"},
        {"//example.org", "abc", "/a", "http://a b", "http://a/\\", "http://a/%zz", ":a"});
    row("uri-reference", {"http://example.org", "/a/b", "a/b#c", "", "?x", "//h/p"}, {"\\\\x", "a b", "#a#b"});
    row("uuid", {"2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"},
        {"2eb8aa08-aa98-11ea-73b441d16380", "2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638g"});
    row("json-pointer", {"", "/a/b~0~1", "/"}, {"a", "/~", "/~2", "#/a"});
    row("relative-json-pointer", {"0", "1/a", "2#"}, {"/a", "01", "-1", "1##"});
    row("regex", {"^a+$", "[a-z]"}, {"(", "a(?=b)"});
}

void SchemaKeywordsTest::formats()
{
    QFETCH(std::string, format);
    QFETCH(std::string, text);
    QFETCH(bool, fits);
    std::string message = "\"";
    for (const char c : text)
        message += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
    QCOMPARE(checked("{\"format\":\"" + format + "\"}", message + '"'), std::string(fits ? "" : "#/format"));
}

void SchemaKeywordsTest::a_pattern_meets_64_KiB_in_linear_time_data()
{
    QTest::addColumn<std::string>("schema");
    QTest::newRow("pattern") << std::string(R"({"pattern":"^(a|b)*$"})");
    QTest::newRow("nested repetition") << std::string(R"({"pattern":"^((a+)+)+$"})");
    QTest::newRow("many states") << std::string(R"({"pattern":"(a|b)*a(a|b){12}c"})");
    QTest::newRow("name") << std::string(R"({"propertyNames":{"pattern":"^(a|b)*$"}})");
    QTest::newRow("patternProperties") << std::string(R"({"patternProperties":{"^(a|b)*x$":false}})");
}

void SchemaKeywordsTest::a_pattern_meets_64_KiB_in_linear_time()
{
    QFETCH(std::string, schema);
    std::string text;
    for (std::size_t i = 0; i < 65'000; ++i)
        text += (i * 2654435761U >> 7 & 1U) != 0 ? 'a' : 'b';
    QElapsedTimer timer;
    timer.start();
    for (const std::string& value : {text, text + "c", text + "x"}) {
        (void)checked(schema, '"' + value + '"');
        (void)checked(schema, "{\"" + value + "\":1}");
    }
    QVERIFY2(timer.elapsed() < 10'000, "a matcher that goes back would take for ever");
}

void SchemaKeywordsTest::unique_items_cost_no_quadratic_time()
{
    std::string text = "[";
    for (int i = 0; i < 200'000; ++i)
        text += (i ? ",{\"a\":" : "{\"a\":") + std::to_string(i) + "}";
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(checked(R"({"uniqueItems":true})", text + "]"), std::string());
    QCOMPARE(checked(R"({"uniqueItems":true})", text + ",{\"a\":7}]"), std::string("#/uniqueItems"));
    QVERIFY2(timer.elapsed() < 20'000, "each against each would take for ever");
}

void SchemaKeywordsTest::the_key_of_a_message_is_never_repeated()
{
    const char* schema = R"({"propertyNames":{"maxLength":3},"additionalProperties":{"type":"null"}})";
    QCOMPARE(checked(schema, R"({"canary":1})"), std::string("#/propertyNames/maxLength"));
    QCOMPARE(checked(schema, R"({"can":"canary"})"), std::string("#/additionalProperties/type"));
}

QTEST_GUILESS_MAIN(SchemaKeywordsTest)
#include "schemakeywordstest.moc"
