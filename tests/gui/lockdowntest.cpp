// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk.h"
#include "dialogs/lockdowndialog.h"
#include "guimain.h"
#include "mainwindow/commandpalette.h"
#include "mainwindow/topbar.h"
#include "models/policymeasures.h"
#include "pages/outcomebar.h"
#include "style/pill.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QRadioButton>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace gatehouse::ui;
using namespace std::chrono_literals;

namespace {

Reply refused(const char* why)
{
    return Failure{ControlError{ControlErrorCode::Rejected, why}};
}

Network network(const char* text)
{
    return Network::parse(text).value();
}

/// A server whose policy is `document`.
std::function<Reply(const Command&)> withPolicy(std::string document)
{
    return [document = std::move(document)](const Command& command) -> Reply {
        if (std::holds_alternative<PolicyGetQuery>(command)) {
            PolicyDocument policy;
            policy.version.document = document;
            return Answer(policy);
        }
        if (const auto* lockdown = std::get_if<LockdownCommand>(&command)) {
            LockdownResult result;
            if (lockdown->on) {
                result.lockdown = Lockdown{{}, "dana", lockdown->reason, start, {}};
                result.lists = {{"alice"}, {network("10.20.0.0/16")}};
                result.ended = {SessionId{7037}, SessionId{7074}};
            }
            return Answer(result);
        }
        return gateAnswer(command, start);
    };
}

/// What the server says `later` than the start of a lockdown of 15 minutes.
FeedBatch lockedDown(std::chrono::milliseconds later, bool limited = true)
{
    FeedBatch batch = gateBatch({}, start + later, 0);
    batch.stats.sessions = 18;
    batch.stats.lockdown = Lockdown{{}, "erik", "break-in <b>", start, {}};
    if (limited)
        batch.stats.lockdown->until = start + 15min;
    return batch;
}

} // namespace

class LockdownTest : public QObject {
    Q_OBJECT
public:
    explicit LockdownTest(Appearance& appearance)
        : m_appearance(appearance)
    {
    }

private Q_SLOTS:
    void lists_decide_who_stays_data();
    void lists_decide_who_stays();
    void networks_are_checked_as_they_are_typed_data();
    void networks_are_checked_as_they_are_typed();
    void a_policy_document_tells_its_lists_and_drain_times();
    void it_is_set_by_mouse_with_the_policys_lists();
    void it_is_set_by_keyboard_with_lists_given_here();
    void without_a_policy_it_speaks_of_the_policys_lists();
    void nobody_means_empty_lists();
    void over_ten_closed_sessions_want_their_number_typed();
    void a_failure_is_told_in_the_dialog();
    void a_list_that_is_wrong_cannot_be_sent();
    void the_button_counts_down_and_the_pill_tells();
    void ending_asks_once_and_tells_the_result();
    void a_failed_end_is_told_in_its_dialog();
    void a_lockdown_that_ends_by_itself_withdraws_the_question();
    void the_palette_names_the_equal_command();
    void it_fits_a_small_window();
    void a_drain_counts_down();
    void closing_tells_how_the_policy_drains();

private:
    Appearance& m_appearance;
};

void LockdownTest::lists_decide_who_stays_data()
{
    QTest::addColumn<QStringList>("users");
    QTest::addColumn<QString>("networks");
    QTest::addColumn<QString>("user");
    QTest::addColumn<bool>("stays");
    const QString alice = QStringLiteral("alice");
    const QString hall = QStringLiteral("10.20.0.0/16");
    const QString other = QStringLiteral("10.9.0.0/16");
    QTest::newRow("both empty: nobody") << QStringList() << QString() << alice << false;
    QTest::newRow("a listed user") << QStringList(alice) << QString() << alice << true;
    QTest::newRow("another user") << QStringList(alice) << QString() << QStringLiteral("bjorn") << false;
    QTest::newRow("nobody's name is on no list") << QStringList(QString()) << QString() << QString() << false;
    QTest::newRow("a listed network") << QStringList() << hall << QString() << true;
    QTest::newRow("another network") << QStringList() << other << alice << false;
    QTest::newRow("both match") << QStringList(alice) << hall << alice << true;
    QTest::newRow("the network alone matches") << QStringList(alice) << hall << QStringLiteral("bjorn") << false;
    QTest::newRow("the user alone matches") << QStringList(alice) << other << alice << false;
}

void LockdownTest::lists_decide_who_stays()
{
    QFETCH(QStringList, users);
    QFETCH(QString, networks);
    QFETCH(QString, user);
    QFETCH(bool, stays);
    LockdownLists lists;
    for (const QString& name : users)
        lists.users.push_back(name.toStdString());
    lists.networks = typedNetworks(networks).networks;
    auto info = std::make_shared<SessionInfo>();
    info->user = user.toStdString();
    info->issuer = user.isEmpty() ? "" : "corp";
    info->address = "10.20.0.17";
    SessionRow row;
    row.info = std::move(info);
    QCOMPARE(closedBy(lists, {row}), stays ? std::size_t(0) : std::size_t(1));
}

void LockdownTest::networks_are_checked_as_they_are_typed_data()
{
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("taken");
    QTest::addColumn<QString>("wrong");
    QTest::newRow("several") << QStringLiteral("10.20.0.0/16, fd00::/8") << QStringLiteral("10.20.0.0/16, fd00::/8")
                             << QString();
    QTest::newRow("spaces") << QStringLiteral(" 10.1.0.0/16  10.2.0.0/16 ")
                            << QStringLiteral("10.1.0.0/16, 10.2.0.0/16") << QString();
    QTest::newRow("an address") << QStringLiteral("10.20.9.14") << QStringLiteral("10.20.9.14/32") << QString();
    QTest::newRow("bits beyond") << QStringLiteral("10.20.9.14/16") << QStringLiteral("10.20.0.0/16") << QString();
    QTest::newRow("too long") << QStringLiteral("10.0.0.0/8,10.0.0.0/33") << QStringLiteral("10.0.0.0/8")
                              << QStringLiteral("10.0.0.0/33");
    QTest::newRow("no address") << QStringLiteral("hall") << QString() << QStringLiteral("hall");
}

void LockdownTest::networks_are_checked_as_they_are_typed()
{
    QFETCH(QString, typed);
    QFETCH(QString, taken);
    QFETCH(QString, wrong);
    const TypedNetworks networks = typedNetworks(typed);
    QCOMPARE(networks.wrong, wrong);
    QStringList expected;
    for (const QString& each : taken.split(QStringLiteral(", "), Qt::SkipEmptyParts))
        expected += QString::fromStdString(Network::parse(each.toStdString()).value().toString());
    QCOMPARE(networksText({{}, networks.networks}), expected.join(QStringLiteral(", ")));
}

void LockdownTest::a_policy_document_tells_its_lists_and_drain_times()
{
    const auto measures = policyMeasures(R"({"lockdown": {"allow_users": ["alice", "bob"],
        "allow_networks": ["10.0.0.0/8"]}, "drain": {"within": "45s", "spread": "0s"}})");
    QVERIFY(measures.has_value());
    QCOMPARE(usersText(measures->lockdown), QStringLiteral("alice, bob"));
    QCOMPARE(networksText(measures->lockdown), QStringLiteral("10.0.0.0/8"));
    QCOMPARE(measures->drain, (DrainTimes{45s, 0s}));
    QCOMPARE(policyMeasures("{}").value(), PolicyMeasures{});
    QVERIFY(!policyMeasures("").has_value());
    QVERIFY(!policyMeasures("[]").has_value());
}

void LockdownTest::it_is_set_by_mouse_with_the_policys_lists()
{
    Desk desk(m_appearance);
    desk.control.answer = withPolicy(
        R"({"lockdown": {"allow_users": [], "allow_networks": ["10.20.0.0/24", "10.20.1.0/24", "10.20.2.0/24"]}})");
    auto* button = desk.child<QPushButton>("lockdownButton");
    QCOMPARE(button->text(), QStringLiteral("Lockdown"));
    desk.click("lockdownButton");
    auto* dialog = desk.child<LockdownDialog>("lockdownDialog");
    QVERIFY(dialog && dialog->isVisible());
    auto* networks = desk.child<QLineEdit>("lockdownNetworks");
    QTRY_COMPARE(networks->text(), QStringLiteral("10.20.0.0/24, 10.20.1.0/24, 10.20.2.0/24"));
    QVERIFY(!networks->isEnabled());
    QTRY_COMPARE(dialog->effectText(), QStringLiteral("4 of 18 open sessions would be closed now."));
    desk.child<QComboBox>("lockdownDuration")->setCurrentIndex(1);
    QTest::keyClicks(desk.child<QLineEdit>("lockdownReason"), QStringLiteral("maintenance"));
    QVERIFY(desk.control.commands<LockdownCommand>().empty());
    desk.click("lockdownConfirm");
    QTRY_COMPARE(desk.control.commands<LockdownCommand>(),
                 (std::vector{LockdownCommand{true, {}, {}, 1h, "maintenance"}}));
    QTRY_VERIFY(!desk.child<LockdownDialog>("lockdownDialog"));
    auto* outcome = desk.child<OutcomeBar>("gateOutcome");
    QVERIFY(outcome->isVisible());
    QCOMPARE(outcome->label()->text(), QStringLiteral("Locked down until somebody ends it. 2 sessions ended. May come "
                                                      "in: alice; 10.20.0.0/16."));
    QVERIFY(!outcome->undoButton()->isVisible());
}

void LockdownTest::it_is_set_by_keyboard_with_lists_given_here()
{
    Desk desk(m_appearance);
    desk.control.answer = withPolicy("{}");
    QTest::keyClick(desk.window.get(), Qt::Key_L, Qt::ControlModifier);
    auto* dialog = desk.child<LockdownDialog>("lockdownDialog");
    QVERIFY(dialog);
    QVERIFY(QTest::qWaitForWindowActive(dialog));
    QTest::keyClick(desk.child<QRadioButton>("lockdownGiven"), Qt::Key_Space);
    QVERIFY(desk.child<QLineEdit>("lockdownUsers")->isEnabled());
    QTest::keyClicks(desk.child<QLineEdit>("lockdownUsers"),
                     QStringLiteral("alice, bjorn,line-3-plc,mei,omar,dana,priya,tomas, kiosk-02"));
    QTest::keyClicks(desk.child<QLineEdit>("lockdownNetworks"), QStringLiteral("10.20.0.0/16"));
    QTRY_VERIFY(dialog->effectText().startsWith(QStringLiteral("9 of 18 open sessions would be closed now.")));
    QVERIFY(dialog->effectText().contains(QStringLiteral("needs both")));
    // The lists given are kept while the choice is elsewhere.
    QTest::mouseClick(desk.child<QRadioButton>("lockdownPolicy"), Qt::LeftButton);
    QCOMPARE(desk.child<QLineEdit>("lockdownUsers")->text(), QString());
    QTest::mouseClick(desk.child<QRadioButton>("lockdownGiven"), Qt::LeftButton);
    QTest::keyClick(dialog, Qt::Key_Return);
    QTRY_COMPARE(desk.control.commands<LockdownCommand>().size(), std::size_t(1));
    const LockdownCommand sent = desk.control.commands<LockdownCommand>()[0];
    QCOMPARE(sent.allowUsers->size(), std::size_t(9));
    QCOMPARE(sent.allowUsers->at(1), std::string("bjorn"));
    QCOMPARE(*sent.allowNetworks, std::vector{network("10.20.0.0/16")});
    QCOMPARE(sent.duration, std::optional<std::chrono::milliseconds>(15min));
}

void LockdownTest::without_a_policy_it_speaks_of_the_policys_lists()
{
    Desk desk(m_appearance);
    desk.click("lockdownButton");
    auto* dialog = desk.child<LockdownDialog>("lockdownDialog");
    QTRY_COMPARE(dialog->effectText(), QStringLiteral("Up to 18 open sessions would be closed now."));
    QCOMPARE(desk.child<QLineEdit>("lockdownUsers")->placeholderText(), QStringLiteral("those of the policy"));
    QVERIFY(!desk.child<QPushButton>("lockdownConfirm")->isEnabled());
}

void LockdownTest::nobody_means_empty_lists()
{
    Desk desk(m_appearance);
    desk.click("lockdownButton");
    QTest::mouseClick(desk.child<QRadioButton>("lockdownNobody"), Qt::LeftButton);
    QTest::keyClicks(desk.child<QLineEdit>("lockdownTyped"), QStringLiteral("18"));
    desk.child<QComboBox>("lockdownDuration")->setCurrentIndex(3);
    desk.click("lockdownConfirm");
    QTRY_COMPARE(desk.control.commands<LockdownCommand>(),
                 (std::vector{LockdownCommand{true, std::vector<std::string>{}, std::vector<Network>{}, {}, {}}}));
}

void LockdownTest::over_ten_closed_sessions_want_their_number_typed()
{
    Desk desk(m_appearance);
    desk.control.answer = withPolicy(R"({"lockdown": {"allow_users": ["alice"]}})");
    desk.click("lockdownButton");
    auto* dialog = desk.child<LockdownDialog>("lockdownDialog");
    QTRY_COMPARE(dialog->effectText(), QStringLiteral("17 of 18 open sessions would be closed now."));
    auto* typed = desk.child<QLineEdit>("lockdownTyped");
    auto* confirm = desk.child<QPushButton>("lockdownConfirm");
    QVERIFY(typed->isVisible() && !confirm->isEnabled());
    QTest::keyClicks(typed, QStringLiteral("18"));
    QVERIFY(!confirm->isEnabled());
    QTest::keyClick(typed, Qt::Key_Backspace);
    QTest::keyClicks(typed, QStringLiteral("7"));
    QVERIFY(confirm->isEnabled());
}

void LockdownTest::a_failure_is_told_in_the_dialog()
{
    Desk desk(m_appearance, {{7000, "alice"}});
    desk.click("lockdownButton");
    desk.control.answer = [](const Command&) { return refused("the disk is full"); };
    QTest::mouseClick(desk.child<QRadioButton>("lockdownNobody"), Qt::LeftButton);
    QTest::keyClicks(desk.child<QLineEdit>("lockdownTyped"), QStringLiteral("18"));
    desk.click("lockdownConfirm");
    auto* dialog = desk.child<LockdownDialog>("lockdownDialog");
    QTRY_COMPARE(dialog->failure(), QStringLiteral("The gate is not locked down: the disk is full"));
    QVERIFY(dialog->isVisible() && desk.child<QPushButton>("lockdownConfirm")->isEnabled());
    QVERIFY(!desk.child<OutcomeBar>("gateOutcome")->isVisible());
}

void LockdownTest::a_list_that_is_wrong_cannot_be_sent()
{
    Desk desk(m_appearance);
    desk.click("lockdownButton");
    auto* dialog = desk.child<LockdownDialog>("lockdownDialog");
    QTest::mouseClick(desk.child<QRadioButton>("lockdownGiven"), Qt::LeftButton);
    QCOMPARE(dialog->effectText(), QStringLiteral("Name users or networks, several with commas."));
    QVERIFY(!desk.child<QPushButton>("lockdownConfirm")->isEnabled());
    QTest::keyClicks(desk.child<QLineEdit>("lockdownNetworks"), QStringLiteral("10.20.0.0/99"));
    QCOMPARE(dialog->effectText(),
             QStringLiteral("“10.20.0.0/99” is no network. Write it like 10.20.0.0/16, several with commas."));
    QVERIFY(!dialog->command().has_value());
    QVERIFY(!desk.child<QPushButton>("lockdownConfirm")->isEnabled());
    QTest::keyClick(desk.child<QLineEdit>("lockdownNetworks"), Qt::Key_Backspace);
    QCOMPARE(dialog->effectText(), QStringLiteral("No open session would be closed."));
    QVERIFY(desk.child<QPushButton>("lockdownConfirm")->isEnabled());
}

void LockdownTest::the_button_counts_down_and_the_pill_tells()
{
    Desk desk(m_appearance);
    auto* button = desk.child<QPushButton>("lockdownButton");
    auto* pill = desk.child<Pill>("gateState");
    QCOMPARE(pill->text(), QStringLiteral("Serving"));
    desk.push(lockedDown(0s));
    QCOMPARE(button->text(), QStringLiteral("End lockdown (15:00)"));
    QCOMPARE(pill->text(), QStringLiteral("Locked down"));
    QCOMPARE(pill->tone(), Tone::Bad);
    desk.push(lockedDown(2min + 29s));
    QCOMPARE(button->text(), QStringLiteral("End lockdown (12:31)"));
    for (const QString& tip : {button->toolTip(), pill->toolTip()}) {
        QVERIFY2(tip.contains(QStringLiteral("Set by erik 2 min ago")), qPrintable(tip));
        QVERIFY2(tip.contains(QStringLiteral("Reason: break-in &lt;b&gt;")), qPrintable(tip));
    }
    desk.push(lockedDown(3min, false));
    QCOMPARE(button->text(), QStringLiteral("End lockdown"));
    desk.push(gateBatch({}, start + 4min, 0));
    QCOMPARE(button->text(), QStringLiteral("Lockdown"));
    QCOMPARE(pill->text(), QStringLiteral("Serving"));
}

void LockdownTest::ending_asks_once_and_tells_the_result()
{
    Desk desk(m_appearance);
    desk.control.answer = withPolicy("{}");
    desk.push(lockedDown(1min));
    QTest::keyClick(desk.window.get(), Qt::Key_L, Qt::ControlModifier);
    auto* dialog = desk.child<EndLockdownDialog>("endLockdownDialog");
    QVERIFY(dialog);
    QVERIFY(desk.control.commands<LockdownCommand>().empty());
    desk.click("endLockdownConfirm");
    QTRY_COMPARE(desk.control.commands<LockdownCommand>(), (std::vector{LockdownCommand{false, {}, {}, {}, {}}}));
    QTRY_VERIFY(!desk.child<EndLockdownDialog>("endLockdownDialog"));
    QVERIFY(
        desk.child<OutcomeBar>("gateOutcome")->label()->text().startsWith(QStringLiteral("The lockdown has ended.")));
}

void LockdownTest::a_failed_end_is_told_in_its_dialog()
{
    Desk desk(m_appearance);
    desk.push(lockedDown(1min));
    desk.control.answer = [](const Command&) { return refused("the disk is full"); };
    desk.click("lockdownButton");
    desk.click("endLockdownConfirm");
    auto* dialog = desk.child<EndLockdownDialog>("endLockdownDialog");
    QTRY_COMPARE(dialog->failure(), QStringLiteral("The lockdown goes on: the disk is full"));
    QVERIFY(desk.child<QPushButton>("endLockdownConfirm")->isEnabled());
}

void LockdownTest::a_lockdown_that_ends_by_itself_withdraws_the_question()
{
    Desk desk(m_appearance);
    desk.push(lockedDown(14min));
    desk.click("lockdownButton");
    QVERIFY(desk.child<EndLockdownDialog>("endLockdownDialog"));
    desk.push(gateBatch({}, start + 15min, 0));
    QTRY_VERIFY(!desk.child<EndLockdownDialog>("endLockdownDialog"));
    QVERIFY(desk.control.commands<LockdownCommand>().empty());
}

void LockdownTest::the_palette_names_the_equal_command()
{
    Desk desk(m_appearance);
    const auto found = [&desk](const QString& command) {
        desk.child<QAction>("palette")->trigger();
        auto* palette = desk.window->findChild<CommandPalette*>();
        QTest::keyClicks(palette->findChild<QLineEdit*>(), command);
        const auto* list = palette->findChild<QListWidget*>();
        const QString text = list->count() == 1 ? list->item(0)->text() : QString();
        palette->reject();
        QApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        return text;
    };
    QCOMPARE(found(QStringLiteral("gatehousectl lockdown on")), QStringLiteral("Lockdown…"));
    desk.push(lockedDown(1min));
    QCOMPARE(found(QStringLiteral("gatehousectl lockdown off")), QStringLiteral("End the lockdown…"));
}

void LockdownTest::it_fits_a_small_window()
{
    Desk desk(m_appearance);
    desk.window->resize(1024, 640);
    desk.control.answer = withPolicy(R"({"lockdown": {"allow_users": ["svc-telemetry-collector-north-hall-10022"],
        "allow_networks": ["10.9.0.0/16"]}})");
    desk.push(lockedDown(1min));
    auto* bar = desk.child<TopBar>("topBar");
    auto* button = desk.child<QPushButton>("lockdownButton");
    QVERIFY(button->width() >= button->sizeHint().width());
    QVERIFY(bar->rect().contains(button->geometry()));
    QVERIFY(desk.child<QLineEdit>("filter")->width() >= 200);
    desk.push(gateBatch({}, start + 4min, 0));
    desk.click("lockdownButton");
    auto* dialog = desk.child<LockdownDialog>("lockdownDialog");
    QTRY_VERIFY(desk.child<QLineEdit>("lockdownTyped")->isVisible());
    dialog->showFailure(QStringLiteral("The gate is not locked down: the disk is full"));
    QApplication::processEvents();
    QVERIFY2(dialog->height() <= 640, qPrintable(QString::number(dialog->height())));
}

void LockdownTest::a_drain_counts_down()
{
    Desk desk(m_appearance);
    FeedBatch batch = gateBatch({}, start + 6s, 0);
    batch.stats.state = GateState::Draining;
    batch.stats.drainUntil = start + 20s;
    desk.push(std::move(batch));
    QCOMPARE(desk.child<Pill>("gateState")->text(), QStringLiteral("Draining, 0:14 left"));
    QVERIFY(!desk.child<QPushButton>("lockdownButton")->isEnabled());
}

void LockdownTest::closing_tells_how_the_policy_drains()
{
    Desk desk(m_appearance);
    const auto explained = [&desk] {
        QStringList words;
        for (const QLabel* label : desk.child<Dialog>("closeDialog")->findChildren<QLabel*>())
            words += label->text();
        return words.join(QLatin1Char('\n'));
    };
    desk.window->close();
    QTRY_VERIFY(explained().contains(QStringLiteral("18 sessions are open.")));
    QVERIFY(!explained().contains(QStringLiteral("cut off")));
    desk.child<Dialog>("closeDialog")->reject();
    QTRY_VERIFY(!desk.child<Dialog>("closeDialog"));
    desk.control.answer = withPolicy(R"({"drain": {"within": "45s", "spread": "10s"}})");
    desk.window->close();
    QTRY_VERIFY(explained().contains(QStringLiteral("told over at most 10 s")));
    QVERIFY(explained().contains(QStringLiteral("Whoever is left after 45 s is cut off.")));
}

int main(int argc, char** argv)
{
    return runWithAppearance<LockdownTest>(argc, argv);
}
#include "lockdowntest.moc"
