// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apiserver.h"
#include "control/json.h"
#include "control/servercontrol.h"

#include <QTemporaryDir>
#include <QTest>

#include <array>
#include <cstring>
#include <deque>
#include <mutex>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

/// Answers at once on a thread of its own, or when the test says so.
class FakeControl final : public ServerControl {
public:
    void call(Actor actor, Command command, std::function<void(Reply)> done) override
    {
        const std::lock_guard lock(m_mutex);
        m_actors.push_back(std::move(actor));
        m_commands.push_back(command);
        m_waiting.push_back([this, command = std::move(command), done = std::move(done)] { done(reply(command)); });
        if (!m_held)
            releaseLocked();
    }
    std::unique_ptr<FeedWatch> watch(std::function<void()>) override { return nullptr; }

    void hold() { m_held = true; }
    void release()
    {
        const std::lock_guard lock(m_mutex);
        m_held = false;
        releaseLocked();
    }
    std::size_t calls() const
    {
        const std::lock_guard lock(m_mutex);
        return m_commands.size();
    }
    Actor actor(std::size_t index) const
    {
        const std::lock_guard lock(m_mutex);
        return m_actors.at(index);
    }
    Command command(std::size_t index) const
    {
        const std::lock_guard lock(m_mutex);
        return m_commands.at(index);
    }
    void setState(GateState state) { m_state = state; }
    ~FakeControl() override
    {
        for (std::thread& thread : m_threads)
            thread.join();
    }

private:
    void releaseLocked()
    {
        for (auto& answer : m_waiting)
            m_threads.emplace_back(std::move(answer));
        m_waiting.clear();
    }
    Reply reply(const Command& command) const
    {
        if (const auto* session = std::get_if<SessionQuery>(&command))
            return Failure{ControlError{ControlErrorCode::NotFound, "no session " + std::to_string(session->id.value)}};
        if (const auto* kick = std::get_if<KickCommand>(&command))
            return Answer(KickResult{kick->sessions, {}});
        if (std::holds_alternative<AuditQuery>(command)) {
            AuditPage large;
            large.entries.resize(20000);
            return Answer(std::move(large));
        }
        Info info;
        info.stats.state = m_state;
        return Answer(info);
    }

    mutable std::mutex m_mutex;
    std::vector<Actor> m_actors;
    std::vector<Command> m_commands;
    std::deque<std::function<void()>> m_waiting;
    std::vector<std::thread> m_threads;
    std::atomic<bool> m_held{false};
    std::atomic<GateState> m_state{GateState::Serving};
};

struct Answered {
    int status = 0;
    std::string head;
    std::string body;
};

/// A byte-level client with a ceiling of ten seconds against hangs.
class Client {
public:
    explicit Client(const std::filesystem::path& path)
        : m_descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        m_connected = ::connect(m_descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~Client() { ::close(m_descriptor); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool connected() const { return m_connected; }
    void send(std::string_view text)
    {
        while (!text.empty()) {
            const ssize_t count = ::send(m_descriptor, text.data(), text.size(), MSG_NOSIGNAL);
            if (count <= 0)
                return;
            text.remove_prefix(static_cast<std::size_t>(count));
        }
    }
    void finishSending() { ::shutdown(m_descriptor, SHUT_WR); }
    bool fill()
    {
        pollfd waiting{m_descriptor, POLLIN, 0};
        std::array<char, 65536> bytes;
        if (::poll(&waiting, 1, 10000) <= 0)
            return false;
        const ssize_t count = ::recv(m_descriptor, bytes.data(), bytes.size(), 0);
        if (count <= 0)
            return false;
        m_input.append(bytes.data(), static_cast<std::size_t>(count));
        return true;
    }
    Answered read()
    {
        Answered answered;
        std::size_t end = 0;
        while ((end = m_input.find("\r\n\r\n")) == std::string::npos)
            if (!fill())
                return answered;
        answered.head = m_input.substr(0, end + 4);
        const std::size_t length = std::stoul(answered.head.substr(answered.head.find("Content-Length: ") + 16));
        while (m_input.size() < end + 4 + length)
            if (!fill())
                return answered;
        answered.body = m_input.substr(end + 4, length);
        m_input.erase(0, end + 4 + length);
        answered.status = std::stoi(answered.head.substr(9, 3));
        return answered;
    }
    /// Waits for the other end to close, without reading.
    bool hungUp()
    {
        pollfd waiting{m_descriptor, 0, 0};
        return ::poll(&waiting, 1, 10000) == 1 && (waiting.revents & POLLHUP) != 0;
    }
    bool closedByServer()
    {
        while (fill()) {
        }
        pollfd waiting{m_descriptor, POLLIN, 0};
        return m_input.empty() && ::poll(&waiting, 1, 0) == 1;
    }

private:
    int m_descriptor;
    bool m_connected = false;
    std::string m_input;
};

std::string request(std::string_view verb, std::string_view path, std::string_view body = {},
                    std::string_view header = {})
{
    return std::string(verb) + ' ' + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(header) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

} // namespace

class ControlSocketTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void cleanup();
    void a_command_is_carried_out_for_the_user_at_the_other_end();
    void a_failure_of_the_server_is_an_error_in_the_body();
    void a_bad_request_is_refused_data();
    void a_bad_request_is_refused();
    void a_body_of_the_limit_is_taken_and_one_more_is_413();
    void health_follows_the_state_of_the_gate_data();
    void health_follows_the_state_of_the_gate();
    void metrics_are_text_for_prometheus();
    void requests_on_one_connection_are_answered_in_order();
    void a_request_in_single_bytes_is_understood();
    void a_client_that_ends_its_direction_still_gets_its_answer();
    void a_client_that_leaves_while_its_command_runs_harms_nobody();
    void a_slow_request_is_408_at_its_deadline();
    void a_silent_client_delays_nobody_and_goes_at_its_timeout();
    void a_client_that_never_reads_delays_nobody();
    void over_the_limit_the_longest_idle_connection_goes();
    void over_the_limit_of_busy_ones_a_new_connection_is_503();
    void another_user_is_403_and_closed();
    void the_socket_has_mode_0600_in_a_folder_of_0700_and_goes_with_its_server();
    void a_stale_socket_is_replaced_and_a_living_one_is_not();
    void what_is_no_socket_is_left_alone();
    void a_path_that_is_too_long_is_named();
    void stopping_with_a_command_under_way_drops_its_answer();

private:
    void start();
    Answered ask(const std::string& text)
    {
        Client client(m_options.path);
        client.send(text);
        return client.read();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FakeControl> m_control;
    struct NoEvents final : ApiEvents {
        void apiRefused(ApiRefusal) override {}
        void banByRule(const IpAddress&, std::chrono::milliseconds, const Decision&) override {}
    };
    NoEvents m_events;
    SystemClock m_clock;
    std::unique_ptr<ApiServer> m_socket;
    ApiServerOptions m_options;
};

void ControlSocketTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_control = std::make_unique<FakeControl>();
    m_options = {};
    m_options.path = std::filesystem::path(m_folder->path().toStdString()) / "run" / "control.sock";
}

void ControlSocketTest::cleanup()
{
    m_socket.reset();
    m_control.reset();
}

void ControlSocketTest::start()
{
    auto opened = ApiServer::open(m_options, *m_control, m_events, m_clock);
    if (!opened)
        qFatal("%s", opened.error().c_str());
    m_socket = std::move(opened).value();
}

void ControlSocketTest::a_command_is_carried_out_for_the_user_at_the_other_end()
{
    start();
    const Answered answered = ask(request("POST", "/api/kick", R"({"sessions":[7],"reason":"bye"})"));
    QCOMPARE(answered.status, 200);
    QCOMPARE(answered.body, std::string(R"({"result":{"kicked":[7],"missing":[]}})"));
    QVERIFY(answered.head.find("Content-Type: application/json\r\n") != std::string::npos);
    const passwd* user = ::getpwuid(::geteuid());
    QCOMPARE(m_control->actor(0).name, user ? std::string(user->pw_name) : std::to_string(::geteuid()));
    QCOMPARE(m_control->actor(0).via, std::string("socket"));
    QVERIFY(m_control->command(0) == Command(KickCommand{{SessionId{7}}, "bye", 1min}));
}

void ControlSocketTest::a_failure_of_the_server_is_an_error_in_the_body()
{
    start();
    const Answered answered = ask(request("POST", "/api/session", R"({"id":9})"));
    QCOMPARE(answered.status, 200);
    QCOMPARE(answered.body, std::string(R"({"error":{"code":104,"message":"no session 9"}})"));
}

void ControlSocketTest::a_bad_request_is_refused_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("status");
    const auto row = [](const char* name, const std::string& text, int status) {
        QTest::newRow(name) << QByteArray::fromStdString(text) << status;
    };
    row("unknown method", request("POST", "/api/explode", "{}"), 404);
    row("no method", request("POST", "/api/", "{}"), 404);
    row("unknown path", request("GET", "/x"), 404);
    row("not JSON", request("POST", "/api/info", "x"), 400);
    row("a list", request("POST", "/api/info", "[]"), 400);
    row("bad parameter", request("POST", "/api/kick", R"({"sessions":"x"})"), 400);
    row("GET of a method", request("GET", "/api/info"), 405);
    row("POST of health", request("POST", "/livez"), 405);
    row("POST of metrics", request("POST", "/metrics"), 405);
    row("more than metrics", request("GET", "/metrics/"), 404);
    row("garbage", "garbage\r\n\r\n", 400);
    row("HTTP/1.0", "GET /livez HTTP/1.0\r\n\r\n", 505);
    row("bare line feed", "GET /livez HTTP/1.1\nHost: x\n\n", 400);
    row("chunked", "POST /api/info HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    row("two lengths", "POST /api/info HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400);
    row("endless header", "GET /livez HTTP/1.1\r\nX: " + std::string(20000, 'x'), 431);
}

void ControlSocketTest::a_bad_request_is_refused()
{
    QFETCH(QByteArray, text);
    QFETCH(int, status);
    start();
    const Answered answered = ask(text.toStdString());
    QCOMPARE(answered.status, status);
    QVERIFY(answered.body.starts_with(R"({"error":{"code":)"));
    QCOMPARE(answered.head.find("\r\nAllow: ") != std::string::npos, status == 405);
    QCOMPARE(m_control->calls(), std::size_t(0));
}

void ControlSocketTest::a_body_of_the_limit_is_taken_and_one_more_is_413()
{
    start();
    std::string body = R"({"sessions":[1]})";
    body.resize(m_options.bodyLimit, ' ');
    QCOMPARE(ask(request("POST", "/api/kick", body)).status, 200);
    QCOMPARE(ask(request("POST", "/api/kick", body + ' ')).status, 413);
    QCOMPARE(m_control->calls(), std::size_t(1));
}

void ControlSocketTest::health_follows_the_state_of_the_gate_data()
{
    QTest::addColumn<int>("state");
    QTest::addColumn<int>("live");
    QTest::addColumn<int>("ready");
    QTest::newRow("starting") << static_cast<int>(GateState::Starting) << 200 << 503;
    QTest::newRow("serving") << static_cast<int>(GateState::Serving) << 200 << 200;
    QTest::newRow("draining") << static_cast<int>(GateState::Draining) << 200 << 503;
    QTest::newRow("stopped") << static_cast<int>(GateState::Stopped) << 503 << 503;
}

void ControlSocketTest::health_follows_the_state_of_the_gate()
{
    QFETCH(int, state);
    QFETCH(int, live);
    QFETCH(int, ready);
    start();
    m_control->setState(static_cast<GateState>(state));
    QCOMPARE(ask(request("GET", "/livez")).status, live);
    QCOMPARE(ask(request("GET", "/readyz")).status, ready);
    QCOMPARE(ask(request("GET", "/healthz")).status, ready);
}

void ControlSocketTest::metrics_are_text_for_prometheus()
{
    start();
    m_control->setState(GateState::Draining);
    const Answered answered = ask(request("GET", "/metrics"));
    QCOMPARE(answered.status, 200);
    QVERIFY(answered.head.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
    QVERIFY(answered.body.starts_with("# HELP gatehouse_"));
    QVERIFY(answered.body.ends_with('\n'));
    QVERIFY(answered.body.find("\ngatehouse_draining 1\n") != std::string::npos);
}

void ControlSocketTest::requests_on_one_connection_are_answered_in_order()
{
    start();
    Client client(m_options.path);
    std::string all;
    for (int i = 1; i <= 50; ++i)
        all +=
            request("POST", i % 10 == 0 ? "/api/nothing" : "/api/kick", "{\"sessions\":[" + std::to_string(i) + "]}");
    client.send(all + request("GET", "/livez", {}, "Connection: close\r\n"));
    for (int i = 1; i <= 50; ++i) {
        const Answered answered = client.read();
        QCOMPARE(answered.status, i % 10 == 0 ? 404 : 200);
        if (i % 10 != 0)
            QVERIFY(answered.body.find("[" + std::to_string(i) + "]") != std::string::npos);
    }
    const Answered last = client.read();
    QCOMPARE(last.status, 200);
    QVERIFY(last.head.find("Connection: close") != std::string::npos);
    QVERIFY(client.closedByServer());
}

void ControlSocketTest::a_request_in_single_bytes_is_understood()
{
    start();
    Client client(m_options.path);
    for (const char byte : request("POST", "/api/kick", R"({"sessions":[3]})"))
        client.send({&byte, 1});
    QCOMPARE(client.read().status, 200);
}

void ControlSocketTest::a_client_that_ends_its_direction_still_gets_its_answer()
{
    start();
    m_control->hold();
    Client client(m_options.path);
    client.send(request("POST", "/api/kick", R"({"sessions":[3]})"));
    client.finishSending();
    QTRY_COMPARE(m_control->calls(), std::size_t(1));
    m_control->release();
    QCOMPARE(client.read().status, 200);
    QVERIFY(client.closedByServer());
}

void ControlSocketTest::a_client_that_leaves_while_its_command_runs_harms_nobody()
{
    start();
    m_control->hold();
    {
        Client client(m_options.path);
        client.send(request("POST", "/api/kick", R"({"sessions":[3]})"));
        QTRY_COMPARE(m_control->calls(), std::size_t(1));
    }
    m_control->release();
    QCOMPARE(ask(request("POST", "/api/kick", R"({"sessions":[4]})")).status, 200);
}

void ControlSocketTest::a_slow_request_is_408_at_its_deadline()
{
    m_options.requestDeadline = 100ms;
    start();
    Client client(m_options.path);
    client.send("POST /api/info HTTP/1.1\r\nConte");
    QCOMPARE(client.read().status, 408);
    QVERIFY(client.closedByServer());
}

void ControlSocketTest::a_silent_client_delays_nobody_and_goes_at_its_timeout()
{
    m_options.idleTimeout = 100ms;
    start();
    Client silent(m_options.path);
    QCOMPARE(ask(request("GET", "/livez")).status, 200);
    QVERIFY(silent.closedByServer());
}

void ControlSocketTest::a_client_that_never_reads_delays_nobody()
{
    m_options.requestDeadline = 300ms;
    start();
    Client deaf(m_options.path);
    deaf.send(request("POST", "/api/audit", "{}")); // its answer is larger than any socket buffer
    QTRY_COMPARE(m_control->calls(), std::size_t(1));
    QCOMPARE(ask(request("GET", "/livez")).status, 200);
    QVERIFY(deaf.hungUp());
    QCOMPARE(deaf.read().status, 0); // what was sent before the deadline is cut
}

void ControlSocketTest::over_the_limit_the_longest_idle_connection_goes()
{
    m_options.connections = 2;
    start();
    Client first(m_options.path);
    first.send(request("GET", "/livez"));
    QCOMPARE(first.read().status, 200);
    Client second(m_options.path);
    second.send(request("GET", "/livez"));
    QCOMPARE(second.read().status, 200);
    Client third(m_options.path);
    third.send(request("GET", "/livez"));
    QCOMPARE(third.read().status, 200);
    QVERIFY(first.closedByServer());
    second.send(request("GET", "/livez"));
    QCOMPARE(second.read().status, 200);
}

void ControlSocketTest::over_the_limit_of_busy_ones_a_new_connection_is_503()
{
    m_options.connections = 2;
    start();
    m_control->hold();
    Client first(m_options.path);
    Client second(m_options.path);
    for (Client* client : {&first, &second})
        client->send(request("POST", "/api/kick", R"({"sessions":[3]})"));
    QTRY_COMPARE(m_control->calls(), std::size_t(2));
    Client third(m_options.path);
    QCOMPARE(third.read().status, 503);
    QVERIFY(third.closedByServer());
    m_control->release();
    QCOMPARE(first.read().status, 200);
    QCOMPARE(second.read().status, 200);
}

void ControlSocketTest::another_user_is_403_and_closed()
{
    m_options.user = ::geteuid() + 1;
    start();
    Client client(m_options.path);
    client.send(request("POST", "/api/drain", "{}"));
    QCOMPARE(client.read().status, 403);
    QVERIFY(client.closedByServer());
    QCOMPARE(m_control->calls(), std::size_t(0));
}

void ControlSocketTest::the_socket_has_mode_0600_in_a_folder_of_0700_and_goes_with_its_server()
{
    const mode_t before = ::umask(0);
    start();
    ::umask(before);
    struct stat status {};
    QCOMPARE(::lstat(m_options.path.c_str(), &status), 0);
    QVERIFY(S_ISSOCK(status.st_mode));
    QCOMPARE(status.st_mode & 0777U, 0600U);
    QCOMPARE(::lstat(m_options.path.parent_path().c_str(), &status), 0);
    QCOMPARE(status.st_mode & 0777U, 0700U);
    m_socket.reset();
    QVERIFY(!std::filesystem::exists(m_options.path));
}

void ControlSocketTest::a_stale_socket_is_replaced_and_a_living_one_is_not()
{
    start();
    const auto second = ApiServer::open(m_options, *m_control, m_events, m_clock);
    QVERIFY(!second);
    QVERIFY2(second.error().find(m_options.path.string()) != std::string::npos, second.error().c_str());
    QCOMPARE(ask(request("GET", "/livez")).status, 200);
    m_socket.reset();

    const int left = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, m_options.path.c_str(), sizeof address.sun_path - 1);
    QCOMPARE(::bind(left, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(left);
    QVERIFY(std::filesystem::exists(m_options.path));
    start();
    QCOMPARE(ask(request("GET", "/livez")).status, 200);
}

void ControlSocketTest::what_is_no_socket_is_left_alone()
{
    std::filesystem::create_directories(m_options.path.parent_path());
    QFile file(QString::fromStdString(m_options.path.string()));
    QVERIFY(file.open(QIODevice::WriteOnly));
    file.close();
    const auto opened = ApiServer::open(m_options, *m_control, m_events, m_clock);
    QVERIFY(!opened);
    QVERIFY(opened.error().find("no socket") != std::string::npos);
    QVERIFY(std::filesystem::is_regular_file(m_options.path));
}

void ControlSocketTest::a_path_that_is_too_long_is_named()
{
    m_options.path = "/tmp/" + std::string(200, 'x');
    const auto opened = ApiServer::open(m_options, *m_control, m_events, m_clock);
    QVERIFY(!opened);
    QVERIFY2(opened.error().find("205 bytes") != std::string::npos, opened.error().c_str());
}

void ControlSocketTest::stopping_with_a_command_under_way_drops_its_answer()
{
    start();
    m_control->hold();
    Client client(m_options.path);
    client.send(request("POST", "/api/kick", R"({"sessions":[3]})"));
    QTRY_COMPARE(m_control->calls(), std::size_t(1));
    m_socket.reset();
    QVERIFY(client.closedByServer());
    m_control->release();
}

QTEST_GUILESS_MAIN(ControlSocketTest)
#include "controlsockettest.moc"
