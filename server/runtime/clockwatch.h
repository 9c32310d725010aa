// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <optional>

namespace gatehouse {

/// Notices that the wall clock was moved: tokens are judged by it, all other times by the steady clock. Both are read
/// one after the other, so that a difference counts where it still stands at the next look. Owner: the runtime thread.
class ClockWatch {
public:
    static constexpr std::chrono::seconds least{5}; ///< smaller steps add up until they are seen

    /// By how much the wall clock moved, once for each time; negative: back.
    [[nodiscard]] std::optional<std::chrono::milliseconds> look(TimePoint now, WallTime wall);

private:
    std::optional<std::chrono::milliseconds> m_offset; ///< of the wall clock from the steady one
    bool m_seen = false;                               ///< at the last look it was off
};

} // namespace gatehouse
