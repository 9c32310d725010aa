// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace gatehouse {

namespace {

struct Unit {
    std::string_view word;
    std::uint64_t factor;
};

// Longest word first, so that "ms" is not read as minutes, and largest factor first among equals.
constexpr std::array<Unit, 5> durationUnits{
    {{"ms", 1}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}}};
constexpr std::array<Unit, 4> sizeUnits{{{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};

std::optional<std::uint64_t> parseQuantity(std::string_view text, const auto& units, std::uint64_t largest)
{
    for (const Unit& unit : units) {
        if (!text.ends_with(unit.word))
            continue;
        const std::string_view digits = text.substr(0, text.size() - unit.word.size());
        std::uint64_t number = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        const bool leadingZero = digits.size() > 1 && digits.front() == '0';
        if (error != std::errc{} || end != digits.data() + digits.size() || leadingZero ||
            number > largest / unit.factor)
            return std::nullopt;
        return number * unit.factor;
    }
    return std::nullopt;
}

std::string formatQuantity(std::uint64_t value, const auto& units, std::string_view smallest)
{
    const Unit* best = nullptr;
    for (const Unit& unit : units)
        if (value != 0 && value % unit.factor == 0 && (!best || unit.factor > best->factor))
            best = &unit;
    if (!best)
        return std::to_string(value).append(smallest);
    return std::to_string(value / best->factor).append(best->word);
}

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

} // namespace

std::string toLower(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z')
            c = static_cast<char>(c - 'A' + 'a');
    return result;
}

std::optional<char32_t> nextCodePoint(std::string_view text, std::size_t& offset)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    if (offset >= text.size())
        return std::nullopt;
    const unsigned char lead = byte(offset);
    if (lead < 0x80) {
        ++offset;
        return lead;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - offset < length)
        return std::nullopt;
    char32_t point = lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(offset + i) & 0xc0) != 0x80)
            return std::nullopt;
        point = point << 6 | (byte(offset + i) & 0x3f);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return std::nullopt;
    offset += length;
    return point;
}

namespace {

constexpr char32_t byteOrderMark = 0xfeff; // decoders drop it, so that two names become one

} // namespace

bool isPlainText(std::string_view text)
{
    for (std::size_t offset = 0; offset < text.size();) {
        const auto point = nextCodePoint(text, offset);
        if (!point || *point < 0x20 || (*point >= 0x7f && *point < 0xa0) || *point == byteOrderMark)
            return false;
    }
    return true;
}

bool isApiKeyId(std::string_view text)
{
    constexpr std::size_t longest = 64;
    return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
    });
}

std::string clipped(std::string_view text, std::size_t bytes)
{
    constexpr std::string_view ellipsis = "…";
    if (text.size() <= bytes)
        return std::string(text);
    std::size_t end = bytes > ellipsis.size() ? bytes - ellipsis.size() : 0;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return std::string(text.substr(0, end)).append(ellipsis);
}

bool contains(const std::vector<std::string>& list, std::string_view word)
{
    return std::find(list.begin(), list.end(), word) != list.end();
}

std::string joined(const std::vector<std::string>& words, std::string_view separator)
{
    std::string result;
    for (const std::string& word : words) {
        if (!result.empty())
            result.append(separator);
        result.append(word);
    }
    return result;
}

bool isHttpToken(std::string_view text)
{
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               marks.find(c) != std::string_view::npos;
    });
}

std::optional<std::string> percentDecoded(std::string_view text)
{
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            result.push_back(text[i]);
            continue;
        }
        if (text.size() - i < 3)
            return std::nullopt;
        const int high = hexDigit(text[i + 1]);
        const int low = hexDigit(text[i + 2]);
        if (high < 0 || low < 0)
            return std::nullopt;
        result.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return result;
}

std::optional<std::chrono::milliseconds> parseDuration(std::string_view text)
{
    // A hundred years: everything that is added to a clock later stays far from overflow.
    constexpr std::uint64_t longest = 36'500ULL * 86'400'000;
    const auto milliseconds = parseQuantity(text, durationUnits, longest);
    if (!milliseconds)
        return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*milliseconds));
}

std::string formatDuration(std::chrono::milliseconds duration)
{
    if (duration.count() < 0)
        return "-" + formatDuration(-duration);
    return formatQuantity(static_cast<std::uint64_t>(duration.count()), durationUnits, "s");
}

std::optional<std::uint64_t> parseSize(std::string_view text)
{
    return parseQuantity(text, sizeUnits, std::uint64_t{1} << 62);
}

std::string formatSize(std::uint64_t bytes)
{
    return formatQuantity(bytes, sizeUnits, "B");
}

} // namespace gatehouse
