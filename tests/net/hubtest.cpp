// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include <QTest>

#include <atomic>
#include <numeric>
#include <set>
#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;
using wire::Opcode;

class HubTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_message_arrives_at_every_subscriber_and_its_publisher_with_its_type();
    void channels_do_not_mix();
    void messages_and_handshakes_are_timed_at_every_worker();
    void every_subscriber_sees_the_same_order();
    void no_right_to_publish_is_a_violation_and_reaches_nobody();
    void subscribers_that_come_and_go_leave_no_trace();
    void a_client_that_never_reads_ends_alone();
    void messages_over_the_rate_are_refused_and_end_the_session();
    void violations_are_forgotten_after_their_window();
    void messages_of_a_user_count_together();
    void bytes_of_a_user_count_together();
    void messages_of_an_address_count_together();
    void an_idle_session_that_answers_pings_ends_at_its_limit();
    void messages_keep_a_session_from_being_idle();
    void a_session_that_does_not_answer_pings_ends();
    void a_token_that_expires_ends_the_session();
    void a_token_within_its_leeway_has_the_rest_of_it();
};

void HubTest::a_message_arrives_at_every_subscriber_and_its_publisher_with_its_type()
{
    TestServer server;
    std::vector<ByteClient> clients;
    for (int i = 0; i < 6; ++i)
        clients.push_back(server.join("chat.a", "user" + std::to_string(i)));
    QVERIFY(clients[0].frame(Opcode::Text, "text"));
    QVERIFY(clients[0].frame(Opcode::Binary, std::string("\0\xff", 2)));
    for (ByteClient& client : clients) {
        const Incoming text = client.next();
        QCOMPARE(text.kind, Incoming::Kind::Message);
        QCOMPARE(text.type, Opcode::Text);
        QCOMPARE(text.payload, std::string("text"));
        const Incoming binary = client.next();
        QCOMPARE(binary.type, Opcode::Binary);
        QCOMPARE(binary.payload, std::string("\0\xff", 2));
    }
    const GateStats stats = server.info().stats;
    QCOMPARE(stats.messagesIn, 2u);
    QCOMPARE(stats.messagesOut, 12u);
    QCOMPARE(stats.bytesIn, 6u);
    QCOMPARE(stats.bytesOut, 36u);
}

void HubTest::channels_do_not_mix()
{
    TestServer server;
    ByteClient a = server.join("chat.a", "ann");
    ByteClient b = server.join("chat.b", "bob");
    QVERIFY(a.text("for a"));
    QCOMPARE(a.next().payload, std::string("for a"));
    QVERIFY(b.text("for b"));
    QCOMPARE(b.next().payload, std::string("for b"));
    QCOMPARE(a.next(100ms).kind, Incoming::Kind::Nothing);
}

void HubTest::messages_and_handshakes_are_timed_at_every_worker()
{
    TestServer server([](nlohmann::json& policy) { policy["workers"] = 4; });
    std::vector<ByteClient> clients;
    for (int i = 0; i < 16; ++i)
        clients.push_back(server.join("chat.a", "user" + std::to_string(i)));
    ByteClient probe = server.tls();
    std::set<std::uint64_t> workers;
    for (const SessionRow& row : server.sessions())
        workers.insert(row.info->id.value % 4);
    constexpr std::uint64_t messages = 20;
    for (std::uint64_t n = 0; n < messages; ++n) {
        QVERIFY(clients.front().text("text"));
        for (ByteClient& client : clients)
            QCOMPARE(client.next().payload, std::string("text"));
    }
    const auto counted = [&](Histogram Latencies::*which) {
        const Info info = server.info();
        const Histogram& histogram = info.latencies.*which;
        return std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
    };
    QVERIFY(eventually([&] { return counted(&Latencies::message) >= messages * workers.size(); }));
    QCOMPARE(counted(&Latencies::message), messages * workers.size()); // once at each that delivered it
    QCOMPARE(counted(&Latencies::request), std::uint64_t(16));
    QVERIFY(eventually([&] { return counted(&Latencies::tls) == 1; }));
    const Latencies latencies = server.info().latencies;
    QVERIFY(latencies.message.sum > 0 && latencies.message.sum < 10.0 * messages);
    QVERIFY(latencies.turn.sum > 0);
}

void HubTest::every_subscriber_sees_the_same_order()
{
    constexpr int publishers = 4;
    constexpr int messages = 200;
    TestServer server([](nlohmann::json& policy) { policy["workers"] = 4; });
    std::vector<ByteClient> clients;
    for (int i = 0; i < 12; ++i)
        clients.push_back(server.join("chat.order", "user" + std::to_string(i)));
    ByteClient probe = server.join("chat.order", "probe"); // until its own arrives, every subscription is known
    QVERIFY(probe.text("begin"));
    QCOMPARE(probe.next().payload, std::string("begin"));
    std::vector<std::vector<std::string>> seen(clients.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < clients.size(); ++i)
        threads.emplace_back([&, i] {
            ByteClient& client = clients[i];
            if (i < publishers)
                for (int n = 0; n < messages; ++n)
                    client.text(std::to_string(i) + ':' + std::to_string(n));
            while (seen[i].size() < 1 + publishers * messages) {
                const Incoming got = client.nextData();
                if (got.kind != Incoming::Kind::Message)
                    return;
                seen[i].push_back(got.payload);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    QCOMPARE(seen[0].size(), std::size_t{1 + publishers * messages});
    for (const auto& order : seen)
        QVERIFY(order == seen[0]);
    std::vector<int> next(publishers); // and each publisher's own stay in order
    for (std::size_t i = 1; i < seen[0].size(); ++i) {
        const auto publisher = static_cast<std::size_t>(seen[0][i][0] - '0');
        QCOMPARE(seen[0][i].substr(2), std::to_string(next[publisher]++));
    }
}

void HubTest::no_right_to_publish_is_a_violation_and_reaches_nobody() // row 66
{
    TestServer server;
    ByteClient reader = server.join("news.a", "reader");
    ByteClient other = server.join("news.a", "other");
    for (int i = 0; i < 3; ++i)
        QVERIFY(reader.text("forbidden"));
    const Incoming end = reader.closing();
    QCOMPARE(end.code, 1008);
    QCOMPARE(end.payload, std::string("authz_channel"));
    QCOMPARE(server.refused(Reason::AuthzChannel), 3u);
    QCOMPARE(server.audit(AuditKind::Limit, Reason::AuthzChannel).size(), 3u);
    UpgradeOptions options;
    options.path = "/hub/news.a";
    options.token = server.token("ed", {"editor"});
    ByteClient editor = server.plain();
    QCOMPARE(editor.upgrade(options).status, 101);
    QVERIFY(editor.text("allowed"));
    QCOMPARE(other.nextData().payload, std::string("allowed"));
}

void HubTest::subscribers_that_come_and_go_leave_no_trace()
{
    TestServer server([](nlohmann::json& policy) { policy["workers"] = 4; });
    std::atomic<bool> stop{false};
    std::vector<std::thread> comers;
    const std::string token = server.token("comer");
    for (int i = 0; i < 3; ++i)
        comers.emplace_back([&, i] {
            UpgradeOptions options;
            options.token = token;
            for (int round = 0; !stop; ++round) {
                options.path = "/hub/chat." + std::to_string((i + round) % 3);
                ByteClient client = server.plain();
                if (client.upgrade(options).status != 101)
                    continue;
                client.text("hello");
                if (round % 3 == 0)
                    client.reset();
                else if (round % 3 == 1)
                    client.close();
            }
        });
    std::vector<ByteClient> steady;
    for (int i = 0; i < 3; ++i)
        steady.push_back(server.join("chat." + std::to_string(i), "steady"));
    for (int n = 0; n < 50; ++n)
        for (ByteClient& client : steady) {
            const std::string text = "steady " + std::to_string(n);
            QVERIFY(client.text(text));
            Incoming got;
            do
                got = client.nextData();
            while (got.kind == Incoming::Kind::Message && got.payload == "hello");
            QCOMPARE(got.payload, text);
        }
    stop = true;
    for (std::thread& comer : comers)
        comer.join();
    steady.clear();
    QTRY_COMPARE(server.info().stats.sessions, 0u);
    QTRY_COMPARE(server.info().stats.backlog, 0u);
}

void HubTest::a_client_that_never_reads_ends_alone() // row 72
{
    constexpr int messages = 400;
    TestServer server([](nlohmann::json& policy) { policy["routes"][0]["send_buffer"] = "256KiB"; });
    ByteClient::Options small;
    small.receiveBuffer = 4096;
    ByteClient stuck = server.join("chat.a", "stuck", small);
    std::vector<ByteClient> readers;
    for (int i = 0; i < 20; ++i)
        readers.push_back(server.join("chat.a", "reader" + std::to_string(i)));
    const std::string filler(20000, 'x');
    for (int n = 0; n < messages; ++n) {
        const std::string text = std::to_string(n) + filler;
        QVERIFY(readers[0].text(text));
        for (ByteClient& reader : readers) {
            const Incoming got = reader.nextData();
            QCOMPARE(got.kind, Incoming::Kind::Message);
            QVERIFY(got.payload == text);
        }
    }
    const auto records = server.audit(AuditKind::Close, Reason::SlowConsumer);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].user, std::string("stuck"));
    QCOMPARE(records[0].code, 4008);
    const Incoming end = stuck.closing(); // when it reads again, the code is there behind what it had taken
    QCOMPARE(end.kind, Incoming::Kind::Close);
    QCOMPARE(end.code, 4008);
    QTRY_COMPARE(server.info().stats.backlog, 0u);
}

void HubTest::messages_over_the_rate_are_refused_and_end_the_session() // row 69
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["routes"][1]["messages"]["rate"] = {{"count", 2}, {"per", "1s"}, {"burst", 5}};
            policy["routes"][1]["ping"] = "off";
        },
        &clock);
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade({}).status, 101);
    for (int i = 0; i < 5; ++i) {
        QVERIFY(client.text(std::to_string(i)));
        QCOMPARE(client.next().payload, std::to_string(i));
    }
    QVERIFY(client.text("one too many"));
    QTRY_COMPARE(server.refused(Reason::RateSession), 1u);
    QCOMPARE(server.sessions()[0].activity.violations, 1u);
    QCOMPARE(server.sessions()[0].activity.refused, 1u);
    QCOMPARE(server.sessions()[0].activity.lastRefusal->decision.rule.pointer, std::string("/routes/1/messages/rate"));
    clock.advance(1s);
    QVERIFY(client.text("in time"));
    QCOMPARE(client.next().payload, std::string("in time"));
    for (int i = 0; i < 3; ++i)
        QVERIFY(client.text("again"));
    QCOMPARE(client.next().payload, std::string("again"));
    const Incoming end = client.closing();
    QCOMPARE(end.code, 1008);
    QCOMPARE(end.payload, std::string("rate_session"));
    QCOMPARE(server.refused(Reason::RateSession), 3u);
    QCOMPARE(server.audit(AuditKind::Limit, Reason::RateSession).size(), 3u);
    QCOMPARE(server.audit(AuditKind::Close, Reason::RateSession).size(), 1u);
}

void HubTest::violations_are_forgotten_after_their_window()
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["routes"][1]["messages"]["rate"] = {{"count", 1}, {"per", "1s"}, {"burst", 1}};
            policy["routes"][1]["messages"]["violations_within"] = "10s";
            policy["routes"][1]["ping"] = "off";
        },
        &clock);
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade({}).status, 101);
    for (std::uint64_t round = 1; round < 6; ++round) {
        QVERIFY(client.text("a"));
        QVERIFY(client.text("b"));
        QVERIFY(client.text("c"));
        QTRY_COMPARE(server.refused(Reason::RateSession), 2 * round);
        clock.advance(11s);
    }
    QCOMPARE(server.sessions().size(), 1u);
    QCOMPARE(server.sessions()[0].activity.phase, SessionPhase::Open);
    QCOMPARE(server.sessions()[0].activity.violations, 0u);
}

void HubTest::messages_of_a_user_count_together() // row 69
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["limits"]["messages_per_user"] = {{"count", 1}, {"per", "1s"}, {"burst", 10}};
        },
        &clock);
    std::vector<ByteClient> clients;
    for (int i = 0; i < 10; ++i) {
        ByteClient::Options options;
        options.source = "127.0.2." + std::to_string(i + 1);
        clients.push_back(server.join("chat." + std::to_string(i), "ann", options));
        QVERIFY(clients.back().text("one"));
        QCOMPARE(clients.back().next().payload, std::string("one"));
    }
    for (ByteClient& client : clients)
        QVERIFY(client.text("two"));
    QTRY_COMPARE(server.refused(Reason::RateUser), 10u);
    ByteClient other = server.join("chat.0", "bob");
    QVERIFY(other.text("another user"));
    QCOMPARE(other.next().payload, std::string("another user"));
}

void HubTest::bytes_of_a_user_count_together() // row 69
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["limits"]["bytes_per_user"] = {{"count", 1000}, {"per", "1s"}, {"burst", 3000}};
        },
        &clock);
    ByteClient one = server.join("chat.1", "ann");
    ByteClient two = server.join("chat.2", "ann");
    QVERIFY(one.text(std::string(1500, 'a')));
    QCOMPARE(one.next().kind, Incoming::Kind::Message);
    QVERIFY(two.text(std::string(1500, 'a')));
    QCOMPARE(two.next().kind, Incoming::Kind::Message);
    QVERIFY(two.text("a"));
    QTRY_COMPARE(server.refused(Reason::RateUser), 1u);
    clock.advance(1s);
    QVERIFY(one.text(std::string(1000, 'b')));
    QCOMPARE(one.next().kind, Incoming::Kind::Message);
}

void HubTest::messages_of_an_address_count_together() // row 69
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["limits"]["messages_per_ip"] = {{"count", 1}, {"per", "1s"}, {"burst", 4}};
        },
        &clock);
    ByteClient one = server.join("chat.1", "ann");
    ByteClient two = server.join("chat.2", "bob");
    for (ByteClient* client : {&one, &two})
        for (int i = 0; i < 3; ++i)
            QVERIFY(client->text("x"));
    QTRY_COMPARE(server.refused(Reason::RateIp), 2u);
    QCOMPARE(server.info().stats.messagesIn, 6u);
}

void HubTest::an_idle_session_that_answers_pings_ends_at_its_limit() // row 71
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["routes"][1]["idle_timeout"] = "60s";
            policy["routes"][1]["ping"] = {{"every", "25s"}, {"timeout", "8s"}};
        },
        &clock);
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade({}).status, 101);
    for (int i = 0; i < 2; ++i) {
        clock.advance(25100ms);
        QCOMPARE(client.next().kind, Incoming::Kind::Ping);
        clock.advance(1ms);
        QVERIFY(client.frame(Opcode::Pong, {}));
        QVERIFY(client.frame(Opcode::Ping, "seen"));
        QCOMPARE(client.next().kind, Incoming::Kind::Pong);
        clock.advance(1ms);
    }
    clock.advance(9s);
    QCOMPARE(client.nextData(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(1s);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 4408);
    QCOMPARE(end.payload, std::string("idle"));
    QCOMPARE(server.audit(AuditKind::Close, Reason::Idle).size(), 1u);
}

void HubTest::messages_keep_a_session_from_being_idle()
{
    ManualClock clock;
    TestServer server(
        [](nlohmann::json& policy) {
            policy["routes"][1]["idle_timeout"] = "60s";
            policy["routes"][1]["ping"] = "off";
        },
        &clock);
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade({}).status, 101);
    for (int i = 0; i < 5; ++i) {
        clock.advance(50s);
        QVERIFY(client.text("busy"));
        QCOMPARE(client.nextData().payload, std::string("busy"));
    }
    clock.advance(61s);
    QCOMPARE(client.closing().code, 4408);
}

void HubTest::a_session_that_does_not_answer_pings_ends() // row 71
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient client = server.join("chat.a", "ann");
    clock.advance(25100ms);
    QCOMPARE(client.next().kind, Incoming::Kind::Ping);
    clock.advance(7800ms);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(400ms);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 4408);
    QCOMPARE(end.payload, std::string("ping_timeout"));
    QCOMPARE(server.audit(AuditKind::Close, Reason::PingTimeout).size(), 1u);
}

void HubTest::a_token_that_expires_ends_the_session() // row 44
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["routes"][0]["ping"] = "off"; }, &clock);
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = server.token("ann", {}, 100s);
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade(options).status, 101);
    clock.advance(99s);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(1100ms);
    const Incoming end = client.closing();
    QCOMPARE(end.code, 4401);
    QCOMPARE(end.payload, std::string("expired"));
}

void HubTest::a_token_within_its_leeway_has_the_rest_of_it() // the default leeway is 30 s
{
    ManualClock clock;
    TestServer server([](nlohmann::json& policy) { policy["routes"][0]["ping"] = "off"; }, &clock);
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = server.token("ann", {}, 100s);
    clock.advance(110s);
    ByteClient client = server.plain();
    QCOMPARE(client.upgrade(options).status, 101);
    clock.advance(15s);
    QCOMPARE(client.next(200ms).kind, Incoming::Kind::Nothing);
    clock.advance(6s);
    QCOMPARE(client.closing().code, 4401);
}

QTEST_GUILESS_MAIN(HubTest)
#include "hubtest.moc"
