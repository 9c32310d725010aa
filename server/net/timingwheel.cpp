// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/timingwheel.h"

#include <algorithm>

namespace gatehouse {

void Timer::unlink()
{
    if (!m_next)
        return;
    m_next->m_previous = m_previous;
    m_previous->m_next = m_next;
    m_next = m_previous = nullptr;
}

TimingWheel::TimingWheel(TimePoint now)
    : m_current(tickOf(now))
{
    for (Timer& head : m_slots)
        head.m_next = head.m_previous = &head;
}

void TimingWheel::arm(Timer& timer, TimePoint deadline)
{
    timer.unlink();
    // The slot after the deadline's, so that a timer handed out is never early by a part of a tick.
    const std::int64_t wanted = tickOf(deadline) + 1;
    const std::int64_t slot = std::clamp(wanted, m_current + 1, m_current + static_cast<std::int64_t>(slots) - 1);
    Timer& head = m_slots[static_cast<std::size_t>(slot) % slots];
    timer.m_previous = head.m_previous;
    timer.m_next = &head;
    head.m_previous->m_next = &timer;
    head.m_previous = &timer;
}

std::chrono::milliseconds TimingWheel::sleepFor(TimePoint now, std::chrono::milliseconds atMost) const
{
    const std::int64_t last = m_current + 1 + atMost / tick;
    for (std::int64_t slot = m_current + 1; slot <= last; ++slot) {
        const Timer& head = m_slots[static_cast<std::size_t>(slot) % slots];
        if (head.m_next != &head) {
            const TimePoint due{std::chrono::duration_cast<TimePoint::duration>(slot * tick)};
            const auto wait = std::chrono::ceil<std::chrono::milliseconds>(due - now);
            return std::clamp(wait, std::chrono::milliseconds(0), atMost);
        }
    }
    return atMost;
}

std::int64_t TimingWheel::tickOf(TimePoint time)
{
    return time.time_since_epoch() / tick;
}

void TimingWheel::moveAll(Timer& from, Timer& to)
{
    if (from.m_next == &from) {
        to.m_next = to.m_previous = &to;
        return;
    }
    to.m_next = from.m_next;
    to.m_previous = from.m_previous;
    to.m_next->m_previous = &to;
    to.m_previous->m_next = &to;
    from.m_next = from.m_previous = &from;
}

} // namespace gatehouse
