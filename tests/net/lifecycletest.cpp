// SPDX-License-Identifier: GPL-3.0-or-later
#include "testserver.h"

#include <QTest>

#include <arpa/inet.h>
#include <atomic>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace gatehouse;
using namespace gatehouse::test;

class LifecycleTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void a_server_stops_with_sessions_open_in_every_phase();
    void a_drain_tells_everybody_1001_and_ends();
    void a_drain_while_clients_keep_coming_lets_nobody_slip_in();
    void a_drain_does_not_wait_for_a_client_that_never_answers();
    void a_command_that_a_stop_overtakes_is_still_answered_once();
    void a_second_server_on_the_same_state_directory_names_the_holder();
    void a_second_server_on_the_same_port_names_the_holder();
    void a_server_that_did_not_start_leaves_no_stop_record();
    void an_invalid_policy_at_reload_leaves_the_old_one_and_names_every_error();
    void a_valid_policy_at_reload_holds_for_newcomers_and_open_sessions();
    void bad_certificates_at_reload_leave_the_old_ones();
    void accepting_pauses_and_resumes_when_descriptors_run_out();
};

void LifecycleTest::a_server_stops_with_sessions_open_in_every_phase()
{
    TestServer server([](nlohmann::json& policy) { policy["workers"] = 4; });
    std::vector<ByteClient> clients;
    for (int i = 0; i < 40; ++i)
        clients.push_back(server.join("chat." + std::to_string(i % 5), "user" + std::to_string(i)));
    ByteClient::Options silent;
    silent.handshake = false;
    clients.push_back(server.tls(silent));
    clients.push_back(server.plain());
    QVERIFY(clients.back().send("GET /hub/chat.1 HTTP/1.1\r\n"));
    for (ByteClient& client : clients)
        client.text("in flight");
    server.stop();
    for (ByteClient& client : clients)
        QVERIFY(client.ends());
}

void LifecycleTest::a_drain_tells_everybody_1001_and_ends() // row 77
{
    TestServer server;
    std::vector<ByteClient> clients;
    for (int i = 0; i < 50; ++i) {
        clients.push_back(server.join("chat.load", "user" + std::to_string(i)));
        QVERIFY(clients.back().text("hello"));
    }
    std::atomic<bool> stop{false};
    std::thread load([&] { // a client that goes on publishing until it is closed
        while (!stop && clients[0].text("load")) {
        }
    });
    QVERIFY(server.call(DrainCommand{}).ok());
    stop = true;
    load.join();
    for (ByteClient& client : clients) {
        const Incoming end = client.closing();
        QCOMPARE(end.kind, Incoming::Kind::Close);
        QCOMPARE(end.code, 1001);
        QCOMPARE(end.payload, std::string("drain"));
        client.close(1001);
    }
    clients.clear();
    QVERIFY(server.runtime().waitUntilStopped(ceiling));
    QCOMPARE(server.info().stats.state, GateState::Stopped);
    QCOMPARE(server.info().stats.sessions, 0u);
    AuditQuery drains;
    drains.kind = AuditKind::Drain;
    const auto records = server.audit(drains);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string("tester"));
}

void LifecycleTest::a_drain_while_clients_keep_coming_lets_nobody_slip_in()
{
    for (int round = 0; round < 5; ++round) {
        TestServer server;
        const std::uint16_t port = server.port();
        std::atomic<bool> stop{false};
        std::vector<std::thread> comers;
        for (int i = 0; i < 4; ++i)
            comers.emplace_back([&] {
                std::vector<ByteClient> open;
                while (!stop) {
                    ByteClient client(port, ByteClient::Security::Plain);
                    if (client.connected() && client.upgrade({}).status == 101)
                        open.push_back(std::move(client));
                    if (open.size() > 50)
                        open.clear();
                }
            });
        QTRY_VERIFY(server.info().stats.accepted > 20);
        QVERIFY(server.call(DrainCommand{}).ok());
        // Asked of every worker behind the order to drain, and answered once each has carried it out. One refused
        // connect would not tell that: whoever meets the door of one worker as it shuts is reset, while another's is
        // still open.
        (void)server.sessions();
        const bool shut = !ByteClient(port, ByteClient::Security::Plain).connected();
        const std::uint64_t accepted = server.info().stats.accepted;
        const bool nonePending = eventually([&server] { return server.info().stats.pending == 0; });
        stop = true;
        for (std::thread& comer : comers)
            comer.join();
        QVERIFY(shut);
        QVERIFY(nonePending);
        QVERIFY(server.runtime().waitUntilStopped(ceiling));
        QCOMPARE(server.info().stats.accepted, accepted);
        QCOMPARE(server.info().stats.sessions, 0u);
    }
}

void LifecycleTest::a_drain_does_not_wait_for_a_client_that_never_answers()
{
    ManualClock clock;
    TestServer server({}, &clock);
    ByteClient silent = server.join("chat.a", "ann");
    QVERIFY(server.call(DrainCommand{}).ok());
    QCOMPARE(silent.closing().code, 1001);
    QVERIFY(!server.runtime().waitUntilStopped(300ms));
    clock.advance(4s);
    QVERIFY(server.runtime().waitUntilStopped(ceiling));
}

void LifecycleTest::a_command_that_a_stop_overtakes_is_still_answered_once()
{
    for (int round = 0; round < 20; ++round) {
        TestServer server;
        ByteClient client = server.join("chat.a", "ann");
        const SessionId id = server.sessions()[0].info->id;
        auto answers = std::make_shared<std::atomic<int>>(0);
        for (int i = 0; i < 50; ++i) {
            KickCommand kick;
            kick.sessions = {id};
            server.runtime().call({"tester", "test"}, kick, [answers](const Reply&) { ++*answers; });
            server.runtime().call({"tester", "test"}, AuditQuery{}, [answers](const Reply&) { ++*answers; });
        }
        server.stop();
        QCOMPARE(answers->load(), 100);
    }
}

void LifecycleTest::a_second_server_on_the_same_state_directory_names_the_holder() // row 86
{
    TestServer server;
    const auto second = ServerRuntime::start(std::make_shared<const Policy>(server.policy()), server.clock());
    QVERIFY(!second.ok());
    QVERIFY(second.error().find("process " + std::to_string(getpid())) != std::string::npos);
    QVERIFY(second.error().find(server.policy().stateDir.string()) != std::string::npos);
    QCOMPARE(server.plain().upgrade({}).status, 101); // the first goes on
}

void LifecycleTest::a_second_server_on_the_same_port_names_the_holder() // row 86
{
    TestServer first;
    const std::uint16_t port = first.port();
    try {
        TestServer second([port](nlohmann::json& policy) { policy["listeners"][1]["port"] = port; });
        QFAIL("both listen");
    } catch (const std::runtime_error& error) {
        QVERIFY(std::string_view(error.what()).find("process " + std::to_string(getpid())) != std::string_view::npos);
        QVERIFY(std::string_view(error.what()).find(std::to_string(port)) != std::string_view::npos);
    }
}

void LifecycleTest::a_server_that_did_not_start_leaves_no_stop_record()
{
    TestServer first;
    TestServer second;
    second.stop();
    const std::uint16_t taken = first.port();
    second.edit([taken](nlohmann::json& policy) { policy["listeners"][1]["port"] = taken; });
    QVERIFY_EXCEPTION_THROWN(second.start(), std::runtime_error);
    second.edit([](nlohmann::json& policy) { policy["listeners"][1]["port"] = 0; });
    second.start();
    AuditQuery stops;
    stops.kind = AuditKind::Stop;
    QCOMPARE(second.audit(stops).size(), 1u);
    stops.kind = AuditKind::Start;
    QCOMPARE(second.audit(stops).size(), 2u);
}

void LifecycleTest::an_invalid_policy_at_reload_leaves_the_old_one_and_names_every_error() // row 83
{
    TestServer server;
    const std::uint64_t version = server.info().policyVersion;
    server.edit([](nlohmann::json& policy) {
        policy["limits"]["sessions"] = "many";
        policy["routes"][0]["origins"] = {"nonsense origin"};
        policy["unknown_key"] = 1;
    });
    const Reply reply = server.call(ReloadCommand{});
    QVERIFY(!reply.ok());
    QCOMPARE(reply.error().code, ControlErrorCode::Rejected);
    for (const char* place : {"/limits/sessions", "/routes/0/origins", "/unknown_key"})
        QVERIFY2(reply.error().message.find(place) != std::string::npos, reply.error().message.c_str());
    QCOMPARE(server.info().policyVersion, version);
    QCOMPARE(server.plain().upgrade({}).status, 101);
    const auto records = server.audit(AuditKind::Reload, Reason::PolicyRejected);
    QCOMPARE(records.size(), 1u);
    QCOMPARE(records[0].actor, std::string("tester"));
}

void LifecycleTest::a_valid_policy_at_reload_holds_for_newcomers_and_open_sessions()
{
    TestServer server;
    ByteClient before = server.join("chat.a", "ann");
    server.edit([](nlohmann::json& policy) { policy["channels"][1]["subscribe"] = {"editor"}; });
    QVERIFY(server.call(ReloadCommand{}).ok());
    QCOMPARE(server.info().policyVersion, 2u);
    UpgradeOptions options;
    options.path = "/hub/chat.a";
    options.token = server.token("bob");
    QCOMPARE(server.plain().upgrade(options).status, 403);
    QCOMPARE(before.closing().code, 4403);
    server.edit([](nlohmann::json& policy) { policy["workers"] = 3; });
    QVERIFY(server.call(ReloadCommand{}).ok());
    QCOMPARE(server.info().workers, 2u); // until a restart, and the record says so
    QVERIFY(server.audit(AuditKind::Reload, Reason::None).at(0).detail.find("/workers") != std::string::npos);
}

void LifecycleTest::bad_certificates_at_reload_leave_the_old_ones() // row 10
{
    TestServer server;
    const auto certificate = server.policy().listeners[0].tls->certificate;
    std::filesystem::rename(certificate, certificate.string() + ".kept");
    std::filesystem::copy_file(server.policy().listeners[0].tls->key, certificate); // readable, and no certificate
    const Reply reply = server.call(ReloadCommand{});
    QVERIFY(!reply.ok());
    QVERIFY(reply.error().message.find("public") != std::string::npos);
    QVERIFY(server.tls().connected());
    QCOMPARE(server.audit(AuditKind::Reload, Reason::TlsReloadFailed).size(), 1u);
}

void LifecycleTest::accepting_pauses_and_resumes_when_descriptors_run_out() // row 74
{
    TestServer server;
    ByteClient early = server.join("chat.a", "ann");
    rlimit before{};
    QCOMPARE(getrlimit(RLIMIT_NOFILE, &before), 0);
    std::vector<ByteClient> waiting;
    for (int i = 0; i < 3; ++i) { // connected by the kernel, not yet accepted, when the limit is there
        ByteClient::Options options;
        waiting.push_back(ByteClient(server.port(), ByteClient::Security::Plain, options));
        QTRY_COMPARE(server.info().stats.pending, static_cast<std::uint64_t>(i) + 1);
    }
    const int lowest = dup(0); // the lowest free descriptor: with the limit here, the process can open none
    ::close(lowest);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    rlimit tight = before;
    tight.rlim_cur = static_cast<rlim_t>(socket) + 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    QCOMPARE(setrlimit(RLIMIT_NOFILE, &tight), 0);
    const int connected =
        ::connect(socket, static_cast<const sockaddr*>(static_cast<const void*>(&address)), sizeof address);
    std::uint64_t refusals = 0;
    QTRY_VERIFY((refusals = server.refused(Reason::FdLimit)) > 0);
    const bool live = early.text("not disturbed") && early.next().payload == "not disturbed";
    setrlimit(RLIMIT_NOFILE, &before);
    QCOMPARE(connected, 0);
    QVERIFY(live);
    QTRY_COMPARE(server.info().stats.pending, 4u); // by itself
    ::close(socket);
}

QTEST_GUILESS_MAIN(LifecycleTest)
#include "lifecycletest.moc"
