// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditchain.h"
#include "audit/auditlog.h"
#include "manualclock.h"
#include "storetool.h"

#include <QTemporaryDir>
#include <QTest>

#include <set>

using namespace gatehouse;

class AuditChainTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void each_field_changes_the_hash();
    void text_moved_from_one_field_to_the_next_changes_the_hash();
    void an_untouched_chain_verifies();
    void tampering_is_found_at_its_place_data();
    void tampering_is_found_at_its_place();
    void a_cut_tail_shows_only_in_the_newest_number_and_hash();
    void a_file_that_is_no_store_is_an_error();

private:
    void fill(const std::filesystem::path& file);

    test::ManualClock m_clock;
};

void AuditChainTest::fill(const std::filesystem::path& file)
{
    auto log = AuditLog::open({file, 1000}, m_clock);
    QVERIFY(log);
    for (int i = 0; i < 10; ++i) {
        AuditRecord record;
        record.time = m_clock.wall() + std::chrono::milliseconds(i);
        record.user = "user" + std::to_string(i);
        (*log)->record(record);
    }
}

void AuditChainTest::each_field_changes_the_hash()
{
    const AuditRecord plain;
    std::vector<AuditRecord> changed(17, plain);
    changed[0].time += std::chrono::milliseconds(1);
    changed[1].kind = AuditKind::Ban;
    changed[2].decision.reason = Reason::Idle;
    changed[3].decision.rule.pointer = "x";
    changed[4].decision.rule.name = "x";
    changed[5].decision.met = "x";
    changed[6].decision.limit = "x";
    changed[7].session = SessionId{1};
    changed[8].user = "x";
    changed[9].issuer = "x";
    changed[10].address = "x";
    changed[11].route = "x";
    changed[12].origin = "x";
    changed[13].actor = "x";
    changed[14].detail = "x";
    changed[15].code = 1;
    changed[16].suppressed = 1;
    AuditRecord version;
    version.policyVersion = 1;
    changed.push_back(version);

    std::set<ChainHash> hashes{chainHash(1, plain, {})};
    for (const AuditRecord& record : changed)
        QVERIFY(hashes.insert(chainHash(1, record, {})).second);
    QVERIFY(hashes.insert(chainHash(2, plain, {})).second);
    QVERIFY(hashes.insert(chainHash(1, plain, ChainHash{1})).second);
}

void AuditChainTest::text_moved_from_one_field_to_the_next_changes_the_hash()
{
    AuditRecord one;
    one.user = "ab";
    one.issuer = "c";
    AuditRecord other;
    other.user = "a";
    other.issuer = "bc";
    QVERIFY(chainHash(1, one, {}) != chainHash(1, other, {}));
}

void AuditChainTest::an_untouched_chain_verifies()
{
    const QTemporaryDir folder;
    const std::filesystem::path file = std::filesystem::path(folder.path().toStdString()) / "store";
    fill(file);
    const auto report = verifyChain(file);
    QVERIFY(report);
    QVERIFY(!report->firstBad);
    QCOMPARE(report->checked, std::uint64_t(10));
    QCOMPARE(report->newest, std::uint64_t(10));
}

void AuditChainTest::tampering_is_found_at_its_place_data()
{
    QTest::addColumn<QByteArray>("statements");
    QTest::addColumn<quint64>("bad");
    QTest::newRow("edited") << QByteArray("UPDATE audit SET user = 'nobody' WHERE number = 4") << quint64(4);
    QTest::newRow("edited to an unknown word")
        << QByteArray("UPDATE audit SET kind = 'x' WHERE number = 4") << quint64(4);
    QTest::newRow("edited out of range") << QByteArray("UPDATE audit SET code = 70000 WHERE number = 4") << quint64(4);
    QTest::newRow("hash cut") << QByteArray("UPDATE audit SET hash = x'00' WHERE number = 4") << quint64(4);
    QTest::newRow("removed") << QByteArray("DELETE FROM audit WHERE number = 6") << quint64(6);
    QTest::newRow("first removed") << QByteArray("DELETE FROM audit WHERE number = 1") << quint64(1);
    QTest::newRow("removed and closed up")
        << QByteArray("DELETE FROM audit WHERE number = 6;UPDATE audit SET number = 6 WHERE number = 7;"
                      "UPDATE audit SET number = 7 WHERE number = 8;UPDATE audit SET number = 8 WHERE number = 9;"
                      "UPDATE audit SET number = 9 WHERE number = 10")
        << quint64(6);
    QTest::newRow("reordered")
        << QByteArray("UPDATE audit SET number = 99 WHERE number = 3;UPDATE audit SET number = 3 WHERE number = 8;"
                      "UPDATE audit SET number = 8 WHERE number = 99")
        << quint64(3);
    QTest::newRow("put in front") << QByteArray(
                                         "INSERT INTO audit SELECT 0, time, kind, reason, rule_pointer, rule_name, "
                                         "met, allowed, session, user, issuer, address, route, origin, actor, "
                                         "detail, code, suppressed, policy_version, hash FROM audit WHERE number = 2")
                                  << quint64(0);
}

void AuditChainTest::tampering_is_found_at_its_place()
{
    QFETCH(QByteArray, statements);
    QFETCH(quint64, bad);
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("store"));
    const std::filesystem::path file = path.toStdString();
    fill(file);
    {
        test::StoreTool tool(path);
        for (const QByteArray& statement : statements.split(';'))
            QVERIFY(tool.execute(statement.constData()));
    }
    const auto report = verifyChain(file);
    QVERIFY(report);
    QVERIFY(report->firstBad.has_value());
    QCOMPARE(quint64(*report->firstBad), bad);
    QVERIFY(!report->what.empty());
}

void AuditChainTest::a_cut_tail_shows_only_in_the_newest_number_and_hash()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("store"));
    const std::filesystem::path file = path.toStdString();
    fill(file);
    const auto before = verifyChain(file);
    {
        test::StoreTool tool(path);
        QVERIFY(tool.execute("DELETE FROM audit WHERE number > 8"));
    }
    const auto after = verifyChain(file);
    QVERIFY(before && after && !after->firstBad);
    QCOMPARE(after->newest, std::uint64_t(8));
    QVERIFY(after->newestHash != before->newestHash);
}

void AuditChainTest::a_file_that_is_no_store_is_an_error()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("store"));
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QVERIFY(file.write(QByteArray(5000, 'x')) == 5000);
    file.close();
    QVERIFY(!verifyChain(path.toStdString()));
    QVERIFY(!AuditLog::open({path.toStdString(), 10}, m_clock));
}

QTEST_GUILESS_MAIN(AuditChainTest)
#include "auditchaintest.moc"
