// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/bankeeper.h"

#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

const Actor operators{"ann", "socket"};
const Actor rule{ruleActor, ruleActor};

std::string addressOf(std::size_t number)
{
    return "10.0.0." + std::to_string(number);
}

BanCommand banOf(const std::string& value, std::optional<std::chrono::milliseconds> duration,
                 BanSubject subject = BanSubject::Address)
{
    BanCommand command;
    command.subject = subject;
    command.value = value;
    command.duration = duration;
    return command;
}

} // namespace

class BanKeeperTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void an_operators_ban_replaces_one_of_the_same_subject();
    void a_rule_never_shortens_a_ban();
    void a_rule_may_prolong_a_ban();
    void rules_leave_places_for_operators();
    void a_user_that_no_token_can_name_is_not_banned();

private:
    const SystemClock m_clock;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<AuditLog> m_log;
};

void BanKeeperTest::init()
{
    m_log.reset();
    m_folder = std::make_unique<QTemporaryDir>();
    m_log = AuditLog::open({m_folder->filePath(QStringLiteral("store.sqlite")).toStdString()}, m_clock).value();
}

void BanKeeperTest::an_operators_ban_replaces_one_of_the_same_subject()
{
    BanKeeper keeper(*m_log);
    QVERIFY(keeper.add(operators, banOf("192.0.2.7", std::nullopt), m_clock.wall()).ok());
    const Ban second = keeper.add(operators, banOf("192.0.2.7", 1min), m_clock.wall()).value();
    QCOMPARE(keeper.bans(), std::vector<Ban>{second});
    QCOMPARE(m_log->loadBans(), std::vector<Ban>{second});
}

void BanKeeperTest::a_rule_never_shortens_a_ban()
{
    BanKeeper keeper(*m_log);
    const Ban forever = keeper.add(operators, banOf("192.0.2.7", std::nullopt), m_clock.wall()).value();
    const Ban day = keeper.add(operators, banOf("192.0.2.8", 24h), m_clock.wall()).value();
    QVERIFY(!keeper.add(rule, banOf("192.0.2.7", 10min), m_clock.wall()).ok());
    QVERIFY(!keeper.add(rule, banOf("192.0.2.8", 10min), m_clock.wall()).ok());
    QCOMPARE(keeper.bans(), (std::vector<Ban>{forever, day}));
}

void BanKeeperTest::a_rule_may_prolong_a_ban()
{
    BanKeeper keeper(*m_log);
    QVERIFY(keeper.add(operators, banOf("192.0.2.7", 1min), m_clock.wall()).ok());
    const Ban longer = keeper.add(rule, banOf("192.0.2.7", 10min), m_clock.wall()).value();
    QCOMPARE(keeper.bans(), std::vector<Ban>{longer});
}

void BanKeeperTest::rules_leave_places_for_operators()
{
    constexpr std::size_t places = 100;
    BanKeeper keeper(*m_log, places);
    for (std::size_t i = 0; i < 90; ++i)
        QVERIFY(keeper.add(rule, banOf(addressOf(i), 1h), m_clock.wall()).ok());
    QCOMPARE(keeper.add(rule, banOf("192.0.2.7", 1h), m_clock.wall()).error().code, ControlErrorCode::Rejected);
    QVERIFY(keeper.add(rule, banOf(addressOf(0), 2h), m_clock.wall()).ok()); // takes no place of its own
    for (std::size_t i = 90; i < places; ++i)
        QVERIFY(keeper.add(operators, banOf(addressOf(i), std::nullopt), m_clock.wall()).ok());
    QCOMPARE(keeper.add(operators, banOf("192.0.2.7", 1h), m_clock.wall()).error().code, ControlErrorCode::Rejected);
    QCOMPARE(keeper.bans().size(), places);
}

void BanKeeperTest::a_user_that_no_token_can_name_is_not_banned()
{
    BanKeeper keeper(*m_log);
    for (const char* name : {"", "a\nb", "\xef\xbb\xbfroot", "a\xff"})
        QVERIFY(!keeper.add(operators, banOf(name, 1min, BanSubject::User), m_clock.wall()).ok());
    QVERIFY(keeper.bans().empty());
}

QTEST_GUILESS_MAIN(BanKeeperTest)
#include "bankeepertest.moc"
