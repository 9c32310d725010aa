// SPDX-License-Identifier: GPL-3.0-or-later
#include "referencecodec.h"

#include "check.h"
#include "plaininflate.h"

#include <algorithm>

namespace gatehouse::fuzz {

namespace {

using wire::Event;
using wire::Opcode;
using wire::Role;

unsigned at(std::string_view text, std::size_t index)
{
    return static_cast<unsigned char>(text[index]);
}

class PlainDecoder {
public:
    PlainDecoder(std::string_view stream, Role role, const wire::DecoderLimits& limits, const PartsOf& parts)
        : m_stream(stream)
        , m_size(stream.size())
        , m_parts(parts)
        , m_limits(limits)
        , m_role(role)
    {
    }

    Outcome run()
    {
        while (!m_stream.empty() && frame()) {
        }
        if (!m_ended) {
            m_outcome.inFrame = !m_stream.empty();
            m_outcome.inMessage = m_open || (!m_stream.empty() && (at(m_stream, 0) & 8U) == 0);
        }
        return m_outcome;
    }

private:
    bool end(Reason reason)
    {
        m_outcome.events.push_back({Event::Kind::Violation, Opcode::Text, {}, {}, reason});
        m_ended = true;
        return false;
    }

    /// False where nothing more can be told from the stream.
    bool frame()
    {
        const unsigned first = at(m_stream, 0);
        const unsigned opcode = first & 15U;
        const bool fin = (first & 128U) != 0;
        const bool control = opcode >= 8;
        const bool mayBeCompressed = m_limits.maxInflated && (opcode == 1 || opcode == 2);
        if ((first & (mayBeCompressed ? 48U : 112U)) != 0)
            return end(Reason::Rsv);
        if (opcode > 10 || (opcode > 2 && opcode < 8))
            return end(Reason::Opcode);
        if (control && !fin)
            return end(Reason::Control);
        if (!control && (opcode == 0) != m_open)
            return end(Reason::Fragmentation);
        if (!control && !(fin && !m_open) && m_fragments == m_limits.maxFragments)
            return end(Reason::Fragments);
        if (m_stream.size() < 2)
            return false;
        const unsigned second = at(m_stream, 1);
        if ((second >= 128) != (m_role == Role::Server))
            return end(Reason::Unmasked);
        if (control && (second & 127U) > 125)
            return end(Reason::Control);
        return body(opcode, fin, second & 127U);
    }

    bool body(unsigned opcode, bool fin, unsigned announced)
    {
        const std::size_t more = announced == 126 ? 2 : announced == 127 ? 8 : 0;
        if (m_stream.size() < 2 + more)
            return false;
        std::uint64_t length = more == 0 ? announced : 0;
        for (std::size_t i = 0; i < more; ++i)
            length = length * 256 + at(m_stream, 2 + i);
        if ((more == 2 && length < 126) || (more == 8 && length < 65536) || length >= 1ULL << 63U)
            return end(Reason::Length);
        const bool control = opcode >= 8;
        if (!control && length > m_limits.maxMessage - m_received)
            return end(Reason::TooBig);
        const std::size_t maskSize = m_role == Role::Server ? 4 : 0;
        const std::size_t head = 2 + more + maskSize;
        if (m_stream.size() < head)
            return false;
        const bool whole = m_stream.size() - head >= length;
        std::string payload(m_stream.substr(head, whole ? static_cast<std::size_t>(length) : std::string_view::npos));
        for (std::size_t i = 0; i < payload.size() && maskSize != 0; ++i)
            payload[i] = static_cast<char>(at(payload, i) ^ at(m_stream, head - 4 + i % 4));
        const bool alone = fin && opcode != 0 && m_size - m_stream.size() + head + length <= pieceEnd(head);
        const bool goesOn = control ? !whole || controlFrame(opcode, payload)
                                    : data(opcode, payload, {.whole = whole, .fin = fin, .alone = alone});
        if (goesOn && whole)
            m_stream.remove_prefix(head + static_cast<std::size_t>(length));
        return goesOn && whole;
    }

    /// Of the piece in which the payload begins, behind a header of so many bytes.
    [[nodiscard]] std::size_t pieceEnd(std::size_t head) const
    {
        const auto end = std::ranges::upper_bound(m_parts.pieceEnds, m_size - m_stream.size() + head);
        return end == m_parts.pieceEnds.end() ? m_size : *end;
    }

    bool controlFrame(unsigned opcode, const std::string& payload)
    {
        if (opcode == 9 || opcode == 10) {
            m_outcome.events.push_back(
                {opcode == 9 ? Event::Kind::Ping : Event::Kind::Pong, Opcode::Text, payload, {}, Reason::None});
            return true;
        }
        Seen close{Event::Kind::Close, Opcode::Text, {}, {}, Reason::None};
        if (payload.size() == 1)
            return end(Reason::ClosePayload);
        if (!payload.empty()) {
            const unsigned code = at(payload, 0) * 256 + at(payload, 1);
            const bool registered = code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
            if (!registered && (code < 3000 || code >= 5000))
                return end(Reason::ClosePayload);
            close.closeCode = static_cast<std::uint16_t>(code);
            close.payload = payload.substr(2);
            if (judgeUtf8(close.payload) != Utf8::Whole)
                return end(Reason::Utf8);
        }
        m_outcome.events.push_back(close);
        m_ended = true;
        return false;
    }

    struct Frame {
        bool whole = false; ///< all of it came
        bool fin = false;
        bool alone = false; ///< it is a message of its own that lies in one piece
    };

    bool data(unsigned opcode, const std::string& payload, Frame frame)
    {
        if (opcode != 0) {
            m_type = Opcode{static_cast<std::uint8_t>(opcode)};
            m_compressed = (at(m_stream, 0) & 64U) != 0;
        }
        m_open = true;
        ++m_fragments;
        m_received += payload.size();
        const bool complete = frame.whole && frame.fin;
        if (m_parts.size > 0 && !m_compressed && !frame.alone)
            return inParts(payload, frame);
        if (!m_compressed)
            m_message += payload;
        else if (const Reason reason = inflate(payload, complete); reason != Reason::None)
            return end(reason);
        if (!isText(complete))
            return end(Reason::Utf8);
        if (complete) {
            m_outcome.events.push_back({Event::Kind::Message, m_type, m_message, {}, Reason::None});
            endMessage();
        }
        return true;
    }

    /// A frame is cut from its front; its last part is what is left over.
    bool inParts(std::string_view payload, Frame frame)
    {
        do {
            const std::string_view part = payload.substr(0, m_parts.size);
            payload.remove_prefix(part.size());
            const bool frameEnds = frame.whole && payload.empty();
            const bool last = frameEnds && frame.fin;
            m_message += part;
            if (!isText(last))
                return end(Reason::Utf8);
            if (part.size() < m_parts.size && !frameEnds)
                return true; // the rest of it is still to come
            if (!part.empty() || last)
                m_outcome.events.push_back({Event::Kind::Part,
                                            m_type,
                                            std::string(part),
                                            {},
                                            Reason::None,
                                            m_message.size() == part.size(),
                                            last});
            if (last)
                endMessage();
        } while (!payload.empty());
        return true;
    }

    /// What there is of the message; `complete`: it is all.
    bool isText(bool complete)
    {
        const Utf8 text =
            m_type == Opcode::Text ? judgeUtf8(std::string_view(m_message).substr(m_judged)) : Utf8::Whole;
        if (text == Utf8::Whole)
            m_judged = m_message.size();
        return text == Utf8::Whole || (text == Utf8::Cut && !complete);
    }

    void endMessage()
    {
        m_open = false;
        m_fragments = 0;
        m_message.clear();
        m_deflated.clear();
        m_judged = m_received = 0;
    }

    /// All of the message once more with each frame.
    Reason inflate(const std::string& payload, bool complete)
    {
        const auto most = static_cast<std::size_t>(*m_limits.maxInflated);
        m_deflated += payload;
        const PlainInflated inflated = inflatePlainly(m_deflated, most + 1);
        m_message = inflated.text.substr(0, most);
        m_judged = 0;
        if (m_type == Opcode::Text && judgeUtf8(m_message) == Utf8::Bad)
            return Reason::Utf8;
        if (inflated.text.size() > most)
            return Reason::TooBig;
        const bool good = complete ? wholeDeflated(m_deflated, most) : !inflated.broken;
        return good ? Reason::None : Reason::Deflate;
    }

    std::string_view m_stream;
    std::size_t m_size; ///< of the whole stream
    PartsOf m_parts;
    wire::DecoderLimits m_limits;
    Role m_role;
    Outcome m_outcome;
    std::string m_message;
    std::string m_deflated;     ///< of a compressed message
    std::size_t m_received = 0; ///< bytes of the open message as they came
    std::size_t m_judged = 0;   ///< bytes of the open message that are whole code points
    std::uint64_t m_fragments = 0;
    Opcode m_type = Opcode::Text;
    bool m_compressed = false;
    bool m_open = false;
    bool m_ended = false;
};

} // namespace

Outcome decodePlainly(std::string_view stream, Role role, const wire::DecoderLimits& limits, const PartsOf& parts)
{
    return PlainDecoder(stream, role, limits, parts).run();
}

Outcome joined(const Outcome& parts, std::size_t largest)
{
    Outcome whole{{}, parts.inFrame, parts.inMessage};
    std::optional<Seen> message;
    for (const Seen& seen : parts.events) {
        CHECK(seen.kind != Event::Kind::Message || !message);
        if (seen.kind != Event::Kind::Part) {
            whole.events.push_back(seen);
            continue;
        }
        CHECK(seen.first == !message && seen.payload.size() <= largest && (seen.last || !seen.payload.empty()));
        CHECK(!message || message->type == seen.type);
        if (!message)
            message = Seen{Event::Kind::Message, seen.type, {}, {}, Reason::None};
        message->payload += seen.payload;
        if (seen.last) {
            whole.events.push_back(std::move(*message));
            message.reset();
        }
    }
    if (message && !parts.inMessage) {
        CHECK(!whole.events.empty());
        const Event::Kind why = whole.events.back().kind;
        CHECK(why == Event::Kind::Close || why == Event::Kind::Violation);
    }
    return whole;
}

Utf8 judgeUtf8(std::string_view text)
{
    while (!text.empty()) {
        const unsigned lead = at(text, 0);
        if (lead < 0x80) {
            text.remove_prefix(1);
            continue;
        }
        if (lead < 0xc0 || lead >= 0xf8)
            return Utf8::Bad;
        const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        // The least and the greatest code point that the bytes still allow.
        unsigned low = lead & (0x7fU >> size);
        unsigned high = low;
        for (std::size_t i = 1; i < size; ++i) {
            if (i < text.size() && (at(text, i) & 0xc0U) != 0x80)
                return Utf8::Bad;
            low = low << 6U | (i < text.size() ? at(text, i) & 0x3fU : 0);
            high = high << 6U | (i < text.size() ? at(text, i) & 0x3fU : 0x3f);
        }
        const unsigned least = size == 2 ? 0x80 : size == 3 ? 0x800 : 0x10000;
        if (high < least || low > 0x10ffff || (low >= 0xd800 && high <= 0xdfff))
            return Utf8::Bad;
        if (text.size() < size)
            return Utf8::Cut;
        text.remove_prefix(size);
    }
    return Utf8::Whole;
}

} // namespace gatehouse::fuzz
