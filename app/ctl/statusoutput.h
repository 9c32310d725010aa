// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"

#include <cstdint>
#include <string>

// What is said about the gate as a whole, for people.
namespace gatehouse::ctl {

/// "12 days left"
[[nodiscard]] std::string daysText(std::int64_t days);
/// "until 2026-11-22T12:00:00.000Z (4 min 30 s left)"
[[nodiscard]] std::string untilText(WallTime until, WallTime now);

/// Since when, by whom, until when and with what exceptions; not escaped.
[[nodiscard]] std::string lockdownText(const Lockdown& lockdown, WallTime now);

[[nodiscard]] std::string text(const Info& info);

} // namespace gatehouse::ctl
