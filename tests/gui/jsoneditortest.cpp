// SPDX-License-Identifier: GPL-3.0-or-later
#include "editor/jsoneditor.h"
#include "editor/completionlist.h"
#include "editor/findbar.h"
#include "style/gatehousestyle.h"
#include "style/theme.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QTest>

using namespace gatehouse::ui;
using At = JsonPlace::At;

namespace {

constexpr const char* schema = R"({
  "definitions": { "messages": { "type": "object", "description": "what may come", "properties": {
      "on_excess": { "description": "what happens over the rate", "enum": ["close", "drop", "throttle"] },
      "required": { "type": "boolean" } } } },
  "properties": {
    "name": { "description": "of the gate" },
    "routes": { "description": "first match wins", "items": { "properties": {
        "path": { "description": "of the request" },
        "messages": { "oneOf": [ { "$ref": "#/definitions/messages" }, { "const": "off" } ] } } } } }
})";

/// The text without its mark, and where that stood.
std::pair<QString, qsizetype> marked(QString text)
{
    const qsizetype at = text.indexOf(QLatin1Char('|'));
    return {text.remove(at, 1), at};
}

} // namespace

class JsonEditorTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void a_cursor_knows_its_place_data();
    void a_cursor_knows_its_place();
    void broken_text_ends_nothing();
    void the_schema_proposes_data();
    void the_schema_proposes();
    void the_shipped_schema_knows_the_policy();
    void keys_are_completed_by_keyboard();
    void keys_behind_the_cursor_are_not_offered_again();
    void values_are_completed_by_mouse();
    void escape_closes_the_list_and_then_leaves();
    void marks_stand_at_their_code_points();
    void f8_goes_round();
    void undo_brings_back_what_was_replaced();
    void the_find_bar_goes_on_and_says_when_there_is_nothing();
    void a_mebibyte_stays_usable();

private:
    static void show(QWidget& widget);
};

void JsonEditorTest::initTestCase()
{
    QApplication::setStyle(new GatehouseStyle);
    QVERIFY(loadFonts());
}

void JsonEditorTest::show(QWidget& widget)
{
    widget.resize(800, 500);
    widget.show();
    QVERIFY(QTest::qWaitForWindowExposed(&widget));
    widget.setFocus();
}

void JsonEditorTest::a_cursor_knows_its_place_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<At>("at");
    QTest::addColumn<QString>("pointer");
    QTest::addColumn<QString>("typed");
    const auto row = [](const char* name, const char* text, At at, const char* pointer, const char* typed) {
        QTest::newRow(name) << QString::fromUtf8(text) << at << QString::fromUtf8(pointer) << QString::fromUtf8(typed);
    };
    row("nothing at all", "|", At::Value, "", "");
    row("first key", "{|}", At::Key, "", "");
    row("in a key", R"({"na|me": 1})", At::Key, "", "na");
    row("open key", "{\n  \"na|\n}", At::Key, "", "na");
    row("after a key", R"({"name"| : 1})", At::Nothing, "/name", "");
    row("value to come", R"({"name": |})", At::Value, "/name", "");
    row("in a value", R"({"name": "Pl|ant"})", At::Value, "/name", "Pl");
    row("literal", R"({"name": tr|})", At::Value, "/name", "tr");
    row("after a value", R"({"name": 1 |})", At::Nothing, "", "");
    row("second key", R"({"name": 1, |})", At::Key, "", "");
    row("in a list", R"({"routes": [{}, {"path": "/|"}]})", At::Value, "/routes/1/path", "/");
    row("key in a list", R"({"routes": [{}, {|}]})", At::Key, "/routes/1", "");
    row("element", R"({"a": ["x", "|"]})", At::Value, "/a/1", "");
    row("after nested", R"({"a": {"b": [1]}, |})", At::Key, "", "");
    row("escaped quote", R"({"a\"b": |})", At::Value, "/a\\\"b", "");
    row("slash in a key", R"({"a/b": |})", At::Value, "/a~1b", "");
}

void JsonEditorTest::a_cursor_knows_its_place()
{
    QFETCH(QString, text);
    QFETCH(At, at);
    QFETCH(QString, pointer);
    QFETCH(QString, typed);
    const auto [plain, cursor] = marked(text);
    const JsonPlace place = jsonPlace(plain, cursor);
    QCOMPARE(place.at, at);
    QCOMPARE(place.pointer(), pointer);
    QCOMPARE(place.typed, typed);
}

void JsonEditorTest::broken_text_ends_nothing()
{
    const QString text = QStringLiteral("}]{\"a\": [,,:}{\"\\");
    for (qsizetype length = 0; length <= text.size(); ++length) {
        for (qsizetype cursor = 0; cursor <= length; ++cursor)
            QVERIFY(jsonPlace(QStringView(text).left(length), cursor).to <= length);
    }
}

void JsonEditorTest::the_schema_proposes_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("names");
    const auto row = [](const char* name, const char* text, const char* names) {
        QTest::newRow(name) << QString::fromUtf8(text) << QString::fromUtf8(names);
    };
    row("top keys", "{|}", "name routes");
    row("not what is there", R"({"name": "x", |})", "routes");
    row("not what follows", R"({|, "routes": []})", "name");
    row("not what follows a key without its comma", "{\n  \"|\n  \"name\": 1,\n  \"x\": 2\n}", "routes");
    row("not what follows a value without its comma", "{\n  |\n  \"x\": 1\n  \"name\": 2\n}", "routes");
    row("not what follows a key without its value", "{\n  \"|\n  \"x\":\n  \"name\": 2\n}", "routes");
    row("what only an object within has", "{\n  \"|\n  \"x\": {\"name\": 1}\n}", "name routes");
    row("what is only a value", "{\n  \"|\n  \"x\": \"name\"\n}", "name routes");
    row("by what is typed", R"({"ro|})", "routes");
    row("also what holds it", R"({"routes": [{"messages": {"exc|"}}]})", "on_excess");
    row("through a list and a reference", R"({"routes": [{"messages": {|}}]})", "on_excess required");
    row("enum", R"({"routes": [{"messages": {"on_excess": |}}]})", "close drop throttle");
    row("boolean", R"({"routes": [{"messages": {"required": |}}]})", "true false");
    row("const of one of", R"({"routes": [{"messages": |}]})", "off");
    row("unknown place", R"({"nobody": {|}})", "");
}

void JsonEditorTest::the_schema_proposes()
{
    QFETCH(QString, text);
    QFETCH(QString, names);
    const auto [plain, cursor] = marked(text);
    QStringList found;
    for (const Proposal& one : SchemaBook(schema).proposals(jsonPlace(plain, cursor)))
        found += one.name;
    QCOMPARE(found.join(QLatin1Char(' ')), names);
}

void JsonEditorTest::the_shipped_schema_knows_the_policy()
{
    const auto names = [](const char* text) {
        const auto [plain, cursor] = marked(QString::fromUtf8(text));
        QStringList found;
        for (const Proposal& one : SchemaBook::shipped().proposals(jsonPlace(plain, cursor))) {
            if (one.about.isEmpty())
                return QStringList{QStringLiteral("not explained: ") + one.name};
            found += one.name;
        }
        return found;
    };
    QVERIFY(names("{|}").contains(QStringLiteral("listeners")));
    const QStringList messages = names(R"({"routes": [{"messages": {|}}]})");
    for (const char* key : {"rate", "max_size", "on_excess"})
        QVERIFY2(messages.contains(QLatin1StringView(key)), qPrintable(messages.join(QLatin1Char(' '))));
    QVERIFY(names(R"({"routes": [{"messages": {"on_excess": "thr|"}}]})").contains(QStringLiteral("throttle")));
}

void JsonEditorTest::keys_are_completed_by_keyboard()
{
    JsonEditor editor;
    editor.setSchema(SchemaBook(schema));
    editor.load(QStringLiteral("{\n  \n}"));
    show(editor);
    editor.setCursorPosition(1, 2);
    QTest::keyClicks(&editor, QStringLiteral("\"r"));
    QVERIFY(editor.completion().isVisible());
    QCOMPARE(editor.completion().names(), QStringList{QStringLiteral("routes")});
    QCOMPARE(editor.completion().chosen()->about, QStringLiteral("first match wins"));
    QTest::keyClick(&editor, Qt::Key_Return);
    QCOMPARE(editor.text(), QStringLiteral("{\n  \"routes\": \n}"));
    QVERIFY(!editor.completion().isVisible());
    editor.undo();
    QVERIFY(editor.text().contains(QStringLiteral("\"r\n")));
}

void JsonEditorTest::keys_behind_the_cursor_are_not_offered_again()
{
    JsonEditor editor;
    editor.setSchema(SchemaBook(schema));
    editor.load(QStringLiteral("{\n  \n  \"name\": \"Plant 3\"\n}"));
    show(editor);
    editor.setCursorPosition(1, 2);
    QTest::keyClicks(&editor, QStringLiteral("\""));
    QVERIFY(editor.completion().isVisible());
    QCOMPARE(editor.completion().names(), QStringList{QStringLiteral("routes")});
    QTest::keyClicks(&editor, QStringLiteral("n"));
    QVERIFY(!editor.completion().isVisible());
}

void JsonEditorTest::values_are_completed_by_mouse()
{
    JsonEditor editor;
    editor.setSchema(SchemaBook(schema));
    editor.load(QStringLiteral(R"({"routes": [{"messages": {"on_excess": "close"}}]})"));
    show(editor);
    editor.setCursorPosition(0, 41);
    QTest::keyClick(&editor, Qt::Key_Space, Qt::ControlModifier);
    QVERIFY(editor.completion().isVisible());
    editor.setCursorPosition(0, 40);
    QTest::keyClick(&editor, Qt::Key_Space, Qt::ControlModifier);
    QCOMPARE(editor.completion().names().size(), 3);
    auto* list = editor.completion().findChild<QWidget*>(QStringLiteral("qt_scrollarea_viewport"));
    QVERIFY(list);
    QTest::mouseClick(list, Qt::LeftButton, {}, QPoint(20, 24 + 12));
    QCOMPARE(editor.text(), QStringLiteral(R"({"routes": [{"messages": {"on_excess": "drop"}}]})"));
}

void JsonEditorTest::escape_closes_the_list_and_then_leaves()
{
    JsonEditor editor;
    editor.setSchema(SchemaBook(schema));
    editor.load(QStringLiteral("{}"));
    show(editor);
    int left = 0;
    connect(&editor, &JsonEditor::left, this, [&left] { ++left; });
    editor.setCursorPosition(0, 1);
    QTest::keyClick(&editor, Qt::Key_Space, Qt::ControlModifier);
    QVERIFY(editor.completion().isVisible());
    QTest::keyClick(&editor, Qt::Key_Escape);
    QVERIFY(!editor.completion().isVisible());
    QCOMPARE(left, 0);
    QTest::keyClick(&editor, Qt::Key_Escape);
    QCOMPARE(left, 1);
}

void JsonEditorTest::marks_stand_at_their_code_points()
{
    JsonEditor editor;
    editor.load(QStringLiteral("{\n  \"Grüße 🏭\": \"bad\"\n}\n"));
    show(editor);
    editor.setMarks({{2, 14, true, QStringLiteral("no such value")}, {0, 0, true, QStringLiteral("whole")}});
    QCOMPARE(editor.marks().size(), std::size_t(1));
    const auto position = editor.positionFromLineIndex(1, 13);
    QCOMPARE(editor.text(position, position + 5), QStringLiteral("\"bad\""));
    const auto at = [&](int offset) {
        return editor.SendScintilla(QsciScintilla::SCI_INDICATORVALUEAT, 8UL, static_cast<long>(position + offset));
    };
    QCOMPARE(at(-1), 0L);
    QVERIFY(at(0) != 0L);
    QVERIFY(at(4) != 0L);
    QCOMPARE(at(5), 0L);
    QVERIFY(editor.markersAtLine(1) != 0U);
    const QPoint point(
        static_cast<int>(editor.SendScintilla(QsciScintilla::SCI_POINTXFROMPOSITION, 0UL, long(position))),
        static_cast<int>(editor.SendScintilla(QsciScintilla::SCI_POINTYFROMPOSITION, 0UL, long(position))));
    QCOMPARE(editor.markTip(point + QPoint(1, 4)), QStringLiteral("no such value"));
    editor.setMarks({});
    QCOMPARE(at(0), 0L);
    QCOMPARE(editor.markersAtLine(1), 0U);
}

void JsonEditorTest::f8_goes_round()
{
    JsonEditor editor;
    editor.load(QStringLiteral("{\n\"a\": 1,\n\"b\": 2\n}"));
    show(editor);
    QVERIFY(!editor.goToNextMark(true));
    editor.setMarks({{3, 6, true, QStringLiteral("b")}, {2, 6, false, QStringLiteral("a")}});
    const auto line = [&] {
        int row = 0;
        int column = 0;
        editor.getCursorPosition(&row, &column);
        return row + 1;
    };
    editor.setCursorPosition(0, 0);
    for (const int expected : {2, 3, 2}) {
        QVERIFY(editor.goToNextMark(true));
        QCOMPARE(line(), expected);
    }
    QVERIFY(editor.goToNextMark(false));
    QCOMPARE(line(), 3);
}

void JsonEditorTest::undo_brings_back_what_was_replaced()
{
    JsonEditor editor;
    editor.load(QStringLiteral("{}"));
    QVERIFY(!editor.isUndoAvailable());
    editor.replaceAll(QStringLiteral("{\"a\": 1}"));
    editor.undo();
    QCOMPARE(editor.text(), QStringLiteral("{}"));
    editor.redo();
    QCOMPARE(editor.text(), QStringLiteral("{\"a\": 1}"));
}

void JsonEditorTest::the_find_bar_goes_on_and_says_when_there_is_nothing()
{
    QWidget window;
    JsonEditor editor(&window);
    editor.load(QStringLiteral("{\n\"rate\": 1,\n\"Rate\": 2\n}"));
    FindBar bar(editor, &window);
    show(window);
    bar.open();
    auto* field = window.findChild<QLineEdit*>(QStringLiteral("findText"));
    QTest::keyClicks(field, QStringLiteral("rate"));
    const auto row = [&] {
        int line = 0;
        int column = 0;
        int toLine = 0;
        int toColumn = 0;
        editor.getSelection(&line, &column, &toLine, &toColumn);
        return line;
    };
    for (const int expected : {1, 2, 1}) {
        QTest::keyClick(field, Qt::Key_Return);
        QCOMPARE(row(), expected);
    }
    QTest::keyClick(field, Qt::Key_Return, Qt::ShiftModifier);
    QCOMPARE(row(), 2);
    QVERIFY(editor.find(QStringLiteral("rate"), true));
    QVERIFY(!editor.find(QStringLiteral("nothing like it"), true));
    QTest::keyClick(field, Qt::Key_Escape);
    QVERIFY(!bar.isVisible());
}

void JsonEditorTest::a_mebibyte_stays_usable()
{
    QString text = QStringLiteral("{\n  \"channels\": [\n");
    while (text.size() < 1024 * 1024)
        text += QStringLiteral("    { \"match\": \"news.%1\", \"subscribe\": [\"*\"] },\n").arg(text.size());
    text += QStringLiteral("    {}\n  ]\n}\n");
    JsonEditor editor;
    editor.setSchema(SchemaBook(schema));
    QElapsedTimer timer;
    timer.start();
    editor.load(text);
    show(editor);
    QCOMPARE(editor.text(), text);
    editor.goTo(editor.lines() - 3, 7);
    QTest::keyClicks(&editor, QStringLiteral("\"a"));
    std::vector<TextMark> marks;
    for (int line = 1; line < 2000; ++line)
        marks.push_back({line, 5, true, QStringLiteral("bad")});
    editor.setMarks(std::move(marks));
    QCOMPARE(editor.marks().size(), JsonEditor::mostMarks);
    QVERIFY2(timer.elapsed() < 10'000, qPrintable(QString::number(timer.elapsed())));
    qInfo("1 MiB loaded, shown, edited and marked in %lld ms", static_cast<long long>(timer.elapsed()));
}

QTEST_MAIN(JsonEditorTest)
#include "jsoneditortest.moc"
