// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/limitkeeper.h"

#include "manualclock.h"

#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

namespace {

const Actor operators{"ann", "socket"};

LimitCommand ofUser(const std::string& user, Rate rate = {5, 1s, 10}, const std::string& issuer = {})
{
    LimitCommand command;
    command.user = user;
    command.issuer = issuer;
    command.rate = rate;
    return command;
}

LimitCommand ofSessions(const std::vector<SessionId>& sessions)
{
    LimitCommand command;
    command.sessions = sessions;
    command.rate = {5, 1s, 10};
    return command;
}

} // namespace

/// The temporary limits that stand.
class LimitKeeperTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void one_of_the_same_subject_is_replaced();
    void what_is_gone_from_a_bucket_is_gone_from_the_next();
    void a_debt_at_a_slow_rate_does_not_outlast_it();
    void a_session_that_is_named_twice_is_limited_once();
    void at_its_capacity_only_a_replacement_is_taken();
    void what_is_over_goes();
    void ids_are_not_given_again();
    void commands_that_make_no_sense_are_refused_data();
    void commands_that_make_no_sense_are_refused();

private:
    Result<std::vector<SharedLimit>, ControlError> add(LimitKeeper& keeper, const LimitCommand& command)
    {
        return keeper.add(operators, command, m_clock.now(), m_clock.wall());
    }
    void reopen()
    {
        m_log.reset();
        m_log = AuditLog::open({m_folder->filePath(QStringLiteral("store.sqlite")).toStdString()}, m_clock).value();
    }

    ManualClock m_clock;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<AuditLog> m_log;
};

void LimitKeeperTest::init()
{
    m_log.reset();
    m_folder = std::make_unique<QTemporaryDir>();
    reopen();
}

void LimitKeeperTest::one_of_the_same_subject_is_replaced()
{
    LimitKeeper keeper(*m_log);
    QVERIFY(add(keeper, ofUser("bob")).ok());
    QVERIFY(add(keeper, ofUser("bob", {7, 1s, 7})).ok());
    QVERIFY(add(keeper, ofUser("bob", {8, 1s, 8}, "local")).ok()); // another subject
    QVERIFY(add(keeper, ofSessions({SessionId{1}, SessionId{2}})).ok());
    QVERIFY(add(keeper, ofSessions({SessionId{2}})).ok());
    const auto limits = keeper.limits();
    QCOMPARE(limits.size(), 4u);
    QCOMPARE(limits[0].rate.count, 7u);
    QCOMPARE(limits[1].issuer, std::string("local"));
    QCOMPARE(limits[2].session, SessionId{1});
    QCOMPARE(limits[3].session, SessionId{2});
}

void LimitKeeperTest::what_is_gone_from_a_bucket_is_gone_from_the_next()
{
    LimitKeeper keeper(*m_log);
    const SharedLimit first = add(keeper, ofUser("bob", {1, 1min, 10})).value().front();
    QVERIFY(first->bucket.take(first->limit.rate, m_clock.now(), 7));
    const SharedLimit same = add(keeper, ofUser("bob", {1, 1min, 10})).value().front();
    QCOMPARE(same->bucket.left(same->limit.rate, m_clock.now()), 3u);
    const SharedLimit smaller = add(keeper, ofUser("bob", {1, 1min, 5})).value().front();
    QCOMPARE(smaller->bucket.left(smaller->limit.rate, m_clock.now()), 0u);
}

void LimitKeeperTest::a_debt_at_a_slow_rate_does_not_outlast_it()
{
    LimitKeeper keeper(*m_log);
    const SharedLimit slow = add(keeper, ofUser("bob", {1, 1h, 1})).value().front();
    slow->bucket.charge(slow->limit.rate, m_clock.now(), 20);
    const SharedLimit quick = add(keeper, ofUser("bob", {10, 1s, 10})).value().front();
    QVERIFY(quick->bucket.wait(quick->limit.rate, m_clock.now()) <= 1s);
}

void LimitKeeperTest::a_session_that_is_named_twice_is_limited_once()
{
    LimitKeeper keeper(*m_log);
    QCOMPARE(add(keeper, ofSessions({SessionId{1}, SessionId{1}})).value().size(), 1u);
    QCOMPARE(keeper.limits().size(), 1u);
}

void LimitKeeperTest::at_its_capacity_only_a_replacement_is_taken()
{
    LimitKeeper keeper(*m_log, 3);
    QVERIFY(add(keeper, ofUser("a")).ok());
    QCOMPARE(add(keeper, ofSessions({SessionId{1}, SessionId{2}, SessionId{3}})).error().code,
             ControlErrorCode::Rejected);
    QCOMPARE(keeper.limits().size(), 1u); // none of them
    QVERIFY(add(keeper, ofSessions({SessionId{1}, SessionId{2}})).ok());
    QCOMPARE(add(keeper, ofUser("b")).error().code, ControlErrorCode::Rejected);
    QVERIFY(add(keeper, ofUser("a", {1, 1s, 1})).ok());
    QVERIFY(keeper.remove(keeper.limits().front().id));
    QVERIFY(add(keeper, ofUser("b")).ok());
}

void LimitKeeperTest::what_is_over_goes()
{
    LimitKeeper keeper(*m_log);
    LimitCommand brief = ofUser("bob");
    brief.duration = 1min;
    LimitCommand endless = ofUser("ann");
    endless.duration.reset();
    const LimitId first = add(keeper, brief).value().front()->limit.id;
    QVERIFY(add(keeper, endless).ok());
    const SharedLimit session = add(keeper, ofSessions({SessionId{1}})).value().front();
    QVERIFY(keeper.expire(m_clock.wall() + 59s).empty());
    session->sessionEnded = true;
    const auto ended = keeper.expire(m_clock.wall() + 1min);
    QCOMPARE(ended.size(), 2u);
    QCOMPARE(ended[0].id, first);
    QCOMPARE(ended[1].session, SessionId{1});
    QCOMPARE(keeper.limits().size(), 1u);
}

void LimitKeeperTest::ids_are_not_given_again()
{
    LimitId last;
    {
        LimitKeeper keeper(*m_log);
        QVERIFY(add(keeper, ofUser("bob")).ok());
        last = add(keeper, ofSessions({SessionId{1}})).value().front()->limit.id;
    }
    reopen();
    LimitKeeper keeper(*m_log);
    QCOMPARE(keeper.limits().size(), 1u); // the session has gone with its process
    QVERIFY(add(keeper, ofSessions({SessionId{1}})).value().front()->limit.id > last);
}

void LimitKeeperTest::commands_that_make_no_sense_are_refused_data()
{
    QTest::addColumn<LimitCommand>("command");
    const auto row = [](const char* name, auto change) {
        LimitCommand command = ofUser("bob");
        change(command);
        QTest::newRow(name) << command;
    };
    row("no session and no user", [](LimitCommand& command) { command.user.clear(); });
    row("a session and a user", [](LimitCommand& command) { command.sessions = {SessionId{1}}; });
    row("an issuer without a user", [](LimitCommand& command) {
        command.user.clear();
        command.issuer = "local";
    });
    row("a session and an issuer", [](LimitCommand& command) {
        command.user.clear();
        command.issuer = "local";
        command.sessions = {SessionId{1}};
    });
    row("a name too long", [](LimitCommand& command) { command.user = std::string(193, 'x'); });
    row("a line end in the name", [](LimitCommand& command) { command.user = "a\nb"; });
    row("too many sessions", [](LimitCommand& command) {
        command.user.clear();
        command.sessions.resize(1001);
    });
    row("no duration", [](LimitCommand& command) { command.duration = 0ms; });
    row("negative duration", [](LimitCommand& command) { command.duration = -1ms; });
    row("a reason too long", [](LimitCommand& command) { command.reason = std::string(501, 'x'); });
    row("no messages", [](LimitCommand& command) { command.rate.count = 0; });
    row("no burst", [](LimitCommand& command) { command.rate.burst = 0; });
    row("no time", [](LimitCommand& command) { command.rate.per = 0s; });
    row("negative time", [](LimitCommand& command) { command.rate.per = -1s; });
    row("more than can be counted", [](LimitCommand& command) { command.rate.count = UINT64_MAX; });
    row("a burst beyond counting", [](LimitCommand& command) { command.rate.burst = UINT64_MAX; });
    row("too long a time", [](LimitCommand& command) { command.rate.per = 25h; });
}

void LimitKeeperTest::commands_that_make_no_sense_are_refused()
{
    QFETCH(const LimitCommand, command);
    LimitKeeper keeper(*m_log);
    const auto added = add(keeper, command);
    QVERIFY(!added.ok());
    QCOMPARE(added.error().code, ControlErrorCode::BadRequest);
    QVERIFY(!added.error().message.empty());
    QVERIFY(keeper.limits().empty());
}

QTEST_GUILESS_MAIN(LimitKeeperTest)
#include "limitkeepertest.moc"
