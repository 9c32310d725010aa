// SPDX-License-Identifier: GPL-3.0-or-later
#include "exchange.h"

#include <QTest>

using namespace gatehouse::test;
using raw::Frame;
using raw::masked;

/// RFC 3629 and RFC 6455 §8.1: every boundary of what is text, every class of what is none, cut at every byte; and that
/// a bad byte is refused when it comes, not when the message is whole.
class Utf8Cases : public ConformanceTest {
    Q_OBJECT

private Q_SLOTS:
    void valid_text_is_echoed_data();
    void valid_text_is_echoed();
    void invalid_text_is_refused_data();
    void invalid_text_is_refused();
    void the_same_bytes_are_binary_data();
    void the_same_bytes_are_binary();
    void a_reason_of_a_close_is_text_data();
    void a_reason_of_a_close_is_text();

private:
    static void invalidRows();
};

namespace {

constexpr int atTheEnd = -1; ///< no byte is wrong, but one is missing
const std::string greek = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";
const std::string prefix = "\xce\xba";
const Frame notText = refused(1007, "utf8");

std::string fragments(std::string_view text, std::size_t size, unsigned first = raw::firstOfText)
{
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); i += size)
        bytes +=
            masked((i == 0 ? first : raw::middle) | (i + size >= text.size() ? raw::fin : 0U), text.substr(i, size));
    return bytes;
}

std::string inTwo(std::string_view text, std::size_t cut)
{
    return masked(raw::firstOfText, text.substr(0, cut)) + masked(raw::last, text.substr(cut));
}

void row(const std::string& name, const std::string& text, int bad)
{
    QTest::newRow(name.c_str()) << text << bad;
}

/// What begins with `lead` and should have `length` bytes, cut short: alone at the end, and before a letter.
void truncatedRows(const std::string& whole)
{
    for (std::size_t size = 1; size < whole.size(); ++size) {
        const std::string part = whole.substr(0, size);
        const std::string name = "first " + std::to_string(size) + " of " + std::to_string(whole.size()) + " bytes";
        row(name + " at the end", prefix + part, atTheEnd);
        row(name + " before a letter", prefix + part + "x", static_cast<int>(prefix.size() + size));
    }
}

} // namespace

void Utf8Cases::valid_text_is_echoed_data()
{
    QTest::addColumn<std::string>("text");
    const auto valid = [](const char* name, const std::string& text) { QTest::newRow(name) << text; };
    valid("U+0000", std::string(1, '\0'));
    valid("U+007F", "\x7f");
    valid("U+0080", "\xc2\x80");
    valid("U+07FF", "\xdf\xbf");
    valid("U+0800", "\xe0\xa0\x80");
    valid("U+0FFF", "\xe0\xbf\xbf");
    valid("U+1000", "\xe1\x80\x80");
    valid("U+CFFF", "\xec\xbf\xbf");
    valid("U+D000", "\xed\x80\x80");
    valid("U+D7FF", "\xed\x9f\xbf");
    valid("U+E000", "\xee\x80\x80");
    valid("U+FDD0, a noncharacter", "\xef\xb7\x90");
    valid("U+FDEF, a noncharacter", "\xef\xb7\xaf");
    valid("U+FEFF, a byte order mark", "\xef\xbb\xbf");
    valid("U+FFFD", "\xef\xbf\xbd");
    valid("U+FFFE, a noncharacter", "\xef\xbf\xbe");
    valid("U+FFFF, a noncharacter", "\xef\xbf\xbf");
    valid("U+10000", "\xf0\x90\x80\x80");
    for (unsigned plane = 1; plane <= 16; ++plane) { // the last two of each plane
        for (const char end : {'\xbe', '\xbf'}) {
            const unsigned high = (plane << 4) | 0xf;
            const std::string text{static_cast<char>(0xf0 | (high >> 6)), static_cast<char>(0x80 | (high & 0x3f)),
                                   '\xbf', end};
            valid(("U+" + std::to_string(plane) + "/FFF" + (end == '\xbe' ? 'E' : 'F')).c_str(), text);
        }
    }
    valid("U+40000", "\xf1\x80\x80\x80");
    valid("U+FFFFF", "\xf3\xbf\xbf\xbf");
    valid("U+100000", "\xf4\x80\x80\x80");
    valid("U+10FFFF", "\xf4\x8f\xbf\xbf");
    valid("Greek", greek);
    valid("German", "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!");
    valid("all lengths", "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92z");
    valid("letters around words of eight bytes", "1234567\xc3\xa9"
                                                 "12345678\xe2\x82\xac"
                                                 "123456\xf0\x9f\x94\x92");
}

void Utf8Cases::valid_text_is_echoed()
{
    QFETCH(std::string, text);
    const std::string within = std::string(100, 'a') + text + std::string(100, 'b');
    std::string bytes = masked(raw::text, within) + masked(raw::text, text) + fragments(text, 1);
    std::vector<Frame> echoes{{raw::text, within}, {raw::text, text}, {raw::text, text}};
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        bytes += inTwo(text, cut);
        echoes.push_back({raw::text, text});
    }
    COMPARE_EXCHANGE(played({{bytes}, echoes}));
    COMPARE_EXCHANGE(played({raw::chopped(bytes, 1), echoes}));
}

void Utf8Cases::invalidRows()
{
    QTest::addColumn<std::string>("text");
    QTest::addColumn<int>("bad");
    const int behind = static_cast<int>(prefix.size());
    const auto bad = [&](const std::string& name, const std::string& bytes, int offset) {
        row(name, prefix + bytes + "x", behind + offset);
    };
    row("lone continuation 80", "\x80", 0);
    row("lone continuation BF", "\xbf", 0);
    for (int run = 2; run <= 7; ++run) {
        std::string mixed;
        for (int i = 0; i < run; ++i)
            mixed += i % 2 == 0 ? '\x80' : '\xbf';
        bad(std::to_string(run) + " continuations", mixed, 0);
    }
    std::string all;
    for (unsigned byte = 0x80; byte <= 0xbf; ++byte)
        all.push_back(static_cast<char>(byte));
    bad("all continuations", all, 0);
    bad("a continuation too many", "\xc3\xa9\xa9", 2);
    for (unsigned lead = 0xc0; lead <= 0xff; ++lead) { // each before a space: those of no sequence are wrong themselves
        const bool starts = lead >= 0xc2 && lead <= 0xf4;
        bad("lone start " + QByteArray::number(lead, 16).toStdString(), std::string{static_cast<char>(lead), ' '},
            starts ? 1 : 0);
    }
    truncatedRows("\xc3\xa9");
    truncatedRows("\xe2\x82\xac");
    truncatedRows("\xf0\x9f\x94\x92");
    bad("FE FE FF FF", "\xfe\xfe\xff\xff", 0);
    bad("truncated ones in a row", "\xe2\x82\xf0\x9f\x94\xc3", 2);
    bad("overlong U+002F in 2", "\xc0\xaf", 0);
    bad("overlong U+002F in 3", "\xe0\x80\xaf", 1);
    bad("overlong U+002F in 4", "\xf0\x80\x80\xaf", 1);
    bad("overlong U+002F in 5", "\xf8\x80\x80\x80\xaf", 0);
    bad("overlong U+002F in 6", "\xfc\x80\x80\x80\x80\xaf", 0);
    bad("largest overlong of 2", "\xc1\xbf", 0);
    bad("largest overlong of 3", "\xe0\x9f\xbf", 1);
    bad("largest overlong of 4", "\xf0\x8f\xbf\xbf", 1);
    bad("largest overlong of 5", "\xf8\x87\xbf\xbf\xbf", 0);
    bad("largest overlong of 6", "\xfc\x83\xbf\xbf\xbf\xbf", 0);
    bad("overlong U+0000 in 2", std::string("\xc0\x80"), 0);
    bad("overlong U+0000 in 3", "\xe0\x80\x80", 1);
    bad("overlong U+0000 in 4", "\xf0\x80\x80\x80", 1);
    bad("overlong U+0000 in 5", "\xf8\x80\x80\x80\x80", 0);
    bad("overlong U+0000 in 6", "\xfc\x80\x80\x80\x80\x80", 0);
    bad("surrogate D800", "\xed\xa0\x80", 1);
    bad("surrogate DB7F", "\xed\xad\xbf", 1);
    bad("surrogate DB80", "\xed\xae\x80", 1);
    bad("surrogate DBFF", "\xed\xaf\xbf", 1);
    bad("surrogate DC00", "\xed\xb0\x80", 1);
    bad("surrogate DF80", "\xed\xbe\x80", 1);
    bad("surrogate DFFF", "\xed\xbf\xbf", 1);
    bad("surrogates D800 DC00", "\xed\xa0\x80\xed\xb0\x80", 1);
    bad("surrogates D800 DFFF", "\xed\xa0\x80\xed\xbf\xbf", 1);
    bad("surrogates DB7F DC00", "\xed\xad\xbf\xed\xb0\x80", 1);
    bad("surrogates DB7F DFFF", "\xed\xad\xbf\xed\xbf\xbf", 1);
    bad("surrogates DBFF DC00", "\xed\xaf\xbf\xed\xb0\x80", 1);
    bad("surrogates DBFF DFFF", "\xed\xaf\xbf\xed\xbf\xbf", 1);
    bad("110000", "\xf4\x90\x80\x80", 1);
    bad("13FFFF", "\xf4\xbf\xbf\xbf", 1);
    bad("140000", "\xf5\x80\x80\x80", 0);
    bad("1FFFFF", "\xf7\xbf\xbf\xbf", 0);
    bad("200000 in 5", "\xf8\x88\x80\x80\x80", 0);
    bad("3FFFFFF in 5", "\xfb\xbf\xbf\xbf\xbf", 0);
    bad("4000000 in 6", "\xfc\x84\x80\x80\x80\x80", 0);
    bad("7FFFFFFF in 6", "\xfd\xbf\xbf\xbf\xbf\xbf", 0);
    row("behind words of eight letters", std::string(16, 'a') + "\xff", 16);
    row("inside a word of eight letters",
        "abc\xff"
        "defgh",
        3);
}

void Utf8Cases::invalid_text_is_refused_data()
{
    invalidRows();
}

void Utf8Cases::invalid_text_is_refused()
{
    QFETCH(std::string, text);
    QFETCH(int, bad);
    COMPARE_EXCHANGE(played({{masked(raw::text, text)}, {notText}}));
    COMPARE_EXCHANGE(played({raw::chopped(masked(raw::text, text), 1), {notText}}));
    COMPARE_EXCHANGE(played({{fragments(text, 1)}, {notText}}));
    COMPARE_EXCHANGE(played({raw::chopped(fragments(text, 1), 1), {notText}}));
    for (std::size_t cut = 0; cut <= text.size(); ++cut)
        COMPARE_EXCHANGE(played({{inTwo(text, cut)}, {notText}}));
    COMPARE_EXCHANGE(played({{masked(raw::text, "good") + masked(raw::text, text)}, {{raw::text, "good"}, notText}}));
    if (bad == atTheEnd)
        return;
    // The bad byte is the last that is sent, of a frame that goes on, and of a message that goes on. What stands before
    // it is not refused.
    const auto good = static_cast<std::size_t>(bad);
    const std::string announced = masked(raw::text, text + std::string(1000, 'x'));
    const std::size_t head = announced.size() - text.size() - 1000;
    COMPARE_EXCHANGE(played({{announced.substr(0, head + good), announced.substr(head + good, 1)}, {notText}}));
    const std::string before = masked(raw::firstOfText, text.substr(0, good)) + masked(raw::ping, "still open");
    COMPARE_EXCHANGE(
        played({{before, masked(raw::middle, text.substr(good, 1))}, {{raw::pong, "still open"}, notText}}));
}

void Utf8Cases::the_same_bytes_are_binary_data()
{
    invalidRows();
}

void Utf8Cases::the_same_bytes_are_binary()
{
    QFETCH(std::string, text);
    COMPARE_EXCHANGE(played({{masked(raw::binary, text) + fragments(text, 2, raw::firstOfBinary)},
                             {{raw::binary, text}, {raw::binary, text}}}));
}

void Utf8Cases::a_reason_of_a_close_is_text_data()
{
    invalidRows();
}

void Utf8Cases::a_reason_of_a_close_is_text()
{
    QFETCH(std::string, text);
    if (text.size() > 123)
        text = text.substr(0, 123);
    const std::string bytes = masked(raw::close, raw::closing(1000, text));
    COMPARE_EXCHANGE(played({{bytes}, {notText}}));
    COMPARE_EXCHANGE(played({raw::chopped(bytes, 1), {notText}}));
    COMPARE_EXCHANGE(played({{masked(raw::close, raw::closing(1000, greek))}, {{raw::close, raw::closing(1000)}}}));
}

QTEST_GUILESS_MAIN(Utf8Cases)
#include "utf8cases.moc"
