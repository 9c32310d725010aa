// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/messageschema.h"
#include "schema/messagevalidator.h"

#include <QElapsedTimer>
#include <QTest>

using namespace gatehouse;

namespace {

std::string faultOf(MessageValidator& validator, std::string_view text)
{
    const auto fault = validator.read(std::as_bytes(std::span(text)));
    return fault ? std::string(jsonFaultText(*fault)) : std::string();
}

std::string repeated(std::string_view text, std::size_t count)
{
    std::string result;
    for (std::size_t i = 0; i < count; ++i)
        result += text;
    return result;
}

std::string nested(std::size_t depth)
{
    return repeated("[", depth) + repeated("]", depth);
}

/// {"k0":0,"k1":0,…}, the last key once more where asked for.
std::string manyKeys(std::size_t count, bool twice, const std::string& prefix = "k")
{
    std::string text = "{";
    for (std::size_t i = 0; i < count; ++i)
        text += (i ? ",\"" : "\"") + prefix + std::to_string(i) + "\":0";
    if (twice)
        text += ",\"" + prefix + "0\":1";
    return text + "}";
}

} // namespace

class SchemaJsonTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_message_is_one_json_value_and_nothing_else_data();
    void a_message_is_one_json_value_and_nothing_else();
    void keys_are_compared_with_their_escapes_resolved();
    void many_keys_cost_no_quadratic_time_data();
    void many_keys_cost_no_quadratic_time();
    void ten_thousand_levels_do_no_harm();
    void a_large_message_is_read_and_a_small_one_after_it();
    void a_message_after_a_bad_one_is_read_as_if_alone();
};

void SchemaJsonTest::a_message_is_one_json_value_and_nothing_else_data()
{
    QTest::addColumn<std::string>("text");
    QTest::addColumn<std::string>("fault");
    const std::string good;
    const std::string syntax(jsonFaultText(JsonFault::Syntax));
    const std::string number(jsonFaultText(JsonFault::Number));
    const std::string surrogate(jsonFaultText(JsonFault::Surrogate));
    const std::string twice(jsonFaultText(JsonFault::DuplicateKey));
    const std::string depth(jsonFaultText(JsonFault::Depth));
    const auto row = [](const char* name, std::string text, const std::string& fault) {
        QTest::newRow(name) << std::move(text) << fault;
    };
    row("object", R"({"a":[1,2.5,"x",true,false,null]})", good);
    row("text alone", R"("x")", good);
    row("number alone", "17", good);
    row("null alone", "null", good);
    row("white space around", " \t\r\n{} \n", good);
    row("empty", "", syntax);
    row("white space alone", "  ", syntax);
    row("two values", "{}{}", syntax);
    row("a second value on a line of its own", "{}\n{}", syntax);
    row("ten thousand lines", repeated("{\"id\":1}\n", 10000), syntax);
    row("comma behind", "{},", syntax);
    row("trailing comma", "[1,]", syntax);
    row("comment", "{}//x", syntax);
    row("single quotes", "{'a':1}", syntax);
    row("key without quotes", "{a:1}", syntax);
    row("cut off", R"({"a":)", syntax);
    row("NaN", "NaN", syntax);
    row("byte order mark", "\xef\xbb\xbf{}", syntax);
    row("line feed in a text", "\"a\nb\"", syntax);
    row("NUL in a text", std::string("\"a\0b\"", 5), syntax);
    row("NUL behind", std::string("{}\0", 3), syntax);
    row("escape that is none", R"("\x41")", syntax);
    row("escape of three digits", R"("\u123")", syntax);
    row("wrong UTF-8", "\"\xff\"", std::string(jsonFaultText(JsonFault::Utf8)));
    row("surrogate in UTF-8", "\"\xed\xa0\x80\"", std::string(jsonFaultText(JsonFault::Utf8)));
    row("U+0000 escaped", R"("\u0000")", good);
    row("pair", R"("\ud83d\ude00")", good);
    row("pair in capitals", R"("\uD83D\uDE00")", good);
    row("high alone", R"("\ud800")", surrogate);
    row("low alone", R"("\udc00")", surrogate);
    row("low before high", R"("\udc00\ud800")", surrogate);
    row("high, then text", R"("\ud800x")", surrogate);
    row("high, then another escape", R"("\ud800\n")", surrogate);
    row("high, then no surrogate", R"("\ud800\u0041")", surrogate);
    row("high, then beyond the low ones", R"("\ud800\ue000")", surrogate);
    row("high, then far beyond", R"("\udbff\uffff")", surrogate);
    row("high twice", R"("\ud800\ud800\udc00")", surrogate);
    row("high in a key", R"({"\ud800":1})", surrogate);
    row("low in a key", R"({"\udfff":1})", surrogate);
    row("an escaped backslash before it", R"("\\ud800")", good);
    row("a backslash, then half", R"("\\\ud800")", surrogate);
    row("depth 64", nested(64), good);
    row("depth 65", nested(65), depth);
    row("depth 64 of objects", repeated(R"({"a":)", 64) + "1" + repeated("}", 64), good);
    row("depth 65 of objects", repeated(R"({"a":)", 65) + "1" + repeated("}", 65), depth);
    row("same key twice", R"({"a":1,"a":1})", twice);
    row("same key twice, far apart", R"({"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"a":0})", twice);
    row("same key twice, deep inside", R"([{"x":[{"a":1,"b":{"c":1,"c":2}}]}])", twice);
    row("same key in two objects", R"([{"a":1},{"a":1}])", good);
    row("a key and its child's", R"({"a":{"a":{"a":1}}})", good);
    row("case differs", R"({"a":1,"A":1})", good);
    row("largest unsigned", "18446744073709551615", good);
    row("one more", "18446744073709551616", number);
    row("least signed", "-9223372036854775808", good);
    row("one less", "-9223372036854775809", number);
    row("1e308", "1e308", good);
    row("1e400", "1e400", number);
    row("-1e400", "-1e400", number);
    row("1e-400", "1e-400", good);
    row("many digits behind the point", "0." + repeated("1", 400), good);
    row("leading zero", "01", number);
    row("plus", "+1", syntax);
    row("point alone", "1.", number);
    row("minus alone", "-", number);
}

void SchemaJsonTest::a_message_is_one_json_value_and_nothing_else()
{
    QFETCH(std::string, text);
    QFETCH(std::string, fault);
    MessageValidator validator;
    QCOMPARE(faultOf(validator, text), fault);
}

void SchemaJsonTest::keys_are_compared_with_their_escapes_resolved()
{
    MessageValidator validator;
    QCOMPARE(faultOf(validator, R"({"a":1,"\u0061":2})"), std::string(jsonFaultText(JsonFault::DuplicateKey)));
    QCOMPARE(faultOf(validator, R"({"/":1,"\/":2})"), std::string(jsonFaultText(JsonFault::DuplicateKey)));
}

void SchemaJsonTest::many_keys_cost_no_quadratic_time_data()
{
    QTest::addColumn<std::string>("prefix");
    QTest::newRow("short keys") << std::string("k");
    QTest::newRow("keys with a long common front") << std::string(200, 'x');
}

void SchemaJsonTest::many_keys_cost_no_quadratic_time()
{
    QFETCH(std::string, prefix);
    MessageValidator validator;
    const std::string distinct = manyKeys(200'000, false, prefix);
    const std::string twice = manyKeys(200'000, true, prefix);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(faultOf(validator, distinct), std::string());
    QCOMPARE(faultOf(validator, twice), std::string(jsonFaultText(JsonFault::DuplicateKey)));
    QVERIFY2(timer.elapsed() < 20'000, "a quadratic pass would take minutes");
}

void SchemaJsonTest::ten_thousand_levels_do_no_harm()
{
    MessageValidator validator;
    const std::string depth(jsonFaultText(JsonFault::Depth));
    QCOMPARE(faultOf(validator, nested(10'000)), depth);
    QCOMPARE(faultOf(validator, repeated("[1,", 10'000) + "1" + repeated("]", 10'000)), depth);
    QVERIFY(!faultOf(validator, repeated("[", 10'000)).empty());
    QVERIFY(!faultOf(validator, repeated(R"({"a":)", 10'000)).empty());
}

void SchemaJsonTest::a_large_message_is_read_and_a_small_one_after_it()
{
    MessageValidator validator;
    QCOMPARE(faultOf(validator, '"' + std::string(8 << 20, 'x') + '"'), std::string());
    QCOMPARE(faultOf(validator, R"({"a":1})"), std::string());
    QCOMPARE(faultOf(validator, nested(65)), std::string(jsonFaultText(JsonFault::Depth)));
}

void SchemaJsonTest::a_message_after_a_bad_one_is_read_as_if_alone()
{
    const auto schema = MessageSchema::compile(R"({"type":"object","required":["a"]})");
    QVERIFY(schema.ok());
    MessageValidator validator;
    for (const std::string_view bad : {"{\"a\":1,\"a\":2}", "[[[", "\"\\ud800\"", ""})
        QVERIFY(!faultOf(validator, bad).empty());
    QCOMPARE(faultOf(validator, R"({"a":1})"), std::string());
    QVERIFY(!validator.check(**schema));
    QCOMPARE(faultOf(validator, R"({"b":1})"), std::string());
    QCOMPARE(validator.check(**schema)->pointer, std::string("/required/0"));
}

QTEST_GUILESS_MAIN(SchemaJsonTest)
#include "schemajsontest.moc"
