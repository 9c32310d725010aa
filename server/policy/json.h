// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

struct JsonMember;

/// A JSON value that knows where in its text it stands.
struct JsonValue {
    enum class Kind : std::uint8_t { Null, Bool, Number, String, Array, Object };

    Kind kind = Kind::Null;
    bool boolean = false;
    double number = 0;                  ///< finite; nearest to what was written
    std::optional<std::uint64_t> whole; ///< where a whole number from 0 was written without fraction or exponent
    std::string text;                   ///< valid UTF-8
    std::vector<JsonValue> items;
    std::vector<JsonMember> members; ///< in the text's order; of a repeated key the first alone
    std::size_t offset = 0;          ///< of the first byte in the text

    /// The member of an object, or null where there is none.
    [[nodiscard]] const JsonValue* find(std::string_view key) const;
    [[nodiscard]] bool is(Kind wanted) const { return kind == wanted; }
};

struct JsonMember {
    std::string key;
    std::size_t keyOffset = 0;
    JsonValue value;
};

struct JsonError {
    enum class Kind : std::uint8_t { Syntax, TooDeep, DuplicateKey };
    Kind kind = Kind::Syntax;
    std::string pointer;    ///< RFC 6901; of the repeated key, or of the value inside which the text went wrong
    std::size_t offset = 0; ///< in bytes
    std::string detail;
};

struct JsonDocument {
    JsonValue root;
    std::vector<JsonError> duplicates;
};

/// Strict JSON (RFC 8259): no comments, no byte order mark, nothing after the value, valid UTF-8, numbers that a double
/// holds. `depth` is how many objects and arrays may be open at once. A repeated key is no failure here: callers
/// decide.
[[nodiscard]] Result<JsonDocument, JsonError> parseJson(std::string_view text, std::size_t depth);

/// `key` with "~" and "/" escaped as one step of a JSON pointer.
[[nodiscard]] std::string pointerStep(std::string_view key);

/// A number as it is written in the `text` that it was parsed from.
[[nodiscard]] std::string_view jsonNumberText(std::string_view text, const JsonValue& number);

/// `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string jsonQuoted(std::string_view text);

} // namespace gatehouse
