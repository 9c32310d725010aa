// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "hub/clientcommand.h"

namespace gatehouse::clientprotocol {

enum class CommandFault : std::uint8_t {
    Json,            ///< CommandError::json says what
    NoObject,        ///< JSON, but no object
    UnknownMethod,   ///< none that is known here
    TwoMethods,      ///< of those that are known
    Missing,         ///< a member that must be there, or an empty text for one that must say something
    Type,            ///< a member of another JSON type, or a number with a fraction or an exponent
    Range,           ///< a whole number that does not fit: 32 bits for an id and a limit, 64 for an offset
    TooManySubs,     ///< `connect` with more than CommandLimits::subs
    TooManyCommands, ///< the rest of the message is not read
};

/// Nothing of what the client wrote is in it.
struct CommandError {
    CommandFault fault = CommandFault::Json;
    std::optional<JsonFault> json;
    /// Of the command, to answer it; 0: not known, and then there is no answer: clients take a reply without an id for
    /// a ping. Where the line is not good JSON it is a guess, at what the line says of its id, and good for nothing
    /// else.
    std::uint32_t id = 0;
    std::string where; ///< "publish/data", "connect/subs/*/offset"; empty: the command as a whole

    friend bool operator==(const CommandError&, const CommandError&) = default;
};

/// For the `met` of a decision, and the message of an error: "publish/data: missing".
[[nodiscard]] std::string commandErrorText(const CommandError& error);
/// To answer with.
[[nodiscard]] ErrorCode errorCodeOf(const CommandError& error);

struct CommandLimits {
    std::size_t commands = 64; ///< of a message
    std::size_t subs = 128;    ///< of a `connect`
};

/// Reads the commands of one message, one at a time, so that each can be charged for before the next one is looked at.
/// A line that is wrong does not end it. The message outlives it and the commands that it gave; the validator is the
/// worker's, and keeps what JSON was read last.
class ClientCommandReader {
public:
    ClientCommandReader(MessageValidator& validator, std::string_view message, const CommandLimits& limits)
        : m_validator(validator)
        , m_message(message)
        , m_limits(limits)
    {
    }

    /// Unset behind the last command. A message has at least one: an empty one is no JSON. A line feed may end it.
    [[nodiscard]] std::optional<Result<ClientCommand, CommandError>> next();
    /// The line of the last next(), without its end; what it is charged for.
    [[nodiscard]] std::string_view line() const { return m_line; }

private:
    MessageValidator& m_validator;
    std::string_view m_message; ///< what is left of it
    std::string_view m_line;
    CommandLimits m_limits;
    std::size_t m_count = 0;
    bool m_ended = false;
};

} // namespace gatehouse::clientprotocol
