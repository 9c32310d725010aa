// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/upstreamurl.h"

#include "policy/origin.h"
#include "policy/text.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

constexpr std::string_view separator = "://";

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

bool isHexDigit(char c)
{
    return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The system's resolver takes "127.1", "0x7f.1" and "2130706433" for addresses: what looks like a number is an address
/// in four parts, or wrong.
bool looksLikeAddress(std::string_view host)
{
    const std::string_view last = host.substr(std::min(host.rfind('.') + 1, host.size()));
    const bool hex = last.starts_with("0x") && std::all_of(last.begin() + 2, last.end(), isHexDigit);
    return hex || std::all_of(last.begin(), last.end(), isDigit);
}

/// RFC 3986 §3.3 pchar, escapes whole and of no control character; no segment that turns into another on the way.
bool isUpstreamPath(std::string_view path)
{
    constexpr std::string_view marks = "-._~!$&'()*+,;=:@/%";
    const auto isPathCharacter = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || isDigit(c) ||
               marks.find(c) != std::string_view::npos;
    };
    const auto decoded = percentDecoded(path);
    if (!decoded || !path.starts_with('/') || !std::all_of(path.begin(), path.end(), isPathCharacter) ||
        !std::all_of(decoded->begin(), decoded->end(),
                     [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != '\x7f'; }))
        return false;
    for (std::size_t start = 0; start < decoded->size();) {
        const std::size_t end = std::min(decoded->find('/', start), decoded->size());
        const std::string_view segment = std::string_view(*decoded).substr(start, end - start);
        if (segment == "." || segment == "..")
            return false;
        start = end + 1;
    }
    return true;
}

Failure<std::string> wrong(std::string_view what)
{
    return Failure{std::string(what)};
}

} // namespace

Result<UpstreamUrl, std::string> parseUpstreamUrl(std::string_view text)
{
    if (text.size() > longestUpstreamUrl)
        return wrong("an upstream's URL is at most 2048 bytes long");
    const std::size_t schemeEnd = text.find(separator);
    const std::string scheme = toLower(text.substr(0, std::min(schemeEnd, text.size())));
    if (schemeEnd == std::string_view::npos || (scheme != "ws" && scheme != "wss"))
        return wrong("expected a URL like \"ws://127.0.0.1:1880/\", of scheme ws or wss");
    const std::string_view rest = text.substr(schemeEnd + separator.size());
    if (rest.find_first_of("?#") != std::string_view::npos)
        return wrong("an upstream's URL has no query and no fragment");
    const std::size_t pathStart = std::min(rest.find('/'), rest.size());
    const std::string_view authority = rest.substr(0, pathStart);
    if (authority.find('@') != std::string_view::npos)
        return wrong("an upstream's URL holds no user or password: auth_header_file is for that");
    const auto place = splitHostPort(authority);
    if (!place)
        return wrong("expected a host, and perhaps a port from 1 to 65535, behind ws:// or wss://");
    UpstreamUrl url{std::string(text), scheme == "wss", toLower(place->host), 0, std::string(rest.substr(pathStart))};
    const auto address = IpAddress::parse(url.host);
    if (!address && (!isHostName(url.host) || looksLikeAddress(url.host)))
        return wrong("the host is no name of letters, digits, \"-\" and \"_\", no IPv4 address and no IPv6 address in "
                     "brackets");
    if (address && address->isUnspecified())
        return wrong("the unspecified address is none to connect to");
    if (address)
        url.host = address->toString();
    url.port = place->port.value_or(url.tls ? 443 : 80);
    if (url.path.empty())
        url.path.push_back('/');
    if (!isUpstreamPath(url.path))
        return wrong("the path holds what a URL's path does not: only RFC 3986 characters, whole escapes of no control "
                     "character, and no \".\" or \"..\" segments");
    return url;
}

bool isSameUpstream(const UpstreamUrl& a, const UpstreamUrl& b)
{
    return a.tls == b.tls && a.host == b.host && a.port == b.port && a.path == b.path;
}

std::string originOf(const UpstreamUrl& url)
{
    const bool brackets = url.host.find(':') != std::string::npos;
    return (url.tls ? "wss://" : "ws://") + (brackets ? "[" + url.host + "]" : url.host) + ":" +
           std::to_string(url.port);
}

Reaches reaches(const UpstreamUrl& url, const Listener& listener)
{
    if (url.port != listener.port)
        return Reaches::No;
    const IpAddress& own = listener.address;
    const bool named = contains(listener.serverNames, url.host);
    const auto address = IpAddress::parse(url.host);
    if (!address) {
        const bool local = url.host == "localhost" || url.host.ends_with(".localhost"); // RFC 6761 §6.3
        return named || (local && (own.isLoopback() || own.isUnspecified())) ? Reaches::Perhaps : Reaches::No;
    }
    if (*address == own)
        return Reaches::Surely;
    if (!own.isUnspecified() || (own.isV4() && !address->isV4()))
        return Reaches::No;
    if (address->isLoopback() && own.isV4() == address->isV4())
        return Reaches::Surely;
    // Whether "::" takes IPv4 too is the system's to say (net.ipv6.bindv6only).
    return named || address->isLoopback() ? Reaches::Perhaps : Reaches::No;
}

bool isNearby(const UpstreamUrl& url)
{
    const auto address = IpAddress::parse(url.host);
    if (!address)
        return true;
    constexpr std::array nearby{"127.0.0.0/8",    "::1",      "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                "169.254.0.0/16", "fc00::/7", "fe80::/10"};
    return std::any_of(nearby.begin(), nearby.end(),
                       [&](const char* network) { return Network::parse(network)->contains(*address); });
}

} // namespace gatehouse
