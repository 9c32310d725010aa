// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/onetimekeeper.h"
#include "audit/auditlog.h"
#include "audit/sqlconnection.h"
#include "manualclock.h"

#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <future>
#include <optional>
#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

/// A store that answers when the test says so.
struct SlowStore {
    std::vector<std::pair<TokenUse, std::function<void(bool)>>> waiting;

    WriteTokenUse writer()
    {
        return
            [this](const TokenUse& use, std::function<void(bool)> done) { waiting.emplace_back(use, std::move(done)); };
    }
};

WriteTokenUse atOnce(bool written = true)
{
    return [written](const TokenUse&, const std::function<void(bool)>& done) { done(written); };
}

ClaimVerdict ask(OneTimeKeeper& keeper, const std::string& id, WallTime until, const std::string& issuer = "local")
{
    std::promise<ClaimVerdict> promise;
    keeper.claim({issuer, id, until}, [&promise](ClaimVerdict verdict) { promise.set_value(verdict); });
    return promise.get_future().get();
}

} // namespace

class OneTimeKeeperTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_token_is_claimed_once();
    void a_replay_does_not_wait_for_the_first_to_be_written();
    void a_use_that_cannot_be_written_fails_and_stays_used_up();
    void of_many_threads_one_gets_the_token();
    void a_full_table_refuses_and_forgets_nothing_that_could_be_replayed();
    void what_is_over_makes_room();
    void uses_are_there_after_a_restart_until_they_are_over();
    void claims_share_commits_and_each_is_answered_once();
    void a_store_that_is_locked_fails_claims_and_takes_them_later();
    void a_closed_keeper_fails();

private:
    test::ManualClock m_clock;
};

void OneTimeKeeperTest::a_token_is_claimed_once()
{
    OneTimeKeeper keeper(m_clock, atOnce(), {});
    const WallTime until = m_clock.wall() + 1h;
    QCOMPARE(ask(keeper, "a", until), ClaimVerdict::Claimed);
    QCOMPARE(ask(keeper, "a", until), ClaimVerdict::Replayed);
    QCOMPARE(ask(keeper, "b", until), ClaimVerdict::Claimed);
    QCOMPARE(ask(keeper, "a", until, "corp"), ClaimVerdict::Claimed);
}

void OneTimeKeeperTest::a_replay_does_not_wait_for_the_first_to_be_written()
{
    SlowStore store;
    OneTimeKeeper keeper(m_clock, store.writer(), {});
    std::optional<ClaimVerdict> first;
    keeper.claim({"local", "a", m_clock.wall() + 1h}, [&first](ClaimVerdict verdict) { first = verdict; });
    QVERIFY(!first);
    QCOMPARE(ask(keeper, "a", m_clock.wall() + 1h), ClaimVerdict::Replayed);
    QCOMPARE(store.waiting.size(), 1u);
    store.waiting[0].second(true);
    QVERIFY(first == ClaimVerdict::Claimed);
}

void OneTimeKeeperTest::a_use_that_cannot_be_written_fails_and_stays_used_up()
{
    OneTimeKeeper keeper(m_clock, atOnce(false), {});
    QCOMPARE(ask(keeper, "a", m_clock.wall() + 1h), ClaimVerdict::Failed);
    QCOMPARE(ask(keeper, "a", m_clock.wall() + 1h), ClaimVerdict::Replayed);
}

void OneTimeKeeperTest::of_many_threads_one_gets_the_token()
{
    constexpr int rounds = 20'000;
    constexpr int threads = 2;
    OneTimeKeeper keeper(m_clock, atOnce(), {});
    const WallTime until = m_clock.wall() + 1h;
    std::vector<std::atomic<int>> claimed(rounds);
    std::atomic<int> replayed{0};
    std::atomic<int> arrived{0};
    std::vector<std::thread> all;
    for (int i = 0; i < threads; ++i)
        all.emplace_back([&] {
            for (int round = 0; round < rounds; ++round) {
                ++arrived; // and off together, within a few instructions
                while (arrived < (round + 1) * threads)
                    std::this_thread::yield();
                keeper.claim({"local", std::to_string(round), until}, [&, round](ClaimVerdict verdict) {
                    claimed[static_cast<std::size_t>(round)] += verdict == ClaimVerdict::Claimed ? 1 : 0;
                    replayed += verdict == ClaimVerdict::Replayed ? 1 : 0;
                });
            }
        });
    for (std::thread& thread : all)
        thread.join();
    QVERIFY(std::ranges::all_of(claimed, [](const auto& count) { return count.load() == 1; }));
    QCOMPARE(replayed.load(), rounds * (threads - 1));
    QCOMPARE(keeper.size(), std::size_t(rounds));
}

void OneTimeKeeperTest::a_full_table_refuses_and_forgets_nothing_that_could_be_replayed()
{
    OneTimeKeeper keeper(m_clock, atOnce(), {}, 100);
    const WallTime until = m_clock.wall() + 1h;
    for (int i = 0; i < 100; ++i)
        QCOMPARE(ask(keeper, std::to_string(i), until), ClaimVerdict::Claimed);
    QCOMPARE(ask(keeper, "more", until), ClaimVerdict::Full);
    for (int i = 0; i < 100; ++i)
        QCOMPARE(ask(keeper, std::to_string(i), until), ClaimVerdict::Replayed);
    QCOMPARE(keeper.size(), 100u);
}

void OneTimeKeeperTest::what_is_over_makes_room()
{
    OneTimeKeeper keeper(m_clock, atOnce(), {}, 100);
    for (int i = 0; i < 100; ++i)
        QCOMPARE(ask(keeper, std::to_string(i), m_clock.wall() + (i < 50 ? 1min : 1h)), ClaimVerdict::Claimed);
    m_clock.advance(1min - 1ms);
    QCOMPARE(ask(keeper, "more", m_clock.wall() + 1h), ClaimVerdict::Full);
    m_clock.advance(1ms);
    for (int i = 100; i < 150; ++i)
        QCOMPARE(ask(keeper, std::to_string(i), m_clock.wall() + 1h), ClaimVerdict::Claimed);
    QCOMPARE(ask(keeper, "more", m_clock.wall() + 1h), ClaimVerdict::Full);
    QCOMPARE(keeper.expire(), 0u);
    m_clock.advance(1h);
    QCOMPARE(keeper.expire(), 100u);
    QCOMPARE(keeper.size(), 0u);
}

void OneTimeKeeperTest::uses_are_there_after_a_restart_until_they_are_over()
{
    const QTemporaryDir folder;
    const AuditLogOptions options{folder.filePath(QStringLiteral("store.sqlite")).toStdString()};
    const auto write = [](AuditLog& log) {
        return [&log](const TokenUse& use, std::function<void(bool)> done) { log.useToken(use, std::move(done)); };
    };
    {
        auto log = AuditLog::open(options, m_clock).value();
        OneTimeKeeper keeper(m_clock, write(*log), log->takeTokenUses());
        QCOMPARE(ask(keeper, "brief", m_clock.wall() + 1min), ClaimVerdict::Claimed);
        QCOMPARE(ask(keeper, "longer", m_clock.wall() + 1h), ClaimVerdict::Claimed);
    }
    m_clock.advance(1min);
    auto log = AuditLog::open(options, m_clock).value();
    OneTimeKeeper keeper(m_clock, write(*log), log->takeTokenUses(), 1);
    QCOMPARE(keeper.size(), 1u);
    QCOMPARE(ask(keeper, "longer", m_clock.wall() + 1h), ClaimVerdict::Replayed);
    QCOMPARE(ask(keeper, "other", m_clock.wall() + 1h), ClaimVerdict::Full);
}

void OneTimeKeeperTest::claims_share_commits_and_each_is_answered_once()
{
    constexpr int count = 3000;
    const QTemporaryDir folder;
    auto log = AuditLog::open({folder.filePath(QStringLiteral("store.sqlite")).toStdString()}, m_clock).value();
    OneTimeKeeper keeper(
        m_clock, [&log](const TokenUse& use, std::function<void(bool)> done) { log->useToken(use, std::move(done)); },
        {});
    std::vector<std::atomic<int>> answers(count);
    for (int i = 0; i < count; ++i)
        keeper.claim({"local", std::to_string(i), m_clock.wall() + 1h}, [&answers, i](ClaimVerdict verdict) {
            answers[static_cast<std::size_t>(i)] += verdict == ClaimVerdict::Claimed ? 1 : 100;
        });
    QVERIFY(log->flush());
    QVERIFY(std::ranges::all_of(answers, [](const auto& answer) { return answer.load() == 1; }));
}

void OneTimeKeeperTest::a_store_that_is_locked_fails_claims_and_takes_them_later()
{
    const QTemporaryDir folder;
    const AuditLogOptions options{folder.filePath(QStringLiteral("store.sqlite")).toStdString()};
    auto log = AuditLog::open(options, m_clock).value();
    const auto write = [&log](const TokenUse& use, std::function<void(bool)> done) {
        log->useToken(use, std::move(done));
    };
    OneTimeKeeper keeper(m_clock, write, {});
    {
        SqlConnection other;
        QVERIFY(other.open(options.file, SqlConnection::Mode::ReadWrite).ok());
        QVERIFY(other.execute(QStringLiteral("BEGIN EXCLUSIVE")).ok());
        QCOMPARE(ask(keeper, "a", m_clock.wall() + 1h), ClaimVerdict::Failed);
        QCOMPARE(ask(keeper, "b", m_clock.wall() + 1h), ClaimVerdict::Failed); // at once, while it fails
        QCOMPARE(ask(keeper, "a", m_clock.wall() + 1h), ClaimVerdict::Replayed);
        QVERIFY(other.execute(QStringLiteral("ROLLBACK")).ok());
    }
    while (!log->flush()) {
    }
    QCOMPARE(ask(keeper, "c", m_clock.wall() + 1h), ClaimVerdict::Claimed);
    log.reset();
    log = AuditLog::open(options, m_clock).value();
    QCOMPARE(log->takeTokenUses().size(), 3u);
}

void OneTimeKeeperTest::a_closed_keeper_fails()
{
    OneTimeKeeper keeper(m_clock, atOnce(), {});
    keeper.close();
    QCOMPARE(ask(keeper, "a", m_clock.wall() + 1h), ClaimVerdict::Failed);
    QCOMPARE(keeper.size(), 0u);
}

QTEST_GUILESS_MAIN(OneTimeKeeperTest)
#include "onetimekeepertest.moc"
