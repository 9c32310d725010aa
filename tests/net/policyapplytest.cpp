// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/sqlconnection.h"
#include "policydesk.h"

#include <QTest>

#include <future>
#include <unistd.h>

// What commands do to the policy of a running server, and to its file.
using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

class PolicyApplyTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void an_applied_policy_runs_is_written_and_recorded();
    void a_symbolic_link_stays_one_and_its_target_is_written();
    void row90_a_stale_base_is_a_conflict_with_the_difference_data();
    void row90_a_stale_base_is_a_conflict_with_the_difference();
    void of_two_at_once_one_comes_first();
    void an_invalid_policy_changes_nothing_and_names_every_error();
    void row81_is_refused_at_apply_as_at_the_start_data();
    void row81_is_refused_at_apply_as_at_the_start();
    void a_file_changed_by_hand_is_a_conflict_unless_it_is_replaced_data();
    void a_file_changed_by_hand_is_a_conflict_unless_it_is_replaced();
    void a_file_that_cannot_be_written_refuses_the_change();
    void a_listener_that_cannot_be_bound_refuses_the_change_and_the_file_is_as_it_was();
    void parameters_out_of_range_are_bad_requests();
    void what_needs_a_restart_is_written_and_named();
    void a_check_says_all_and_changes_nothing();
    void a_what_if_names_changes_and_asks_for_a_good_policy();
    void a_policy_that_holds_and_cannot_be_stored_is_said_so();
};

namespace {

std::string editedBy(const PolicyDesk& desk, const TestServer::Edit& edit)
{
    return desk.edited(edit);
}

} // namespace

void PolicyApplyTest::an_applied_policy_runs_is_written_and_recorded()
{
    const PolicyDesk desk;
    std::filesystem::permissions(desk.server.policyFile(), std::filesystem::perms(0640));
    const PolicyDocument before = desk.get();
    ByteClient inside = desk.server.join("chat.a", "ann");
    const Reply reply = desk.apply([](nlohmann::json& policy) { policy["channels"][1]["subscribe"] = {"editor"}; });
    const PolicyVersion version = applied(reply).version;
    QCOMPARE(applied(reply).sessions, std::uint64_t(1));
    QCOMPARE(applied(reply).ended.size(), std::size_t(1));
    QCOMPARE(applied(reply).ended[0].user, std::string("ann"));
    QCOMPARE(inside.closing().code, std::uint16_t{4403});
    QCOMPARE(version.version, before.running + 1);
    QCOMPARE(version.origin, PolicyOrigin::Apply);
    QCOMPARE(version.author, std::string("tester"));
    QCOMPARE(version.via, std::string("test"));
    QCOMPARE(version.reason, std::string("because"));
    QVERIFY(version.document.empty());
    QVERIFY(version.hash != before.version.hash);
    QVERIFY(desk.holds(desk.get().version));
    QCOMPARE(std::filesystem::status(desk.server.policyFile()).permissions(), std::filesystem::perms(0640));
    QCOMPARE(desk.server.info().policyVersion, version.version);
    QCOMPARE(desk.server.info().stats.policyVersion, version.version);
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = desk.server.token("bob");
    QCOMPARE(desk.server.plain().upgrade(options).status, 403);
    const auto records = desk.server.audit(AuditKind::Policy, Reason::None);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string("tester"));
    QCOMPARE(records[0].policyVersion, version.version);
    QVERIFY(records[0].detail.find("because") != std::string::npos);
    QVERIFY(desk.get(before.running).version.document == before.version.document);
}

void PolicyApplyTest::a_symbolic_link_stays_one_and_its_target_is_written()
{
    const PolicyDesk desk;
    const auto file = desk.server.policyFile();
    const auto target = file.parent_path() / "real.json";
    std::filesystem::rename(file, target);
    std::filesystem::create_symlink("real.json", file);
    QVERIFY(desk.apply(named("linked")));
    QVERIFY(std::filesystem::is_symlink(file));
    QVERIFY(textOf(target).find("\"linked\"") != std::string::npos);
}

void PolicyApplyTest::row90_a_stale_base_is_a_conflict_with_the_difference_data()
{
    QTest::addColumn<bool>("known");
    QTest::newRow("a base of the history: from it to what runs") << true;
    QTest::newRow("a base that nobody knows: from the document given") << false;
}

void PolicyApplyTest::row90_a_stale_base_is_a_conflict_with_the_difference()
{
    QFETCH(bool, known);
    const PolicyDesk desk;
    const std::string base = known ? desk.hash() : std::string(64, '0');
    const std::string mine = editedBy(desk, named("mine"));
    QVERIFY(desk.apply(named("theirs")));
    const std::string file = textOf(desk.server.policyFile());
    const Reply reply = desk.server.call(PolicyApplyCommand{base, mine, {}, {}, false});
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ControlErrorCode::Conflict);
    QCOMPARE(reply.error().reason, Reason::PolicyConflict);
    QVERIFY(!reply.error().difference.empty());
    QCOMPARE(reply.error().message.find("from the document given") == std::string::npos, known);
    QCOMPARE(desk.server.refused(Reason::PolicyConflict), 1u);
    const auto records = desk.server.audit(AuditKind::Policy, Reason::PolicyConflict);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string("tester"));
    QCOMPARE(desk.get().running, 2u);
    QCOMPARE(textOf(desk.server.policyFile()), file);
}

void PolicyApplyTest::of_two_at_once_one_comes_first()
{
    const PolicyDesk desk;
    const std::string base = desk.hash();
    std::vector<std::future<Reply>> answers;
    for (int i = 0; i < 8; ++i) {
        auto promise = std::make_shared<std::promise<Reply>>();
        answers.push_back(promise->get_future());
        desk.server.runtime().call(
            {"tester", "test"}, PolicyApplyCommand{base, editedBy(desk, named("n" + std::to_string(i))), {}, {}, false},
            [promise](Reply reply) { promise->set_value(std::move(reply)); });
    }
    int taken = 0;
    for (auto& answer : answers) {
        QCOMPARE(answer.wait_for(ceiling), std::future_status::ready);
        const Reply reply = answer.get();
        taken += reply ? 1 : 0;
        QVERIFY(reply || reply.error().code == ControlErrorCode::Conflict);
    }
    QCOMPARE(taken, 1);
    QCOMPARE(desk.get().running, 2u);
    QVERIFY(desk.holds(desk.get().version));
}

void PolicyApplyTest::an_invalid_policy_changes_nothing_and_names_every_error()
{
    const PolicyDesk desk;
    const std::string file = textOf(desk.server.policyFile());
    const Reply reply = desk.apply([](nlohmann::json& policy) {
        policy["limits"]["sessions"] = "many";
        policy["routes"][0]["origins"] = {"nonsense origin"};
        policy["unknown_key"] = 1;
    });
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ControlErrorCode::Rejected);
    QCOMPARE(reply.error().reason, Reason::PolicyRejected);
    for (const char* place : {"/limits/sessions", "/routes/0/origins", "/unknown_key"}) {
        QVERIFY2(reply.error().message.find(place) != std::string::npos, reply.error().message.c_str());
        QVERIFY(std::ranges::any_of(reply.error().problems, [&](const PolicyProblem& problem) {
            return problem.pointer.starts_with(place) && problem.line > 0 && !problem.code.empty();
        }));
    }
    QCOMPARE(desk.server.refused(Reason::PolicyRejected), 1u);
    QCOMPARE(desk.server.audit(AuditKind::Policy, Reason::PolicyRejected).size(), 1u);
    QCOMPARE(desk.get().running, 1u);
    QCOMPARE(textOf(desk.server.policyFile()), file);
    QCOMPARE(desk.history().versions.size(), 1u);
}

void PolicyApplyTest::row81_is_refused_at_apply_as_at_the_start_data()
{
    using Prepare = std::function<void(const std::filesystem::path&)>;
    QTest::addColumn<Prepare>("prepare"); // of the server's folder
    QTest::addColumn<TestServer::Edit>("edit");
    QTest::addColumn<QByteArray>("place");
    const auto row = [](const char* name, const Prepare& prepare, const TestServer::Edit& edit, const char* place) {
        QTest::newRow(name) << prepare << edit << QByteArray(place);
    };
    row(
        "key file of mode 0644",
        [](const std::filesystem::path& folder) {
            writeText(folder / "other.key", std::string(43, 'A'));
            std::filesystem::permissions(folder / "other.key", std::filesystem::perms(0644));
        },
        [](nlohmann::json& policy) { policy["issuers"][0]["secret_file"] = "other.key"; }, "/issuers/0/secret_file");
    row(
        "HS256 secret under 32 bytes",
        [](const std::filesystem::path& folder) {
            writeText(folder / "short.key", std::string(31, 'A'));
            std::filesystem::permissions(folder / "short.key", std::filesystem::perms(0600));
        },
        [](nlohmann::json& policy) { policy["issuers"][0]["secret_file"] = "short.key"; }, "/issuers/0/secret_file");
    row(
        "plain ws off loopback", [](const std::filesystem::path&) {},
        [](nlohmann::json& policy) { policy["listeners"][1]["address"] = "0.0.0.0"; }, "/listeners/1");
    row(
        "Origin * with cookies", [](const std::filesystem::path&) {},
        [](nlohmann::json& policy) {
            policy["routes"][0]["origins"] = {"*"};
            policy["routes"][0]["authentication"]["from"] = {"cookie:token"};
        },
        "/routes/0");
}

void PolicyApplyTest::row81_is_refused_at_apply_as_at_the_start()
{
    QFETCH(std::function<void(const std::filesystem::path&)>, prepare);
    QFETCH(TestServer::Edit, edit);
    QFETCH(QByteArray, place);
    PolicyDesk desk;
    prepare(desk.server.policyFile().parent_path());
    const std::string file = textOf(desk.server.policyFile());
    const Reply reply = desk.apply(edit);
    QVERIFY(!reply);
    QCOMPARE(reply.error().reason, Reason::PolicyRejected);
    QVERIFY2(reply.error().message.find(place.toStdString()) != std::string::npos, reply.error().message.c_str());
    QCOMPARE(desk.get().running, 1u);
    QCOMPARE(textOf(desk.server.policyFile()), file);
    desk.server.stop();
    desk.server.edit(edit);
    try {
        desk.server.start();
        QFAIL("it starts");
    } catch (const std::runtime_error& error) {
        QVERIFY2(std::string_view(error.what()).find(place.toStdString()) != std::string_view::npos, error.what());
    }
}

void PolicyApplyTest::a_file_changed_by_hand_is_a_conflict_unless_it_is_replaced_data()
{
    QTest::addColumn<QByteArray>("text"); // empty: valid, and another name
    QTest::addColumn<bool>("problems");
    QTest::newRow("to something valid that was not looked at") << QByteArray() << false;
    QTest::newRow("to something invalid") << QByteArray("{\"name\": 5}") << true;
    QTest::newRow("to no JSON at all") << QByteArray("not yet fin") << true;
}

void PolicyApplyTest::a_file_changed_by_hand_is_a_conflict_unless_it_is_replaced()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, problems);
    ManualClock clock; // stands still: nobody looks at the file
    const PolicyDesk desk({}, &clock);
    const std::string byHand = text.isEmpty() ? desk.edited(named("by hand")) : text.toStdString();
    writeText(desk.server.policyFile(), byHand);
    const PolicyApplyCommand command{desk.hash(), desk.edited(named("applied")), {}, {}, false};
    for (const auto& provisional : {std::optional<std::chrono::milliseconds>(), std::optional(60'000ms)}) {
        PolicyApplyCommand one = command;
        one.provisional = provisional;
        const Reply reply = desk.server.call(one);
        QVERIFY(!reply);
        QCOMPARE(reply.error().code, ControlErrorCode::Conflict);
        QCOMPARE(!reply.error().problems.empty(), problems);
        QVERIFY(!reply.error().difference.empty());
        QCOMPARE(textOf(desk.server.policyFile()), byHand);
        QCOMPARE(desk.get().running, 1u);
    }
    PolicyApplyCommand replacing = command;
    replacing.replaceFile = true;
    QVERIFY(desk.server.call(replacing));
    QVERIFY(desk.holds(desk.get().version));
}

void PolicyApplyTest::a_file_that_cannot_be_written_refuses_the_change()
{
    const PolicyDesk desk;
    const auto file = desk.server.policyFile();
    const std::string text = textOf(file);
    const std::filesystem::path inTheWay = file.string() + ".new." + std::to_string(getpid());
    std::filesystem::create_directories(inTheWay / "not empty"); // root writes where no mode would let it
    const Reply reply = desk.apply(named("applied"));
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ControlErrorCode::Rejected);
    QVERIFY2(reply.error().message.find("cannot be written") != std::string::npos, reply.error().message.c_str());
    QCOMPARE(desk.get().running, 1u);
    QCOMPARE(textOf(file), text);
    QVERIFY(desk.apply(named("tried"), 60s)); // which is written nowhere
    const Reply confirmed = desk.server.call(PolicyConfirmCommand{});
    QVERIFY(!confirmed);
    QCOMPARE(desk.get().returnsTo, 1u); // and still waits
    std::filesystem::remove_all(inTheWay);
    QVERIFY(desk.server.call(PolicyConfirmCommand{}));
}

void PolicyApplyTest::a_listener_that_cannot_be_bound_refuses_the_change_and_the_file_is_as_it_was()
{
    const PolicyDesk desk;
    const TestServer other;
    const std::string file = textOf(desk.server.policyFile());
    const Reply reply = desk.apply([&](nlohmann::json& policy) {
        policy["listeners"].push_back(
            {{"name", "taken"}, {"address", "127.0.0.1"}, {"port", other.port()}, {"tls", "off"}});
    });
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ControlErrorCode::Rejected);
    QCOMPARE(reply.error().reason, Reason::Listener);
    QVERIFY2(reply.error().message.find(std::to_string(other.port())) != std::string::npos,
             reply.error().message.c_str());
    QCOMPARE(textOf(desk.server.policyFile()), file);
    QCOMPARE(desk.get().running, 1u);
    QCOMPARE(desk.history().versions.size(), std::size_t(1));
    QCOMPARE(desk.server.refused(Reason::Listener), 1u);
    QVERIFY(desk.apply(named("good"))); // and the next one is
}

void PolicyApplyTest::parameters_out_of_range_are_bad_requests()
{
    const PolicyDesk desk;
    const auto code = [](const Reply& reply) { return reply ? ControlErrorCode::Internal : reply.error().code; };
    for (const auto provisional : {999ms, std::chrono::milliseconds(24h) + 1ms, 0ms})
        QCOMPARE(code(desk.apply(named("x"), provisional)), ControlErrorCode::BadRequest);
    PolicyApplyCommand wordy{desk.hash(), desk.edited(named("x")), std::string(2000, 'x'), {}, false};
    QCOMPARE(code(desk.server.call(wordy)), ControlErrorCode::BadRequest);
    for (const auto within : {9ms, 60'001ms})
        QCOMPARE(code(desk.server.call(PolicyWhatIfCommand{desk.edited(named("x")), within})),
                 ControlErrorCode::BadRequest);
    QCOMPARE(desk.get().running, 1u);
}

void PolicyApplyTest::what_needs_a_restart_is_written_and_named()
{
    PolicyDesk desk;
    const auto workers = desk.server.info().workers;
    const Reply reply = desk.apply([&](nlohmann::json& policy) { policy["workers"] = workers + 1; });
    QVERIFY(applied(reply).restart == std::vector<std::string>{"/workers"});
    QCOMPARE(desk.server.info().workers, workers);
    QVERIFY(desk.holds(desk.get().version));
    const auto checked = desk.server.call(PolicyCheckCommand{desk.edited(named("x"))});
    QVERIFY(std::get<PolicyCheckResult>(checked.value()).restart == std::vector<std::string>{"/workers"});
    desk.server.stop();
    desk.server.start();
    QCOMPARE(desk.server.info().workers, workers + 1);
    QCOMPARE(desk.get().running, 2u);
}

void PolicyApplyTest::a_check_says_all_and_changes_nothing()
{
    const PolicyDesk desk;
    const auto check = [&](const std::string& text) {
        return std::get<PolicyCheckResult>(desk.server.call(PolicyCheckCommand{text}).value());
    };
    const PolicyCheckResult good = check(desk.edited(named("another")));
    QVERIFY(good.valid && good.errors.empty());
    QCOMPARE(good.hash.size(), std::size_t(64));
    QVERIFY(good.hash != desk.hash());
    QVERIFY(!good.document.empty());
    QVERIFY(!good.difference.empty());
    const PolicyCheckResult same = check(desk.get().version.document);
    QCOMPARE(same.hash, desk.hash());
    QVERIFY(same.difference.empty() && same.changes.empty());
    const PolicyCheckResult bad =
        check(desk.edited([](nlohmann::json& policy) { policy["limits"]["sessions"] = "many"; }));
    QVERIFY(!bad.valid);
    QCOMPARE(bad.errors.size(), std::size_t(1));
    QCOMPARE(bad.errors[0].pointer, std::string("/limits/sessions"));
    QVERIFY(bad.errors[0].line > 0);
    QVERIFY(!bad.difference.empty()); // it has a canonical form all the same
    const PolicyCheckResult garbage = check("{");
    QVERIFY(!garbage.valid && garbage.document.empty() && garbage.hash.empty() && !garbage.errors.empty());
    QCOMPARE(desk.get().running, 1u);
    QCOMPARE(desk.server.refused(Reason::PolicyRejected), 0u); // nobody wanted it to run
}

void PolicyApplyTest::a_what_if_names_changes_and_asks_for_a_good_policy()
{
    const PolicyDesk desk;
    const Reply good = desk.server.call(PolicyWhatIfCommand{desk.edited(named("another")), 1s});
    QVERIFY(good);
    QVERIFY(std::get<PolicyWhatIfResult>(good.value()).hash != desk.hash());
    const Reply bad = desk.server.call(PolicyWhatIfCommand{"{}", 1s});
    QVERIFY(!bad);
    QCOMPARE(bad.error().reason, Reason::PolicyRejected);
    QVERIFY(!bad.error().problems.empty());
    QCOMPARE(desk.get().running, 1u);
}

void PolicyApplyTest::a_policy_that_holds_and_cannot_be_stored_is_said_so()
{
    const PolicyDesk desk;
    SqlConnection other;
    QVERIFY(other.open(desk.server.policy().stateDir / "gatehouse.sqlite", SqlConnection::Mode::ReadWrite));
    QVERIFY(other.execute(QStringLiteral("BEGIN EXCLUSIVE")));
    const Reply reply = desk.apply(named("applied"));
    QVERIFY(!reply);
    QCOMPARE(reply.error().code, ControlErrorCode::Internal);
    QVERIFY2(reply.error().message.find("the policy holds, but") != std::string::npos, reply.error().message.c_str());
    QCOMPARE(desk.get().running, 2u);
    QVERIFY(other.execute(QStringLiteral("ROLLBACK")));
    QVERIFY(eventually([&] { return desk.history().versions.size() == 2; }));
}

QTEST_GUILESS_MAIN(PolicyApplyTest)
#include "policyapplytest.moc"
