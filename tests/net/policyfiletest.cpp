// SPDX-License-Identifier: GPL-3.0-or-later
#include "policydesk.h"

#include <QTest>

// What happens in a running server when the policy's file changes: by a signal, and by itself.
using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

class PolicyFileTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_changed_file_is_taken_by_a_reload();
    void an_unchanged_file_is_no_new_version();
    void secrets_of_an_unchanged_file_are_read_anew();
    void an_unchanged_file_lets_a_provisional_version_wait();
    void a_changed_file_ends_the_waiting();
    void row83_an_invalid_file_changes_nothing_and_shows();
    void a_changed_file_is_noticed_without_a_signal();
    void a_file_that_is_still_written_is_left_alone();
    void an_invalid_file_is_said_once_until_it_is_good();
    void what_the_server_wrote_itself_is_no_change();

private:
    /// Two looks that find the same.
    static void look(ManualClock& clock, const TestServer& server)
    {
        for (int i = 0; i < 2; ++i) {
            clock.advance(1s);
            QVERIFY(eventually([&] { return server.info().stats.time >= clock.wall(); }));
            QTest::qWait(0);
            // The jobs thread looks in its own time: a question that goes there comes back behind a look.
            QVERIFY(eventually([&] { return server.call(CertificateStatusQuery{}).ok(); }));
        }
    }
};

void PolicyFileTest::a_changed_file_is_taken_by_a_reload()
{
    PolicyDesk desk;
    desk.server.edit(named("by hand"));
    QVERIFY(desk.server.call(ReloadCommand{}));
    const PolicyVersion version = desk.get().version;
    QCOMPARE(version.version, std::uint64_t(2));
    QCOMPARE(version.origin, PolicyOrigin::File);
    QCOMPARE(version.author, std::string("tester"));
    QCOMPARE(version.via, std::string("test"));
    QCOMPARE(desk.server.info().name, std::string("by hand"));
    QCOMPARE(desk.server.audit(AuditKind::Reload, Reason::None).size(), 1u);
    QVERIFY(desk.server.audit(AuditKind::Policy, Reason::None).empty());
    QCOMPARE(desk.history().versions.size(), std::size_t(2));
}

void PolicyFileTest::an_unchanged_file_is_no_new_version()
{
    const PolicyDesk desk;
    QVERIFY(desk.server.call(ReloadCommand{}));
    QCOMPARE(desk.get().running, std::uint64_t(1));
    QCOMPARE(desk.history().versions.size(), std::size_t(1));
    QCOMPARE(desk.server.audit(AuditKind::Reload, Reason::None).size(), 1u);
}

void PolicyFileTest::secrets_of_an_unchanged_file_are_read_anew()
{
    const PolicyDesk desk;
    const std::string token = desk.server.token("ann");
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = token;
    QCOMPARE(desk.server.plain().upgrade(options).status, 101);
    writeText(desk.server.policyFile().parent_path() / "keys/token.key", std::string(43, 'C'));
    QVERIFY(desk.server.call(ReloadCommand{}));
    QCOMPARE(desk.server.plain().upgrade(options).status, 401);
    QCOMPARE(desk.get().running, std::uint64_t(1));
}

void PolicyFileTest::an_unchanged_file_lets_a_provisional_version_wait()
{
    const PolicyDesk desk;
    QVERIFY(desk.apply(named("tried"), 60s));
    QVERIFY(desk.server.call(ReloadCommand{}));
    QCOMPARE(desk.get().running, std::uint64_t(2));
    QCOMPARE(desk.get().returnsTo, std::uint64_t(1));
    QCOMPARE(desk.server.info().name, std::string("tried"));
}

void PolicyFileTest::a_changed_file_ends_the_waiting()
{
    PolicyDesk desk;
    QVERIFY(desk.apply(named("tried"), 60s));
    desk.server.edit(named("by hand"));
    QVERIFY(desk.server.call(ReloadCommand{}));
    QCOMPARE(desk.get().running, std::uint64_t(3));
    QCOMPARE(desk.get().returnsTo, std::uint64_t(0));
    QCOMPARE(desk.server.info().name, std::string("by hand"));
}

void PolicyFileTest::row83_an_invalid_file_changes_nothing_and_shows()
{
    ManualClock clock;
    PolicyDesk desk({}, &clock);
    const std::string good = textOf(desk.server.policyFile());
    writeText(desk.server.policyFile(), R"({"limits": {"sessions": "many"}, "unknown_key": 1})");
    const Reply reply = desk.server.call(ReloadCommand{});
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ControlErrorCode::Rejected);
    QCOMPARE(reply.error().reason, Reason::PolicyRejected);
    QVERIFY(reply.error().problems.size() >= 2);
    QCOMPARE(desk.get().running, std::uint64_t(1));
    QCOMPARE(desk.server.refused(Reason::PolicyRejected), 1u);
    for (const char* place : {"/limits/sessions", "/unknown_key"}) {
        QVERIFY(desk.get().fileProblem.find(place) != std::string::npos);
        QVERIFY(desk.server.info().stats.policyProblem.find(place) != std::string::npos);
    }
    writeText(desk.server.policyFile(), good);
    QVERIFY(desk.server.call(ReloadCommand{}));
    QVERIFY(desk.get().fileProblem.empty());
    QVERIFY(desk.server.info().stats.policyProblem.empty());
    QCOMPARE(desk.get().running, std::uint64_t(1));
}

void PolicyFileTest::a_changed_file_is_noticed_without_a_signal()
{
    ManualClock clock;
    PolicyDesk desk({}, &clock);
    desk.server.edit(named("by hand"));
    QVERIFY(eventually([&] {
        clock.advance(300ms);
        return desk.get().running == 2;
    }));
    const PolicyVersion version = desk.get().version;
    QCOMPARE(version.origin, PolicyOrigin::File);
    QCOMPARE(version.author, std::string("file"));
    QCOMPARE(version.via, std::string("file"));
    QCOMPARE(desk.server.info().name, std::string("by hand"));
}

void PolicyFileTest::a_file_that_is_still_written_is_left_alone()
{
    ManualClock clock;
    PolicyDesk desk({}, &clock);
    const std::string whole = desk.edited(named("by hand"));
    for (std::size_t size = 100; size < 1000; size += 100) { // longer at every look, and never whole
        writeText(desk.server.policyFile(), whole.substr(0, size));
        clock.advance(1s);
        QVERIFY(eventually([&] { return desk.server.info().stats.time >= clock.wall(); }));
        QVERIFY(desk.server.call(CertificateStatusQuery{}));
    }
    QCOMPARE(desk.server.refused(Reason::PolicyRejected), 0u);
    writeText(desk.server.policyFile(), whole);
    QVERIFY(eventually([&] {
        clock.advance(300ms);
        return desk.get().running == 2;
    }));
    QCOMPARE(desk.server.refused(Reason::PolicyRejected), 0u);
}

void PolicyFileTest::an_invalid_file_is_said_once_until_it_is_good()
{
    ManualClock clock;
    PolicyDesk desk({}, &clock);
    writeText(desk.server.policyFile(), "{}");
    QVERIFY(eventually([&] {
        clock.advance(300ms);
        return !desk.server.info().stats.policyProblem.empty();
    }));
    for (int i = 0; i < 3; ++i)
        look(clock, desk.server);
    QCOMPARE(desk.server.refused(Reason::PolicyRejected), 1u);
    const auto records = desk.server.audit(AuditKind::Reload, Reason::PolicyRejected);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string("file"));
    desk.server.edit(named("mended"));
    QVERIFY(eventually([&] {
        clock.advance(300ms);
        return desk.server.info().stats.policyProblem.empty();
    }));
    QCOMPARE(desk.server.info().name, std::string("mended"));
}

void PolicyFileTest::what_the_server_wrote_itself_is_no_change()
{
    ManualClock clock;
    const PolicyDesk desk({}, &clock);
    QVERIFY(desk.apply(named("applied")));
    for (int i = 0; i < 3; ++i)
        look(clock, desk.server);
    QCOMPARE(desk.get().running, std::uint64_t(2));
    QVERIFY(desk.server.audit(AuditKind::Reload, Reason::None).empty());
}

QTEST_GUILESS_MAIN(PolicyFileTest)
#include "policyfiletest.moc"
