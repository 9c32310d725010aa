// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include <QTest>

#include <atomic>
#include <mutex>
#include <thread>
#include <unordered_map>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

HttpAnswer enter(const TestServer& server, const std::string& user, const ByteClient::Options& options = {})
{
    UpgradeOptions upgrade;
    upgrade.path = "/hub/chat.a";
    upgrade.token = server.token(user);
    return server.plain(options).upgrade(upgrade);
}

SessionId idOf(const TestServer& server, const std::string& user)
{
    for (const SessionRow& row : server.sessions())
        if (row.info->user == user)
            return row.info->id;
    return {};
}

/// What a console would know from a watch alone.
class View {
public:
    explicit View(ServerControl& control)
        : m_watch(control.watch([this] { ++m_woken; }))
    {
    }

    /// Takes what lies ready; true where something did.
    bool take()
    {
        const auto batch = m_watch->take();
        if (!batch)
            return false;
        ++taken;
        gapless = gapless && batch->sequence == sequence + 1;
        sequence = batch->sequence;
        firstWasSnapshot = firstWasSnapshot || (taken == 1 && batch->snapshot);
        if (batch->snapshot) {
            ++snapshots;
            rows.clear();
        }
        for (const SessionRow& row : batch->rows)
            rows[row.info->id] = row;
        for (const ClosedSession& session : batch->closed) {
            closed[session.id] = session;
            rows.erase(session.id);
        }
        lastBatchRows = batch->rows.size();
        stats = batch->stats;
        history = batch->snapshot ? batch->history.size() : history;
        return true;
    }
    [[nodiscard]] int woken() const { return m_woken; }
    void requestSnapshot() { m_watch->requestSnapshot(); }

    std::unordered_map<SessionId, SessionRow> rows;
    std::unordered_map<SessionId, ClosedSession> closed;
    GateStats stats;
    std::uint64_t sequence = 0;
    int taken = 0;
    int snapshots = 0;
    std::size_t lastBatchRows = 0;
    std::size_t history = 0;
    bool gapless = true;
    bool firstWasSnapshot = false;

private:
    std::atomic<int> m_woken{0};
    std::unique_ptr<FeedWatch> m_watch;
};

} // namespace

class OperatorTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_kick_tells_the_client_why_and_keeps_it_out_for_the_cooldown();
    void a_kick_without_a_cooldown_lets_it_back_in();
    void a_kick_of_an_anonymous_session_keeps_its_address_out();
    void a_kick_names_what_was_gone_already();
    void a_ban_of_a_user_ends_its_sessions_and_stands_after_a_restart();
    void a_ban_of_an_address_is_refused_before_tls();
    void a_ban_reaches_an_address_that_is_still_shaking_hands();
    void a_ban_of_a_network_reaches_every_address_in_it();
    void bans_that_make_no_sense_are_refused();
    void the_first_watch_begins_with_every_session();
    void a_late_watch_begins_with_every_session();
    void a_watch_follows_sessions_that_come_work_and_go();
    void a_watch_that_is_not_taken_leaves_traffic_alone_and_stays_bounded();
    void a_watch_that_ends_is_woken_no_more();
    void a_snapshot_comes_when_it_is_asked_for();
    void watches_that_come_and_go_leave_no_ghosts();
    void a_session_is_explained_with_its_last_refusal();
};

void OperatorTest::a_kick_tells_the_client_why_and_keeps_it_out_for_the_cooldown()
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient client = server.join("chat.a", "ann");
    ByteClient other = server.join("chat.b", "ann");
    KickCommand kick;
    for (const SessionRow& row : server.sessions())
        if (row.info->port == client.localPort())
            kick.sessions = {row.info->id};
    kick.reason = "please read the rules";
    kick.cooldown = 60s;
    const auto result = std::get<KickResult>(server.call(kick).value());
    QCOMPARE(result.kicked, kick.sessions);
    QVERIFY(result.missing.empty());
    const Incoming end = client.closing();
    QCOMPARE(end.code, 4403);
    QCOMPARE(end.payload, std::string("please read the rules"));
    const HttpAnswer answer = enter(server, "ann");
    QCOMPARE(answer.status, 403);
    QVERIFY(answer.text.find("kicked") != std::string::npos);
    QCOMPARE(answer.header("Retry-After"), std::string("60"));
    QCOMPARE(server.refused(Reason::Kicked), 1u);
    QCOMPARE(enter(server, "bob").status, 101);
    QVERIFY(other.text("only the one that was named"));
    QCOMPARE(other.next().payload, std::string("only the one that was named"));
    const auto records = server.audit(AuditKind::Kick, Reason::Kicked);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string("tester"));
    QCOMPARE(records[0].user, std::string("ann"));
    QCOMPARE(records[0].code, 4403);
    QVERIFY(records[0].detail.find("please read the rules") != std::string::npos);
    QCOMPARE(server.audit(AuditKind::Close, Reason::Kicked)[0].actor, std::string("tester"));
    clock.advance(61s);
    QCOMPARE(enter(server, "ann").status, 101);
}

void OperatorTest::a_kick_without_a_cooldown_lets_it_back_in()
{
    TestServer server;
    ByteClient client = server.join("chat.a", "ann");
    KickCommand kick;
    kick.sessions = {idOf(server, "ann")};
    kick.reason = std::string(300, 'x');
    kick.cooldown.reset();
    QVERIFY(server.call(kick).ok());
    QCOMPARE(client.closing().payload, std::string(123, 'x')); // all that a Close frame holds
    QCOMPARE(enter(server, "ann").status, 101);
}

void OperatorTest::a_kick_of_an_anonymous_session_keeps_its_address_out()
{
    TestServer server;
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade({}).status, 101);
    KickCommand kick;
    kick.sessions = {server.sessions()[0].info->id};
    QVERIFY(server.call(kick).ok());
    QCOMPARE(client.closing().code, 4403);
    QCOMPARE(server.plain().upgrade({}).status, 403);
    ByteClient::Options elsewhere;
    elsewhere.source = "127.0.0.7";
    QCOMPARE(server.plain(elsewhere).upgrade({}).status, 101);
    QCOMPARE(enter(server, "ann").status, 101); // a user with a token is not that session
}

void OperatorTest::a_kick_names_what_was_gone_already()
{
    TestServer server;
    ByteClient client = server.join("chat.a", "ann");
    KickCommand kick;
    kick.sessions = {SessionId{4711}, idOf(server, "ann")};
    const auto result = std::get<KickResult>(server.call(kick).value());
    QCOMPARE(result.missing, std::vector<SessionId>{SessionId{4711}});
    QCOMPARE(result.kicked.size(), 1u);
    const auto again = std::get<KickResult>(server.call(kick).value());
    QCOMPARE(again.missing.size(), 2u);
    kick.cooldown = -1s;
    QCOMPARE(server.call(kick).error().code, ControlErrorCode::BadRequest);
    kick = {};
    const auto none = std::get<KickResult>(server.call(kick).value()); // an empty list matches nothing
    QVERIFY(none.kicked.empty() && none.missing.empty());
}

void OperatorTest::a_ban_of_a_user_ends_its_sessions_and_stands_after_a_restart()
{
    TestServer server;
    ByteClient one = server.join("chat.a", "ann");
    ByteClient two = server.join("chat.b", "ann");
    ByteClient other = server.join("chat.a", "bob");
    BanCommand command;
    command.subject = BanSubject::User;
    command.value = "ann";
    command.duration = 10min;
    command.reason = "spam";
    const auto result = std::get<BanResult>(server.call(command).value());
    QCOMPARE(result.ended.size(), 2u);
    for (ByteClient* client : {&one, &two}) {
        const Incoming end = client->closing();
        QCOMPARE(end.code, 4403);
        QCOMPARE(end.payload, std::string("spam"));
    }
    const HttpAnswer answer = enter(server, "ann");
    QCOMPARE(answer.status, 403);
    QVERIFY(answer.text.find("banned") != std::string::npos);
    QVERIFY(!answer.header("Retry-After").empty());
    QVERIFY(other.text("not me"));
    QCOMPARE(other.next().payload, std::string("not me"));
    server.stop();
    server.start();
    QCOMPARE(enter(server, "ann").status, 403);
    const auto bans = std::get<BanList>(server.call(BansQuery{}).value()).bans;
    QCOMPARE(bans.size(), 1u);
    QCOMPARE(bans[0].actor, std::string("tester"));
    QVERIFY(server.call(UnbanCommand{bans[0].id}).ok());
    QCOMPARE(enter(server, "ann").status, 101);
    QCOMPARE(server.call(UnbanCommand{bans[0].id}).error().code, ControlErrorCode::NotFound);
    server.stop();
    server.start();
    QCOMPARE(enter(server, "ann").status, 101);
    AuditQuery unbans;
    unbans.kind = AuditKind::Unban;
    QCOMPARE(server.audit(unbans)[0].actor, std::string("tester"));
}

void OperatorTest::a_ban_of_an_address_is_refused_before_tls()
{
    TestServer server;
    ByteClient::Options options;
    options.source = "127.0.0.5";
    ByteClient open = server.join("chat.a", "ann", options);
    BanCommand command;
    command.value = "127.0.0.5";
    QCOMPARE(std::get<BanResult>(server.call(command).value()).ended.size(), 1u);
    QCOMPARE(open.closing().code, 4403);
    ByteClient refused = server.tls(options);
    QVERIFY(!refused.connected());
    QCOMPARE(refused.alert(), 0);
    QVERIFY(server.tls().connected());
    QCOMPARE(server.refused(Reason::Banned), 1u);
    QCOMPARE(server.audit(AuditKind::Refuse, Reason::Banned)[0].address, std::string("127.0.0.5"));
}

void OperatorTest::a_ban_reaches_an_address_that_is_still_shaking_hands()
{
    TestServer server;
    ByteClient client = server.plain();
    QTRY_COMPARE(server.info().stats.pending, 1u);
    BanCommand command;
    command.value = "127.0.0.1";
    QVERIFY(server.call(command).ok());
    UpgradeOptions upgrade;
    upgrade.path = "/hub/chat.a";
    upgrade.token = server.token("ann");
    QCOMPARE(client.upgrade(upgrade).status, 403);
    QCOMPARE(server.info().stats.sessions, 0u);
}

void OperatorTest::a_ban_of_a_network_reaches_every_address_in_it()
{
    TestServer server;
    BanCommand command;
    command.subject = BanSubject::Network;
    command.value = "127.0.3.0/24";
    QVERIFY(server.call(command).ok());
    for (const auto& [source, status] :
         {std::pair{"127.0.3.0", 0}, {"127.0.3.255", 0}, {"127.0.2.255", 101}, {"127.0.4.0", 101}}) {
        ByteClient::Options options;
        options.source = source;
        QCOMPARE(enter(server, "ann", options).status, status);
    }
}

void OperatorTest::bans_that_make_no_sense_are_refused()
{
    TestServer server;
    const auto refused = [&](BanSubject subject, const std::string& value,
                             std::optional<std::chrono::milliseconds> duration) {
        BanCommand command;
        command.subject = subject;
        command.value = value;
        command.duration = duration;
        const Reply reply = server.call(command);
        return !reply.ok() && reply.error().code == ControlErrorCode::BadRequest;
    };
    QVERIFY(refused(BanSubject::User, "", 1min));
    QVERIFY(refused(BanSubject::User, std::string(193, 'a'), 1min));
    QVERIFY(refused(BanSubject::Address, "everywhere", 1min));
    QVERIFY(refused(BanSubject::Network, "10.0.0.1/8", 1min));
    QVERIFY(refused(BanSubject::Address, "10.0.0.1", 0min));
    QVERIFY(std::get<BanList>(server.call(BansQuery{}).value()).bans.empty());
}

void OperatorTest::the_first_watch_begins_with_every_session()
{
    TestServer server;
    std::vector<ByteClient> clients;
    for (int i = 0; i < 10; ++i)
        clients.push_back(server.join("chat.a", "user" + std::to_string(i)));
    View view(server.runtime());
    QVERIFY(eventually([&] { return view.take(); }));
    QVERIFY(view.firstWasSnapshot);
    QCOMPARE(view.rows.size(), 10u);
    QCOMPARE(view.stats.sessions, 10u);
}

void OperatorTest::a_late_watch_begins_with_every_session()
{
    TestServer server;
    View early(server.runtime());
    QVERIFY(eventually([&] { return early.take(); }));
    std::vector<ByteClient> clients;
    for (int i = 0; i < 10; ++i)
        clients.push_back(server.join("chat.a", "user" + std::to_string(i)));
    QVERIFY(eventually([&] { return early.take() && early.rows.size() == 10; }));
    View late(server.runtime());
    QVERIFY(eventually([&] { return late.take(); }));
    QVERIFY(late.firstWasSnapshot);
    QCOMPARE(late.rows.size(), 10u);
    QVERIFY(eventually([&] { return early.take(); })); // and the first goes on without one
    QCOMPARE(early.snapshots, 1);
    QVERIFY(early.gapless);
}

void OperatorTest::a_watch_follows_sessions_that_come_work_and_go()
{
    TestServer server;
    View view(server.runtime());
    std::vector<ByteClient> clients;
    for (int i = 0; i < 5; ++i)
        clients.push_back(server.join("chat.a", "user" + std::to_string(i)));
    QVERIFY(eventually([&] { return view.take() && view.rows.size() == 5; }));
    QVERIFY(clients[0].text("hello"));
    QVERIFY(eventually([&] { return view.take() && view.stats.messagesOut == 5; }));
    QVERIFY(eventually([&] { return (view.take(), view.rows[idOf(server, "user0")].activity.messagesIn == 1); }));
    QVERIFY(view.rows[idOf(server, "user0")].activity.bytesIn == 5);
    const SessionId kicked = idOf(server, "user1");
    KickCommand kick;
    kick.sessions = {kicked};
    kick.reason = "out";
    QVERIFY(server.call(kick).ok());
    QCOMPARE(clients[1].closing().code, 4403);
    clients[1].close(4403);
    clients[1].disconnect();
    clients[2].close(1001);
    (void)clients[2].closing();
    clients[2].disconnect();
    clients[3].reset();
    QVERIFY(eventually([&] { return (view.take(), view.rows.size() == 2); }));
    QCOMPARE(view.closed.size(), 3u);
    QCOMPARE(view.closed[kicked].code, 4403);
    QCOMPARE(view.closed[kicked].detail, std::string("out"));
    QCOMPARE(view.closed[kicked].why.actor, std::string("tester"));
    QCOMPARE(view.closed[kicked].why.decision.reason, Reason::Kicked);
    QVERIFY(std::ranges::any_of(view.closed, [](const auto& entry) { return entry.second.code == 1006; }));
    QVERIFY(view.gapless);
    QVERIFY(view.woken() > 0);
}

void OperatorTest::a_watch_that_is_not_taken_leaves_traffic_alone_and_stays_bounded() // row 80
{
    ManualClock clock; // ten seconds of the gate's time
    TestServer server([](nlohmann::json& policy) { policy["routes"][0]["ping"] = "off"; }, &clock);
    View view(server.runtime());
    QVERIFY(eventually([&] { return view.take(); }));
    std::vector<ByteClient> clients;
    for (int i = 0; i < 10; ++i)
        clients.push_back(server.join("chat.a", "user" + std::to_string(i)));
    for (int n = 0; n < 40; ++n) {
        clock.advance(250ms);
        const std::string text = std::to_string(n);
        QVERIFY(clients[0].text(text));
        for (ByteClient& client : clients)
            QCOMPARE(client.nextData().payload, text);
    }
    QVERIFY(eventually([&] { return (clock.advance(250ms), view.take() && view.stats.messagesIn == 40); }));
    QVERIFY(view.lastBatchRows <= 10); // one row for each, however often it changed
    QCOMPARE(view.rows.size(), 10u);
    QVERIFY(view.gapless);
    QVERIFY(eventually([&] {
        return (clock.advance(250ms), view.take(), view.rows[idOf(server, "user0")].activity.messagesIn == 40);
    }));
    QCOMPARE(server.info().stats.feedDropped, 0u);
}

void OperatorTest::a_watch_that_ends_is_woken_no_more()
{
    TestServer server;
    auto alive = std::make_unique<std::atomic<int>>(0);
    for (int round = 0; round < 20; ++round) {
        auto watch = server.runtime().watch([counter = alive.get()] { ++*counter; });
        ByteClient client = server.join("chat.a", "ann");
        watch.reset();
    }
    alive.reset(); // a wake after the end would touch it
    QTRY_COMPARE(server.info().stats.sessions, 0u);
}

void OperatorTest::a_snapshot_comes_when_it_is_asked_for()
{
    TestServer server;
    ByteClient client = server.join("chat.a", "ann");
    View view(server.runtime());
    QVERIFY(eventually([&] { return view.take() && view.rows.size() == 1; }));
    view.requestSnapshot();
    QVERIFY(eventually([&] { return (view.take(), view.snapshots == 2); }));
    QCOMPARE(view.rows.size(), 1u);
    QVERIFY(view.gapless);
}

void OperatorTest::watches_that_come_and_go_leave_no_ghosts()
{
    TestServer server;
    std::atomic<bool> stop{false};
    const std::string token = server.token("comer");
    std::thread comer([&] {
        UpgradeOptions options;
        options.path = "/hub/chat.a";
        options.token = token;
        while (!stop) {
            std::vector<ByteClient> open;
            for (int i = 0; i < 3; ++i) {
                open.push_back(server.plain());
                (void)open.back().upgrade(options);
                open.back().text("x");
            }
        }
    });
    for (int round = 0; round < 30; ++round) {
        View view(server.runtime());
        if (round % 5 == 0)
            QVERIFY(eventually([&] { return view.take(); }));
    }
    View last(server.runtime());
    stop = true;
    comer.join();
    QTRY_COMPARE(server.info().stats.sessions, 0u);
    QVERIFY(eventually([&] { return last.take() && last.stats.sessions == 0; }));
    QVERIFY(eventually([&] { return (last.take(), last.rows.empty()); }));
    QVERIFY(last.gapless);
}

void OperatorTest::a_session_is_explained_with_its_last_refusal()
{
    TestServer server([](nlohmann::json& policy) {
        policy["routes"][0]["messages"]["rate"] = {{"count", 1}, {"per", "10s"}, {"burst", 1}};
    });
    ByteClient client = server.join("chat.a", "ann");
    QVERIFY(client.text("one"));
    QVERIFY(client.text("two"));
    QTRY_COMPARE(server.refused(Reason::RateSession), 1u);
    const auto row = std::get<SessionRow>(server.call(SessionQuery{idOf(server, "ann")}).value());
    QVERIFY(row.activity.lastRefusal.has_value());
    QCOMPARE(row.activity.lastRefusal->decision.reason, Reason::RateSession);
    QVERIFY(!row.activity.lastRefusal->decision.limit.empty());
    QCOMPARE(row.info->violationsAllowed, 3u);
    QCOMPARE(server.call(SessionQuery{SessionId{4711}}).error().code, ControlErrorCode::NotFound);
}

QTEST_GUILESS_MAIN(OperatorTest)
#include "operatortest.moc"
