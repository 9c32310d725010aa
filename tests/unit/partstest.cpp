// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/frame.h"

#include <QTest>

#include <algorithm>
#include <random>
#include <string>

using namespace gatehouse;
using namespace gatehouse::wire;

namespace {

using Bytes = std::vector<std::byte>;
using Kind = Event::Kind;

constexpr DecoderLimits wideLimits{.maxMessage = 1U << 20, .maxFragments = 1000};
constexpr std::uint32_t maskKey = 0x3d21fa37;

std::optional<std::uint32_t> maskFor(Role receiver)
{
    return receiver == Role::Server ? std::optional(maskKey) : std::nullopt;
}

Bytes frame(Opcode opcode, const std::string& payload, bool fin, Role role = Role::Server)
{
    Bytes bytes = encodeFrame(opcode, std::as_bytes(std::span(payload)), maskFor(role));
    if (!fin)
        bytes[0] &= std::byte{0x7f};
    return bytes;
}

Bytes operator+(Bytes a, const Bytes& b)
{
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

struct Seen {
    Kind kind = Kind::NeedMore;
    Opcode type = Opcode::Text;
    std::string payload;
    bool first = true;
    bool last = true;
    std::optional<std::uint16_t> code;
    Reason reason = Reason::None;
    friend bool operator==(const Seen&, const Seen&) = default;
};

Seen part(const std::string& payload, bool first, bool last, Opcode type = Opcode::Text)
{
    return {Kind::Part, type, payload, first, last, {}, {}};
}

struct Run {
    std::vector<Seen> seen;
    std::size_t endedAt = 0; ///< bytes given when a Close or a Violation came
    bool inFrame = false;
    bool inMessage = false;
};

template <class NextSize> Run decode(const Bytes& wire, Decoder& decoder, NextSize nextSize)
{
    Run run;
    for (std::size_t at = 0; at < wire.size() && run.endedAt == 0;) {
        const std::size_t size = std::min<std::size_t>(nextSize(), wire.size() - at);
        const auto piece = std::span(wire).subspan(at, size);
        Bytes own(piece.begin(), piece.end());
        std::span<std::byte> input(own);
        at += size;
        for (Event event = decoder.next(input); event.kind != Kind::NeedMore; event = decoder.next(input)) {
            std::string payload;
            for (const std::byte byte : event.payload)
                payload.push_back(static_cast<char>(byte));
            run.seen.push_back(
                {event.kind, event.type, payload, event.first, event.last, event.closeCode, event.reason});
            if (event.kind == Kind::Violation || event.kind == Kind::Close)
                run.endedAt = at;
        }
    }
    run.inFrame = decoder.inFrame();
    run.inMessage = decoder.inMessage();
    return run;
}

Decoder inParts(std::uint32_t size, DecoderLimits limits = wideLimits, Role role = Role::Server)
{
    Decoder decoder(role, limits);
    decoder.setPartSize(size);
    return decoder;
}

std::vector<Seen> byByte(const Bytes& wire, Decoder decoder)
{
    return decode(wire, decoder, [] { return std::size_t(1); }).seen;
}

/// Parts put together to the messages that they are of; of one that is not finished nothing. `first`, `last` and the
/// sizes must be right; false in `good` otherwise.
std::vector<Seen> together(const std::vector<Seen>& seen, std::size_t partSize, bool& good)
{
    std::vector<Seen> whole;
    std::optional<Seen> open;
    for (const Seen& event : seen) {
        if (event.kind != Kind::Part) {
            good = good && (event.kind != Kind::Message || !open);
            whole.push_back(event);
            continue;
        }
        good = good && event.first == !open.has_value() && event.payload.size() <= partSize;
        good = good && (event.last || !event.payload.empty()) && (!open || open->type == event.type);
        if (!open)
            open = Seen{Kind::Message, event.type, {}, true, true, {}, {}};
        open->payload += event.payload;
        if (event.last) {
            whole.push_back(*open);
            open.reset();
        }
    }
    return whole;
}

} // namespace

class PartsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_part_comes_where_as_many_bytes_wait_and_where_a_frame_ends();
    void a_message_whole_in_the_input_stays_one_and_is_not_copied();
    void what_holds_the_rest_of_a_part_is_lent();
    void no_more_than_a_part_is_held();
    void a_part_may_end_inside_a_code_point_and_a_text_may_not();
    void an_empty_frame_gives_a_part_only_where_it_ends_the_message();
    void limits_hold_over_all_parts();
    void the_switch_holds_from_the_next_message_on();
    void any_chunking_gives_the_messages_of_a_decoder_without_parts();
};

void PartsTest::a_part_comes_where_as_many_bytes_wait_and_where_a_frame_ends()
{
    const Bytes wire = frame(Opcode::Text, "abcdefg", false) + frame(Opcode::Ping, "p", true) +
                       frame(Opcode::Continuation, "hijk", true);
    QCOMPARE(byByte(wire, inParts(4)),
             (std::vector{part("abcd", true, false), part("efg", false, false),
                          Seen{Kind::Ping, Opcode::Text, "p", true, true, {}, {}}, part("hijk", false, true)}));
    QCOMPARE(byByte(frame(Opcode::Binary, "abc", true), inParts(4)),
             (std::vector{part("abc", true, true, Opcode::Binary)}));
}

void PartsTest::a_message_whole_in_the_input_stays_one_and_is_not_copied()
{
    Decoder decoder = inParts(4);
    Bytes wire = frame(Opcode::Text, "longer than a part", true);
    std::span<std::byte> input(wire);
    const Event event = decoder.next(input);
    QCOMPARE(event.kind, Kind::Message);
    QVERIFY(event.payload.data() == &wire[6]);
    QCOMPARE(decoder.held(), 0u);
}

void PartsTest::what_holds_the_rest_of_a_part_is_lent()
{
    Decoder decoder = inParts(4);
    Bytes wire = frame(Opcode::Text, "abcdefghij", true);
    std::span<std::byte> input(wire.data(), 6 + 8);
    for (const std::size_t at : {std::size_t(6), std::size_t(10)}) {
        const Event event = decoder.next(input);
        QCOMPARE(event.kind, Kind::Part);
        QVERIFY(event.payload.data() == &wire[at]);
        QCOMPARE(decoder.held(), 0u);
    }
    QCOMPARE(decoder.next(input).kind, Kind::NeedMore);
    QVERIFY(decoder.inFrame() && decoder.inMessage());
}

void PartsTest::no_more_than_a_part_is_held()
{
    Decoder decoder = inParts(1000);
    const Bytes wire = frame(Opcode::Binary, std::string(100000, 'x'), true);
    std::size_t parts = 0;
    for (const std::byte byte : wire) {
        Bytes one{byte};
        std::span<std::byte> input(one);
        parts += decoder.next(input).kind == Kind::Part ? 1U : 0U;
        QVERIFY(decoder.held() <= 1000);
    }
    QCOMPARE(parts, 100u);
    std::span<std::byte> nothing;
    QCOMPARE(decoder.next(nothing).kind, Kind::NeedMore);
    QCOMPARE(decoder.held(), 0u);
}

void PartsTest::a_part_may_end_inside_a_code_point_and_a_text_may_not()
{
    QCOMPARE(byByte(frame(Opcode::Text, "a\xe2\x82\xac", true), inParts(2)),
             (std::vector{part("a\xe2", true, false), part("\x82\xac", false, true)}));
    const Seen bad{Kind::Violation, Opcode::Text, {}, true, true, {}, Reason::Utf8};
    QCOMPARE(byByte(frame(Opcode::Text, "a\xe2\x82", true), inParts(2)),
             (std::vector{part("a\xe2", true, false), bad}));
    QCOMPARE(byByte(frame(Opcode::Text, "a\xe2x", true), inParts(2)), (std::vector{part("a\xe2", true, false), bad}));
}

void PartsTest::an_empty_frame_gives_a_part_only_where_it_ends_the_message()
{
    const Bytes wire = frame(Opcode::Text, "", false) + frame(Opcode::Continuation, "a", false) +
                       frame(Opcode::Continuation, "", false) + frame(Opcode::Continuation, "", true);
    QCOMPARE(byByte(wire, inParts(4)), (std::vector{part("a", true, false), part("", false, true)}));
    QCOMPARE(byByte(frame(Opcode::Text, "", false) + frame(Opcode::Continuation, "", true), inParts(4)),
             (std::vector{part("", true, true)}));
}

void PartsTest::limits_hold_over_all_parts()
{
    const DecoderLimits limits{.maxMessage = 6, .maxFragments = 2};
    const auto lastReason = [&](const Bytes& wire) { return byByte(wire, inParts(2, limits)).back().reason; };
    const Bytes four = frame(Opcode::Text, "abcd", false);
    QCOMPARE(lastReason(four + frame(Opcode::Continuation, "ef", true)), Reason::None);
    QCOMPARE(lastReason(four + frame(Opcode::Continuation, "efg", true)), Reason::TooBig);
    QCOMPARE(lastReason(four + frame(Opcode::Continuation, "", false) + frame(Opcode::Continuation, "", true)),
             Reason::Fragments);
    const Bytes six = frame(Opcode::Text, "abcdef", true);
    QCOMPARE(lastReason(six + six + six), Reason::None); // of each message anew
}

void PartsTest::the_switch_holds_from_the_next_message_on()
{
    Decoder decoder(Role::Server, wideLimits);
    const auto one = [] { return std::size_t(1); };
    const Seen whole{Kind::Message, Opcode::Text, "abcdef", true, true, {}, {}};
    const Bytes wire = frame(Opcode::Text, "abcdef", true);
    const Bytes half(wire.begin(), wire.begin() + 9);
    const Bytes rest(wire.begin() + 9, wire.end());
    QVERIFY(decode(half, decoder, one).seen.empty());
    decoder.setPartSize(2);
    QCOMPARE(decode(rest, decoder, one).seen, std::vector{whole});
    QCOMPARE(decode(half, decoder, one).seen, std::vector{part("ab", true, false)});
    decoder.setPartSize(0);
    QCOMPARE(decode(rest, decoder, one).seen, (std::vector{part("cd", false, false), part("ef", false, true)}));
    QCOMPARE(decode(wire, decoder, one).seen, std::vector{whole});
}

void PartsTest::any_chunking_gives_the_messages_of_a_decoder_without_parts()
{
    std::mt19937 random(6455);
    const auto below = [&](std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
    };
    int violations = 0;
    int parts = 0;
    for (int round = 0; round < 4000; ++round) {
        const Role role = below(2) == 0 ? Role::Server : Role::Client;
        const DecoderLimits limits{.maxMessage = 20 + below(300), .maxFragments = 1 + below(6), .maxInflated = 200};
        Bytes wire;
        bool open = false;
        for (std::size_t i = 0, frames = 1 + below(12); i < frames; ++i) {
            std::string payload;
            for (std::size_t size = below(4) == 0 ? below(150) : below(6); payload.size() < size;)
                payload += below(40) == 0 ? "\x82" : below(3) == 0 ? "\xe2\x82\xac" : "a";
            const bool fin = below(2) == 0;
            const std::size_t kind = below(30);
            if (kind < 6) {
                wire = wire + frame(kind == 0 ? Opcode::Close : Opcode::Ping, kind == 0 ? "" : "p", true, role);
            } else if (const auto small = kind == 6 ? encodeDeflated(Opcode::Text, std::as_bytes(std::span(payload)),
                                                                     15, maskFor(role))
                                                    : std::nullopt) {
                wire = wire + *small;
            } else {
                const bool wrong = below(60) == 0;
                const Opcode begin = below(4) == 0 ? Opcode::Binary : Opcode::Text;
                wire = wire + frame(open != wrong ? Opcode::Continuation : begin, payload, fin, role);
                open = !fin;
            }
        }
        Decoder plain(role, limits);
        const Run expected = decode(wire, plain, [] { return std::size_t(1); });
        const std::uint32_t partSize = 1 + static_cast<std::uint32_t>(below(20));
        Decoder single = inParts(partSize, limits, role);
        const Run exact = decode(wire, single, [] { return std::size_t(1); });
        bool good = true;
        QCOMPARE(together(exact.seen, partSize, good), expected.seen);
        QCOMPARE(exact.endedAt, expected.endedAt);
        QVERIFY(exact.inFrame == expected.inFrame && exact.inMessage == expected.inMessage);
        Decoder decoder = inParts(partSize, limits, role);
        const std::size_t longest = 1 + below(60);
        const Run cut = decode(wire, decoder, [&] { return 1 + below(longest); });
        QCOMPARE(together(cut.seen, partSize, good), expected.seen);
        QVERIFY(good);
        QVERIFY(cut.inFrame == expected.inFrame && cut.inMessage == expected.inMessage);
        violations += !expected.seen.empty() && expected.seen.back().kind == Kind::Violation ? 1 : 0;
        parts += static_cast<int>(std::ranges::count(cut.seen, Kind::Part, &Seen::kind));
    }
    QVERIFY(violations > 500 && violations < 3500 && parts > 4000);
}

QTEST_GUILESS_MAIN(PartsTest)
#include "partstest.moc"
