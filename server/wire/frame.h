// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/reason.h"
#include "wire/deflate.h"
#include "wire/utf8.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace gatehouse::wire {

enum class Role : std::uint8_t { Server, Client };
enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

inline constexpr std::size_t maxControlPayload = 125;
inline constexpr std::size_t maxCloseReason = 123;

struct DecoderLimits {
    std::uint64_t maxMessage = 65536; ///< bytes of a whole message as they come, over all its fragments
    std::uint64_t maxFragments = 64;
    std::optional<std::uint64_t> maxInflated{}; ///< of a compressed message; unset: permessage-deflate is not agreed on
};

/// What came out of the bytes. Spans point into the input or into the decoder and hold until the next call.
struct Event {
    enum class Kind : std::uint8_t { NeedMore, Message, Part, Ping, Pong, Close, Violation };
    Kind kind = Kind::NeedMore;
    Opcode type = Opcode::Text;               ///< of a Message or a Part: Text or Binary, as the message is
    bool first = true;                        ///< of a Part: nothing of its message came before
    bool last = true;                         ///< of a Part: its message ends with it
    std::span<const std::byte> payload{};     ///< of Message, Part, Ping and Pong; of a Close its reason, valid UTF-8
    std::uint64_t wireSize = 0;               ///< of a Message that came compressed: bytes before inflating; else 0
    std::optional<std::uint16_t> closeCode{}; ///< of a Close: as received; unset: an empty Close (1005)
    Reason reason = Reason::None; ///< of a Violation: unmasked, rsv, opcode, length, control, fragmentation,
                                  ///< fragments, utf8, deflate, too_big, close_payload
};

/// RFC 6455 §5 from bytes to events, for one direction of one connection. Sans-I/O: no socket, no clock. A message that
/// lies whole and unfragmented in the input is unmasked in place and never copied; only the parts of an unfinished one
/// are kept, and of a compressed one what it inflates to. After a Violation or a Close nothing more is consumed or
/// comes out. A server refuses unmasked frames, a client masked ones.
class Decoder {
public:
    explicit Decoder(Role role, DecoderLimits limits);

    /// Consumes the front of `input` (which it moves on, and whose bytes it unmasks) up to one event. NeedMore means
    /// that all of the input is consumed.
    [[nodiscard]] Event next(std::span<std::byte>& input);

    /// True between the first byte of a data message and its last: what `complete_within` is measured over.
    [[nodiscard]] bool inMessage() const;
    /// True between the first and the last byte of any frame.
    [[nodiscard]] bool inFrame() const;
    void setLimits(DecoderLimits limits);
    /// Not 0: a message that is not one frame and whole in the input comes in parts of at most so many bytes: one
    /// wherever so many wait, and one at the end of each of its frames. A part may end inside a code point; only the
    /// last may be empty: an empty frame that does not end its message gives none. No more than a part is held. One
    /// that came compressed comes whole. Whether there are parts holds from the next message on, how large they are
    /// from the next.
    void setPartSize(std::uint32_t bytes);
    /// Bytes that the decoder holds on the heap now.
    [[nodiscard]] std::size_t held() const;

private:
    using ControlPayload = std::array<std::byte, maxControlPayload>;

    void releaseDelivered();
    bool gather(std::span<std::byte>& input, std::size_t size);
    Reason readHeader(std::span<std::byte>& input);
    [[nodiscard]] Reason checkFirstByte() const;
    [[nodiscard]] Reason checkSecondByte() const;
    Reason readLength();
    void beginPayload();
    void endFrame();
    std::optional<Event> readControl(std::span<std::byte>& input);
    std::optional<Event> readData(std::span<std::byte>& input);
    std::optional<Event> readPart(std::span<std::byte>& input);
    std::optional<Event> readCompressed(std::span<const std::byte> part);
    [[nodiscard]] Reason inflate(std::span<const std::byte> part);
    [[nodiscard]] bool endsFrame();
    std::span<std::byte> takePayload(std::span<std::byte>& input, std::uint64_t atMost);
    [[nodiscard]] std::uint64_t payloadLeft() const { return m_length - m_payloadRead; }
    void keep(std::span<const std::byte> bytes);
    Event endMessage(std::span<const std::byte> payload);
    Event closeEvent(std::span<const std::byte> payload);
    Event violation(Reason reason);

    // In the order of their size: an idle session keeps one decoder, and no heap.
    DecoderLimits m_limits;
    std::uint64_t m_length = 0;                ///< of the current frame's payload
    std::uint64_t m_payloadRead = 0;           ///< of the current frame
    std::uint64_t m_delivered = 0;             ///< bytes of the open message that went out in parts
    std::vector<std::byte> m_message;          ///< what waits of the open message, unmasked and inflated
    std::unique_ptr<Inflater> m_inflater;      ///< of an open message that is compressed
    std::unique_ptr<ControlPayload> m_control; ///< of a control frame that came in pieces
    std::uint32_t m_mask = 0;                  ///< in memory order
    std::uint32_t m_fragments = 0;             ///< frames of the open message
    std::uint32_t m_partSize = 0;              ///< not 0 while m_parts or m_inParts
    std::array<std::byte, 14> m_head{};
    std::uint8_t m_headSize = 0; ///< bytes in m_head; 0 between frames
    Utf8Validator m_utf8;        ///< of the open text; whole again wherever a message ends
    Role m_role;
    Opcode m_type = Opcode::Text; ///< of the open message
    Opcode m_opcode = Opcode::Continuation;
    bool m_fin : 1 = false;
    bool m_headWhole : 1 = false;
    bool m_open : 1 = false; ///< a message has begun and not ended
    bool m_ended : 1 = false;
    bool m_parts : 1 = false;   ///< the next message may come in parts
    bool m_inParts : 1 = false; ///< and the open one
    bool m_lent : 1 = false;    ///< m_message is the part that went out last
};

/// The header of an outgoing frame: at most 14 bytes. `mask` is set for the client role (RFC 6455 §5.3).
struct FrameHeader {
    std::array<std::byte, 14> bytes{};
    std::size_t size = 0;
};
[[nodiscard]] FrameHeader frameHeader(Opcode opcode, std::uint64_t length, bool fin = true, bool rsv1 = false,
                                      std::optional<std::uint32_t> mask = std::nullopt);

/// One whole frame, header and payload, encoded once for any number of receivers.
[[nodiscard]] std::vector<std::byte> encodeFrame(Opcode opcode, std::span<const std::byte> payload,
                                                 std::optional<std::uint32_t> mask = std::nullopt);
/// As encodeFrame(), but compressed (RFC 7692 §6.1); unset where that would not make it smaller.
[[nodiscard]] std::optional<std::vector<std::byte>> encodeDeflated(Opcode opcode, std::span<const std::byte> payload,
                                                                   std::uint8_t windowBits,
                                                                   std::optional<std::uint32_t> mask = std::nullopt);
/// A Close frame; the reason is cut at a code point to 123 bytes, or where it stops being UTF-8. Without a code: an
/// empty Close. A code that must not be sent (RFC 6455 §7.4: see isValidCloseCode) is sent as 1011.
[[nodiscard]] std::vector<std::byte> encodeClose(std::optional<std::uint16_t> code, std::string_view reason,
                                                 std::optional<std::uint32_t> mask = std::nullopt);

/// May a peer send this code? 1000–1003, 1007–1014, 3000–4999.
[[nodiscard]] bool isValidCloseCode(std::uint16_t code);

/// XORs `bytes` in place with the mask, whose phase is `offset` bytes into the payload.
void applyMask(std::span<std::byte> bytes, std::uint32_t mask, std::uint64_t offset);

} // namespace gatehouse::wire
