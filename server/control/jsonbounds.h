// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <string_view>

// What somebody else's JSON may cost, known before it is paid: writing a value recurses, and its lines are indented.
namespace gatehouse {

inline constexpr std::size_t deepestBody = 128; ///< objects and lists within each other; a policy may have half of it

/// Counts brackets outside of strings, whether or not the rest is JSON.
[[nodiscard]] bool nestsDeeper(std::string_view text, std::size_t most);

/// Bytes of line ends and blanks that dump(2) writes for a value no deeper than deepestBody.
[[nodiscard]] std::size_t blanksInLines(const nlohmann::json& value, std::size_t level = 0);

} // namespace gatehouse
