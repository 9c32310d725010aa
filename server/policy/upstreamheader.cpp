// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/upstreamheader.h"

#include "policy/text.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

std::string folded(std::string_view name)
{
    std::string result = toLower(name);
    std::replace(result.begin(), result.end(), '_', '-');
    return result;
}

template <std::size_t N> bool isOneOf(const std::array<std::string_view, N>& names, std::string_view name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t first = std::min(text.find_first_not_of(' '), text.size());
    return text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

} // namespace

bool isConnectionHeader(std::string_view name)
{
    constexpr std::array<std::string_view, 11> names{
        "host",    "connection",        "upgrade",        "keep-alive", "proxy-connection", "te",
        "trailer", "transfer-encoding", "content-length", "expect",     "http2-settings"};
    const std::string known = folded(name);
    return isOneOf(names, known) || known.starts_with("sec-websocket-");
}

bool isClientHeader(std::string_view name)
{
    constexpr std::array<std::string_view, 2> names{"forwarded", "x-real-ip"};
    const std::string known = folded(name);
    return isOneOf(names, known) || known.starts_with("x-forwarded-") || known.starts_with("x-gatehouse-");
}

Result<UpstreamHeader, std::string> parseAuthHeader(std::string_view text)
{
    constexpr std::size_t longestHeader = 8192; // many servers take no more
    if (text.ends_with('\n'))
        text.remove_suffix(1);
    if (text.size() > longestHeader)
        return Failure{std::string("a header of at most 8 KiB is required")};
    if (!std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; }))
        return Failure{std::string("one line of visible ASCII is required: \"Name: value\", or a value for "
                                   "Authorization")};
    const std::size_t colon = text.find(':');
    const bool named = colon != std::string_view::npos && isHttpToken(text.substr(0, colon));
    UpstreamHeader header{"Authorization", std::string(trimmed(text))};
    if (named)
        header = {std::string(text.substr(0, colon)), std::string(trimmed(text.substr(colon + 1)))};
    if (header.value.empty())
        return Failure{std::string("the header has no value")};
    if (isConnectionHeader(header.name) || isClientHeader(header.name))
        return Failure{std::string("it holds a header that the gate makes itself")};
    return header;
}

} // namespace gatehouse
