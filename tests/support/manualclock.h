// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <atomic>

namespace gatehouse::test {

/// Both clocks, moved by the test.
class ManualClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return TimePoint(std::chrono::nanoseconds(m_steady.load())); }
    [[nodiscard]] WallTime wall() const override { return WallTime(std::chrono::milliseconds(m_wall.load())); }

    void advance(std::chrono::nanoseconds by)
    {
        m_steady += by.count();
        m_wall += std::chrono::duration_cast<std::chrono::milliseconds>(by).count();
    }
    void stepWall(std::chrono::milliseconds by) { m_wall += by.count(); }

private:
    std::atomic<std::int64_t> m_steady{std::chrono::nanoseconds(std::chrono::hours(1)).count()};
    std::atomic<std::int64_t> m_wall{1'800'000'000'000};
};

} // namespace gatehouse::test
