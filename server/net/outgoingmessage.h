// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/sendqueue.h"
#include "wire/frame.h"

#include <array>
#include <mutex>

namespace gatehouse {

/// A data message on its way to any number of sessions. It is framed once, and compressed once for each window size
/// that somebody needs, by whoever needs it first. Thread-safe.
class OutgoingMessage {
public:
    OutgoingMessage(wire::Opcode type, std::span<const std::byte> payload);

    [[nodiscard]] std::size_t payloadSize() const { return m_payload; }
    [[nodiscard]] wire::Opcode type() const { return m_type; }
    [[nodiscard]] std::span<const std::byte> payload() const { return std::span(*m_plain).last(m_payload); }
    [[nodiscard]] const SharedFrame& plain() const { return m_plain; }
    /// With a window of 9 to 15 bits; the plain frame where compression would not make it smaller.
    [[nodiscard]] SharedFrame deflated(std::uint8_t windowBits) const;

private:
    struct Variant {
        std::once_flag made;
        SharedFrame frame;
    };
    [[nodiscard]] SharedFrame deflate(std::uint8_t windowBits) const;

    wire::Opcode m_type;
    std::size_t m_payload; ///< bytes, the last ones of the plain frame
    SharedFrame m_plain;
    mutable std::array<Variant, wire::largestWindow - wire::smallestWindow + 1> m_deflated;
};

using SharedMessage = std::shared_ptr<const OutgoingMessage>;

} // namespace gatehouse
