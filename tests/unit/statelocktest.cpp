// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/statelock.h"

#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
namespace fs = std::filesystem;

class StateLockTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_directory_that_is_not_there_is_made_for_its_owner_alone();
    void a_second_holder_is_refused_and_told_who_holds_it();
    void a_directory_that_others_can_write_to_is_refused_data();
    void a_directory_that_others_can_write_to_is_refused();

private:
    const QTemporaryDir m_folder;
    const fs::path m_root = fs::path(m_folder.path().toStdString());
};

void StateLockTest::a_directory_that_is_not_there_is_made_for_its_owner_alone()
{
    const auto lock = StateLock::take(m_root / "new");
    QVERIFY(lock.ok());
    QCOMPARE(fs::status(m_root / "new").permissions(), fs::perms::owner_all);
    QCOMPARE(fs::status(m_root / "new/lock").permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

void StateLockTest::a_second_holder_is_refused_and_told_who_holds_it()
{
    const auto first = StateLock::take(m_root / "held");
    QVERIFY(first.ok());
    const auto second = StateLock::take(m_root / "held");
    QVERIFY(!second.ok());
    QVERIFY(second.error().find(std::to_string(QCoreApplication::applicationPid())) != std::string::npos);
}

void StateLockTest::a_directory_that_others_can_write_to_is_refused_data()
{
    QTest::addColumn<int>("mode");
    QTest::addColumn<bool>("taken");
    QTest::newRow("owner") << 0700 << true;
    QTest::newRow("others may read") << 0755 << true;
    QTest::newRow("the group may write") << 0770 << false;
    QTest::newRow("everybody may write") << 0707 << false;
    QTest::newRow("everybody may write, sticky") << 01777 << false;
}

void StateLockTest::a_directory_that_others_can_write_to_is_refused()
{
    QFETCH(const int, mode);
    QFETCH(const bool, taken);
    const fs::path directory = m_root / QTest::currentDataTag();
    fs::create_directory(directory);
    fs::permissions(directory, static_cast<fs::perms>(mode));
    QCOMPARE(StateLock::take(directory).ok(), taken);
}

QTEST_GUILESS_MAIN(StateLockTest)
#include "statelocktest.moc"
