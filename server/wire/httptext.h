// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string_view>

// What HTTP's header text is made of (RFC 9110 §5.5, §5.6; RFC 9112 §2.2): private to the wire folder.
namespace gatehouse::wire {

[[nodiscard]] constexpr bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

[[nodiscard]] constexpr bool isAlphanumeric(char c)
{
    return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

[[nodiscard]] constexpr bool isTokenChar(char c)
{
    return isAlphanumeric(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

[[nodiscard]] constexpr bool isVisible(char c)
{
    return c > 0x20 && c < 0x7f;
}

[[nodiscard]] constexpr bool isControl(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

/// Blanks, visible characters and obs-text; no control but HTAB.
[[nodiscard]] constexpr bool isFieldChar(char c)
{
    return c == '\t' || !isControl(c);
}

[[nodiscard]] bool isToken(std::string_view text);
[[nodiscard]] bool isFieldValue(std::string_view text);
[[nodiscard]] bool equalsIgnoringCase(std::string_view a, std::string_view b);
[[nodiscard]] std::string_view trimBlanks(std::string_view text);

/// Splits off the front of `rest` up to `separator`, which goes too.
[[nodiscard]] std::string_view takeUpTo(std::string_view& rest, std::string_view separator);

/// Walks over a comma-separated list (RFC 9110 §5.6.1): unset at its end; empty elements come out empty.
class ListReader {
public:
    explicit ListReader(std::string_view list)
        : m_rest(list)
    {
    }
    [[nodiscard]] std::optional<std::string_view> next();

private:
    std::string_view m_rest;
    bool m_done = false;
};

/// HTTP/d.d.
[[nodiscard]] bool isVersion(std::string_view text);
/// What a GET may ask for (RFC 9112 §3.2.1): an absolute path, visible characters alone, no fragment.
[[nodiscard]] bool isOriginForm(std::string_view target);
/// uri-host with an optional port (RFC 9110 §7.2): a name of letters, digits, `-`, `_` and dots, an IPv4 address, or an
/// IPv6 address in brackets.
[[nodiscard]] bool isAuthority(std::string_view text);

/// Canonical base64 of exactly 16 bytes: what Sec-WebSocket-Key holds (RFC 6455 §4.1 item 7).
[[nodiscard]] bool isWebSocketKey(std::string_view key);

/// The three digits of "HTTP/1.1 101 Words"; unset where the line is anything else.
[[nodiscard]] std::optional<unsigned> statusOfLine(std::string_view line);

} // namespace gatehouse::wire
