// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/request.h"

#include <array>

namespace gatehouse::wire {

/// Reads a head in a buffer that grows, and looks at each byte once: where it ends the parts are known. Checks in the
/// order of the bytes, so that an error does not depend on how they were cut.
class HeadScanner {
public:
    enum class Kind : std::uint8_t { Request, Response };

    explicit HeadScanner(const RequestLimits& limits, Kind kind = Kind::Request);

    /// `text` begins with what the call before was given. The size of the head, or 0 while it is not whole; an error
    /// once is an error for good. The limits and errors are those of scanHead().
    [[nodiscard]] Result<std::size_t, Reason> scan(std::string_view text);

    /// Once scan() has found the end: the parts as views into `text`, which begins with the head.
    [[nodiscard]] Request request(std::string_view text) const;
    [[nodiscard]] Response response(std::string_view text) const;

    /// Whether scan() refused a request line whose HTTP version is well-formed and not 1.1 (505, not 400).
    [[nodiscard]] bool versionUnsupported() const { return m_versionUnsupported; }

    /// How many bytes scan() looked at, and how many of them belong to the line that it stopped in.
    [[nodiscard]] std::size_t seen() const { return m_position; }
    [[nodiscard]] std::size_t seenOfLine() const
    {
        return m_lines.empty() ? m_position : m_position - m_lines.back().nameBegin;
    }

private:
    enum class State : std::uint8_t { StartLine, StartLineEnd, LineStart, Name, Value, LineEnd, HeadEnd, Done };
    /// Offsets of a header line's parts; the value's without surrounding blanks.
    struct Line {
        std::uint32_t nameBegin = 0, nameEnd = 0, valueBegin = 0, valueEnd = 0;
    };

    [[nodiscard]] Reason step(std::string_view text);
    [[nodiscard]] Reason startLine(char c);
    [[nodiscard]] Reason requestLine(char c);
    [[nodiscard]] Reason startLineEnd(std::string_view text);
    [[nodiscard]] Reason requestLineEnd(std::string_view text);
    [[nodiscard]] Reason lineStart(char c);
    [[nodiscard]] Reason name(char c);
    [[nodiscard]] Reason value(char c);
    [[nodiscard]] Reason lineFeed(char c, State next);
    [[nodiscard]] bool headerTooLong() const { return m_position - m_lines.back().nameBegin >= m_limits.header; }
    [[nodiscard]] std::vector<Header> headers(std::string_view text) const;

    RequestLimits m_limits;
    std::size_t m_position = 0;
    std::array<std::size_t, 2> m_spaceAt{}; ///< in the request line
    std::size_t m_lineEnd = 0;              ///< of the start line
    std::size_t m_pathAt = 0;               ///< behind the authority of an absolute target
    std::size_t m_queryAt = 0;              ///< of the first `?` in the target; 0: none
    std::vector<Line> m_lines;
    std::uint16_t m_status = 0; ///< of a response
    Kind m_kind;
    State m_state = State::StartLine;
    std::uint8_t m_spaces = 0;
    bool m_fragment = false; ///< the target has a `#`
    bool m_versionUnsupported = false;
    Reason m_failed = Reason::None;
};

} // namespace gatehouse::wire
