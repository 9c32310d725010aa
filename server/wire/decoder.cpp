// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/frame.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

namespace gatehouse::wire {

namespace {

constexpr std::byte finBit{0x80};
constexpr std::byte rsvBits{0x70};
constexpr std::byte compressedBit{0x40}; // RSV1 (RFC 7692 §6)
constexpr std::byte opcodeBits{0x0f};
constexpr std::byte maskBit{0x80};
constexpr std::byte lengthBits{0x7f};
constexpr std::uint8_t length16 = 126; // RFC 6455 §5.2: the two values that announce a longer length
constexpr std::uint8_t length64 = 127;
constexpr std::size_t inflatedAtOnce = 16384;

constexpr bool isControl(Opcode opcode)
{
    return static_cast<std::uint8_t>(opcode) >= 8;
}

constexpr bool isKnown(Opcode opcode)
{
    const auto value = static_cast<std::uint8_t>(opcode);
    return value <= 2 || (value >= 8 && value <= 10);
}

constexpr Opcode opcodeOf(std::byte first)
{
    return Opcode{std::to_integer<std::uint8_t>(first & opcodeBits)};
}

constexpr std::uint8_t shortLength(std::byte second)
{
    return std::to_integer<std::uint8_t>(second & lengthBits);
}

constexpr std::size_t lengthSize(std::uint8_t announced)
{
    return announced == length64 ? 8 : announced == length16 ? 2 : 0;
}

std::uint64_t bigEndian(std::span<const std::byte> bytes)
{
    std::uint64_t value = 0;
    for (const std::byte byte : bytes)
        value = value << 8 | std::to_integer<std::uint64_t>(byte);
    return value;
}

} // namespace

Decoder::Decoder(Role role, DecoderLimits limits)
    : m_limits(limits)
    , m_role(role)
{
}

Event Decoder::next(std::span<std::byte>& input)
{
    releaseDelivered();
    if (m_ended)
        return {};
    for (;;) {
        if (!m_headWhole) {
            if (const Reason reason = readHeader(input); reason != Reason::None)
                return violation(reason);
            if (!m_headWhole)
                return {};
        }
        if (const auto event = isControl(m_opcode) ? readControl(input) : readData(input))
            return *event;
        if (inFrame())
            return {};
    }
}

bool Decoder::inMessage() const
{
    return !m_ended && (m_open || (m_headSize > 0 && !isControl(opcodeOf(m_head[0]))));
}

bool Decoder::inFrame() const
{
    return !m_ended && m_headSize > 0;
}

void Decoder::setLimits(DecoderLimits limits)
{
    m_limits = limits;
}

void Decoder::setPartSize(std::uint32_t bytes)
{
    m_parts = bytes > 0;
    if (m_parts) // a message that is under way in parts goes on so
        m_partSize = bytes;
}

std::size_t Decoder::held() const
{
    return m_message.capacity() + (m_control ? sizeof(ControlPayload) : 0) + (m_inflater ? Inflater::memory : 0);
}

/// Frees what the event of the call before pointed to.
void Decoder::releaseDelivered()
{
    if (!m_open) {
        m_inflater.reset();
        if (m_message.capacity() > 0)
            std::vector<std::byte>().swap(m_message);
    } else if (m_lent) {
        m_message.clear(); // the next part takes its place
    }
    m_lent = false;
    if (m_headSize == 0)
        m_control.reset();
}

/// Fills the header up to `size` bytes; false where the input ends before.
bool Decoder::gather(std::span<std::byte>& input, std::size_t size)
{
    if (m_headSize < size) {
        const std::size_t taken = std::min(size - m_headSize, input.size());
        std::copy_n(input.begin(), taken, m_head.begin() + m_headSize);
        m_headSize = static_cast<std::uint8_t>(m_headSize + taken);
        input = input.subspan(taken);
    }
    return m_headSize >= size;
}

/// Each part is checked as soon as it is there, in the order of the bytes: what is wrong does not depend on how the
/// bytes were cut, and nothing waits for a payload that will be refused.
Reason Decoder::readHeader(std::span<std::byte>& input)
{
    if (!gather(input, 1))
        return Reason::None;
    if (const Reason reason = checkFirstByte(); reason != Reason::None)
        return reason;
    if (!gather(input, 2))
        return Reason::None;
    if (const Reason reason = checkSecondByte(); reason != Reason::None)
        return reason;
    const std::size_t maskAt = 2 + lengthSize(shortLength(m_head[1]));
    if (!gather(input, maskAt))
        return Reason::None;
    if (const Reason reason = readLength(); reason != Reason::None)
        return reason;
    const std::size_t maskSize = m_role == Role::Server ? sizeof m_mask : 0;
    if (!gather(input, maskAt + maskSize))
        return Reason::None;
    m_mask = 0;
    std::memcpy(&m_mask, &m_head[maskAt], maskSize);
    beginPayload();
    return Reason::None;
}

Reason Decoder::checkFirstByte() const
{
    const std::byte first = m_head[0];
    const Opcode opcode = opcodeOf(first);
    const bool mayBeCompressed = m_limits.maxInflated && (opcode == Opcode::Text || opcode == Opcode::Binary);
    const std::byte reserved = mayBeCompressed ? rsvBits & ~compressedBit : rsvBits;
    if ((first & reserved) != std::byte{0})
        return Reason::Rsv;
    if (!isKnown(opcode))
        return Reason::Opcode;
    const bool fin = (first & finBit) != std::byte{0};
    if (isControl(opcode))
        return fin ? Reason::None : Reason::Control;
    const bool continues = opcode == Opcode::Continuation;
    if (continues != m_open)
        return Reason::Fragmentation;
    if ((continues || !fin) && m_fragments >= m_limits.maxFragments)
        return Reason::Fragments;
    return Reason::None;
}

Reason Decoder::checkSecondByte() const
{
    const bool masked = (m_head[1] & maskBit) != std::byte{0};
    if (masked != (m_role == Role::Server))
        return Reason::Unmasked;
    if (isControl(opcodeOf(m_head[0])) && shortLength(m_head[1]) > maxControlPayload)
        return Reason::Control;
    return Reason::None;
}

Reason Decoder::readLength()
{
    const std::uint8_t announced = shortLength(m_head[1]);
    const std::size_t size = lengthSize(announced);
    const std::uint64_t length = size == 0 ? announced : bigEndian(std::span(m_head).subspan(2, size));
    const std::uint64_t shortest = announced == length64 ? 0x10000 : announced == length16 ? length16 : 0;
    if (length < shortest || length >> 63 != 0)
        return Reason::Length;
    const std::uint64_t before = m_inflater ? m_inflater->received() : m_delivered + m_message.size();
    if (!isControl(opcodeOf(m_head[0])) && (before > m_limits.maxMessage || length > m_limits.maxMessage - before))
        return Reason::TooBig;
    m_length = length;
    return Reason::None;
}

void Decoder::beginPayload()
{
    m_headWhole = true;
    m_payloadRead = 0;
    m_opcode = opcodeOf(m_head[0]);
    m_fin = (m_head[0] & finBit) != std::byte{0};
    if (isControl(m_opcode))
        return;
    if (!m_open) {
        m_open = true;
        m_type = m_opcode;
        m_fragments = 0;
        m_inParts = m_parts;
        if ((m_head[0] & compressedBit) != std::byte{0})
            m_inflater = std::make_unique<Inflater>();
    }
    if (m_fragments < std::numeric_limits<std::uint32_t>::max())
        ++m_fragments;
}

void Decoder::endFrame()
{
    m_headSize = 0;
    m_headWhole = false;
}

/// Takes what there is of the current frame's payload, up to `atMost`, and unmasks it where it lies.
std::span<std::byte> Decoder::takePayload(std::span<std::byte>& input, std::uint64_t atMost)
{
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(atMost, input.size()));
    const auto taken = input.first(size);
    input = input.subspan(size);
    applyMask(taken, m_mask, m_payloadRead);
    m_payloadRead += size;
    return taken;
}

std::optional<Event> Decoder::readControl(std::span<std::byte>& input)
{
    const auto before = static_cast<std::size_t>(m_payloadRead);
    std::span<const std::byte> payload = takePayload(input, payloadLeft());
    if (payload.size() < m_length) { // it comes, or came, in pieces
        if (!m_control)
            m_control = std::make_unique<ControlPayload>();
        std::ranges::copy(payload, m_control->begin() + static_cast<std::ptrdiff_t>(before));
        if (m_payloadRead < m_length)
            return std::nullopt;
        payload = std::span(*m_control).first(static_cast<std::size_t>(m_length));
    }
    endFrame();
    switch (m_opcode) {
    case Opcode::Close:
        return closeEvent(payload);
    case Opcode::Ping:
        return Event{.kind = Event::Kind::Ping, .payload = payload};
    default:
        return Event{.kind = Event::Kind::Pong, .payload = payload};
    }
}

std::optional<Event> Decoder::readData(std::span<std::byte>& input)
{
    const bool unfragmented = m_fin && m_opcode != Opcode::Continuation;
    const bool whole = unfragmented && m_payloadRead == 0 && input.size() >= m_length;
    if (m_inParts && !m_inflater && !whole)
        return readPart(input);
    const std::span<const std::byte> part = takePayload(input, payloadLeft());
    if (m_inflater)
        return readCompressed(part);
    if (m_type == Opcode::Text && !m_utf8.feed(part))
        return violation(Reason::Utf8);
    const bool messageEnds = endsFrame() && m_fin;
    if (messageEnds && m_message.empty())
        return endMessage(part);
    keep(part);
    return messageEnds ? std::optional(endMessage(m_message)) : std::nullopt;
}

/// A frame's end leaves nothing that waits: parts do not depend on how the input was cut.
std::optional<Event> Decoder::readPart(std::span<std::byte>& input)
{
    const std::uint64_t room = m_partSize - std::min<std::uint64_t>(m_partSize, m_message.size());
    const std::uint64_t missing = std::min(payloadLeft(), room);
    std::span<const std::byte> part = takePayload(input, missing);
    if (m_type == Opcode::Text && !m_utf8.feed(part))
        return violation(Reason::Utf8);
    const bool partEnds = part.size() == missing;
    if (!partEnds || !m_message.empty())
        keep(part);
    if (!partEnds)
        return std::nullopt;
    const bool messageEnds = endsFrame() && m_fin;
    if (!m_message.empty()) {
        part = m_message;
        m_lent = true;
    }
    if (part.empty() && !messageEnds)
        return std::nullopt;
    const bool first = m_delivered == 0;
    m_delivered += part.size();
    Event event = messageEnds ? endMessage(part) : Event{.type = m_type, .payload = part};
    if (event.kind == Event::Kind::Violation)
        return event;
    event.kind = Event::Kind::Part;
    event.first = first;
    event.last = messageEnds;
    return event;
}

std::optional<Event> Decoder::readCompressed(std::span<const std::byte> part)
{
    if (const Reason reason = inflate(part); reason != Reason::None)
        return violation(reason);
    if (!endsFrame() || !m_fin)
        return std::nullopt;
    if (!m_inflater->finish())
        return violation(Reason::Deflate);
    const std::uint64_t received = m_inflater->received();
    m_inflater.reset();
    Event event = endMessage(m_message);
    event.wireSize = received;
    return event;
}

/// Byte for byte in the order in which they come out, so that what is wrong does not depend on how the input was cut;
/// never more than one byte beyond what a message may inflate to.
Reason Decoder::inflate(std::span<const std::byte> part)
{
    std::array<std::byte, inflatedAtOnce> buffer;
    for (;;) {
        const std::uint64_t most = m_limits.maxInflated.value_or(0);
        const std::uint64_t left = most - std::min<std::uint64_t>(most, m_message.size());
        const std::span output = std::span(buffer).first(std::min<std::uint64_t>(left, buffer.size() - 1) + 1);
        const auto made = m_inflater->inflate(part, output);
        if (!made)
            return Reason::Deflate;
        if (*made == 0)
            return Reason::None;
        const auto allowed = output.first(std::min<std::uint64_t>(*made, left));
        if (m_type == Opcode::Text && !m_utf8.feed(allowed))
            return Reason::Utf8;
        if (*made > left)
            return Reason::TooBig;
        keep(allowed);
    }
}

/// True, and done with the frame, where all of its payload is read.
bool Decoder::endsFrame()
{
    const bool ends = m_payloadRead == m_length;
    if (ends)
        endFrame();
    return ends;
}

/// Grows with what arrived, by doubling, and not beyond what a message may be.
void Decoder::keep(std::span<const std::byte> bytes)
{
    const std::size_t needed = m_message.size() + bytes.size();
    if (needed > m_message.capacity()) {
        const std::uint64_t most = m_inflater  ? m_limits.maxInflated.value_or(0)
                                   : m_inParts ? m_partSize
                                               : m_limits.maxMessage;
        const std::uint64_t doubled = std::min<std::uint64_t>(m_message.capacity() * 2, most);
        m_message.reserve(std::max(needed, static_cast<std::size_t>(doubled)));
    }
    m_message.insert(m_message.end(), bytes.begin(), bytes.end());
}

Event Decoder::endMessage(std::span<const std::byte> payload)
{
    if (m_type == Opcode::Text && !m_utf8.complete())
        return violation(Reason::Utf8);
    m_open = false;
    m_fragments = 0;
    m_delivered = 0;
    return {.kind = Event::Kind::Message, .type = m_type, .payload = payload};
}

Event Decoder::closeEvent(std::span<const std::byte> payload)
{
    Event event{.kind = Event::Kind::Close};
    if (!payload.empty()) {
        if (payload.size() == 1)
            return violation(Reason::ClosePayload);
        const auto code = static_cast<std::uint16_t>(bigEndian(payload.first(2)));
        if (!isValidCloseCode(code))
            return violation(Reason::ClosePayload);
        Utf8Validator reason;
        if (!reason.feed(payload.subspan(2)) || !reason.complete())
            return violation(Reason::Utf8);
        event.closeCode = code;
        event.payload = payload.subspan(2);
    }
    m_ended = true;
    m_open = false; // a message that was under way will not be finished: its parts go with the next call
    return event;
}

Event Decoder::violation(Reason reason)
{
    m_ended = true;
    m_open = false;
    m_headSize = 0;
    releaseDelivered();
    return {.kind = Event::Kind::Violation, .reason = reason};
}

} // namespace gatehouse::wire
