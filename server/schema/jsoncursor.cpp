// SPDX-License-Identifier: GPL-3.0-or-later
#include "schema/jsoncursor.h"

#include <algorithm>
#include <charconv>

namespace gatehouse {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t hexDigits = 4;

template <class Number> std::optional<Number> numberOf(std::string_view written)
{
    Number value = 0;
    const char* end = written.data() + written.size();
    const auto [stopped, error] = std::from_chars(written.data(), end, value);
    return error == std::errc() && stopped == end ? std::optional(value) : std::nullopt;
}

std::optional<std::uint32_t> unitOf(std::string_view digits)
{
    std::uint32_t unit = 0;
    const char* end = digits.data() + digits.size();
    const auto [stopped, error] = std::from_chars(digits.data(), end, unit, 16);
    return digits.size() == hexDigits && error == std::errc() && stopped == end ? std::optional(unit) : std::nullopt;
}

void appendUtf8(std::string& text, std::uint32_t point)
{
    const auto byte = [&text](std::uint32_t value) { text += static_cast<char>(static_cast<unsigned char>(value)); };
    if (point < 0x80)
        return byte(point);
    if (point < 0x800) {
        byte(0xc0 | point >> 6);
    } else {
        if (point < 0x10000) {
            byte(0xe0 | point >> 12);
        } else {
            byte(0xf0 | point >> 18);
            byte(0x80 | (point >> 12 & 0x3f));
        }
        byte(0x80 | (point >> 6 & 0x3f));
    }
    byte(0x80 | (point & 0x3f));
}

/// `\uXXXX`, or a pair of them (RFC 8259 §7), behind the `u` at `at`; moves `at` to the last digit.
bool appendUnits(std::string& text, std::string_view inner, std::size_t& at)
{
    auto point = unitOf(inner.substr(at + 1, hexDigits));
    if (!point)
        return false;
    at += hexDigits;
    if (*point >= 0xd800 && *point <= 0xdfff) {
        const bool follows = inner.substr(at + 1, 2) == "\\u";
        const auto low = follows ? unitOf(inner.substr(at + 3, hexDigits)) : std::nullopt;
        if (*point >= 0xdc00 || !low || *low < 0xdc00 || *low > 0xdfff)
            return false;
        point = 0x10000 + ((*point - 0xd800) << 10) + (*low - 0xdc00);
        at += 2 + hexDigits;
    }
    appendUtf8(text, *point);
    return true;
}

bool appendEscape(std::string& text, std::string_view inner, std::size_t& at)
{
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (at == inner.size())
        return false;
    if (inner[at] == 'u')
        return appendUnits(text, inner, at);
    const std::size_t which = letters.find(inner[at]);
    if (which == std::string_view::npos)
        return false;
    text += meanings[which];
    return true;
}

} // namespace

JsonKind jsonKind(std::string_view written)
{
    if (written.empty())
        return JsonKind::None;
    switch (written.front()) {
    case '{':
        return JsonKind::Object;
    case '[':
        return JsonKind::Array;
    case '"':
        return JsonKind::String;
    case 't':
    case 'f':
        return JsonKind::Boolean;
    case 'n':
        return JsonKind::Null;
    default:
        return written.front() == '-' || (written.front() >= '0' && written.front() <= '9') ? JsonKind::Number
                                                                                            : JsonKind::None;
    }
}

std::optional<bool> jsonBoolean(std::string_view written)
{
    if (written == "true")
        return true;
    return written == "false" ? std::optional(false) : std::nullopt;
}

std::optional<std::uint64_t> jsonUnsigned(std::string_view written)
{
    return numberOf<std::uint64_t>(written); // from_chars takes no sign for it
}

std::optional<std::int64_t> jsonSigned(std::string_view written)
{
    return numberOf<std::int64_t>(written);
}

std::optional<std::string> jsonString(std::string_view written)
{
    if (written.size() < 2 || written.front() != '"' || written.back() != '"')
        return std::nullopt;
    const std::string_view inner = written.substr(1, written.size() - 2);
    std::string text;
    text.reserve(inner.size());
    std::size_t at = 0;
    for (;;) {
        const std::size_t escape = std::min(inner.find('\\', at), inner.size());
        text.append(inner, at, escape - at);
        if (escape == inner.size())
            return text;
        at = escape + 1;
        if (!appendEscape(text, inner, at))
            return std::nullopt;
        ++at;
    }
}

void JsonCursor::skipBlanks()
{
    m_at = std::min(m_text.find_first_not_of(blanks, m_at), m_text.size());
}

JsonKind JsonCursor::kind()
{
    skipBlanks();
    return jsonKind(m_text.substr(m_at));
}

bool JsonCursor::enter()
{
    if (kind() != JsonKind::Object)
        return false;
    ++m_at;
    return true;
}

std::optional<std::string_view> JsonCursor::key()
{
    skipBlanks();
    if (m_at < m_text.size() && m_text[m_at] == ',') {
        ++m_at;
        skipBlanks();
    }
    if (m_at == m_text.size() || m_text[m_at] != '"') {
        m_at = m_at < m_text.size() && m_text[m_at] == '}' ? m_at + 1 : m_text.size();
        return std::nullopt;
    }
    const std::string_view written = take();
    skipBlanks();
    if (written.size() < 2 || m_at == m_text.size() || m_text[m_at] != ':') {
        m_at = m_text.size();
        return std::nullopt;
    }
    ++m_at;
    const std::string_view inner = written.substr(1, written.size() - 2);
    if (inner.find('\\') == std::string_view::npos)
        return inner;
    m_key = jsonString(written).value_or(std::string(inner));
    return m_key;
}

/// Behind the quotation mark that ends the string which begins at `at`. Runs of backslashes are counted backwards from
/// each mark; no two marks have a run in common, so that all of it is linear.
std::size_t JsonCursor::stringEnd(std::size_t at) const
{
    for (std::size_t mark = m_text.find('"', at + 1); mark != std::string_view::npos;
         mark = m_text.find('"', mark + 1)) {
        std::size_t before = mark;
        while (before > at + 1 && m_text[before - 1] == '\\')
            --before;
        if ((mark - before) % 2 == 0)
            return mark + 1;
    }
    return m_text.size();
}

/// Behind the bracket that closes the one at `at`.
std::size_t JsonCursor::containerEnd(std::size_t at) const
{
    std::size_t open = 0;
    while (at < m_text.size()) {
        switch (m_text[at]) {
        case '"':
            at = stringEnd(at);
            continue;
        case '[':
        case '{':
            ++open;
            break;
        case ']':
        case '}':
            if (--open == 0)
                return at + 1;
            break;
        default:
            break;
        }
        ++at;
    }
    return m_text.size();
}

std::string_view JsonCursor::take()
{
    const JsonKind found = kind();
    const std::size_t start = m_at;
    if (found == JsonKind::String)
        m_at = stringEnd(start);
    else if (found == JsonKind::Array || found == JsonKind::Object)
        m_at = containerEnd(start);
    else
        m_at = std::min(m_text.find_first_of(",]} \t\r\n", start), m_text.size());
    return m_text.substr(start, m_at - start);
}

} // namespace gatehouse
