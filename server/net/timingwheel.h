// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace gatehouse {

/// A place in a TimingWheel, embedded in what has the deadline. Unlinks itself when destroyed.
class Timer {
public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { unlink(); }

    [[nodiscard]] bool armed() const { return m_next != nullptr; }
    void unlink();

private:
    friend class TimingWheel;
    Timer* m_next = nullptr;
    Timer* m_previous = nullptr;
};

/// Deadlines in constant time: a ring of slots of one tick each. A deadline beyond the ring waits in its last slot and
/// is handed out early; whoever is handed a timer compares its own deadline and arms it again. Owner: one I/O worker.
class TimingWheel {
public:
    static constexpr std::chrono::milliseconds tick{16};
    static constexpr std::size_t slots = 4096;

    explicit TimingWheel(TimePoint now);

    void arm(Timer& timer, TimePoint deadline);

    /// Hands out every timer whose slot has passed. The callback may arm or destroy timers.
    template <class Callback> void advance(TimePoint now, Callback&& callback)
    {
        const std::int64_t target = tickOf(now);
        while (m_current < target) {
            if (target - m_current > static_cast<std::int64_t>(slots))
                m_current = target - static_cast<std::int64_t>(slots); // after a long sleep each slot is looked at once
            ++m_current;
            Timer due;
            moveAll(m_slots[static_cast<std::size_t>(m_current) % slots], due);
            while (due.m_next != &due) {
                Timer* timer = due.m_next;
                timer->unlink();
                callback(*timer);
            }
            due.m_next = due.m_previous = nullptr;
        }
    }

    /// How long the owner may sleep: until the next slot that is not empty, at most `atMost`.
    [[nodiscard]] std::chrono::milliseconds sleepFor(TimePoint now, std::chrono::milliseconds atMost) const;

private:
    [[nodiscard]] static std::int64_t tickOf(TimePoint time);
    static void moveAll(Timer& from, Timer& to);

    std::array<Timer, slots> m_slots; ///< list heads
    std::int64_t m_current;
};

} // namespace gatehouse
