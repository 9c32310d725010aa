// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/reason.h"
#include "domain/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse::wire {

struct RequestLimits {
    std::size_t line = 4096;
    std::size_t target = 2048;
    std::size_t header = 8192; ///< one header line
    std::size_t head = 16384;  ///< request line and all headers
    std::size_t headers = 100;
};

struct Header {
    std::string_view name;  ///< as received
    std::string_view value; ///< without surrounding blanks
};

/// A parsed HTTP/1.1 request head (RFC 9112). Views point into the text that was parsed.
struct Request {
    std::string_view method;
    std::string_view target;
    std::string_view authority; ///< of a target in absolute-form (RFC 9112 §3.2.2); else empty
    std::string_view path;      ///< of the target, up to `?`; empty where CONNECT names an authority; "/", which is not
                                ///< of the text, where an absolute target has none
    std::string_view query;     ///< without `?`
    std::vector<Header> headers;

    /// Every value of a header, by case-insensitive name, in order.
    [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
    /// The value where the header stands exactly once.
    [[nodiscard]] std::optional<std::string_view> one(std::string_view name) const;
};

/// Finds the end of a request head in `text`: the bytes up to and with the empty line, or 0 while it is not there yet.
/// A head that already breaks a rule or a limit is an error at once, without waiting for its end.
/// Errors: HsHeaderSize, HsHeaderCount, HsUriSize, HsRequestLine, HsSyntax. It begins anew with each call; HeadScanner
/// (headscanner.h) goes on where it stopped.
[[nodiscard]] Result<std::size_t, Reason> scanHead(std::string_view text, const RequestLimits& limits);

/// Parses a whole head. Strict: CR LF alone ends a line; no folding, no blank before a colon, no NUL or other control,
/// token characters in names (RFC 9110 §5.6.2), HTTP/1.1 alone (anything else HsRequestLine), targets in origin-form or
/// in absolute-form of http and https; CONNECT may name an authority. Any method is taken.
[[nodiscard]] Result<Request, Reason> parseRequest(std::string_view head, const RequestLimits& limits);

/// The length of the body that follows: 0 without a Content-Length. HsBody for a Transfer-Encoding, for more than one
/// Content-Length, and for one that is not a plain decimal number.
[[nodiscard]] Result<std::uint64_t, Reason> contentLength(const Request& request);

/// What a WebSocket upgrade (RFC 6455 §4.2.1) asks for.
struct Upgrade {
    std::string_view key; ///< Sec-WebSocket-Key, base64 of 16 bytes
    std::string_view host;
    std::optional<std::string_view> origin;
    std::vector<std::string_view> subprotocols; ///< in order, each a token, none twice
    std::vector<std::string_view> authorization;
    std::vector<std::string_view> extensions; ///< Sec-WebSocket-Extensions, unread: what is wrong there is no error
    std::string_view userAgent;
};

/// Checks a request against RFC 6455 §4.2.1. In the order: method (HsMethod), Host (HsHost; one that is not the
/// authority of an absolute target is refused too), body
/// (HsBody), Upgrade and Connection (HsUpgrade), version (HsVersion), key (HsKey), Origin twice (HsDuplicate),
/// subprotocol syntax (Subprotocol: bad token, repeated name, no name at all, over 32 elements, of which the empty ones
/// count too).
[[nodiscard]] Result<Upgrade, Reason> parseUpgrade(const Request& request);

/// Sec-WebSocket-Accept of a key (RFC 6455 §4.2.2 item 5.4).
[[nodiscard]] std::string acceptKey(std::string_view key);

/// The 101 response. `subprotocol` or `extension` empty: none was chosen.
[[nodiscard]] std::string switchingProtocols(std::string_view key, std::string_view subprotocol,
                                             std::string_view extension = {});

/// A refusal with its headers (`Connection: close`, Content-Length, `Cache-Control: no-store`, a body of one line that
/// names the reason word): 401 carries WWW-Authenticate: Bearer, 405 Allow: GET, 426 Upgrade and Sec-WebSocket-Version:
/// 13, and any of them Retry-After where `retryAfter` is set (seconds).
[[nodiscard]] std::string refusal(std::uint16_t status, std::string_view word,
                                  std::optional<std::uint32_t> retryAfter = std::nullopt);

[[nodiscard]] std::string_view statusText(std::uint16_t status);

/// A request of the client role with the headers of RFC 6455 §4.1. `key` is base64 of 16 random bytes.
struct ClientRequest {
    std::string host;
    std::string target;
    std::string key;
    std::optional<std::string> origin;
    std::vector<std::string> subprotocols;
    std::vector<std::pair<std::string, std::string>> headers;
    bool offersDeflate = false; ///< see deflateoffer.h
};
/// Empty where a part cannot stand in a request: a control character in it would begin a header of somebody else's
/// making.
[[nodiscard]] std::string upgradeRequest(const ClientRequest& request);

struct Response {
    std::uint16_t status = 0;
    std::vector<Header> headers;
    std::size_t size = 0; ///< of the head

    [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
    [[nodiscard]] std::optional<std::string_view> one(std::string_view name) const;
};
/// Unset while the head is not whole. Strict as parseRequest(); a bad status line is HsRequestLine.
[[nodiscard]] Result<std::optional<Response>, Reason> parseResponse(std::string_view text, const RequestLimits& limits);

/// Checks the answer to an upgrade (RFC 6455 §4.1, items 1–6) and yields the subprotocol, empty where none was chosen.
/// Errors: HsUpgrade (no 101, no Upgrade or Connection, an extension that was not offered, or one answered wrongly),
/// HsKey (wrong Accept), Subprotocol (not asked for).
[[nodiscard]] Result<std::string_view, Reason> checkAnswer(const Response& response, const ClientRequest& request);

} // namespace gatehouse::wire
