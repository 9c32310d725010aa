// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/timingwheel.h"

#include <QTest>

#include <map>
#include <memory>
#include <random>
#include <set>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

struct Entry : Timer {
    TimePoint deadline{};
    int fired = 0;
};

TimePoint at(std::chrono::nanoseconds time)
{
    return TimePoint(std::chrono::hours(3)) + time;
}

/// Hands out what is due, and arms again what was handed out early, as its owners do.
void advance(TimingWheel& wheel, TimePoint now)
{
    wheel.advance(now, [&](Timer& timer) {
        auto& entry = static_cast<Entry&>(timer);
        if (now < entry.deadline)
            wheel.arm(entry, entry.deadline);
        else
            ++entry.fired;
    });
}

} // namespace

class TimingWheelTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_timer_is_never_early_and_at_most_two_ticks_late();
    void a_deadline_that_has_passed_comes_with_the_next_tick();
    void a_deadline_beyond_the_ring_comes_in_time();
    void arming_again_moves_a_timer();
    void a_timer_that_is_destroyed_is_not_handed_out();
    void a_callback_may_destroy_and_arm_others();
    void a_long_sleep_hands_out_everything_once();
    void sleep_lasts_to_the_next_deadline_and_no_longer_than_asked();
    void random_timers_fire_like_naive_ones();
};

void TimingWheelTest::a_timer_is_never_early_and_at_most_two_ticks_late()
{
    for (int offset = 0; offset < 40; ++offset) {
        TimingWheel wheel(at(0ms));
        Entry entry;
        entry.deadline = at(std::chrono::milliseconds(offset));
        wheel.arm(entry, entry.deadline);
        std::chrono::milliseconds now{0};
        while (entry.fired == 0) {
            now += 1ms;
            wheel.advance(at(now), [&](Timer&) { ++entry.fired; });
        }
        QVERIFY(at(now) >= entry.deadline);
        QVERIFY(at(now) <= entry.deadline + 2 * TimingWheel::tick);
    }
}

void TimingWheelTest::a_deadline_that_has_passed_comes_with_the_next_tick()
{
    TimingWheel wheel(at(10s));
    Entry entry;
    entry.deadline = at(1s);
    wheel.arm(entry, entry.deadline);
    advance(wheel, at(10s) + TimingWheel::tick);
    QCOMPARE(entry.fired, 1);
    QVERIFY(!entry.armed());
}

void TimingWheelTest::a_deadline_beyond_the_ring_comes_in_time()
{
    TimingWheel wheel(at(0ms));
    Entry entry, never;
    entry.deadline = at(10min);
    never.deadline = TimePoint::max();
    wheel.arm(entry, entry.deadline);
    wheel.arm(never, never.deadline);
    std::chrono::milliseconds now{0};
    for (; now < 10min; now += 50ms) {
        advance(wheel, at(now));
        QCOMPARE(entry.fired, 0);
    }
    advance(wheel, at(now + 50ms));
    QCOMPARE(entry.fired, 1);
    QVERIFY(never.armed());
}

void TimingWheelTest::arming_again_moves_a_timer()
{
    TimingWheel wheel(at(0ms));
    Entry entry;
    entry.deadline = at(100ms);
    wheel.arm(entry, entry.deadline);
    entry.deadline = at(5s);
    wheel.arm(entry, entry.deadline);
    int handed = 0;
    wheel.advance(at(4s), [&](Timer&) { ++handed; });
    QCOMPARE(handed, 0);
    wheel.advance(at(6s), [&](Timer&) { ++handed; });
    QCOMPARE(handed, 1);
}

void TimingWheelTest::a_timer_that_is_destroyed_is_not_handed_out()
{
    TimingWheel wheel(at(0ms));
    {
        Entry entry;
        wheel.arm(entry, at(100ms));
    }
    int handed = 0;
    wheel.advance(at(1s), [&](Timer&) { ++handed; });
    QCOMPARE(handed, 0);
}

void TimingWheelTest::a_callback_may_destroy_and_arm_others()
{
    TimingWheel wheel(at(0ms));
    auto first = std::make_unique<Entry>();
    auto second = std::make_unique<Entry>();
    Entry third;
    wheel.arm(*first, at(100ms));
    wheel.arm(*second, at(100ms));
    int handed = 0;
    wheel.advance(at(1s), [&](Timer& timer) {
        ++handed;
        if (&timer == first.get() || &timer == second.get()) {
            first.reset(); // one of them is the one handed out
            second.reset();
            wheel.arm(third, at(200ms));
        }
    });
    QCOMPARE(handed, 2); // one of the two, then the third, whose deadline had passed
}

void TimingWheelTest::a_long_sleep_hands_out_everything_once()
{
    TimingWheel wheel(at(0ms));
    std::vector<std::unique_ptr<Entry>> entries;
    for (int i = 0; i < 500; ++i) {
        entries.push_back(std::make_unique<Entry>());
        entries.back()->deadline = at(std::chrono::milliseconds(i * 500));
        wheel.arm(*entries.back(), entries.back()->deadline);
    }
    advance(wheel, at(24h));
    for (const auto& entry : entries)
        QCOMPARE(entry->fired, 1);
}

void TimingWheelTest::sleep_lasts_to_the_next_deadline_and_no_longer_than_asked()
{
    TimingWheel wheel(at(0ms));
    QCOMPARE(wheel.sleepFor(at(0ms), 50ms), 50ms);
    Entry entry;
    wheel.arm(entry, at(20ms));
    const auto sleep = wheel.sleepFor(at(0ms), 50ms);
    QVERIFY(sleep >= 20ms && sleep <= 20ms + 2 * TimingWheel::tick);
    int handed = 0;
    wheel.advance(at(sleep), [&](Timer&) { ++handed; });
    QCOMPARE(handed, 1); // whoever sleeps as long as that finds it due
    wheel.arm(entry, at(20ms));
    QCOMPARE(wheel.sleepFor(at(1h), 50ms), 0ms);
}

void TimingWheelTest::random_timers_fire_like_naive_ones()
{
    std::mt19937 random(4711);
    const auto below = [&](unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(random); };
    TimingWheel wheel(at(0ms));
    std::vector<std::unique_ptr<Entry>> entries;
    for (int i = 0; i < 200; ++i)
        entries.push_back(std::make_unique<Entry>());
    std::chrono::milliseconds now{0};
    std::set<Entry*> armed; // the naive one
    for (int step = 0; step < 5000; ++step) {
        Entry& entry = *entries[below(200)];
        switch (below(4)) {
        case 0:
        case 1:
            entry.deadline = at(now + std::chrono::milliseconds(below(below(2) == 0 ? 300 : 120'000)));
            wheel.arm(entry, entry.deadline);
            armed.insert(&entry);
            break;
        case 2:
            entry.unlink();
            armed.erase(&entry);
            break;
        default:
            now += std::chrono::milliseconds(below(below(20) == 0 ? 100'000 : 60));
            wheel.advance(at(now), [&](Timer& timer) {
                auto& due = static_cast<Entry&>(timer);
                if (at(now) < due.deadline)
                    wheel.arm(due, due.deadline);
                else
                    QVERIFY(armed.erase(&due) == 1);
            });
            for (const Entry* left : armed)
                QVERIFY(at(now) < left->deadline + 2 * TimingWheel::tick);
        }
        QCOMPARE(entry.armed(), armed.contains(&entry));
    }
}

QTEST_GUILESS_MAIN(TimingWheelTest)
#include "timingwheeltest.moc"
