// SPDX-License-Identifier: GPL-3.0-or-later
// The versions that a server keeps of its policy, and the way back to them.
#include "policydesk.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

class PolicyVersionsTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_rollback_restores_an_earlier_version();
    void a_rollback_to_0_is_the_version_before();
    void a_rollback_to_what_is_not_there_is_refused();
    void the_history_is_newest_first_with_what_changed();
    void versions_go_on_over_restarts();
};

void PolicyVersionsTest::a_rollback_restores_an_earlier_version()
{
    const PolicyDesk desk;
    const PolicyVersion first = desk.get().version;
    QVERIFY(desk.apply(named("second")));
    QVERIFY(desk.apply(named("third")));
    QCOMPARE(desk.server.call(PolicyRollbackCommand{1, first.hash, {}, {}, false}).error().code,
             ControlErrorCode::Conflict);
    const PolicyVersion restored =
        applied(desk.server.call(PolicyRollbackCommand{1, desk.hash(), "too soon", {}, false})).version;
    QCOMPARE(restored.version, 4u);
    QCOMPARE(restored.origin, PolicyOrigin::Rollback);
    QCOMPARE(restored.restores, 1u);
    QCOMPARE(restored.reason, std::string("too soon"));
    QCOMPARE(restored.hash, first.hash);
    QVERIFY(desk.holds(first));
}

void PolicyVersionsTest::a_rollback_to_0_is_the_version_before()
{
    ManualClock clock;
    const PolicyDesk desk({}, &clock);
    QVERIFY(desk.apply(named("second")));
    QVERIFY(desk.apply(named("failed"), 60s)); // what nobody confirmed is no version to go back to
    clock.advance(60s);
    QVERIFY(eventually([&] { return desk.get().running == 4u; }));
    const PolicyVersion back = applied(desk.server.call(PolicyRollbackCommand{0, desk.hash(), {}, {}, false})).version;
    QCOMPARE(back.restores, 1u);
    const PolicyVersion forth = applied(desk.server.call(PolicyRollbackCommand{0, desk.hash(), {}, {}, false})).version;
    QCOMPARE(forth.restores, 4u); // which is the second again
    QCOMPARE(desk.server.info().name, std::string("second"));
}

void PolicyVersionsTest::a_rollback_to_what_is_not_there_is_refused()
{
    const PolicyDesk desk;
    const auto code = [&](std::uint64_t version) {
        return desk.server.call(PolicyRollbackCommand{version, desk.hash(), {}, {}, false}).error().code;
    };
    QCOMPARE(code(0), ControlErrorCode::NotFound);
    QCOMPARE(code(7), ControlErrorCode::NotFound);
    QCOMPARE(code(1), ControlErrorCode::Rejected); // it runs
    QCOMPARE(desk.server.call(PolicyGetQuery{7}).error().code, ControlErrorCode::NotFound);
}

void PolicyVersionsTest::the_history_is_newest_first_with_what_changed()
{
    const PolicyDesk desk;
    QVERIFY(desk.apply(named("second")));
    QVERIFY(desk.apply(named("third")));
    const PolicyHistory all = desk.history();
    QCOMPARE(all.versions.size(), std::size_t(3));
    QVERIFY(!all.more);
    for (std::size_t i = 0; i < 3; ++i) {
        QCOMPARE(all.versions[i].version.version, 3 - i);
        QVERIFY(all.versions[i].version.document.empty());
        QCOMPARE(all.versions[i].difference.empty(), i == 2);
    }
    QCOMPARE(all.versions[2].version.origin, PolicyOrigin::File);
    const PolicyHistory page = desk.history(3, 1);
    QCOMPARE(page.versions.size(), std::size_t(1));
    QCOMPARE(page.versions[0].version.version, std::uint64_t(2));
    QVERIFY(!page.versions[0].difference.empty());
    QVERIFY(page.more);
    QVERIFY(!desk.history(2, 1).more);
}

void PolicyVersionsTest::versions_go_on_over_restarts()
{
    PolicyDesk desk;
    QVERIFY(desk.apply(named("second")));
    desk.server.stop();
    desk.server.start();
    QCOMPARE(desk.get().running, std::uint64_t(2)); // the file holds what it held
    QCOMPARE(desk.get().version.origin, PolicyOrigin::Apply);
    desk.server.stop();
    const std::string edited = [&] {
        nlohmann::json document = nlohmann::json::parse(textOf(desk.server.policyFile()));
        document["name"] = "by hand";
        return document.dump(2);
    }();
    writeText(desk.server.policyFile(), edited);
    desk.server.start();
    const PolicyVersion third = desk.get().version;
    QCOMPARE(third.version, std::uint64_t(3));
    QCOMPARE(third.origin, PolicyOrigin::File);
    QCOMPARE(third.author, std::string("file"));
    QCOMPARE(desk.history().versions.size(), std::size_t(3));
}

QTEST_GUILESS_MAIN(PolicyVersionsTest)
#include "policyversionstest.moc"
