// SPDX-License-Identifier: GPL-3.0-or-later
// Policies on trial: until when they run, what comes back, and who keeps them.
#include "policydesk.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

class PolicyProvisionalTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_version_that_cannot_return_is_tried_again();
    void a_provisional_policy_returns_by_itself();
    void a_provisional_policy_that_is_confirmed_stays();
    void there_must_be_something_to_confirm();
    void a_file_changed_by_hand_is_not_confirmed_over();
    void provisional_on_provisional_returns_to_the_definitive_one();
    void a_definitive_policy_ends_the_waiting();
    void whoever_is_locked_out_by_other_keys_is_back_after_the_time();
    void what_returns_serves_with_the_certificate_of_the_moment();
    void a_rollback_to_0_while_provisional_returns_now();
    void a_provisional_version_does_not_outlast_the_process();
};

void PolicyProvisionalTest::a_version_that_cannot_return_is_tried_again()
{
    ManualClock clock;
    auto other = std::make_unique<TestServer>(); // only to know a port
    const std::uint16_t port = other->port();
    other.reset();
    const PolicyDesk desk([port](nlohmann::json& policy) { policy["listeners"][1]["port"] = port; }, &clock);
    QVERIFY(desk.apply([](nlohmann::json& policy) { policy["listeners"].erase(1); }, 60s));
    QVERIFY(eventually([&] {
        try {
            other =
                std::make_unique<TestServer>([port](nlohmann::json& policy) { policy["listeners"][1]["port"] = port; });
        } catch (const std::runtime_error&) { // not closed yet
        }
        return other != nullptr;
    }));
    clock.advance(60s);
    QVERIFY(eventually([&] { return !desk.server.info().stats.policyProblem.empty(); }));
    for (int i = 0; i < 3; ++i) {
        clock.advance(1s);
        QVERIFY(eventually([&] { return desk.server.info().stats.time >= clock.wall(); }));
    }
    QCOMPARE(desk.get().running, 2u);
    QCOMPARE(desk.server.refused(Reason::Listener), 1u); // said once
    other.reset();
    clock.advance(1s);
    QVERIFY(eventually([&] { return desk.get().running == 3u; }));
    QCOMPARE(desk.get().returnsTo, 0u);
    QVERIFY(desk.server.info().stats.policyProblem.empty());
}

void PolicyProvisionalTest::a_provisional_policy_returns_by_itself()
{
    ManualClock clock;
    const PolicyDesk desk({}, &clock);
    const PolicyDocument before = desk.get();
    const std::string file = textOf(desk.server.policyFile());
    const PolicyVersion tried = applied(desk.apply(named("tried"), 60s)).version;
    QCOMPARE(tried.origin, PolicyOrigin::Provisional);
    QCOMPARE(*tried.provisionalUntil, clock.wall() + 60s);
    QCOMPARE(desk.get().returnsTo, before.running);
    QVERIFY(desk.server.info().stats.provisionalUntil == tried.provisionalUntil);
    QCOMPARE(desk.server.info().name, std::string("tried"));
    QCOMPARE(textOf(desk.server.policyFile()), file);
    clock.advance(59s);
    QVERIFY(eventually([&] { return desk.server.info().stats.time >= clock.wall(); }));
    QCOMPARE(desk.get().running, tried.version);
    clock.advance(1s);
    QVERIFY(eventually([&] { return desk.get().running == tried.version + 1; }));
    const PolicyDocument after = desk.get();
    QCOMPARE(after.version.origin, PolicyOrigin::Returned);
    QCOMPARE(after.version.restores, before.running);
    QCOMPARE(after.version.author, std::string("rule"));
    QCOMPARE(after.version.hash, before.version.hash);
    QCOMPARE(after.returnsTo, 0u);
    QVERIFY(!desk.server.info().stats.provisionalUntil);
    QVERIFY(desk.server.info().name != "tried");
    QCOMPARE(textOf(desk.server.policyFile()), file);
    AuditQuery query;
    query.kind = AuditKind::Policy;
    const auto records = desk.server.audit(query);
    QCOMPARE(records.size(), 2u);
    QCOMPARE(records[0].actor, std::string("rule"));
}

void PolicyProvisionalTest::a_provisional_policy_that_is_confirmed_stays()
{
    ManualClock clock;
    const PolicyDesk desk({}, &clock);
    const PolicyVersion tried = applied(desk.apply(named("tried"), 60s)).version;
    clock.advance(30s);
    const PolicyVersion confirmed = applied(desk.server.call(PolicyConfirmCommand{tried.version})).version;
    QCOMPARE(confirmed.version, tried.version);
    QCOMPARE(*confirmed.confirmed, clock.wall());
    QCOMPARE(confirmed.confirmedBy, std::string("tester"));
    QVERIFY(desk.holds(desk.get().version));
    QVERIFY(!desk.server.info().stats.provisionalUntil);
    clock.advance(60s);
    QVERIFY(eventually([&] { return desk.server.info().stats.time >= clock.wall(); }));
    QCOMPARE(desk.get().running, tried.version);
    QVERIFY(desk.history().versions[0].version.confirmed == confirmed.confirmed);
}

void PolicyProvisionalTest::there_must_be_something_to_confirm()
{
    const PolicyDesk desk;
    QCOMPARE(desk.server.call(PolicyConfirmCommand{}).error().code, ControlErrorCode::NotFound);
    QVERIFY(desk.apply(named("tried"), 60s));
    const Reply other = desk.server.call(PolicyConfirmCommand{1});
    QCOMPARE(other.error().code, ControlErrorCode::NotFound);
    QVERIFY(other.error().message.find("version 2 does") != std::string::npos);
}

void PolicyProvisionalTest::a_file_changed_by_hand_is_not_confirmed_over()
{
    ManualClock clock;
    const PolicyDesk desk({}, &clock);
    QVERIFY(desk.apply(named("tried"), 60s));
    writeText(desk.server.policyFile(), "{}");
    const Reply reply = desk.server.call(PolicyConfirmCommand{});
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ControlErrorCode::Conflict);
    QCOMPARE(textOf(desk.server.policyFile()), std::string("{}"));
    QCOMPARE(desk.get().returnsTo, 1u);
}

void PolicyProvisionalTest::provisional_on_provisional_returns_to_the_definitive_one()
{
    ManualClock clock;
    const PolicyDesk desk({}, &clock);
    const std::string first = desk.hash();
    QVERIFY(desk.apply(named("tried"), 60s));
    clock.advance(40s);
    QVERIFY(desk.apply(named("tried again"), 60s));
    QCOMPARE(desk.get().returnsTo, 1u);
    clock.advance(40s);
    QVERIFY(eventually([&] { return desk.server.info().stats.time >= clock.wall(); }));
    QCOMPARE(desk.get().running, 3u); // whose own time counts
    clock.advance(20s);
    QVERIFY(eventually([&] { return desk.get().running == 4u; }));
    QCOMPARE(desk.hash(), first);
}

void PolicyProvisionalTest::a_definitive_policy_ends_the_waiting()
{
    ManualClock clock;
    const PolicyDesk desk({}, &clock);
    QVERIFY(desk.apply(named("tried"), 60s));
    QVERIFY(desk.apply(named("meant")));
    QCOMPARE(desk.get().returnsTo, 0u);
    QVERIFY(desk.holds(desk.get().version));
    clock.advance(2h);
    QVERIFY(eventually([&] { return desk.server.info().stats.time >= clock.wall(); }));
    QCOMPARE(desk.server.info().name, std::string("meant"));
}

void PolicyProvisionalTest::whoever_is_locked_out_by_other_keys_is_back_after_the_time()
{
    ManualClock clock;
    const PolicyDesk desk({}, &clock);
    const auto folder = desk.server.policyFile().parent_path();
    writeText(folder / "other.key", std::string(43, 'B'));
    std::filesystem::permissions(folder / "other.key", std::filesystem::perms(0600));
    const auto status = [&] {
        UpgradeOptions options;
        options.path = "/hub/chat.a";
        options.token = desk.server.token("ann");
        return desk.server.plain().upgrade(options).status;
    };
    QCOMPARE(status(), 101);
    QVERIFY(desk.apply([](nlohmann::json& policy) { policy["issuers"][0]["secret_file"] = "other.key"; }, 60s));
    QCOMPARE(status(), 401);
    std::filesystem::rename(folder / "keys/token.key", folder / "keys/gone.key"); // it comes back without its files too
    clock.advance(60s);
    QVERIFY(eventually([&] { return desk.get().running == 3u; }));
    QCOMPARE(status(), 101);
}

void PolicyProvisionalTest::what_returns_serves_with_the_certificate_of_the_moment()
{
    ManualClock clock;
    const PolicyDesk desk({}, &clock);
    const TestServer other({}, &clock); // for its certificate
    const auto fingerprint = [](const TestServer& server) -> std::string {
        const auto list = std::get<CertificateList>(server.call(CertificateStatusQuery{}).value());
        return list.certificates.empty() ? std::string() : list.certificates[0].facts.fingerprint;
    };
    QVERIFY(eventually([&] { return !fingerprint(desk.server).empty() && !fingerprint(other).empty(); }));
    QVERIFY(desk.apply(named("tried"), 10min));
    for (const char* name : {"tls/server.key", "tls/server.pem"})
        std::filesystem::copy_file(other.policyFile().parent_path() / name,
                                   desk.server.policyFile().parent_path() / name,
                                   std::filesystem::copy_options::overwrite_existing);
    QVERIFY(eventually([&] {
        clock.advance(300ms);
        return fingerprint(desk.server) == fingerprint(other);
    }));
    QCOMPARE(desk.get().running, 2u);
    clock.advance(10min);
    QVERIFY(eventually([&] { return desk.get().running == 3u; }));
    QCOMPARE(fingerprint(desk.server), fingerprint(other));
    QVERIFY(desk.server.tls().connected());
}

void PolicyProvisionalTest::a_rollback_to_0_while_provisional_returns_now()
{
    const PolicyDesk desk;
    const std::string first = desk.hash();
    QVERIFY(desk.apply(named("tried"), 60s));
    const PolicyVersion back = applied(desk.server.call(PolicyRollbackCommand{0, desk.hash(), {}, {}, false})).version;
    QCOMPARE(back.restores, 1u);
    QCOMPARE(back.hash, first);
    QCOMPARE(desk.get().returnsTo, 0u);
}

void PolicyProvisionalTest::a_provisional_version_does_not_outlast_the_process()
{
    PolicyDesk desk;
    const std::string first = desk.hash();
    QVERIFY(desk.apply(named("tried"), 1h));
    desk.server.stop();
    desk.server.start();
    const PolicyVersion version = desk.get().version;
    QCOMPARE(version.version, std::uint64_t(3));
    QCOMPARE(version.origin, PolicyOrigin::Returned);
    QCOMPARE(version.restores, std::uint64_t(1));
    QCOMPARE(version.hash, first);
    QVERIFY2(version.reason.find("version 2 was not confirmed") != std::string::npos, version.reason.c_str());
    QCOMPARE(desk.get().returnsTo, std::uint64_t(0));
}

QTEST_GUILESS_MAIN(PolicyProvisionalTest)
#include "policyprovisionaltest.moc"
