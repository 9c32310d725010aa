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
    std::uint32_t partSize = 0;  ///< 0: messages are whole
    bool otherPartSizes = false; ///< from piece to piece, 0 among them; partSize is the largest
};

Seen copyOf(const Event& event)
{
    const bool part = event.kind == Event::Kind::Part;
    return {event.kind,           event.type,         std::string(asText(event.payload)), event.closeCode, event.reason,
            !part || event.first, !part || event.last};
}

void checkEvent(const Event& event, const Settings& settings)
{
    const DecoderLimits& limits = settings.limits;
    switch (event.kind) {
    case Event::Kind::NeedMore:
        break;
    case Event::Kind::Part:
        CHECK(settings.partSize > 0 &&
              event.payload.size() <= std::min<std::uint64_t>(settings.partSize, limits.maxMessage));
        CHECK(event.type == Opcode::Binary || event.type == Opcode::Text);
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

/// A message up to its limit, or no more than a part of it, in memory that doubles with what came: what is announced
/// costs nothing.
void checkHeld(std::size_t held, std::size_t came, const Settings& settings)
{
    constexpr std::size_t most = 1032; // bytes that deflate makes of one (zlib's technical details)
    const DecoderLimits& limits = settings.limits;
    std::uint64_t plain = limits.maxMessage;
    if (settings.partSize > 0) // one that began whole goes on so
        plain = settings.otherPartSizes ? std::max<std::uint64_t>(plain, settings.partSize) : settings.partSize;
    if (!limits.maxInflated) {
        CHECK(held <= plain + maxControlPayload && held <= 2 * came + maxControlPayload);
        return;
    }
    constexpr std::size_t others = maxControlPayload + Inflater::memory;
    CHECK(held <= std::max(plain, *limits.maxInflated) + others && held <= 2 * most * came + others);
}

void setPartSize(Decoder& decoder, const Settings& settings, std::size_t piece)
{
    if (!settings.otherPartSizes)
        decoder.setPartSize(settings.partSize);
    else
        decoder.setPartSize(static_cast<std::uint32_t>(Cuts(settings.seed + static_cast<std::uint32_t>(piece)).next() %
                                                       (settings.partSize + 1)));
}

/// Each piece in memory of its own, so that a step beside it is seen.
Outcome decode(std::string_view stream, const Settings& settings, const Pieces& pieces)
{
    Decoder decoder(settings.role, settings.limits);
    Outcome outcome;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < pieces.size(); begin = pieces[i++]) {
        setPartSize(decoder, settings, i);
        const auto bytes = std::as_bytes(std::span(stream.substr(begin, pieces[i] - begin)));
        std::vector<std::byte> mutableBytes(bytes.begin(), bytes.end());
        std::span<std::byte> left(mutableBytes);
        for (;;) {
            const std::size_t before = left.size();
            const Event event = decoder.next(left);
            checkHeld(decoder.held(), pieces[i], settings);
            checkEvent(event, settings);
            if (event.kind == Event::Kind::NeedMore) {
                CHECK(left.empty());
                break;
            }
            // What waits is a part as soon as the parts have become so small.
            CHECK(left.size() < before || (settings.otherPartSizes && event.kind == Event::Kind::Part));
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

/// Messages are the same whether they came whole or in parts; the parts are those that a plain reading cuts.
void checkDecoded(std::string_view stream, const Settings& settings, const Outcome& expected, const Pieces& pieces)
{
    const Outcome seen = decode(stream, settings, pieces);
    CHECK(joined(seen, settings.partSize) == expected);
    if (settings.partSize > 0 && !settings.otherPartSizes)
        CHECK(seen == decodePlainly(stream, settings.role, settings.limits, {settings.partSize, pieces}));
}

void decodeEveryWay(std::string_view stream, const Settings& settings)
{
    const Outcome expected = decodePlainly(stream, settings.role, settings.limits);
    checkDecoded(stream, settings, expected, {stream.size()});
    checkDecoded(stream, settings, expected, randomPieces(stream, settings.seed));
    if (stream.size() <= 512)
        checkDecoded(stream, settings, expected, bytewise(stream));
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
    const Outcome message = decode(frame, exact, randomPieces(frame, settings.seed));
    CHECK(message.events == std::vector<Seen>({{Event::Kind::Message, type, std::string(payload), {}, Reason::None}}));
    if (!payload.empty()) {
        --exact.limits.maxMessage;
        const Outcome refused = decode(frame, exact, randomPieces(frame, settings.seed));
        CHECK(refused.events.size() == 1 && refused.events.front().reason == Reason::TooBig);
        ++exact.limits.maxMessage;
    }
    exact.partSize = settings.partSize;
    exact.otherPartSizes = settings.otherPartSizes;
    if (exact.partSize > 0)
        checkDecoded(frame, exact, message, randomPieces(frame, settings.seed + 1));
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
    const Outcome message = decode(frame, exact, randomPieces(frame, settings.seed));
    CHECK(message.events == std::vector<Seen>({{Event::Kind::Message, type, std::string(payload), {}, Reason::None}}));
    --*exact.limits.maxInflated;
    const Outcome refused = decode(frame, exact, randomPieces(frame, settings.seed));
    CHECK(refused.events.size() == 1 && refused.events.front().reason == Reason::TooBig);
}

void checkClose(std::string_view reason, std::uint16_t code, const Settings& settings)
{
    const auto sent = code == 0 ? std::nullopt : std::optional(code);
    const std::string frame = append({}, encodeClose(sent, reason, maskFor(settings.role, settings.seed)));
    const Outcome outcome = decode(frame, settings, {frame.size()});
    CHECK(outcome.events.size() == 1 && outcome.events.front().kind == Event::Kind::Close);
    const Seen& close = outcome.events.front();
    CHECK(close.closeCode == (sent && !isValidCloseCode(code) ? std::optional<std::uint16_t>(1011) : sent));
    CHECK(reason.starts_with(close.payload));
    if (sent && judgeUtf8(reason) == Utf8::Whole)
        CHECK(close.payload.size() == reason.size() || close.payload.size() + 4 > maxCloseReason);
}

} // namespace

// Six bytes, then a stream or what to build one from: flags (1 client role, 2 built, 4 default limits, 8 compression,
// 16 with a cap of its own, 32 messages come in parts, 64 which are large, 128 and of changing size), the largest
// message, fragments, seed of the cuts and the mask, a byte of the Close code; with 32 one more for the size of the
// parts.
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
    if ((flags & 32U) != 0)
        settings.partSize = (1U + input.byte()) * ((flags & 64U) != 0 ? 64U : 1U);
    settings.otherPartSizes = settings.partSize > 0 && (flags & 128U) != 0;
    const bool built = (flags & 2U) != 0;
    const std::string stream = built ? build(input, settings) : append({}, input.rest());
    decodeEveryWay(stream, settings);
    checkRoundTrip(stream, settings);
    checkDeflated(stream, settings);
    checkClose(stream, code, settings);
    return 0;
}
