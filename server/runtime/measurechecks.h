// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"

#include <string>

// What must be right about a measure before it is taken. Each says in English what is wrong; empty: nothing.
namespace gatehouse {

inline constexpr std::size_t longestMeasureReason = 500; ///< bytes
inline constexpr std::size_t mostListed = 1000;          ///< users, networks or sessions of one command

[[nodiscard]] std::string problemOf(const LockdownCommand& command);
[[nodiscard]] std::string problemOf(const LimitCommand& command);
[[nodiscard]] std::string problemOf(const QuarantineCommand& command);
[[nodiscard]] std::string problemOf(const DrainCommand& command);
[[nodiscard]] std::string problemOf(const UpstreamDrainCommand& command);

} // namespace gatehouse
