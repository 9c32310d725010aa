// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/terminaltext.h"

#include "policy/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace gatehouse::ctl {

namespace {

std::string hexadecimal(unsigned value)
{
    std::array<char, 16> text{};
    const int size = std::snprintf(text.data(), text.size(), "%02x", value);
    return {text.data(), static_cast<std::size_t>(size)};
}

// General categories Cc, Cf, Zl and Zp as far as they reorder, break or hide text.
bool mustEscape(char32_t point)
{
    struct Range {
        char32_t first;
        char32_t last;
    };
    static constexpr std::array<Range, 11> ranges{{{0x0, 0x1F},
                                                   {0x7F, 0x9F},
                                                   {0xAD, 0xAD},
                                                   {0x61C, 0x61C},
                                                   {0x180E, 0x180E},
                                                   {0x200B, 0x200F},
                                                   {0x2028, 0x202E},
                                                   {0x2060, 0x206F},
                                                   {0xFEFF, 0xFEFF},
                                                   {0xFFF9, 0xFFFB},
                                                   {0xE0000, 0xE007F}}};
    return std::any_of(ranges.begin(), ranges.end(),
                       [point](const Range& range) { return point >= range.first && point <= range.last; });
}

std::string escapedPoint(char32_t point)
{
    switch (point) {
    case U'\n':
        return "\\n";
    case U'\r':
        return "\\r";
    case U'\t':
        return "\\t";
    default:
        return point < 0x80 ? "\\x" + hexadecimal(static_cast<unsigned>(point))
                            : "\\u{" + hexadecimal(static_cast<unsigned>(point)) + '}';
    }
}

std::size_t codePoints(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

std::string madeSafe(std::string_view text, bool lines)
{
    std::string result;
    std::size_t offset = 0;
    while (offset < text.size()) {
        const std::size_t start = offset;
        const auto point = nextCodePoint(text, offset);
        if (!point) {
            result += "\\x" + hexadecimal(static_cast<unsigned char>(text[start]));
            offset = start + 1;
        } else if (*point == U'\\' && !lines) {
            result += "\\\\";
        } else if (mustEscape(*point) && !(lines && *point == U'\n')) {
            result += escapedPoint(*point);
        } else {
            result += text.substr(start, offset - start);
        }
    }
    return result;
}

} // namespace

std::string escaped(std::string_view text)
{
    return madeSafe(text, false);
}

std::string escapedLines(std::string_view text)
{
    return madeSafe(text, true);
}

Table::Table(std::vector<std::string> header)
{
    add(std::move(header));
}

void Table::add(std::vector<std::string> row)
{
    for (std::string& cell : row)
        cell = cell.empty() ? "-" : escaped(cell);
    m_rows.push_back(std::move(row));
}

std::string Table::text() const
{
    std::vector<std::size_t> widths(m_rows.front().size());
    for (const auto& row : m_rows)
        for (std::size_t column = 0; column < row.size(); ++column)
            widths[column] = std::max(widths[column], codePoints(row[column]));
    std::string result;
    for (const auto& row : m_rows) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            result += row[column];
            if (column + 1 < row.size())
                result.append(widths[column] - codePoints(row[column]) + 2, ' ');
        }
        result += '\n';
    }
    return result;
}

std::string idList(const std::vector<SessionId>& ids)
{
    std::string text;
    for (const SessionId id : ids)
        text += (text.empty() ? "" : " ") + std::to_string(id.value);
    return text;
}

std::string fieldList(const std::vector<std::pair<std::string, std::string>>& fields)
{
    std::size_t width = 0;
    for (const auto& [key, value] : fields)
        width = std::max(width, codePoints(key));
    std::string result;
    for (const auto& [key, value] : fields)
        result += key + ':' + std::string(width - codePoints(key) + 2, ' ') + escaped(value) + '\n';
    return result;
}

} // namespace gatehouse::ctl
