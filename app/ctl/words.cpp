// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/words.h"

#include "policy/text.h"

#include <algorithm>
#include <charconv>

namespace gatehouse::ctl {

const std::string* option(const Words& words, std::string_view name)
{
    const auto found = words.options.find(name);
    return found == words.options.end() ? nullptr : &found->second.back();
}

bool given(const Words& words, std::string_view name)
{
    return words.options.contains(name);
}

std::string textOption(const Words& words, std::string_view name)
{
    const std::string* value = option(words, name);
    return value ? *value : std::string();
}

std::uint64_t number(std::string_view text, const std::string& what)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        throw Refused{what + " must be a whole number, found \"" + std::string(text) + '"'};
    return value;
}

std::chrono::milliseconds duration(std::string_view text, const std::string& what)
{
    const auto value = parseDuration(text);
    if (!value)
        throw Refused{what + " must be a duration like 30s, 5m or 24h, found \"" + std::string(text) + '"'};
    return *value;
}

Texts listOption(const Words& words, std::string_view name)
{
    Texts items;
    const std::string* value = option(words, name);
    std::string_view left = value ? std::string_view(*value) : std::string_view();
    while (!left.empty()) {
        const std::size_t comma = std::min(left.find(','), left.size());
        if (comma > 0)
            items.emplace_back(left.substr(0, comma));
        left.remove_prefix(std::min(comma + 1, left.size()));
    }
    return items;
}

std::optional<std::chrono::milliseconds> durationOption(const Words& words, std::string_view name)
{
    const std::string* value = option(words, name);
    return value && *value != "none" ? std::optional(duration(*value, "--" + std::string(name))) : std::nullopt;
}

std::vector<SessionId> sessionIds(const Words& words)
{
    std::vector<SessionId> ids;
    for (const std::string& operand : words.operands)
        ids.push_back(SessionId{number(operand, "a session's ID")});
    return ids;
}

} // namespace gatehouse::ctl
