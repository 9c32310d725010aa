// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/frame.h"

#include <string>
#include <vector>

namespace gatehouse::fuzz {

/// An event with bytes of its own.
struct Seen {
    wire::Event::Kind kind = wire::Event::Kind::NeedMore;
    wire::Opcode type = wire::Opcode::Text;
    std::string payload;
    std::optional<std::uint16_t> closeCode;
    Reason reason = Reason::None;
    bool first = true; ///< of a Part
    bool last = true;
    friend bool operator==(const Seen&, const Seen&) = default;
};

struct Outcome {
    std::vector<Seen> events;
    bool inFrame = false;
    bool inMessage = false;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// How the parts of messages are told: of at most `size` bytes, of a stream that comes in pieces which end there. A
/// message comes whole where its payload is one frame's and lies in one piece.
struct PartsOf {
    std::size_t size = 0; ///< 0: messages are whole
    std::vector<std::size_t> pieceEnds{};
};

/// RFC 6455 §5 once more, in the plainest way: over a whole stream, with copies, by arithmetic instead of states.
[[nodiscard]] Outcome decodePlainly(std::string_view stream, wire::Role role, const wire::DecoderLimits& limits,
                                    const PartsOf& parts = {});

/// Parts put together to the messages that they are of; of one without its end nothing is left. Ends the process where
/// they are no parts of one message after the other, or longer than `largest`.
[[nodiscard]] Outcome joined(const Outcome& parts, std::size_t largest);

/// RFC 3629 by code points. A text that ends inside of one is still good where some end would make it so.
enum class Utf8 : std::uint8_t { Bad, Cut, Whole };
[[nodiscard]] Utf8 judgeUtf8(std::string_view text);

} // namespace gatehouse::fuzz
