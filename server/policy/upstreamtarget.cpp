// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/upstreamtarget.h"

#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// What would end the target or its query, or begin a query in the path, is escaped.
void appendVisible(std::string& target, std::string_view text, std::string_view ends)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c > ' ' && c < '\x7f' && ends.find(c) == std::string_view::npos)
            target += c;
        else
            target.append({'%', digits[byte >> 4U], digits[byte & 0xfU]});
    }
}

/// Segments are counted, since a client may write one in several ways.
std::string_view withoutPrefix(std::string_view routePath, std::string_view rawPath)
{
    if (!routePath.ends_with("/*"))
        return {};
    const auto slashes = std::count(routePath.begin(), routePath.end(), '/');
    std::size_t at = 0;
    for (auto i = slashes; i > 0 && at < rawPath.size(); --i)
        at = std::min(rawPath.find('/', at), rawPath.size() - 1) + 1;
    return rawPath.substr(at);
}

/// As auth/findtoken reads a query.
std::string withoutParameter(std::string_view query, std::string_view name)
{
    std::string kept;
    for (std::size_t start = 0; start <= query.size();) {
        const std::size_t end = std::min(query.find('&', start), query.size());
        const std::string_view parameter = query.substr(start, end - start);
        start = end + 1;
        if (name.empty() || percentDecoded(parameter.substr(0, parameter.find('='))) != name)
            kept.append(kept.empty() ? "" : "&").append(parameter);
    }
    return kept;
}

} // namespace

std::string upstreamTarget(const Route& route, const UpstreamUrl& url, std::string_view rawPath,
                           std::string_view rawQuery)
{
    const bool strip = route.gateway && route.gateway->stripPrefix;
    std::string_view rest = strip ? withoutPrefix(route.path, rawPath) : rawPath;
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    std::string target = url.path.starts_with('/') ? url.path : "/" + url.path;
    if (!rest.empty() && !target.ends_with('/'))
        target += '/';
    appendVisible(target, rest, "?#");
    if (!route.gateway || !route.gateway->forwardQuery)
        return target;
    const bool tokens = looksAt(route.authentication, TokenPlace::Query);
    const std::string query =
        withoutParameter(rawQuery, tokens ? std::string_view(route.authentication.query) : std::string_view());
    if (!query.empty())
        appendVisible(target += '?', query, "#");
    return target;
}

} // namespace gatehouse
