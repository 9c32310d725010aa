// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace gatehouse::wire {

/// Incremental UTF-8 check (RFC 3629): overlong forms, surrogates and code points over U+10FFFF are refused at the
/// first byte that cannot stand there.
class Utf8Validator {
public:
    /// False once the text cannot become valid any more, and ever after until reset().
    [[nodiscard]] bool feed(std::span<const std::byte> bytes);
    /// True where the text so far ends on a whole code point.
    [[nodiscard]] bool complete() const { return m_state == 0; }
    void reset() { m_state = 0; }

private:
    [[nodiscard]] bool step(std::byte byte);

    std::uint8_t m_state = 0;
};

} // namespace gatehouse::wire
