// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditstore.h"
#include "testserver.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

constexpr Rate threePerMinute{3, 1min, 3};

std::vector<SessionRow> rowsOf(const TestServer& server, const std::string& user)
{
    std::vector<SessionRow> rows;
    for (SessionRow& row : server.sessions())
        if (row.info->user == user)
            rows.push_back(std::move(row));
    return rows;
}

SessionId idOf(const TestServer& server, const std::string& user)
{
    return rowsOf(server, user).at(0).info->id;
}

LimitCommand ofUser(const std::string& user, const std::string& issuer = {}, Rate rate = threePerMinute)
{
    LimitCommand command;
    command.user = user;
    command.issuer = issuer;
    command.rate = rate;
    return command;
}

LimitCommand ofSession(SessionId id, Rate rate = threePerMinute)
{
    LimitCommand command;
    command.sessions = {id};
    command.rate = rate;
    return command;
}

LimitResult carriedOut(const TestServer& server, const LimitCommand& command)
{
    Reply reply = server.call(command);
    if (!reply)
        throw std::runtime_error(reply.error().message);
    return std::get<LimitResult>(std::move(*reply));
}

std::vector<TemporaryLimit> limitsOf(const TestServer& server)
{
    return std::get<LimitList>(server.call(LimitsQuery{}).value()).limits;
}

std::vector<AuditRecord> recordsOf(const TestServer& server)
{
    AuditQuery query;
    query.kind = AuditKind::TemporaryLimit;
    return server.audit(query);
}

/// How many of these messages reach a listener.
int passing(ByteClient& from, ByteClient& listener, int messages)
{
    for (int i = 0; i < messages; ++i)
        from.text(std::to_string(i));
    int count = 0;
    while (listener.nextData(200ms).kind == Incoming::Kind::Message)
        ++count;
    return count;
}

/// No pings, and refusals that end nobody.
TestServer::Edit excess(const char* onExcess)
{
    return [onExcess](nlohmann::json& policy) {
        policy["workers"] = 4;
        policy["routes"][0]["ping"] = "off";
        policy["routes"][0]["messages"]["on_excess"] = onExcess;
    };
}

} // namespace

/// A limit that an operator sets for a while holds beside those of the policy.
class TemporaryLimitTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_session_comes_to_its_limit_and_no_other_does();
    void all_sessions_of_a_user_share_theirs();
    void a_new_session_of_the_user_meets_it();
    void users_of_another_issuer_do_not();
    void excess_closes_after_violations_where_the_route_says_so();
    void a_refusal_names_who_set_it();
    void throttle_reads_at_its_rate();
    void a_throttled_session_reads_on_when_it_is_lifted();
    void the_tighter_one_is_shown();
    void the_policys_own_rate_holds_beside_it();
    void it_ends_by_itself();
    void it_is_lifted_by_command();
    void one_of_a_session_ends_with_it();
    void another_of_the_same_subject_replaces_it();
    void sessions_that_are_gone_are_named();
    void the_answer_comes_once_it_is_on_disk();
    void that_of_a_user_stands_after_a_restart();
    void each_is_recorded_with_its_actor();
    void commands_that_make_no_sense_are_refused();
};

void TemporaryLimitTest::a_session_comes_to_its_limit_and_no_other_does()
{
    ManualClock clock;
    TestServer server(excess("drop"), &clock);
    ByteClient ann = server.join("chat.a", "ann");
    ByteClient bob = server.join("chat.a", "bob");
    const LimitResult result = carriedOut(server, ofSession(idOf(server, "bob")));
    QCOMPARE(result.limits.size(), 1u);
    QVERIFY(rowsOf(server, "bob").at(0).activity.temporaryLimit == result.limits[0]);
    QVERIFY(!rowsOf(server, "ann").at(0).activity.temporaryLimit);
    QCOMPARE(passing(bob, ann, 10), 3);
    QCOMPARE(server.refused(Reason::RateSession), 7u);
    QCOMPARE(passing(ann, bob, 10), 10 + 3); // his own came to him, too
    clock.advance(20s);
    QCOMPARE(passing(bob, bob, 2), 1);
}

void TemporaryLimitTest::all_sessions_of_a_user_share_theirs()
{
    ManualClock clock;
    TestServer server(excess("drop"), &clock);
    ByteClient ann = server.join("chat.a", "ann");
    std::vector<ByteClient> bobs;
    for (int i = 0; i < 8; ++i) // over all workers
        bobs.push_back(server.join("chat.a", "bob"));
    QCOMPARE(carriedOut(server, ofUser("bob", {}, {12, 1h, 12})).limits.size(), 1u);
    for (const SessionRow& row : rowsOf(server, "bob"))
        QVERIFY(row.activity.temporaryLimit);
    for (ByteClient& bob : bobs)
        for (int i = 0; i < 3; ++i)
            QVERIFY(bob.text("x"));
    QVERIFY(eventually([&] { return server.refused(Reason::RateUser) == 12; }));
    QCOMPARE(passing(ann, ann, 5), 12 + 5);
}

void TemporaryLimitTest::a_new_session_of_the_user_meets_it()
{
    ManualClock clock;
    TestServer server(excess("drop"), &clock);
    (void)carriedOut(server, ofUser("bob", "local")); // before there is any
    ByteClient ann = server.join("chat.a", "ann");
    ByteClient bob = server.join("chat.a", "bob");
    QVERIFY(rowsOf(server, "bob").at(0).activity.temporaryLimit);
    QCOMPARE(passing(bob, ann, 5), 3);
    bob.close();
    ByteClient again = server.join("chat.a", "bob"); // and no fresh bucket
    QCOMPARE(passing(again, ann, 5), 0);
}

void TemporaryLimitTest::users_of_another_issuer_do_not()
{
    ManualClock clock;
    TestServer server(excess("drop"), &clock);
    ByteClient bob = server.join("chat.a", "bob");
    ByteClient anonymous = server.plain();
    QCOMPARE(anonymous.upgrade({}).status, 101);
    (void)carriedOut(server, ofUser("bob", "elsewhere"));
    (void)carriedOut(server, ofUser("ann"));
    QCOMPARE(passing(bob, bob, 5), 5);
    QCOMPARE(passing(anonymous, anonymous, 5), 5);
}

void TemporaryLimitTest::excess_closes_after_violations_where_the_route_says_so()
{
    ManualClock clock;
    TestServer server(excess("close"), &clock);
    ByteClient bob = server.join("chat.a", "bob");
    (void)carriedOut(server, ofUser("bob"));
    for (int i = 0; i < 3; ++i) {
        QVERIFY(bob.text("x"));
        QCOMPARE(bob.nextData().payload, std::string("x"));
    }
    for (int i = 0; i < 3; ++i)
        QVERIFY(bob.text("x"));
    const Incoming end = bob.closing();
    QCOMPARE(end.code, 1008);
    QCOMPARE(end.payload, std::string("rate_user"));
}

void TemporaryLimitTest::a_refusal_names_who_set_it()
{
    ManualClock clock;
    TestServer server(excess("drop"), &clock);
    ByteClient bob = server.join("chat.a", "bob");
    (void)carriedOut(server, ofUser("bob", {}, {3, 1min, 4}));
    QCOMPARE(passing(bob, bob, 5), 4);
    const Decision why = rowsOf(server, "bob").at(0).activity.lastRefusal->decision;
    QCOMPARE(why, (Decision{Reason::RateUser,
                            {"", "limit set by tester"},
                            "bucket empty: 5 messages came within 1 s",
                            "3/1m, burst 4"}));
    (void)carriedOut(server, ofSession(idOf(server, "bob"), {1, 1h, 1}));
    clock.advance(1min);
    (void)passing(bob, bob, 2);
    QCOMPARE(rowsOf(server, "bob").at(0).activity.lastRefusal->decision.reason, Reason::RateSession);
}

void TemporaryLimitTest::throttle_reads_at_its_rate()
{
    ManualClock clock;
    TestServer server(excess("throttle"), &clock);
    ByteClient bob = server.join("chat.a", "bob");
    (void)carriedOut(server, ofUser("bob", {}, {1, 10s, 1}));
    for (int i = 0; i < 4; ++i)
        QVERIFY(bob.text(std::to_string(i)));
    QCOMPARE(bob.nextData().payload, std::string("0"));
    QCOMPARE(bob.nextData(200ms).kind, Incoming::Kind::Nothing);
    for (int i = 1; i < 4; ++i) {
        clock.advance(11s);
        QCOMPARE(bob.nextData().payload, std::to_string(i));
        QCOMPARE(bob.nextData(200ms).kind, Incoming::Kind::Nothing);
    }
    QCOMPARE(server.refused(Reason::RateUser), 0u);
}

void TemporaryLimitTest::a_throttled_session_reads_on_when_it_is_lifted()
{
    ManualClock clock;
    TestServer server(excess("throttle"), &clock);
    ByteClient bob = server.join("chat.a", "bob");
    const LimitId id = carriedOut(server, ofSession(idOf(server, "bob"), {1, 24h, 1})).limits.at(0).id;
    for (int i = 0; i < 20; ++i)
        QVERIFY(bob.text(std::to_string(i)));
    QCOMPARE(bob.nextData().payload, std::string("0"));
    QCOMPARE(bob.nextData(200ms).kind, Incoming::Kind::Nothing);
    QVERIFY(server.call(UnlimitCommand{id}).ok());
    for (int i = 1; i < 20; ++i) // without a day's wait
        QCOMPARE(bob.nextData().payload, std::to_string(i));
}

void TemporaryLimitTest::the_tighter_one_is_shown()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    const auto shown = [&server] { return rowsOf(server, "bob").at(0).activity.temporaryLimit; };
    (void)carriedOut(server, ofUser("bob", {}, {10, 1s, 10}));
    QCOMPARE(shown()->rate.count, 10u);
    const LimitId session = carriedOut(server, ofSession(idOf(server, "bob"), {5, 1s, 100})).limits.at(0).id;
    QCOMPARE(shown()->rate.count, 5u);
    (void)carriedOut(server, ofUser("bob", "local", {20, 1min, 20})); // a third, beside the first
    QCOMPARE(shown()->rate.count, 20u);
    QCOMPARE(limitsOf(server).size(), 3u);
    QVERIFY(server.call(UnlimitCommand{shown()->id}).ok());
    QCOMPARE(shown()->id, session);
}

void TemporaryLimitTest::the_policys_own_rate_holds_beside_it()
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            excess("drop")(policy);
            policy["routes"][0]["messages"]["rate"] = {{"count", 2}, {"per", "1h"}};
            policy["routes"][0]["messages"]["bytes"] = {{"count", 100000}, {"per", "1h"}};
            policy["limits"]["messages_per_user"] = {{"count", 1000}, {"per", "1h"}};
            policy["limits"]["bytes_per_user"] = {{"count", 100000}, {"per", "1h"}};
            policy["limits"]["messages_per_ip"] = {{"count", 1000}, {"per", "1h"}};
        },
        &clock);
    ByteClient bob = server.join("chat.a", "bob");
    for (const LimitCommand& command : {ofSession(idOf(server, "bob"), {9, 1h, 9}), ofUser("bob", {}, {9, 1h, 9}),
                                        ofUser("bob", "local", {9, 1h, 9})})
        QVERIFY(server.call(command).ok()); // every bucket that there can be
    QCOMPARE(passing(bob, bob, 5), 2);
    const auto rule = rowsOf(server, "bob").at(0).activity.lastRefusal->decision.rule;
    QCOMPARE(rule.pointer, std::string("/routes/0/messages/rate"));
}

void TemporaryLimitTest::it_ends_by_itself()
{
    ManualClock clock;
    TestServer server(excess("throttle"), &clock);
    ByteClient bob = server.join("chat.a", "bob");
    LimitCommand command = ofUser("bob", {}, {1, 24h, 1});
    command.duration = 5min;
    (void)carriedOut(server, command);
    QVERIFY(bob.text("1"));
    QVERIFY(bob.text("2"));
    QCOMPARE(bob.nextData().payload, std::string("1"));
    clock.advance(4min);
    QCOMPARE(bob.nextData(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(1min);
    QCOMPARE(bob.nextData().payload, std::string("2"));
    QVERIFY(eventually([&] { return limitsOf(server).empty(); }));
    QCOMPARE(recordsOf(server).at(0).actor, std::string("rule"));
    QVERIFY(!rowsOf(server, "bob").at(0).activity.temporaryLimit);
}

void TemporaryLimitTest::it_is_lifted_by_command()
{
    ManualClock clock;
    TestServer server(excess("drop"), &clock);
    ByteClient bob = server.join("chat.a", "bob");
    const LimitId id = carriedOut(server, ofUser("bob")).limits.at(0).id;
    QCOMPARE(passing(bob, bob, 5), 3);
    QVERIFY(server.call(UnlimitCommand{id}).ok());
    QCOMPARE(passing(bob, bob, 5), 5);
    ByteClient again = server.join("chat.b", "bob");
    QCOMPARE(passing(again, again, 5), 5);
    QVERIFY(limitsOf(server).empty());
    QCOMPARE(server.call(UnlimitCommand{id}).error().code, ControlErrorCode::NotFound);
}

void TemporaryLimitTest::one_of_a_session_ends_with_it()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    LimitCommand endless = ofSession(idOf(server, "bob"));
    endless.duration.reset();
    (void)carriedOut(server, endless);
    QVERIFY(bob.close());
    QVERIFY(eventually([&] { return limitsOf(server).empty(); }));
    ByteClient again = server.join("chat.a", "bob");
    QVERIFY(!rowsOf(server, "bob").at(0).activity.temporaryLimit);
}

void TemporaryLimitTest::another_of_the_same_subject_replaces_it()
{
    ManualClock clock;
    TestServer server(excess("drop"), &clock);
    ByteClient bob = server.join("chat.a", "bob");
    (void)carriedOut(server, ofUser("bob"));
    QCOMPARE(passing(bob, bob, 5), 3);
    QCOMPARE(carriedOut(server, ofUser("bob", {}, {10, 1min, 10})).limits.size(), 1u);
    QCOMPARE(limitsOf(server).size(), 1u);
    QCOMPARE(limitsOf(server)[0].rate.count, 10u);
    QCOMPARE(passing(bob, bob, 15), 7); // three of the ten are gone
}

void TemporaryLimitTest::sessions_that_are_gone_are_named()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    LimitCommand command = ofSession(idOf(server, "bob"));
    command.sessions.push_back(SessionId{4711});
    const LimitResult result = carriedOut(server, command);
    QCOMPARE(result.limits.size(), 1u);
    QCOMPARE(result.limits[0].session, idOf(server, "bob"));
    QCOMPARE(result.missing, std::vector<SessionId>{SessionId{4711}});
    QCOMPARE(limitsOf(server), result.limits);
    QCOMPARE(recordsOf(server).size(), 1u);
}

void TemporaryLimitTest::the_answer_comes_once_it_is_on_disk()
{
    TestServer server;
    LimitCommand command = ofUser("bob", "local", {7, 90s, 20});
    command.reason = "floods";
    const LimitResult result = carriedOut(server, command);
    AuditStore store; // what a process after a crash would find
    QVERIFY(store.open(server.policy().stateDir / "gatehouse.sqlite", server.clock().wall()).ok());
    QCOMPARE(store.limits().value(), result.limits);
}

void TemporaryLimitTest::that_of_a_user_stands_after_a_restart()
{
    ManualClock clock;
    TestServer server(excess("drop"), &clock);
    {
        ByteClient bob = server.join("chat.a", "bob");
        LimitCommand endless = ofUser("bob");
        endless.duration.reset();
        (void)carriedOut(server, endless);
        (void)carriedOut(server, ofUser("ann"));
        (void)carriedOut(server, ofSession(idOf(server, "bob")));
    }
    server.stop();
    clock.advance(10min); // that of ann is over
    server.start();
    const auto limits = limitsOf(server);
    QCOMPARE(limits.size(), 1u);
    QCOMPARE(limits[0].user, std::string("bob"));
    QCOMPARE(limits[0].rate, threePerMinute);
    ByteClient bob = server.join("chat.a", "bob");
    QCOMPARE(passing(bob, bob, 5), 3);
}

void TemporaryLimitTest::each_is_recorded_with_its_actor()
{
    TestServer server;
    ByteClient bob = server.join("chat.a", "bob");
    LimitCommand command = ofSession(idOf(server, "bob"));
    command.duration.reset();
    command.reason = "floods";
    const LimitId id = carriedOut(server, command).limits.at(0).id;
    QVERIFY(server.call(UnlimitCommand{id}).ok());
    const auto records = recordsOf(server);
    QCOMPARE(records.size(), 2u);
    QCOMPARE(records[1].detail, std::string("limit 1, 3/1m: floods"));
    QCOMPARE(records[1].user, std::string("bob"));
    QCOMPARE(records[0].detail, std::string("limit 1, 3/1m: lifted"));
    for (const AuditRecord& record : records) {
        QCOMPARE(record.actor, std::string("tester"));
        QCOMPARE(record.session, idOf(server, "bob"));
    }
}

void TemporaryLimitTest::commands_that_make_no_sense_are_refused()
{
    TestServer server;
    const Reply reply = server.call(LimitCommand{});
    QVERIFY(!reply.ok());
    QCOMPARE(reply.error().code, ControlErrorCode::BadRequest);
}

QTEST_GUILESS_MAIN(TemporaryLimitTest)
#include "temporarylimittest.moc"
