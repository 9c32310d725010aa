// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/exitcodes.h"
#include "control/json.h"
#include "ctl/arguments.h"
#include "ctl/run.h"
#include "ctloutcome.h"

#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

using namespace gatehouse;
using namespace gatehouse::ctl;
using test::Outcome;
using test::words;
using namespace std::chrono_literals;

class CtlRemoteTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_url_is_https_and_a_host_alone_data();
    void a_url_is_https_and_a_host_alone();
    void a_key_comes_from_a_private_file_data();
    void a_key_comes_from_a_private_file();
    void what_contradicts_is_an_error_of_use_data();
    void what_contradicts_is_an_error_of_use();
    void a_server_elsewhere_is_asked_with_the_key_of_the_file();
    void the_environment_names_a_server_where_no_option_does();
    void refusals_by_status_say_what_to_do_data();
    void refusals_by_status_say_what_to_do();
    void a_change_on_trial_elsewhere_is_confirmed_elsewhere();
    void bytes_of_a_server_data();
    void bytes_of_a_server();
    void a_server_that_says_nothing_is_given_up_on();
    void a_server_that_dribbles_is_given_up_on();
    void an_answer_of_any_size_below_the_cap_is_taken();
    void nobody_there_is_told_with_the_cause();

private:
    QTemporaryDir m_folder;
    [[nodiscard]] std::filesystem::path path(const char* name) const
    {
        return std::filesystem::path(m_folder.path().toStdString()) / name;
    }
    std::filesystem::path keyFile(const std::string& text, std::filesystem::perms mode = std::filesystem::perms(0600))
    {
        const auto file = path("key");
        std::ofstream(file, std::ios::trunc | std::ios::binary) << text;
        std::filesystem::permissions(file, mode);
        return file;
    }
};

namespace {

const std::string key = "gh_ops_" + std::string(43, 'k');

/// A run against a server that answers by the test's words; `seen` is where it was looked for.
struct Desk {
    std::function<HttpAnswer(const Command&)> answer = [](const Command&) {
        return HttpAnswer{200, formatReply(Reply(Answer(SessionList())))};
    };
    std::optional<ApiAddress> seen;

    Outcome run(const QByteArray& line)
    {
        std::istringstream in;
        std::ostringstream out;
        std::ostringstream error;
        const auto transport = [this](const ApiAddress& address,
                                      const Command& command) -> Result<HttpAnswer, std::string> {
            seen = address;
            return answer(command);
        };
        const int code = ctl::run(words(line), {in, out, error}, transport);
        return {code, out.str(), error.str()};
    }
};

/// Answers each connection to a Unix socket with the same bytes, whatever comes.
class ByteServer {
public:
    ByteServer(std::filesystem::path socket, std::function<void(int)> serve)
        : m_path(std::move(socket))
        , m_listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))
    {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        m_path.string().copy(address.sun_path, sizeof address.sun_path - 1);
        if (::bind(m_listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
            ::listen(m_listener, 4) != 0)
            qFatal("cannot listen");
        m_thread = std::thread([this, serve = std::move(serve)] {
            for (int client = 0; (client = ::accept(m_listener, nullptr, nullptr)) >= 0; ::close(client))
                serve(client);
        });
    }
    ~ByteServer()
    {
        ::shutdown(m_listener, SHUT_RDWR);
        m_thread.join();
        ::close(m_listener);
        std::filesystem::remove(m_path);
    }
    ByteServer(const ByteServer&) = delete;
    ByteServer& operator=(const ByteServer&) = delete;

    static void readRequest(int client)
    {
        std::string text;
        char byte = 0;
        while (!text.ends_with("\r\n\r\n{}") && ::recv(client, &byte, 1, 0) == 1)
            text += byte;
    }
    static bool say(int client, std::string_view text)
    {
        while (!text.empty()) {
            const ssize_t sent = ::send(client, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0)
                return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    static void untilItGoes(int client)
    {
        char byte = 0;
        while (::recv(client, &byte, 1, 0) == 1) {
        }
    }

private:
    std::filesystem::path m_path;
    int m_listener;
    std::thread m_thread;
};

Result<HttpAnswer, std::string> ask(const std::filesystem::path& socket, Patience patience = {5s, 5s})
{
    return postText(ApiAddress{socket}, "sessions", "{}", patience);
}

bool says(const Result<HttpAnswer, std::string>& result, std::string_view part)
{
    if (!result && result.error().find(part) != std::string::npos)
        return true;
    qWarning("%s", result ? "it answered" : result.error().c_str());
    return false;
}

} // namespace

void CtlRemoteTest::a_url_is_https_and_a_host_alone_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("taken"); // empty: refused
    const auto row = [](const char* text, const char* taken) {
        QTest::newRow(text) << QByteArray(text) << QByteArray(taken);
    };
    row("https://gate.example:9443", "https://gate.example:9443");
    row("https://gate.example:9443/", "https://gate.example:9443");
    row("https://gate.example", "https://gate.example");
    row("https://[::1]:9443", "https://[::1]:9443");
    row("https://127.0.0.1:9443", "https://127.0.0.1:9443");
    for (const char* wrong :
         {"http://gate.example:9443", "http://127.0.0.1:9443", "gate.example:9443", "//gate.example", "https://",
          "https:///", "wss://gate.example", "file:///etc/passwd", "ftp://gate.example", "https://user@gate.example",
          "https://user:word@gate.example", "https://gate.example/api", "https://gate.example/?a=b",
          "https://gate.example/#a", "https://gate.example:99999", "https://gate example", "https://gate.example:x",
          "unix:///run/control.sock", "https://gate.example\r\nHost: other"})
        row(wrong, "");
}

void CtlRemoteTest::a_url_is_https_and_a_host_alone()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, taken);
    const auto url = apiUrl(text.toStdString());
    QCOMPARE(url.ok(), !taken.isEmpty());
    if (url)
        QCOMPARE(*url, taken.toStdString());
    else
        QVERIFY(url.error().starts_with("--url: "));
}

void CtlRemoteTest::a_key_comes_from_a_private_file_data()
{
    QTest::addColumn<QByteArray>("held");
    QTest::addColumn<int>("mode");
    QTest::addColumn<QByteArray>("said"); // empty: taken
    const QByteArray good = QByteArray::fromStdString(key);
    QTest::newRow("with a newline") << good + "\n" << 0600 << QByteArray();
    QTest::newRow("without") << good << 0600 << QByteArray();
    QTest::newRow("a group's") << good << 0640 << QByteArray();
    QTest::newRow("others can read it") << good << 0644 << QByteArray("0600");
    QTest::newRow("others can change it") << good << 0602 << QByteArray("0600");
    QTest::newRow("two lines") << good + "\n\n" << 0600 << QByteArray("holds no API key");
    QTest::newRow("a header of its own") << good + "\r\nX-Other: 1" << 0600 << QByteArray("holds no API key");
    QTest::newRow("a zero") << good + QByteArray(1, '\0') << 0600 << QByteArray("holds no API key");
    QTest::newRow("another secret") << QByteArray("swordfish") << 0600 << QByteArray("holds no API key");
    QTest::newRow("nothing") << QByteArray() << 0600 << QByteArray("holds no API key");
    QTest::newRow("letters beyond ASCII") << QByteArray("gh_\xc3\xa4_x") << 0600 << QByteArray("holds no API key");
    QTest::newRow("too long") << QByteArray("gh_" + QByteArray(300, 'a')) << 0600 << QByteArray("holds no API key");
    QTest::newRow("huge") << QByteArray("gh_" + QByteArray(5 << 20, 'a')) << 0600 << QByteArray("larger than 4 KiB");
}

void CtlRemoteTest::a_key_comes_from_a_private_file()
{
    QFETCH(QByteArray, held);
    QFETCH(int, mode);
    QFETCH(QByteArray, said);
    const auto file = keyFile(held.toStdString(), std::filesystem::perms(mode));
    const auto got = readApiKey(file);
    QCOMPARE(got.ok(), said.isEmpty());
    if (got) {
        QCOMPARE(*got, key);
        return;
    }
    QVERIFY2(got.error().find(said.toStdString()) != std::string::npos, got.error().c_str());
    QVERIFY(got.error().find("swordfish") == std::string::npos);
    QVERIFY(!readApiKey(path("absent")));
    QVERIFY(!readApiKey(path("")));
}

void CtlRemoteTest::what_contradicts_is_an_error_of_use_data()
{
    QTest::addColumn<QByteArray>("line");
    for (const char* line : {"--url https://a --socket /s sessions",
                             "--url https://a --config /c sessions",
                             "--url http://a sessions",
                             "--url https://a sessions",
                             "--key-file /k sessions",
                             "--ca /c sessions",
                             "--url https://a token --user ann",
                             "--url https://a audit verify --config /c",
                             "--url https://a key rotate --config /c",
                             "--url https://a --key-file /k policy check --offline /f",
                             "--url https://a --key-file /k policy diff",
                             "--url https://a api-key new --name n --role viewer --key-file /k",
                             "api-key new --name n --role viewer",
                             "api-key new --name n --key-file /k",
                             "api-key new --role viewer --key-file /k",
                             "api-key new --name n --role owner --key-file /k",
                             "api-key new --name n --role publisher --key-file /k",
                             "api-key new --name n --role viewer --key-file /k --channels a",
                             "api-key new --name n --role viewer --key-file - --json",
                             "api-key new --name n --role viewer --key-file /k --id a/b",
                             "api-key",
                             "api-key show"})
        QTest::newRow(line) << QByteArray(line);
}

void CtlRemoteTest::what_contradicts_is_an_error_of_use()
{
    QFETCH(QByteArray, line);
    Desk desk;
    const Outcome outcome = desk.run(line);
    QCOMPARE(outcome.code, exitUsage);
    QVERIFY(outcome.error.starts_with("gatehousectl: "));
    QVERIFY(!desk.seen);
}

void CtlRemoteTest::a_server_elsewhere_is_asked_with_the_key_of_the_file()
{
    const auto file = keyFile(key + "\n");
    Desk desk;
    const Outcome outcome = desk.run("sessions --url https://gate.example:9443/ --ca /ca.pem --key-file " +
                                     QByteArray::fromStdString(file.string()));
    QCOMPARE(outcome.code, exitOk);
    QVERIFY(desk.seen && desk.seen->remote());
    QCOMPARE(desk.seen->url, std::string("https://gate.example:9443"));
    QCOMPARE(desk.seen->key, key);
    QCOMPARE(desk.seen->ca, std::filesystem::path("/ca.pem"));
    const Outcome without = desk.run("sessions --url https://gate.example --key-file /no/such/file");
    QCOMPARE(without.code, exitBadConfig);
    QVERIFY(without.error.find("/no/such/file") != std::string::npos);
}

void CtlRemoteTest::the_environment_names_a_server_where_no_option_does()
{
    const auto restore = qScopeGuard([] {
        for (const char* name : {"GATEHOUSE_URL", "GATEHOUSE_KEY_FILE", "GATEHOUSE_CA", "GATEHOUSE_SOCKET"})
            qunsetenv(name);
    });
    qputenv("GATEHOUSE_URL", "https://gate.example:9443");
    Desk desk;
    QCOMPARE(desk.run("sessions").code, exitUsage); // no key
    qputenv("GATEHOUSE_KEY_FILE", QByteArray::fromStdString(keyFile(key).string()));
    qputenv("GATEHOUSE_CA", "/ca.pem");
    QCOMPARE(desk.run("sessions").code, exitOk);
    QCOMPARE(desk.seen->url, std::string("https://gate.example:9443"));
    QCOMPARE(desk.seen->ca, std::filesystem::path("/ca.pem"));
    QCOMPARE(desk.run("sessions --socket /s").code, exitOk);
    QCOMPARE(desk.seen->socket, std::filesystem::path("/s"));
    QCOMPARE(desk.run("policy diff").code, exitUsage);
    qputenv("GATEHOUSE_SOCKET", "/t");
    desk.seen.reset();
    QCOMPARE(desk.run("sessions").code, exitUsage);
    QVERIFY(!desk.seen);
    qputenv("GATEHOUSE_URL", "http://gate.example:9443");
    qunsetenv("GATEHOUSE_SOCKET");
    QCOMPARE(desk.run("sessions").code, exitUsage);
    QVERIFY(!desk.seen);
}

void CtlRemoteTest::refusals_by_status_say_what_to_do_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("said");
    const QByteArray ours = R"({"error":{"code":112,"message":"the role viewer may not call sessions"}})";
    QTest::newRow("401") << 401 << ours << QByteArray("does not know the key in ");
    QTest::newRow("403") << 403 << ours << QByteArray("refuses (403): the role viewer may not call sessions");
    QTest::newRow("429") << 429 << ours << QByteArray("try again in 7 s");
    QTest::newRow("421") << 421 << ours << QByteArray("the role viewer may not call sessions");
    QTest::newRow("a web server") << 404 << QByteArray("<html>")
                                  << QByteArray("HTTP status 404); name its admin listener");
    QTest::newRow("another API") << 200 << QByteArray("[1]") << QByteArray("not the API of a Gatehouse server");
    QTest::newRow("nothing") << 200 << QByteArray() << QByteArray("not the API of a Gatehouse server");
    QTest::newRow("an answer to something else")
        << 200 << QByteArray(R"({"result":{"sessions":7}})") << QByteArray("gatehousectl: ");
}

void CtlRemoteTest::refusals_by_status_say_what_to_do()
{
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, said);
    Desk desk;
    desk.answer = [&](const Command&) {
        return HttpAnswer{static_cast<unsigned>(status), body.toStdString(), std::chrono::seconds(7)};
    };
    const Outcome outcome =
        desk.run("sessions --url https://gate.example --key-file " + QByteArray::fromStdString(keyFile(key).string()));
    QCOMPARE(outcome.code, exitFailure);
    QVERIFY2(outcome.error.find(said.toStdString()) != std::string::npos, outcome.error.c_str());
    QVERIFY(outcome.error.find(key) == std::string::npos);
    QVERIFY(outcome.out.empty());
}

void CtlRemoteTest::a_change_on_trial_elsewhere_is_confirmed_elsewhere()
{
    const QByteArray file = QByteArray::fromStdString(keyFile(key).string());
    Desk desk;
    desk.answer = [](const Command& command) {
        PolicyApplied applied;
        applied.version.version = 5;
        applied.version.provisionalUntil = WallTime(1s);
        const bool get = std::holds_alternative<PolicyGetQuery>(command);
        return HttpAnswer{200, formatReply(get ? Reply(Answer(PolicyDocument())) : Reply(Answer(applied)))};
    };
    std::ofstream(path("new.json")) << "{}\n";
    const Outcome outcome = desk.run("policy apply --for 5m --yes --url https://gate.example --key-file " + file + " " +
                                     QByteArray::fromStdString(path("new.json").string()));
    QCOMPARE(outcome.code, exitOk);
    const std::string again =
        "gatehousectl --url https://gate.example --key-file " + file.toStdString() + " policy confirm 5";
    QVERIFY2(outcome.out.find(again) != std::string::npos, outcome.out.c_str());
}

void CtlRemoteTest::bytes_of_a_server_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("said"); // empty: status 200, body "{}"
    const QByteArray ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
    QTest::newRow("an answer") << QByteArray(ok + "\r\n{}") << QByteArray();
    QTest::newRow("until the end") << QByteArray("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}") << QByteArray();
    QTest::newRow("in chunks") << QByteArray(
                                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
                               << QByteArray();
    QTest::newRow("noise") << QByteArray("\x16\x03\x01\x00\x00 noise\n") << QByteArray("not a Gatehouse server");
    QTest::newRow("another protocol") << QByteArray("220 mail.example ESMTP\r\n")
                                      << QByteArray("not a Gatehouse server");
    QTest::newRow("nothing") << QByteArray() << QByteArray("closed the connection before its answer was whole");
    QTest::newRow("half a body") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{")
                                 << QByteArray("before its answer was whole");
    QTest::newRow("a redirect")
        << QByteArray("HTTP/1.1 302 Found\r\nLocation: http://other.example/\r\nContent-Length: 0\r\n\r\n")
        << QByteArray("not followed");
    QTest::newRow("endless headers") << QByteArray("HTTP/1.1 200 OK\r\nX: " + QByteArray(1 << 20, 'x') + "\r\n\r\n{}")
                                     << QByteArray("not a Gatehouse server");
    QTest::newRow("a negative length") << QByteArray("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}")
                                       << QByteArray("not a Gatehouse server");
}

void CtlRemoteTest::bytes_of_a_server()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, said);
    const ByteServer server(path("s"), [&](int client) {
        ByteServer::readRequest(client);
        ByteServer::say(client, {bytes.constData(), static_cast<std::size_t>(bytes.size())});
    });
    const auto answer = ask(path("s"));
    if (!said.isEmpty()) {
        QVERIFY(says(answer, said.toStdString()));
        QVERIFY(says(answer, path("s").string()));
        return;
    }
    QVERIFY2(answer.ok(), answer ? "" : answer.error().c_str());
    QCOMPARE(answer->status, 200u);
    QCOMPARE(answer->body, std::string("{}"));
}

void CtlRemoteTest::a_server_that_says_nothing_is_given_up_on()
{
    const ByteServer server(path("s"), [](int client) { ByteServer::untilItGoes(client); });
    QVERIFY(says(ask(path("s"), {5s, 2s}), "did not answer within 2 seconds"));
}

void CtlRemoteTest::a_server_that_dribbles_is_given_up_on()
{
    const ByteServer server(path("s"), [](int client) {
        ByteServer::readRequest(client);
        ByteServer::say(client, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        timeval pause{0, 100'000}; // the pace of the peer under test, ended by its going
        ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &pause, sizeof pause);
        char byte = 0;
        while (::recv(client, &byte, 1, 0) != 0 && ByteServer::say(client, "x")) {
        }
    });
    QVERIFY(says(ask(path("s"), {5s, 2s}), "did not answer within 2 seconds"));
}

void CtlRemoteTest::an_answer_of_any_size_below_the_cap_is_taken()
{
    const std::string body(8 << 20, ' ');
    const ByteServer server(path("s"), [&](int client) {
        ByteServer::readRequest(client);
        ByteServer::say(client, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
        ByteServer::say(client, body);
    });
    const auto answer = ask(path("s"));
    QVERIFY(answer.ok());
    QVERIFY(answer->body == body);
}

void CtlRemoteTest::nobody_there_is_told_with_the_cause()
{
    QVERIFY(says(ask(path("absent")), "No such file or directory"));
    QVERIFY(says(ask(path("absent")), "start gatehoused"));
    QVERIFY(says(ask(path(std::string(200, 'x').c_str())), "File name too long"));
    std::ofstream(path("plain")) << "no socket";
    QVERIFY(says(ask(path("plain")), "Connection refused"));
    ApiAddress elsewhere;
    elsewhere.url = "https://127.0.0.1:1";
    elsewhere.key = key;
    const auto answer = postText(elsewhere, "sessions", "{}", {2s, 2s});
    QVERIFY(says(answer, "https://127.0.0.1:1"));
    QVERIFY(says(answer, "admin listener"));
    elsewhere.url = "https://no-such-host.invalid";
    QVERIFY(says(postText(elsewhere, "sessions", "{}", {2s, 2s}), "its name is not known"));
    elsewhere.url = "https://127.0.0.1:1";
    elsewhere.ca = path("plain");
    QVERIFY(!postText(elsewhere, "sessions", "{}", {2s, 2s}));
}

QTEST_GUILESS_MAIN(CtlRemoteTest)
#include "ctlremotetest.moc"
