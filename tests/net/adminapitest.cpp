// SPDX-License-Identifier: GPL-3.0-or-later
// The API at an admin listener, over TLS, against who has a key, who has none, and who guesses.
#include "admindesk.h"
#include "control/json.h"

#include <QTest>
#include <openssl/ssl.h>

#include <atomic>
#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;

class AdminApiTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_key_calls_as_its_name_and_the_record_says_so();
    void centrifugo_clients_show_keys_in_authorization();
    void whoever_shows_no_good_key_is_401_data();
    void whoever_shows_no_good_key_is_401();
    void two_keys_are_400();
    void a_method_above_the_role_is_403();
    void what_is_asked_wrongly_is_named_data();
    void what_is_asked_wrongly_is_named();
    void a_body_over_the_limit_is_413();
    void wrong_keys_block_and_then_ban_their_address();
    void missing_keys_never_block();
    void an_operator_at_the_socket_is_not_delayed_by_guessers();
    void health_needs_no_key();
    void metrics_need_a_key_that_may_ask_for_figures();
    void requests_on_one_connection_are_answered_in_order();
    void a_request_in_single_bytes_is_understood();
    void without_a_key_there_is_room_for_a_head_alone();
    void host_and_server_name_are_checked_each_time();
    void no_session_opens_at_an_admin_listener();
    void a_key_that_is_removed_is_refused_on_open_connections();
    void networks_hold_on_open_connections();
    void a_listener_that_is_removed_ends_its_connections();
    void over_its_limit_an_address_loses_its_longest_idle_connection();
    void a_gate_full_of_pending_connections_still_lets_operators_in();
    void operators_watch_a_drain_to_its_end();
    void keys_are_in_no_record();
    void remote_changes_have_bounds();
};

void AdminApiTest::a_key_calls_as_its_name_and_the_record_says_so()
{
    const AdminDesk desk;
    QVERIFY(desk.server.info().listeners.back().url.starts_with("https://127.0.0.1:"));
    ApiRequestOptions options;
    options.key = shownKey("operator");
    options.body = R"({"subject":"user","value":"mallory","reason":"spray"})";
    const HttpAnswer answer = desk.call("ban", options);
    QCOMPARE(answer.status, 200);
    QCOMPARE(bodyOf(answer)["result"]["ban"]["actor"].get<std::string>(), std::string("the operator"));
    AuditQuery bans;
    bans.kind = AuditKind::Ban;
    const auto records = desk.server.audit(bans);
    QCOMPARE(records.size(), std::size_t(1));
    QCOMPARE(records[0].actor, std::string("the operator"));
}

void AdminApiTest::centrifugo_clients_show_keys_in_authorization()
{
    const AdminDesk desk;
    ApiRequestOptions options;
    options.extra = "Authorization: apikey " + shownKey("viewer") + "\r\n";
    QCOMPARE(desk.call("info", options).status, 200);
}

void AdminApiTest::whoever_shows_no_good_key_is_401_data()
{
    QTest::addColumn<QByteArray>("key");
    QTest::newRow("none") << QByteArray();
    QTest::newRow("another secret") << QByteArray("gh_admin_adminCANARYk3yCANARYk3yCANARYk3yCANARYk3yCANARY1");
    QTest::newRow("another's secret") << QByteArray(("gh_admin_viewer" + keySecret).c_str());
    QTest::newRow("unknown id") << QByteArray(("gh_root_admin" + keySecret).c_str());
    QTest::newRow("no prefix") << QByteArray(("admin_admin" + keySecret).c_str());
    QTest::newRow("id alone") << QByteArray("gh_admin");
    QTest::newRow("no secret") << QByteArray("gh_admin_");
    QTest::newRow("digest for the secret") << QByteArray(("gh_admin_" + sha256Hex("admin" + keySecret)).c_str());
    QTest::newRow("longer than any") << QByteArray("gh_admin_") + QByteArray(2000, 'x');
    QTest::newRow("wildcard") << QByteArray("gh_%_*");
}

void AdminApiTest::whoever_shows_no_good_key_is_401()
{
    QFETCH(QByteArray, key);
    const AdminDesk desk;
    ApiRequestOptions options;
    options.key = key.toStdString();
    const HttpAnswer answer = desk.call("no_such_method", options); // of methods it learns nothing
    QCOMPARE(answer.status, 401);
    QVERIFY(bodyOf(answer).contains("error"));
    QVERIFY(eventually([&] { return desk.server.refused(Reason::ApiKey) == 1; }));
    const auto records = desk.server.audit(AuditKind::Refuse, Reason::ApiKey);
    QCOMPARE(records.size(), std::size_t(1));
    QCOMPARE(records[0].route, std::string("ops"));
    QCOMPARE(records[0].address, std::string("127.0.0.1"));
    QCOMPARE(records[0].code, std::uint16_t(401));
    const auto groups = std::get<AuthFailureList>(desk.server.call(AuthFailuresQuery{}).value()).groups;
    QCOMPARE(groups.size(), std::size_t(1));
    QCOMPARE(groups[0].reason, Reason::ApiKey);
}

void AdminApiTest::two_keys_are_400()
{
    const AdminDesk desk;
    ApiRequestOptions options;
    options.key = shownKey("admin");
    options.extra = "X-API-Key: " + shownKey("admin") + "\r\n";
    QCOMPARE(desk.call("info", options).status, 400);
    options.extra = "Authorization: apikey " + shownKey("admin") + "\r\n";
    QCOMPARE(desk.call("info", options).status, 400);
    QVERIFY(eventually([&] { return desk.server.refused(Reason::ApiFormat) == 2; }));
}

void AdminApiTest::a_method_above_the_role_is_403()
{
    const AdminDesk desk;
    QCOMPARE(desk.status("sessions", "viewer"), 200);
    QCOMPARE(desk.status("sessions", "publisher"), 403);
    QCOMPARE(desk.status("kick", "viewer"), 403);
    QCOMPARE(desk.status("policy_apply", "operator"), 403);
    QCOMPARE(desk.status("policy_get", "viewer"), 200);
    QCOMPARE(desk.status("reload", "operator"), 403);
    QCOMPARE(desk.status("reload", "admin"), 200);
    QVERIFY(eventually([&] { return desk.server.refused(Reason::ApiRole) == 4; }));
    const auto records = desk.server.audit(AuditKind::Refuse, Reason::ApiRole);
    QCOMPARE(records.size(), std::size_t(4));
    QCOMPARE(records[0].decision.met, std::string("reload"));
    QCOMPARE(records[0].decision.limit, std::string("operator"));
}

void AdminApiTest::what_is_asked_wrongly_is_named_data()
{
    QTest::addColumn<QByteArray>("verb");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("reason");
    const auto row = [](const char* name, const char* verb, const char* path, const char* body, int status,
                        Reason reason) {
        QTest::newRow(name) << QByteArray(verb) << QByteArray(path) << QByteArray(body) << status << int(reason);
    };
    row("unknown method", "POST", "/api/explode", "{}", 404, Reason::ApiMethod);
    row("not JSON", "POST", "/api/info", "{", 400, Reason::ApiFormat);
    row("a list", "POST", "/api/info", "[]", 400, Reason::ApiFormat);
    row("unknown parameter", "POST", "/api/kick", R"({"sessions":[1],"why":"x"})", 400, Reason::ApiFormat);
    row("GET", "GET", "/api/info", "", 405, Reason::None);
    row("unknown path", "POST", "/admin", "{}", 404, Reason::None);
}

void AdminApiTest::what_is_asked_wrongly_is_named()
{
    QFETCH(QByteArray, verb);
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, body);
    QFETCH(int, status);
    QFETCH(int, reason);
    const AdminDesk desk;
    ApiRequestOptions options;
    options.key = shownKey("admin");
    options.verb = verb.toStdString();
    options.body = body.toStdString();
    const HttpAnswer answer = desk.connect().request(apiRequest(path.toStdString(), options));
    QCOMPARE(answer.status, status);
    QVERIFY(!bodyOf(answer)["error"]["message"].get<std::string>().empty());
    if (const auto counted = static_cast<Reason>(reason); counted != Reason::None)
        QVERIFY(eventually([&] { return desk.server.refused(counted) == 1; }));
}

void AdminApiTest::a_body_over_the_limit_is_413()
{
    const AdminDesk desk;
    ByteClient client = desk.connect();
    const std::size_t over = (12U << 20) + 1;
    const HttpAnswer answer =
        client.request("POST /api/policy_check HTTP/1.1\r\nHost: localhost\r\nX-API-Key: " + shownKey("admin") +
                       "\r\nContent-Length: " + std::to_string(over) + "\r\n\r\n{");
    QCOMPARE(answer.status, 413);
    QVERIFY(eventually([&] { return desk.server.refused(Reason::ApiSize) == 1; }));
}

void AdminApiTest::wrong_keys_block_and_then_ban_their_address()
{
    ManualClock clock;
    const AdminDesk desk(
        [](nlohmann::json& policy) {
            policy["limits"]["auth_failures_per_ip"] = {{"count", 10}, {"per", "1m"}, {"then_ban", "10m"}};
        },
        &clock);
    for (int i = 0; i < 10; ++i)
        QCOMPARE(desk.status("info", "nobody"), 401);
    for (int i = 0; i < 5; ++i)
        QCOMPARE(desk.status("info", "admin"), 429); // the good key too
    ApiRequestOptions options;
    options.key = shownKey("admin");
    QCOMPARE(desk.call("info", options).header("Retry-After"), std::string("60"));
    QVERIFY(eventually([&] { return desk.server.refused(Reason::AuthBruteforce) == 6; }));
    QCOMPARE(desk.server.refused(Reason::ApiKey), std::uint64_t(10));
    clock.advance(60s);
    QCOMPARE(desk.status("info", "admin"), 200);
    for (int i = 0; i < 10; ++i)
        (void)desk.status("info", "nobody");
    QVERIFY(eventually([&] { // before TLS, as everybody who is banned
        return std::get<BanList>(desk.server.call(BansQuery{}).value()).bans.size() == 1;
    }));
    QVERIFY(eventually([&] { return !desk.connect().connected(); }));
}

void AdminApiTest::missing_keys_never_block()
{
    const AdminDesk desk([](nlohmann::json& policy) {
        policy["limits"]["auth_failures_per_ip"] = {{"count", 3}, {"per", "1m"}, {"then_ban", "10m"}};
    });
    for (int i = 0; i < 20; ++i)
        QCOMPARE(desk.call("info", {}).status, 401);
    QCOMPARE(desk.status("info", "admin"), 200);
}

void AdminApiTest::an_operator_at_the_socket_is_not_delayed_by_guessers()
{
    const AdminDesk desk;
    ByteClient session = desk.server.join("chat.a", "ann");
    std::atomic<bool> stop{false};
    std::vector<std::thread> guessers;
    std::atomic<int> guesses{0};
    for (int i = 0; i < 4; ++i)
        guessers.emplace_back([&] {
            while (!stop) {
                (void)desk.status("kick", "nobody");
                guesses.fetch_add(1);
            }
        });
    QVERIFY(eventually([&] { return guesses > 100; }));
    const auto started = std::chrono::steady_clock::now();
    KickCommand kick;
    kick.sessions = {desk.server.sessions().front().info->id};
    QVERIFY(desk.server.call(kick));
    const auto took = std::chrono::steady_clock::now() - started;
    stop = true;
    for (std::thread& guesser : guessers)
        guesser.join();
    QCOMPARE(session.closing().code, std::uint16_t(4403));
    QVERIFY2(took < 5s, "against hangs: it takes some milliseconds");
}

void AdminApiTest::health_needs_no_key()
{
    const AdminDesk desk;
    ByteClient client = desk.connect();
    for (int i = 0; i < 50; ++i)
        for (const char* path : {"/livez", "/readyz", "/healthz"}) {
            const HttpAnswer answer =
                client.request("GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
            QCOMPARE(answer.status, 200);
            QCOMPARE(bodyOf(answer).dump(), std::string(R"({"result":{}})"));
        }
}

void AdminApiTest::metrics_need_a_key_that_may_ask_for_figures()
{
    const AdminDesk desk;
    ApiRequestOptions options;
    options.verb = "GET";
    options.body.clear();
    const auto asked = [&] { return desk.connect().request(apiRequest("/metrics", options)); };
    QCOMPARE(asked().status, 401);
    options.key = shownKey("publisher");
    QCOMPARE(asked().status, 403);
    options.key.clear();
    options.extra = "Authorization: apikey " + shownKey("viewer") + "\r\n"; // as a scraper shows it
    const HttpAnswer answer = asked();
    QCOMPARE(answer.status, 200);
    QVERIFY(answer.text.find("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
    QVERIFY(answer.text.find("\ngatehouse_refused_total{reason=\"api_key\"} 1\n") != std::string::npos);
    QVERIFY(answer.text.find("\ngatehouse_refused_total{reason=\"api_role\"} 1\n") != std::string::npos);
    QVERIFY(answer.text.find("CANARY") == std::string::npos);
}

void AdminApiTest::requests_on_one_connection_are_answered_in_order()
{
    const AdminDesk desk;
    ByteClient client = desk.connect();
    ApiRequestOptions options;
    options.key = shownKey("viewer");
    std::string all;
    for (int i = 0; i < 200; ++i) {
        options.body = i % 2 == 0 ? "{}" : R"({"id":999})";
        all += apiRequest(i % 2 == 0 ? "/api/policy_get" : "/api/session", options);
    }
    QVERIFY(client.send(all));
    for (int i = 0; i < 200; ++i) {
        const auto body = bodyOf(client.request({}));
        QCOMPARE(body.contains("result"), i % 2 == 0);
    }
}

void AdminApiTest::a_request_in_single_bytes_is_understood()
{
    const AdminDesk desk;
    ByteClient client = desk.connect();
    ApiRequestOptions options;
    options.key = shownKey("viewer");
    const std::string text = apiRequest("/api/info", options);
    for (std::size_t i = 0; i + 1 < text.size(); ++i)
        QVERIFY(client.send(text.substr(i, 1)));
    QCOMPARE(client.request(text.substr(text.size() - 1)).status, 200);
}

void AdminApiTest::without_a_key_there_is_room_for_a_head_alone()
{
    const AdminDesk desk;
    ByteClient client = desk.connect();
    const std::string health = "GET /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8000000\r\n\r\n";
    QVERIFY(client.send(health));
    const std::string chunk(65536, 'x');
    std::size_t taken = 0;
    while (taken < (8U << 20)) { // what the sockets hold, and no more
        const std::size_t sent = client.sendSome(chunk);
        if (sent == 0)
            break;
        taken += sent;
    }
    QVERIFY2(taken < (7U << 20), "the server goes on reading");
}

void AdminApiTest::host_and_server_name_are_checked_each_time()
{
    const AdminDesk desk([](nlohmann::json& policy) { policy["listeners"].back()["server_names"] = {"localhost"}; });
    ByteClient client = desk.connect();
    ApiRequestOptions options;
    options.key = shownKey("viewer");
    QCOMPARE(client.request(apiRequest("/api/info", options)).status, 200);
    options.host = "other.example";
    QCOMPARE(client.request(apiRequest("/api/info", options)).status, 421);
    QVERIFY(client.ends());
    QVERIFY(eventually([&] { return desk.server.refused(Reason::HsHost) == 1; }));
    ByteClient::Options named;
    named.prepare = [](ssl_st* ssl) {
        std::string name = "else.example";
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
    };
    ByteClient other(desk.server.port("ops"), ByteClient::Security::Tls, named);
    options.host = "localhost";
    QCOMPARE(other.request(apiRequest("/api/info", options)).status, 421);
}

void AdminApiTest::no_session_opens_at_an_admin_listener()
{
    const AdminDesk desk;
    UpgradeOptions upgrade;
    QCOMPARE(desk.connect().upgrade(upgrade).status, 401);
    upgrade.headers = {{"X-API-Key", shownKey("admin")}};
    QCOMPARE(desk.connect().upgrade(upgrade).status, 404);
    QVERIFY(desk.server.sessions().empty());
}

void AdminApiTest::a_key_that_is_removed_is_refused_on_open_connections()
{
    const AdminDesk desk;
    ByteClient client = desk.connect();
    ApiRequestOptions options;
    options.key = shownKey("operator");
    QCOMPARE(client.request(apiRequest("/api/info", options)).status, 200);
    QVERIFY(desk.apply([](nlohmann::json& policy) { policy["api_keys"][2]["role"] = "viewer"; }));
    QCOMPARE(client.request(apiRequest("/api/lockdown", options)).status, 403);
    QCOMPARE(client.request(apiRequest("/api/info", options)).status, 200);
    QVERIFY(desk.apply([](nlohmann::json& policy) { policy["api_keys"].erase(2); }));
    QCOMPARE(client.request(apiRequest("/api/info", options)).status, 401);
    QVERIFY(client.ends());
}

void AdminApiTest::networks_hold_on_open_connections()
{
    const AdminDesk desk;
    ByteClient client = desk.connect();
    ApiRequestOptions options;
    options.key = shownKey("admin");
    QCOMPARE(client.request(apiRequest("/api/info", options)).status, 200);
    QVERIFY(desk.apply([](nlohmann::json& policy) {
        policy["listeners"].back()["networks"] = {{"allow", {"192.0.2.0/24"}}};
    }));
    QCOMPARE(client.request(apiRequest("/api/info", options)).status, 403);
    QVERIFY(!desk.connect().connected());
}

void AdminApiTest::a_listener_that_is_removed_ends_its_connections()
{
    const AdminDesk desk;
    ByteClient client = desk.connect();
    ApiRequestOptions options;
    options.key = shownKey("admin");
    QCOMPARE(client.request(apiRequest("/api/info", options)).status, 200);
    QVERIFY(desk.apply([](nlohmann::json& policy) { policy["listeners"].erase(2); }));
    QVERIFY(client.ends());
}

void AdminApiTest::over_its_limit_an_address_loses_its_longest_idle_connection()
{
    const AdminDesk desk;
    ApiRequestOptions options;
    options.key = shownKey("viewer");
    std::vector<ByteClient> clients;
    for (int i = 0; i < 17; ++i) {
        clients.push_back(desk.connect());
        QCOMPARE(clients.back().request(apiRequest("/api/policy_get", options)).status, 200);
    }
    QVERIFY(clients.front().ends());
    QCOMPARE(clients[1].request(apiRequest("/api/policy_get", options)).status, 200);
}

void AdminApiTest::a_gate_full_of_pending_connections_still_lets_operators_in()
{
    const AdminDesk desk([](nlohmann::json& policy) { policy["limits"]["pending"] = 2; });
    ByteClient::Options silent;
    silent.handshake = false;
    const ByteClient one = desk.server.tls(silent);
    const ByteClient two = desk.server.tls(silent);
    QVERIFY(eventually([&] { return desk.server.info().stats.pending == 2; }));
    ByteClient three = desk.server.tls(silent);
    QVERIFY(three.ends());
    QCOMPARE(desk.status("info", "viewer"), 200);
}

void AdminApiTest::operators_watch_a_drain_to_its_end()
{
    const AdminDesk desk;
    ByteClient session = desk.server.join("chat.a", "ann");
    QVERIFY(desk.server.call(DrainCommand{20s, 20s}));
    QVERIFY(eventually([&] { return desk.server.info().stats.state == GateState::Draining; }));
    ApiRequestOptions options;
    options.key = shownKey("viewer");
    const HttpAnswer answer = desk.call("info", options);
    QCOMPARE(answer.status, 200);
    QCOMPARE(bodyOf(answer)["result"]["stats"]["state"].get<std::string>(), std::string("draining"));
}

void AdminApiTest::keys_are_in_no_record()
{
    const AdminDesk desk;
    QCOMPARE(desk.status("info", "admin"), 200);
    ApiRequestOptions options;
    options.key = "gh_admin_wrong" + keySecret;
    QCOMPARE(desk.call("info", options).status, 401);
    options.key = "gh_nobody_" + keySecret;
    QCOMPARE(desk.call("info", options).status, 401);
    options = {};
    options.extra = "Authorization: apikey gh_viewer_x" + keySecret + "\r\n";
    QCOMPARE(desk.call("info", options).status, 401);
    QVERIFY(eventually([&] { return desk.server.refused(Reason::ApiKey) == 3; }));
    for (const AuditRecord& record : desk.server.audit())
        for (const std::string& text : {record.detail, record.decision.met, record.decision.limit, record.user,
                                        record.actor, record.decision.rule.name})
            QVERIFY(text.find("CANARY") == std::string::npos);
    const auto shown = formatReply(desk.server.call(AuthFailuresQuery{}));
    QVERIFY(shown.find("CANARY") == std::string::npos);
}

void AdminApiTest::remote_changes_have_bounds()
{
    const AdminDesk desk;
    const auto apply = [&](const TestServer::Edit& edit, bool replaceFile = false) {
        ApiRequestOptions options;
        options.key = shownKey("admin");
        options.body = nlohmann::json{
            {"base", desk.hash()},
            {"policy", desk.edited(edit)},
            {"reason", "r"},
            {"replace_file",
             replaceFile}}.dump();
        return bodyOf(desk.call("policy_apply", options));
    };
    QVERIFY(apply(named("Plant 9")).contains("result"));
    const auto pointers = [&](const TestServer::Edit& edit) {
        std::vector<std::string> all;
        const nlohmann::json answer = apply(edit);
        for (const auto& problem : answer.at("error").at("problems"))
            all.push_back(problem["pointer"]);
        return all;
    };
    using Pointers = std::vector<std::string>;
    QCOMPARE(pointers([](nlohmann::json& policy) { policy["api_keys"].erase(0); }), Pointers{"/api_keys"});
    QCOMPARE(pointers([](nlohmann::json& policy) { policy["state_dir"] = "elsewhere"; }), Pointers{"/state_dir"});
    QCOMPARE(pointers([](nlohmann::json& policy) { policy["control_socket"] = "run/other"; }),
             Pointers{"/control_socket"});
    QCOMPARE(pointers([](nlohmann::json& policy) {
                 policy["control_group"] = {{"group", "root"}, {"role", "admin"}};
             }),
             Pointers{"/control_group"});
    QCOMPARE(pointers([](nlohmann::json& policy) { policy["issuers"][0]["secret_file"] = "/etc/shadow"; }),
             Pointers{"/issuers/0/secret_file"});
    QCOMPARE(pointers([](nlohmann::json& policy) { policy["channels"][0]["schema"] = "../../etc/passwd"; }),
             Pointers{"/channels/0/schema"});
    QVERIFY(!apply(named("Plant 10"), true).contains("result"));
    QCOMPARE(desk.get().running, 2u);
}

QTEST_GUILESS_MAIN(AdminApiTest)
#include "adminapitest.moc"
