// SPDX-License-Identifier: GPL-3.0-or-later
#include "feed/authfailuretable.h"
#include "feed/collector.h"

#include <QTest>

#include <map>
#include <random>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr WallTime today{std::chrono::milliseconds(1'800'000'000'000)};

SessionRow rowOf(std::uint64_t id, std::uint64_t messages)
{
    auto info = std::make_shared<SessionInfo>();
    info->id = SessionId{id};
    SessionRow row{std::move(info), {}};
    row.activity.messagesIn = messages;
    return row;
}

ClosedSession closedOf(std::uint64_t id)
{
    ClosedSession session;
    session.id = SessionId{id};
    session.code = 1000;
    return session;
}

/// What a watcher holds: rows by id, with their counts.
struct View {
    std::map<std::uint64_t, std::uint64_t> rows;
    std::uint64_t sequence = 0;
    bool gapless = true;

    bool take(Mailbox& mailbox)
    {
        const auto batch = mailbox.take();
        if (!batch)
            return false;
        gapless = gapless && batch->sequence == sequence + 1;
        sequence = batch->sequence;
        if (batch->snapshot)
            rows.clear();
        for (const SessionRow& row : batch->rows)
            rows[row.info->id.value] = row.activity.messagesIn;
        for (const ClosedSession& session : batch->closed)
            rows.erase(session.id.value);
        return true;
    }
};

IpAddress address(unsigned n)
{
    return IpAddress::parse("10." + std::to_string(n >> 16 & 255) + '.' + std::to_string(n >> 8 & 255) + '.' +
                            std::to_string(n & 255))
        .value();
}

Explanation why(Reason reason, WallTime time)
{
    return {{reason, {"/issuers/0/secret_file", "issuer local › secret_file"}, "a signature", "another"}, 7, time, {}};
}

} // namespace

class FeedTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void batches_merge_until_they_are_taken();
    void a_mailbox_wakes_once_for_what_lies_ready();
    void a_mailbox_is_bounded_and_asks_for_a_snapshot();
    void a_batch_that_is_too_large_by_itself_still_wakes();
    void groups_of_failures_count_towards_the_bound();
    void rows_that_change_again_and_again_do_not_fill_a_mailbox();
    void a_closed_mailbox_wakes_nobody();
    void random_batches_equal_a_naive_rebuild();
    void no_snapshot_before_every_worker_has_sent_all();
    void a_whole_batch_replaces_the_rows_of_its_worker_alone();
    void history_is_bounded_and_comes_with_a_snapshot();
    void failures_are_counted_by_address_and_reason();
    void failures_roll_by_the_minute();
    void a_full_table_of_failures_forgets_the_oldest();
    void a_sampler_sums_workers_and_measures_over_a_second();
};

void FeedTest::batches_merge_until_they_are_taken()
{
    Mailbox mailbox([] {});
    FeedBatch one;
    one.rows = {rowOf(1, 1), rowOf(2, 1)};
    one.stats.sessions = 2;
    FeedBatch two;
    two.rows = {rowOf(2, 5), rowOf(3, 1)};
    two.closed = {closedOf(1)};
    two.stats.sessions = 3;
    QVERIFY(mailbox.merge(one));
    QVERIFY(mailbox.merge(two));
    const auto batch = mailbox.take();
    QCOMPARE(batch->sequence, 1u);
    QVERIFY(!batch->snapshot);
    QCOMPARE(batch->rows.size(), 3u);
    QCOMPARE(batch->rows[1].activity.messagesIn, 5u);
    QCOMPARE(batch->closed.size(), 1u);
    QCOMPARE(batch->stats.sessions, 3u);
    QVERIFY(!mailbox.take());
}

void FeedTest::a_mailbox_wakes_once_for_what_lies_ready()
{
    int woken = 0;
    Mailbox mailbox([&] { ++woken; });
    for (int i = 0; i < 5; ++i)
        QVERIFY(mailbox.merge({}));
    QCOMPARE(woken, 1);
    QVERIFY(mailbox.take());
    mailbox.replace({});
    QCOMPARE(woken, 2);
}

void FeedTest::a_mailbox_is_bounded_and_asks_for_a_snapshot()
{
    Mailbox mailbox([] {});
    FeedBatch batch;
    for (std::uint64_t id = 1; id <= 1000; ++id)
        batch.closed.push_back(closedOf(id));
    std::size_t merged = 0;
    while (mailbox.merge(batch))
        merged += batch.closed.size();
    QCOMPARE(merged, Mailbox::capacity);
    FeedBatch snapshot;
    snapshot.rows = {rowOf(7, 7)};
    mailbox.replace(snapshot);
    const auto taken = mailbox.take();
    QVERIFY(taken->snapshot);
    QCOMPARE(taken->rows.size(), 1u);
    QVERIFY(taken->closed.empty());
}

void FeedTest::a_batch_that_is_too_large_by_itself_still_wakes()
{
    int woken = 0;
    Mailbox mailbox([&] { ++woken; });
    FeedBatch batch;
    batch.closed.assign(Mailbox::capacity + 1, closedOf(1));
    QVERIFY(!mailbox.merge(batch));
    QVERIFY(!mailbox.take());
    mailbox.replace({});
    QCOMPARE(woken, 1);
    QVERIFY(mailbox.take()->snapshot);
}

void FeedTest::groups_of_failures_count_towards_the_bound()
{
    Mailbox mailbox([] {});
    std::size_t merged = 0;
    for (unsigned n = 0;; n += 1000) {
        FeedBatch batch;
        for (unsigned i = n; i < n + 1000; ++i) {
            batch.authFailures.emplace_back();
            batch.authFailures.back().address = address(i).toString();
            batch.authFailures.back().reason = Reason::JwtSig;
        }
        if (!mailbox.merge(batch))
            break;
        merged += 1000;
        QVERIFY(merged <= Mailbox::capacity);
    }
    QCOMPARE(merged, Mailbox::capacity);
}

void FeedTest::rows_that_change_again_and_again_do_not_fill_a_mailbox()
{
    Mailbox mailbox([] {});
    FeedBatch batch;
    for (std::uint64_t id = 1; id <= 5000; ++id)
        batch.rows.push_back(rowOf(id, id));
    for (int i = 0; i < 40; ++i)
        QVERIFY(mailbox.merge(batch));
    QCOMPARE(mailbox.take()->rows.size(), 5000u);
}

void FeedTest::a_closed_mailbox_wakes_nobody()
{
    int woken = 0;
    Mailbox mailbox([&] { ++woken; });
    mailbox.close();
    QVERIFY(mailbox.merge({}));
    QCOMPARE(woken, 0);
}

void FeedTest::random_batches_equal_a_naive_rebuild()
{
    constexpr std::uint32_t workers = 3;
    std::mt19937 random(2026);
    const auto below = [&](unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(random); };
    Collector collector;
    std::map<std::uint64_t, std::uint64_t> truth;
    std::uint64_t next = workers;
    struct Watcher {
        std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>([] {});
        View view;
    };
    std::vector<std::unique_ptr<Watcher>> watchers;
    const auto sendAll = [&] {
        std::vector<SessionRow> rows;
        for (const auto& [id, messages] : truth)
            rows.push_back(rowOf(id, messages));
        for (std::uint32_t worker = 0; worker < workers; ++worker)
            collector.beginWhole(worker);
        collector.apply(std::move(rows), {});
    };
    for (int step = 0; step < 3000; ++step) {
        std::vector<SessionRow> rows;
        std::vector<ClosedSession> closed;
        for (unsigned i = below(6); i > 0; --i) {
            if (truth.empty() || below(3) == 0) {
                truth[next] = 0;
                rows.push_back(rowOf(next++, 0));
                continue;
            }
            const auto chosen =
                std::next(truth.begin(), static_cast<std::ptrdiff_t>(below(static_cast<unsigned>(truth.size()))));
            if (below(3) == 0) {
                closed.push_back(closedOf(chosen->first));
                std::erase_if(rows, [&](const SessionRow& row) { return row.info->id.value == chosen->first; });
                truth.erase(chosen);
            } else {
                rows.push_back(rowOf(chosen->first, ++chosen->second));
            }
        }
        collector.apply(std::move(rows), std::move(closed));
        if (below(40) == 0) {
            const bool first = !collector.watched();
            if (first)
                collector.expectAll(workers);
            watchers.push_back(std::make_unique<Watcher>());
            collector.addWatcher(watchers.back()->mailbox);
            if (first)
                sendAll();
        }
        if (below(60) == 0 && !watchers.empty()) {
            collector.removeWatcher(watchers.back()->mailbox);
            watchers.pop_back();
        }
        if (below(100) == 0 && !watchers.empty()) { // what was published was lost
            collector.expectAll(workers);
            sendAll();
        }
        if (below(20) == 0 && !watchers.empty())
            collector.askForSnapshot(*watchers[below(static_cast<unsigned>(watchers.size()))]->mailbox);
        collector.tick({}, {});
        if (collector.needsSnapshot())
            collector.refresh({}, {});
        for (const auto& watcher : watchers) {
            if (below(4) != 0)
                continue;
            QVERIFY(watcher->view.take(*watcher->mailbox));
            QVERIFY(watcher->view.rows == truth);
            QVERIFY(watcher->view.gapless);
        }
    }
}

void FeedTest::no_snapshot_before_every_worker_has_sent_all()
{
    Collector collector;
    auto mailbox = std::make_shared<Mailbox>([] {});
    collector.expectAll(2);
    collector.addWatcher(mailbox);
    QVERIFY(!collector.needsSnapshot());
    collector.beginWhole(0);
    collector.apply({rowOf(2, 1)}, {});
    collector.tick({}, {});
    collector.refresh({}, {});
    QVERIFY(!mailbox->take());
    collector.beginWhole(1);
    collector.apply({rowOf(3, 1)}, {});
    QVERIFY(collector.needsSnapshot());
    collector.refresh({}, {});
    const auto batch = mailbox->take();
    QVERIFY(batch->snapshot);
    QCOMPARE(batch->rows.size(), 2u);
    QVERIFY(!collector.needsSnapshot());
}

void FeedTest::a_whole_batch_replaces_the_rows_of_its_worker_alone()
{
    Collector collector;
    auto mailbox = std::make_shared<Mailbox>([] {});
    collector.expectAll(2);
    collector.addWatcher(mailbox);
    collector.beginWhole(0);
    collector.beginWhole(1);
    collector.apply({rowOf(2, 1), rowOf(3, 1), rowOf(4, 1)}, {});
    collector.beginWhole(0); // 2 is gone, and nobody said so
    collector.apply({rowOf(4, 2)}, {});
    collector.tick({}, {});
    collector.refresh({}, {});
    View view;
    QVERIFY(view.take(*mailbox));
    QCOMPARE(view.rows, (std::map<std::uint64_t, std::uint64_t>{{3, 1}, {4, 2}}));
}

void FeedTest::history_is_bounded_and_comes_with_a_snapshot()
{
    Collector collector;
    for (std::size_t i = 0; i < Collector::historySeconds + 10; ++i) {
        GateStats stats;
        stats.sessions = i;
        collector.keepHistory(stats);
    }
    auto mailbox = std::make_shared<Mailbox>([] {});
    collector.addWatcher(mailbox);
    collector.refresh({}, {});
    const auto batch = mailbox->take();
    QCOMPARE(batch->history.size(), Collector::historySeconds);
    QCOMPARE(batch->history.front().sessions, 10u);
}

void FeedTest::failures_are_counted_by_address_and_reason()
{
    AuthFailureTable table;
    table.add(address(1), why(Reason::JwtSig, today), "hub", "", "");
    table.add(address(1), why(Reason::JwtSig, today + 1s), "echo", "ann", "https://a.example");
    table.add(address(1), why(Reason::JwtTime, today + 2s), "hub", "", "");
    table.add(address(2), why(Reason::JwtSig, today + 3s), "hub", "", "");
    const auto all = table.all(today + 3s);
    QCOMPARE(all.size(), 3u);
    QCOMPARE(all[0].address, std::string("10.0.0.2"));
    const AuthFailureGroup& group = all[2];
    QCOMPARE(group.count, 2u);
    QCOMPARE(group.first, today);
    QCOMPARE(group.last, today + 1s);
    QCOMPARE(group.lastUser, std::string("ann"));
    QCOMPARE(group.lastOrigin, std::string("https://a.example"));
    QCOMPARE(table.takeChanged(today + 3s).size(), 3u);
    QVERIFY(table.takeChanged(today + 3s).empty());
    table.touch(address(1));
    QCOMPARE(table.takeChanged(today + 3s).size(), 2u);
}

void FeedTest::failures_roll_by_the_minute()
{
    AuthFailureTable table;
    const WallTime minute = std::chrono::floor<std::chrono::minutes>(today);
    table.add(address(1), why(Reason::JwtSig, minute), "", "", "");
    table.add(address(1), why(Reason::JwtSig, minute + 1min), "", "", "");
    table.add(address(1), why(Reason::JwtSig, minute + 1min), "", "", "");
    auto counts = table.all(minute + 2min)[0].perMinute;
    QCOMPARE(counts.size(), AuthFailureTable::minutes);
    QCOMPARE(counts[12], 1u);
    QCOMPARE(counts[13], 2u);
    QCOMPARE(counts[14], 0u);
    (void)table.takeChanged(minute + 1min);
    QCOMPARE(table.takeChanged(minute + 2min).size(), 1u); // the minute rolled, and that is a change
    counts = table.all(minute + 60min)[0].perMinute;
    QVERIFY(std::ranges::all_of(counts, [](auto count) { return count == 0; }));
    table.add(address(1), why(Reason::JwtSig, minute - 5min), "", "", ""); // a clock that was set back loses nothing
    QCOMPARE(table.all(minute)[0].count, 4u);
}

void FeedTest::a_full_table_of_failures_forgets_the_oldest()
{
    AuthFailureTable table;
    constexpr unsigned more = AuthFailureTable::capacity + 2000;
    for (unsigned n = 0; n < more; ++n) {
        table.add(address(n), why(Reason::JwtSig, today + std::chrono::milliseconds(n)), "", "", "");
        QVERIFY(table.size() <= AuthFailureTable::capacity);
    }
    const auto all = table.all(today + 1h);
    QVERIFY(all.size() > AuthFailureTable::capacity * 9 / 10);
    QCOMPARE(all.front().address, address(more - 1).toString());
    QCOMPARE(all.back().address, address(more - static_cast<unsigned>(all.size())).toString()); // no gaps
    for (unsigned n = 0; n < more; ++n) // all at one time: as many must go, and no more
        table.add(address(n), why(Reason::JwtTime, today + 2h), "", "", "");
    QVERIFY(table.size() > AuthFailureTable::capacity * 9 / 10);
}

void FeedTest::a_sampler_sums_workers_and_measures_over_a_second()
{
    WorkerCounters one, two;
    std::array<Counter, reasonCount> elsewhere;
    StatsSampler sampler;
    const TimePoint start{1h};
    (void)sampler.sample({&one, &two}, {&elsewhere}, start, today);
    one.sessions.add(3);
    two.sessions.add(2);
    two.sessions.subtract(1);
    one.refused[static_cast<std::size_t>(Reason::JwtSig)].add(2);
    two.refused[static_cast<std::size_t>(Reason::JwtSig)].add();
    two.refused[static_cast<std::size_t>(Reason::TooBig)].add();
    one.closed[static_cast<std::size_t>(Reason::Idle)].add();
    two.closed[static_cast<std::size_t>(Reason::Idle)].add();
    two.closed[static_cast<std::size_t>(Reason::PeerClosed)].add(4);
    elsewhere[static_cast<std::size_t>(Reason::PolicyRejected)].add();
    elsewhere[static_cast<std::size_t>(Reason::TooBig)].add(2);
    one.busyMicroseconds.add(500'000);
    two.busyMicroseconds.add(100'000);
    for (int i = 0; i < 99; ++i)
        one.loop.add(100);
    two.loop.add(50'000);
    const GateStats early = sampler.sample({&one, &two}, {&elsewhere}, start + 500ms, today);
    QCOMPARE(early.sessions, 4u);
    QCOMPARE(early.loopLoad, 0.0);
    const GateStats stats = sampler.sample({&one, &two}, {&elsewhere}, start + 1s, today);
    QCOMPARE(stats.refusedTotal, 7u);
    QCOMPARE(stats.authFailures, 3u);
    QCOMPARE(stats.refused, (std::vector<std::pair<Reason, std::uint64_t>>{
                                {Reason::JwtSig, 3}, {Reason::TooBig, 3}, {Reason::PolicyRejected, 1}}));
    QCOMPARE(stats.closed, (std::vector<std::pair<Reason, std::uint64_t>>{{Reason::Idle, 2}, {Reason::PeerClosed, 4}}));
    QVERIFY(std::abs(stats.loopLoad - 0.3) < 0.001);
    QVERIFY(stats.loopLatencyP50 >= 100 && stats.loopLatencyP50 <= 125);
    QVERIFY(stats.loopLatencyP99 >= 100 && stats.loopLatencyP99 <= 125);
    const GateStats later = sampler.sample({&one, &two}, {&elsewhere}, start + 2s, today);
    QCOMPARE(later.loopLatencyP99, 0u);
    QCOMPARE(later.loopLoad, 0.0);
}

QTEST_GUILESS_MAIN(FeedTest)
#include "feedtest.moc"
