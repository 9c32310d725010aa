// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/ratebucket.h"

#include <QTest>

#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1h};

std::uint64_t takeAll(RateBucket& bucket, const Rate& rate, TimePoint now, std::uint64_t tries)
{
    std::uint64_t taken = 0;
    for (std::uint64_t i = 0; i < tries; ++i)
        taken += bucket.take(rate, now) ? 1U : 0U;
    return taken;
}

} // namespace

class RateBucketTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_new_bucket_holds_exactly_its_burst_data();
    void a_new_bucket_holds_exactly_its_burst();
    void it_refills_at_its_rate_and_no_further_than_its_burst();
    void over_a_long_time_never_more_than_the_rate_comes_through();
    void nothing_is_taken_on_refusal();
    void an_amount_over_the_burst_never_fits();
    void wait_says_when_the_amount_is_there();
    void a_changed_rate_keeps_the_fill();
    void a_rescaled_bucket_keeps_its_share_data();
    void a_rescaled_bucket_keeps_its_share();
    void huge_counts_and_long_periods_do_not_overflow_data();
    void huge_counts_and_long_periods_do_not_overflow();
    void threads_together_take_exactly_the_burst();
};

void RateBucketTest::a_new_bucket_holds_exactly_its_burst_data()
{
    QTest::addColumn<quint64>("count");
    QTest::addColumn<qint64>("per");
    QTest::addColumn<quint64>("burst");
    QTest::newRow("divides") << quint64(50) << qint64(1'000'000'000) << quint64(100);
    QTest::newRow("thirds") << quint64(3) << qint64(1'000'000'000) << quint64(3);
    QTest::newRow("sevenths") << quint64(7) << qint64(1'000'000'000) << quint64(70'000);
    QTest::newRow("one a day") << quint64(1) << qint64(86'400'000'000'000) << quint64(1);
    QTest::newRow("faster than a nanosecond") << quint64(5'000'000'000) << qint64(1'000'000'000) << quint64(1000);
}

void RateBucketTest::a_new_bucket_holds_exactly_its_burst()
{
    QFETCH(quint64, count);
    QFETCH(qint64, per);
    QFETCH(quint64, burst);
    const Rate rate{count, std::chrono::nanoseconds(per), burst};
    RateBucket bucket;
    QVERIFY(bucket.full(start));
    QCOMPARE(bucket.left(rate, start), std::uint64_t(burst));
    QCOMPARE(takeAll(bucket, rate, start, burst + 10), std::uint64_t(burst));
    QCOMPARE(bucket.left(rate, start), std::uint64_t(0));
    QVERIFY(!bucket.full(start));
}

void RateBucketTest::it_refills_at_its_rate_and_no_further_than_its_burst()
{
    const Rate rate{10, 1s, 20};
    RateBucket bucket;
    QCOMPARE(takeAll(bucket, rate, start, 100), std::uint64_t(20));
    QVERIFY(!bucket.take(rate, start + 99ms));
    QVERIFY(bucket.take(rate, start + 100ms));
    QCOMPARE(takeAll(bucket, rate, start + 1100ms, 100), std::uint64_t(10));
    QCOMPARE(bucket.left(rate, start + 1h), std::uint64_t(20));
    QVERIFY(bucket.full(start + 1h));
}

void RateBucketTest::over_a_long_time_never_more_than_the_rate_comes_through()
{
    const Rate rate{7, 1s, 7};
    RateBucket bucket;
    std::uint64_t taken = 0;
    for (auto at = 0ms; at < 100s; at += 10ms)
        taken += takeAll(bucket, rate, start + at, 3);
    QVERIFY2(taken <= 707 && taken >= 700, qPrintable(QString::number(taken)));
}

void RateBucketTest::nothing_is_taken_on_refusal()
{
    const Rate rate{10, 1s, 10};
    RateBucket bucket;
    QVERIFY(bucket.take(rate, start, 7));
    QVERIFY(!bucket.take(rate, start, 4));
    QVERIFY(bucket.take(rate, start, 3));
}

void RateBucketTest::an_amount_over_the_burst_never_fits()
{
    const Rate rate{10, 1s, 10};
    RateBucket bucket;
    QVERIFY(!bucket.take(rate, start, 11));
    QCOMPARE(bucket.wait(rate, start, 11), std::chrono::nanoseconds::max());
    QVERIFY(!bucket.take(Rate{0, 1s, 0}, start));
}

void RateBucketTest::wait_says_when_the_amount_is_there()
{
    const Rate rate{3, 1s, 3};
    RateBucket bucket;
    QCOMPARE(bucket.wait(rate, start, 3), 0ns);
    QCOMPARE(takeAll(bucket, rate, start, 3), std::uint64_t(3));
    const auto wait = bucket.wait(rate, start);
    QVERIFY(wait > 333ms && wait < 334ms);
    QVERIFY(!bucket.take(rate, start + wait - 1ns));
    QVERIFY(bucket.take(rate, start + wait));
}

void RateBucketTest::a_changed_rate_keeps_the_fill()
{
    RateBucket bucket;
    QVERIFY(bucket.take(Rate{10, 1s, 10}, start, 10));
    QCOMPARE(bucket.left(Rate{10, 1s, 20}, start), std::uint64_t(10));
    QCOMPARE(bucket.left(Rate{10, 1s, 5}, start), std::uint64_t(0));
}

void RateBucketTest::a_rescaled_bucket_keeps_its_share_data()
{
    QTest::addColumn<quint64>("used");
    QTest::addColumn<quint64>("burst"); ///< of the new rate, one each second; the old one holds 100; 0: off
    QTest::addColumn<quint64>("left");
    QTest::addColumn<qint64>("wait"); ///< seconds until there is a token
    QTest::newRow("full stays full") << quint64(0) << quint64(300) << quint64(300) << qint64(0);
    QTest::newRow("empty stays empty") << quint64(100) << quint64(300) << quint64(0) << qint64(1);
    QTest::newRow("a quarter of more") << quint64(75) << quint64(400) << quint64(100) << qint64(0);
    QTest::newRow("a quarter of less") << quint64(75) << quint64(8) << quint64(2) << qint64(0);
    QTest::newRow("a debt is as many tokens") << quint64(120) << quint64(10) << quint64(0) << qint64(21);
    QTest::newRow("off, and it begins full") << quint64(120) << quint64(0) << quint64(100) << qint64(0);
}

void RateBucketTest::a_rescaled_bucket_keeps_its_share()
{
    QFETCH(quint64, used);
    QFETCH(quint64, burst);
    QFETCH(quint64, left);
    QFETCH(qint64, wait);
    const Rate before{10, 1s, 100};
    const Rate after{1, 1s, burst == 0 ? 100 : burst};
    RateBucket bucket;
    bucket.charge(before, start, used);
    if (burst == 0)
        bucket.rescale(before, std::nullopt, start);
    bucket.rescale(burst == 0 ? OptionalRate() : before, after, start);
    QCOMPARE(bucket.left(after, start), std::uint64_t(left));
    QVERIFY(bucket.wait(after, start) == std::chrono::seconds(wait));
    QVERIFY(!bucket.full(start) || left == after.burst);
}

void RateBucketTest::huge_counts_and_long_periods_do_not_overflow_data()
{
    QTest::addColumn<quint64>("count");
    QTest::addColumn<qint64>("per");
    QTest::addColumn<quint64>("burst");
    const auto most = std::numeric_limits<quint64>::max();
    const auto longest = std::numeric_limits<qint64>::max();
    QTest::newRow("huge count") << most << qint64(1) << most;
    QTest::newRow("long period") << quint64(1) << longest << quint64(1);
    QTest::newRow("long period, huge burst") << quint64(1) << longest << most;
    QTest::newRow("no period") << quint64(1) << qint64(0) << most;
}

void RateBucketTest::huge_counts_and_long_periods_do_not_overflow()
{
    QFETCH(quint64, count);
    QFETCH(qint64, per);
    QFETCH(quint64, burst);
    const Rate rate{count, std::chrono::nanoseconds(per), burst};
    for (const TimePoint now : {TimePoint{}, start, TimePoint::max()}) {
        RateBucket bucket;
        QVERIFY(bucket.take(rate, now));
        QVERIFY(bucket.left(rate, now) < burst);
        QVERIFY(bucket.wait(rate, now) >= 0ns);
    }
}

void RateBucketTest::threads_together_take_exactly_the_burst()
{
    constexpr std::uint64_t burst = 10'000;
    constexpr std::size_t threadCount = 4;
    const Rate rate{1, 1h, burst};
    RateBucket bucket;
    std::atomic<std::uint64_t> taken{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < threadCount; ++i)
        threads.emplace_back([&] { taken += takeAll(bucket, rate, start, burst); });
    for (std::thread& thread : threads)
        thread.join();
    QCOMPARE(taken.load(), burst);
}

QTEST_GUILESS_MAIN(RateBucketTest)
#include "ratebuckettest.moc"
