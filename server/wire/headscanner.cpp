// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/headscanner.h"

#include "wire/httptext.h"

namespace gatehouse::wire {

HeadScanner::HeadScanner(const RequestLimits& limits, Kind kind)
    : m_limits(limits)
    , m_kind(kind)
{
}

Result<std::size_t, Reason> HeadScanner::scan(std::string_view text)
{
    while (m_failed == Reason::None && m_state != State::Done && m_position < text.size()) {
        m_failed = step(text);
        ++m_position;
    }
    if (m_failed != Reason::None)
        return Failure{m_failed};
    return m_state == State::Done ? m_position : 0;
}

Reason HeadScanner::step(std::string_view text)
{
    const char c = text[m_position];
    if (m_state > State::StartLineEnd && m_position >= m_limits.head)
        return Reason::HsHeaderSize;
    switch (m_state) {
    case State::StartLine:
        return startLine(c);
    case State::StartLineEnd:
        return startLineEnd(text);
    case State::LineStart:
        return lineStart(c);
    case State::Name:
        return name(c);
    case State::Value:
        return value(c);
    case State::LineEnd:
        return lineFeed(c, State::LineStart);
    case State::HeadEnd:
        return lineFeed(c, State::Done);
    case State::Done:
        break;
    }
    return Reason::None;
}

Reason HeadScanner::startLine(char c)
{
    if (c == '\r') {
        m_state = State::StartLineEnd;
        return Reason::None;
    }
    if (!isFieldChar(c))
        return Reason::HsSyntax;
    if (m_position >= m_limits.line || m_position >= m_limits.head)
        return m_kind == Kind::Request ? Reason::HsUriSize : Reason::HsHeaderSize;
    return m_kind == Kind::Request ? requestLine(c) : Reason::None;
}

Reason HeadScanner::requestLine(char c)
{
    if (c == ' ') {
        if (m_position == 0 || ++m_spaces > 2)
            return Reason::HsRequestLine;
        if (m_spaces == 1)
            m_targetStart = m_position + 1;
        return Reason::None;
    }
    if (m_spaces == 0 ? !isTokenChar(c) : !isVisible(c))
        return Reason::HsRequestLine;
    if (m_spaces == 1 && m_position - m_targetStart >= m_limits.target)
        return Reason::HsUriSize;
    return Reason::None;
}

Reason HeadScanner::startLineEnd(std::string_view text)
{
    const std::string_view line = text.substr(0, m_position - 1);
    if (text[m_position] != '\n')
        return Reason::HsSyntax;
    m_state = State::LineStart;
    if (m_kind == Kind::Response)
        return statusOfLine(line) ? Reason::None : Reason::HsRequestLine;
    const auto parts = splitRequestLine(line);
    const bool accepted = parts && parts->version == "HTTP/1.1" && isAcceptedTarget(parts->method, parts->target);
    return accepted ? Reason::None : Reason::HsRequestLine;
}

Reason HeadScanner::lineStart(char c)
{
    if (c == '\r') {
        m_state = State::HeadEnd;
        return Reason::None;
    }
    if (!isTokenChar(c)) // a blank here would fold the line before (RFC 9112 §5.2)
        return Reason::HsSyntax;
    if (++m_headers > m_limits.headers)
        return Reason::HsHeaderCount;
    m_lineStart = m_position;
    m_state = State::Name;
    return headerTooLong() ? Reason::HsHeaderSize : Reason::None;
}

Reason HeadScanner::name(char c)
{
    if (headerTooLong())
        return Reason::HsHeaderSize;
    if (c == ':')
        m_state = State::Value;
    else if (!isTokenChar(c))
        return Reason::HsSyntax;
    return Reason::None;
}

Reason HeadScanner::value(char c)
{
    if (c == '\r') {
        m_state = State::LineEnd;
        return Reason::None;
    }
    if (!isFieldChar(c))
        return Reason::HsSyntax;
    return headerTooLong() ? Reason::HsHeaderSize : Reason::None;
}

Reason HeadScanner::lineFeed(char c, State next)
{
    if (c != '\n')
        return Reason::HsSyntax;
    m_state = next;
    return Reason::None;
}

} // namespace gatehouse::wire
