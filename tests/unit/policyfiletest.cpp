// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/policyfile.h"
#include "manualclock.h"

#include <QTemporaryDir>
#include <QTest>

#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

// When the policy's file counts as changed, and how it is replaced.
using namespace gatehouse;
using namespace std::chrono_literals;

class PolicyFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void a_change_is_told_once_it_stood_still();
    void what_is_still_written_is_no_change_yet();
    void what_was_read_or_written_here_is_no_change();
    void a_file_that_goes_and_comes_is_told();
    void looking_costs_one_look_a_second();
    void writing_keeps_mode_and_link();
    void a_file_that_cannot_be_replaced_stays_whole();

private:
    void write(const std::string& text) const
    {
        // A size of its own each time, so that no clock of a file system matters.
        std::ofstream(m_path) << text;
    }
    void look()
    {
        m_clock.advance(PolicyFile::lookEvery);
        m_file->tick();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::filesystem::path m_path;
    test::ManualClock m_clock;
    std::unique_ptr<PolicyFile> m_file;
    int m_told = 0;
};

void PolicyFileTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_path = std::filesystem::path(m_folder->path().toStdString()) / "policy.json";
    m_told = 0;
    write("first");
    m_file = std::make_unique<PolicyFile>(m_path, m_clock);
    m_file->watch([this] { ++m_told; });
    QCOMPARE(m_file->read().value(), std::string("first"));
}

void PolicyFileTest::a_change_is_told_once_it_stood_still()
{
    look();
    look();
    QCOMPARE(m_told, 0);
    write("second!");
    look();
    QCOMPARE(m_told, 0);
    look();
    QCOMPARE(m_told, 1);
    look();
    look();
    QCOMPARE(m_told, 1);
}

void PolicyFileTest::what_is_still_written_is_no_change_yet()
{
    for (std::size_t size = 10; size < 20; ++size) {
        write(std::string(size, 'x'));
        look();
    }
    QCOMPARE(m_told, 0);
    look();
    QCOMPARE(m_told, 1);
}

void PolicyFileTest::what_was_read_or_written_here_is_no_change()
{
    write("second!");
    look();
    QVERIFY(m_file->read());
    look();
    QCOMPARE(m_told, 0);
    QVERIFY(m_file->write("the third"));
    for (int i = 0; i < 3; ++i)
        look();
    QCOMPARE(m_told, 0);
    QVERIFY(m_file->peek()); // which takes nothing as known
    write("by somebody else");
    QVERIFY(m_file->peek());
    look();
    look();
    QCOMPARE(m_told, 1);
}

void PolicyFileTest::a_file_that_goes_and_comes_is_told()
{
    std::filesystem::remove(m_path);
    look();
    look();
    QCOMPARE(m_told, 1);
    write("back");
    look();
    look();
    QCOMPARE(m_told, 2);
}

void PolicyFileTest::looking_costs_one_look_a_second()
{
    m_file->tick();
    write("second!");
    for (int i = 0; i < 100; ++i)
        m_file->tick(); // the clock stands still
    QCOMPARE(m_told, 0);
}

void PolicyFileTest::writing_keeps_mode_and_link()
{
    const auto target = m_path.parent_path() / "real.json";
    std::filesystem::rename(m_path, target);
    std::filesystem::create_symlink(target, m_path);
    QCOMPARE(::chmod(target.c_str(), 0640), 0);
    QVERIFY(m_file->write("written"));
    QVERIFY(std::filesystem::is_symlink(m_path));
    QCOMPARE(m_file->peek().value(), std::string("written"));
    struct stat status {};
    QCOMPARE(::stat(target.c_str(), &status), 0);
    QCOMPARE(status.st_mode & 07777, mode_t(0640));
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(m_path.parent_path()))
        files += entry.exists() ? 1U : 0U;
    QCOMPARE(files, std::size_t(2)); // nothing is left beside it
}

void PolicyFileTest::a_file_that_cannot_be_replaced_stays_whole()
{
    const std::filesystem::path inTheWay = m_path.string() + ".new." + std::to_string(::getpid());
    std::filesystem::create_directories(inTheWay / "not empty");
    const auto written = m_file->write("written");
    QVERIFY(!written);
    QVERIFY2(written.error().find(m_path.string()) != std::string::npos, written.error().c_str());
    QCOMPARE(m_file->peek().value(), std::string("first"));
}

QTEST_GUILESS_MAIN(PolicyFileTest)
#include "policyfiletest.moc"
