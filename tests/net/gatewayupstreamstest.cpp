// SPDX-License-Identifier: GPL-3.0-or-later
#include "byteupstream.h"
#include "testserver.h"

#include <QTest>

#include <atomic>
#include <map>
#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;

namespace {

/// An application that lets everybody in, or nobody, and says nothing.
class Application {
public:
    explicit Application(bool refuses = false)
        : m_refuses(refuses)
    {
        m_thread = std::thread([this] { run(); });
    }
    ~Application() { kill(); }
    Application(const Application&) = delete;
    Application& operator=(const Application&) = delete;

    [[nodiscard]] std::string url() const { return m_listener.url(); }
    [[nodiscard]] std::uint16_t port() const { return m_listener.port(); }
    /// How many asked for an upgrade.
    [[nodiscard]] int asked() const { return m_asked; }
    /// It is gone, with everybody who was connected.
    void kill()
    {
        m_stop = true;
        if (m_thread.joinable())
            m_thread.join();
        m_listener.stop();
        m_clients.clear();
    }
    void restart()
    {
        m_listener.listen();
        m_stop = false;
        m_thread = std::thread([this] { run(); });
    }

private:
    void run()
    {
        while (!m_stop) {
            ByteClient client = m_listener.accept(20ms);
            if (!client.connected())
                continue;
            const std::string head = ByteUpstream::readHead(client);
            if (head.empty()) // of a health check
                continue;
            ++m_asked;
            client.send(m_refuses ? "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
                                  : ByteUpstream::switching(head));
            m_clients.push_back(std::move(client));
        }
    }

    ByteUpstream m_listener;
    const bool m_refuses;
    std::atomic<int> m_asked{0};
    std::atomic<bool> m_stop{false};
    std::vector<ByteClient> m_clients;
    std::thread m_thread;
};

TestServer::Edit routeTo(const std::vector<std::string>& urls, const nlohmann::json& more = nlohmann::json::object())
{
    return [urls, more](nlohmann::json& policy) {
        nlohmann::json gateway{{"upstreams", urls}, {"health", "off"}};
        gateway.update(more);
        policy["routes"].push_back({{"name", "plc"},
                                    {"path", "/plc/*"},
                                    {"gateway", gateway},
                                    {"ping", "off"},
                                    {"idle_timeout", "off"},
                                    {"authentication", {{"required", false}}}});
    };
}

/// A client on its way in, with what it was told.
struct Visitor {
    ByteClient client;
    HttpAnswer answer;

    explicit Visitor(const TestServer& server)
        : client(server.plain())
    {
        UpgradeOptions options;
        options.path = "/plc/1";
        answer = client.upgrade(options);
    }
};

std::map<std::string, int> spread(const TestServer& server)
{
    std::map<std::string, int> sessions;
    for (const SessionRow& row : server.sessions())
        if (row.activity.phase == SessionPhase::Open)
            ++sessions[row.info->upstream];
    return sessions;
}

std::vector<UpstreamStatus> statuses(const TestServer& server)
{
    return std::get<UpstreamList>(server.call(UpstreamsQuery{}).value()).upstreams;
}

std::vector<AuditRecord> records(const TestServer& server)
{
    AuditQuery query;
    query.kind = AuditKind::Upstream;
    return server.audit(query);
}

std::string refusal(const Reply& reply)
{
    return reply ? std::string("it was done") : reply.error().message;
}

} // namespace

/// Several applications behind one route: who gets whom, and what becomes of those that fail.
class GatewayUpstreamsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void round_robin_gives_each_its_turn();
    void least_sessions_fills_up_who_has_fewer();
    void one_that_is_killed_is_ejected_and_comes_back();
    void a_health_check_finds_who_is_gone_and_who_is_back();
    void another_is_tried_before_the_101_and_none_after_it();
    void a_name_is_looked_up_before_the_first_client();
    void a_drained_one_gets_nobody_until_it_is_told();
    void within_ends_its_sessions_evenly();
    void a_drain_outlives_another_policy_and_no_restart();
    void where_all_drain_everybody_is_told_to_come_later();
    void orders_that_make_no_sense_are_refused();
    void an_authority_that_cannot_be_read_stops_the_start();
};

void GatewayUpstreamsTest::round_robin_gives_each_its_turn()
{
    Application a;
    Application b;
    const TestServer server(routeTo({a.url(), b.url()}));
    std::vector<Visitor> visitors;
    for (int i = 0; i < 6; ++i) {
        visitors.emplace_back(server);
        QCOMPARE(visitors.back().answer.status, 101);
    }
    QCOMPARE(spread(server), (std::map<std::string, int>{{a.url(), 3}, {b.url(), 3}}));
    const auto shown = statuses(server);
    QCOMPARE(shown.size(), 2u);
    QCOMPARE(shown[0].url, a.url());
    QCOMPARE(shown[0].sessions, 3u);
    QCOMPARE(shown[1].opened, 3u);
    QVERIFY(eventually([&] { return server.info().stats.upstreams == shown; }));
}

void GatewayUpstreamsTest::least_sessions_fills_up_who_has_fewer()
{
    Application a;
    Application b;
    const TestServer server(routeTo({a.url(), b.url()}, {{"balance", "least_sessions"}}));
    std::vector<Visitor> visitors;
    for (int i = 0; i < 4; ++i)
        visitors.emplace_back(server);
    QCOMPARE(spread(server), (std::map<std::string, int>{{a.url(), 2}, {b.url(), 2}}));
    // Who stays on one of them is left with it alone.
    const auto rows = server.sessions();
    KickCommand kick;
    kick.cooldown.reset();
    for (const SessionRow& row : rows)
        if (row.info->upstream == a.url())
            kick.sessions.push_back(row.info->id);
    QVERIFY(server.call(kick));
    QVERIFY(eventually([&] { return statuses(server)[0].sessions == 0; }));
    for (int i = 0; i < 2; ++i)
        visitors.emplace_back(server);
    QVERIFY(eventually([&] { return spread(server) == std::map<std::string, int>{{a.url(), 2}, {b.url(), 2}}; }));
}

void GatewayUpstreamsTest::one_that_is_killed_is_ejected_and_comes_back()
{
    ManualClock clock;
    Application a;
    Application b;
    const TestServer server(routeTo({a.url(), b.url()}), &clock);
    std::vector<Visitor> visitors;
    for (int i = 0; i < 4; ++i)
        visitors.emplace_back(server);
    a.kill();
    int lost = 0;
    for (Visitor& visitor : visitors)
        lost += visitor.client.next(2s).code == 1014 ? 1 : 0;
    QCOMPARE(lost, 2);
    QCOMPARE(statuses(server)[0].lost, 2u);
    for (int i = 0; i < 8; ++i) {
        visitors.emplace_back(server);
        QCOMPARE(visitors.back().answer.status, 101);
    }
    UpstreamStatus gone = statuses(server)[0];
    QCOMPARE(gone.state, UpstreamState::Ejected);
    QCOMPARE(gone.failures, 3u);
    QCOMPARE(gone.lastFailure, Reason::UpstreamConnect);
    QCOMPARE(spread(server)[b.url()], 10);
    QVERIFY(eventually([&] { return records(server).size() == 1; }));
    QCOMPARE(records(server)[0].route, std::string("plc"));
    QCOMPARE(records(server)[0].decision.reason, Reason::UpstreamConnect);
    QVERIFY2(records(server)[0].detail.starts_with(a.url() + ": ejected: "), records(server)[0].detail.c_str());

    a.restart();
    clock.advance(5s);
    for (int i = 0; i < 4; ++i)
        QCOMPARE(visitors.emplace_back(server).answer.status, 101);
    QCOMPARE(spread(server)[a.url()], 2);
    QCOMPARE(statuses(server)[0].state, UpstreamState::Up);
    QVERIFY(eventually([&] { return records(server).size() == 2; }));
    QCOMPARE(records(server)[0].detail, a.url() + ": back");
}

void GatewayUpstreamsTest::a_health_check_finds_who_is_gone_and_who_is_back()
{
    ManualClock clock;
    Application a;
    Application b;
    const TestServer server(routeTo({a.url(), b.url()}, {{"health", {{"kind", "tcp"}, {"every", "10s"}}}}), &clock);
    a.kill();
    QVERIFY(eventually([&] {
        clock.advance(1s);
        return statuses(server)[0].state == UpstreamState::Ejected;
    }));
    QCOMPARE(b.asked(), 0);
    a.restart();
    QVERIFY(eventually([&] {
        clock.advance(1s);
        return statuses(server)[0].state == UpstreamState::Up && records(server).size() >= 2;
    }));
    QCOMPARE(records(server)[0].detail, a.url() + ": back");
    QCOMPARE(statuses(server)[1].failures, 0u);
}

void GatewayUpstreamsTest::another_is_tried_before_the_101_and_none_after_it()
{
    Application refusing(true);
    Application good;
    const TestServer server(routeTo({refusing.url(), good.url()}));
    std::vector<Visitor> visitors;
    for (int i = 0; i < 2; ++i)
        QCOMPARE(visitors.emplace_back(server).answer.status, 101);
    QCOMPARE(refusing.asked(), 1);
    QCOMPARE(good.asked(), 2);
    QCOMPARE(statuses(server)[0].lastFailure, Reason::UpstreamStatus);
    good.kill();
    for (Visitor& visitor : visitors)
        QCOMPARE(visitor.client.closing().code, 1014);
    QCOMPARE(refusing.asked(), 1);
}

void GatewayUpstreamsTest::a_name_is_looked_up_before_the_first_client()
{
    Application a;
    const std::string url = "ws://localhost:" + std::to_string(a.port()) + "/";
    const TestServer server(routeTo({url, "ws://no-such-name.invalid/"}));
    for (int i = 0; i < 2; ++i)
        QCOMPARE(Visitor(server).answer.status, 101);
    QCOMPARE(a.asked(), 2);
    QVERIFY(eventually([&] { return !records(server).empty(); }));
    QVERIFY2(records(server).back().detail.starts_with("ws://no-such-name.invalid/: the name no-such-name.invalid does "
                                                       "not resolve: "),
             records(server).back().detail.c_str());
}

void GatewayUpstreamsTest::a_drained_one_gets_nobody_until_it_is_told()
{
    Application a;
    Application b;
    const TestServer server(routeTo({a.url(), b.url()}));
    std::vector<Visitor> visitors;
    for (int i = 0; i < 2; ++i)
        visitors.emplace_back(server);
    UpstreamDrainCommand drain{a.url(), "plc"};
    drain.reason = "a new version";
    const auto result = std::get<UpstreamDrainResult>(server.call(drain).value());
    QCOMPARE(result.upstreams.size(), 1u);
    QCOMPARE(result.upstreams[0].state, UpstreamState::Draining);
    QCOMPARE(result.ending, 0u);
    for (int i = 0; i < 4; ++i)
        visitors.emplace_back(server);
    QCOMPARE(spread(server), (std::map<std::string, int>{{a.url(), 1}, {b.url(), 5}}));
    drain.on = false;
    drain.reason = {};
    QCOMPARE(std::get<UpstreamDrainResult>(server.call(drain).value()).upstreams[0].state, UpstreamState::Up);
    for (int i = 0; i < 2; ++i)
        visitors.emplace_back(server);
    QCOMPARE(spread(server), (std::map<std::string, int>{{a.url(), 2}, {b.url(), 6}}));
    const auto noted = records(server);
    QCOMPARE(noted.size(), 2u);
    QCOMPARE(noted[1].actor, std::string("tester"));
    QCOMPARE(noted[1].detail, a.url() + ": draining: a new version");
    QCOMPARE(noted[0].detail, a.url() + ": no longer draining");
}

void GatewayUpstreamsTest::within_ends_its_sessions_evenly()
{
    ManualClock clock;
    Application a;
    Application b;
    const TestServer server(routeTo({a.url(), b.url()}), &clock);
    std::vector<Visitor> visitors;
    for (int i = 0; i < 40; ++i)
        visitors.emplace_back(server);
    UpstreamDrainCommand drain{a.url()};
    drain.within = 10s;
    QCOMPARE(std::get<UpstreamDrainResult>(server.call(drain).value()).ending, 20u);
    QVERIFY(eventually([&] { return spread(server)[a.url()] <= 18; }));
    QTest::qWait(100); // more must not follow: the first of each worker
    QVERIFY(spread(server)[a.url()] >= 18);
    clock.advance(5s);
    QVERIFY(eventually([&] { return spread(server)[a.url()] <= 10; }));
    QTest::qWait(100);
    QVERIFY(spread(server)[a.url()] >= 7);
    drain.on = false;
    drain.within.reset();
    QVERIFY(server.call(drain));
    const int stay = spread(server)[a.url()];
    clock.advance(1min);
    QTest::qWait(100);
    QCOMPARE(spread(server)[a.url()], stay);
    drain.on = true;
    drain.within = 0ms;
    QCOMPARE(std::get<UpstreamDrainResult>(server.call(drain).value()).ending, static_cast<std::uint64_t>(stay));
    QVERIFY(eventually([&] { return spread(server)[a.url()] == 0; }));
    QCOMPARE(spread(server)[b.url()], 20);
    int told = 0;
    for (Visitor& visitor : visitors) {
        const Incoming last = visitor.client.next(5ms);
        told += last.code == 1001 && last.payload == "drain" ? 1 : 0;
    }
    QCOMPARE(told, 20);
    const auto ended = server.audit(AuditKind::Close, Reason::Drain);
    QCOMPARE(ended.size(), 20u);
    for (const AuditRecord& record : ended) {
        QCOMPARE(record.actor, std::string("tester"));
        QCOMPARE(record.decision.met, "the upstream " + a.url() + " drains");
    }
}

void GatewayUpstreamsTest::a_drain_outlives_another_policy_and_no_restart()
{
    Application a;
    Application b;
    TestServer server(routeTo({a.url(), b.url()}));
    QVERIFY(server.call(UpstreamDrainCommand{a.url()}));
    server.edit([](nlohmann::json& policy) { policy["routes"][2]["gateway"]["balance"] = "least_sessions"; });
    QVERIFY(server.call(ReloadCommand{}));
    QCOMPARE(statuses(server)[0].state, UpstreamState::Draining);
    for (int i = 0; i < 3; ++i)
        QCOMPARE(Visitor(server).answer.status, 101);
    QCOMPARE(a.asked(), 0);
    server.stop();
    server.start();
    QCOMPARE(statuses(server)[0].state, UpstreamState::Up);
}

void GatewayUpstreamsTest::where_all_drain_everybody_is_told_to_come_later()
{
    Application a;
    const TestServer server(routeTo({a.url()}));
    QVERIFY(server.call(UpstreamDrainCommand{a.url()}));
    const Visitor visitor(server);
    QCOMPARE(visitor.answer.status, 503);
    QVERIFY(!visitor.answer.header("Retry-After").empty());
    QCOMPARE(a.asked(), 0);
}

void GatewayUpstreamsTest::orders_that_make_no_sense_are_refused()
{
    const TestServer server(routeTo({"ws://127.0.0.1:1/", "ws://127.0.0.1:2/"}));
    QCOMPARE(refusal(server.call(UpstreamDrainCommand{"ws://127.0.0.1:3/"})),
             std::string("no route has the upstream ws://127.0.0.1:3/; there are ws://127.0.0.1:1/ of plc, "
                         "ws://127.0.0.1:2/ of plc"));
    QCOMPARE(refusal(server.call(UpstreamDrainCommand{"ws://127.0.0.1:1/", "lab"})),
             std::string("the policy has no route lab"));
    QCOMPARE(refusal(server.call(UpstreamDrainCommand{"ws://127.0.0.1:1/", "echo"})),
             std::string("route echo does not have the upstream ws://127.0.0.1:1/; there are none"));
    UpstreamDrainCommand drain{"ws://127.0.0.1:1/"};
    drain.within = -1ms;
    QCOMPARE(refusal(server.call(drain)), std::string("within must be 0 to 24 h"));
    drain.within = 1s;
    drain.on = false;
    QCOMPARE(refusal(server.call(drain)), std::string("within says how sessions end: it goes with on alone"));
    QCOMPARE(statuses(server)[0].state, UpstreamState::Up);
    QVERIFY(records(server).empty());
}

void GatewayUpstreamsTest::an_authority_that_cannot_be_read_stops_the_start()
{
    try {
        const TestServer server(routeTo({"wss://127.0.0.1:1/"}, {{"ca", "keys/token.key"}}));
        QFAIL("it started");
    } catch (const std::runtime_error& error) {
        QVERIFY2(std::string(error.what()).find("keys/token.key: holds no certificate") != std::string::npos,
                 error.what());
    }
}

QTEST_GUILESS_MAIN(GatewayUpstreamsTest)
#include "gatewayupstreamstest.moc"
