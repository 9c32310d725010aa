// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/jsoncursor.h"

#include <QElapsedTimer>
#include <QTest>

using namespace gatehouse;

namespace {

std::string repeated(std::string_view text, std::size_t count)
{
    std::string result;
    for (std::size_t i = 0; i < count; ++i)
        result += text;
    return result;
}

/// "key=value;" for each member of the object that the text begins with, then what stands behind it.
std::string walked(std::string_view text)
{
    JsonCursor cursor(text);
    std::string result;
    if (!cursor.enter())
        return "no object";
    while (const auto key = cursor.key()) {
        result += *key;
        result += '=';
        result += cursor.take();
        result += ';';
    }
    return result + std::string(cursor.take());
}

} // namespace

class SchemaCursorTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void values_are_handed_out_as_they_are_written_data();
    void values_are_handed_out_as_they_are_written();
    void an_object_within_an_object_is_entered_and_left();
    void what_is_no_json_is_walked_to_its_end_data();
    void what_is_no_json_is_walked_to_its_end();
    void whole_numbers_are_exact_or_nothing();
    void strings_have_their_escapes_resolved_data();
    void strings_have_their_escapes_resolved();
    void no_choice_of_bytes_costs_quadratic_time_data();
    void no_choice_of_bytes_costs_quadratic_time();
};

void SchemaCursorTest::values_are_handed_out_as_they_are_written_data()
{
    QTest::addColumn<std::string>("text");
    QTest::addColumn<std::string>("members");
    const auto row = [](const char* name, std::string text, std::string members) {
        QTest::newRow(name) << std::move(text) << std::move(members);
    };
    row("none", "{}", "");
    row("blanks", " { \t\r\n} ", "");
    row("each kind", R"({"a":1,"b":-2.50e1,"c":"x","d":true,"e":false,"f":null,"g":[],"h":{}})",
        R"(a=1;b=-2.50e1;c="x";d=true;e=false;f=null;g=[];h={};)");
    row("blanks around and within", R"({ "a" : [ 1 , 2 ] , "b" : { "c" : 3 } })", R"(a=[ 1 , 2 ];b={ "c" : 3 };)");
    row("brackets and quotation marks in texts", R"({"a":["]","}\"]"],"b":{"}":"{"},"c":"\\"})",
        R"(a=["]","}\"]"];b={"}":"{"};c="\\";)");
    row("escaped keys", R"({"\u0069\u0064":1,"a\/b":2})", "id=1;a/b=2;");
    row("something behind", R"({"a":1}  {"b":2})", R"(a=1;{"b":2})");
    row("no object", "[1]", "no object");
    row("nothing", "", "no object");
}

void SchemaCursorTest::values_are_handed_out_as_they_are_written()
{
    QFETCH(std::string, text);
    QFETCH(std::string, members);
    QCOMPARE(walked(text), members);
}

void SchemaCursorTest::an_object_within_an_object_is_entered_and_left()
{
    JsonCursor cursor(R"({"a":{"b":{"c":1}},"d":[2]})");
    QVERIFY(cursor.enter());
    QVERIFY(cursor.key() == "a");
    QVERIFY(cursor.kind() == JsonKind::Object);
    QVERIFY(cursor.enter());
    QVERIFY(cursor.key() == "b");
    QVERIFY(cursor.enter());
    QVERIFY(cursor.key() == "c");
    QVERIFY(!cursor.enter());
    QVERIFY(cursor.take() == "1");
    QVERIFY(!cursor.key());
    QVERIFY(!cursor.key());
    QVERIFY(cursor.key() == "d");
    QVERIFY(cursor.kind() == JsonKind::Array);
    QVERIFY(cursor.take() == "[2]");
    QVERIFY(!cursor.key());
    QVERIFY(cursor.kind() == JsonKind::None);
}

void SchemaCursorTest::what_is_no_json_is_walked_to_its_end_data()
{
    QTest::addColumn<std::string>("text");
    for (const char* text : {"{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":\"", "{\"a\":\"\\", "{\"a\":[",
                             "{\"a\":{\"b\"", "{]", "{a:1}", "{\"a\" 1}", "{,,,}", "{\"a\":]}", "{\"a\":,\"b\":}",
                             "{\"\\u12\":1}", "{\"\\\":1}", "{\"a\":1]]]}", "{\"a\":}}}}"})
        QTest::newRow(text) << std::string(text);
}

void SchemaCursorTest::what_is_no_json_is_walked_to_its_end()
{
    QFETCH(std::string, text);
    QVERIFY(walked(text).size() <= 3 * text.size()); // that it ends at all, and within its bounds (in asan)
}

void SchemaCursorTest::whole_numbers_are_exact_or_nothing()
{
    QVERIFY(jsonUnsigned("0") == 0U);
    QVERIFY(jsonUnsigned("9007199254740993") == 9007199254740993U); // 2⁵³ + 1, which no double holds
    QVERIFY(jsonUnsigned("18446744073709551615") == 18446744073709551615U);
    for (const char* text : {"18446744073709551616", "-1", "-0", "+1", "1.0", "1e3", "", " 1", "1 ", "\"1\"", "0x10"})
        QVERIFY2(!jsonUnsigned(text), text);
    QVERIFY(jsonSigned("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
    QVERIFY(jsonSigned("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
    for (const char* text : {"9223372036854775808", "-9223372036854775809", "+1", "1.0", "-", "", "true"})
        QVERIFY2(!jsonSigned(text), text);
    QVERIFY(jsonBoolean("true") == true);
    QVERIFY(jsonBoolean("false") == false);
    for (const char* text : {"1", "0", "null", "\"true\"", "True", ""})
        QVERIFY2(!jsonBoolean(text), text);
}

void SchemaCursorTest::strings_have_their_escapes_resolved_data()
{
    QTest::addColumn<std::string>("written");
    QTest::addColumn<std::string>("text"); // "no text": refused
    const auto row = [](const char* name, const char* written, std::string text) {
        QTest::newRow(name) << std::string(written) << std::move(text);
    };
    row("plain", R"("plain")", "plain");
    row("empty", R"("")", "");
    row("short ones", R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t");
    row("one byte", R"("\u0041")", "A");
    row("NUL", R"("a\u0000b")", std::string("a\0b", 3));
    row("two bytes", R"("\u00e9")", "é");
    row("three bytes", R"("\u20AC\uffff")", "\u20ac\xef\xbf\xbf");
    row("four bytes", R"("\ud83d\ude00 \udbff\udfff")", "😀 \xf4\x8f\xbf\xbf");
    row("half a pair", R"("\ud800")", "no text");
    row("the other half", R"("\udc00")", "no text");
    row("half a pair and another escape", R"("\ud800\n")", "no text");
    row("the first half twice", R"("\ud800\ud800")", "no text");
    row("the other half first", R"("\udc00\ud800")", "no text");
    row("cut", R"("\u004")", "no text");
    row("no escape", R"("\x")", "no text");
    row("ends in its escape", R"("\")", "no text");
    row("no string", "1", "no text");
    row("one mark", "\"", "no text");
}

void SchemaCursorTest::strings_have_their_escapes_resolved()
{
    QFETCH(std::string, written);
    QFETCH(std::string, text);
    QCOMPARE(jsonString(written).value_or("no text"), text);
}

void SchemaCursorTest::no_choice_of_bytes_costs_quadratic_time_data()
{
    constexpr std::size_t many = 4 << 20;
    QTest::addColumn<std::string>("text");
    QTest::newRow("backslashes") << "{\"a\":\"" + std::string(many, '\\') + "\"}";
    QTest::newRow("escaped marks") << "{\"a\":\"" + repeated("\\\"", many / 2) + "\"}";
    QTest::newRow("open brackets") << "{\"a\":" + std::string(many, '[');
    QTest::newRow("empty texts") << "{\"a\":[" + repeated("\"\",", many / 3) + "\"\"]}";
    QTest::newRow("members") << "{" + repeated("\"a\":1,", many / 6) + "\"b\":2}";
}

void SchemaCursorTest::no_choice_of_bytes_costs_quadratic_time()
{
    QFETCH(std::string, text);
    QElapsedTimer timer;
    timer.start();
    JsonCursor cursor(text);
    QVERIFY(cursor.enter());
    while (cursor.key())
        cursor.take();
    QVERIFY2(timer.elapsed() < 20'000, "a quadratic walk would take minutes");
}

QTEST_GUILESS_MAIN(SchemaCursorTest)
#include "schemacursortest.moc"
