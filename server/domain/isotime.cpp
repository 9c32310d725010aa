// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/isotime.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace gatehouse {

namespace {

/// Reads numbers of fixed width and separators from the front of a text.
class FieldReader {
public:
    explicit FieldReader(std::string_view text)
        : m_left(text)
    {
    }

    int number(std::size_t width)
    {
        int value = 0;
        const std::string_view digits = m_left.substr(0, width);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (digits.size() != width || error != std::errc{} || end != digits.data() + width || digits.front() == '-')
            m_good = false;
        m_left.remove_prefix(digits.size());
        return value;
    }
    bool skip(char separator)
    {
        if (m_left.empty() || m_left.front() != separator)
            return false;
        m_left.remove_prefix(1);
        return true;
    }
    void expect(char separator) { m_good = skip(separator) && m_good; }
    [[nodiscard]] bool finished() const { return m_good && m_left.empty(); }

private:
    std::string_view m_left;
    bool m_good = true;
};

} // namespace

std::string formatTime(WallTime time)
{
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::array<char, 64> text{};
    const int size =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

std::optional<WallTime> parseTime(std::string_view text)
{
    FieldReader fields(text);
    const std::chrono::year year(fields.number(4));
    fields.expect('-');
    const std::chrono::month month(static_cast<unsigned>(fields.number(2)));
    fields.expect('-');
    const std::chrono::day day(static_cast<unsigned>(fields.number(2)));
    fields.expect('T');
    const int hour = fields.number(2);
    fields.expect(':');
    const int minute = fields.number(2);
    fields.expect(':');
    const int second = fields.number(2);
    const int fraction = fields.skip('.') ? fields.number(3) : 0;
    fields.expect('Z');
    const std::chrono::year_month_day date(year, month, day);
    if (!fields.finished() || !date.ok() || hour > 23 || minute > 59 || second > 59)
        return std::nullopt;
    return WallTime(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second) + std::chrono::milliseconds(fraction);
}

} // namespace gatehouse
