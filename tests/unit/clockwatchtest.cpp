// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/clockwatch.h"

#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

class ClockWatchTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_step_is_told_once_at_the_second_look_data();
    void a_step_is_told_once_at_the_second_look();
    void one_look_that_is_off_is_no_step();
    void small_steps_add_up();
};

void ClockWatchTest::a_step_is_told_once_at_the_second_look_data()
{
    QTest::addColumn<qint64>("step");
    QTest::newRow("an hour ahead") << qint64{3'600'000};
    QTest::newRow("an hour back") << qint64{-3'600'000};
    QTest::newRow("just over the least") << qint64{5'001};
}

void ClockWatchTest::a_step_is_told_once_at_the_second_look()
{
    QFETCH(qint64, step);
    ClockWatch watch;
    TimePoint now(1h);
    WallTime wall(1'800'000'000'000ms);
    const auto look = [&] {
        now += 250ms;
        wall += 250ms;
        return watch.look(now, wall);
    };
    QVERIFY(!look());
    wall += std::chrono::milliseconds(step);
    QVERIFY(!look());
    QCOMPARE(look(), std::optional(std::chrono::milliseconds(step)));
    for (int i = 0; i < 5; ++i)
        QVERIFY(!look());
    wall -= std::chrono::milliseconds(step);
    QVERIFY(!look());
    QCOMPARE(look(), std::optional(std::chrono::milliseconds(-step)));
}

void ClockWatchTest::one_look_that_is_off_is_no_step()
{
    ClockWatch watch;
    const WallTime wall(1'800'000'000'000ms);
    QVERIFY(!watch.look(TimePoint(1h), wall));
    QVERIFY(!watch.look(TimePoint(2h), wall)); // read before the wall clock went on
    QVERIFY(!watch.look(TimePoint(2h), wall + 1h));
    QVERIFY(!watch.look(TimePoint(3h), wall + 1h));
    QVERIFY(!watch.look(TimePoint(3h), wall + 2h));
}

void ClockWatchTest::small_steps_add_up()
{
    ClockWatch watch;
    const TimePoint now(1h);
    const WallTime wall(1'800'000'000'000ms);
    QVERIFY(!watch.look(now, wall));
    QVERIFY(!watch.look(now, wall + 3s));
    QVERIFY(!watch.look(now, wall + 5s));
    QVERIFY(!watch.look(now, wall + 6s));
    QCOMPARE(watch.look(now, wall + 6s), std::optional(6000ms));
}

QTEST_GUILESS_MAIN(ClockWatchTest)
#include "clockwatchtest.moc"
