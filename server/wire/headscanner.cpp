// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/headscanner.h"

#include "wire/httptext.h"

#include <algorithm>

namespace gatehouse::wire {

namespace {

/// "https://gate.example:8443" without its scheme.
std::string_view authorityOf(std::string_view absolute)
{
    return absolute.substr(absolute.find("://") + 3);
}

/// How much of a target in absolute-form comes before its path; 0 where it has another form.
std::size_t absoluteSize(std::string_view target)
{
    const std::size_t colon = target.find("://");
    const std::string_view scheme = target.substr(0, colon);
    if (colon == std::string_view::npos || !(equalsIgnoringCase(scheme, "http") || equalsIgnoringCase(scheme, "https")))
        return 0;
    const std::size_t end = std::min(target.find_first_of("/?", colon + 3), target.size());
    return isAuthority(authorityOf(target.substr(0, end))) ? end : 0;
}

} // namespace

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
        if (m_position == 0 || m_spaces == m_spaceAt.size())
            return Reason::HsRequestLine;
        m_spaceAt[m_spaces++] = m_position;
        return Reason::None;
    }
    if (m_spaces == 0 ? !isTokenChar(c) : !isVisible(c))
        return Reason::HsRequestLine;
    if (m_spaces != 1)
        return Reason::None;
    if (m_position - m_spaceAt[0] > m_limits.target)
        return Reason::HsUriSize;
    if (c == '?' && m_queryAt == 0)
        m_queryAt = m_position;
    m_fragment = m_fragment || c == '#';
    return Reason::None;
}

Reason HeadScanner::startLineEnd(std::string_view text)
{
    if (text[m_position] != '\n')
        return Reason::HsSyntax;
    m_lineEnd = m_position - 1;
    m_state = State::LineStart;
    if (m_kind == Kind::Request)
        return requestLineEnd(text);
    m_status = static_cast<std::uint16_t>(statusOfLine(text.substr(0, m_lineEnd)).value_or(0));
    return m_status != 0 ? Reason::None : Reason::HsRequestLine;
}

Reason HeadScanner::requestLineEnd(std::string_view text)
{
    if (m_spaces < m_spaceAt.size())
        return Reason::HsRequestLine;
    const std::string_view method = text.substr(0, m_spaceAt[0]);
    const std::string_view target = text.substr(m_spaceAt[0] + 1, m_spaceAt[1] - m_spaceAt[0] - 1);
    const std::string_view version = text.substr(m_spaceAt[1] + 1, m_lineEnd - m_spaceAt[1] - 1);
    if (target.empty() || !isVersion(version))
        return Reason::HsRequestLine;
    m_versionUnsupported = version != "HTTP/1.1";
    const std::size_t absolute = absoluteSize(target);
    m_pathAt = m_spaceAt[0] + 1 + absolute;
    const bool hasPath = target.starts_with('/') || absolute > 0;
    // A fragment never goes over the wire (RFC 3986 §3.5).
    const bool accepted = hasPath ? !m_fragment : method == "CONNECT" && isAuthority(target);
    return accepted && !m_versionUnsupported ? Reason::None : Reason::HsRequestLine;
}

Reason HeadScanner::lineStart(char c)
{
    if (c == '\r') {
        m_state = State::HeadEnd;
        return Reason::None;
    }
    if (!isTokenChar(c)) // a blank here would fold the line before (RFC 9112 §5.2)
        return Reason::HsSyntax;
    if (m_lines.size() >= m_limits.headers)
        return Reason::HsHeaderCount;
    m_lines.push_back({static_cast<std::uint32_t>(m_position), 0, 0, 0});
    m_state = State::Name;
    return headerTooLong() ? Reason::HsHeaderSize : Reason::None;
}

Reason HeadScanner::name(char c)
{
    if (headerTooLong())
        return Reason::HsHeaderSize;
    if (c == ':') {
        m_lines.back().nameEnd = static_cast<std::uint32_t>(m_position);
        m_state = State::Value;
    } else if (!isTokenChar(c)) {
        return Reason::HsSyntax;
    }
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
    if (headerTooLong())
        return Reason::HsHeaderSize;
    if (c != ' ' && c != '\t') {
        Line& line = m_lines.back();
        if (line.valueEnd == 0)
            line.valueBegin = static_cast<std::uint32_t>(m_position);
        line.valueEnd = static_cast<std::uint32_t>(m_position + 1);
    }
    return Reason::None;
}

Reason HeadScanner::lineFeed(char c, State next)
{
    if (c != '\n')
        return Reason::HsSyntax;
    m_state = next;
    return Reason::None;
}

std::vector<Header> HeadScanner::headers(std::string_view text) const
{
    std::vector<Header> headers;
    headers.reserve(m_lines.size());
    for (const Line& line : m_lines)
        headers.push_back({text.substr(line.nameBegin, line.nameEnd - line.nameBegin),
                           text.substr(line.valueBegin, line.valueEnd - line.valueBegin)});
    return headers;
}

Request HeadScanner::request(std::string_view text) const
{
    Request request;
    request.method = text.substr(0, m_spaceAt[0]);
    request.target = text.substr(m_spaceAt[0] + 1, m_spaceAt[1] - m_spaceAt[0] - 1);
    const std::size_t targetAt = m_spaceAt[0] + 1;
    if (m_pathAt > targetAt || request.target.starts_with('/')) {
        const std::size_t pathEnd = m_queryAt != 0 ? m_queryAt : m_spaceAt[1];
        request.path = m_pathAt < pathEnd ? text.substr(m_pathAt, pathEnd - m_pathAt) : std::string_view("/");
        if (m_pathAt > targetAt)
            request.authority = authorityOf(text.substr(targetAt, m_pathAt - targetAt));
        request.query = m_queryAt != 0 ? text.substr(m_queryAt + 1, m_spaceAt[1] - m_queryAt - 1) : std::string_view();
    }
    request.headers = headers(text);
    return request;
}

Response HeadScanner::response(std::string_view text) const
{
    return {m_status, headers(text), m_position};
}

} // namespace gatehouse::wire
