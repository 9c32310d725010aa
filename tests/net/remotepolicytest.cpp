// SPDX-License-Identifier: GPL-3.0-or-later
#include "admindesk.h"

#include <QTest>

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
