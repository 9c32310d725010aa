// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace gatehouse::fuzz {

/// What a plain reading of RFC 8259 finds in a text.
struct PlainJson {
    std::size_t depth = 0;      ///< objects and lists that are open at once
    std::size_t duplicates = 0; ///< keys that stood in their object before
};

/// Unset where the text is not JSON: strict, valid UTF-8, one value, no byte order mark, escapes that are whole code
/// points, numbers that a double holds. Slow and simple, to judge parsers by; shares nothing with them.
[[nodiscard]] std::optional<PlainJson> readPlainJson(std::string_view text);

} // namespace gatehouse::fuzz
