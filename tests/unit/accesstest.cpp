// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/access.h"
#include "randomvalues.h"

#include "control/json.h"

#include <QTest>

#include <map>
#include <set>
#include <string>

using namespace gatehouse;
using namespace gatehouse::test;

class AccessTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void every_method_is_for_whom_the_table_says();
    void what_the_table_does_not_name_is_for_admins();
    void publishers_publish_and_nothing_else();
};

namespace {

/// The least role of each method; of viewer, operator and admin each may do what the one before may. Publishers stand
/// beside them, below admins alone.
const std::map<std::string, ApiRole> least{{"info", ApiRole::Viewer},
                                           {"sessions", ApiRole::Viewer},
                                           {"session", ApiRole::Viewer},
                                           {"bans", ApiRole::Viewer},
                                           {"audit", ApiRole::Viewer},
                                           {"auth_failures", ApiRole::Viewer},
                                           {"certificate_status", ApiRole::Viewer},
                                           {"revocations", ApiRole::Viewer},
                                           {"policy_get", ApiRole::Viewer},
                                           {"policy_history", ApiRole::Viewer},
                                           {"limits", ApiRole::Viewer},
                                           {"upstreams", ApiRole::Viewer},
                                           {"kick", ApiRole::Operator},
                                           {"ban", ApiRole::Operator},
                                           {"unban", ApiRole::Operator},
                                           {"drain", ApiRole::Operator},
                                           {"revoke_token", ApiRole::Operator},
                                           {"invalidate_user_tokens", ApiRole::Operator},
                                           {"unrevoke", ApiRole::Operator},
                                           {"policy_check", ApiRole::Operator},
                                           {"policy_what_if", ApiRole::Operator},
                                           {"policy_confirm", ApiRole::Operator},
                                           {"lockdown", ApiRole::Operator},
                                           {"limit", ApiRole::Operator},
                                           {"unlimit", ApiRole::Operator},
                                           {"quarantine", ApiRole::Operator},
                                           {"upstream_drain", ApiRole::Operator},
                                           {"presence", ApiRole::Viewer},
                                           {"presence_stats", ApiRole::Viewer},
                                           {"history", ApiRole::Viewer},
                                           {"channels", ApiRole::Viewer},
                                           {"subscribe", ApiRole::Operator},
                                           {"unsubscribe", ApiRole::Operator},
                                           {"disconnect", ApiRole::Operator},
                                           {"refresh", ApiRole::Operator},
                                           {"history_remove", ApiRole::Operator},
                                           {"publish", ApiRole::Publisher},
                                           {"broadcast", ApiRole::Publisher},
                                           {"batch", ApiRole::Publisher},
                                           {"reload", ApiRole::Admin},
                                           {"certificate_renew", ApiRole::Admin},
                                           {"policy_apply", ApiRole::Admin},
                                           {"policy_rollback", ApiRole::Admin}};

const std::set<std::string> readByPublishers{"presence", "presence_stats", "history", "channels"};

} // namespace

void AccessTest::every_method_is_for_whom_the_table_says()
{
    RandomValues values(1);
    for (std::size_t i = 0; i < std::variant_size_v<Command>; ++i) {
        const std::string method(commandMethod(values.command(i)));
        QVERIFY2(least.contains(method), method.c_str());
        const ApiRole from = least.at(method);
        QVERIFY2(mayCall(ApiRole::Viewer, method) == (from == ApiRole::Viewer), method.c_str());
        QVERIFY2(mayCall(ApiRole::Operator, method) == (from == ApiRole::Viewer || from == ApiRole::Operator),
                 method.c_str());
        QVERIFY2(mayCall(ApiRole::Admin, method), method.c_str());
        const bool ofPublishers = from == ApiRole::Publisher || readByPublishers.contains(method);
        QVERIFY2(mayCall(ApiRole::Publisher, method) == ofPublishers, method.c_str());
    }
}

void AccessTest::what_the_table_does_not_name_is_for_admins()
{
    for (const char* method : {"", "explode", "Info", "policy_get "}) {
        QVERIFY(!mayCall(ApiRole::Viewer, method));
        QVERIFY(!mayCall(ApiRole::Publisher, method));
        QVERIFY(!mayCall(ApiRole::Operator, method));
        QVERIFY(mayCall(ApiRole::Admin, method));
    }
}

void AccessTest::publishers_publish_and_nothing_else()
{
    for (const char* method : {"publish", "broadcast", "batch", "presence", "presence_stats", "history", "channels"})
        QVERIFY(mayCall(ApiRole::Publisher, method));
    for (const char* method : {"history_remove", "sessions", "info", "disconnect"})
        QVERIFY(!mayCall(ApiRole::Publisher, method));
}

QTEST_GUILESS_MAIN(AccessTest)
#include "accesstest.moc"
