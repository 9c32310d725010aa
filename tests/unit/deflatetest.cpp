// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/deflate.h"

#include "wire/frame.h"

#include <QTest>
#include <zlib.h>

#include <algorithm>
#include <random>
#include <string>

using namespace gatehouse;
using namespace gatehouse::wire;

Q_DECLARE_METATYPE(gatehouse::Reason)

namespace {

using Bytes = std::vector<std::byte>;
using Kind = Event::Kind;

constexpr DecoderLimits wideLimits{.maxMessage = 1U << 20, .maxFragments = 10000, .maxInflated = 1U << 20};

Bytes bytesOf(std::string_view text)
{
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

std::string textOf(std::span<const std::byte> bytes)
{
    return {static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()};
}

std::string fromHex(const char* hex)
{
    return QByteArray::fromHex(hex).toStdString();
}

/// A masked frame with any first byte.
std::string frame(unsigned first, std::string_view payload)
{
    const FrameHeader header = frameHeader(Opcode::Text, payload.size(), true, false, 0x5d3c1b0aU);
    Bytes bytes(header.bytes.begin(), header.bytes.begin() + static_cast<std::ptrdiff_t>(header.size));
    bytes[0] = static_cast<std::byte>(first);
    Bytes masked = bytesOf(payload);
    applyMask(masked, 0x5d3c1b0aU, 0);
    return textOf(bytes) + textOf(masked);
}

/// What zlib itself makes, independent of the code under test. Several flushes go into one stream.
class Deflater {
public:
    explicit Deflater(int windowBits = 15, int level = 9, int strategy = Z_DEFAULT_STRATEGY)
    {
        if (deflateInit2(&m_stream, level, Z_DEFLATED, -windowBits, 8, strategy) != Z_OK)
            qFatal("deflateInit2");
    }
    ~Deflater() { deflateEnd(&m_stream); }
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    std::string add(std::string text, int flush)
    {
        std::string out(deflateBound(&m_stream, static_cast<uLong>(text.size())) + 64, '\0');
        m_stream.next_in = static_cast<Bytef*>(static_cast<void*>(text.data()));
        m_stream.avail_in = static_cast<uInt>(text.size());
        m_stream.next_out = static_cast<Bytef*>(static_cast<void*>(out.data()));
        m_stream.avail_out = static_cast<uInt>(out.size());
        deflate(&m_stream, flush);
        out.resize(out.size() - m_stream.avail_out);
        return out;
    }

private:
    z_stream m_stream{};
};

/// A message's payload as RFC 7692 §7.2.1 makes it.
std::string compressed(const std::string& text, int windowBits = 15, int level = 9, int strategy = Z_DEFAULT_STRATEGY)
{
    std::string out = Deflater(windowBits, level, strategy).add(text, Z_SYNC_FLUSH);
    return out.substr(0, out.size() - 4);
}

struct Seen {
    Kind kind = Kind::NeedMore;
    Opcode type = Opcode::Text;
    std::string payload;
    Reason reason = Reason::None;
    friend bool operator==(const Seen&, const Seen&) = default;
};

Seen message(const std::string& payload, Opcode type = Opcode::Text)
{
    return {Kind::Message, type, payload, {}};
}
Seen violation(Reason reason)
{
    return {Kind::Violation, Opcode::Text, {}, reason};
}

template <class NextSize> std::vector<Seen> decode(const std::string& wire, Decoder& decoder, NextSize nextSize)
{
    std::vector<Seen> seen;
    for (std::size_t at = 0; at < wire.size();) {
        const std::size_t size = std::min<std::size_t>(nextSize(), wire.size() - at);
        Bytes piece = bytesOf(std::string_view(wire).substr(at, size));
        std::span<std::byte> input(piece);
        for (Event event = decoder.next(input); event.kind != Kind::NeedMore; event = decoder.next(input))
            seen.push_back({event.kind, event.type, textOf(event.payload), event.reason});
        at += size;
    }
    return seen;
}

/// Whole, byte by byte and in random pieces: all must give the same, and leave nothing behind where a message ended.
std::vector<Seen> decodeEachWay(const std::string& wire, DecoderLimits limits = wideLimits)
{
    std::mt19937 random(static_cast<std::uint32_t>(wire.size()));
    Decoder whole(Role::Server, limits), single(Role::Server, limits), pieces(Role::Server, limits);
    const auto seen = decode(wire, whole, [&] { return wire.size(); });
    const bool same = seen == decode(wire, single, [] { return std::size_t(1); }) &&
                      seen == decode(wire, pieces, [&] { return random() % 40 + 1; });
    return same ? seen : std::vector<Seen>{};
}

std::string repeated(std::string_view text, std::size_t size)
{
    std::string result;
    while (result.size() < size)
        result.append(text);
    result.resize(size);
    return result;
}

/// Text with repetitions near and far, as messages have them.
std::string randomText(std::mt19937& random, std::size_t size)
{
    std::string text;
    while (text.size() < size) {
        if (text.size() > 20 && random() % 3 != 0) {
            const std::size_t from = random() % (text.size() - 10);
            text.append(text.substr(from, random() % 300 + 3));
        } else {
            for (auto i = random() % 12; i > 0; --i)
                text.push_back(static_cast<char>('a' + random() % 26));
        }
    }
    text.resize(size);
    return text;
}

} // namespace

class DeflateTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void the_examples_of_the_rfc_data();
    void the_examples_of_the_rfc();
    void broken_data_are_refused_data();
    void broken_data_are_refused();
    void a_final_block_does_not_end_the_message();
    void reserved_bits_data();
    void reserved_bits();
    void the_cap_is_accepted_and_one_more_is_too_big_data();
    void the_cap_is_accepted_and_one_more_is_too_big();
    void a_bomb_stops_at_the_cap_data();
    void a_bomb_stops_at_the_cap();
    void compressed_bytes_are_limited_too();
    void text_is_checked_as_it_inflates();
    void a_code_point_may_be_cut_anywhere();
    void what_zlib_makes_inflates_in_any_chunks();
    void what_we_make_inflates_and_keeps_to_its_window();
    void what_does_not_become_smaller_stays_plain();
    void damaged_streams_give_the_same_in_any_chunks();
    void nothing_is_held_between_messages();
    void a_lowered_cap_holds_for_the_message_under_way();
};

void DeflateTest::the_examples_of_the_rfc_data()
{
    QTest::addColumn<QByteArray>("wire");
    QTest::addColumn<QByteArray>("message");
    const auto row = [](const char* name, const std::string& wire, const char* message) {
        QTest::newRow(name) << QByteArray::fromStdString(wire) << QByteArray(message);
    };
    row("7.2.3.1 one block", frame(0xc1, fromHex("f248cdc9c90700")), "Hello");
    row("7.2.3.1 fragments", frame(0x41, fromHex("f248cd")) + frame(0x80, fromHex("c9c90700")), "Hello");
    row("7.2.3.3 without compression", frame(0xc1, fromHex("000500faff48656c6c6f00")), "Hello");
    row("7.2.3.4 final block", frame(0xc1, fromHex("f348cdc9c9070000")), "Hello");
    row("7.2.3.5 two blocks", frame(0xc1, fromHex("f248050000 00ffff cac9c90700")), "Hello");
    row("7.2.3.6 empty", frame(0xc1, fromHex("00")), "");
    row("not compressed", frame(0x81, "Hello"), "Hello");
    row("an empty fragment first", frame(0x41, "") + frame(0x00, fromHex("f248cdc9c907")) + frame(0x80, fromHex("00")),
        "Hello");
    row("empty fragments between and last",
        frame(0x41, fromHex("f248cd")) + frame(0x00, "") + frame(0x00, fromHex("c9c90700")) + frame(0x80, ""), "Hello");
}

void DeflateTest::the_examples_of_the_rfc()
{
    QFETCH(QByteArray, wire);
    QFETCH(QByteArray, message);
    const Seen expected = ::message(message.toStdString());
    const std::string twice = wire.toStdString() + wire.toStdString();
    QCOMPARE(decodeEachWay(twice), (std::vector{expected, expected}));
}

void DeflateTest::broken_data_are_refused_data()
{
    QTest::addColumn<QByteArray>("payload");
    const auto row = [](const char* name, const std::string& payload) {
        QTest::newRow(name) << QByteArray::fromStdString(payload);
    };
    const std::string hello = fromHex("f248cdc9c90700");
    row("nothing at all", "");
    row("reserved block type", fromHex("06"));
    row("cut", hello.substr(0, hello.size() - 2));
    row("cut by the byte that begins the empty block", hello.substr(0, hello.size() - 1));
    row("the tail was not cut off", hello + fromHex("0000ffff"));
    row("garbage behind", hello + "garbage");
    row("7.2.3.2 a window that was not kept", fromHex("f200110000"));
    row("length of a stored block does not check", fromHex("000500fbff48656c6c6f00"));
    row("stored block that would swallow the tail", fromHex("000900f6ff48656c6c6f"));
    row("final block, and no byte behind", fromHex("f348cdc9c90700"));
    row("final block, garbage behind", fromHex("f348cdc9c90700") + "garbage");
    row("two byte of a dynamic block", fromHex("0480"));
}

void DeflateTest::broken_data_are_refused()
{
    QFETCH(QByteArray, payload);
    QCOMPARE(decodeEachWay(frame(0xc2, payload.toStdString())), std::vector{violation(Reason::Deflate)});
}

void DeflateTest::a_final_block_does_not_end_the_message()
{
    // What comes behind may point back before it: a message has one window (RFC 7692 §7.2.1).
    const std::string text = repeated("gatehouse ", 400);
    Deflater deflater;
    const std::string first = Deflater().add(text, Z_FINISH);
    deflater.add(text, Z_SYNC_FLUSH);
    std::string second = deflater.add(text, Z_SYNC_FLUSH);
    second.resize(second.size() - 4);
    QVERIFY(second.size() < 30); // it does point back
    QCOMPARE(decodeEachWay(frame(0xc1, first + second)), std::vector{message(text + text)});

    std::string many;
    std::string expected;
    for (int i = 0; i < 1000; ++i) {
        many += Deflater().add("a", Z_FINISH);
        expected += 'a';
    }
    QCOMPARE(decodeEachWay(frame(0xc1, many + '\0')), std::vector{message(expected)});
}

void DeflateTest::reserved_bits_data()
{
    QTest::addColumn<QByteArray>("wire");
    QTest::addColumn<bool>("agreed");
    QTest::addColumn<Reason>("reason");
    const std::string hello = fromHex("f248cdc9c90700");
    const std::string half = hello.substr(0, 3);
    const auto row = [](const char* name, const std::string& wire, bool agreed, Reason reason) {
        QTest::newRow(name) << QByteArray::fromStdString(wire) << agreed << reason;
    };
    row("RSV1 on text, not agreed", frame(0xc1, hello), false, Reason::Rsv);
    row("RSV1 on binary, not agreed", frame(0xc2, hello), false, Reason::Rsv);
    row("RSV1 and RSV2", frame(0xe1, hello), true, Reason::Rsv);
    row("RSV1 and RSV3", frame(0xd1, hello), true, Reason::Rsv);
    row("RSV2", frame(0xa1, hello), true, Reason::Rsv);
    row("RSV3", frame(0x91, hello), true, Reason::Rsv);
    row("RSV1 on a continuation", frame(0x41, half) + frame(0xc0, hello.substr(3)), true, Reason::Rsv);
    row("RSV1 on a continuation of a plain message", frame(0x01, "a") + frame(0xc0, hello), true, Reason::Rsv);
    row("RSV1 on a continuation without a start", frame(0xc0, hello), true, Reason::Rsv);
    row("RSV1 on a ping", frame(0xc9, ""), true, Reason::Rsv);
    row("RSV1 on a pong", frame(0xca, ""), true, Reason::Rsv);
    row("RSV1 on a close", frame(0xc8, ""), true, Reason::Rsv);
    row("RSV1 on an unknown opcode", frame(0xc3, ""), true, Reason::Rsv);
    row("a new message inside a compressed one", frame(0x41, half) + frame(0xc1, hello), true, Reason::Fragmentation);
}

void DeflateTest::reserved_bits()
{
    QFETCH(QByteArray, wire);
    QFETCH(bool, agreed);
    QFETCH(Reason, reason);
    DecoderLimits limits = wideLimits;
    if (!agreed)
        limits.maxInflated.reset();
    QCOMPARE(decodeEachWay(wire.toStdString(), limits), std::vector{violation(reason)});
}

void DeflateTest::the_cap_is_accepted_and_one_more_is_too_big_data() // row 73
{
    QTest::addColumn<int>("cap");
    for (const int cap : {1, 2, 257, 258, 259, 16383, 16384, 16385, 32768, 65536, 100000})
        QTest::newRow(qPrintable(QString::number(cap))) << cap;
}

void DeflateTest::the_cap_is_accepted_and_one_more_is_too_big()
{
    QFETCH(int, cap);
    const auto size = static_cast<std::size_t>(cap);
    const DecoderLimits limits{.maxMessage = 1U << 20, .maxFragments = 64, .maxInflated = size};
    std::mt19937 random(7);
    for (const unsigned first : {0xc1U, 0xc2U}) {
        const Opcode type = first == 0xc1U ? Opcode::Text : Opcode::Binary;
        for (const std::string& text : {std::string(size + 1, 'x'), randomText(random, size + 1)}) {
            const std::string fits = text.substr(0, size);
            QCOMPARE(decodeEachWay(frame(first, compressed(fits)), limits), std::vector{message(fits, type)});
            QCOMPARE(decodeEachWay(frame(first, compressed(text)), limits), std::vector{violation(Reason::TooBig)});
        }
    }
}

void DeflateTest::a_bomb_stops_at_the_cap_data() // row 73
{
    QTest::addColumn<int>("mebibytes");
    QTest::addColumn<bool>("fragmented");
    for (const int size : {1, 16, 1024}) {
        QTest::newRow(qPrintable(QStringLiteral("%1 MiB in one frame").arg(size))) << size << false;
        QTest::newRow(qPrintable(QStringLiteral("%1 MiB in fragments").arg(size))) << size << true;
    }
}

void DeflateTest::a_bomb_stops_at_the_cap()
{
    QFETCH(int, mebibytes);
    QFETCH(bool, fragmented);
    constexpr std::uint64_t cap = 65536;
    Decoder decoder(Role::Server, {.maxMessage = 1ULL << 30, .maxFragments = 1U << 20, .maxInflated = cap});
    Deflater bomb;
    const std::string first = bomb.add(std::string(1 << 20, '\0'), Z_SYNC_FLUSH);
    const std::string again = bomb.add(std::string(1 << 20, '\0'), Z_SYNC_FLUSH); // goes on for ever
    std::vector<Seen> seen;
    if (!fragmented) {
        const auto length = first.size() + again.size() * static_cast<unsigned>(mebibytes - 1);
        const FrameHeader header = frameHeader(Opcode::Binary, length, true, true, 0U);
        const std::string bytes = textOf(std::span(header.bytes).first(header.size));
        QVERIFY(decode(bytes, decoder, [&] { return bytes.size(); }).empty());
    }
    std::size_t most = 0;
    int pieces = 0;
    for (int i = 0; i < mebibytes; ++i) {
        std::string piece = i == 0 ? first : again;
        if (fragmented)
            piece = frame(i == 0 ? 0x42 : 0x00, piece);
        for (std::size_t at = 0; at < piece.size(); at += 100) {
            const std::string part = piece.substr(at, 100);
            for (const Seen& event : decode(part, decoder, [&] { return part.size(); }))
                seen.push_back(event);
            most = std::max(most, decoder.held());
            pieces += seen.empty() ? 1 : 0;
        }
    }
    QCOMPARE(seen, std::vector{violation(Reason::TooBig)});
    QVERIFY2(most <= cap + Inflater::memory, qPrintable(QString::number(most)));
    QVERIFY2(pieces <= 1, "100 bytes hold more than the cap, and the frame's header comes before");
    QCOMPARE(decoder.held(), std::size_t(0));
}

void DeflateTest::compressed_bytes_are_limited_too()
{
    std::mt19937 random(3);
    std::string noise;
    for (int i = 0; i < 3000; ++i)
        noise.push_back(static_cast<char>(random() & 0xff));
    const std::string payload = compressed(noise);
    DecoderLimits limits{.maxMessage = payload.size(), .maxFragments = 64, .maxInflated = 3000};
    QCOMPARE(decodeEachWay(frame(0xc2, payload), limits), std::vector{message(noise, Opcode::Binary)});
    limits.maxMessage = payload.size() - 1;
    QCOMPARE(decodeEachWay(frame(0xc2, payload), limits), std::vector{violation(Reason::TooBig)});
    const std::string cut = frame(0x42, payload.substr(0, 2000)) + frame(0x00, payload.substr(2000, 900)) +
                            frame(0x80, payload.substr(2900));
    QCOMPARE(decodeEachWay(cut, limits), std::vector{violation(Reason::TooBig)});
    limits.maxMessage = payload.size();
    QCOMPARE(decodeEachWay(cut, limits), std::vector{message(noise, Opcode::Binary)});
}

void DeflateTest::text_is_checked_as_it_inflates()
{
    const DecoderLimits limits{.maxMessage = 1U << 20, .maxFragments = 64, .maxInflated = 50000};
    const auto reasonOf = [&](const std::string& text) {
        const auto seen = decodeEachWay(frame(0xc1, compressed(text)), limits);
        return seen.size() == 1 ? seen[0].reason : Reason::Internal;
    };
    QCOMPARE(reasonOf("bad \xff text"), Reason::Utf8);
    QCOMPARE(reasonOf("ends in half a code point \xe2\x82"), Reason::Utf8);
    QCOMPARE(reasonOf("\xc0\x80"), Reason::Utf8);
    QCOMPARE(reasonOf("\xed\xa0\x80"), Reason::Utf8);
    // Whichever comes first in the text decides.
    QCOMPARE(reasonOf(std::string(49999, 'x') + '\xff' + std::string(100, 'x')), Reason::Utf8);
    QCOMPARE(reasonOf(std::string(50000, 'x') + '\xff' + std::string(100, 'x')), Reason::TooBig);
    const std::string broken = compressed(std::string(300, 'x') + '\xff') + "garbage";
    QCOMPARE(decodeEachWay(frame(0xc1, broken), limits), std::vector{violation(Reason::Utf8)});
    QCOMPARE(decodeEachWay(frame(0xc2, broken), limits), std::vector{violation(Reason::Deflate)});
    // At the first bad byte: no more of the message is needed, nor its end.
    const std::string early = Deflater().add(std::string("\xff") + std::string(1000, 'x'), Z_SYNC_FLUSH);
    QCOMPARE(decodeEachWay(frame(0x41, early), limits), std::vector{violation(Reason::Utf8)});
}

void DeflateTest::a_code_point_may_be_cut_anywhere()
{
    const std::string text = repeated("\xe2\x82\xac\xf0\x9f\x9a\xaa\xc3\xa9", 90);
    for (const int level : {0, 9}) { // stored, so that the fragments cut the code points themselves, and packed
        const std::string payload = compressed(text, 15, level);
        for (std::size_t cut = 0; cut <= payload.size(); ++cut) {
            const std::string wire =
                frame(0x41, payload.substr(0, cut)) + frame(0x89, "ping") + frame(0x80, payload.substr(cut));
            const auto seen = decodeEachWay(wire);
            QCOMPARE(seen.size(), std::size_t(2));
            QCOMPARE(seen[0].kind, Kind::Ping);
            QCOMPARE(seen[1], message(text));
        }
    }
}

void DeflateTest::what_zlib_makes_inflates_in_any_chunks()
{
    std::mt19937 random(20260522);
    for (int round = 0; round < 300; ++round) {
        const std::string text = randomText(random, random() % 4 == 0 ? random() % 90000 : random() % 600);
        const int window = static_cast<int>(9 + random() % 7);
        const int strategy = static_cast<int>(random() % (Z_FIXED + 1));
        const std::string payload = compressed(text, window, static_cast<int>(random() % 10), strategy);
        std::string wire;
        for (std::size_t at = 0;;) {
            const std::size_t size = std::min<std::size_t>(random() % 30000, payload.size() - at);
            const bool last = at + size == payload.size();
            wire += frame((last ? 0x80U : 0U) | (at == 0 && wire.empty() ? 0x41U : 0U), payload.substr(at, size));
            if (last)
                break;
            at += size;
        }
        QCOMPARE(decodeEachWay(wire), std::vector{message(text)});
    }
}

void DeflateTest::what_we_make_inflates_and_keeps_to_its_window()
{
    std::mt19937 random(11);
    for (int round = 0; round < 200; ++round) {
        const auto window = static_cast<std::uint8_t>(9 + round % 7);
        const std::string text = randomText(random, 300 + random() % (round % 5 == 0 ? 200000 : 3000));
        const auto sent = encodeDeflated(Opcode::Text, bytesOf(text), window, 0x01020304U);
        QVERIFY(sent);
        QCOMPARE(decodeEachWay(textOf(*sent)), std::vector{message(text)});

        // A peer whose own window is no larger than what it asked for.
        auto packed = textOf(*deflated(bytesOf(text), window)) + fromHex("0000ffff");
        z_stream small{};
        QCOMPARE(inflateInit2(&small, -int{window}), Z_OK);
        std::string out;
        small.next_in = static_cast<Bytef*>(static_cast<void*>(packed.data()));
        small.avail_in = static_cast<uInt>(packed.size());
        std::array<char, 64> piece{}; // small, so that zlib has its window alone to look back into
        do {
            small.next_out = static_cast<Bytef*>(static_cast<void*>(piece.data()));
            small.avail_out = piece.size();
            const int code = inflate(&small, Z_SYNC_FLUSH);
            QVERIFY(code == Z_OK || code == Z_BUF_ERROR);
            out.append(piece.data(), piece.size() - small.avail_out);
        } while (small.avail_out == 0);
        inflateEnd(&small);
        QCOMPARE(out, text);
    }
}

void DeflateTest::what_does_not_become_smaller_stays_plain()
{
    std::mt19937 random(5);
    std::string noise;
    for (int i = 0; i < 5000; ++i)
        noise.push_back(static_cast<char>(random() & 0xff));
    for (const std::string& text : {noise, std::string(), std::string("x"), std::string("abc"), std::string("Hello")})
        QVERIFY(!encodeDeflated(Opcode::Binary, bytesOf(text), 15));
    const Bytes text = bytesOf(std::string(1000, 'x'));
    QVERIFY(!deflated(text, 8)); // zlib has no such window
    for (std::uint8_t window = smallestWindow; window <= largestWindow; ++window) {
        const auto frame = encodeDeflated(Opcode::Binary, text, window);
        QVERIFY(frame && frame->size() < 30);
        QCOMPARE((*frame)[0], std::byte{0xc2});
    }
}

void DeflateTest::damaged_streams_give_the_same_in_any_chunks()
{
    std::mt19937 random(99);
    const DecoderLimits limits{.maxMessage = 1U << 20, .maxFragments = 64, .maxInflated = 20000};
    int broken = 0;
    for (int round = 0; round < 3000; ++round) {
        std::string payload = compressed(randomText(random, 1 + random() % 500), 15, static_cast<int>(random() % 10));
        for (auto i = 1 + random() % 3; i > 0; --i)
            payload[random() % payload.size()] ^= static_cast<char>(1U << random() % 8);
        const auto seen = decodeEachWay(frame(0xc1, payload), limits);
        QCOMPARE(seen.size(), std::size_t(1));
        broken += seen[0].reason == Reason::Deflate ? 1 : 0;
    }
    QVERIFY(broken > 300);
}

void DeflateTest::nothing_is_held_between_messages()
{
    Decoder decoder(Role::Server, wideLimits);
    const std::string text = repeated("gatehouse ", 5000);
    std::string wire = frame(0x41, compressed(text).substr(0, 20));
    QVERIFY(decode(wire, decoder, [&] { return wire.size(); }).empty());
    QVERIFY(decoder.inMessage() && !decoder.inFrame());
    QVERIFY(decoder.held() >= Inflater::memory);
    wire = frame(0x80, compressed(text).substr(20));
    QCOMPARE(decode(wire, decoder, [&] { return wire.size(); }), std::vector{message(text)});
    QVERIFY(!decoder.inMessage());
    QCOMPARE(decoder.held(), std::size_t(0));

    wire = frame(0x41, compressed(text).substr(0, 20)) + frame(0x88, "");
    QCOMPARE(decode(wire, decoder, [&] { return wire.size(); }).size(), std::size_t(1));
    QCOMPARE(decoder.held(), std::size_t(0));
}

void DeflateTest::a_lowered_cap_holds_for_the_message_under_way()
{
    Decoder decoder(Role::Server, wideLimits);
    const std::string text = repeated("gatehouse ", 5000);
    Deflater deflater;
    std::string wire = frame(0x41, deflater.add(text, Z_SYNC_FLUSH));
    QVERIFY(decode(wire, decoder, [&] { return wire.size(); }).empty());
    decoder.setLimits({.maxMessage = 1U << 20, .maxFragments = 64, .maxInflated = 100});
    wire = frame(0x00, deflater.add("x", Z_SYNC_FLUSH));
    QCOMPARE(decode(wire, decoder, [&] { return wire.size(); }), std::vector{violation(Reason::TooBig)});
}

QTEST_GUILESS_MAIN(DeflateTest)
#include "deflatetest.moc"
