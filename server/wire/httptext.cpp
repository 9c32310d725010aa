// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/httptext.h"

#include "domain/address.h"

#include <algorithm>

namespace gatehouse::wire {

namespace {

constexpr std::size_t maxHostName = 255; // RFC 1035 §2.3.4
constexpr std::size_t maxLabel = 63;

constexpr char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool isPort(std::string_view text)
{
    if (text.empty() || text.size() > 5 || !std::ranges::all_of(text, isDigit))
        return false;
    unsigned port = 0;
    for (const char c : text)
        port = port * 10 + static_cast<unsigned>(c - '0');
    return port >= 1 && port <= 65535;
}

bool isHostName(std::string_view name)
{
    if (name.size() > maxHostName)
        return false;
    if (name.ends_with('.')) // the root's empty label (RFC 1034 §3.1)
        name.remove_suffix(1);
    if (name.empty())
        return false;
    std::size_t label = 0;
    for (const char c : name) {
        if (c == '.' ? label == 0 : !isAlphanumeric(c) && c != '-' && c != '_')
            return false;
        label = c == '.' ? 0 : label + 1;
        if (label > maxLabel)
            return false;
    }
    return label > 0;
}

} // namespace

bool isToken(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, isTokenChar);
}

bool isFieldValue(std::string_view text)
{
    return std::ranges::all_of(text, isFieldChar);
}

bool equalsIgnoringCase(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view trimBlanks(std::string_view text)
{
    constexpr std::string_view blanks = " \t";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string_view takeUpTo(std::string_view& rest, std::string_view separator)
{
    const std::size_t at = rest.find(separator);
    const std::string_view front = rest.substr(0, at);
    rest = at == std::string_view::npos ? std::string_view{} : rest.substr(at + separator.size());
    return front;
}

std::optional<std::string_view> ListReader::next()
{
    if (m_done)
        return std::nullopt;
    m_done = m_rest.find(',') == std::string_view::npos;
    return trimBlanks(takeUpTo(m_rest, ","));
}

bool isVersion(std::string_view text)
{
    return text.size() == 8 && text.starts_with("HTTP/") && isDigit(text[5]) && text[6] == '.' && isDigit(text[7]);
}

bool isOriginForm(std::string_view target)
{
    return target.starts_with('/') && target.find('#') == std::string_view::npos &&
           std::ranges::all_of(target, isVisible);
}

bool isAuthority(std::string_view text)
{
    std::string_view host;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos)
            return false;
        host = text.substr(1, end - 1);
        text.remove_prefix(end + 1);
        if (host.find(':') == std::string_view::npos || !IpAddress::parse(host))
            return false;
    } else {
        host = text.substr(0, text.find(':'));
        text.remove_prefix(host.size());
        if (!isHostName(host))
            return false;
    }
    return text.empty() || (text.front() == ':' && isPort(text.substr(1)));
}

bool isWebSocketKey(std::string_view key)
{
    constexpr std::size_t size = 24;                    // 22 characters and "=="
    constexpr std::string_view lastCharacters = "AQgw"; // two bits of data, then four zeros (RFC 4648 §3.5)
    return key.size() == size && key.ends_with("==") &&
           std::ranges::all_of(key.substr(0, 22), [](char c) { return isAlphanumeric(c) || c == '+' || c == '/'; }) &&
           lastCharacters.find(key[21]) != std::string_view::npos;
}

std::optional<unsigned> statusOfLine(std::string_view line)
{
    constexpr std::string_view prefix = "HTTP/1.1 ";
    if (!line.starts_with(prefix) || line.size() < prefix.size() + 4 || line[prefix.size() + 3] != ' ')
        return std::nullopt;
    unsigned status = 0;
    for (const char c : line.substr(prefix.size(), 3)) {
        if (!isDigit(c))
            return std::nullopt;
        status = status * 10 + static_cast<unsigned>(c - '0');
    }
    return status >= 100 ? std::optional(status) : std::nullopt;
}

} // namespace gatehouse::wire
