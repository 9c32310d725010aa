// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/ratebucket.h"

#include <QTest>

#include <thread>
#include <vector>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {
constexpr TimePoint start{1h};
}

/// RateBucket::charge(): what is taken though it is not there.
class RateDebtTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void what_is_there_is_taken_without_a_debt();
    void a_debt_is_waited_for();
    void take_is_refused_while_there_is_a_debt();
    void over_a_long_time_the_rate_comes_through_and_no_more();
    void huge_charges_saturate();
    void threads_together_owe_what_they_took();
};

void RateDebtTest::what_is_there_is_taken_without_a_debt()
{
    RateBucket bucket;
    const Rate rate{10, 1s, 5};
    for (std::uint64_t left = 5; left > 0; --left) {
        QCOMPARE(bucket.left(rate, start), left);
        QCOMPARE(bucket.wait(rate, start), 0ns);
        bucket.charge(rate, start);
    }
    QCOMPARE(bucket.left(rate, start), 0u);
    QCOMPARE(bucket.wait(rate, start), 100ms);
}

void RateDebtTest::a_debt_is_waited_for()
{
    RateBucket bucket;
    const Rate rate{1000, 1s, 1000};
    bucket.charge(rate, start, 3000); // one over the burst fits, too
    QCOMPARE(bucket.left(rate, start), 0u);
    QCOMPARE(bucket.wait(rate, start), 2001ms);
    QCOMPARE(bucket.wait(rate, start + 2s), 1ms);
    QCOMPARE(bucket.wait(rate, start + 2001ms), 0ns);
    QCOMPARE(bucket.left(rate, start + 3s), 1000u);
    QVERIFY(bucket.full(start + 3s));
}

void RateDebtTest::take_is_refused_while_there_is_a_debt()
{
    RateBucket bucket;
    const Rate rate{10, 1s, 5};
    bucket.charge(rate, start, 10);
    QVERIFY(!bucket.take(rate, start + 599ms));
    QVERIFY(bucket.take(rate, start + 600ms));
    QVERIFY(!bucket.take(rate, start + 600ms));
}

void RateDebtTest::over_a_long_time_the_rate_comes_through_and_no_more()
{
    RateBucket bucket;
    const Rate rate{7, 1s, 3};
    TimePoint now = start;
    std::uint64_t taken = 0;
    while (now < start + 1000s) {
        bucket.charge(rate, now);
        ++taken;
        now += bucket.wait(rate, now);
    }
    QVERIFY2(taken <= 7003 && taken >= 7002, std::to_string(taken).c_str());
}

void RateDebtTest::huge_charges_saturate()
{
    RateBucket bucket;
    const Rate slow{1, std::chrono::hours(24), 1};
    for (int i = 0; i < 10; ++i)
        bucket.charge(slow, start, ~std::uint64_t{0});
    QVERIFY(bucket.wait(slow, start) > std::chrono::hours(24 * 365));
    QCOMPARE(bucket.left(slow, start), 0u);
    QVERIFY(!bucket.take(slow, start + 1h));
    bucket.charge(slow, TimePoint::max());
    QVERIFY(!bucket.take(slow, start));
}

void RateDebtTest::threads_together_owe_what_they_took()
{
    RateBucket bucket;
    const Rate rate{1000, 1s, 1000};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 1000; ++n)
                bucket.charge(rate, start);
        });
    for (std::thread& thread : threads)
        thread.join();
    QCOMPARE(bucket.wait(rate, start), 3001ms);
}

QTEST_GUILESS_MAIN(RateDebtTest)
#include "ratedebttest.moc"
