// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditstore.h"
#include "faults/trace.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr std::string_view headEnd = "\r\n";

UpgradeOptions asking(const std::string& token)
{
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = token;
    return options;
}

int enter(const TestServer& server, const std::string& user)
{
    return server.plain().upgrade(asking(server.token(user))).status;
}

LockdownCommand lockdownFor(const std::vector<std::string>& users)
{
    LockdownCommand command;
    command.allowUsers = users;
    return command;
}

LockdownResult carriedOut(const TestServer& server, const LockdownCommand& command)
{
    Reply reply = server.call(command);
    if (!reply)
        throw std::runtime_error(reply.error().message);
    return std::get<LockdownResult>(std::move(*reply));
}

LockdownCommand lifted()
{
    LockdownCommand command;
    command.on = false;
    return command;
}

std::vector<AuditRecord> lockdownsOf(const TestServer& server)
{
    AuditQuery query;
    query.kind = AuditKind::Lockdown;
    return server.audit(query);
}

/// What a process after a crash would find.
std::optional<Lockdown> stored(const TestServer& server)
{
    AuditStore store;
    if (!store.open(server.policy().stateDir / "gatehouse.sqlite", server.clock().wall()))
        throw std::runtime_error("the store does not open");
    return store.lockdown().value();
}

bool isAlive(ByteClient& client)
{
    return client.text("still here") && client.nextData().payload == "still here";
}

} // namespace

/// While the gate is locked down, whoever is not on the lists goes and does not come in.
class LockdownTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void sessions_off_the_lists_end_and_the_others_stay();
    void the_end_of_a_session_is_counted_and_recorded();
    void with_empty_lists_nobody_stays();
    void the_lists_of_the_policy_hold_where_it_has_none_of_its_own();
    void another_policy_ends_the_sessions_that_its_lists_shut_out();
    void own_lists_are_not_touched_by_another_policy();
    void a_newcomer_off_the_lists_gets_403();
    void retry_after_is_told_where_it_has_an_end();
    void an_address_off_the_lists_is_refused_before_its_token_is_looked_at();
    void a_bad_token_is_refused_as_such_where_the_address_may_come();
    void the_address_is_the_clients_behind_a_proxy();
    void a_first_message_meets_it_too();
    void what_is_queued_for_a_session_is_dropped_with_it();
    void nobody_slips_in_beside_it();
    void it_ends_by_itself();
    void a_second_one_replaces_the_first();
    void it_is_lifted_by_command();
    void to_lift_none_changes_nothing();
    void the_answer_comes_once_it_is_on_disk();
    void an_answer_says_where_it_could_not_be_written();
    void it_stands_after_a_restart();
    void one_that_ended_while_the_server_was_away_opens_the_gate();
    void commands_that_make_no_sense_are_refused_data();
    void commands_that_make_no_sense_are_refused();
    void feed_shows_it();
};

void LockdownTest::sessions_off_the_lists_end_and_the_others_stay()
{
    TestServer server;
    ByteClient ann = server.join("chat.a", "ann");
    ByteClient bob = server.join("chat.a", "bob");
    ByteClient anonymous = server.plain();
    QCOMPARE(anonymous.upgrade({}).status, 101);
    LockdownCommand command = lockdownFor({"ann"});
    command.reason = "fire in hall 2";
    const LockdownResult result = carriedOut(server, command);
    QCOMPARE(result.ended.size(), 2u);
    QCOMPARE(result.lists.users, std::vector<std::string>{"ann"});
    QVERIFY(result.lockdown && result.lockdown->lists == result.lists);
    for (ByteClient* client : {&bob, &anonymous}) {
        const Incoming end = client->closing();
        QCOMPARE(end.code, 4403);
        QCOMPARE(end.payload, std::string("fire in hall 2"));
    }
    QVERIFY(isAlive(ann));
    const auto records = lockdownsOf(server);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string("tester"));
    QVERIFY2(records[0].detail.starts_with("fire in hall 2; on"), records[0].detail.c_str());
}

void LockdownTest::the_end_of_a_session_is_counted_and_recorded()
{
    TestServer server;
    const FaultTrace trace(server);
    ByteClient bob = server.join("chat.a", "bob", trace.source());
    (void)carriedOut(server, lockdownFor({"ann"}));
    QCOMPARE(bob.closing().code, 4403);
    bob.disconnect();
    COMPARE_TRACE(trace.closed(Reason::Lockdown, 4403, "hub", false));
    const auto records = server.audit(AuditKind::Close, Reason::Lockdown);
    QCOMPARE(records[0].actor, std::string("tester"));
    QCOMPARE(records[0].decision.met, std::string("bob"));
}

void LockdownTest::with_empty_lists_nobody_stays()
{
    TestServer server; // nor does its policy name anybody
    ByteClient ann = server.join("chat.a", "ann");
    QCOMPARE(carriedOut(server, {}).ended.size(), 1u);
    const Incoming end = ann.closing();
    QCOMPARE(end.code, 4403);
    QCOMPARE(end.payload, std::string("lockdown")); // nobody gave a reason
    QCOMPARE(enter(server, "ann"), 403);
    QCOMPARE(server.plain().upgrade({}).status, 403);
}

void LockdownTest::the_lists_of_the_policy_hold_where_it_has_none_of_its_own()
{
    TestServer server([](nlohmann::json& policy) {
        policy["lockdown"] = {{"allow_users", {"ann"}}, {"allow_networks", {"127.0.0.0/8"}}};
    });
    ByteClient ann = server.join("chat.a", "ann");
    ByteClient bob = server.join("chat.a", "bob");
    const LockdownResult result = carriedOut(server, {});
    QCOMPARE(result.ended.size(), 1u);
    QVERIFY(!result.lockdown->lists);
    QCOMPARE(result.lists.users, std::vector<std::string>{"ann"});
    QCOMPARE(bob.closing().code, 4403);
    QVERIFY(isAlive(ann));
    QCOMPARE(enter(server, "ann"), 101);
    QCOMPARE(enter(server, "bob"), 403);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::Lockdown)[0].decision.rule.pointer,
             std::string("/lockdown/allow_users"));
}

void LockdownTest::another_policy_ends_the_sessions_that_its_lists_shut_out()
{
    TestServer server([](nlohmann::json& policy) { policy["lockdown"] = {{"allow_users", {"ann", "bob"}}}; });
    ByteClient ann = server.join("chat.a", "ann");
    ByteClient bob = server.join("chat.a", "bob");
    QVERIFY(carriedOut(server, {}).ended.empty());
    server.edit([](nlohmann::json& policy) { policy["lockdown"]["allow_users"] = {"ann"}; });
    QVERIFY(server.call(ReloadCommand{}).ok());
    QCOMPARE(bob.closing().code, 4403);
    QVERIFY(isAlive(ann));
    QCOMPARE(enter(server, "bob"), 403);
}

void LockdownTest::own_lists_are_not_touched_by_another_policy()
{
    TestServer server([](nlohmann::json& policy) { policy["lockdown"] = {{"allow_users", {"ann"}}}; });
    ByteClient bob = server.join("chat.a", "bob");
    QVERIFY(carriedOut(server, lockdownFor({"bob"})).ended.empty());
    server.edit([](nlohmann::json& policy) { policy["lockdown"]["allow_users"] = {"eve"}; });
    QVERIFY(server.call(ReloadCommand{}).ok());
    QVERIFY(isAlive(bob));
    QCOMPARE(enter(server, "eve"), 403);
}

void LockdownTest::a_newcomer_off_the_lists_gets_403()
{
    TestServer server;
    (void)carriedOut(server, lockdownFor({"ann"}));
    QCOMPARE(enter(server, "ann"), 101);
    const FaultTrace trace(server);
    LockdownCommand command = lockdownFor({"ann"});
    command.reason = "an intruder";
    (void)carriedOut(server, command);
    const HttpAnswer answer = server.plain(trace.source()).upgrade(asking(server.token("bob")));
    QCOMPARE(answer.status, 403);
    QCOMPARE(answer.header("Retry-After"), std::string());
    QVERIFY2(answer.text.find("intruder") == std::string::npos, answer.text.c_str());
    COMPARE_TRACE(trace.refused(Reason::Lockdown, 403, "hub"));
    const Decision why = server.audit(AuditKind::Refuse, Reason::Lockdown)[0].decision;
    QCOMPARE(why.rule.name, std::string("lockdown by tester: an intruder"));
    QCOMPARE(why.met, std::string("bob"));
    QCOMPARE(why.limit, std::string("ann"));
}

void LockdownTest::retry_after_is_told_where_it_has_an_end()
{
    ManualClock clock;
    TestServer server({}, &clock);
    LockdownCommand command = lockdownFor({"ann"});
    command.duration = 5min;
    (void)carriedOut(server, command);
    clock.advance(1min);
    const HttpAnswer answer = server.plain().upgrade(asking(server.token("bob")));
    QCOMPARE(answer.status, 403);
    QCOMPARE(answer.header("Retry-After"), std::string("240"));
}

void LockdownTest::an_address_off_the_lists_is_refused_before_its_token_is_looked_at()
{
    TestServer server;
    LockdownCommand command = lockdownFor({"ann"});
    command.allowNetworks = {Network::parse("127.0.0.2/32").value()};
    (void)carriedOut(server, command);
    const FaultTrace trace(server);
    QCOMPARE(server.plain(trace.source()).upgrade(asking("no token")).status, 403);
    COMPARE_TRACE(trace.refused(Reason::Lockdown, 403, "hub"));
    QVERIFY(std::get<AuthFailureList>(server.call(AuthFailuresQuery{}).value()).groups.empty());
    QCOMPARE(server.plain(trace.source()).upgrade(asking(server.token("ann"))).status, 403); // one list is not both
    ByteClient::Options office;
    office.source = "127.0.0.2";
    QCOMPARE(server.plain(office).upgrade(asking(server.token("ann"))).status, 101);
    QCOMPARE(server.plain(office).upgrade(asking(server.token("bob"))).status, 403);
}

void LockdownTest::a_bad_token_is_refused_as_such_where_the_address_may_come()
{
    TestServer server;
    (void)carriedOut(server, lockdownFor({"ann"}));
    QCOMPARE(server.plain().upgrade(asking("no token")).status, 401);
}

void LockdownTest::the_address_is_the_clients_behind_a_proxy()
{
    TestServer server([](nlohmann::json& policy) { policy["listeners"][1]["trusted_proxies"] = {"127.0.0.1/32"}; });
    LockdownCommand command;
    command.allowNetworks = {Network::parse("192.0.2.0/24").value()};
    (void)carriedOut(server, command);
    const auto from = [&server](const std::string& client) {
        UpgradeOptions options = asking(server.token("ann"));
        options.headers.emplace_back("X-Forwarded-For", client);
        return server.plain().upgrade(options).status;
    };
    QCOMPARE(from("192.0.2.7"), 101);
    QCOMPARE(from("::ffff:192.0.2.7"), 101);
    QCOMPARE(from("198.51.100.7"), 403);
    QCOMPARE(from("127.0.0.1"), 403);
}

void LockdownTest::a_first_message_meets_it_too()
{
    TestServer server(
        [](nlohmann::json& policy) { policy["routes"][0]["authentication"]["from"] = {"first_message"}; });
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    ByteClient bob = server.plain();
    QCOMPARE(bob.upgrade(options).status, 101);
    (void)carriedOut(server, lockdownFor({"ann"})); // between the 101 and the token
    QVERIFY(bob.text(server.token("bob")));
    const Incoming end = bob.closing();
    QCOMPARE(end.code, 4403);
    QCOMPARE(end.payload, std::string("lockdown"));
    ByteClient ann = server.plain();
    QCOMPARE(ann.upgrade(options).status, 101);
    QVERIFY(ann.text(server.token("ann")));
    QVERIFY(eventually([&] { return server.info().stats.sessions == 1; }));
}

void LockdownTest::what_is_queued_for_a_session_is_dropped_with_it()
{
    TestServer server([](nlohmann::json& policy) { policy["routes"][0]["send_buffer"] = "64MiB"; });
    ByteClient::Options slow;
    slow.receiveBuffer = 4096;
    ByteClient bob = server.join("chat.a", "bob", slow);
    ByteClient ann = server.join("chat.a", "ann");
    const std::string large(60000, 'x');
    constexpr int all = 200;
    for (int i = 0; i < all; ++i) { // far more than the sockets take
        QVERIFY(ann.text(large));
        QCOMPARE(ann.nextData().payload.size(), large.size());
    }
    QVERIFY(eventually([&] { return server.info().stats.backlog > 1'000'000; }));
    (void)carriedOut(server, lockdownFor({"ann"}));
    QVERIFY(eventually([&] { return server.info().stats.backlog < 1'000'000; }));
    int delivered = 0;
    Incoming last = bob.nextData();
    for (; last.kind == Incoming::Kind::Message; last = bob.nextData())
        ++delivered;
    QCOMPARE(last.code, 4403);
    QVERIFY2(delivered < all, std::to_string(delivered).c_str());
}

void LockdownTest::nobody_slips_in_beside_it()
{
    TestServer server([](nlohmann::json& policy) { policy["workers"] = 4; });
    for (int round = 0; round < 10; ++round) {
        ByteClient bob = server.join("chat.a", "bob");
        std::vector<ByteClient> others;
        std::string head = upgradeText(asking(server.token("bob")));
        head.resize(head.size() - headEnd.size());
        for (int i = 0; i < 8; ++i) {
            others.push_back(server.plain());
            others.back().send(head);
        }
        server.runtime().call({"tester", "test"}, lockdownFor({"ann"}), [](const Reply&) {});
        QCOMPARE(bob.closing().code, 4403);
        for (ByteClient& other : others)
            QCOMPARE(other.request(headEnd).status, 403);
        (void)carriedOut(server, lifted());
    }
}

void LockdownTest::it_ends_by_itself()
{
    ManualClock clock;
    TestServer server({}, &clock);
    LockdownCommand command = lockdownFor({"ann"});
    command.duration = 5min;
    (void)carriedOut(server, command);
    QCOMPARE(enter(server, "bob"), 403);
    clock.advance(5min - 1s);
    QCOMPARE(enter(server, "bob"), 403);
    clock.advance(1s);
    QVERIFY(eventually([&] { return !server.info().stats.lockdown; }));
    QCOMPARE(enter(server, "bob"), 101);
    const auto records = lockdownsOf(server);
    QCOMPARE(records.size(), 2u);
    QCOMPARE(records[0].actor, std::string(ruleActor));
    QVERIFY(eventually([&] { return !stored(server); }));
}

void LockdownTest::a_second_one_replaces_the_first()
{
    ManualClock clock;
    TestServer server({}, &clock);
    LockdownCommand first = lockdownFor({"ann", "bob"});
    first.duration = 5min;
    (void)carriedOut(server, first);
    ByteClient bob = server.join("chat.a", "bob");
    LockdownCommand second = lockdownFor({"ann"});
    second.reason = "worse than it looked";
    QCOMPARE(carriedOut(server, second).ended.size(), 1u);
    QCOMPARE(bob.closing().payload, second.reason);
    clock.advance(10min); // it has no end now
    QCOMPARE(enter(server, "bob"), 403);
    QCOMPARE(server.info().stats.lockdown->reason, second.reason);
    QVERIFY(!server.info().stats.lockdown->until);
    QVERIFY(stored(server) == server.info().stats.lockdown);
}

void LockdownTest::it_is_lifted_by_command()
{
    TestServer server;
    (void)carriedOut(server, lockdownFor({"ann"}));
    QVERIFY(!carriedOut(server, lifted()).lockdown);
    QCOMPARE(enter(server, "bob"), 101); // at whichever worker
    QVERIFY(!server.info().stats.lockdown);
    QVERIFY(!stored(server));
    const auto records = lockdownsOf(server);
    QCOMPARE(records.size(), 2u);
    QCOMPARE(records[0].detail, std::string("off"));
    QCOMPARE(records[0].actor, std::string("tester"));
}

void LockdownTest::to_lift_none_changes_nothing()
{
    TestServer server;
    QVERIFY(!carriedOut(server, lifted()).lockdown);
    QVERIFY(lockdownsOf(server).empty());
}

void LockdownTest::the_answer_comes_once_it_is_on_disk()
{
    TestServer server;
    LockdownCommand command = lockdownFor({"ann", std::string(192, 'x')});
    command.allowNetworks = {Network::parse("10.0.0.0/8").value(), Network::parse("fd00::/8").value()};
    command.duration = 5min;
    command.reason = "why";
    const LockdownResult result = carriedOut(server, command);
    QVERIFY(stored(server) == result.lockdown);
    std::vector<std::string> many;
    for (int i = 0; i < 1000; ++i)
        many.push_back(std::string(180, 'x') + std::to_string(i));
    (void)carriedOut(server, lockdownFor(many));
    QCOMPARE(stored(server)->lists->users, many); // none was cut off
    (void)carriedOut(server, {});
    QVERIFY(stored(server) && !stored(server)->lists);
}

void LockdownTest::an_answer_says_where_it_could_not_be_written()
{
    TestServer server;
    SqlConnection other;
    QVERIFY(other.open(server.policy().stateDir / "gatehouse.sqlite", SqlConnection::Mode::ReadWrite).ok());
    QVERIFY(other.execute(QStringLiteral("BEGIN EXCLUSIVE")).ok());
    const Reply reply = server.call(lockdownFor({"ann"}));
    QVERIFY(!reply.ok());
    QCOMPARE(reply.error().code, ControlErrorCode::Internal);
    QVERIFY2(reply.error().message.starts_with("the lockdown holds"), reply.error().message.c_str());
    QCOMPARE(enter(server, "bob"), 403);
    QVERIFY(other.execute(QStringLiteral("ROLLBACK")).ok());
}

void LockdownTest::it_stands_after_a_restart()
{
    ManualClock clock;
    TestServer server({}, &clock);
    LockdownCommand command = lockdownFor({"ann"});
    command.duration = 5min;
    const auto lockdown = carriedOut(server, command).lockdown;
    server.stop();
    clock.advance(1min);
    server.start();
    QVERIFY(server.info().stats.lockdown == lockdown);
    QCOMPARE(enter(server, "bob"), 403);
    QCOMPARE(enter(server, "ann"), 101);
    clock.advance(4min); // its end is on the wall clock
    QCOMPARE(enter(server, "bob"), 101);
}

void LockdownTest::one_that_ended_while_the_server_was_away_opens_the_gate()
{
    ManualClock clock;
    TestServer server({}, &clock);
    LockdownCommand command = lockdownFor({"ann"});
    command.duration = 5min;
    (void)carriedOut(server, command);
    server.stop();
    clock.advance(5min);
    server.start();
    QCOMPARE(enter(server, "bob"), 101);
    QVERIFY(eventually([&] { return lockdownsOf(server).size() == 2; }));
    QCOMPARE(lockdownsOf(server)[0].actor, std::string(ruleActor));
}

void LockdownTest::commands_that_make_no_sense_are_refused_data()
{
    QTest::addColumn<LockdownCommand>("command");
    const auto row = [](const char* name, auto change) {
        LockdownCommand command = lockdownFor({"ann"});
        change(command);
        QTest::newRow(name) << command;
    };
    row("no duration", [](LockdownCommand& command) { command.duration = 0ms; });
    row("negative duration", [](LockdownCommand& command) { command.duration = -1ms; });
    row("longer than any clock", [](LockdownCommand& command) { command.duration = std::chrono::milliseconds::max(); });
    row("a user without a name", [](LockdownCommand& command) { command.allowUsers->push_back({}); });
    row("a line end in a name", [](LockdownCommand& command) { command.allowUsers->push_back("a\nb"); });
    row("a name too long", [](LockdownCommand& command) { command.allowUsers->push_back(std::string(193, 'x')); });
    row("too many users", [](LockdownCommand& command) { command.allowUsers->resize(1001, "x"); });
    row("too many networks", [](LockdownCommand& command) { command.allowNetworks.emplace(1001); });
    row("a reason too long", [](LockdownCommand& command) { command.reason = std::string(501, 'x'); });
}

void LockdownTest::commands_that_make_no_sense_are_refused()
{
    QFETCH(const LockdownCommand, command);
    TestServer server;
    const Reply reply = server.call(command);
    QVERIFY(!reply.ok());
    QCOMPARE(reply.error().code, ControlErrorCode::BadRequest);
    QVERIFY(!reply.error().message.empty());
    QVERIFY(!server.info().stats.lockdown);
    QCOMPARE(enter(server, "bob"), 101);
}

void LockdownTest::feed_shows_it()
{
    TestServer server;
    const auto watch = server.runtime().watch([] {});
    const auto lockdown = carriedOut(server, lockdownFor({"ann"})).lockdown;
    std::optional<Lockdown> shown;
    QVERIFY(eventually([&] {
        if (const auto batch = watch->take())
            shown = batch->stats.lockdown;
        return shown.has_value();
    }));
    QVERIFY(shown == lockdown);
}

QTEST_GUILESS_MAIN(LockdownTest)
#include "lockdowntest.moc"
