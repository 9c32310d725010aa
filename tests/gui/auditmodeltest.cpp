// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/auditmodel.h"
#include "models/copytext.h"

#include <QAbstractItemModelTester>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSignalSpy>
#include <QTest>

#include <random>

using namespace gatehouse;
using namespace gatehouse::ui;

namespace {

/// A log that answers as the server does, at once or when told to.
struct Log {
    std::vector<AuditRecord> records; ///< number 1 first

    void grow(int count)
    {
        for (int i = 0; i < count; ++i) {
            AuditRecord record;
            record.kind = records.size() % 3 == 0 ? AuditKind::Refuse : AuditKind::Open;
            records.push_back(record);
        }
    }
    [[nodiscard]] AuditPage page(const AuditQuery& query) const
    {
        AuditPage found;
        for (std::uint64_t n = std::min<std::uint64_t>(records.size(), query.before.value_or(UINT64_MAX) - 1); n > 0;
             --n) {
            if (query.kind && records[n - 1].kind != *query.kind)
                continue;
            if (found.entries.size() == query.limit) {
                found.more = true;
                break;
            }
            found.entries.push_back({n, records[n - 1]});
        }
        return found;
    }
};

} // namespace

class AuditModelTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void churn_equals_a_naive_filter_of_the_log();
    void new_records_wait_and_move_nothing();
    void more_new_than_a_page_reads_the_log_anew();
    void an_answer_to_an_old_question_is_left_out();
    void a_failure_is_told_and_reload_recovers();
    void csv_cannot_run_formulas_and_json_keeps_names();
};

void AuditModelTest::churn_equals_a_naive_filter_of_the_log()
{
    AuditModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    Log log;
    log.grow(950);
    connect(
        &model, &AuditModel::wanted, &model,
        [&](std::uint64_t ticket, const AuditQuery& query) { model.accept(ticket, log.page(query)); },
        Qt::QueuedConnection);
    model.setFilter({});
    QTRY_COMPARE(model.state(), AuditModel::State::Ready);
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        switch (random() % 4) {
        case 0:
            log.grow(static_cast<int>(random() % 30));
            model.noteNewest(log.records.size());
            break;
        case 1:
            if (model.canFetchMore({}))
                model.fetchMore({});
            break;
        case 2:
            model.showWaiting();
            break;
        default:
            if (random() % 10 == 0) {
                AuditQuery filter;
                if (random() % 2 == 0)
                    filter.kind = AuditKind::Refuse;
                model.setFilter(filter);
            }
        }
        QCoreApplication::processEvents();
        QCoreApplication::processEvents();
        QCOMPARE(model.state(), AuditModel::State::Ready);
        if (model.rowCount() == 0)
            continue;
        AuditQuery all = model.filter();
        all.before = model.entryAt(0)->number + 1;
        all.limit = static_cast<std::uint32_t>(model.rowCount());
        const AuditPage naive = log.page(all);
        QCOMPARE(naive.entries.size(), static_cast<std::size_t>(model.rowCount()));
        for (int row = 0; row < model.rowCount(); ++row) {
            QCOMPARE(model.entryAt(row)->number, naive.entries[static_cast<std::size_t>(row)].number);
            QCOMPARE(model.rowOf(model.entryAt(row)->number), row);
        }
    }
}

void AuditModelTest::new_records_wait_and_move_nothing()
{
    AuditModel model;
    Log log;
    log.grow(10);
    QSignalSpy inserted(&model, &QAbstractItemModel::rowsInserted);
    connect(&model, &AuditModel::wanted, &model,
            [&](std::uint64_t ticket, const AuditQuery& query) { model.accept(ticket, log.page(query)); });
    model.setFilter({});
    QCOMPARE(model.rowCount(), 10);
    log.grow(12);
    model.noteNewest(22);
    QCOMPARE(model.waiting(), std::size_t(12));
    QCOMPARE(model.rowCount(), 10);
    QCOMPARE(inserted.size(), 1);
    model.showWaiting();
    QCOMPARE(model.rowCount(), 22);
    QCOMPARE(model.entryAt(0)->number, std::uint64_t(22));
    QCOMPARE(inserted.size(), 2);
    QCOMPARE(model.waiting(), std::size_t(0));
}

void AuditModelTest::more_new_than_a_page_reads_the_log_anew()
{
    AuditModel model;
    Log log;
    log.grow(10);
    connect(&model, &AuditModel::wanted, &model,
            [&](std::uint64_t ticket, const AuditQuery& query) { model.accept(ticket, log.page(query)); });
    model.setFilter({});
    log.grow(900);
    model.noteNewest(910);
    QVERIFY(model.waitingIncomplete());
    model.showWaiting();
    QCOMPARE(model.rowCount(), static_cast<int>(AuditModel::pageSize));
    QCOMPARE(model.entryAt(0)->number, std::uint64_t(910));
    QVERIFY(model.canFetchMore({}));
}

void AuditModelTest::an_answer_to_an_old_question_is_left_out()
{
    AuditModel model;
    QSignalSpy wanted(&model, &AuditModel::wanted);
    Log log;
    log.grow(6);
    model.setFilter({});
    AuditQuery refusals;
    refusals.kind = AuditKind::Refuse;
    model.setFilter(refusals);
    QCOMPARE(wanted.size(), 2);
    model.accept(wanted[1][0].toULongLong(), log.page(refusals));
    model.accept(wanted[0][0].toULongLong(), log.page({}));
    QCOMPARE(model.rowCount(), 2);
}

void AuditModelTest::a_failure_is_told_and_reload_recovers()
{
    AuditModel model;
    QSignalSpy wanted(&model, &AuditModel::wanted);
    model.setFilter({});
    model.fail(wanted[0][0].toULongLong(), {ControlErrorCode::Unavailable, "disk is gone"});
    QCOMPARE(model.state(), AuditModel::State::Failed);
    QCOMPARE(model.errorText(), QStringLiteral("disk is gone"));
    model.reload();
    Log log;
    log.grow(3);
    model.accept(wanted[1][0].toULongLong(), log.page({}));
    QCOMPARE(model.state(), AuditModel::State::Ready);
    QCOMPARE(model.rowCount(), 3);
}

void AuditModelTest::csv_cannot_run_formulas_and_json_keeps_names()
{
    AuditEntry entry;
    entry.number = 7;
    entry.record.user = "=HYPERLINK(\"x\")";
    entry.record.decision.reason = Reason::JwtSig;
    const QString csv = auditAsCsv({entry});
    QVERIFY(csv.contains(QStringLiteral("\"'=HYPERLINK(\"\"x\"\")\"")));
    QCOMPARE(csv.count(QStringLiteral("\r\n")), 2);
    const QJsonObject object = QJsonDocument::fromJson(auditAsJsonLines({entry}).toUtf8()).object();
    QCOMPARE(object[QStringLiteral("number")].toInt(), 7);
    QCOMPARE(object[QStringLiteral("reason")].toString(), QStringLiteral("jwt_sig"));
    QCOMPARE(object[QStringLiteral("user")].toString(), QStringLiteral("=HYPERLINK(\"x\")"));
}

QTEST_GUILESS_MAIN(AuditModelTest)
#include "auditmodeltest.moc"
