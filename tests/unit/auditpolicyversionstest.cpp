// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditchain.h"
#include "audit/auditlog.h"
#include "audit/policyversions.h"
#include "audit/sqlconnection.h"
#include "manualclock.h"
#include "storetool.h"

#include <QTemporaryDir>
#include <QTest>

// The history of the policy in the store.
using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

PolicyVersion version(std::uint64_t number, std::string document)
{
    PolicyVersion made;
    made.version = number;
    made.time = WallTime(1'800'000'000'000ms + std::chrono::seconds(number));
    made.author = "ann";
    made.via = "socket";
    made.reason = "a reason, with \"quotes\" and – dashes";
    made.hash = policyHash(document);
    made.document = std::move(document);
    return made;
}

PolicyVersion provisional(std::uint64_t number, std::string document)
{
    PolicyVersion made = version(number, std::move(document));
    made.origin = PolicyOrigin::Provisional;
    made.provisionalUntil = made.time + 60s;
    return made;
}

} // namespace

class AuditPolicyVersionsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void a_hash_is_sha256_in_hexadecimal();
    void every_field_comes_back_data();
    void every_field_comes_back();
    void a_confirmed_version_replaces_itself();
    void the_newest_definitive_one_is_neither_waiting_nor_abandoned();
    void the_one_before_has_another_document();
    void the_newest_come_first_until_enough();
    void the_oldest_go_first_at_the_cap_data();
    void the_oldest_go_first_at_the_cap();
    void what_is_damaged_is_named();
    void a_store_of_version_2_is_brought_up_to_date();

private:
    void store(const std::vector<PolicyVersion>& versions) const
    {
        const auto log = AuditLog::open({m_file}, m_clock);
        QVERIFY(log);
        for (const PolicyVersion& one : versions)
            (*log)->addPolicyVersion({one, 0});
        QVERIFY((*log)->flush());
    }
    [[nodiscard]] std::vector<std::uint64_t> numbers(std::uint64_t before = 0) const
    {
        std::vector<std::uint64_t> all;
        const auto read = PolicyVersionReader(m_file).visit(before, [&](const PolicyVersion& one) {
            all.push_back(one.version);
            return true;
        });
        return read ? all : std::vector<std::uint64_t>{999};
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_file;
    test::ManualClock m_clock;
};

void AuditPolicyVersionsTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_file = std::filesystem::path(m_folder->path().toStdString()) / "store.sqlite";
}

void AuditPolicyVersionsTest::a_hash_is_sha256_in_hexadecimal() // FIPS 180-4, the example of one block
{
    QCOMPARE(policyHash("abc"), std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

void AuditPolicyVersionsTest::every_field_comes_back_data()
{
    QTest::addColumn<int>("origin");
    for (const auto origin : {PolicyOrigin::File, PolicyOrigin::Apply, PolicyOrigin::Provisional,
                              PolicyOrigin::Rollback, PolicyOrigin::Returned})
        QTest::addRow("origin %d", static_cast<int>(origin)) << static_cast<int>(origin);
}

void AuditPolicyVersionsTest::every_field_comes_back()
{
    QFETCH(int, origin);
    PolicyVersion all = version(7, "{\n  \"name\": \"\xC3\xA9\"\n}\n");
    all.origin = static_cast<PolicyOrigin>(origin);
    all.restores = 3;
    all.provisionalUntil = all.time + 1h;
    all.confirmed = all.time + 2min;
    all.confirmedBy = "bob";
    store({all});
    const auto found = PolicyVersionReader(m_file).version(7);
    QVERIFY(found && *found);
    QVERIFY(**found == all);
    QVERIFY(PolicyVersionReader(m_file).ofHash(all.hash).value() == all);
    QVERIFY(!PolicyVersionReader(m_file).version(8).value());
    QVERIFY(!PolicyVersionReader(m_file).ofHash("no").value());
}

void AuditPolicyVersionsTest::a_confirmed_version_replaces_itself()
{
    PolicyVersion tried = provisional(2, "b");
    store({version(1, "a"), tried});
    QCOMPARE(PolicyVersionReader(m_file).newestDefinitive().value()->version, std::uint64_t(1));
    tried.confirmed = tried.time + 5s;
    store({tried});
    QCOMPARE(PolicyVersionReader(m_file).newestDefinitive().value()->version, std::uint64_t(2));
    QVERIFY((numbers() == std::vector<std::uint64_t>{2, 1}));
}

void AuditPolicyVersionsTest::the_newest_definitive_one_is_neither_waiting_nor_abandoned()
{
    store({});
    QVERIFY(!PolicyVersionReader(m_file).newest().value());
    QVERIFY(!PolicyVersionReader(m_file).newestDefinitive().value());
    store({version(1, "a"), provisional(2, "b"), version(3, "a"), provisional(4, "c"), provisional(5, "d")});
    QCOMPARE(PolicyVersionReader(m_file).newest().value()->version, std::uint64_t(5));
    QCOMPARE(PolicyVersionReader(m_file).newestDefinitive().value()->version, std::uint64_t(3));
}

void AuditPolicyVersionsTest::the_one_before_has_another_document()
{
    store({version(1, "a"), version(2, "b"), provisional(3, "c"), version(4, "b")});
    QCOMPARE(PolicyVersionReader(m_file).definitiveBefore(4, policyHash("b")).value()->version, std::uint64_t(1));
    QVERIFY(!PolicyVersionReader(m_file).definitiveBefore(1, policyHash("a")).value());
}

void AuditPolicyVersionsTest::the_newest_come_first_until_enough()
{
    store({version(1, "a"), version(2, "b"), version(3, "c")});
    QVERIFY((numbers() == std::vector<std::uint64_t>{3, 2, 1}));
    QVERIFY((numbers(3) == std::vector<std::uint64_t>{2, 1}));
    int asked = 0;
    QVERIFY(PolicyVersionReader(m_file).visit(0, [&](const PolicyVersion&) { return ++asked < 2; }));
    QCOMPARE(asked, 2);
}

void AuditPolicyVersionsTest::the_oldest_go_first_at_the_cap_data()
{
    QTest::addColumn<int>("versions");
    QTest::addColumn<int>("bytes");
    QTest::addColumn<int>("returnsTo");
    QTest::addColumn<QList<int>>("left");
    QTest::newRow("by number") << 3 << 1000 << 0 << QList<int>{6, 5, 4};
    QTest::newRow("by bytes") << 100 << 25 << 0 << QList<int>{6, 5};
    QTest::newRow("never the one to return to") << 3 << 1000 << 1 << QList<int>{6, 5, 4, 1};
    QTest::newRow("never the running one") << 0 << 0 << 0 << QList<int>{6};
    QTest::newRow("room for all") << 6 << 60 << 0 << QList<int>{6, 5, 4, 3, 2, 1};
}

void AuditPolicyVersionsTest::the_oldest_go_first_at_the_cap()
{
    QFETCH(int, versions);
    QFETCH(int, bytes);
    QFETCH(int, returnsTo);
    QFETCH(QList<int>, left);
    store({});
    SqlConnection connection;
    QVERIFY(connection.open(m_file, SqlConnection::Mode::ReadWrite));
    const PolicyHistoryLimits limits{static_cast<std::uint64_t>(versions), static_cast<std::uint64_t>(bytes)};
    for (std::uint64_t number = 1; number <= 6; ++number)
        QVERIFY(storePolicyVersion(
            connection, {version(number, std::string(10, 'x')), static_cast<std::uint64_t>(returnsTo)}, limits));
    QList<int> found;
    for (const std::uint64_t number : numbers())
        found.append(static_cast<int>(number));
    QCOMPARE(found, left);
}

void AuditPolicyVersionsTest::what_is_damaged_is_named()
{
    store({version(1, "a"), version(2, "b")});
    {
        test::StoreTool tool(QString::fromStdString(m_file.string()));
        QVERIFY(tool.execute("UPDATE policy_versions SET origin = 'nonsense' WHERE version = 1"));
    }
    const auto found = PolicyVersionReader(m_file).version(1);
    QVERIFY(!found);
    QVERIFY2(found.error().find("policy version 1 is damaged") != std::string::npos, found.error().c_str());
    QVERIFY(PolicyVersionReader(m_file).version(2));
}

void AuditPolicyVersionsTest::a_store_of_version_2_is_brought_up_to_date()
{
    {
        const auto log = AuditLog::open({m_file}, m_clock);
        QVERIFY(log);
        Ban ban;
        ban.value = "10.0.0.1";
        ban.subject = BanSubject::Address;
        static_cast<void>((*log)->addBan(ban));
        AuditRecord record;
        record.detail = "as it was";
        (*log)->record(record);
    }
    {
        test::StoreTool tool(QString::fromStdString(m_file.string()));
        for (const char* table : {"policy_versions", "lockdown", "temporary_limits"})
            QVERIFY(tool.execute((std::string("DROP TABLE ") + table).c_str()));
        QVERIFY(tool.execute("PRAGMA user_version = 2"));
    }
    store({version(1, "a")});
    QCOMPARE(numbers().size(), std::size_t(1));
    const auto log = AuditLog::open({m_file}, m_clock);
    QCOMPARE((*log)->loadBans().size(), std::size_t(1));
    const auto chain = verifyChain(m_file);
    QVERIFY(chain && !chain->firstBad);
    test::StoreTool tool(QString::fromStdString(m_file.string()));
    QCOMPARE(tool.value("PRAGMA user_version").toInt(), 3);
}

QTEST_GUILESS_MAIN(AuditPolicyVersionsTest)
#include "auditpolicyversionstest.moc"
