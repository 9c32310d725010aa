// SPDX-License-Identifier: GPL-3.0-or-later
#include "console.h"
#include "pages/auditpage.h"
#include "pages/authfailurespage.h"
#include "pages/connectionspage.h"
#include "pages/overviewpage.h"
#include "pages/upstreamscard.h"

#include <QAbstractItemView>
#include <QRegularExpression>

#include <algorithm>
#include <atomic>
#include <thread>

using namespace gatehouse;
using namespace gatehouse::test;
using ui::AuditModel;

namespace {

TestServer::Edit withoutUserLimits()
{
    return [](nlohmann::json& policy) { policy["limits"]["messages_per_user"] = "off"; };
}

UpgradeOptions lobby(std::string token)
{
    UpgradeOptions options;
    options.path = "/hub/chat.lobby";
    options.token = std::move(token);
    return options;
}

QString cell(const QAbstractItemModel& model, int row, AuditModel::Column column)
{
    return model.index(row, static_cast<int>(column)).data().toString();
}

} // namespace

class ConsoleTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init();
    void ten_sessions_appear_one_is_kicked_by_mouse_and_the_audit_log_says_by_whom();
    void a_chatty_client_shows_as_limited_and_then_as_closed_with_its_reason();
    void ten_bad_tokens_show_as_failures_and_a_second_window_as_a_ban();
    void a_window_that_hangs_for_ten_seconds_disturbs_nobody_and_catches_up();
    void an_upstream_that_is_not_there_is_an_alarm_and_is_drained_by_mouse();
    void sigterm_path_drains_without_a_question();
};

void ConsoleTest::init()
{
    // What a platform without a screen lacks is no fault of the console.
    QTest::failOnWarning(QRegularExpression(QStringLiteral("^(?!This plugin|QStandardPaths)")));
}

void ConsoleTest::ten_sessions_appear_one_is_kicked_by_mouse_and_the_audit_log_says_by_whom()
{
    Console console;
    auto& page = console.open<ui::ConnectionsPage>("connections");
    std::vector<ByteClient> clients;
    for (int i = 0; i < 10; ++i) {
        clients.push_back(console.server.tls());
        const HttpAnswer answer = clients.back().upgrade(lobby(console.server.token("user" + std::to_string(i))));
        QCOMPARE(answer.status, 101);
    }
    QTRY_COMPARE(page.model().rowCount(), 10);
    QTRY_COMPARE(page.model().openCount(), 10);

    const auto rows = console.server.sessions();
    const auto third = std::ranges::find(rows, "user3", [](const SessionRow& row) { return row.info->user; });
    QVERIFY(third != rows.end());
    auto* table = page.findChild<QAbstractItemView*>(QStringLiteral("connectionsTable"));
    const QModelIndex place = page.model().index(page.model().rowOf(third->info->id), 1);
    QTest::mouseClick(table->viewport(), Qt::LeftButton, {}, table->visualRect(place).center());
    auto* kick = page.findChild<QPushButton*>(QStringLiteral("connectionsKick"));
    QTRY_VERIFY(kick->isEnabled());
    QTest::mouseClick(kick, Qt::LeftButton);
    QWidget* dialog = nullptr;
    QTRY_VERIFY((dialog = console.window.findChild<QWidget*>(QStringLiteral("kickDialog"))) && dialog->isVisible());
    QTest::mouseClick(dialog->findChild<QPushButton*>(QStringLiteral("kickAction")), Qt::LeftButton);

    QTRY_COMPARE(page.model().openCount(), 9); // the loop must run for the dialog's command to go out
    const Incoming end = clients[3].closing();
    QCOMPARE(end.kind, Incoming::Kind::Close);
    QCOMPARE(end.code, std::uint16_t{4403});
    clients[3].close(4403);
    const HttpAnswer again = console.server.tls().upgrade(lobby(console.server.token("user3")));
    QCOMPARE(again.status, 403);
    QVERIFY(again.text.find("kicked") != std::string::npos);
    QVERIFY(!again.header("Retry-After").empty());

    auto& audit = console.open<ui::AuditPage>("audit").model();
    QTRY_VERIFY(audit.rowCount() > 0);
    const auto kickRow = [&audit] {
        for (int row = 0; row < audit.rowCount(); ++row)
            if (cell(audit, row, AuditModel::Column::Actor) == QLatin1StringView("dana") &&
                cell(audit, row, AuditModel::Column::User) == QLatin1StringView("user3"))
                return true;
        return false;
    };
    QTRY_VERIFY(kickRow());
}

void ConsoleTest::a_chatty_client_shows_as_limited_and_then_as_closed_with_its_reason()
{
    Console console([](nlohmann::json& policy) {
        for (auto& route : policy["routes"])
            if (route["name"] == "hub")
                route["messages"]["rate"] = {{"count", 5}, {"per", "1m"}, {"burst", 5}};
    });
    auto& page = console.open<ui::ConnectionsPage>("connections");
    ByteClient chatty = console.server.join("chat.lobby", "line-3-plc");
    QTRY_COMPARE(page.model().openCount(), 1);
    const SessionId id = console.server.sessions().front().info->id;
    for (int i = 0; i < 6; ++i)
        QVERIFY(chatty.text("reading"));
    const auto state = [&] {
        return page.model().index(page.model().rowOf(id), 2).data(ui::ConnectionsModel::StateRole).toInt();
    };
    QTRY_COMPARE(state(), static_cast<int>(ui::ConnectionState::Limited));
    QCOMPARE(page.model().find(id)->activity().lastRefusal->decision.reason, Reason::RateSession);
    QVERIFY(chatty.text("reading") && chatty.text("reading"));
    const Incoming end = chatty.closing();
    QCOMPARE(end.code, std::uint16_t{1008});
    QCOMPARE(end.payload, std::string("rate_session"));
    chatty.close(1008);
    QTRY_COMPARE(state(), static_cast<int>(ui::ConnectionState::Closed));

    auto& audit = console.open<ui::AuditPage>("audit").model();
    AuditQuery limits;
    limits.kind = AuditKind::Limit;
    audit.setFilter(limits);
    QTRY_COMPARE(audit.rowCount(), 3);
    QCOMPARE(console.server.audit(AuditKind::Limit, Reason::RateSession).size(), std::size_t{3});
    QVERIFY(!cell(audit, 0, AuditModel::Column::Reason).isEmpty());
}

void ConsoleTest::ten_bad_tokens_show_as_failures_and_a_second_window_as_a_ban()
{
    Console console([](nlohmann::json& policy) {
        policy["limits"]["auth_failures_per_ip"] = {{"count", 10}, {"per", "2s"}, {"then_ban", "10m"}};
    });
    auto& model = console.open<ui::AuthFailuresPage>("authFailures").model();
    const auto attempt = [&] {
        return console.server.plain().upgrade(lobby(console.server.token("mallory") + "x")).status;
    };
    for (int i = 0; i < 10; ++i)
        QCOMPARE(attempt(), 401);
    QCOMPARE(attempt(), 429);
    QTRY_VERIFY(model.rowCount() >= 1);
    const auto banned = [&] { return std::get<BanList>(*console.server.call(BansQuery{})).bans; };
    QVERIFY(banned().empty());
    // Once the window is over, the second begins with the first attempt that is looked at again.
    QVERIFY(QTest::qWaitFor([&] { return attempt() == 401; }, 10000));
    for (int i = 0; i < 9; ++i)
        QCOMPARE(attempt(), 401);
    QTRY_COMPARE(banned().size(), std::size_t{1});
    QCOMPARE(banned().front().value, std::string("127.0.0.1"));
    QCOMPARE(banned().front().actor, std::string("rule"));
    QTRY_COMPARE(attempt(), 0); // closed before anything is said
}

void ConsoleTest::a_window_that_hangs_for_ten_seconds_disturbs_nobody_and_catches_up()
{
    Console console(withoutUserLimits());
    auto& page = console.open<ui::ConnectionsPage>("connections");
    ByteClient publisher = console.server.join("chat.lobby", "alice");
    ByteClient subscriber = console.server.join("chat.lobby", "bob");
    QTRY_COMPARE(page.model().openCount(), 2);
    int batches = 0;
    connect(&console.window.bridge(), &ui::FeedBridge::batchReady, this, [&batches] { ++batches; });

    constexpr int messages = 350; // 35 a second: under the route's rate
    std::atomic<int> received{0};
    std::atomic<bool> inOrder{true};
    std::atomic<std::int64_t> longestGap{0};
    const auto start = std::chrono::steady_clock::now();
    std::thread sending([&] {
        for (int i = 0; i < messages; ++i) {
            std::this_thread::sleep_until(start + i * std::chrono::milliseconds(28));
            if (!publisher.text(std::to_string(i)))
                return;
        }
    });
    std::thread receiving([&] {
        auto last = std::chrono::steady_clock::now();
        for (int i = 0; i < messages; ++i) {
            const Incoming message = subscriber.nextData();
            if (message.kind != Incoming::Kind::Message || message.payload != std::to_string(i)) {
                inOrder = false;
                return;
            }
            const auto now = std::chrono::steady_clock::now();
            longestGap = std::max<std::int64_t>(
                longestGap, std::chrono::duration_cast<std::chrono::milliseconds>(now - last).count());
            last = now;
            ++received;
        }
    });
    std::vector<ByteClient> others;
    for (int i = 0; i < 20; ++i)
        others.push_back(console.server.join("chat.other", "user" + std::to_string(i)));
    std::this_thread::sleep_for(std::chrono::seconds(10)); // the GUI thread hangs: its loop does not turn
    sending.join();
    receiving.join();
    QCOMPARE(received.load(), messages);
    QVERIFY(inOrder);
    QVERIFY2(longestGap < 2000, qPrintable(QString::number(longestGap))); // a ceiling against waiting for the window
    QCOMPARE(batches, 0);
    QTRY_COMPARE(page.model().openCount(), 22);
    QVERIFY2(batches <= 4, qPrintable(QString::number(batches))); // what gathered came as one, and then what is new
}

void ConsoleTest::an_upstream_that_is_not_there_is_an_alarm_and_is_drained_by_mouse()
{
    const std::string url = "ws://127.0.0.1:1/"; // a port that nobody may open by accident
    Console console([&url](nlohmann::json& policy) {
        policy["routes"].push_back(
            {{"name", "plc"},
             {"path", "/plc"},
             {"gateway", {{"upstreams", {url}}, {"health", {{"kind", "tcp"}, {"every", "1s"}}}}}});
    });
    auto& page = console.open<ui::OverviewPage>("overview");
    QTRY_COMPARE_WITH_TIMEOUT(page.upstreams().summary(), QStringLiteral("0 of 1 up"), 30000);
    const ui::UpstreamRow* row = page.upstreams().rows().front();
    QVERIFY2(row->text().contains(QStringLiteral("refused")), qPrintable(row->text()));
    QCOMPARE(console.child<ui::Pill>("upstreamNotice")->text(), QStringLiteral("No upstream of plc is up"));
    console.click("upstreamOrder");
    console.click("drainUpstreamConfirm");
    QTRY_COMPARE(row->status().state, UpstreamState::Draining);
    QTRY_VERIFY(std::ranges::any_of(console.server.audit(AuditKind::Upstream, Reason::Drain), [&](const auto& record) {
        return record.actor == "dana" && record.route == "plc" && record.detail == url + ": draining";
    }));
}

void ConsoleTest::sigterm_path_drains_without_a_question()
{
    Console console;
    ByteClient client = console.server.join("chat.lobby", "alice");
    int stopped = 0;
    connect(&console.window, &ui::MainWindow::stopped, this, [&stopped] { ++stopped; });
    console.window.drainAndStop();
    std::thread answering([&client] {
        if (client.closing().code == 1001)
            client.close(1001);
    });
    QTRY_COMPARE_WITH_TIMEOUT(stopped, 1, 25000);
    answering.join();
}

QTEST_MAIN(ConsoleTest)
#include "consoletest.moc"
