// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::fuzz {

struct PlainInflated {
    std::string text;
    bool broken = false; ///< and `text` is what came before the fault
    bool ended = false;  ///< with a final block, and nothing behind it
};

/// Raw deflate data (RFC 1951) by zlib alone, all of its input at once for each run of blocks up to a final one; after
/// that the next run begins with what was inflated as its dictionary. Stops at `most` bytes.
[[nodiscard]] PlainInflated inflatePlainly(std::string_view data, std::size_t most, std::uint8_t windowBits = 15);

/// Whether data without their last four bytes (RFC 7692 §7.2.1) are those of a whole message.
[[nodiscard]] bool wholeDeflated(std::string_view data, std::size_t most);

} // namespace gatehouse::fuzz
