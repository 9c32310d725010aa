// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse {

/// "2026-11-22T09:30:00.000Z" (RFC 3339). Years 0 to 9999.
[[nodiscard]] std::string formatTime(WallTime time);
/// The same, or without the fraction.
[[nodiscard]] std::optional<WallTime> parseTime(std::string_view text);

} // namespace gatehouse
