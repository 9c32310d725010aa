// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/utf8.h"

#include <QTest>

#include <optional>
#include <random>

using gatehouse::wire::Utf8Validator;

namespace {

std::span<const std::byte> bytesOf(const QByteArray& text)
{
    return std::as_bytes(std::span(text.data(), std::size_t(text.size())));
}

/// Where the first byte lies that cannot stand there, fed in pieces of `step` bytes: the end of the piece before it.
std::optional<std::size_t> firstRefusedPiece(std::span<const std::byte> bytes, std::size_t step)
{
    Utf8Validator validator;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        if (!validator.feed(bytes.subspan(at, std::min(step, bytes.size() - at))))
            return at;
    }
    return std::nullopt;
}

/// A second opinion on RFC 3629, by decoding and encoding anew instead of by ranges.
bool isWellFormed(std::span<const std::byte> bytes)
{
    std::size_t at = 0;
    while (at < bytes.size()) {
        const auto lead = std::to_integer<unsigned>(bytes[at]);
        const std::size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
        if (size == 0 || at + size > bytes.size())
            return false;
        unsigned point = size == 1 ? lead : lead & (0x7fU >> size);
        for (std::size_t i = 1; i < size; ++i) {
            const auto next = std::to_integer<unsigned>(bytes[at + i]);
            if (next >> 6 != 2)
                return false;
            point = point << 6 | (next & 0x3f);
        }
        const std::size_t shortest = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        if (size != shortest || (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff)
            return false;
        at += size;
    }
    return true;
}

} // namespace

class Utf8Test : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_bad_sequence_is_refused_at_its_first_bad_byte_data();
    void a_bad_sequence_is_refused_at_its_first_bad_byte();
    void a_cut_sequence_is_open_not_refused();
    void every_code_point_is_accepted_and_every_surrogate_refused();
    void every_pair_and_triple_agrees_with_decoding();
    void a_long_text_is_valid_however_it_is_cut();
    void random_texts_are_judged_alike_however_they_are_cut();
    void a_refusal_lasts_until_reset();
};

void Utf8Test::a_bad_sequence_is_refused_at_its_first_bad_byte_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("badByte");
    QTest::newRow("lone continuation") << QByteArray("\x80") << 0;
    QTest::newRow("overlong 2") << QByteArray("\xc0\xaf") << 0;
    QTest::newRow("overlong 2, last lead") << QByteArray("\xc1\xbf") << 0;
    QTest::newRow("overlong 3") << QByteArray("\xe0\x9f\xbf") << 1;
    QTest::newRow("overlong 4") << QByteArray("\xf0\x8f\xbf\xbf") << 1;
    QTest::newRow("first surrogate") << QByteArray("\xed\xa0\x80") << 1;
    QTest::newRow("last surrogate") << QByteArray("\xed\xbf\xbf") << 1;
    QTest::newRow("above 10FFFF") << QByteArray("\xf4\x90\x80\x80") << 1;
    QTest::newRow("lead F5") << QByteArray("\xf5\x80\x80\x80") << 0;
    QTest::newRow("lead FF") << QByteArray("\xff") << 0;
    QTest::newRow("second byte missing") << QByteArray("\xc3(") << 1;
    QTest::newRow("third byte missing") << QByteArray("\xe2\x82(") << 2;
    QTest::newRow("fourth byte missing") << QByteArray("\xf0\x9f\x98(") << 3;
    QTest::newRow("lead after lead") << QByteArray("\xe2\xe2\x82\xac") << 1;
    QTest::newRow("one continuation too many") << QByteArray("\xc3\xa9\xa9") << 2;
}

void Utf8Test::a_bad_sequence_is_refused_at_its_first_bad_byte()
{
    QFETCH(QByteArray, text);
    QFETCH(int, badByte);
    // Behind ASCII of every length up to two words, and up to two vectors of the bulk check, and in front of more.
    for (int before = 0; before <= 140; ++before) {
        const QByteArray whole = QByteArray(before, 'a') + text + QByteArray(20, 'z');
        QCOMPARE(firstRefusedPiece(bytesOf(whole), 1), std::optional(std::size_t(before + badByte)));
        QCOMPARE(firstRefusedPiece(bytesOf(whole), std::size_t(whole.size())), std::optional(std::size_t(0)));
    }
}

void Utf8Test::a_cut_sequence_is_open_not_refused()
{
    const QByteArray texts[] = {"\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
    for (const QByteArray& text : texts) {
        for (qsizetype cut = 1; cut < text.size(); ++cut) {
            Utf8Validator validator;
            QVERIFY(validator.feed(bytesOf(text.left(cut))));
            QVERIFY(!validator.complete());
            QVERIFY(validator.feed(bytesOf(text.mid(cut))));
            QVERIFY(validator.complete());
        }
    }
}

void Utf8Test::every_code_point_is_accepted_and_every_surrogate_refused()
{
    for (unsigned point = 0; point <= 0x10ffff; ++point) {
        std::array<unsigned char, 4> text{};
        std::size_t size = 0;
        const auto tail = [&](unsigned shift) {
            text[size++] = static_cast<unsigned char>(0x80 | (point >> shift & 0x3f));
        };
        if (point < 0x80) {
            text[size++] = static_cast<unsigned char>(point);
        } else if (point < 0x800) {
            text[size++] = static_cast<unsigned char>(0xc0 | point >> 6);
            tail(0);
        } else if (point < 0x10000) {
            text[size++] = static_cast<unsigned char>(0xe0 | point >> 12);
            tail(6);
            tail(0);
        } else {
            text[size++] = static_cast<unsigned char>(0xf0 | point >> 18);
            tail(12);
            tail(6);
            tail(0);
        }
        Utf8Validator validator;
        const bool valid = validator.feed(std::as_bytes(std::span(text).first(size))) && validator.complete();
        const bool surrogate = point >= 0xd800 && point <= 0xdfff;
        if (valid == surrogate)
            QFAIL(qPrintable(QString::number(point, 16)));
    }
}

void Utf8Test::every_pair_and_triple_agrees_with_decoding()
{
    constexpr unsigned edges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xf0, 0xff};
    for (unsigned first = 0; first < 0x100; ++first) {
        for (unsigned second = 0; second < 0x100; ++second) {
            for (const unsigned third : edges) {
                for (const unsigned fourth : edges) {
                    const std::array text{std::byte(first), std::byte(second), std::byte(third), std::byte(fourth)};
                    for (std::size_t size = 2; size <= text.size(); ++size) {
                        Utf8Validator validator;
                        const auto bytes = std::span(text).first(size);
                        if ((validator.feed(bytes) && validator.complete()) != isWellFormed(bytes))
                            QFAIL(qPrintable(
                                QStringLiteral("%1 %2 %3 %4").arg(first).arg(second).arg(third).arg(fourth)));
                    }
                }
            }
        }
    }
}

void Utf8Test::a_long_text_is_valid_however_it_is_cut()
{
    QByteArray text;
    for (int i = 0; i < 40; ++i)
        text += QByteArray(i, 'x') + "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    for (std::size_t step = 1; step <= 40; ++step)
        QCOMPARE(firstRefusedPiece(bytesOf(text), step), std::nullopt);
}

void Utf8Test::random_texts_are_judged_alike_however_they_are_cut()
{
    constexpr const char* points[] = {
        "a", "\x7f", "\xc3\xa9", "\xe2\x82\xac", "\xed\x9f\xbf", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
    std::mt19937 random(7);
    const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random); };
    for (int round = 0; round < 5000; ++round) {
        QByteArray text;
        for (std::size_t left = below(120); left > 0; --left)
            text += points[below(std::size(points))];
        if (!text.isEmpty() && below(2) == 0)
            text[qsizetype(below(std::size_t(text.size())))] = char(below(256));
        Utf8Validator validator;
        bool good = true;
        auto bytes = bytesOf(text);
        while (!bytes.empty() && good) {
            const std::size_t size = std::min(1 + below(200), bytes.size());
            good = validator.feed(bytes.first(size));
            bytes = bytes.subspan(size);
            // Refused as early as the bytes one by one would be, never later and never before.
            const auto fed = bytesOf(text).first(std::size_t(text.size()) - bytes.size());
            QCOMPARE(good, !firstRefusedPiece(fed, 1));
        }
        QCOMPARE(good && validator.complete(), isWellFormed(bytesOf(text)));
    }
}

void Utf8Test::a_refusal_lasts_until_reset()
{
    Utf8Validator validator;
    QVERIFY(!validator.feed(bytesOf("\xff")));
    QVERIFY(!validator.feed(bytesOf("abc")));
    QVERIFY(!validator.feed({}));
    QVERIFY(!validator.complete());
    validator.reset();
    QVERIFY(validator.feed(bytesOf("abc")));
    QVERIFY(validator.complete());
}

QTEST_GUILESS_MAIN(Utf8Test)
#include "utf8test.moc"
