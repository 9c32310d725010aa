// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/revocationkeeper.h"

#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

const Actor root{"root", "socket"};
const WallTime today(1'800'000'000s);

RevokeTokenCommand token(const std::string& id, std::optional<std::chrono::milliseconds> duration = std::nullopt)
{
    return {id, {}, {}, duration, {}};
}

InvalidateUserTokensCommand user(const std::string& name)
{
    return {name, {}, {}, {}, {}, {}};
}

} // namespace

class RevocationKeeperTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void revocations_stand_after_a_restart();
    void one_that_is_over_goes_by_itself();
    void one_that_is_over_is_not_there_after_a_restart();
    void one_of_the_same_subject_is_replaced_and_never_weakened();
    void a_full_list_refuses_and_says_what_to_do();
    void a_command_that_cannot_be_met_is_refused_data();
    void a_command_that_cannot_be_met_is_refused();
    void the_longest_name_that_the_gate_lets_in_can_be_met();
    void the_time_of_a_users_revocation_is_now_where_none_is_given();
    void the_id_of_one_taken_back_is_not_given_again();

private:
    void open();

    const SystemClock m_clock;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<AuditLog> m_log;
};

void RevocationKeeperTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    open();
}

void RevocationKeeperTest::cleanup()
{
    m_log.reset();
}

void RevocationKeeperTest::open()
{
    m_log.reset();
    m_log = AuditLog::open({m_folder->filePath(QStringLiteral("store.sqlite")).toStdString()}, m_clock).value();
}

void RevocationKeeperTest::revocations_stand_after_a_restart()
{
    std::vector<Revocation> before;
    {
        RevocationKeeper keeper(*m_log);
        before.push_back(keeper.add(root, token("7f3a", 24h * 365 * 50), today).value());
        InvalidateUserTokensCommand command = user("ann");
        command.issuer = "corp";
        command.reason = "lost her phone";
        command.issuedBefore = std::chrono::sys_seconds(1'790'000'000s);
        before.push_back(keeper.add(root, command, today).value());
        QCOMPARE(keeper.revocations(), before);
    }
    open();
    RevocationKeeper keeper(*m_log);
    QCOMPARE(keeper.revocations(), before);
    QCOMPARE(keeper.set()->size(), 2u);
}

void RevocationKeeperTest::one_that_is_over_goes_by_itself()
{
    RevocationKeeper keeper(*m_log);
    const Revocation brief = keeper.add(root, token("a", 1min), today).value();
    const Revocation longer = keeper.add(root, token("b", 2min), today).value();
    const Revocation forever = keeper.add(root, token("c"), today).value();
    QVERIFY(keeper.expire(today + 1min - 1ms).empty());
    QCOMPARE(keeper.expire(today + 1min), std::vector<Revocation>{brief});
    QCOMPARE(keeper.revocations(), (std::vector<Revocation>{longer, forever}));
    QCOMPARE(keeper.set()->size(), 2u);
}

void RevocationKeeperTest::one_that_is_over_is_not_there_after_a_restart()
{
    {
        RevocationKeeper keeper(*m_log);
        QVERIFY(keeper.add(root, token("a", 1min), m_clock.wall() - 2min).ok());
        QVERIFY(keeper.add(root, token("b"), m_clock.wall()).ok());
    }
    open();
    QCOMPARE(RevocationKeeper(*m_log).revocations().size(), 1u);
}

void RevocationKeeperTest::one_of_the_same_subject_is_replaced_and_never_weakened()
{
    RevocationKeeper keeper(*m_log);
    QVERIFY(keeper.add(root, token("a"), today).ok());
    const Revocation again = keeper.add(root, token("a", 1min), today).value();
    QVERIFY(!again.until);
    QCOMPARE(keeper.revocations(), std::vector<Revocation>{again});

    QVERIFY(keeper.add(root, user("ann"), today).ok());
    InvalidateUserTokensCommand earlier = user("ann");
    earlier.issuedBefore = std::chrono::sys_seconds(1'700'000'000s);
    QCOMPARE(keeper.add(root, earlier, today + 1s).value().issuedBefore, today);
    QCOMPARE(keeper.add(root, user("ann"), today + 2s).value().issuedBefore, today + 2s);
    QCOMPARE(keeper.set()->size(), 2u);
    const auto expected = keeper.revocations();
    open();
    QCOMPARE(RevocationKeeper(*m_log).revocations(), expected);
}

void RevocationKeeperTest::a_full_list_refuses_and_says_what_to_do()
{
    RevocationKeeper keeper(*m_log, 3);
    for (const char* id : {"a", "b", "c"})
        QVERIFY(keeper.add(root, token(id), today).ok());
    const auto refused = keeper.add(root, token("d"), today);
    QCOMPARE(refused.error().code, ControlErrorCode::Rejected);
    QVERIFY(refused.error().message.find("unrevoke") != std::string::npos);
    QVERIFY(keeper.add(root, token("c"), today).ok()); // takes no place of its own
    QVERIFY(keeper.remove(keeper.revocations().front().id));
    QVERIFY(keeper.add(root, token("d"), today).ok());
}

void RevocationKeeperTest::a_command_that_cannot_be_met_is_refused_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::newRow("empty") << QByteArray();
    QTest::newRow("a line feed") << QByteArray("a\nb");
    QTest::newRow("a NUL") << QByteArray("a\0b", 3);
    QTest::newRow("no UTF-8") << QByteArray("a\xff");
    QTest::newRow("too long") << QByteArray(193, 'a');
}

void RevocationKeeperTest::a_command_that_cannot_be_met_is_refused()
{
    QFETCH(const QByteArray, value);
    RevocationKeeper keeper(*m_log);
    QCOMPARE(keeper.add(root, token(value.toStdString()), today).error().code, ControlErrorCode::BadRequest);
    QCOMPARE(keeper.add(root, user(value.toStdString()), today).error().code, ControlErrorCode::BadRequest);
    QVERIFY(!keeper.add(root, token("a", 0ms), today).ok());
    RevokeTokenCommand past = token("a");
    past.expireAt = std::chrono::sys_seconds(1'800'000'000s);
    QVERIFY(!keeper.add(root, past, today).ok());
    past.expireAt = std::chrono::sys_seconds(1'800'000'001s);
    past.duration = 1min;
    QVERIFY(!keeper.add(root, past, today).ok());
    InvalidateUserTokensCommand milliseconds = user("ann"); // taken for seconds
    milliseconds.issuedBefore = std::chrono::sys_seconds(1'800'000'000'000s);
    QVERIFY(keeper.add(root, milliseconds, today).error().message.find("seconds") != std::string::npos);
    QVERIFY(keeper.revocations().empty());
}

void RevocationKeeperTest::the_longest_name_that_the_gate_lets_in_can_be_met()
{
    RevocationKeeper keeper(*m_log);
    QVERIFY(keeper.add(root, user(std::string(64, 'p') + std::string(128, 'u')), today).ok());
}

void RevocationKeeperTest::the_time_of_a_users_revocation_is_now_where_none_is_given()
{
    RevocationKeeper keeper(*m_log);
    QCOMPARE(keeper.add(root, user("ann"), today).value().issuedBefore, today);
}

void RevocationKeeperTest::the_id_of_one_taken_back_is_not_given_again()
{
    RevocationId first;
    {
        RevocationKeeper keeper(*m_log);
        first = keeper.add(root, token("a"), today).value().id;
        QVERIFY(keeper.remove(first));
        QVERIFY(!keeper.remove(first));
    }
    open();
    RevocationKeeper keeper(*m_log);
    QVERIFY(keeper.add(root, token("a"), today).value().id > first);
}

QTEST_GUILESS_MAIN(RevocationKeeperTest)
#include "revocationkeepertest.moc"
