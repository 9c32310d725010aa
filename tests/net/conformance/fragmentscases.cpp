// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.h"

#include <QTest>

using namespace gatehouse::test;
using raw::Frame;
using raw::masked;

/// RFC 6455 §5.4: every order of fragments, whole and in any chops.
class FragmentsCases : public ConformanceTest {
    Q_OBJECT

private Q_SLOTS:
    void orders_of_fragments_data();
    void orders_of_fragments();
    void text_cut_inside_code_points_is_echoed_data();
    void text_cut_inside_code_points_is_echoed();
};

namespace {

std::string first(std::string_view payload)
{
    return masked(raw::firstOfText, payload);
}

std::string middle(std::string_view payload)
{
    return masked(raw::middle, payload);
}

std::string last(std::string_view payload)
{
    return masked(raw::last, payload);
}

std::string whole(std::string_view payload)
{
    return masked(raw::text, payload);
}

std::string ping(std::string_view payload)
{
    return masked(raw::ping, payload);
}

} // namespace

void FragmentsCases::orders_of_fragments_data()
{
    QTest::addColumn<std::string>("bytes");
    QTest::addColumn<std::vector<Frame>>("answers");
    const auto row = [](const char* name, const std::string& bytes, const std::vector<Frame>& answers) {
        QTest::newRow(name) << bytes << answers;
    };
    const Frame wrong = refused(1002, "fragmentation");
    const Frame ab{raw::text, "ab"}, good{raw::text, "good"}, p{raw::pong, "p"}, q{raw::pong, "q"};

    row("two", first("a") + last("b"), {ab});
    row("two of binary", masked(raw::firstOfBinary, "\xff") + last("\xfe"), {{raw::binary, "\xff\xfe"}});
    row("three", first("a") + middle("") + last("b"), {ab});
    row("five", first("1") + middle("2") + middle("3") + middle("4") + last("5"), {{raw::text, "12345"}});
    row("empty ones at the start", first("") + middle("") + middle("a") + last("b"), {ab});
    row("an empty last", first("a") + middle("b") + last(""), {ab});
    row("only empty ones", first("") + middle("") + last(""), {{raw::text, ""}});
    row("only empty ones of binary", masked(raw::firstOfBinary, "") + last(""), {{raw::binary, ""}});
    row("two messages", first("a") + last("b") + first("a") + last("b"), {ab, ab});
    row("a message behind", first("a") + last("b") + whole("good"), {ab, good});
    row("a message before", whole("good") + first("a") + last("b"), {good, ab});
    row("text, then binary", first("a") + last("b") + masked(raw::firstOfBinary, "\xff") + last(""),
        {ab, {raw::binary, "\xff"}});

    row("ping inside", first("a") + ping("p") + last("b"), {p, ab});
    row("two pings inside", first("a") + ping("p") + ping("q") + last("b"), {p, q, ab});
    row("pings around each", ping("p") + first("a") + ping("q") + middle("") + ping("p") + last("b") + ping("q"),
        {p, q, p, ab, q});
    row("pong inside", first("a") + masked(raw::pong, "x") + last("b"), {ab});
    row("large ping inside", first("a") + ping(raw::filler(125)) + last("b"), {{raw::pong, raw::filler(125)}, ab});

    row("last without a start", last("x"), {wrong});
    row("middle without a start", middle("x"), {wrong});
    row("empty last without a start", last(""), {wrong});
    row("empty middle without a start", middle(""), {wrong});
    row("last without a start, then a message", last("x") + whole("good"), {wrong});
    row("middle without a start, then a message", middle("x") + whole("good"), {wrong});
    row("last behind a message", whole("good") + last("x"), {good, wrong});
    row("middle behind a message", whole("good") + middle("x"), {good, wrong});
    row("a last too many", first("a") + last("b") + last("c"), {ab, wrong});
    row("a middle too many", first("a") + last("b") + middle("c"), {ab, wrong});
    row("ping, then last without a start", ping("p") + last("x"), {p, wrong});
    row("a whole text inside", first("a") + whole("b"), {wrong});
    row("a whole binary inside", first("a") + masked(raw::binary, "b"), {wrong});
    row("a second start", first("a") + first("b"), {wrong});
    row("a second start of another type", first("a") + masked(raw::firstOfBinary, "b"), {wrong});
    row("an empty second start", first("a") + first(""), {wrong});
    row("a text inside a binary", masked(raw::firstOfBinary, "a") + whole("b"), {wrong});
    row("a text between middles", first("a") + middle("b") + whole("c") + last("d"), {wrong});
    row("a text inside, behind a ping", first("a") + ping("p") + whole("c"), {p, wrong});
    row("eight fragments and a stray one", first("a") + last("b") + middle("1") + middle("2") + middle("3") + last("4"),
        {ab, wrong});
}

void FragmentsCases::orders_of_fragments()
{
    QFETCH(std::string, bytes);
    QFETCH(std::vector<Frame>, answers);
    COMPARE_EXCHANGE(played({{bytes}, answers}));
    for (const std::size_t chop : {std::size_t{1}, std::size_t{2}, std::size_t{5}, std::size_t{7}})
        COMPARE_EXCHANGE(played({raw::chopped(bytes, chop), answers}));
}

void FragmentsCases::text_cut_inside_code_points_is_echoed_data()
{
    QTest::addColumn<quint64>("size");
    for (std::uint64_t size = 1; size <= 12; ++size)
        QTest::newRow((std::to_string(size) + " bytes a fragment").c_str()) << quint64{size};
}

void FragmentsCases::text_cut_inside_code_points_is_echoed()
{
    QFETCH(quint64, size);
    const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92 \xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
    std::string bytes, withPings;
    std::vector<Frame> answers;
    for (std::size_t i = 0; i < text.size(); i += size) {
        const unsigned opcode = i == 0 ? raw::firstOfText : raw::middle;
        const std::string frame =
            masked(opcode | (i + size >= text.size() ? raw::fin : 0U), std::string_view(text).substr(i, size));
        bytes += frame;
        withPings += frame;
        if (answers.size() < 8 && i + size < text.size()) {
            withPings += ping("p");
            answers.push_back({raw::pong, "p"});
        }
    }
    COMPARE_EXCHANGE(played({{bytes}, {{raw::text, text}}}));
    COMPARE_EXCHANGE(played({raw::chopped(bytes, 1), {{raw::text, text}}}));
    answers.push_back({raw::text, text});
    COMPARE_EXCHANGE(played({{withPings}, answers}));
}

QTEST_GUILESS_MAIN(FragmentsCases)
#include "fragmentscases.moc"
