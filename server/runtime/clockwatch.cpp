// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/clockwatch.h"

namespace gatehouse {

std::optional<std::chrono::milliseconds> ClockWatch::look(TimePoint now, WallTime wall)
{
    using std::chrono::milliseconds;
    const milliseconds offset = std::chrono::duration_cast<milliseconds>(wall.time_since_epoch()) -
                                std::chrono::duration_cast<milliseconds>(now.time_since_epoch());
    if (!m_offset)
        m_offset = offset;
    const milliseconds step = offset - *m_offset;
    const bool off = step > least || step < -least;
    const bool moved = off && m_seen;
    m_seen = off && !moved;
    if (!moved)
        return std::nullopt;
    m_offset = offset;
    return step;
}

} // namespace gatehouse
