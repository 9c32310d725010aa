// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/origin.h"

#include "policy/text.h"

#include <algorithm>
#include <charconv>

namespace gatehouse {

namespace {

constexpr std::string_view schemeSeparator = "://";
constexpr std::string_view anyLabel = "*.";

bool isLetter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isScheme(std::string_view text)
{
    return !text.empty() && isLetter(text.front()) && std::all_of(text.begin(), text.end(), [](char c) {
        return isLetter(c) || isDigit(c) || c == '+' || c == '-' || c == '.';
    });
}

std::uint16_t portOfScheme(std::string_view scheme)
{
    if (scheme == "https" || scheme == "wss")
        return 443;
    if (scheme == "http" || scheme == "ws")
        return 80;
    return 0;
}

std::optional<OriginParts> parseAuthority(std::string_view scheme, std::string_view authority)
{
    const auto split = splitHostPort(authority);
    if (!split)
        return std::nullopt;
    OriginParts parts{toLower(scheme), toLower(split->host), 0};
    if (split->bracketed)
        parts.host = "[" + IpAddress::parse(split->host)->toString() + "]";
    else if (!isHostName(parts.host))
        return std::nullopt;
    parts.port = split->port.value_or(portOfScheme(parts.scheme));
    return parts;
}

OriginRule ruleOf(OriginRule::Kind kind, OriginParts parts, std::string_view text)
{
    return {kind, std::move(parts.scheme), std::move(parts.host), parts.port, std::string(text)};
}

} // namespace

std::optional<HostPort> splitHostPort(std::string_view text)
{
    HostPort result;
    std::string_view rest;
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos)
            return std::nullopt;
        result.host = text.substr(1, close - 1);
        result.bracketed = true;
        rest = text.substr(close + 1);
        if (result.host.find(':') == std::string_view::npos || !IpAddress::parse(result.host))
            return std::nullopt;
    } else {
        const std::size_t colon = std::min(text.find(':'), text.size());
        result.host = text.substr(0, colon);
        rest = text.substr(colon);
    }
    if (rest.empty())
        return result;
    const std::string_view digits = rest.substr(1);
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (rest.front() != ':' || error != std::errc{} || end != digits.data() + digits.size() || digits.front() == '0')
        return std::nullopt;
    result.port = port;
    return result;
}

bool isHostName(std::string_view text)
{
    constexpr std::size_t longestName = 253;
    constexpr std::size_t longestLabel = 63;
    if (text.empty() || text.size() > longestName)
        return false;
    std::size_t label = 0;
    for (const char c : text) {
        if (c == '.' ? label == 0 : !(isLetter(c) || isDigit(c) || c == '-' || c == '_'))
            return false;
        label = c == '.' ? 0 : label + 1;
        if (label > longestLabel)
            return false;
    }
    return label != 0;
}

std::optional<OriginParts> parseOrigin(std::string_view text)
{
    const std::size_t separator = text.find(schemeSeparator);
    if (separator == std::string_view::npos || !isScheme(text.substr(0, separator)))
        return std::nullopt;
    return parseAuthority(text.substr(0, separator), text.substr(separator + schemeSeparator.size()));
}

std::optional<OriginRule> parseOriginRule(std::string_view text)
{
    using Kind = OriginRule::Kind;
    if (text == "none")
        return OriginRule{Kind::None, {}, {}, 0, std::string(text)};
    if (text == "*")
        return OriginRule{Kind::Any, {}, {}, 0, std::string(text)};
    const std::size_t separator = text.find(schemeSeparator);
    const bool hasScheme = separator != std::string_view::npos;
    const std::string_view scheme = hasScheme ? text.substr(0, separator) : std::string_view("https");
    std::string_view authority = hasScheme ? text.substr(separator + schemeSeparator.size()) : text;
    const bool wildcard = authority.starts_with(anyLabel);
    if (!isScheme(scheme) || (!hasScheme && !wildcard))
        return std::nullopt;
    if (wildcard)
        authority.remove_prefix(anyLabel.size());
    auto parts = parseAuthority(scheme, authority);
    if (!parts || (wildcard && parts->host.starts_with('[')))
        return std::nullopt;
    OriginRule rule = ruleOf(wildcard ? Kind::Wildcard : Kind::Exact, std::move(*parts), text);
    if (!hasScheme)
        rule.scheme.clear();
    return rule;
}

bool originMatches(const OriginRule& rule, std::optional<std::string_view> origin)
{
    using Kind = OriginRule::Kind;
    if (!origin || rule.kind == Kind::None)
        return !origin && rule.kind == Kind::None;
    if (rule.kind == Kind::Any)
        return true;
    const auto parts = parseOrigin(*origin);
    if (!parts || parts->port != rule.port || parts->scheme != (rule.scheme.empty() ? "https" : rule.scheme))
        return false;
    if (rule.kind == Kind::Exact)
        return parts->host == rule.host;
    const std::size_t dot = parts->host.find('.');
    return dot != std::string::npos && std::string_view(parts->host).substr(dot + 1) == rule.host;
}

} // namespace gatehouse
