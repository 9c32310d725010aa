// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <algorithm>

namespace gatehouse {

/// When it is `time` by a wall clock that says `wall` at `now`. What is over a hundred years away, which tokens may
/// say, is a hundred years away: the steady clock counts nanoseconds in 64 bits.
[[nodiscard]] inline TimePoint steadyTime(WallTime time, TimePoint now, WallTime wall)
{
    constexpr std::chrono::milliseconds century = std::chrono::years(100);
    return now + std::clamp(time - wall, -century, century);
}

} // namespace gatehouse
