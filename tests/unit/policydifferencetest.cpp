// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/difference.h"
#include "policy/document.h"

#include <QTest>

#include <algorithm>
#include <charconv>
#include <random>

using namespace gatehouse;
using Change = PolicyChange;
using Kind = PolicyChange::Kind;
using Lines = std::vector<std::string>;

namespace {

Lines split(std::string_view text)
{
    Lines lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return lines;
}

/// patch(1), strictly: every hunk where it says, every line as it stands. Unset where one does not fit.
std::optional<std::string> patched(const std::string& before, const std::string& difference)
{
    const Lines old = split(before);
    std::string out;
    std::size_t at = 0;
    for (const std::string& line : split(difference)) {
        const std::string rest = line.substr(1);
        if (line.starts_with("@@ -")) {
            std::size_t begin = 0;
            const auto read = std::from_chars(line.data() + 4, line.data() + line.size(), begin);
            const bool none = std::string_view(read.ptr).starts_with(",0 ");
            for (begin = none ? begin : begin - 1; at < begin && at < old.size(); ++at)
                out += old[at];
        } else if (line.starts_with('+')) {
            out += rest;
        } else if (line.starts_with('\\')) {
            if (out.ends_with('\n') && at >= old.size())
                out.pop_back();
        } else {
            const bool fits = at < old.size() && (old[at] == rest || old[at] + "\n" == rest);
            if (!fits)
                return std::nullopt;
            if (line.starts_with(' '))
                out += old[at];
            ++at;
        }
    }
    for (; at < old.size(); ++at)
        out += old[at];
    return out;
}

std::size_t editsIn(const std::string& difference)
{
    const Lines lines = split(difference);
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [](const std::string& line) {
        return line.starts_with('+') || line.starts_with('-');
    }));
}

/// Lines less the longest common subsequence, by the table that Myers' algorithm saves.
std::size_t leastEdits(const Lines& a, const Lines& b)
{
    std::vector<std::vector<std::size_t>> common(a.size() + 1, std::vector<std::size_t>(b.size() + 1, 0));
    for (std::size_t i = 1; i <= a.size(); ++i)
        for (std::size_t j = 1; j <= b.size(); ++j)
            common[i][j] =
                a[i - 1] == b[j - 1] ? common[i - 1][j - 1] + 1 : std::max(common[i - 1][j], common[i][j - 1]);
    return a.size() + b.size() - 2 * common[a.size()][b.size()];
}

} // namespace

QT_BEGIN_NAMESPACE
namespace QTest {
template <> char* toString(const std::vector<PolicyChange>& changes)
{
    std::string text;
    for (const PolicyChange& c : changes)
        text +=
            "\n  " + std::to_string(int(c.kind)) + " " + c.pointer + " [" + c.name + "] " + c.before + " -> " + c.after;
    return qstrdup(text.c_str());
}
} // namespace QTest
QT_END_NAMESPACE

class PolicyDifferenceTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_value_is_told_by_its_rule_data();
    void a_value_is_told_by_its_rule();
    void a_whole_entry_is_one_change();
    void what_was_removed_has_its_old_pointer();
    void an_entry_that_moved_is_told_with_its_places();
    void changes_come_in_the_order_of_the_newer_document();
    void entries_without_a_name_are_told_by_their_value();
    void what_would_not_show_is_quoted();
    void a_long_value_is_clipped();
    void what_is_no_document_has_no_changes();
    void equal_texts_have_no_difference();
    void hunks_have_their_context();
    void a_last_line_without_newline_is_named();
    void differences_lead_from_one_text_to_the_other();
    void texts_that_share_nothing_are_replaced_whole();
};

void PolicyDifferenceTest::a_value_is_told_by_its_rule_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<int>("kind");
    QTest::addColumn<QByteArray>("told"); // pointer, name, before, after
    const auto row = [](const char* name, const char* before, const char* after, Kind kind, const char* told) {
        QTest::newRow(name) << QByteArray(before) << QByteArray(after) << int(kind) << QByteArray(told);
    };
    row("name", R"({"name":"a"})", R"({"name":"b"})", Kind::Changed, "/name|name|a|b");
    row("note", R"({"note":"a"})", R"({})", Kind::Removed, "/note|note|a|");
    row("null is a value", R"({"name":"a"})", R"({"name":null})", Kind::Changed, "/name|name|a|null");
    row("number as written", R"({"workers":2})", R"({"workers":2.0})", Kind::Changed, "/workers|workers|2|2.0");
    row("limit", R"({"limits":{"sessions":7}})", R"({"limits":{"sessions":"off"}})", Kind::Changed,
        "/limits/sessions|limits › sessions|7|off");
    row("rate", R"({"routes":[{"name":"hub","messages":{"rate":{"count":8,"per":"1s"}}}]})",
        R"({"routes":[{"name":"hub","messages":{"rate":{"count":50,"per":"1s","burst":100}}}]})", Kind::Changed,
        "/routes/0/messages/rate|hub › messages › rate|8/s|50/s, burst 100");
    row("rate switched off", R"({"limits":{"messages_per_ip":{"count":5,"per":"500ms"}}})",
        R"({"limits":{"messages_per_ip":"off"}})", Kind::Changed,
        "/limits/messages_per_ip|limits › messages_per_ip|5/500ms|off");
    row("rate added", R"({"limits":{}})", R"({"limits":{"bytes_per_user":{"count":5,"per":"1m"}}})", Kind::Added,
        "/limits/bytes_per_user|limits › bytes_per_user||5/1m");
    row("rate that reads the same", R"({"limits":{"messages_per_ip":{"count":5,"per":"1s"}}})",
        R"({"limits":{"messages_per_ip":{"count":5,"per":"1000ms"}}})", Kind::Changed,
        "/limits/messages_per_ip|limits › messages_per_ip|{ \"count\": 5, \"per\": \"1s\" }|{ \"count\": 5, \"per\": "
        "\"1000ms\" }");
    row("note of a rate", R"({"limits":{"messages_per_ip":{"count":5,"per":"1s"}}})",
        R"({"limits":{"messages_per_ip":{"note":"n","count":5,"per":"1s"}}})", Kind::Added,
        "/limits/messages_per_ip/note|limits › messages_per_ip › note||n");
    row("listener", R"({"listeners":[{"name":"public","tls":{"min_version":"1.2"}}]})",
        R"({"listeners":[{"name":"public","tls":{"min_version":"1.3"}}]})", Kind::Changed,
        "/listeners/0/tls/min_version|public › tls › min_version|1.2|1.3");
    row("issuer", R"({"issuers":[{"name":"corp","leeway":"5s"}]})", R"({"issuers":[{"name":"corp"}]})", Kind::Removed,
        "/issuers/0/leeway|issuer corp › leeway|5s|");
    row("channel", R"({"channels":[{"match":"news.*","publish":[]}]})",
        R"({"channels":[{"match":"news.*","publish":["editor"]}]})", Kind::Added,
        "/channels/0/publish/0|channels › news.* › publish||editor");
    row("list", R"({"routes":[{"name":"hub","origins":["https://old.example","none"]}]})",
        R"({"routes":[{"name":"hub","origins":["none"]}]})", Kind::Removed,
        "/routes/0/origins/0|hub › origins|https://old.example|");
    row("order of a list", R"({"routes":[{"name":"hub","origins":["a","b"]}]})",
        R"({"routes":[{"name":"hub","origins":["b","a"]}]})", Kind::Changed,
        "/routes/0/origins|hub › origins|[\"a\", \"b\"]|[\"b\", \"a\"]");
    row("role", R"({"roles":{"reader":{}}})", R"({"roles":{"reader":{},"a/b":{}}})", Kind::Added,
        "/roles/a~1b|roles › a/b||{}");
    row("note of a role", R"({"roles":{"reader":{}}})", R"({"roles":{"reader":{"note":"x"}}})", Kind::Added,
        "/roles/reader/note|roles › reader › note||x");
    row("an object for a word", R"({"routes":[{"name":"hub","ping":{"every":"9s"}}]})",
        R"({"routes":[{"name":"hub","ping":"off"}]})", Kind::Changed,
        "/routes/0/ping|hub › ping|{ \"every\": \"9s\" }|off");
}

void PolicyDifferenceTest::a_value_is_told_by_its_rule()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    QFETCH(int, kind);
    QFETCH(QByteArray, told);
    const QList<QByteArray> parts = told.split('|');
    const std::vector<Change> expected{{static_cast<Kind>(kind), parts[0].toStdString(), parts[1].toStdString(),
                                        parts[2].toStdString(), parts[3].toStdString()}};
    QCOMPARE(policyChanges(before.toStdString(), after.toStdString()), expected);
    QVERIFY(policyChanges(after.toStdString(), after.toStdString()).empty());
}

void PolicyDifferenceTest::a_whole_entry_is_one_change()
{
    QCOMPARE(
        policyChanges(R"({"routes":[{"name":"hub"}]})", R"({"routes":[{"name":"plc","path":"/plc"},{"name":"hub"}]})"),
        (std::vector<Change>{{Kind::Added, "/routes/0", "plc", "", "{ \"name\": \"plc\", \"path\": \"/plc\" }"}}));
    QCOMPARE(policyChanges(R"({"issuers":[{"name":"corp"}]})", R"({"issuers":[]})"),
             (std::vector<Change>{{Kind::Removed, "/issuers/0", "issuer corp", "{ \"name\": \"corp\" }", ""}}));
}

void PolicyDifferenceTest::what_was_removed_has_its_old_pointer()
{
    QCOMPARE(policyChanges(R"({"listeners":[{"name":"a"},{"name":"b","port":1}]})", R"({"listeners":[{"name":"b"}]})"),
             (std::vector<Change>{{Kind::Removed, "/listeners/0", "a", "{ \"name\": \"a\" }", ""},
                                  {Kind::Removed, "/listeners/1/port", "b › port", "1", ""}}));
}

void PolicyDifferenceTest::an_entry_that_moved_is_told_with_its_places()
{
    QCOMPARE(policyChanges(R"({"channels":[{"match":"a"},{"match":"b"},{"match":"c","publish":[]}]})",
                           R"({"channels":[{"match":"c"},{"match":"a"},{"match":"b"}]})"),
             (std::vector<Change>{{Kind::Changed, "/channels/0", "channels › c", "place 3", "place 1"},
                                  {Kind::Removed, "/channels/2/publish", "channels › c › publish", "[]", ""}}));
    // One that only slides along because another went is where it was.
    QCOMPARE(policyChanges(R"({"routes":[{"name":"a"},{"name":"b"},{"name":"c"}]})",
                           R"({"routes":[{"name":"b"},{"name":"c"}]})")
                 .size(),
             std::size_t(1));
}

void PolicyDifferenceTest::changes_come_in_the_order_of_the_newer_document()
{
    const auto changes = policyChanges(
        R"({"limits":{"sessions":1},"name":"a","drain":{"within":"1s"},"routes":[{"name":"x"},{"name":"y"}]})",
        R"({"drain":{"within":"2s"},"routes":[{"name":"y","path":"/"},{"name":"z"}],"name":"b","limits":{"sessions":2}})");
    std::vector<std::string> names;
    for (const Change& change : changes)
        names.push_back(change.name);
    QCOMPARE(names, (std::vector<std::string>{"name", "limits › sessions", "x", "y › path", "z", "drain › within"}));
}

void PolicyDifferenceTest::entries_without_a_name_are_told_by_their_value()
{
    QCOMPARE(policyChanges(R"({"routes":[{"name":"a","authentication":{"from":["query",{"cookie":"c"}]}}]})",
                           R"({"routes":[{"name":"a","authentication":{"from":[{"cookie":"d"},"query"]}}]})"),
             (std::vector<Change>{{Kind::Removed, "/routes/0/authentication/from/1", "a › authentication › from",
                                   "{ \"cookie\": \"c\" }", ""},
                                  {Kind::Added, "/routes/0/authentication/from/0", "a › authentication › from", "",
                                   "{ \"cookie\": \"d\" }"}}));
    // Two of one name: the second is the second.
    QCOMPARE(policyChanges(R"({"routes":[{"name":"a"},{"name":"a","path":"/x"}]})",
                           R"({"routes":[{"name":"a"},{"name":"a","path":"/y"}]})"),
             (std::vector<Change>{{Kind::Changed, "/routes/1/path", "a › path", "/x", "/y"}}));
    QCOMPARE(policyChanges(R"({"routes":[{"path":"/x"},7]})", R"({"routes":[7]})"),
             (std::vector<Change>{{Kind::Removed, "/routes/0", "routes", "{ \"path\": \"/x\" }", ""}}));
}

void PolicyDifferenceTest::what_would_not_show_is_quoted()
{
    const auto changes = policyChanges("{\"name\":\"a\"}", "{\"name\":\"a\\u001b[1m\\u009b\\n\xef\xbb\xbf\"}");
    QCOMPARE(changes.at(0).after, std::string("\"a\\u001b[1m\\u009b\\n\\ufeff\""));
}

void PolicyDifferenceTest::a_long_value_is_clipped()
{
    const auto changes = policyChanges("{}", "{\"note\":\"" + std::string(10'000, 'x') + "\"}");
    QCOMPARE(changes.at(0).after.size(), std::size_t(1024));
    QVERIFY(changes.at(0).after.ends_with("…"));
}

void PolicyDifferenceTest::what_is_no_document_has_no_changes()
{
    for (const char* text : {"", "[]", "{", "7", "\xff", "{\"a\":1}}"}) {
        QVERIFY(policyChanges(text, "{\"name\":\"a\"}").empty());
        QVERIFY(policyChanges("{\"name\":\"a\"}", text).empty());
    }
}

void PolicyDifferenceTest::equal_texts_have_no_difference()
{
    QCOMPARE(textDifference("", ""), std::string());
    QCOMPARE(textDifference("a\nb", "a\nb"), std::string());
}

void PolicyDifferenceTest::hunks_have_their_context()
{
    std::string before;
    std::string after;
    for (int i = 1; i <= 30; ++i) {
        before += std::to_string(i) + "\n";
        after += (i == 5 ? "five" : i == 12 ? "twelve" : i == 28 ? "" : std::to_string(i)) + (i == 28 ? "" : "\n");
    }
    QCOMPARE(textDifference(before, after),
             std::string("@@ -2,14 +2,14 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n 9\n 10\n 11\n-12\n+twelve\n 13\n 14\n "
                         "15\n@@ -25,6 +25,5 @@\n 25\n 26\n 27\n-28\n 29\n 30\n"));
    QCOMPARE(textDifference(before, after, 0),
             std::string("@@ -5 +5 @@\n-5\n+five\n@@ -12 +12 @@\n-12\n+twelve\n@@ -28 +27,0 @@\n-28\n"));
    QCOMPARE(textDifference("", "a\n"), std::string("@@ -0,0 +1 @@\n+a\n"));
    QCOMPARE(textDifference("a\nb\n", "a\nb\nc\n", ~0U), std::string("@@ -1,2 +1,3 @@\n a\n b\n+c\n"));
}

void PolicyDifferenceTest::a_last_line_without_newline_is_named()
{
    QCOMPARE(textDifference("a\nb", "a\nb\n"),
             std::string("@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"));
}

void PolicyDifferenceTest::differences_lead_from_one_text_to_the_other()
{
    std::mt19937 random(4711);
    for (int round = 0; round < 400; ++round) {
        std::string texts[2];
        const unsigned words = 2 + static_cast<unsigned>(random() % 6);
        for (std::string& text : texts)
            for (auto i = random() % 40; i > 0; --i)
                text += std::string(1, static_cast<char>('a' + random() % words)) + "\n";
        const auto context = static_cast<unsigned>(random() % 4);
        const std::string difference = textDifference(texts[0], texts[1], context);
        QCOMPARE(difference.empty(), texts[0] == texts[1]);
        QCOMPARE(patched(texts[0], difference).value_or("does not apply"), texts[1]);
        QCOMPARE(editsIn(difference), leastEdits(split(texts[0]), split(texts[1])));
    }
}

void PolicyDifferenceTest::texts_that_share_nothing_are_replaced_whole()
{
    std::string before = "same\n";
    std::string after = "same\n";
    for (int i = 0; i < 100'000; ++i) {
        before += "a" + std::to_string(i) + "\n";
        after += "b" + std::to_string(i) + "\n";
    }
    const std::string difference = textDifference(before, after);
    QVERIFY(difference.starts_with("@@ -1,100001 +1,100001 @@\n same\n-a0\n-a1\n"));
    QCOMPARE(editsIn(difference), std::size_t(200'000));
}

QTEST_GUILESS_MAIN(PolicyDifferenceTest)
#include "policydifferencetest.moc"
