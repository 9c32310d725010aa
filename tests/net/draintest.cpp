// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include <QTest>

#include <set>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// Sessions from two addresses, half of them from each, one after the other.
class Crowd {
public:
    Crowd(const TestServer& server, int count)
    {
        for (int i = 0; i < count; ++i) {
            ByteClient::Options options;
            options.source = i < count / 2 ? "127.0.0.1" : "127.0.0.2";
            m_clients.push_back(server.plain(options));
            if (m_clients.back().upgrade({}).status != 101)
                throw std::runtime_error("not let in");
        }
    }

    [[nodiscard]] std::vector<ByteClient>& clients() { return m_clients; }
    /// Answers whoever was told, and returns how many were in all.
    std::size_t answer()
    {
        for (std::size_t i = 0; i < m_clients.size(); ++i)
            if (!m_told.contains(i) && m_clients[i].next(1ms).code == 1001) {
                m_clients[i].close(1001);
                m_clients[i].disconnect();
                m_told.insert(i);
            }
        return m_told.size();
    }
    /// Of those that were told, how many came from the first address.
    [[nodiscard]] std::size_t toldOfFirst() const
    {
        return static_cast<std::size_t>(
            std::ranges::count_if(m_told, [&](std::size_t i) { return i < m_clients.size() / 2; }));
    }

private:
    std::vector<ByteClient> m_clients;
    std::set<std::size_t> m_told;
};

TestServer::Edit quiet(const nlohmann::json& drain = nlohmann::json::object())
{
    return [drain](nlohmann::json& policy) {
        policy["routes"][1]["ping"] = "off";
        policy["drain"] = drain;
    };
}

Reply drain(const TestServer& server, std::optional<std::chrono::milliseconds> within = std::nullopt,
            std::optional<std::chrono::milliseconds> spread = std::nullopt)
{
    return server.call(DrainCommand{within, spread});
}

/// How many are still open after the turns that a move of the clock makes.
std::uint64_t openAfter(const TestServer& server, std::uint64_t expected)
{
    std::uint64_t open = 0;
    (void)eventually([&] {
        open = 0;
        for (const SessionRow& row : server.sessions())
            open += row.activity.phase == SessionPhase::Open ? 1 : 0;
        return open <= expected;
    });
    QTest::qWait(100); // more must not follow
    open = 0;
    for (const SessionRow& row : server.sessions())
        open += row.activity.phase == SessionPhase::Open ? 1 : 0;
    return open;
}

} // namespace

/// How a server is emptied: not all at once, and not longer than was ordered.
class DrainTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void few_sessions_go_at_once();
    void many_are_told_evenly_over_the_spread();
    void the_sessions_of_one_address_do_not_all_go_first();
    void the_spread_is_never_longer_than_was_ordered();
    void the_spread_leaves_time_for_the_last_to_answer();
    void newcomers_are_refused_from_the_start();
    void who_is_left_at_the_deadline_is_cut_off();
    void the_policys_times_hold_where_none_are_given();
    void a_second_order_makes_it_quicker();
    void a_second_order_never_makes_it_slower();
    void it_is_shown_and_recorded();
    void commands_that_make_no_sense_are_refused_data();
    void commands_that_make_no_sense_are_refused();
};

void DrainTest::few_sessions_go_at_once()
{
    ManualClock clock;
    TestServer server(quiet(), &clock);
    Crowd crowd(server, 99);
    QVERIFY(drain(server).ok());
    QVERIFY(eventually([&] { return crowd.answer() == 99; }));
    QVERIFY(server.runtime().waitUntilStopped(ceiling));
}

void DrainTest::many_are_told_evenly_over_the_spread()
{
    ManualClock clock;
    TestServer server(quiet(), &clock);
    Crowd crowd(server, 200); // two seconds' worth
    QVERIFY(drain(server, 20s, 10s).ok());
    QVERIFY(openAfter(server, 198) >= 198 - 2); // the first of each worker
    for (int quarter = 1; quarter < 4; ++quarter) {
        clock.advance(500ms);
        const std::uint64_t even = 200 - static_cast<std::uint64_t>(quarter) * 50;
        const std::uint64_t open = openAfter(server, even);
        QVERIFY2(open <= even && open + 6 >= even, std::to_string(open).c_str());
        (void)crowd.answer();
    }
    clock.advance(500ms);
    QCOMPARE(openAfter(server, 0), 0u);
    QVERIFY(eventually([&] { return crowd.answer() == 200; }));
    QVERIFY(server.runtime().waitUntilStopped(ceiling));
}

void DrainTest::the_sessions_of_one_address_do_not_all_go_first()
{
    ManualClock clock;
    TestServer server(quiet(), &clock);
    Crowd crowd(server, 200);
    QVERIFY(drain(server, 20s, 2s).ok());
    clock.advance(1s);
    QVERIFY(openAfter(server, 100) <= 100);
    const std::size_t told = crowd.answer();
    QVERIFY(told >= 100);
    // By chance alone, fewer than 20 of one address come once in 10^15.
    QVERIFY2(crowd.toldOfFirst() >= 20 && told - crowd.toldOfFirst() >= 20,
             std::to_string(crowd.toldOfFirst()).c_str());
    clock.advance(1s);
    QVERIFY(eventually([&] { return crowd.answer() == 200; }));
}

void DrainTest::the_spread_is_never_longer_than_was_ordered()
{
    ManualClock clock;
    TestServer server(quiet(), &clock);
    Crowd crowd(server, 200);
    QVERIFY(drain(server, 20s, 0s).ok());
    QVERIFY(eventually([&] { return crowd.answer() == 200; }));
}

void DrainTest::the_spread_leaves_time_for_the_last_to_answer()
{
    ManualClock clock;
    TestServer server(quiet(), &clock);
    Crowd crowd(server, 200);
    QVERIFY(drain(server, 2s, 10s).ok());
    clock.advance(1s);
    QVERIFY(eventually([&] { return crowd.answer() == 200; }));
    QVERIFY(server.runtime().waitUntilStopped(ceiling));
    QCOMPARE(server.audit(AuditKind::Close, Reason::CloseTimeout).size(), 0u);
}

void DrainTest::newcomers_are_refused_from_the_start()
{
    ManualClock clock;
    TestServer server(quiet(), &clock);
    const Crowd crowd(server, 200);
    ByteClient early = server.plain();
    QVERIFY(eventually([&] { return server.info().stats.pending == 1; }));
    QVERIFY(drain(server).ok());
    QVERIFY(early.ends());
    (void)server.sessions(); // asked of every worker behind the order
    QVERIFY(!server.plain().connected());
}

void DrainTest::who_is_left_at_the_deadline_is_cut_off()
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            quiet()(policy);
            policy["limits"]["close_timeout"] = "30s";
        },
        &clock);
    Crowd crowd(server, 3); // that do not answer
    QVERIFY(drain(server, 5s).ok());
    clock.advance(4900ms);
    QVERIFY(!server.runtime().waitUntilStopped(400ms));
    clock.advance(100ms);
    QVERIFY(server.runtime().waitUntilStopped(ceiling));
    for (ByteClient& client : crowd.clients())
        QVERIFY(client.ends());
    QCOMPARE(server.info().stats.sessions, 0u);
}

void DrainTest::the_policys_times_hold_where_none_are_given()
{
    ManualClock clock;
    TestServer server(quiet({{"within", "7s"}, {"spread", "1s"}}), &clock);
    Crowd crowd(server, 200);
    const WallTime ordered = clock.wall();
    QVERIFY(drain(server).ok());
    QVERIFY(server.info().stats.drainUntil == ordered + 7s);
    clock.advance(1s); // and not two
    QVERIFY(eventually([&] { return crowd.answer() == 200; }));
}

void DrainTest::a_second_order_makes_it_quicker()
{
    ManualClock clock;
    TestServer server(quiet(), &clock);
    Crowd crowd(server, 200);
    QVERIFY(drain(server, 1h, 10s).ok());
    QVERIFY(openAfter(server, 198) > 100);
    QVERIFY(drain(server, 5s, 0s).ok());
    QVERIFY(server.info().stats.drainUntil == clock.wall() + 5s);
    QVERIFY(eventually([&] { return crowd.answer() == 200; }));
}

void DrainTest::a_second_order_never_makes_it_slower()
{
    ManualClock clock;
    TestServer server(quiet(), &clock);
    Crowd crowd(server, 200);
    QVERIFY(drain(server, 5s, 1s).ok());
    const auto until = server.info().stats.drainUntil;
    QVERIFY(drain(server, 1h, 1h).ok());
    QVERIFY(server.info().stats.drainUntil == until);
    clock.advance(1s);
    QVERIFY(eventually([&] { return crowd.answer() == 200; }));
}

void DrainTest::it_is_shown_and_recorded()
{
    ManualClock clock;
    TestServer server(quiet(), &clock);
    QVERIFY(!server.info().stats.drainUntil);
    Crowd crowd(server, 3);
    const WallTime ordered = clock.wall();
    QVERIFY(drain(server, 30s, 5s).ok());
    QCOMPARE(server.info().stats.state, GateState::Draining);
    QVERIFY(server.info().stats.drainUntil == ordered + 30s);
    AuditQuery query;
    query.kind = AuditKind::Drain;
    const auto records = server.audit(query);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string("tester"));
    QCOMPARE(records[0].detail, std::string("via test, within 30s, 3 sessions at once"));
}

void DrainTest::commands_that_make_no_sense_are_refused_data()
{
    QTest::addColumn<DrainCommand>("command");
    QTest::newRow("within a negative time") << DrainCommand{-1ms, {}};
    QTest::newRow("spread over a negative time") << DrainCommand{{}, -1ms};
    QTest::newRow("within more than a day") << DrainCommand{24h + 1ms, {}};
    QTest::newRow("spread beyond any clock") << DrainCommand{{}, std::chrono::milliseconds::max()};
}

void DrainTest::commands_that_make_no_sense_are_refused()
{
    QFETCH(const DrainCommand, command);
    TestServer server;
    const Reply reply = server.call(command);
    QVERIFY(!reply.ok());
    QCOMPARE(reply.error().code, ControlErrorCode::BadRequest);
    QCOMPARE(server.info().stats.state, GateState::Serving);
    QCOMPARE(server.plain().upgrade({}).status, 101);
}

QTEST_GUILESS_MAIN(DrainTest)
#include "draintest.moc"
