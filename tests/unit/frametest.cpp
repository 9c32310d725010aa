// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/frame.h"

#include <QTest>

#include <algorithm>
#include <bit>
#include <limits>
#include <random>
#include <string>

using namespace gatehouse;
using namespace gatehouse::wire;

namespace {

using Bytes = std::vector<std::byte>;
using Kind = Event::Kind;

constexpr DecoderLimits wideLimits{.maxMessage = 1U << 20, .maxFragments = 1000};
constexpr std::array<std::uint8_t, 4> maskKey{0x37, 0xfa, 0x21, 0x3d};

Bytes bytesOf(std::string_view text)
{
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

std::string textOf(std::span<const std::byte> bytes)
{
    std::string text;
    for (const std::byte byte : bytes)
        text.push_back(static_cast<char>(byte));
    return text;
}

Bytes operator+(Bytes a, const Bytes& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

/// A frame built byte by byte, independent of the encoder: `first` is FIN, RSV and opcode as they stand on the wire.
Bytes frame(unsigned first, const std::string& payload, bool masked = true)
{
    std::string text(1, static_cast<char>(first));
    const unsigned mask = masked ? 0x80U : 0U;
    const std::size_t size = payload.size();
    if (size < 126) {
        text.push_back(static_cast<char>(mask | size));
    } else {
        const std::size_t width = size < 65536 ? 2 : 8;
        text.push_back(static_cast<char>(mask | (width == 2 ? 126U : 127U)));
        for (std::size_t i = width; i > 0; --i)
            text.push_back(static_cast<char>(size >> (8 * (i - 1))));
    }
    if (masked)
        text.append(maskKey.begin(), maskKey.end());
    for (std::size_t i = 0; i < size; ++i)
        text.push_back(static_cast<char>(static_cast<unsigned char>(payload[i]) ^ (masked ? maskKey[i % 4] : 0U)));
    return bytesOf(text);
}

/// A masked frame's header alone, with the length bytes as given.
Bytes header(unsigned first, unsigned second, const std::string& length = {})
{
    return bytesOf(std::string{static_cast<char>(first), static_cast<char>(second)} + length);
}

std::string closePayload(unsigned code, const std::string& reason = {})
{
    return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason;
}

struct Seen {
    Kind kind = Kind::NeedMore;
    Opcode type = Opcode::Text;
    std::string payload;
    std::optional<std::uint16_t> code;
    Reason reason = Reason::None;
    friend bool operator==(const Seen&, const Seen&) = default;
};

Seen message(const std::string& payload, Opcode type = Opcode::Text)
{
    return {Kind::Message, type, payload, {}, {}};
}
Seen control(Kind kind, const std::string& payload)
{
    return {kind, Opcode::Text, payload, {}, {}};
}
Seen violation(Reason reason)
{
    return {Kind::Violation, Opcode::Text, {}, {}, reason};
}

/// Gives one piece and appends what comes out.
void drain(Decoder& decoder, std::span<const std::byte> piece, std::vector<Seen>& seen)
{
    Bytes own(piece.begin(), piece.end());
    std::span<std::byte> input(own);
    for (Event event = decoder.next(input); event.kind != Kind::NeedMore; event = decoder.next(input))
        seen.push_back({event.kind, event.type, textOf(event.payload), event.closeCode, event.reason});
}

template <class NextSize> std::vector<Seen> decode(const Bytes& wire, Decoder& decoder, NextSize nextSize)
{
    std::vector<Seen> seen;
    for (std::size_t at = 0; at < wire.size();) {
        const std::size_t size = std::min<std::size_t>(nextSize(at), wire.size() - at);
        drain(decoder, std::span(wire).subspan(at, size), seen);
        at += size;
    }
    return seen;
}

std::vector<Seen> decode(const Bytes& wire, DecoderLimits limits = wideLimits, Role role = Role::Server)
{
    Decoder decoder(role, limits);
    return decode(wire, decoder, [&](std::size_t) { return wire.size(); });
}

/// Whole, byte by byte: both must give the same.
std::vector<Seen> decodeBothWays(const Bytes& wire, DecoderLimits limits = wideLimits, Role role = Role::Server)
{
    const auto whole = decode(wire, limits, role);
    Decoder decoder(role, limits);
    const auto single = decode(wire, decoder, [](std::size_t) { return std::size_t(1); });
    return whole == single ? whole : std::vector<Seen>{};
}

/// Everything that may stand in a stream, and what must come out of it.
Bytes mixedStream()
{
    return frame(0x81, "hello") + frame(0x89, "p1") + frame(0x82, std::string(300, '\xff')) + frame(0x01, "h\xc3") +
           frame(0x8a, "") + frame(0x00, "") + frame(0x89, std::string(125, 'q')) + frame(0x80, "\xa9llo") +
           frame(0x81, "") + frame(0x02, "") + frame(0x80, "b") + frame(0x81, std::string(200, 'x') + "\xe2\x82\xac") +
           frame(0x88, closePayload(1000, "bye \xe2\x82\xac"));
}

std::vector<Seen> mixedEvents()
{
    return {message("hello"),
            control(Kind::Ping, "p1"),
            message(std::string(300, '\xff'), Opcode::Binary),
            control(Kind::Pong, ""),
            control(Kind::Ping, std::string(125, 'q')),
            message("h\xc3\xa9llo"),
            message(""),
            message("b", Opcode::Binary),
            message(std::string(200, 'x') + "\xe2\x82\xac"),
            Seen{Kind::Close, Opcode::Text, "bye \xe2\x82\xac", 1000, {}}};
}

} // namespace

Q_DECLARE_METATYPE(Bytes)
Q_DECLARE_METATYPE(gatehouse::Reason)

class FrameTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_violation_has_its_reason_data();
    void a_violation_has_its_reason();
    void a_header_that_breaks_a_rule_is_refused_before_its_payload();
    void nothing_is_consumed_after_the_end();
    void a_mask_of_zero_is_accepted();
    void the_mask_goes_by_role();
    void the_maximum_is_accepted_and_one_more_is_too_big();
    void a_length_of_2_63_minus_1_allocates_nothing();
    void fragments_are_counted_with_the_empty_ones();
    void close_codes_data();
    void close_codes();
    void every_chunking_gives_the_same_events();
    void random_chunking_gives_the_same_events();
    void valid_text_split_at_every_byte_with_pings_between();
    void bad_text_fails_at_its_first_bad_byte();
    void a_whole_message_stays_in_the_input();
    void an_unfinished_message_is_held_as_it_arrives_and_released();
    void an_idle_decoder_is_small();
    void in_frame_and_in_message_follow_the_bytes();
    void lowered_limits_hold_for_the_message_under_way();
    void encoded_frames_come_back_data();
    void encoded_frames_come_back();
    void a_header_has_the_shortest_length();
    void a_close_is_cut_at_a_code_point();
    void a_close_code_that_must_not_be_sent_becomes_1011();
    void the_mask_is_applied_from_any_phase();
    void an_upgrade_request_inside_a_message_is_payload();
};

void FrameTest::a_violation_has_its_reason_data()
{
    QTest::addColumn<Bytes>("wire");
    QTest::addColumn<Reason>("reason");
    const auto row = [](const char* name, const Bytes& wire, Reason reason) { QTest::newRow(name) << wire << reason; };
    row("unmasked", frame(0x81, "a", false), Reason::Unmasked);
    row("unmasked ping", frame(0x89, "", false), Reason::Unmasked);
    row("rsv1", frame(0xc1, "a"), Reason::Rsv);
    row("rsv2", frame(0xa1, "a"), Reason::Rsv);
    row("rsv3", frame(0x91, "a"), Reason::Rsv);
    row("rsv1 on a ping", frame(0xc9, "a"), Reason::Rsv);
    for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U})
        QTest::addRow("opcode %u", opcode) << frame(0x80 | opcode, "a") << Reason::Opcode;
    for (const unsigned opcode : {8U, 9U, 10U}) {
        QTest::addRow("control %u of 126", opcode) << frame(0x80 | opcode, std::string(126, 'a')) << Reason::Control;
        QTest::addRow("control %u of 65536", opcode)
            << frame(0x80 | opcode, std::string(65536, 'a')) << Reason::Control;
        QTest::addRow("control %u fragmented", opcode) << frame(opcode, "") << Reason::Control;
    }
    using namespace std::string_literals;
    row("125 in 16 bits", header(0x82, 0xfe, "\0\x7d"s), Reason::Length);
    row("0 in 16 bits", header(0x82, 0xfe, "\0\0"s), Reason::Length);
    row("125 in 64 bits", header(0x82, 0xff, "\0\0\0\0\0\0\0\x7d"s), Reason::Length);
    row("65535 in 64 bits", header(0x82, 0xff, "\0\0\0\0\0\0\xff\xff"s), Reason::Length);
    row("top bit", header(0x82, 0xff, "\x80\0\0\0\0\0\0\0"s), Reason::Length);
    row("all bits", header(0x82, 0xff, "\xff\xff\xff\xff\xff\xff\xff\xff"s), Reason::Length);
    row("2^63-1", header(0x82, 0xff, "\x7f\xff\xff\xff\xff\xff\xff\xff"s), Reason::TooBig);
    row("2^32+5", header(0x82, 0xff, "\0\0\0\x01\0\0\0\x05"s), Reason::TooBig);
    row("continuation without a start", frame(0x80, "a"), Reason::Fragmentation);
    row("open continuation without a start", frame(0x00, "a"), Reason::Fragmentation);
    row("text inside a message", frame(0x01, "a") + frame(0x81, "b"), Reason::Fragmentation);
    row("binary inside a message", frame(0x02, "a") + frame(0x02, "b"), Reason::Fragmentation);
    row("text cut at its end", frame(0x81, "\xe2\x82"), Reason::Utf8);
    row("text cut at the end of its fragments", frame(0x01, "\xe2") + frame(0x80, "\x82"), Reason::Utf8);
    row("text cut, last fragment empty", frame(0x01, "\xe2\x82") + frame(0x80, ""), Reason::Utf8);
    row("overlong", frame(0x81, "ab\xc0\xaf"), Reason::Utf8);
    row("surrogate over fragments", frame(0x01, "\xed") + frame(0x00, "\xa0"), Reason::Utf8);
    row("close of 1 byte", frame(0x88, "\x03"), Reason::ClosePayload);
    row("close with a bad reason", frame(0x88, closePayload(1000, "\xff")), Reason::Utf8);
    row("close with a cut reason", frame(0x88, closePayload(1000, "\xe2\x82")), Reason::Utf8);
    row("bad code comes before a bad reason", frame(0x88, closePayload(1005, "\xff")), Reason::ClosePayload);
}

void FrameTest::a_violation_has_its_reason()
{
    QFETCH(Bytes, wire);
    QFETCH(Reason, reason);
    // Alone, and behind good frames in the same input.
    QCOMPARE(decodeBothWays(wire), std::vector{violation(reason)});
    QCOMPARE(decodeBothWays(frame(0x81, "ok") + wire), (std::vector{message("ok"), violation(reason)}));
    QCOMPARE(decodeBothWays(wire + frame(0x81, "late")), std::vector{violation(reason)});
}

void FrameTest::a_header_that_breaks_a_rule_is_refused_before_its_payload()
{
    using namespace std::string_literals;
    QCOMPARE(decode(Bytes{std::byte{0xc1}}), std::vector{violation(Reason::Rsv)});
    QCOMPARE(decode(Bytes{std::byte{0x83}}), std::vector{violation(Reason::Opcode)});
    QCOMPARE(decode(Bytes{std::byte{0x09}}), std::vector{violation(Reason::Control)});
    QCOMPARE(decode(Bytes{std::byte{0x80}}), std::vector{violation(Reason::Fragmentation)});
    QCOMPARE(decode(header(0x81, 0x05)), std::vector{violation(Reason::Unmasked)});
    QCOMPARE(decode(header(0x89, 0xfe)), std::vector{violation(Reason::Control)});
    const DecoderLimits limits{.maxMessage = 200, .maxFragments = 8};
    QCOMPARE(decode(header(0x81, 0xfe, "\0\xc9"s), limits), std::vector{violation(Reason::TooBig)});
    QCOMPARE(decode(frame(0x01, std::string(150, 'a')) + header(0x80, 0xb3), limits),
             std::vector{violation(Reason::TooBig)});
}

void FrameTest::nothing_is_consumed_after_the_end()
{
    for (const Bytes& end : {frame(0x81, "x", false), frame(0x88, ""), frame(0x01, "a") + frame(0x88, "")}) {
        Decoder decoder(Role::Server, wideLimits);
        Bytes wire = end;
        std::span<std::byte> input(wire);
        QVERIFY(decoder.next(input).kind != Kind::NeedMore);
        Bytes more = frame(0x81, "more");
        input = more;
        for (int i = 0; i < 3; ++i) {
            QCOMPARE(decoder.next(input).kind, Kind::NeedMore);
            QCOMPARE(input.size(), more.size());
        }
        QCOMPARE(more, frame(0x81, "more"));
        QCOMPARE(decoder.held(), std::size_t(0));
        QVERIFY(!decoder.inFrame());
        QVERIFY(!decoder.inMessage());
    }
}

void FrameTest::a_mask_of_zero_is_accepted()
{
    using namespace std::string_literals;
    QCOMPARE(decodeBothWays(header(0x81, 0x82, "\0\0\0\0hi"s)), std::vector{message("hi")});
}

void FrameTest::the_mask_goes_by_role()
{
    QCOMPARE(decodeBothWays(frame(0x81, "hi", false), wideLimits, Role::Client), std::vector{message("hi")});
    QCOMPARE(decodeBothWays(frame(0x81, "hi"), wideLimits, Role::Client), std::vector{violation(Reason::Unmasked)});
}

void FrameTest::the_maximum_is_accepted_and_one_more_is_too_big()
{
    for (const std::size_t size : {std::size_t(100), std::size_t(1000), std::size_t(70000)}) {
        const DecoderLimits limits{.maxMessage = size, .maxFragments = 8};
        const std::string most(size, 'm');
        QCOMPARE(decode(frame(0x81, most), limits), std::vector{message(most)});
        QCOMPARE(decode(frame(0x81, most + 'm'), limits), std::vector{violation(Reason::TooBig)});
        const Bytes first = frame(0x01, most.substr(0, size - 7));
        QCOMPARE(decode(first + frame(0x80, "mmmmmmm"), limits), std::vector{message(most)});
        QCOMPARE(decode(first + frame(0x80, "mmmmmmmm"), limits), std::vector{violation(Reason::TooBig)});
        // A control frame between does not count, nor is it measured by the message's limit.
        QCOMPARE(decode(first + frame(0x89, "ping") + frame(0x80, "mmmmmmm"), limits),
                 (std::vector{control(Kind::Ping, "ping"), message(most)}));
    }
}

void FrameTest::a_length_of_2_63_minus_1_allocates_nothing()
{
    using namespace std::string_literals;
    const std::string length = "\x7f\xff\xff\xff\xff\xff\xff\xff"s;
    for (const std::uint64_t limit : {std::uint64_t(65536), std::numeric_limits<std::uint64_t>::max()}) {
        Decoder decoder(Role::Server, {.maxMessage = limit, .maxFragments = 8});
        std::vector<Seen> seen;
        drain(decoder, header(0x82, 0xff, length + "mask"), seen);
        QCOMPARE(seen.size(), std::size_t(limit == 65536 ? 1 : 0));
        QCOMPARE(decoder.held(), std::size_t(0));
        drain(decoder, bytesOf("0123456789"), seen);
        QVERIFY(decoder.held() <= 64);
    }
}

void FrameTest::fragments_are_counted_with_the_empty_ones()
{
    const DecoderLimits limits{.maxMessage = 1000, .maxFragments = 4};
    const Bytes empty = frame(0x00, "");
    QCOMPARE(decodeBothWays(frame(0x01, "") + empty + empty + frame(0x80, ""), limits), std::vector{message("")});
    QCOMPARE(decodeBothWays(frame(0x01, "") + empty + empty + empty + frame(0x80, ""), limits),
             std::vector{violation(Reason::Fragments)});
    // The count begins anew with each message, and pings do not enter it.
    Bytes wire;
    for (int i = 0; i < 3; ++i)
        wire = wire + frame(0x02, "a") + frame(0x8a, "") + frame(0x00, "b") + frame(0x8a, "") + frame(0x80, "c");
    QCOMPARE(decodeBothWays(wire, limits).size(), std::size_t(9));
    QCOMPARE(decodeBothWays(frame(0x81, "whole"), {.maxMessage = 1000, .maxFragments = 1}),
             std::vector{message("whole")});
    // Row 57: no end in sight, yet nothing is held for it.
    Decoder decoder(Role::Server, limits);
    std::vector<Seen> seen;
    drain(decoder, frame(0x01, ""), seen);
    for (int i = 0; i < 131072 && seen.empty(); ++i)
        drain(decoder, empty, seen);
    QCOMPARE(seen, std::vector{violation(Reason::Fragments)});
    QCOMPARE(decoder.held(), std::size_t(0));
}

void FrameTest::close_codes_data()
{
    QTest::addColumn<unsigned>("code");
    QTest::addColumn<bool>("valid");
    for (const unsigned code : {0U, 1U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U})
        QTest::addRow("%u", code) << code << false;
    for (const unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U, 1013U, 1014U,
                                3000U, 3999U, 4000U, 4999U})
        QTest::addRow("%u", code) << code << true;
}

void FrameTest::close_codes()
{
    QFETCH(unsigned, code);
    QFETCH(bool, valid);
    const auto expected = valid ? Seen{Kind::Close, Opcode::Text, "why", static_cast<std::uint16_t>(code), {}}
                                : violation(Reason::ClosePayload);
    QCOMPARE(decodeBothWays(frame(0x88, closePayload(code, "why"))), std::vector{expected});
    QCOMPARE(isValidCloseCode(static_cast<std::uint16_t>(code)), valid);
}

void FrameTest::every_chunking_gives_the_same_events()
{
    const Bytes wire = mixedStream();
    const auto expected = mixedEvents();
    QCOMPARE(decode(wire), expected);
    for (std::size_t step = 1; step <= 20; ++step) {
        Decoder decoder(Role::Server, wideLimits);
        QCOMPARE(decode(wire, decoder, [&](std::size_t) { return step; }), expected);
        QCOMPARE(decoder.held(), std::size_t(0));
    }
    for (std::size_t split = 1; split < wire.size(); ++split) {
        Decoder decoder(Role::Server, wideLimits);
        QCOMPARE(decode(wire, decoder, [&](std::size_t at) { return at == 0 ? split : wire.size(); }), expected);
    }
}

void FrameTest::random_chunking_gives_the_same_events()
{
    const Bytes wire = mixedStream();
    std::mt19937 random(20240611); // fixed, so that a failure comes again
    for (int round = 0; round < 500; ++round) {
        Decoder decoder(Role::Server, wideLimits);
        const auto most = std::uniform_int_distribution<std::size_t>(1, 200)(random);
        std::uniform_int_distribution<std::size_t> size(0, most);
        QCOMPARE(decode(wire, decoder, [&](std::size_t) { return size(random); }), mixedEvents());
    }
}

void FrameTest::valid_text_split_at_every_byte_with_pings_between()
{
    const std::string text = "a\xc3\xa9\xe2\x82\xac\xed\x9f\xbf\xee\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbfz";
    Bytes wire;
    std::vector<Seen> expected;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const unsigned first = (i == 0 ? 1U : 0U) | (i + 1 == text.size() ? 0x80U : 0U);
        wire = wire + frame(first, text.substr(i, 1));
        if (i + 1 < text.size()) {
            wire = wire + frame(0x89, std::to_string(i));
            expected.push_back(control(Kind::Ping, std::to_string(i)));
        }
    }
    expected.push_back(message(text));
    QCOMPARE(decodeBothWays(wire), expected);
}

void FrameTest::bad_text_fails_at_its_first_bad_byte()
{
    struct Case {
        std::string text;
        std::size_t badByte;
    };
    const Case cases[] = {{"ab\x80", 2},           {"\xc0\xaf", 0},         {"x\xe0\x9f\xbf", 2},   {"\xed\xa0\x80", 1},
                          {"\xf0\x8f\xbf\xbf", 1}, {"\xf4\x90\x80\x80", 1}, {"abc\xf5\x80\x80", 3}, {"\xe2\x82(", 2}};
    for (const auto& [text, badByte] : cases) {
        // In one unfinished frame of which the rest never comes: header of 6 bytes, then byte by byte.
        const Bytes wire = frame(0x81, text + std::string(50, 'z'));
        Decoder decoder(Role::Server, wideLimits);
        std::vector<Seen> seen;
        drain(decoder, std::span(wire).first(6 + badByte), seen);
        QVERIFY(seen.empty());
        drain(decoder, std::span(wire).subspan(6 + badByte, 1), seen);
        QCOMPARE(seen, std::vector{violation(Reason::Utf8)});
        QCOMPARE(decoder.held(), std::size_t(0));
    }
}

void FrameTest::a_whole_message_stays_in_the_input()
{
    Bytes wire = frame(0x81, "first") + frame(0x82, std::string(500, 's')) + frame(0x89, "ping");
    Decoder decoder(Role::Server, wideLimits);
    std::span<std::byte> input(wire);
    for (int i = 0; i < 3; ++i) {
        const Event event = decoder.next(input);
        QVERIFY(event.payload.data() > wire.data() && event.payload.data() < wire.data() + wire.size());
        QCOMPARE(decoder.held(), std::size_t(0));
    }
    QVERIFY(input.empty());
}

void FrameTest::an_unfinished_message_is_held_as_it_arrives_and_released()
{
    const std::string payload(100000, 'p');
    const Bytes wire = frame(0x82, payload);
    Decoder decoder(Role::Server, wideLimits);
    std::vector<Seen> seen;
    std::size_t arrived = 0;
    for (std::size_t at = 0; at + 1000 < wire.size(); at += 1000) {
        drain(decoder, std::span(wire).subspan(at, 1000), seen);
        arrived += 1000;
        QVERIFY2(decoder.held() <= 2 * arrived, "no more than twice what came");
        QVERIFY(decoder.held() + 14 >= arrived);
    }
    drain(decoder, std::span(wire).subspan(arrived), seen);
    QCOMPARE(seen, std::vector{message(payload, Opcode::Binary)});
    QCOMPARE(decoder.held(), std::size_t(0));

    const Bytes ping = frame(0x89, "half a ping");
    drain(decoder, std::span(ping).first(10), seen);
    QVERIFY(decoder.held() > 0);
    drain(decoder, std::span(ping).subspan(10), seen);
    QCOMPARE(decoder.held(), std::size_t(0));
}

void FrameTest::an_idle_decoder_is_small()
{
    static_assert(sizeof(Decoder) <= 128);
    QCOMPARE(Decoder(Role::Server, wideLimits).held(), std::size_t(0));
}

void FrameTest::in_frame_and_in_message_follow_the_bytes()
{
    Decoder decoder(Role::Server, wideLimits);
    std::vector<Seen> seen;
    const auto feed = [&](const Bytes& bytes) { drain(decoder, bytes, seen); };
    QVERIFY(!decoder.inFrame() && !decoder.inMessage());
    const Bytes open = frame(0x01, "abc");
    drain(decoder, std::span(open).first(1), seen);
    QVERIFY(decoder.inFrame() && decoder.inMessage());
    drain(decoder, std::span(open).subspan(1), seen);
    QVERIFY(!decoder.inFrame() && decoder.inMessage());
    const Bytes ping = frame(0x89, "abc");
    drain(decoder, std::span(ping).first(8), seen);
    QVERIFY(decoder.inFrame() && decoder.inMessage());
    drain(decoder, std::span(ping).subspan(8), seen);
    QVERIFY(!decoder.inFrame() && decoder.inMessage());
    feed(frame(0x80, ""));
    QVERIFY(!decoder.inFrame() && !decoder.inMessage());
    drain(decoder, std::span(ping).first(1), seen);
    QVERIFY(decoder.inFrame() && !decoder.inMessage());
    QCOMPARE(seen.size(), std::size_t(2));
}

void FrameTest::lowered_limits_hold_for_the_message_under_way()
{
    Decoder decoder(Role::Server, wideLimits);
    std::vector<Seen> seen;
    drain(decoder, frame(0x01, std::string(1000, 'a')), seen);
    decoder.setLimits({.maxMessage = 500, .maxFragments = 1000});
    drain(decoder, frame(0x80, ""), seen);
    QCOMPARE(seen, std::vector{violation(Reason::TooBig)});
}

void FrameTest::encoded_frames_come_back_data()
{
    QTest::addColumn<std::size_t>("size");
    for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65535U, 65536U, 70000U})
        QTest::addRow("%zu", size) << size;
}

void FrameTest::encoded_frames_come_back()
{
    QFETCH(std::size_t, size);
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        payload[i] = static_cast<char>(i * 7);
    const Bytes bytes = bytesOf(payload);
    QCOMPARE(decode(encodeFrame(Opcode::Binary, bytes), wideLimits, Role::Client),
             std::vector{message(payload, Opcode::Binary)});
    QCOMPARE(decode(encodeFrame(Opcode::Binary, bytes, std::bit_cast<std::uint32_t>(maskKey)), wideLimits),
             std::vector{message(payload, Opcode::Binary)});
    // Not only to itself: byte for byte what the test's own builder makes.
    QCOMPARE(encodeFrame(Opcode::Binary, bytes), frame(0x82, payload, false));
    QCOMPARE(encodeFrame(Opcode::Binary, bytes, std::bit_cast<std::uint32_t>(maskKey)), frame(0x82, payload));
}

void FrameTest::a_header_has_the_shortest_length()
{
    struct Case {
        std::uint64_t length;
        std::size_t size;
    };
    for (const auto& [length, size] :
         {Case{0, 2}, Case{125, 2}, Case{126, 4}, Case{65535, 4}, Case{65536, 10}, Case{std::uint64_t(1) << 40, 10}}) {
        QCOMPARE(frameHeader(Opcode::Text, length).size, size);
        QCOMPARE(frameHeader(Opcode::Text, length, true, false, 1U).size, size + 4);
    }
    QCOMPARE(frameHeader(Opcode::Text, 0, false, true).bytes[0], std::byte{0x41});
    QCOMPARE(frameHeader(Opcode::Ping, 0).bytes[0], std::byte{0x89});
}

void FrameTest::a_close_is_cut_at_a_code_point()
{
    std::string reason(122, 'r');
    QCOMPARE(encodeClose(4403, reason), frame(0x88, closePayload(4403, reason), false));
    QCOMPARE(encodeClose(4403, reason + "\xc3\xa9"), frame(0x88, closePayload(4403, reason), false));
    QCOMPARE(encodeClose(4403, reason + "rr"), frame(0x88, closePayload(4403, reason + "r"), false));
    QCOMPARE(encodeClose(4403, "ok\xff no"), frame(0x88, closePayload(4403, "ok"), false));
    QCOMPARE(encodeClose(std::nullopt, "unsaid"), frame(0x88, "", false));
    QCOMPARE(encodeClose(1000, "", std::bit_cast<std::uint32_t>(maskKey)), frame(0x88, closePayload(1000)));
}

void FrameTest::a_close_code_that_must_not_be_sent_becomes_1011()
{
    for (const unsigned code : {0U, 999U, 1004U, 1005U, 1006U, 1015U, 2999U, 5000U})
        QCOMPARE(encodeClose(static_cast<std::uint16_t>(code), ""), frame(0x88, closePayload(1011), false));
}

void FrameTest::the_mask_is_applied_from_any_phase()
{
    const auto mask = std::bit_cast<std::uint32_t>(maskKey);
    for (std::size_t size = 0; size <= 40; ++size) {
        for (std::uint64_t offset = 0; offset <= 9; ++offset) {
            Bytes bytes(size + 1, std::byte{0x55});
            applyMask(std::span(bytes).subspan(1), mask, offset); // off by one: unaligned
            for (std::size_t i = 0; i < size; ++i)
                QCOMPARE(bytes[i + 1], std::byte{0x55} ^ std::byte{maskKey[(offset + i) % 4]});
        }
    }
}

void FrameTest::an_upgrade_request_inside_a_message_is_payload()
{
    const std::string request = "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    QCOMPARE(decodeBothWays(frame(0x81, request) + frame(0x81, "next")),
             (std::vector{message(request), message("next")}));
}

QTEST_GUILESS_MAIN(FrameTest)
#include "frametest.moc"
