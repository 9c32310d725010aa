// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/connectionsmodel.h"

#include "connectionscenes.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include <map>
#include <random>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace gatehouse::ui;
using namespace std::chrono_literals;

namespace {

constexpr WallTime start{std::chrono::milliseconds(1'790'000'000'000)};
using Column = ConnectionColumn;

SessionSketch someone(std::uint64_t id, std::string user = "alice", double rate = 1)
{
    SessionSketch sketch;
    sketch.id = id;
    sketch.user = std::move(user);
    sketch.rate = rate;
    return sketch;
}

FeedBatch batchAt(WallTime time, const std::vector<SessionSketch>& sketches = {})
{
    FeedBatch batch;
    batch.stats.time = time;
    for (const SessionSketch& sketch : sketches)
        batch.rows.push_back(sketched(sketch, time));
    return batch;
}

ClosedSession closed(std::uint64_t id, std::uint16_t code = 4008)
{
    ClosedSession gone;
    gone.id = SessionId{id};
    gone.code = code;
    gone.why.decision.reason = Reason::SlowConsumer;
    return gone;
}

/// What the table ought to show, rebuilt from nothing after every batch.
struct Oracle {
    struct Known {
        SessionRow row;
        std::optional<WallTime> closedAt;
    };
    std::map<SessionId, Known> known;

    void apply(const FeedBatch& batch)
    {
        for (const SessionRow& row : batch.rows) {
            Known& entry = known[row.info->id];
            if (!entry.closedAt)
                entry.row = row;
        }
        for (const ClosedSession& gone : batch.closed) {
            const auto found = known.find(gone.id);
            if (found != known.end() && !found->second.closedAt)
                found->second.closedAt = batch.stats.time;
        }
        std::erase_if(known, [&](const auto& entry) {
            return entry.second.closedAt && batch.stats.time - *entry.second.closedAt >= 10s;
        });
    }

    [[nodiscard]] std::vector<SessionId> rows(const std::string& user) const
    {
        std::vector<std::pair<double, SessionId>> found;
        for (const auto& [id, entry] : known) {
            if (entry.row.info->user.find(user) != std::string::npos)
                found.emplace_back(-entry.row.activity.messagesInRate, id);
        }
        // Descending by rate, ties by descending id.
        std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
            return a.first != b.first ? a.first < b.first : a.second > b.second;
        });
        std::vector<SessionId> ids;
        for (const auto& entry : found)
            ids.push_back(entry.second);
        return ids;
    }
};

std::vector<SessionId> rowsOf(const ConnectionsModel& model)
{
    std::vector<SessionId> ids;
    for (int row = 0; row < model.rowCount(); ++row)
        ids.push_back(model.at(row).id());
    return ids;
}

FeedBatch randomBatch(std::mt19937& random, WallTime time, std::uint64_t& newest)
{
    FeedBatch batch = batchAt(time);
    const auto upTo = [&](std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n)(random); };
    const std::uint64_t first = newest + 1;
    newest += upTo(12);
    for (std::uint64_t id = first; id <= newest; ++id)
        batch.rows.push_back(sketched(someone(id, id % 3 == 0 ? "bob" : "alice", static_cast<double>(upTo(60))), time));
    for (std::uint64_t i = 0; i < 20 && first > 1; ++i) {
        const std::uint64_t id = 1 + upTo(first - 2);
        batch.rows.push_back(sketched(someone(id, id % 3 == 0 ? "bob" : "alice", static_cast<double>(upTo(60))), time));
    }
    for (std::uint64_t i = upTo(9); i > 0 && newest > 0; --i)
        batch.closed.push_back(closed(1 + upTo(newest - 1)));
    return batch;
}

} // namespace

class ConnectionsModelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void random_batches_equal_a_naive_rebuild_data();
    void random_batches_equal_a_naive_rebuild();
    void a_closed_row_stays_ten_seconds_with_its_code();
    void a_held_table_moves_nothing_and_counts_who_waits();
    void rows_are_sorted_at_most_once_a_second();
    void a_selection_stays_with_its_session_when_rows_move();
    void states_follow_share_refusal_and_silence();
    void the_filter_looks_through_state_and_channel();
    void a_snapshot_drops_sessions_that_it_does_not_name();
    void the_curve_keeps_two_minutes();
};

void ConnectionsModelTest::random_batches_equal_a_naive_rebuild_data()
{
    QTest::addColumn<unsigned>("seed");
    QTest::addColumn<QString>("filter");
    for (const unsigned seed : {1U, 2U, 3U}) {
        QTest::addRow("all, seed %u", seed) << seed << QString();
        QTest::addRow("bob, seed %u", seed) << seed << QStringLiteral("bob");
    }
}

void ConnectionsModelTest::random_batches_equal_a_naive_rebuild()
{
    QFETCH(unsigned, seed);
    QFETCH(QString, filter);
    ConnectionsModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.sort(static_cast<int>(Column::In), Qt::DescendingOrder);
    model.setFilterText(filter);
    QSignalSpy changes(&model, &QAbstractItemModel::dataChanged);
    QSignalSpy inserts(&model, &QAbstractItemModel::rowsInserted);
    QSignalSpy layouts(&model, &QAbstractItemModel::layoutChanged);
    std::mt19937 random(seed);
    Oracle oracle;
    std::uint64_t newest = 0;
    for (int turn = 0; turn < 60; ++turn) {
        const FeedBatch batch = randomBatch(random, start + 1s * turn, newest);
        changes.clear();
        inserts.clear();
        layouts.clear();
        model.apply(batch);
        oracle.apply(batch);
        QVERIFY(rowsOf(model) == oracle.rows(filter.toStdString()));
        for (int row = 0; row < model.rowCount(); ++row) {
            const Connection& connection = model.at(row);
            QVERIFY(connection.session == oracle.known.at(connection.id()).row);
            QCOMPARE(connection.closed.has_value(), oracle.known.at(connection.id()).closedAt.has_value());
            QCOMPARE(model.rowOf(connection.id()), row);
        }
        QVERIFY2(inserts.size() <= 1, "new rows come as one run");
        QVERIFY2(layouts.size() <= 1, "at most one sorting");
        QVERIFY2(changes.size() <= 32 + 4, "changes are coalesced");
    }
}

void ConnectionsModelTest::a_closed_row_stays_ten_seconds_with_its_code()
{
    ConnectionsModel model;
    model.apply(batchAt(start, {someone(1)}));
    FeedBatch gone = batchAt(start + 1s);
    gone.closed.push_back(closed(1, 4403));
    model.apply(gone);
    QCOMPARE(model.openCount(), 0);
    model.apply(batchAt(start + 10s));
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.index(0, static_cast<int>(Column::State)).data().toString(), QStringLiteral("closed 4403"));
    model.apply(batchAt(start + 11s));
    QCOMPARE(model.rowCount(), 0);
    QVERIFY(!model.find(SessionId{1}));
}

void ConnectionsModelTest::a_held_table_moves_nothing_and_counts_who_waits()
{
    ConnectionsModel model;
    model.sort(static_cast<int>(Column::In), Qt::DescendingOrder);
    model.apply(batchAt(start, {someone(1, "alice", 5), someone(2, "bob", 9)}));
    const auto before = rowsOf(model);
    model.setHeld(true);
    FeedBatch batch = batchAt(start + 20s, {someone(1, "alice", 50), someone(3, "carol")});
    batch.closed.push_back(closed(2));
    model.apply(batch);
    model.apply(batchAt(start + 60s));
    QVERIFY(rowsOf(model) == before);
    QCOMPARE(model.waitingCount(), 1);
    QCOMPARE(model.at(model.rowOf(SessionId{1})).activity().messagesInRate, 50.0);
    model.setHeld(false);
    QVERIFY(rowsOf(model) == (std::vector{SessionId{1}, SessionId{3}}));
    QCOMPARE(model.waitingCount(), 0);
}

void ConnectionsModelTest::rows_are_sorted_at_most_once_a_second()
{
    ConnectionsModel model;
    model.sort(static_cast<int>(Column::In), Qt::DescendingOrder);
    model.apply(batchAt(start, {someone(1, "a", 5), someone(2, "b", 9)}));
    QSignalSpy layouts(&model, &QAbstractItemModel::layoutChanged);
    for (int i = 1; i <= 3; ++i)
        model.apply(batchAt(start + 250ms * i, {someone(1, "a", i % 2 ? 20 : 1)}));
    QCOMPARE(layouts.size(), 0);
    model.apply(batchAt(start + 1s, {someone(1, "a", 20)}));
    QCOMPARE(layouts.size(), 1);
    QVERIFY(model.at(0).id() == SessionId{1});
}

void ConnectionsModelTest::a_selection_stays_with_its_session_when_rows_move()
{
    ConnectionsModel model;
    model.sort(static_cast<int>(Column::In), Qt::DescendingOrder);
    model.apply(batchAt(start, {someone(1, "a", 5), someone(2, "b", 9), someone(3, "c", 7)}));
    const QPersistentModelIndex chosen = model.index(model.rowOf(SessionId{1}), 0);
    model.apply(batchAt(start + 2s, {someone(1, "a", 30)}));
    QCOMPARE(chosen.row(), 0);
    QCOMPARE(chosen.data(ConnectionsModel::IdRole).toULongLong(), 1ULL);
}

void ConnectionsModelTest::states_follow_share_refusal_and_silence()
{
    ConnectionsModel model;
    SessionSketch silent = someone(4);
    silent.rate = 0;
    silent.silent = 281s;
    model.apply(batchAt(start, {someone(1, "a", 3), someone(2, "b", 45), someone(3, "c", 53), silent}));
    const auto state = [&](std::uint64_t id) { return model.find(SessionId{id})->state; };
    QVERIFY(state(1) == ConnectionState::Open);
    QVERIFY(state(2) == ConnectionState::NearLimit);
    QVERIFY(state(3) == ConnectionState::Limited);
    QVERIFY(state(4) == ConnectionState::Idle);
    const QModelIndex cell = model.index(model.rowOf(SessionId{4}), static_cast<int>(Column::State));
    QCOMPARE(cell.data().toString(), QStringLiteral("idle 4:41"));
    // Ten seconds after the last refusal a session that calmed down is open again.
    model.apply(batchAt(start + 1s, {someone(3, "c", 4)}));
    QVERIFY(state(3) == ConnectionState::Open);
    SessionRow closing = sketched(someone(1, "a", 3), start + 1s);
    closing.activity.phase = SessionPhase::Closing;
    FeedBatch batch = batchAt(start + 1s);
    batch.rows.push_back(closing);
    model.apply(batch);
    QVERIFY(state(1) == ConnectionState::Closing);
    QCOMPARE(model.find(SessionId{2})->state, ConnectionState::NearLimit);
}

void ConnectionsModelTest::the_filter_looks_through_state_and_channel()
{
    ConnectionsModel model;
    model.apply(batchAt(start, {someone(1, "alice", 3), someone(2, "bob", 53)}));
    model.setFilterText(QStringLiteral("LIMITED"));
    QVERIFY(rowsOf(model) == std::vector{SessionId{2}});
    model.setFilterText(QStringLiteral("news.floor ali"));
    QVERIFY(rowsOf(model) == std::vector{SessionId{1}});
    QVERIFY(model.openMatching() == std::vector{SessionId{1}});
    model.setFilterText(QStringLiteral("nobody"));
    QCOMPARE(model.rowCount(), 0);
    QCOMPARE(model.openCount(), 2);
}

void ConnectionsModelTest::a_snapshot_drops_sessions_that_it_does_not_name()
{
    ConnectionsModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    std::vector<SessionSketch> many;
    for (std::uint64_t id = 1; id <= 400; ++id)
        many.push_back(someone(id));
    model.apply(batchAt(start, many));
    FeedBatch snapshot = batchAt(start + 1s);
    snapshot.snapshot = true;
    for (std::uint64_t id = 2; id <= 402; id += 2)
        snapshot.rows.push_back(sketched(someone(id), start + 1s));
    model.apply(snapshot);
    QCOMPARE(model.rowCount(), 201);
    QCOMPARE(model.openCount(), 201);
    QVERIFY(!model.find(SessionId{1}));
}

void ConnectionsModelTest::the_curve_keeps_two_minutes()
{
    ConnectionsModel model;
    for (int i = 0; i < 100; ++i)
        model.apply(batchAt(start + 2s * i, {someone(1, "a", i)}));
    const Trend& trend = model.find(SessionId{1})->trend;
    QCOMPARE(trend.count, Trend::length);
    QCOMPARE(trend.at(Trend::length - 1), 99.0F);
    QCOMPARE(trend.at(0), 40.0F);
}

QTEST_GUILESS_MAIN(ConnectionsModelTest)
#include "connectionsmodeltest.moc"
