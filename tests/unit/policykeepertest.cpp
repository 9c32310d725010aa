// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/policykeeper.h"
#include "manualclock.h"

#include <QTest>

// Which version of the policy runs, and which one comes back.
using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

PolicyVersion version(std::uint64_t number, const std::string& document, bool provisional = false)
{
    PolicyVersion made;
    made.version = number;
    made.origin = provisional ? PolicyOrigin::Provisional : PolicyOrigin::Apply;
    made.document = document;
    made.hash = "hash of " + document;
    if (provisional)
        made.provisionalUntil = WallTime(1000s);
    return made;
}

} // namespace

class PolicyKeeperTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_start_goes_on_with_what_the_file_was_to_hold_data();
    void a_start_goes_on_with_what_the_file_was_to_hold();
    void a_definitive_version_waits_for_nobody();
    void a_provisional_version_has_a_time_and_one_to_return_to();
    void a_second_provisional_version_returns_to_the_first_definitive_one();
    void a_confirmed_version_is_definitive();
    void what_returns_is_a_version_of_its_own();

private:
    test::ManualClock m_clock;
};

void PolicyKeeperTest::a_start_goes_on_with_what_the_file_was_to_hold_data()
{
    QTest::addColumn<int>("newest"); // 0: none
    QTest::addColumn<QString>("newestDocument");
    QTest::addColumn<int>("definitive");
    QTest::addColumn<QString>("definitiveDocument");
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("version");
    QTest::addColumn<int>("origin");
    QTest::addColumn<int>("restores");
    const auto file = static_cast<int>(PolicyOrigin::File);
    const auto apply = static_cast<int>(PolicyOrigin::Apply);
    const auto returned = static_cast<int>(PolicyOrigin::Returned);
    QTest::newRow("nothing in the store") << 0 << "" << 0 << ""
                                          << "a" << 1 << file << 0;
    QTest::newRow("the same document") << 4 << "a" << 4 << "a"
                                       << "a" << 4 << apply << 0;
    QTest::newRow("another document") << 4 << "a" << 4 << "a"
                                      << "b" << 5 << file << 0;
    QTest::newRow("provisional when it ended") << 5 << "b" << 4 << "a"
                                               << "a" << 6 << returned << 4;
    QTest::newRow("provisional, and the file was changed") << 5 << "b" << 4 << "a"
                                                           << "c" << 6 << file << 0;
    QTest::newRow("ended between the file and the mark") << 5 << "b" << 4 << "a"
                                                         << "b" << 6 << file << 0;
    QTest::newRow("provisional with the same document") << 5 << "a" << 4 << "a"
                                                        << "a" << 6 << returned << 4;
}

void PolicyKeeperTest::a_start_goes_on_with_what_the_file_was_to_hold()
{
    QFETCH(int, newest);
    QFETCH(QString, newestDocument);
    QFETCH(int, definitive);
    QFETCH(QString, definitiveDocument);
    QFETCH(QString, file);
    const auto stored = [](int number, const QString& document, bool provisional) {
        return number == 0
                   ? std::nullopt
                   : std::optional(version(static_cast<std::uint64_t>(number), document.toStdString(), provisional));
    };
    const PolicyVersion made = PolicyKeeper::atStart(stored(newest, newestDocument, newest != definitive),
                                                     stored(definitive, definitiveDocument, false), file.toStdString(),
                                                     "hash of " + file.toStdString(), m_clock.wall());
    QTEST(static_cast<int>(made.version), "version");
    QTEST(static_cast<int>(made.origin), "origin");
    QTEST(static_cast<int>(made.restores), "restores");
    QCOMPARE(QString::fromStdString(made.document), file);
    QVERIFY(!made.provisionalUntil);
    if (newest != definitive)
        QVERIFY2(made.reason.find("version " + std::to_string(newest)) != std::string::npos, made.reason.c_str());
}

void PolicyKeeperTest::a_definitive_version_waits_for_nobody()
{
    PolicyKeeper keeper(version(3, "a"));
    QVERIFY(!keeper.provisional());
    QCOMPARE(keeper.nextNumber(), std::uint64_t(4));
    keeper.take(version(4, "b"), m_clock.now());
    QVERIFY(!keeper.provisional());
    QCOMPARE(keeper.running().version, std::uint64_t(4));
    QCOMPARE(keeper.definitive().version, std::uint64_t(4));
}

void PolicyKeeperTest::a_provisional_version_has_a_time_and_one_to_return_to()
{
    PolicyKeeper keeper(version(3, "a"));
    keeper.take(version(4, "b", true), m_clock.now(), 60s);
    QVERIFY(keeper.provisional());
    QCOMPARE(keeper.definitive().version, std::uint64_t(3));
    m_clock.stepWall(std::chrono::hours(1)); // which measures nothing
    QVERIFY(keeper.left(m_clock.now()) == 60s);
    m_clock.advance(59'999ms);
    QVERIFY(keeper.left(m_clock.now()) > 0s);
    m_clock.advance(1ms);
    QVERIFY(keeper.left(m_clock.now()) <= 0s);
    keeper.take(version(5, "c"), m_clock.now());
    QVERIFY(!keeper.provisional());
    QCOMPARE(keeper.definitive().version, std::uint64_t(5));
}

void PolicyKeeperTest::a_second_provisional_version_returns_to_the_first_definitive_one()
{
    PolicyKeeper keeper(version(3, "a"));
    keeper.take(version(4, "b", true), m_clock.now(), 60s);
    m_clock.advance(40s);
    keeper.take(version(5, "c", true), m_clock.now(), 60s);
    QCOMPARE(keeper.definitive().version, std::uint64_t(3));
    QVERIFY(keeper.left(m_clock.now()) == 60s);
}

void PolicyKeeperTest::a_confirmed_version_is_definitive()
{
    PolicyKeeper keeper(version(3, "a"));
    keeper.take(version(4, "b", true), m_clock.now(), 60s);
    keeper.confirm({"ann", "socket"}, m_clock.wall());
    QVERIFY(!keeper.provisional());
    QCOMPARE(keeper.definitive().version, std::uint64_t(4));
    QVERIFY(keeper.running().confirmed == m_clock.wall());
    QCOMPARE(keeper.running().confirmedBy, std::string("ann"));
}

void PolicyKeeperTest::what_returns_is_a_version_of_its_own()
{
    PolicyVersion before = version(3, "a", true);
    before.confirmed = WallTime(900s);
    before.confirmedBy = "ann";
    PolicyKeeper keeper(before);
    keeper.take(version(4, "b", true), m_clock.now(), 60s);
    const PolicyVersion back = keeper.returned(m_clock.wall());
    QCOMPARE(back.version, std::uint64_t(5));
    QCOMPARE(back.restores, std::uint64_t(3));
    QCOMPARE(back.origin, PolicyOrigin::Returned);
    QCOMPARE(back.author, std::string("rule"));
    QCOMPARE(back.document, std::string("a"));
    QCOMPARE(back.hash, before.hash);
    QVERIFY(!back.provisionalUntil && !back.confirmed && back.confirmedBy.empty());
    keeper.take(back, m_clock.now());
    QVERIFY(!keeper.provisional());
}

QTEST_GUILESS_MAIN(PolicyKeeperTest)
#include "policykeepertest.moc"
