// SPDX-License-Identifier: GPL-3.0-or-later
#include "feed/histogram.h"
#include "feed/collector.h"
#include "net/messagetimes.h"
#include "runtime/processmeter.h"

#include <QTest>

#include <atomic>
#include <numeric>
#include <thread>
#include <unistd.h>

using namespace gatehouse;
using namespace std::chrono_literals;

class HistogramTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_bound_belongs_to_its_bucket_data();
    void a_bound_belongs_to_its_bucket();
    void bounds_ascend();
    void workers_are_summed();
    void a_reader_beside_the_writer_sees_it_grow();
    void a_message_takes_from_the_loops_waking_to_its_flush();
    void what_only_goes_on_counts_where_it_arrives();
    void what_is_delivered_here_and_there_counts_twice();
    void time_goes_along_over_more_than_one_worker();
    void what_gave_nobody_anything_is_no_message();
    void the_clock_is_not_read_for_nothing();
    void the_kernels_line_is_read_behind_any_name_data();
    void the_kernels_line_is_read_behind_any_name();
    void this_process_has_figures();
};

namespace {

constexpr std::array<std::chrono::nanoseconds, 3> some{1ms, 10ms, 1s};
using Some = DurationHistogram<some>;

/// Where in the buckets they are, and how many.
std::vector<std::pair<double, std::uint64_t>> filled(const WorkerCounters& counters)
{
    Histogram all;
    counters.message.addTo(all);
    std::vector<std::pair<double, std::uint64_t>> result;
    for (std::size_t i = 0; i < all.counts.size(); ++i)
        if (all.counts[i] > 0)
            result.emplace_back(i < all.bounds.size() ? all.bounds[i] : -1, all.counts[i]);
    return result;
}

using Filled = std::vector<std::pair<double, std::uint64_t>>;

auto at(TimePoint time)
{
    return [time] { return time; };
}

} // namespace

void HistogramTest::a_bound_belongs_to_its_bucket_data()
{
    QTest::addColumn<qint64>("nanoseconds");
    QTest::addColumn<int>("bucket");
    QTest::newRow("less than nothing") << qint64(-1) << 0;
    QTest::newRow("nothing") << qint64(0) << 0;
    QTest::newRow("a bound") << qint64(1'000'000) << 0;
    QTest::newRow("just over") << qint64(1'000'001) << 1;
    QTest::newRow("the last bound") << qint64(1'000'000'000) << 2;
    QTest::newRow("over all") << qint64(1'000'000'001) << 3;
    QTest::newRow("a century") << qint64(3'000'000'000'000'000'000) << 3;
}

void HistogramTest::a_bound_belongs_to_its_bucket()
{
    QFETCH(qint64, nanoseconds);
    QFETCH(int, bucket);
    Some histogram;
    histogram.add(std::chrono::nanoseconds(nanoseconds), 3);
    Histogram all;
    histogram.addTo(all);
    std::vector<std::uint64_t> expected(4);
    expected[static_cast<std::size_t>(bucket)] = 3;
    QCOMPARE(all.counts, expected);
    QCOMPARE(all.bounds, (std::vector<double>{0.001, 0.01, 1}));
}

void HistogramTest::bounds_ascend()
{
    QVERIFY(std::is_sorted(bounds::loop.begin(), bounds::loop.end()));
    QVERIFY(std::is_sorted(bounds::handshake.begin(), bounds::handshake.end()));
}

void HistogramTest::workers_are_summed()
{
    WorkerCounters one, two;
    one.request.add(2ms);
    two.request.add(2ms, 2);
    two.request.add(1min);
    two.tlsHandshake.add(3ms);
    one.turn.add(40us);
    const Latencies all = sumLatencies({&one, &two});
    QCOMPARE(all.request.counts.size(), bounds::handshake.size() + 1);
    QCOMPARE(all.request.counts[1], std::uint64_t(3));
    QCOMPARE(all.request.counts.back(), std::uint64_t(1));
    QVERIFY(std::abs(all.request.sum - 60.006) < 1e-9);
    QVERIFY(std::abs(all.tls.sum - 0.003) < 1e-12);
    QCOMPARE(all.turn.counts.front(), std::uint64_t(1));
    QCOMPARE(all.upstream.sum, 0.0);
    QCOMPARE(all.upstream.counts, std::vector<std::uint64_t>(bounds::handshake.size() + 1));
}

void HistogramTest::a_reader_beside_the_writer_sees_it_grow()
{
    Some histogram;
    constexpr std::uint64_t most = 200'000;
    std::thread writer([&] {
        for (std::uint64_t i = 0; i < most; ++i)
            histogram.add(i % 2 == 0 ? 1ms : 2s);
    });
    std::uint64_t before = 0;
    while (before < most) {
        Histogram all;
        histogram.addTo(all);
        const std::uint64_t now = std::accumulate(all.counts.begin(), all.counts.end(), std::uint64_t{0});
        QVERIFY(now >= before && now <= most);
        before = now;
    }
    writer.join();
}

void HistogramTest::a_message_takes_from_the_loops_waking_to_its_flush()
{
    WorkerCounters counters;
    MessageTimes times(counters);
    const TimePoint woke{1h};
    times.beginTurn(woke);
    for (int i = 0; i < 3; ++i)
        const MessageTimes::Handling one(times); // refused ones, and dropped ones, took their time too
    times.endFlush(at(woke + 2ms));
    QCOMPARE(filled(counters), (Filled{{0.0025, 3}}));
    times.beginTurn(woke + 1s);
    times.endFlush(at(woke + 2s));
    QCOMPARE(filled(counters), (Filled{{0.0025, 3}}));
}

void HistogramTest::what_only_goes_on_counts_where_it_arrives()
{
    WorkerCounters here, there;
    MessageTimes from(here), to(there);
    const TimePoint woke{1h};
    from.beginTurn(woke);
    TimePoint since;
    {
        const MessageTimes::Handling one(from);
        since = from.passOn();
    }
    {
        const MessageTimes::Handling next(from); // is one of its own again
    }
    from.endFlush(at(woke + 1ms));
    QCOMPARE(filled(here), (Filled{{0.001, 1}}));
    to.beginTurn(woke + 30ms);
    to.receive(since, [&] { there.messagesOut.add(1000); });
    to.receive(since, [&] { there.dropped.add(); });
    to.endFlush(at(woke + 40ms));
    QCOMPARE(filled(there), (Filled{{0.05, 2}}));
}

void HistogramTest::what_is_delivered_here_and_there_counts_twice()
{
    WorkerCounters here;
    MessageTimes from(here);
    from.beginTurn(TimePoint{1h});
    {
        const MessageTimes::Handling one(from);
        here.messagesOut.add();
        (void)from.passOn();
    }
    from.endFlush(at(TimePoint{1h} + 1ms));
    QCOMPARE(filled(here), (Filled{{0.001, 1}}));
}

void HistogramTest::time_goes_along_over_more_than_one_worker()
{
    WorkerCounters counters;
    MessageTimes home(counters);
    home.beginTurn(TimePoint{1h});
    TimePoint since{};
    home.receive(TimePoint{1h} - 5s, [&] { since = home.passOn(); });
    QVERIFY(since == TimePoint{1h} - 5s);
    QVERIFY(home.passOn() == TimePoint{1h}); // what does not come of it begins now
    home.receive([&] { since = home.passOn(); });
    QVERIFY(since == TimePoint{1h});
}

void HistogramTest::what_gave_nobody_anything_is_no_message()
{
    WorkerCounters counters;
    MessageTimes times(counters);
    times.beginTurn(TimePoint{1h});
    times.receive(TimePoint{1h} - 1s, [] {}); // a subscription, say
    times.receive([] {});
    times.endFlush(at(TimePoint{1h} + 1ms));
    QCOMPARE(filled(counters), Filled{});
    times.receive([&] { counters.messagesOut.add(); }); // what a backend published
    times.endFlush(at(TimePoint{1h} + 1ms));
    QCOMPARE(filled(counters), (Filled{{0.001, 1}}));
}

void HistogramTest::the_clock_is_not_read_for_nothing()
{
    WorkerCounters counters;
    MessageTimes times(counters);
    int read = 0;
    const auto clock = [&] {
        ++read;
        return TimePoint{1h};
    };
    times.beginTurn(TimePoint{1h});
    times.endFlush(clock);
    QCOMPARE(read, 0);
    for (int i = 0; i < 1000; ++i)
        const MessageTimes::Handling one(times);
    times.endFlush(clock);
    QCOMPARE(read, 1);
}

void HistogramTest::the_kernels_line_is_read_behind_any_name_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<bool>("readable");
    const QByteArray rest = "S 1 2 3 4 5 6 7 8 9 10 110 120 15 16 17 18 5 0 900 4096 77 18446744073709551615 1 2\n";
    QTest::newRow("plain") << "123 (gatehoused) " + rest << true;
    QTest::newRow("with blanks and brackets") << "123 (a) b) (c) " + rest << true;
    QTest::newRow("cut off") << QByteArray("123 (gatehoused) S 1 2 3") << false;
    QTest::newRow("no numbers") << "123 (g) " + QByteArray(rest).replace("110", "x") << false;
    QTest::newRow("nothing") << QByteArray() << false;
}

void HistogramTest::the_kernels_line_is_read_behind_any_name()
{
    QFETCH(QByteArray, line);
    QFETCH(bool, readable);
    const auto stat = parseProcessStat(line.toStdString());
    QCOMPARE(stat.has_value(), readable);
    if (readable)
        QVERIFY(*stat == (ProcessStat{110, 120, 5, 900, 4096, 77}));
}

void HistogramTest::this_process_has_figures()
{
    ProcessMeter meter;
    const WallTime wall = SystemClock().wall();
    const ProcessFigures first = meter.look(TimePoint{1h}, wall);
    QVERIFY(first.cpuSeconds && *first.cpuSeconds < 3600);
    QVERIFY(first.residentBytes > 1'000'000u);
    QVERIFY(first.virtualBytes > first.residentBytes);
    QVERIFY(first.threads >= 1u);
    QVERIFY(first.openFiles >= 3u && first.openFiles <= first.mostFiles);
    QVERIFY(first.started && *first.started <= wall && wall - *first.started < 1h);
    std::array<int, 20> more{};
    for (int& one : more)
        one = ::dup(0);
    QVERIFY(meter.look(TimePoint{1h} + 999ms, wall) == first); // however often somebody asks
    const ProcessFigures later = meter.look(TimePoint{1h} + 1s, wall + 5s);
    QCOMPARE(*later.openFiles, *first.openFiles + more.size());
    QCOMPARE(later.started->time_since_epoch().count(), first.started->time_since_epoch().count());
    for (const int one : more)
        ::close(one);
}

QTEST_GUILESS_MAIN(HistogramTest)
#include "histogramtest.moc"
