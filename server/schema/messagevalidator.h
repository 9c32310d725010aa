// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gatehouse {

class MessageSchema;

/// What is wrong with a message before any schema is asked.
enum class JsonFault : std::uint8_t {
    Syntax,       ///< not one JSON value and nothing else (RFC 8259); an empty message too
    Utf8,         ///< bytes that are no UTF-8
    Depth,        ///< deeper than MessageValidator::deepest
    DuplicateKey, ///< an object has a key twice, escapes resolved
    Surrogate,    ///< an escape of half a surrogate pair
    Number,       ///< an integer outside −2⁶³ … 2⁶⁴−1, or a number too large for a double
    TooLarge      ///< over 2³² − 1 bytes, or no memory for it
};

/// For the `met` of a decision: "the same key twice in an object".
[[nodiscard]] std::string_view jsonFaultText(JsonFault fault);

/// Where a message does not fit: a JSON pointer into the schema, to the keyword. Nothing of the message.
struct SchemaMismatch {
    std::string pointer;
    bool tooMuchWork = false; ///< it was given up on: the schema asks for more steps than a message may cost

    friend bool operator==(const SchemaMismatch&, const SchemaMismatch&) = default;
};

/// Reads messages as strict JSON and holds them against schemas. Keeps its memory between messages, so that one that
/// fits costs no allocation. Owner: one I/O worker.
class MessageValidator {
public:
    static constexpr std::size_t deepest = 64; ///< arrays and objects within each other
    /// Steps that one message may cost; a step is one subschema, or 16 bytes of text that are looked at.
    static constexpr std::uint64_t mostSteps = 2'000'000;

    MessageValidator();
    ~MessageValidator();
    MessageValidator(const MessageValidator&) = delete;
    MessageValidator& operator=(const MessageValidator&) = delete;

    /// Parses a message, for check(). Unset where it is good JSON.
    [[nodiscard]] std::optional<JsonFault> read(std::span<const std::byte> message);
    /// The message of the last read(), which was good, against a schema. Unset where it fits.
    [[nodiscard]] std::optional<SchemaMismatch> check(const MessageSchema& schema);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse
