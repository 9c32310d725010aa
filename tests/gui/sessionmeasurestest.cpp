// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk.h"
#include "dialogs/limitdialog.h"
#include "dialogs/quarantinedialog.h"
#include "guimain.h"
#include "pages/outcomebar.h"
#include "pages/page.h"
#include "pages/pendingbar.h"
#include "pages/sessionpanel.h"

#include <QAction>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QRadioButton>
#include <QSpinBox>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace gatehouse::ui;
using namespace std::chrono_literals;

namespace {

constexpr auto soon = 5ms;

Reply refused(const char* why)
{
    return Failure{ControlError{ControlErrorCode::Rejected, why}};
}

TemporaryLimit limitOf(std::uint64_t session, std::uint64_t id = 4)
{
    TemporaryLimit limit;
    limit.id = LimitId{id};
    limit.session = SessionId{session};
    limit.user = "guest-118";
    limit.rate = {5, 1s, 10};
    limit.actor = "erik";
    limit.reason = "floods";
    limit.since = start;
    limit.until = start + 10min;
    return limit;
}

/// One of the small gate's sessions, changed.
FeedBatch changed(std::uint64_t session, const std::function<void(SessionActivity&)>& change, WallTime now = start + 1s)
{
    FeedBatch batch = gateBatch(smallGate(), now, 0);
    std::erase_if(batch.rows, [session](const SessionRow& row) { return row.info->id != SessionId{session}; });
    change(batch.rows.at(0).activity);
    return batch;
}

void quarantine(SessionActivity& activity)
{
    activity.phase = SessionPhase::Quarantined;
    activity.quarantinedUntil = start + 10min;
}

struct Bars {
    explicit Bars(const Desk& desk)
        : pending(*desk.child<PendingBar>("pending"))
        , outcome(*desk.page().findChild<OutcomeBar*>())
    {
    }
    PendingBar& pending;
    OutcomeBar& outcome;
};

} // namespace

class SessionMeasuresTest : public QObject {
    Q_OBJECT
public:
    explicit SessionMeasuresTest(Appearance& appearance)
        : m_appearance(appearance)
    {
    }

private Q_SLOTS:
    void a_quarantine_by_mouse_waits_and_is_sent();
    void it_can_be_called_off();
    void a_second_one_sends_the_first_on_its_way();
    void by_keyboard_it_takes_the_rows_chosen_when_it_opened();
    void over_ten_of_a_filter_want_their_number_typed();
    void a_failed_quarantine_is_told_above_the_table();
    void a_quarantine_is_undone_by_a_release();
    void the_panel_shows_a_quarantine_and_releases_it();
    void the_menu_offers_what_is_possible();
    void release_takes_only_those_who_are_quarantined();
    void a_session_is_limited_by_mouse();
    void the_user_of_a_session_is_limited_by_keyboard();
    void sessions_of_several_users_are_limited_one_by_one();
    void a_limit_that_changes_nothing_is_told();
    void a_failed_limit_is_told_in_its_dialog();
    void the_panel_shows_a_limit_and_lifts_it();
    void a_failed_lift_is_told();
    void a_limit_marks_the_state_and_counts_in_the_share();
    void actions_name_their_commands_and_controls_their_names();
    void long_names_fit_a_small_window();

private:
    Appearance& m_appearance;
};

void SessionMeasuresTest::a_quarantine_by_mouse_waits_and_is_sent()
{
    Desk desk(m_appearance);
    desk.control.answer = {};
    Bars bars(desk);
    bars.pending.setSecond(soon);
    desk.clickRow(7370);
    desk.click("panelQuarantine");
    auto* dialog = desk.child<QuarantineDialog>("quarantineDialog");
    QVERIFY(dialog && dialog->isVisible());
    QCOMPARE(dialog->windowTitle(), QStringLiteral("Quarantine guest-118"));
    desk.child<QComboBox>("quarantineDuration")->setCurrentIndex(1);
    QTest::keyClicks(desk.child<QLineEdit>("quarantineReason"), QStringLiteral("odd"));
    QTest::mouseClick(desk.child<QPushButton>("quarantineConfirm"), Qt::LeftButton);
    QVERIFY(desk.control.commands<QuarantineCommand>().empty());
    QVERIFY(bars.pending.isPending() && bars.pending.isVisible());
    QCOMPARE(bars.pending.label()->text(), QStringLiteral("1 session will be quarantined in 5 seconds."));
    QTRY_COMPARE(desk.control.commands<QuarantineCommand>(),
                 (std::vector{QuarantineCommand{{SessionId{7370}}, true, 1h, "odd"}}));
    QVERIFY(!bars.pending.isVisible());
    QTRY_COMPARE(bars.outcome.label()->text(), QStringLiteral("1 session quarantined."));
}

void SessionMeasuresTest::it_can_be_called_off()
{
    Desk desk(m_appearance);
    Bars bars(desk);
    desk.clickRow(7370);
    desk.click("panelQuarantine");
    desk.click("quarantineConfirm");
    QVERIFY(bars.pending.isPending());
    desk.click("callOff");
    QVERIFY(!bars.pending.isPending() && !bars.pending.isVisible());
    QCOMPARE(bars.outcome.label()->text(), QStringLiteral("Called off. Nobody is quarantined by it."));
    QVERIFY(desk.control.commands<QuarantineCommand>().empty());
}

void SessionMeasuresTest::a_second_one_sends_the_first_on_its_way()
{
    Desk desk(m_appearance);
    Bars bars(desk);
    for (const std::uint64_t id : {7370U, 7037U}) {
        desk.clickRow(id);
        desk.click("panelQuarantine");
        desk.click("quarantineConfirm");
        QTRY_VERIFY(!desk.child<QuarantineDialog>("quarantineDialog"));
    }
    QCOMPARE(desk.control.commands<QuarantineCommand>().size(), std::size_t(1));
    QCOMPARE(desk.control.commands<QuarantineCommand>()[0].sessions, std::vector{SessionId{7370}});
    QVERIFY(bars.pending.isPending());
}

void SessionMeasuresTest::by_keyboard_it_takes_the_rows_chosen_when_it_opened()
{
    Desk desk(m_appearance);
    Bars(desk).pending.setSecond(soon);
    desk.clickRow(7000);
    desk.clickRow(7074, Qt::ControlModifier);
    QTest::keyClick(desk.table(), Qt::Key_Q, Qt::ControlModifier | Qt::ShiftModifier);
    auto* dialog = desk.child<QuarantineDialog>("quarantineDialog");
    QVERIFY(dialog);
    desk.push(gateBatch({{1, "newcomer"}}, start + 1s, 0));
    desk.clickRow(7037);
    QTest::keyClick(dialog, Qt::Key_Return);
    QTRY_COMPARE(desk.control.commands<QuarantineCommand>(),
                 (std::vector{QuarantineCommand{{SessionId{7000}, SessionId{7074}}, true, 10min, {}}}));
}

void SessionMeasuresTest::over_ten_of_a_filter_want_their_number_typed()
{
    Desk desk(m_appearance);
    QTest::keyClicks(desk.child<QLineEdit>("filter"), QStringLiteral("10.20."));
    desk.child<QAction>("quarantine")->trigger();
    auto* confirm = desk.child<QPushButton>("quarantineConfirm");
    QVERIFY(confirm && !confirm->isEnabled());
    QTest::keyClicks(desk.child<QLineEdit>("quarantineTyped"), QStringLiteral("18"));
    QVERIFY(confirm->isEnabled());
    QCOMPARE(desk.child<QuarantineDialog>("quarantineDialog")->command().sessions.size(), std::size_t(18));
}

void SessionMeasuresTest::a_failed_quarantine_is_told_above_the_table()
{
    Desk desk(m_appearance);
    Bars bars(desk);
    bars.pending.setSecond(soon);
    desk.control.answer = [](const Command&) { return refused("the server is draining"); };
    desk.clickRow(7370);
    desk.click("panelQuarantine");
    desk.click("quarantineConfirm");
    QTRY_COMPARE(bars.outcome.label()->text(), QStringLiteral("Nobody was quarantined: the server is draining"));
    QVERIFY(!bars.outcome.undoButton()->isVisible());
}

void SessionMeasuresTest::a_quarantine_is_undone_by_a_release()
{
    Desk desk(m_appearance);
    desk.control.answer = {};
    Bars bars(desk);
    bars.pending.setSecond(soon);
    desk.clickRow(7370);
    desk.click("panelQuarantine");
    desk.click("quarantineConfirm");
    QTRY_VERIFY(bars.outcome.undoButton()->isVisible());
    QTest::mouseClick(bars.outcome.undoButton(), Qt::LeftButton);
    QTRY_COMPARE(desk.control.commands<QuarantineCommand>().size(), std::size_t(2));
    QCOMPARE(desk.control.commands<QuarantineCommand>()[1], (QuarantineCommand{{SessionId{7370}}, false, {}, {}}));
    QTRY_COMPARE(bars.outcome.label()->text(), QStringLiteral("1 session released."));
}

void SessionMeasuresTest::the_panel_shows_a_quarantine_and_releases_it()
{
    Desk desk(m_appearance);
    desk.control.answer = {};
    desk.clickRow(7370);
    auto* panel = desk.child<SessionPanel>("sessionPanel");
    QVERIFY(panel->measuresText().isEmpty());
    desk.push(changed(7370, quarantine));
    const QString text = panel->measuresText();
    QVERIFY2(text.startsWith(QStringLiteral("Quarantined until ")) && text.contains(QStringLiteral("for 9:59")),
             qPrintable(text));
    const QModelIndex state = desk.page().model().index(desk.page().model().rowOf(SessionId{7370}),
                                                        static_cast<int>(ConnectionColumn::State));
    QCOMPARE(state.data().toString(), QStringLiteral("quarantined"));
    QVERIFY(state.data(Qt::ToolTipRole).toString().startsWith(QStringLiteral("quarantined until ")));
    QCOMPARE(desk.child<QPushButton>("panelQuarantine")->accessibleName(), QStringLiteral("Release"));
    desk.click("panelRelease");
    desk.click("panelQuarantine");
    const QuarantineCommand release{{SessionId{7370}}, false, {}, {}};
    QTRY_COMPARE(desk.control.commands<QuarantineCommand>(), (std::vector{release, release}));
    desk.push(changed(
        7370, [](SessionActivity&) {}, start + 3s));
    QVERIFY(panel->measuresText().isEmpty());
    QCOMPARE(desk.child<QPushButton>("panelQuarantine")->accessibleName(), QStringLiteral("Quarantine…"));
}

void SessionMeasuresTest::the_menu_offers_what_is_possible()
{
    Desk desk(m_appearance);
    const auto offered = [&desk](std::uint64_t id) {
        desk.clickRow(id);
        const int row = desk.page().model().rowOf(SessionId{id});
        Q_EMIT desk.table()->customContextMenuRequested(
            desk.table()->visualRect(desk.page().model().index(row, 1)).center());
        auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        QStringList names;
        for (const QAction* action : menu ? menu->actions() : QList<QAction*>()) {
            if (action->isEnabled())
                names += action->objectName();
        }
        if (menu)
            menu->close();
        names.removeIf([](const QString& name) {
            return !QStringList{QStringLiteral("quarantine"), QStringLiteral("release"), QStringLiteral("limit"),
                                QStringLiteral("liftLimit")}
                        .contains(name);
        });
        return names.join(QLatin1Char(' '));
    };
    QCOMPARE(offered(7370), QStringLiteral("quarantine limit"));
    desk.push(changed(7370, quarantine));
    QCOMPARE(offered(7370), QStringLiteral("release limit"));
    desk.push(changed(
        7037, [](SessionActivity& activity) { activity.temporaryLimit = limitOf(7037); }, start + 2s));
    QCOMPARE(offered(7037), QStringLiteral("quarantine limit liftLimit"));
    FeedBatch gone = gateBatch({}, start + 3s, 0);
    gone.closed.push_back({SessionId{7037}, 1001, {}, {}});
    desk.push(std::move(gone));
    QCOMPARE(offered(7037), QString());
}

void SessionMeasuresTest::release_takes_only_those_who_are_quarantined()
{
    Desk desk(m_appearance);
    Bars bars(desk);
    desk.push(changed(7074, quarantine));
    desk.clickRow(7000);
    desk.clickRow(7074, Qt::ControlModifier);
    QTest::keyClick(desk.table(), Qt::Key_R, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_COMPARE(desk.control.commands<QuarantineCommand>(),
                 (std::vector{QuarantineCommand{{SessionId{7074}}, false, {}, {}}}));
    desk.clickRow(7000);
    desk.clickRow(7037, Qt::ControlModifier);
    desk.child<QAction>("release")->trigger();
    QCOMPARE(bars.outcome.label()->text(), QStringLiteral("None of them is quarantined."));
    QCOMPARE(desk.control.commands<QuarantineCommand>().size(), std::size_t(1));
}

void SessionMeasuresTest::a_session_is_limited_by_mouse()
{
    Desk desk(m_appearance);
    desk.control.answer = [](const Command& command) -> Reply {
        if (std::holds_alternative<LimitCommand>(command))
            return Answer(LimitResult{{limitOf(7370)}, {}});
        return std::holds_alternative<UnlimitCommand>(command) ? Reply(Answer(Accepted{})) : gateAnswer(command, start);
    };
    Bars bars(desk);
    desk.clickRow(7370);
    desk.child<QAction>("limit")->trigger();
    auto* dialog = desk.child<LimitDialog>("limitDialog");
    QVERIFY(dialog && dialog->isVisible());
    QCOMPARE(dialog->effectText(), QStringLiteral("The route allows a session 50/s."));
    desk.child<QSpinBox>("limitCount")->setValue(30);
    QCOMPARE(desk.child<QSpinBox>("limitBurst")->value(), 60);
    desk.child<QSpinBox>("limitBurst")->setValue(45);
    desk.child<QComboBox>("limitPer")->setCurrentIndex(1);
    QTest::keyClicks(desk.child<QLineEdit>("limitReason"), QStringLiteral("floods"));
    desk.click("limitConfirm");
    QTRY_COMPARE(desk.control.commands<LimitCommand>(),
                 (std::vector{LimitCommand{{SessionId{7370}}, {}, {}, {30, 60s, 45}, 10min, "floods"}}));
    QTRY_COMPARE(bars.outcome.label()->text(), QStringLiteral("1 session limited to 5/s, burst 10."));
    QTest::mouseClick(bars.outcome.undoButton(), Qt::LeftButton);
    QTRY_COMPARE(desk.control.commands<UnlimitCommand>(), std::vector{UnlimitCommand{LimitId{4}}});
    QTRY_COMPARE(bars.outcome.label()->text(), QStringLiteral("1 limit lifted."));
}

void SessionMeasuresTest::the_user_of_a_session_is_limited_by_keyboard()
{
    Desk desk(m_appearance);
    desk.clickRow(7370);
    QTest::keyClick(desk.table(), Qt::Key_M, Qt::ControlModifier);
    auto* dialog = desk.child<LimitDialog>("limitDialog");
    QVERIFY(dialog);
    QVERIFY(QTest::qWaitForWindowActive(dialog));
    QTRY_VERIFY(desk.child<QSpinBox>("limitCount")->hasFocus());
    QTest::keyClicks(desk.child<QSpinBox>("limitCount"), QStringLiteral("20"));
    QTest::keyClick(desk.child<QRadioButton>("limitUser"), Qt::Key_Space);
    QVERIFY(desk.child<QRadioButton>("limitUser")->isChecked());
    QTest::keyClick(dialog, Qt::Key_Return);
    QTRY_COMPARE(desk.control.commands<LimitCommand>(),
                 (std::vector{LimitCommand{{}, "guest-118", "corp", {20, 1s, 40}, 10min, {}}}));
}

void SessionMeasuresTest::sessions_of_several_users_are_limited_one_by_one()
{
    Desk desk(m_appearance);
    desk.clickRow(7000);
    desk.clickRow(7074, Qt::ControlModifier);
    desk.child<QAction>("limit")->trigger();
    QCOMPARE(desk.child<LimitDialog>("limitDialog")->windowTitle(), QStringLiteral("Limit 2 sessions"));
    QVERIFY(!desk.child<QRadioButton>("limitUser"));
    desk.child<QComboBox>("limitDuration")->setCurrentIndex(3);
    desk.click("limitConfirm");
    QTRY_COMPARE(desk.control.commands<LimitCommand>(),
                 (std::vector{LimitCommand{{SessionId{7000}, SessionId{7074}}, {}, {}, {5, 1s, 10}, {}, {}}}));
}

void SessionMeasuresTest::a_limit_that_changes_nothing_is_told()
{
    Desk desk(m_appearance);
    desk.clickRow(7370);
    desk.child<QAction>("limit")->trigger();
    auto* dialog = desk.child<LimitDialog>("limitDialog");
    desk.child<QSpinBox>("limitCount")->setValue(50);
    QCOMPARE(dialog->effectText(), QStringLiteral("This changes nothing: the route allows 50/s already."));
    desk.child<QComboBox>("limitPer")->setCurrentIndex(1);
    QCOMPARE(dialog->effectText(), QStringLiteral("The route allows a session 50/s."));
}

void SessionMeasuresTest::a_failed_limit_is_told_in_its_dialog()
{
    Desk desk(m_appearance);
    desk.control.answer = [](const Command&) { return refused("the table of limits is full"); };
    desk.clickRow(7370);
    desk.child<QAction>("limit")->trigger();
    desk.click("limitConfirm");
    auto* dialog = desk.child<LimitDialog>("limitDialog");
    QTRY_COMPARE(dialog->failure(), QStringLiteral("Not limited: the table of limits is full"));
    QVERIFY(desk.child<QPushButton>("limitConfirm")->isEnabled());
    QVERIFY(!Bars(desk).outcome.isVisible());
}

void SessionMeasuresTest::the_panel_shows_a_limit_and_lifts_it()
{
    Desk desk(m_appearance);
    desk.control.answer = {};
    Bars bars(desk);
    desk.clickRow(7370);
    desk.push(changed(7370, [](SessionActivity& activity) { activity.temporaryLimit = limitOf(7370); }));
    const QString text = desk.child<SessionPanel>("sessionPanel")->measuresText();
    for (const char* part : {"Limited to 5/s, burst 10\n", "By erik, until ", "for 9:59", "floods"})
        QVERIFY2(text.contains(QLatin1StringView(part)), qPrintable(text));
    desk.click("panelLift");
    QTRY_COMPARE(desk.control.commands<UnlimitCommand>(), std::vector{UnlimitCommand{LimitId{4}}});
    QTRY_COMPARE(bars.outcome.label()->text(), QStringLiteral("1 limit lifted."));
    desk.push(changed(
        7370, [](SessionActivity&) {}, start + 2s));
    QVERIFY(desk.child<SessionPanel>("sessionPanel")->measuresText().isEmpty());
}

void SessionMeasuresTest::a_failed_lift_is_told()
{
    Desk desk(m_appearance);
    Bars bars(desk);
    desk.clickRow(7370);
    desk.push(changed(7370, [](SessionActivity& activity) { activity.temporaryLimit = limitOf(7370); }));
    desk.control.answer = [](const Command&) { return refused("no such limit"); };
    QTest::keyClick(desk.table(), Qt::Key_M, Qt::ControlModifier | Qt::ShiftModifier);
    QTRY_COMPARE(bars.outcome.label()->text(), QStringLiteral("Not every limit is lifted: no such limit"));
}

void SessionMeasuresTest::a_limit_marks_the_state_and_counts_in_the_share()
{
    Desk desk(m_appearance);
    const auto cell = [&desk](ConnectionColumn column) {
        return desk.page().model().index(desk.page().model().rowOf(SessionId{7000}), static_cast<int>(column));
    };
    QCOMPARE(cell(ConnectionColumn::OfLimit).data().toString(), QStringLiteral("6 %")); // 3/s of 50/s
    desk.push(changed(7000, [](SessionActivity& activity) { activity.temporaryLimit = limitOf(7000); }));
    QCOMPARE(cell(ConnectionColumn::OfLimit).data().toString(), QStringLiteral("60 %"));
    const QModelIndex state = cell(ConnectionColumn::State);
    QCOMPARE(state.data().toString(), QStringLiteral("open"));
    QVERIFY(state.data(Qt::ToolTipRole).toString().contains(QStringLiteral("temporary limit 5/s, burst 10")));
    QVERIFY(state.data(Qt::AccessibleTextRole).toString().endsWith(QStringLiteral("temporary limit 5/s, burst 10")));
    // A user's limit is shared by their sessions: it says nothing of one.
    desk.push(changed(
        7000,
        [](SessionActivity& activity) {
            activity.temporaryLimit = limitOf(7000);
            activity.temporaryLimit->session = {};
        },
        start + 2s));
    QCOMPARE(cell(ConnectionColumn::OfLimit).data().toString(), QStringLiteral("6 %"));
    QTest::keyClicks(desk.child<QLineEdit>("filter"), QStringLiteral("temporary"));
    QCOMPARE(desk.page().model().rowCount(), 1);
}

void SessionMeasuresTest::actions_name_their_commands_and_controls_their_names()
{
    Desk desk(m_appearance);
    for (const char* name : {"quarantine", "release", "limit", "liftLimit"}) {
        const auto* action = desk.child<QAction>(name);
        QVERIFY2(commandLine(*action).startsWith(QStringLiteral("gatehousectl ")), name);
        QVERIFY2(!action->shortcut().isEmpty(), name);
    }
    desk.clickRow(7370);
    desk.child<QAction>("limit")->trigger();
    auto* dialog = desk.child<LimitDialog>("limitDialog");
    for (const QWidget* field : dialog->findChildren<QWidget*>()) {
        if (qobject_cast<const QSpinBox*>(field) || qobject_cast<const QComboBox*>(field))
            QVERIFY2(!field->accessibleName().isEmpty(), qPrintable(field->objectName()));
    }
}

void SessionMeasuresTest::long_names_fit_a_small_window()
{
    SessionSketch sketch{7000, "svc-telemetry-collector-north-hall-10022"};
    Desk desk(m_appearance, {sketch});
    desk.window->resize(1024, 640);
    FeedBatch batch = gateBatch({sketch}, start + 1s, 0);
    quarantine(batch.rows[0].activity);
    batch.rows[0].activity.temporaryLimit = limitOf(7000);
    desk.push(std::move(batch));
    desk.clickRow(7000);
    auto* panel = desk.child<SessionPanel>("sessionPanel");
    QTRY_VERIFY(panel->isVisible());
    for (const auto* button : panel->findChildren<QPushButton*>()) {
        const QRect place(button->mapTo(panel, QPoint()), button->size());
        QVERIFY2(!button->isVisible() || panel->rect().contains(place), qPrintable(button->objectName()));
    }
    desk.child<QAction>("limit")->trigger();
    QVERIFY(desk.child<LimitDialog>("limitDialog")->height() <= 640);
    QVERIFY(desk.child<LimitDialog>("limitDialog")->width() <= 1024);
}

int main(int argc, char** argv)
{
    return runWithAppearance<SessionMeasuresTest>(argc, argv);
}
#include "sessionmeasurestest.moc"
