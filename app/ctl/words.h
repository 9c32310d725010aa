// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/ids.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The words of a command line before they mean something, and how values are read from them.
namespace gatehouse::ctl {

using Texts = std::vector<std::string>;
using Options = std::map<std::string, Texts, std::less<>>;

struct Words {
    std::string command;
    Texts operands;
    Options options; ///< without dashes; flags have an empty value
};

/// Thrown and caught while a command line is parsed, and nowhere else: it keeps the parsers short.
struct Refused {
    std::string message; ///< English: what is wrong with which argument
};

/// Null where it was not given; the last of several.
[[nodiscard]] const std::string* option(const Words& words, std::string_view name);
[[nodiscard]] bool given(const Words& words, std::string_view name);
[[nodiscard]] std::string textOption(const Words& words, std::string_view name);
/// Its parts between commas.
[[nodiscard]] Texts listOption(const Words& words, std::string_view name);

// Each of these throws Refused with `what` in it.
[[nodiscard]] std::uint64_t number(std::string_view text, const std::string& what);
[[nodiscard]] std::chrono::milliseconds duration(std::string_view text, const std::string& what);
/// Unset where the option was not given, or says "none".
[[nodiscard]] std::optional<std::chrono::milliseconds> durationOption(const Words& words, std::string_view name);
[[nodiscard]] std::vector<SessionId> sessionIds(const Words& words);

} // namespace gatehouse::ctl
