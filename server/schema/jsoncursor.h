// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

enum class JsonKind : std::uint8_t { None, Null, Boolean, Number, String, Array, Object };

// Of one value as it is written, without white space around it; unset where it is of another kind or out of range.
[[nodiscard]] JsonKind jsonKind(std::string_view written); ///< by its first character
[[nodiscard]] std::optional<bool> jsonBoolean(std::string_view written);
/// Digits alone: neither sign nor fraction nor exponent, so that every value is exact.
[[nodiscard]] std::optional<std::uint64_t> jsonUnsigned(std::string_view written);
/// Digits, with a minus before them or without.
[[nodiscard]] std::optional<std::int64_t> jsonSigned(std::string_view written);
/// With its escapes resolved.
[[nodiscard]] std::optional<std::string> jsonString(std::string_view written);

/// Walks once over a text that MessageValidator::read() found good, and hands out values as they are written there:
/// what the parser has no record of. Over any other text it walks as safely, in time linear in it, but what it says is
/// a guess. The text outlives the cursor and the views that it gave.
class JsonCursor {
public:
    explicit JsonCursor(std::string_view text)
        : m_text(text)
    {
    }

    /// Of the value that comes next.
    [[nodiscard]] JsonKind kind();
    /// Into the object that comes next. False, and nothing is taken, where it is none.
    [[nodiscard]] bool enter();
    /// The next key of the object that was entered, escapes resolved, with its value to come next; it holds until the
    /// next call. Unset behind the last one, and then what comes next is what stands behind the object.
    [[nodiscard]] std::optional<std::string_view> key();
    /// Takes the value that comes next.
    std::string_view take();

private:
    void skipBlanks();
    [[nodiscard]] std::size_t stringEnd(std::size_t at) const;
    [[nodiscard]] std::size_t containerEnd(std::size_t at) const;

    std::string_view m_text;
    std::size_t m_at = 0;
    std::string m_key; ///< where it had escapes
};

} // namespace gatehouse
