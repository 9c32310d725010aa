// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

struct z_stream_s;

// What permessage-deflate does to one message (RFC 7692 §7.2). No context outlives a message: a context would cost
// every session its windows for as long as it lives, and let one message's length tell of another's text.
namespace gatehouse::wire {

inline constexpr std::uint8_t smallestWindow = 9; ///< bits; zlib cannot deflate raw data with the 8 that RFC 7692 has
inline constexpr std::uint8_t largestWindow = 15;

/// Inflates one message. Holds zlib's state: it is made when a message begins and goes when it ends.
class Inflater {
public:
    /// About what one takes on the heap: the largest window, and zlib's own state (zconf.h).
    static constexpr std::size_t memory = (1U << largestWindow) + 7 * 1024;

    Inflater();

    /// Inflates the front of `input`, which it moves on, into `output`, which must not be empty. Yields how many bytes
    /// came out: 0 when all of the input is consumed and nothing waits. Unset where the data are broken.
    [[nodiscard]] std::optional<std::size_t> inflate(std::span<const std::byte>& input, std::span<std::byte> output);
    /// After the last input, when inflate() yielded 0: whether that was a whole message.
    [[nodiscard]] bool finish();
    /// Bytes of input so far.
    [[nodiscard]] std::uint64_t received() const { return m_received; }

private:
    struct End {
        void operator()(z_stream_s* stream) const;
    };
    std::unique_ptr<z_stream_s, End> m_stream; ///< zlib points back to it, so that it must not move
    std::uint64_t m_received = 0;
    bool m_final = false; ///< the last input ended with a final block
};

/// The window that a payload of this size has use for, no larger than `windowBits`.
[[nodiscard]] std::uint8_t usefulWindow(std::size_t size, std::uint8_t windowBits);

/// A whole payload deflated, without the four bytes that both sides know (RFC 7692 §7.2.1). Unset where it would not
/// become smaller, and where the window is smaller than smallestWindow.
[[nodiscard]] std::optional<std::vector<std::byte>> deflated(std::span<const std::byte> payload,
                                                             std::uint8_t windowBits);

} // namespace gatehouse::wire
