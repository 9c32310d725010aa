// SPDX-License-Identifier: GPL-3.0-or-later
#include "check.h"
#include "input.h"
#include "referencecodec.h"
#include "wire/deflate.h"

using namespace gatehouse;
using namespace gatehouse::fuzz;
using namespace gatehouse::wire;

namespace {

struct Settings {
    Role role = Role::Server;
    DecoderLimits limits;
    std::uint32_t seed = 0;
};

Seen copyOf(const Event& event)
{
    return {event.kind, event.type, std::string(asText(event.payload)), event.closeCode, event.reason};
}

void checkEvent(const Event& event, const DecoderLimits& limits)
{
    switch (event.kind) {
    case Event::Kind::NeedMore:
        break;
    case Event::Kind::Part: // no decoder here is asked for parts
        CHECK(false);
        break;
    case Event::Kind::Message:
        CHECK(event.payload.size() <= std::max(limits.maxMessage, limits.maxInflated.value_or(0)));
        CHECK(event.type == Opcode::Binary || event.type == Opcode::Text);
        CHECK(event.type == Opcode::Binary || judgeUtf8(asText(event.payload)) == Utf8::Whole);
        break;
    case Event::Kind::Ping:
    case Event::Kind::Pong:
        CHECK(event.payload.size() <= maxControlPayload);
        break;
    case Event::Kind::Close:
        CHECK(event.payload.size() <= maxCloseReason && judgeUtf8(asText(event.payload)) == Utf8::Whole);
        CHECK(!event.closeCode || isValidCloseCode(*event.closeCode));
        break;
    case Event::Kind::Violation:
        CHECK(event.reason != Reason::None);
        break;
    }
}

bool isLast(const Event& event)
{
    return event.kind == Event::Kind::Close || event.kind == Event::Kind::Violation;
}

void checkDeaf(Decoder& decoder)
{
    std::vector<std::byte> more(8, std::byte{0x81});
    std::span<std::byte> left(more);
    CHECK(decoder.next(left).kind == Event::Kind::NeedMore && left.size() == more.size());
    CHECK(decoder.held() == 0 && !decoder.inFrame() && !decoder.inMessage());
}

/// A message up to its limit, in memory that doubles with what came: what is announced costs nothing.
void checkHeld(std::size_t held, std::size_t came, const DecoderLimits& limits)
{
    constexpr std::size_t most = 1032; // bytes that deflate makes of one (zlib's technical details)
    if (!limits.maxInflated) {
        CHECK(held <= limits.maxMessage + maxControlPayload && held <= 2 * came + maxControlPayload);
        return;
    }
    constexpr std::size_t others = maxControlPayload + Inflater::memory;
    CHECK(held <= std::max(limits.maxMessage, *limits.maxInflated) + others && held <= 2 * most * came + others);
}

/// Cuts of a long stream are the longer, so that it does not fall into thousands of pieces.
auto cutsFor(std::string_view stream, std::uint32_t seed)
{
    return [cuts = Cuts(seed), scale = 1 + stream.size() / 1024]() mutable { return cuts.next() * scale; };
}

/// Each piece in memory of its own, so that a step beside it is seen.
template <class Step> Outcome decode(std::string_view stream, const Settings& settings, Step step)
{
    Decoder decoder(settings.role, settings.limits);
    Outcome outcome;
    for (std::size_t at = 0; at < stream.size();) {
        const std::string_view piece = stream.substr(at, step());
        at += piece.size();
        const auto bytes = std::as_bytes(std::span(piece));
        std::vector<std::byte> mutableBytes(bytes.begin(), bytes.end());
        std::span<std::byte> left(mutableBytes);
        for (;;) {
            const std::size_t before = left.size();
            const Event event = decoder.next(left);
            checkHeld(decoder.held(), at, settings.limits);
            checkEvent(event, settings.limits);
            if (event.kind == Event::Kind::NeedMore) {
                CHECK(left.empty());
                break;
            }
            CHECK(left.size() < before);
            outcome.events.push_back(copyOf(event));
            if (isLast(event)) {
                checkDeaf(decoder);
                return outcome;
            }
        }
    }
    outcome.inFrame = decoder.inFrame();
    outcome.inMessage = decoder.inMessage();
    CHECK(outcome.inFrame || outcome.inMessage || decoder.held() == 0);
    return outcome;
}

void decodeEveryWay(std::string_view stream, const Settings& settings)
{
    const Outcome expected = decodePlainly(stream, settings.role, settings.limits);
    CHECK(decode(stream, settings, [&] { return stream.size(); }) == expected);
    CHECK(decode(stream, settings, cutsFor(stream, settings.seed)) == expected);
    if (stream.size() <= 512)
        CHECK(decode(stream, settings, [] { return std::size_t{1}; }) == expected);
}

std::optional<std::uint32_t> maskFor(Role receiver, std::uint32_t seed)
{
    return receiver == Role::Server ? std::optional(seed * 0x01010101U ^ 0x5a00c3ffU) : std::nullopt;
}

std::string append(std::string text, std::span<const std::byte> bytes)
{
    return text.append(asText(bytes));
}

/// Frames by their parts: opcode with bits for "more fragments follow", "long", "longer" and "compressed", a length, a
/// payload.
std::string build(Input& input, const Settings& settings)
{
    std::string stream;
    while (!input.empty() && stream.size() < 16384) {
        const std::uint8_t first = input.byte();
        std::size_t size = input.byte();
        std::string payload;
        if ((first & 0x20U) != 0) {
            size *= (first & 0x40U) != 0 ? 257 : 17;
            payload.assign(size, static_cast<char>(first));
        } else {
            payload = append({}, input.take(size));
        }
        const bool compressed = (first & 0x80U) != 0;
        if (const auto small = compressed ? deflated(std::as_bytes(std::span(payload)), 15) : std::nullopt)
            payload = append({}, *small);
        const auto mask = maskFor(settings.role, settings.seed);
        const FrameHeader header = frameHeader(Opcode{static_cast<std::uint8_t>(first & 15U)}, payload.size(),
                                               (first & 0x10U) == 0, compressed, mask);
        CHECK(header.size >= 2 && header.size <= header.bytes.size());
        std::vector<std::byte> masked(std::as_bytes(std::span(payload)).begin(),
                                      std::as_bytes(std::span(payload)).end());
        applyMask(masked, mask.value_or(0), 0);
        stream = append(append(std::move(stream), std::span(header.bytes).first(header.size)), masked);
    }
    return stream;
}

/// What one role encodes, the other decodes to the same, at exactly its limit and not above it.
void checkRoundTrip(std::string_view payload, const Settings& settings)
{
    const bool text = judgeUtf8(payload) == Utf8::Whole;
    const Opcode type = text ? Opcode::Text : Opcode::Binary;
    const auto bytes = std::as_bytes(std::span(payload));
    const std::string frame = append({}, encodeFrame(type, bytes, maskFor(settings.role, settings.seed)));
    Settings exact{settings.role, {payload.size(), 0, {}}, settings.seed};
    const Outcome message = decode(frame, exact, cutsFor(frame, settings.seed));
    CHECK(message.events == std::vector<Seen>({{Event::Kind::Message, type, std::string(payload), {}, Reason::None}}));
    if (!payload.empty()) {
        --exact.limits.maxMessage;
        const Outcome refused = decode(frame, exact, cutsFor(frame, settings.seed));
        CHECK(refused.events.size() == 1 && refused.events.front().reason == Reason::TooBig);
    }
}

void checkDeflated(std::string_view payload, const Settings& settings)
{
    const Opcode type = judgeUtf8(payload) == Utf8::Whole ? Opcode::Text : Opcode::Binary;
    const auto bits = static_cast<std::uint8_t>(9 + settings.seed % 7);
    const auto encoded =
        encodeDeflated(type, std::as_bytes(std::span(payload)), bits, maskFor(settings.role, settings.seed));
    if (!encoded)
        return;
    const std::string frame = append({}, *encoded);
    Settings exact{settings.role, {payload.size(), 0, payload.size()}, settings.seed};
    const Outcome message = decode(frame, exact, cutsFor(frame, settings.seed));
    CHECK(message.events == std::vector<Seen>({{Event::Kind::Message, type, std::string(payload), {}, Reason::None}}));
    --*exact.limits.maxInflated;
    const Outcome refused = decode(frame, exact, cutsFor(frame, settings.seed));
    CHECK(refused.events.size() == 1 && refused.events.front().reason == Reason::TooBig);
}

void checkClose(std::string_view reason, std::uint16_t code, const Settings& settings)
{
    const auto sent = code == 0 ? std::nullopt : std::optional(code);
    const std::string frame = append({}, encodeClose(sent, reason, maskFor(settings.role, settings.seed)));
    const Outcome outcome = decode(frame, settings, [&] { return frame.size(); });
    CHECK(outcome.events.size() == 1 && outcome.events.front().kind == Event::Kind::Close);
    const Seen& close = outcome.events.front();
    CHECK(close.closeCode == (sent && !isValidCloseCode(code) ? std::optional<std::uint16_t>(1011) : sent));
    CHECK(reason.starts_with(close.payload));
    if (sent && judgeUtf8(reason) == Utf8::Whole)
        CHECK(close.payload.size() == reason.size() || close.payload.size() + 4 > maxCloseReason);
}

} // namespace

// Six bytes, then a stream or the parts of one: flags (1 client role, 2 parts, 4 default limits, 8 compression, 16 with
// a cap of its own), the largest message, fragments, seed of the cuts and the mask, a byte of the Close code.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Input input(data, size);
    const std::uint8_t flags = input.byte();
    Settings settings;
    settings.role = (flags & 1U) != 0 ? Role::Client : Role::Server;
    const std::uint16_t maxMessage = input.word();
    const std::uint8_t maxFragments = input.byte();
    if ((flags & 4U) == 0)
        settings.limits = {maxMessage, maxFragments % 9U, {}};
    if ((flags & 8U) != 0)
        settings.limits.maxInflated = (flags & 16U) != 0 ? 65536 : maxMessage / 2U + 1;
    settings.seed = input.byte();
    const auto code = static_cast<std::uint16_t>(input.byte() * 20U);
    const bool parts = (flags & 2U) != 0;
    const std::string stream = parts ? build(input, settings) : append({}, input.rest());
    decodeEveryWay(stream, settings);
    checkRoundTrip(stream, settings);
    checkDeflated(stream, settings);
    checkClose(stream, code, settings);
    return 0;
}
