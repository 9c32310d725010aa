// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/request.h"

#include "domain/statusphrase.h"
#include "wire/deflateoffer.h"
#include "wire/headerlist.h"
#include "wire/headscanner.h"
#include "wire/httptext.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

namespace gatehouse::wire {

namespace {

constexpr std::string_view acceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 §1.3

void addHeader(std::string& text, std::string_view name, std::string_view value)
{
    text.append(name).append(": ").append(value).append("\r\n");
}

std::string statusLine(std::uint16_t status)
{
    return "HTTP/1.1 " + std::to_string(status) + ' ' + std::string(statusText(status)) + "\r\n";
}

bool canBeSent(const ClientRequest& request)
{
    return isAuthority(request.host) && isOriginForm(request.target) && isWebSocketKey(request.key) &&
           isFieldValue(request.origin.value_or("")) && std::ranges::all_of(request.subprotocols, isToken) &&
           std::ranges::all_of(request.headers,
                               [](const auto& h) { return isToken(h.first) && isFieldValue(h.second); });
}

/// Nothing but what was offered may be chosen (RFC 6455 §4.1 item 5).
bool extensionsFit(const Response& response, const ClientRequest& request)
{
    const auto chosen = response.all("Sec-WebSocket-Extensions");
    return chosen.empty() || (request.offersDeflate && readDeflateAnswer(chosen));
}

} // namespace

std::string acceptKey(std::string_view key)
{
    std::string text(key);
    text.append(acceptGuid);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
        return {};
    std::array<unsigned char, EVP_MAX_MD_SIZE * 2> encoded{};
    const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
    return {encoded.begin(), encoded.begin() + length};
}

std::string switchingProtocols(std::string_view key, std::string_view subprotocol, std::string_view extension)
{
    std::string text = statusLine(101);
    addHeader(text, "Upgrade", "websocket");
    addHeader(text, "Connection", "Upgrade");
    addHeader(text, "Sec-WebSocket-Accept", acceptKey(key));
    if (!subprotocol.empty())
        addHeader(text, "Sec-WebSocket-Protocol", subprotocol);
    if (!extension.empty())
        addHeader(text, "Sec-WebSocket-Extensions", extension);
    return text.append("\r\n");
}

std::string refusal(std::uint16_t status, std::string_view word, std::optional<std::uint32_t> retryAfter)
{
    std::string text = statusLine(status);
    // Who sends Upgrade also lists it in Connection (RFC 9110 §7.8).
    addHeader(text, "Connection", status == 426 ? "close, Upgrade" : "close");
    if (status == 401)
        addHeader(text, "WWW-Authenticate", "Bearer");
    if (status == 405)
        addHeader(text, "Allow", "GET");
    if (status == 426) {
        addHeader(text, "Upgrade", "websocket");
        addHeader(text, "Sec-WebSocket-Version", "13");
    }
    if (retryAfter)
        addHeader(text, "Retry-After", std::to_string(*retryAfter));
    addHeader(text, "Cache-Control", "no-store");
    addHeader(text, "Content-Type", "text/plain; charset=utf-8");
    addHeader(text, "Content-Length", std::to_string(word.size() + 1));
    return text.append("\r\n").append(word).append("\n");
}

std::string_view statusText(std::uint16_t status)
{
    return statusPhrase(status);
}

std::string upgradeRequest(const ClientRequest& request)
{
    if (!canBeSent(request))
        return {};
    std::string text = "GET " + request.target + " HTTP/1.1\r\n";
    addHeader(text, "Host", request.host);
    addHeader(text, "Upgrade", "websocket");
    addHeader(text, "Connection", "Upgrade");
    addHeader(text, "Sec-WebSocket-Key", request.key);
    addHeader(text, "Sec-WebSocket-Version", "13");
    if (request.origin)
        addHeader(text, "Origin", *request.origin);
    std::string offered;
    for (const std::string& name : request.subprotocols)
        offered.append(offered.empty() ? "" : ", ").append(name);
    if (!offered.empty())
        addHeader(text, "Sec-WebSocket-Protocol", offered);
    if (request.offersDeflate)
        addHeader(text, "Sec-WebSocket-Extensions", deflateOffer);
    for (const auto& [name, value] : request.headers)
        addHeader(text, name, value);
    return text.append("\r\n");
}

std::vector<std::string_view> Response::all(std::string_view name) const
{
    return valuesOf(headers, name);
}

std::optional<std::string_view> Response::one(std::string_view name) const
{
    const auto values = all(name);
    return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

Result<std::optional<Response>, Reason> parseResponse(std::string_view text, const RequestLimits& limits)
{
    HeadScanner scanner(limits, HeadScanner::Kind::Response);
    const auto size = scanner.scan(text);
    if (!size)
        return Failure{size.error()};
    return *size == 0 ? std::optional<Response>() : scanner.response(text);
}

Result<std::string_view, Reason> checkAnswer(const Response& response, const ClientRequest& request)
{
    if (response.status != 101 || !listHas(response.headers, "Upgrade", "websocket") ||
        !listHas(response.headers, "Connection", "upgrade") || !extensionsFit(response, request))
        return Failure{Reason::HsUpgrade};
    const std::string expected = acceptKey(request.key);
    if (expected.empty() || response.one("Sec-WebSocket-Accept") != expected)
        return Failure{Reason::HsKey};
    const auto chosen = response.all("Sec-WebSocket-Protocol");
    if (chosen.empty())
        return std::string_view();
    const bool offered = std::ranges::find(request.subprotocols, chosen.front()) != request.subprotocols.end();
    if (chosen.size() > 1 || !offered)
        return Failure{Reason::Subprotocol};
    return chosen.front();
}

} // namespace gatehouse::wire
