// SPDX-License-Identifier: GPL-3.0-or-later
#include "admindesk.h"

#include <QTest>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

using namespace gatehouse;
using namespace gatehouse::test;
using nlohmann::json;
using namespace std::chrono_literals;

/// Changes of the policy by whoever has an admin's key, and is not on the server itself.
class RemotePolicyTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void a_rollback_that_would_bring_back_other_keys_is_refused();
    void a_rollback_that_changes_nothing_of_that_is_done();
    void a_hand_edited_file_is_not_replaced_data();
    void a_hand_edited_file_is_not_replaced();
    void check_and_what_if_say_what_an_apply_would();
    void nobody_learns_of_files_elsewhere();
    void a_secret_goes_where_it_went_and_nowhere_else();
    void a_rollback_sends_no_secret_back_to_where_it_went();
    void a_trial_ordered_on_the_server_is_confirmed_from_elsewhere();
};

namespace {

json asked(const AdminDesk& desk, const std::string& method, const json& body, const char* key = "admin")
{
    ApiRequestOptions options;
    options.key = shownKey(key);
    options.body = body.dump();
    return bodyOf(desk.call(method, options));
}

std::vector<std::string> pointersOf(const json& problems)
{
    std::vector<std::string> all;
    for (const json& problem : problems)
        all.push_back(problem.at("pointer"));
    return all;
}

using Pointers = std::vector<std::string>;

/// A second route, with a header for its upstream; set on the server itself.
bool addGateway(const AdminDesk& desk)
{
    const auto file = desk.server.policyFile().parent_path() / "upstream.header";
    writeText(file, "X-Key: hunter2");
    std::filesystem::permissions(file, std::filesystem::perms(0600));
    return bool(desk.apply([](json& policy) {
        policy["routes"].push_back(
            {{"name", "app"},
             {"path", "/app/*"},
             {"gateway",
              {{"upstreams", {"ws://127.0.0.1:1/"}}, {"auth_header_file", "upstream.header"}, {"health", "off"}}}});
    }));
}

} // namespace

void RemotePolicyTest::a_rollback_that_would_bring_back_other_keys_is_refused()
{
    const AdminDesk desk;
    QVERIFY(desk.apply([](json& policy) { policy["api_keys"].erase(0); })); // the viewer is dismissed
    const json refused = asked(desk, "policy_rollback", {{"version", 1}, {"base", desk.hash()}, {"reason", "r"}});
    QCOMPARE(pointersOf(refused.at("error").at("problems")), Pointers{"/api_keys"});
    QCOMPARE(desk.get().running, 2u);
    QCOMPARE(desk.status("info", "viewer"), 401);
    PolicyRollbackCommand local;
    local.version = 1;
    local.base = desk.hash();
    QCOMPARE(applied(desk.server.call(local)).version.restores, 1u);
    QCOMPARE(desk.status("info", "viewer"), 200);
}

void RemotePolicyTest::a_rollback_that_changes_nothing_of_that_is_done()
{
    const AdminDesk desk;
    QVERIFY(desk.apply(named("Plant 4")));
    const json done = asked(desk, "policy_rollback", {{"version", 1}, {"base", desk.hash()}, {"reason", "r"}});
    QVERIFY2(done.contains("result"), done.dump().c_str());
    QCOMPARE(desk.get().version.restores, 1u);
}

void RemotePolicyTest::a_hand_edited_file_is_not_replaced_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::newRow("apply") << QByteArray("policy_apply");
    QTest::newRow("rollback") << QByteArray("policy_rollback");
}

void RemotePolicyTest::a_hand_edited_file_is_not_replaced()
{
    QFETCH(QByteArray, method);
    const AdminDesk desk;
    QVERIFY(desk.apply(named("Plant 4")));
    json body{{"base", desk.hash()}, {"reason", "r"}, {"replace_file", true}};
    if (method == "policy_apply")
        body["policy"] = desk.edited(named("Plant 5"));
    else
        body["version"] = 1;
    const json refused = asked(desk, method.toStdString(), body);
    QVERIFY(refused.contains("error"));
    QVERIFY2(refused["error"]["message"].get<std::string>().starts_with("replace_file"), refused.dump().c_str());
    QCOMPARE(desk.get().running, 2u);
}

void RemotePolicyTest::check_and_what_if_say_what_an_apply_would()
{
    const AdminDesk desk;
    const json body{{"policy", desk.edited([](json& policy) {
                         policy["api_keys"] = json::array();
                         policy["channels"][0]["schema"] = "/etc/hostname";
                     })}};
    const Pointers both{"/api_keys", "/channels/0/schema"};
    const json checked = asked(desk, "policy_check", body, "operator");
    QCOMPARE(checked.at("result").at("valid").get<bool>(), false);
    QCOMPARE(pointersOf(checked["result"]["errors"]), both);
    const json tried = asked(desk, "policy_what_if", body, "operator");
    QCOMPARE(pointersOf(tried.at("error").at("problems")), both);
    const auto local =
        desk.server.call(PolicyCheckCommand{desk.edited([](json& policy) { policy["api_keys"] = json::array(); })});
    QVERIFY(std::get<PolicyCheckResult>(local.value()).valid);
}

/// Whether a file elsewhere exists, can be read or holds JSON makes no difference to what is said.
void RemotePolicyTest::nobody_learns_of_files_elsewhere()
{
    const AdminDesk desk;
    std::set<std::string> answers;
    for (const char* file : {"/etc/passwd", "/etc/no_such", "/root/.xyz/aaa", "/dev/zero00", "../../../aaaa"}) {
        const json checked =
            asked(desk, "policy_check",
                  {{"policy", desk.edited([&](json& policy) { policy["channels"][0]["schema"] = file; })}});
        const json& errors = checked.at("result").at("errors");
        QCOMPARE(errors.size(), std::size_t(1));
        answers.insert(errors[0].at("detail").get<std::string>());
    }
    QCOMPARE(answers.size(), std::size_t(1));
}

void RemotePolicyTest::a_secret_goes_where_it_went_and_nowhere_else()
{
    const AdminDesk desk;
    QVERIFY(addGateway(desk));
    const std::size_t last = json::parse(desk.get().version.document)["routes"].size() - 1;
    const std::string gateway = "/routes/" + std::to_string(last) + "/gateway";
    const auto refused = [&](const TestServer::Edit& edit) {
        const json body{{"base", desk.hash()}, {"policy", desk.edited(edit)}, {"reason", "r"}};
        const Pointers all = pointersOf(asked(desk, "policy_apply", body).at("error").at("problems"));
        const json checked = asked(desk, "policy_check", {{"policy", desk.edited(edit)}}, "operator");
        return pointersOf(checked.at("result").at("errors")) == all ? all : Pointers{"check says something else"};
    };
    const auto elsewhere = [&](json& policy) {
        policy["routes"][last]["gateway"]["upstreams"] = {"ws://127.0.0.1:2/"};
    };
    QCOMPARE(refused(elsewhere), Pointers{gateway + "/upstreams/0"});
    QCOMPARE(refused([&](json& policy) {
                 policy["routes"][last]["gateway"]["auth_header_file"] = policy["issuers"][0]["secret_file"];
             }),
             Pointers{gateway + "/auth_header_file"});
    QCOMPARE(refused([&](json& policy) { policy["channels"][0]["schema"] = policy["issuers"][0]["secret_file"]; }),
             Pointers{"/channels/0/schema"});
    QCOMPARE(desk.get().running, 2u);
    const std::string kept = desk.edited([&](json& policy) {
        policy["routes"][last]["name"] = "renamed";
        policy["routes"][last]["gateway"]["upstreams"] = {"ws://127.0.0.1:1/v2"};
    });
    const json done = asked(desk, "policy_apply", {{"base", desk.hash()}, {"policy", kept}, {"reason", "r"}});
    QVERIFY2(done.contains("result"), done.dump().c_str());
    QVERIFY(desk.apply(elsewhere)); // on the server itself
    QCOMPARE(desk.get().running, 4u);
}

void RemotePolicyTest::a_rollback_sends_no_secret_back_to_where_it_went()
{
    const AdminDesk desk;
    QVERIFY(addGateway(desk));
    QVERIFY(desk.apply([](json& policy) { policy["routes"].back()["gateway"]["upstreams"] = {"ws://127.0.0.1:2/"}; }));
    const json refused = asked(desk, "policy_rollback", {{"version", 2}, {"base", desk.hash()}, {"reason", "r"}});
    const Pointers told = pointersOf(refused.at("error").at("problems"));
    QCOMPARE(told.size(), std::size_t(1));
    QVERIFY(told[0].ends_with("/gateway/upstreams/0"));
    const json done = asked(desk, "policy_rollback", {{"version", 1}, {"base", desk.hash()}, {"reason", "r"}});
    QVERIFY2(done.contains("result"), done.dump().c_str()); // there it was not shown to anybody
}

void RemotePolicyTest::a_trial_ordered_on_the_server_is_confirmed_from_elsewhere()
{
    const AdminDesk desk;
    QVERIFY(desk.apply([](json& policy) { policy["api_keys"].erase(0); }, 1h));
    QVERIFY(asked(desk, "policy_confirm", json::object(), "operator").contains("result"));
    QCOMPARE(desk.get().returnsTo, 0u);
    QVERIFY(desk.holds(desk.get().version));
}

QTEST_GUILESS_MAIN(RemotePolicyTest)
#include "remotepolicytest.moc"
