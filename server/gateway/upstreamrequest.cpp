// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstreamrequest.h"

#include "net/workercontext.h"
#include "policy/text.h"
#include "policy/upstreamtarget.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

constexpr std::array hopByHop{// RFC 9110 §7.6.1, and what a connection with the gate alone is about
                              std::string_view("connection"),
                              std::string_view("keep-alive"),
                              std::string_view("proxy-connection"),
                              std::string_view("proxy-authorization"),
                              std::string_view("proxy-authenticate"),
                              std::string_view("te"),
                              std::string_view("trailer"),
                              std::string_view("transfer-encoding"),
                              std::string_view("upgrade"),
                              std::string_view("content-length"),
                              std::string_view("http2-settings"),
                              std::string_view("expect"),
                              std::string_view("host")};

constexpr std::array spokenForUs{std::string_view("x-forwarded"), std::string_view("x-gatehouse")};

/// As servers see it that make variables of headers (RFC 3875 §4.1.18): '_' and '-' are one.
std::string folded(std::string_view name)
{
    std::string text = toLower(name);
    std::ranges::replace(text, '_', '-');
    return text;
}

std::string_view trimmed(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t");
    return first == std::string_view::npos ? std::string_view()
                                           : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view takeUpTo(std::string_view& rest, char separator)
{
    const std::string_view taken = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(rest.size(), taken.size() + 1));
    return taken;
}

/// The elements of a list header, over all its lines.
std::vector<std::string_view> listed(const OfferedRequest& request, std::string_view name)
{
    std::vector<std::string_view> elements;
    for (const auto& [key, value] : request.headers) {
        if (toLower(key) != name)
            continue;
        std::string_view rest = value;
        while (!rest.empty())
            if (const std::string_view element = trimmed(takeUpTo(rest, ',')); !element.empty())
                elements.push_back(element);
    }
    return elements;
}

/// Which of the client's headers stay behind.
class HeaderFilter {
public:
    HeaderFilter(const Gateway& gateway, const OfferedRequest& request)
    {
        for (const std::string& name : gateway.drop)
            m_dropped.push_back(folded(name));
        if (!gateway.authHeaderName.empty())
            m_dropped.push_back(folded(gateway.authHeaderName));
        for (const std::string_view name : listed(request, "connection"))
            m_dropped.push_back(folded(name));
    }

    [[nodiscard]] bool passes(std::string_view name) const
    {
        const std::string plain = folded(name);
        return std::ranges::find(hopByHop, plain) == hopByHop.end() && !plain.starts_with("sec-websocket-") &&
               plain != "forwarded" && plain != "x-real-ip" &&
               std::ranges::none_of(spokenForUs, [&](std::string_view ours) { return plain.starts_with(ours); }) &&
               !contains(m_dropped, plain);
    }

private:
    std::vector<std::string> m_dropped;
};

/// Without the cookie that may hold the token, however often it is there.
std::string withoutCookie(std::string_view header, std::string_view name)
{
    std::string kept;
    while (!header.empty()) {
        const std::string_view pair = trimmed(takeUpTo(header, ';'));
        if (!pair.empty() && trimmed(pair.substr(0, pair.find('='))) != name)
            kept.append(kept.empty() ? "" : "; ").append(pair);
    }
    return kept;
}

std::string hostOf(const UpstreamUrl& url)
{
    const bool ipv6 = url.host.find(':') != std::string::npos;
    const std::string host = ipv6 ? '[' + url.host + ']' : url.host;
    return url.port == (url.tls ? 443 : 80) ? host : host + ':' + std::to_string(url.port);
}

/// A node or host of RFC 7239 §4: anything but a token needs quotes.
std::string inQuotes(std::string_view text)
{
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            result += '\\';
        result += c;
    }
    return result + '"';
}

std::string forwarded(const Entrant& entrant)
{
    const std::string address = entrant.client.toString();
    const bool ipv6 = address.find(':') != std::string::npos;
    std::string text = "for=" + (ipv6 ? inQuotes('[' + address + ']') : address);
    if (!entrant.host.empty())
        text += ";host=" + inQuotes(entrant.host);
    return text + ";proto=" + (entrant.secure ? "https" : "http");
}

std::string rolesValue(const std::vector<std::string>& roles)
{
    std::string text;
    for (const std::string& role : roles)
        text.append(text.empty() ? "" : ",").append(identityValue(role));
    return text;
}

/// What the gate says of the client; empty: nothing, and the header is left out.
std::string valueOf(ForwardedHeader header, const Entrant& entrant)
{
    const Identity& who = entrant.who;
    switch (header) {
    case ForwardedHeader::XForwardedFor:
        return entrant.client.toString();
    case ForwardedHeader::XForwardedProto:
        return entrant.secure ? "https" : "http";
    case ForwardedHeader::XForwardedHost:
        return entrant.host;
    case ForwardedHeader::Forwarded:
        return forwarded(entrant);
    case ForwardedHeader::User:
        return who.anonymous() ? std::string() : identityValue(who.user);
    case ForwardedHeader::Roles:
        return who.anonymous() ? std::string() : rolesValue(who.roles);
    case ForwardedHeader::Issuer:
        return identityValue(who.issuer);
    case ForwardedHeader::Session:
        return std::to_string(entrant.session.value);
    }
    return {};
}

} // namespace

std::string identityValue(std::string_view text)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f && std::string_view("%,\"'").find(c) == std::string_view::npos) {
            result += c;
        } else {
            result += '%';
            result += digits[byte >> 4U];
            result += digits[byte & 15U];
        }
    }
    return result;
}

bool offersSubprotocol(const OfferedRequest& request, std::string_view name)
{
    const auto offered = listed(request, "sec-websocket-protocol");
    return std::ranges::find(offered, name) != offered.end();
}

wire::ClientRequest upstreamRequest(const Route& route, const UpstreamUrl& url, const Entrant& entrant, std::string key)
{
    const Gateway& gateway = *route.gateway;
    wire::ClientRequest request;
    request.host = hostOf(url);
    request.target = upstreamTarget(route, url, entrant.request.path, entrant.request.query);
    request.key = std::move(key);
    for (const std::string& name : entrant.request.subprotocols)
        if (!isBearerSubprotocol(name))
            request.subprotocols.push_back(name);
    const HeaderFilter filter(gateway, entrant.request);
    const bool tokenInCookie = looksAt(route.authentication, TokenPlace::Cookie);
    for (const auto& [name, value] : entrant.request.headers) {
        if (!filter.passes(name))
            continue;
        if (!tokenInCookie || folded(name) != "cookie")
            request.headers.emplace_back(name, value);
        else if (std::string kept = withoutCookie(value, route.authentication.cookie); !kept.empty())
            request.headers.emplace_back(name, std::move(kept));
    }
    for (const ForwardedHeader header : gateway.forward)
        if (std::string value = valueOf(header, entrant); !value.empty())
            request.headers.emplace_back(forwardedHeaderName(header), std::move(value));
    if (!gateway.authHeaderName.empty())
        request.headers.emplace_back(gateway.authHeaderName, gateway.authHeaderValue);
    return request;
}

} // namespace gatehouse
