// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/request.h"

namespace gatehouse::wire {

/// Finds the end of a head in a buffer that grows, and looks at each byte once. Checks in the order of the bytes, so
/// that an error does not depend on how they were cut.
class HeadScanner {
public:
    enum class Kind : std::uint8_t { Request, Response };

    explicit HeadScanner(const RequestLimits& limits, Kind kind = Kind::Request);

    /// `text` begins with what the call before was given. The size of the head, or 0 while it is not whole; an error
    /// once is an error for good. The limits and errors are those of scanHead().
    [[nodiscard]] Result<std::size_t, Reason> scan(std::string_view text);

private:
    enum class State : std::uint8_t { StartLine, StartLineEnd, LineStart, Name, Value, LineEnd, HeadEnd, Done };

    [[nodiscard]] Reason step(std::string_view text);
    [[nodiscard]] Reason startLine(char c);
    [[nodiscard]] Reason requestLine(char c);
    [[nodiscard]] Reason startLineEnd(std::string_view text);
    [[nodiscard]] Reason lineStart(char c);
    [[nodiscard]] Reason name(char c);
    [[nodiscard]] Reason value(char c);
    [[nodiscard]] Reason lineFeed(char c, State next);
    [[nodiscard]] bool headerTooLong() const { return m_position - m_lineStart >= m_limits.header; }

    RequestLimits m_limits;
    std::size_t m_position = 0;
    std::size_t m_lineStart = 0;
    std::size_t m_targetStart = 0;
    std::size_t m_headers = 0;
    Kind m_kind;
    State m_state = State::StartLine;
    std::uint8_t m_spaces = 0; ///< in the request line
    Reason m_failed = Reason::None;
};

} // namespace gatehouse::wire
