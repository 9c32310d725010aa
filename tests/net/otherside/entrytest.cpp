// SPDX-License-Identifier: GPL-3.0-or-later
#include "workerbed.h"

#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;

/// A route that asks somebody else before the 101.
class EntryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void the_101_comes_with_the_answer_and_not_before();
    void what_the_request_held_is_handed_over();
    void a_chosen_subprotocol_is_echoed_data();
    void a_chosen_subprotocol_is_echoed();
    void an_answer_at_once_is_one_too();
    void a_refusal_has_its_status_and_its_record();
    void a_status_of_its_own_and_a_time_to_come_back_are_told();
    void nobody_to_ask_is_500();
    void one_that_throws_ends_that_connection_alone();
    void bytes_before_the_101_come_too_early();
    void bytes_that_came_just_before_the_answer_come_too_early_as_well();
    void a_client_that_leaves_is_forgotten();
    void a_second_answer_and_one_for_nobody_do_nothing();
    void whoever_is_banned_meanwhile_is_refused();
    void whoever_is_locked_out_meanwhile_is_refused();
    void whoever_was_kicked_meanwhile_waits();
    void a_worker_that_drains_answers_whoever_waits();
    void a_policy_that_came_meanwhile_decides_before_the_101();
    void a_policy_that_came_meanwhile_holds_for_whoever_it_lets_in();
    void a_listener_that_is_gone_meanwhile_gets_503();
    void a_worker_that_stops_leaves_nobody();
    void what_hangs_gets_504();
    void places_are_kept_while_it_waits();
    void a_route_that_nobody_answers_is_500();

private:
    [[nodiscard]] bool nobodyLeft()
    {
        return eventually([this] { return m_bed->empty(); });
    }

    std::unique_ptr<WorkerBed> m_bed;
};

void EntryTest::init()
{
    m_bed = std::make_unique<WorkerBed>([](Policy& policy) {
        Route none;
        none.name = none.path = "/echo";
        none.kind = RouteKind::Echo;
        none.authentication.required = false;
        policy.routes.push_back(none);
    });
}

void EntryTest::cleanup()
{
    m_bed->worker->stop();
    QVERIFY(m_bed->empty());
    m_bed.reset();
}

void EntryTest::the_101_comes_with_the_answer_and_not_before()
{
    ByteClient client = m_bed->asking();
    QCOMPARE(client.receive(50ms), std::string());
    QCOMPARE(m_bed->script.partners.load(), 1);
    EntryAnswer answer;
    answer.upstream = "ws://127.0.0.1:1880/";
    m_bed->answer(answer);
    QCOMPARE(client.request({}).status, 101);
    m_bed->run([](Worker& worker, ScriptedRoute& route) {
        const auto rows = worker.rows();
        QCOMPARE(rows.size(), std::size_t{1});
        QCOMPARE(rows[0].info->upstream, std::string("ws://127.0.0.1:1880/"));
        QCOMPARE(rows[0].info->id, route.questions[0].entrant.session);
        QVERIFY(route.sessions.begin()->second->partner());
    });
    QVERIFY(client.text("hello"));
    QVERIFY(eventually([&] { return m_bed->seen().messages == std::vector<std::string>{"hello"}; }));
    QVERIFY(client.close());
    QVERIFY(client.ends());
    client.disconnect();
    QVERIFY(nobodyLeft());
}

void EntryTest::what_the_request_held_is_handed_over()
{
    UpgradeOptions options = WorkerBed::appOptions();
    options.path += "?a=1&b=%20";
    options.origin.reset();
    options.subprotocols = {"gatehouse", "other", "soap", "chat"};
    options.headers = {{"X-One", "1"}, {"x-one", "2"}, {"Cookie", "a=b"}};
    ByteClient client = m_bed->asking(options);
    m_bed->run([](Worker&, ScriptedRoute& route) {
        const Entrant& entrant = route.questions[0].entrant;
        QCOMPARE(entrant.request.path, std::string("/app"));
        QCOMPARE(entrant.request.query, std::string("a=1&b=%20"));
        QCOMPARE(entrant.request.subprotocols, (std::vector<std::string>{"soap", "chat"}));
        QCOMPARE(entrant.client.toString(), std::string("127.0.0.1"));
        QCOMPARE(entrant.host, std::string("localhost"));
        QVERIFY(!entrant.secure);
        QVERIFY(!entrant.source);
        QVERIFY(entrant.session);
        std::vector<std::pair<std::string, std::string>> found;
        for (const auto& header : entrant.request.headers)
            if (header.first.size() == 5 || header.first == "Cookie")
                found.push_back(header);
        QCOMPARE(found,
                 (std::vector<std::pair<std::string, std::string>>{{"X-One", "1"}, {"x-one", "2"}, {"Cookie", "a=b"}}));
    });
}

void EntryTest::a_chosen_subprotocol_is_echoed_data()
{
    QTest::addColumn<QByteArray>("chosen");
    QTest::addColumn<QByteArray>("echoed");
    QTest::newRow("the second") << QByteArray("soap") << QByteArray("soap");
    QTest::newRow("none") << QByteArray("") << QByteArray("");
    QTest::newRow("the gate's own choice") << QByteArray("-") << QByteArray("chat");
}

void EntryTest::a_chosen_subprotocol_is_echoed()
{
    QFETCH(QByteArray, chosen);
    QFETCH(QByteArray, echoed);
    UpgradeOptions options = WorkerBed::appOptions();
    options.subprotocols = {"chat", "soap"};
    ByteClient client = m_bed->asking(options);
    EntryAnswer answer;
    if (chosen != "-")
        answer.subprotocol = chosen.toStdString();
    m_bed->answer(answer);
    const HttpAnswer told = client.request({});
    QCOMPARE(told.status, 101);
    QCOMPARE(told.header("Sec-WebSocket-Protocol"), echoed.toStdString());
    m_bed->withSession([&](Session& session) { QCOMPARE(session.info().subprotocol, echoed.toStdString()); });
}

void EntryTest::an_answer_at_once_is_one_too()
{
    m_bed->script.atOnce = true;
    ByteClient client = m_bed->asking();
    QCOMPARE(client.request({}).status, 101);
}

void EntryTest::a_refusal_has_its_status_and_its_record()
{
    ByteClient client = m_bed->asking();
    m_bed->answer({{Reason::UpstreamConnect, {}, "connection refused", {}}, {}, {}, {}, {}});
    const HttpAnswer told = client.request({});
    QCOMPARE(told.status, 502);
    QVERIFY(told.text.find("upstream_connect") != std::string::npos);
    QCOMPARE(m_bed->script.partners.load(), 0);
    QCOMPARE(m_bed->refused(Reason::UpstreamConnect), 1u);
    const auto records = m_bed->records(AuditKind::Refuse);
    QCOMPARE(records.size(), std::size_t{1});
    QCOMPARE(records[0].decision.met, std::string("connection refused"));
    QCOMPARE(records[0].route, std::string("app"));
    QCOMPARE(records[0].code, 502);
    QVERIFY(client.ends());
    client.disconnect();
    QVERIFY(nobodyLeft());
}

void EntryTest::a_status_of_its_own_and_a_time_to_come_back_are_told()
{
    ByteClient client = m_bed->asking();
    m_bed->answer({{Reason::UpstreamNone, {}, "all drain", {}}, std::uint16_t{503}, 7s, {}, {}});
    const HttpAnswer told = client.request({});
    QCOMPARE(told.status, 503);
    QCOMPARE(told.header("Retry-After"), std::string("7"));
}

void EntryTest::nobody_to_ask_is_500()
{
    m_bed->script.nobody = true;
    ByteClient client(m_bed->port(), ByteClient::Security::Plain);
    QCOMPARE(client.upgrade(WorkerBed::appOptions()).status, 500);
    client.disconnect();
    QVERIFY(nobodyLeft());
}

void EntryTest::one_that_throws_ends_that_connection_alone() // row 82
{
    ByteClient other = m_bed->entered();
    m_bed->script.throws = true;
    ByteClient client(m_bed->port(), ByteClient::Security::Plain);
    QCOMPARE(client.upgrade(WorkerBed::appOptions()).status, 0);
    QCOMPARE(m_bed->refused(Reason::Internal), 2u); // the fault, and who was refused for it
    QVERIFY(other.text("not disturbed"));
    QVERIFY(eventually([&] { return m_bed->seen().messages.size() == 1; }));
    QCOMPARE(m_bed->worker->figures().pending.value(), 0u);
}

void EntryTest::bytes_before_the_101_come_too_early() // row 23
{
    ByteClient client = m_bed->asking();
    QVERIFY(client.send(rawFrame(0x81, "early")));
    const HttpAnswer told = client.request({});
    QCOMPARE(told.status, 400);
    QVERIFY(told.text.find("hs_early_data") != std::string::npos);
    QCOMPARE(m_bed->script.partners.load(), 0);
    m_bed->answer({}); // too late
    m_bed->settle();
    QCOMPARE(m_bed->worker->figures().accepted.value(), 0u);
}

void EntryTest::bytes_that_came_just_before_the_answer_come_too_early_as_well()
{
    ByteClient client = m_bed->asking();
    m_bed->run([&](Worker&, ScriptedRoute& route) { // while its thread is here it reads nothing
        QVERIFY(client.send(rawFrame(0x81, "early")));
        route.questions.back().answered({});
    });
    QCOMPARE(client.request({}).status, 400);
    QCOMPARE(m_bed->worker->figures().accepted.value(), 0u);
}

void EntryTest::a_client_that_leaves_is_forgotten()
{
    ByteClient first = m_bed->asking();
    ByteClient second = m_bed->asking();
    QCOMPARE(m_bed->script.partners.load(), 2);
    first.shutdownWrite();
    second.reset();
    QVERIFY(nobodyLeft());
    QCOMPARE(m_bed->refused(Reason::PeerAbort), 2u);
    m_bed->run([](Worker&, ScriptedRoute& route) {
        for (auto& question : route.questions)
            question.answered({});
    });
    m_bed->settle();
    QCOMPARE(m_bed->worker->figures().accepted.value(), 0u);
}

void EntryTest::a_second_answer_and_one_for_nobody_do_nothing()
{
    ByteClient client = m_bed->asking();
    m_bed->run([](Worker&, ScriptedRoute& route) {
        route.questions[0].answered({});
        route.questions[0].answered({{Reason::UpstreamConnect, {}, {}, {}}, {}, {}, {}, {}});
    });
    QCOMPARE(client.request({}).status, 101);
    m_bed->answer({{Reason::UpstreamConnect, {}, {}, {}}, {}, {}, {}, {}});
    m_bed->settle();
    QCOMPARE(m_bed->refused(Reason::UpstreamConnect), 0u);
    QCOMPARE(m_bed->worker->figures().sessions.value(), 1u);
}

void EntryTest::whoever_is_banned_meanwhile_is_refused()
{
    ByteClient client = m_bed->asking();
    Ban ban;
    ban.value = "127.0.0.1";
    m_bed->run([&](Worker& worker, ScriptedRoute&) {
        worker.setBans(std::make_shared<const BanSet>(std::vector{ban}, std::vector<BanSet::Cooldown>{}));
    });
    m_bed->answer({});
    const HttpAnswer told = client.request({});
    QCOMPARE(told.status, 403);
    QVERIFY(told.text.find("banned") != std::string::npos);
    QVERIFY(client.ends());
    client.disconnect();
    QVERIFY(nobodyLeft());
}

void EntryTest::whoever_is_locked_out_meanwhile_is_refused()
{
    ByteClient client = m_bed->asking();
    m_bed->run([](Worker& worker, ScriptedRoute&) { worker.setLockdown(std::make_shared<const Lockdown>()); });
    m_bed->answer({});
    const HttpAnswer told = client.request({});
    QCOMPARE(told.status, 403);
    QVERIFY(told.text.find("lockdown") != std::string::npos);
}

void EntryTest::whoever_was_kicked_meanwhile_waits()
{
    ByteClient client = m_bed->asking();
    m_bed->run([&](Worker& worker, ScriptedRoute&) {
        const BanSet::Cooldown cooldown{visitorKey(IpAddress::parse("127.0.0.1").value()), m_bed->clock.now() + 60s};
        worker.setBans(std::make_shared<const BanSet>(std::vector<Ban>{}, std::vector{cooldown}));
    });
    m_bed->answer({});
    const HttpAnswer told = client.request({});
    QCOMPARE(told.status, 403);
    QVERIFY(told.text.find("kicked") != std::string::npos);
    QCOMPARE(told.header("Retry-After"), std::string("60"));
}

void EntryTest::a_worker_that_drains_answers_whoever_waits()
{
    ByteClient client = m_bed->asking();
    m_bed->run([](Worker& worker, ScriptedRoute&) { worker.drain(0ms); });
    const HttpAnswer told = client.request({});
    QCOMPARE(told.status, 503);
    QVERIFY(told.text.find("drain") != std::string::npos);
    QVERIFY(!told.header("Retry-After").empty());
    QVERIFY(client.ends());
    client.disconnect();
    QVERIFY(nobodyLeft());
}

void EntryTest::a_policy_that_came_meanwhile_decides_before_the_101()
{
    ByteClient client = m_bed->asking();
    m_bed->apply([](Policy& policy) {
        policy.version = 2;
        policy.routes[0].networks.deny = {Network::parse("127.0.0.0/8").value()};
    });
    m_bed->answer({});
    const HttpAnswer told = client.request({});
    QCOMPARE(told.status, 403);
    QVERIFY(told.text.find("ip_denied") != std::string::npos);
    QCOMPARE(m_bed->worker->figures().accepted.value(), 0u);
    QVERIFY(client.ends());
    client.disconnect();
    QVERIFY(nobodyLeft());
}

void EntryTest::a_policy_that_came_meanwhile_holds_for_whoever_it_lets_in()
{
    ByteClient client = m_bed->asking();
    m_bed->apply([](Policy& policy) {
        policy.version = 2;
        policy.routes[0].messages.maxSize = 4;
    });
    m_bed->answer({});
    QCOMPARE(client.request({}).status, 101);
    m_bed->withSession([](Session& session) { QCOMPARE(session.info().policyVersion, 2u); });
    QVERIFY(client.text("too long"));
    QCOMPARE(client.closing().code, 1009);
}

void EntryTest::a_listener_that_is_gone_meanwhile_gets_503()
{
    ByteClient client = m_bed->asking();
    const auto next = m_bed->generation([](Policy& policy) { policy.listeners[0].name = "other"; });
    m_bed->run([&](Worker& worker, ScriptedRoute&) {
        ListenerMoves moves;
        moves.sockets = moves.arrivals = {std::nullopt};
        worker.applyPolicy(next, moves, [](PolicyMet) {});
    });
    QCOMPARE(client.request({}).status, 503);
    QVERIFY(client.ends());
    client.disconnect();
    QVERIFY(nobodyLeft());
}

void EntryTest::a_worker_that_stops_leaves_nobody()
{
    ByteClient client = m_bed->asking();
    ByteClient other = m_bed->entered();
    m_bed->worker->stop();
    QVERIFY(m_bed->empty());
    QVERIFY(client.ends());
}

void EntryTest::what_hangs_gets_504()
{
    ByteClient client = m_bed->asking();
    m_bed->clock.advance(8500ms); // beyond request_timeout and connect_timeout, which are the partner's
    QCOMPARE(client.receive(150ms), std::string());
    m_bed->clock.advance(1s);
    const HttpAnswer told = client.request({});
    QCOMPARE(told.status, 504);
    QVERIFY(told.text.find("upstream_timeout") != std::string::npos);
    QCOMPARE(m_bed->script.partners.load(), 0);
    m_bed->clock.advance(10s); // the client does not end its side
    QVERIFY(client.ends());
    client.disconnect();
    QVERIFY(nobodyLeft());
}

void EntryTest::places_are_kept_while_it_waits()
{
    m_bed->apply([](Policy& policy) { policy.limits.sessions = 1; });
    ByteClient client = m_bed->asking();
    QCOMPARE(m_bed->tables->sessions.used(), 1u);
    QCOMPARE(m_bed->tables->pending.used(), 1u);
    ByteClient second(m_bed->port(), ByteClient::Security::Plain);
    QCOMPARE(second.upgrade(WorkerBed::appOptions()).status, 503);
    client.reset();
    QVERIFY(eventually([&] { return m_bed->tables->sessions.used() == 0; }));
    ByteClient third = m_bed->entered();
}

void EntryTest::a_route_that_nobody_answers_is_500()
{
    ByteClient client(m_bed->port(), ByteClient::Security::Plain);
    QCOMPARE(client.upgrade({}).status, 500); // its handler is null
    QCOMPARE(m_bed->refused(Reason::Internal), 1u);
}

QTEST_GUILESS_MAIN(EntryTest)
#include "entrytest.moc"
