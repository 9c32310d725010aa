// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/connectionspage.h"
#include "desk.h"
#include "dialogs/bandialog.h"
#include "dialogs/kickdialog.h"
#include "dialogs/revokedialog.h"
#include "guimain.h"
#include "pages/columnfit.h"
#include "pages/outcomebar.h"
#include "pages/sessionactions.h"
#include "pages/sessionpanel.h"
#include "style/elidedlabel.h"

#include <QAction>
#include <QClipboard>
#include <QComboBox>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QRadioButton>
#include <QSignalSpy>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace gatehouse::ui;
using namespace std::chrono_literals;

namespace {

/// As in the scenes.
std::string tokenOf(std::uint64_t session)
{
    for (const SessionRow& row : gateBatch(smallGate(), start, 0).rows)
        if (row.info->id == SessionId{session})
            return row.info->tokenId;
    return {};
}

} // namespace

class ConnectionsPageTest : public QObject {
    Q_OBJECT
public:
    explicit ConnectionsPageTest(Appearance& appearance)
        : m_appearance(appearance)
    {
    }

private Q_SLOTS:
    void a_kick_by_mouse_names_its_target_and_reaches_the_server();
    void a_kick_by_keyboard_takes_the_chosen_rows();
    void over_ten_targets_want_their_number_typed();
    void a_kick_keeps_the_targets_that_it_opened_with();
    void a_failed_kick_says_so_in_its_dialog();
    void a_ban_says_what_it_came_to_and_is_taken_back();
    void a_failed_ban_says_so_in_its_dialog();
    void the_token_of_a_session_can_be_banned();
    void a_token_is_revoked_by_keyboard_and_taken_back();
    void a_dialog_grows_with_what_it_says_later();
    void all_tokens_of_a_user_are_revoked_from_the_panels_menu();
    void a_failed_revocation_says_so_in_its_dialog();
    void a_session_without_a_token_offers_no_revocation();
    void the_panel_shows_the_token_and_what_was_throttled_and_dropped();
    void rows_come_at_once_under_a_pointer_that_rests();
    void rows_wait_while_the_pointer_moves_over_them();
    void rows_wait_while_their_menu_is_open_or_hold_is_on();
    void the_panel_says_why_a_session_is_limited();
    void the_filter_field_narrows_the_table_and_can_be_cleared();
    void an_empty_gate_says_what_to_do();
    void names_are_shown_as_plain_text();
    void copies_hold_the_chosen_rows();
    void columns_leave_by_priority();
    void the_layout_is_kept_and_can_be_reset();
    void focus_gives_the_table_a_current_row();
    void every_button_and_field_has_a_name();

private:
    Appearance& m_appearance;
};

void ConnectionsPageTest::a_kick_by_mouse_names_its_target_and_reaches_the_server()
{
    Desk desk(m_appearance);
    desk.clickRow(7370);
    desk.click("panelKick");
    auto* dialog = desk.child<KickDialog>("kickDialog");
    QVERIFY(dialog && dialog->isVisible());
    QCOMPARE(dialog->windowTitle(), QStringLiteral("Kick guest-118"));
    QTest::keyClicks(dialog->findChild<QLineEdit*>(QStringLiteral("kickReason")), QStringLiteral("too loud"));
    dialog->findChild<QComboBox*>(QStringLiteral("kickCooldown"))->setCurrentIndex(2);
    desk.click("kickAction");
    const auto kicks = desk.control.commands<KickCommand>();
    QCOMPARE(kicks.size(), std::size_t(1));
    QCOMPARE(kicks[0], (KickCommand{{SessionId{7370}}, "too loud", 5min}));
    QTRY_VERIFY(!desk.child<KickDialog>("kickDialog"));
    QTRY_COMPARE(desk.child<QLabel>("connectionsNotice")->text(), QStringLiteral("1 session kicked"));
}

void ConnectionsPageTest::a_kick_by_keyboard_takes_the_chosen_rows()
{
    Desk desk(m_appearance);
    desk.clickRow(7000);
    desk.clickRow(7074, Qt::ControlModifier);
    QTest::keyClick(desk.table(), Qt::Key_Delete);
    auto* dialog = desk.child<KickDialog>("kickDialog");
    QVERIFY(dialog);
    QTest::keyClick(dialog, Qt::Key_Return);
    QTRY_COMPARE(desk.control.commands<KickCommand>().size(), std::size_t(1));
    QCOMPARE(desk.control.commands<KickCommand>()[0], (KickCommand{{SessionId{7000}, SessionId{7074}}, "", 1min}));
}

void ConnectionsPageTest::over_ten_targets_want_their_number_typed()
{
    Desk desk(m_appearance);
    QTest::keyClicks(desk.child<QLineEdit>("filter"), QStringLiteral("10.20."));
    QCOMPARE(desk.child<QPushButton>("connectionsKick")->text(), QStringLiteral("Kick 18 open sessions…"));
    desk.click("connectionsKick");
    auto* action = desk.child<QPushButton>("kickAction");
    QVERIFY(!action->isEnabled());
    QTest::keyClicks(desk.child<QLineEdit>("kickTyped"), QStringLiteral("17"));
    QVERIFY(!action->isEnabled());
    QTest::keyClick(desk.child<QLineEdit>("kickTyped"), Qt::Key_Backspace);
    QTest::keyClicks(desk.child<QLineEdit>("kickTyped"), QStringLiteral("8"));
    QVERIFY(action->isEnabled());
    desk.click("kickAction");
    QCOMPARE(desk.control.commands<KickCommand>().at(0).sessions.size(), std::size_t(18));
}

void ConnectionsPageTest::a_kick_keeps_the_targets_that_it_opened_with()
{
    Desk desk(m_appearance);
    desk.clickRow(7370);
    desk.click("panelKick");
    FeedBatch later = gateBatch({}, start + 30s, 0);
    ClosedSession gone;
    gone.id = SessionId{7000};
    later.closed.push_back(gone);
    later.rows.push_back(sketched({1, "newcomer"}, start + 30s));
    desk.push(std::move(later));
    desk.clickRow(7037);
    desk.click("kickAction");
    QCOMPARE(desk.control.commands<KickCommand>().at(0).sessions, std::vector{SessionId{7370}});
}

void ConnectionsPageTest::a_failed_kick_says_so_in_its_dialog()
{
    Desk desk(m_appearance);
    desk.control.answer = [](const Command&) -> Reply {
        return Failure{ControlError{ControlErrorCode::Unavailable, "the server is draining"}};
    };
    desk.clickRow(7370);
    desk.click("panelKick");
    desk.click("kickAction");
    auto* dialog = desk.child<KickDialog>("kickDialog");
    QTRY_COMPARE(dialog->failure(), QStringLiteral("Nobody was kicked: the server is draining"));
    QVERIFY(dialog->isVisible());
    QVERIFY(desk.child<QPushButton>("kickAction")->isEnabled());
}

void ConnectionsPageTest::a_ban_says_what_it_came_to_and_is_taken_back()
{
    Desk desk(m_appearance);
    desk.control.answer = [](const Command& command) -> Reply {
        if (const auto* ban = std::get_if<BanCommand>(&command))
            return Answer(BanResult{{BanId{5}, ban->subject, ban->value, {}, "dana", {}, start, start + 10min},
                                    {SessionId{7370}, SessionId{7629}}});
        if (std::holds_alternative<UnbanCommand>(command))
            return Answer(UnbanResult{});
        return gateAnswer(command, start);
    };
    desk.clickRow(7370);
    desk.click("panelBan");
    desk.click("banConfirm");
    QTRY_COMPARE(desk.control.commands<BanCommand>().size(), std::size_t(1));
    QCOMPARE(desk.control.commands<BanCommand>()[0].value, std::string("guest-118"));
    auto* outcome = desk.page().findChild<OutcomeBar*>();
    QTRY_VERIFY(outcome->isVisible());
    QVERIFY(outcome->label()->text().startsWith(QStringLiteral("guest-118 is banned until ")));
    QVERIFY(outcome->label()->text().endsWith(QStringLiteral("2 sessions ended.")));
    QTest::mouseClick(outcome->undoButton(), Qt::LeftButton);
    QTRY_COMPARE(desk.control.commands<UnbanCommand>(), std::vector{UnbanCommand{BanId{5}}});
    QTRY_COMPARE(outcome->label()->text(), QStringLiteral("The ban of guest-118 is lifted."));
    QVERIFY(!outcome->undoButton()->isVisible());
}

void ConnectionsPageTest::a_failed_ban_says_so_in_its_dialog()
{
    Desk desk(m_appearance);
    desk.clickRow(7370);
    desk.control.answer = [](const Command&) -> Reply {
        return Failure{ControlError{ControlErrorCode::Rejected, "it is your own address"}};
    };
    desk.click("panelBan");
    desk.click("banConfirm");
    auto* dialog = desk.page().findChild<Dialog*>();
    QTRY_COMPARE(dialog->failure(), QStringLiteral("guest-118 was not banned: it is your own address"));
    QVERIFY(!desk.page().findChild<OutcomeBar*>()->isVisible());
}

void ConnectionsPageTest::the_token_of_a_session_can_be_banned()
{
    Desk desk(m_appearance);
    desk.clickRow(7370);
    desk.click("panelBan");
    for (QRadioButton* choice : desk.page().findChildren<QRadioButton*>())
        if (choice->text() == QStringLiteral("Its &token"))
            QTest::mouseClick(choice, Qt::LeftButton);
    QCOMPARE(desk.child<QLineEdit>("banValue")->text().toStdString(), tokenOf(7370));
    desk.click("banConfirm");
    QTRY_COMPARE(desk.control.commands<BanCommand>().size(), std::size_t(1));
    const BanCommand ban = desk.control.commands<BanCommand>()[0];
    QCOMPARE(ban.subject, BanSubject::Token);
    QCOMPARE(ban.value, tokenOf(7370));
    QCOMPARE(ban.issuer, std::string("corp"));
}

void ConnectionsPageTest::a_token_is_revoked_by_keyboard_and_taken_back()
{
    Desk desk(m_appearance);
    desk.control.answer = [](const Command& command) -> Reply {
        if (const auto* revoke = std::get_if<RevokeTokenCommand>(&command)) {
            RevocationResult result;
            result.revocation.id = RevocationId{5};
            result.revocation.value = revoke->tokenId;
            result.ended = {SessionId{7370}};
            return Answer(result);
        }
        if (std::holds_alternative<UnrevokeCommand>(command))
            return Answer(UnrevokeResult{});
        if (std::holds_alternative<SessionsQuery>(command))
            return Answer(SessionList{gateBatch(smallGate(), start, 0).rows});
        return gateAnswer(command, start);
    };
    desk.clickRow(7370);
    QTest::keyClick(desk.table(), Qt::Key_T, Qt::ControlModifier);
    auto* dialog = desk.child<RevokeDialog>("revokeDialog");
    QVERIFY(dialog);
    QTRY_COMPARE(dialog->effectText(), QStringLiteral("1 open session would end now."));
    QTest::keyClicks(dialog->findChild<QLineEdit*>(QStringLiteral("revokeReason")), QStringLiteral("lost"));
    QTest::keyClick(dialog, Qt::Key_Return);
    QTRY_COMPARE(desk.control.commands<RevokeTokenCommand>(),
                 (std::vector{RevokeTokenCommand{tokenOf(7370), "corp", {}, {}, "lost"}}));
    auto* outcome = desk.page().findChild<OutcomeBar*>();
    QTRY_VERIFY(outcome->isVisible());
    QVERIFY(outcome->label()->text().endsWith(QStringLiteral("is revoked. 1 session ended.")));
    QTest::mouseClick(outcome->undoButton(), Qt::LeftButton);
    QTRY_COMPARE(desk.control.commands<UnrevokeCommand>(), std::vector{UnrevokeCommand{RevocationId{5}}});
    QTRY_COMPARE(outcome->label()->text(), QStringLiteral("The revocation is taken back."));
    QVERIFY(desk.control.commands<UnbanCommand>().empty());
}

void ConnectionsPageTest::a_dialog_grows_with_what_it_says_later()
{
    Desk desk(m_appearance);
    desk.control.holdsAnswers = true;
    desk.clickRow(7370);
    desk.click("panelBan");
    const auto* reason = desk.child<QLineEdit>("banReason");
    const int height = reason->height();
    QVERIFY(height >= reason->sizeHint().height());
    desk.control.release();
    QTRY_VERIFY(!desk.page().findChild<BanDialog*>()->effectText().isEmpty());
    QApplication::processEvents();
    QCOMPARE(reason->height(), height);
}

void ConnectionsPageTest::all_tokens_of_a_user_are_revoked_from_the_panels_menu()
{
    Desk desk(m_appearance);
    desk.clickRow(7370);
    QMenu menu;
    desk.page().findChild<SessionActions*>()->fillMenu(menu, {});
    QAction* action = desk.child<QAction>("revokeUser");
    QVERIFY(menu.actions().contains(action));
    action->trigger();
    desk.child<QComboBox>("revokeUntil")->setCurrentIndex(2);
    desk.click("revokeConfirm");
    QTRY_COMPARE(desk.control.commands<InvalidateUserTokensCommand>(),
                 (std::vector{InvalidateUserTokensCommand{"guest-118", "corp", {}, {}, 24h * 30, {}}}));
}

void ConnectionsPageTest::a_failed_revocation_says_so_in_its_dialog()
{
    Desk desk(m_appearance);
    desk.clickRow(7370);
    desk.control.answer = [](const Command&) -> Reply {
        return Failure{ControlError{ControlErrorCode::Rejected, "the list is full"}};
    };
    desk.child<QAction>("revokeToken")->trigger();
    desk.click("revokeConfirm");
    auto* dialog = desk.child<RevokeDialog>("revokeDialog");
    QTRY_COMPARE(dialog->failure(), QStringLiteral("Not revoked: the list is full"));
    QVERIFY(desk.child<QPushButton>("revokeConfirm")->isEnabled());
}

void ConnectionsPageTest::a_session_without_a_token_offers_no_revocation()
{
    Desk desk(m_appearance, {});
    FeedBatch batch;
    batch.snapshot = true;
    SessionRow row = sketched(smallGate()[0], start);
    auto info = std::make_shared<SessionInfo>(*row.info);
    info->user.clear();
    info->tokenId.clear();
    row.info = info;
    batch.rows = {row};
    desk.push(std::move(batch));
    desk.clickRow(7000);
    QVERIFY(desk.child<QAction>("ban")->isEnabled());
    QVERIFY(!desk.child<QAction>("revokeToken")->isEnabled());
    QVERIFY(!desk.child<QAction>("revokeUser")->isEnabled());
}

void ConnectionsPageTest::the_panel_shows_the_token_and_what_was_throttled_and_dropped()
{
    Desk desk(m_appearance);
    FeedBatch batch = gateBatch(smallGate(), start, 0);
    batch.rows[0].activity.throttled = 12;
    batch.rows[0].activity.dropped = 1200;
    desk.push(std::move(batch));
    const auto shown = [&desk] {
        QStringList facts;
        for (const auto* label : desk.page().findChild<SessionPanel*>()->findChildren<ElidedLabel*>())
            if (!label->isHidden())
                facts += label->accessibleName();
        return facts.join(QLatin1Char('\n'));
    };
    desk.clickRow(7000);
    QVERIFY2(shown().contains(QStringLiteral("Token: \u20665b1e7c0a-9f42-…00007000\u2069")), qPrintable(shown()));
    QVERIFY(shown().contains(QStringLiteral("Throttled: 12 times")));
    QVERIFY(shown().contains(QStringLiteral("Dropped: 1,200 messages to the client")));
    desk.clickRow(7037);
    QVERIFY(!shown().contains(QStringLiteral("Throttled")));
    QVERIFY(!shown().contains(QStringLiteral("Dropped")));
}

void ConnectionsPageTest::rows_come_at_once_under_a_pointer_that_rests()
{
    Desk desk(m_appearance, {});
    // The page appears under the pointer, first empty, then with its rows.
    desk.window->showPage(QStringLiteral("overview"));
    desk.pointAt(desk.window->rect().center());
    desk.window->showPage(QStringLiteral("connections"));
    desk.push(gateBatch({{1, "alice"}}, start + 1s, 0));
    QTRY_VERIFY(desk.table()->isVisible());
    QTRY_VERIFY(desk.table()->viewport()->underMouse());
    desk.push(gateBatch({{1, "alice"}, {2, "bjorn"}, {3, "mei"}}, start + 2s, 0));
    QCOMPARE(desk.page().model().rowCount(), 3);
    QVERIFY(!desk.child<QPushButton>("connectionsWaiting")->isVisible());
    // Focus alone holds nothing.
    desk.table()->setFocus();
    desk.push(gateBatch({{4, "omar"}}, start + 3s, 0));
    QCOMPARE(desk.page().model().rowCount(), 4);
}

void ConnectionsPageTest::rows_wait_while_the_pointer_moves_over_them()
{
    Desk desk(m_appearance);
    desk.pointAt(desk.overRow(3));
    desk.pointAt(desk.overRow(4));
    desk.push(gateBatch({{1, "newcomer"}}, start + 1s, 0));
    QCOMPARE(desk.page().model().rowCount(), 18);
    auto* waiting = desk.child<QPushButton>("connectionsWaiting");
    QVERIFY(waiting->isVisible());
    QCOMPARE(waiting->text(), QStringLiteral("1 new"));
    // A row that is held by the button stays where it is, wherever the pointer is dragged.
    QTest::mousePress(desk.handle(), Qt::LeftButton, {}, desk.overRow(4));
    desk.pointAt({20, 20});
    desk.push(gateBatch({{2, "another"}}, start + 2s, 0));
    QCOMPARE(desk.page().model().rowCount(), 18);
    QTest::mouseRelease(desk.handle(), Qt::LeftButton, {}, {20, 20});
    QTRY_COMPARE(desk.page().model().rowCount(), 20);
    QVERIFY(!waiting->isVisible());
    // A snapshot shows all that is there.
    desk.pointAt(desk.overRow(4));
    FeedBatch snapshot = gateBatch({{1, "newcomer"}, {5, "late"}}, start + 3s, 0);
    snapshot.snapshot = true;
    desk.push(std::move(snapshot));
    QCOMPARE(desk.page().model().rowCount(), 2);
    desk.pointAt({20, 20});
}

void ConnectionsPageTest::rows_wait_while_their_menu_is_open_or_hold_is_on()
{
    Desk desk(m_appearance);
    Q_EMIT desk.table()->customContextMenuRequested(desk.table()->visualRect(desk.page().model().index(2, 1)).center());
    auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
    QVERIFY(menu);
    desk.push(gateBatch({{1, "newcomer"}}, start + 1s, 0));
    QCOMPARE(desk.page().model().rowCount(), 18);
    menu->close();
    QTRY_COMPARE(desk.page().model().rowCount(), 19);
    desk.click("connectionsHold");
    desk.push(gateBatch({{2, "another"}}, start + 2s, 0));
    QCOMPARE(desk.page().model().rowCount(), 19);
    desk.click("connectionsHold");
    QTRY_COMPARE(desk.page().model().rowCount(), 20);
}

void ConnectionsPageTest::the_panel_says_why_a_session_is_limited()
{
    Desk desk(m_appearance);
    desk.clickRow(7370);
    const QString why = desk.child<SessionPanel>("sessionPanel")->whyText();
    for (const char* part :
         {"53/s came over the last 10 s", "50/s, burst 100", "hub › messages › rate, policy v41", "2 of 3 violations"})
        QVERIFY2(why.contains(QString::fromUtf8(part)), part);
    desk.clickRow(7000);
    QVERIFY(desk.child<SessionPanel>("sessionPanel")->whyText().isEmpty());
    const auto queries = desk.control.commands<AuditQuery>();
    QVERIFY(
        std::any_of(queries.begin(), queries.end(), [](const AuditQuery& q) { return q.session == SessionId{7370}; }));
}

void ConnectionsPageTest::the_filter_field_narrows_the_table_and_can_be_cleared()
{
    Desk desk(m_appearance);
    QTest::keyClick(desk.window.get(), Qt::Key_F, Qt::ControlModifier);
    QTRY_VERIFY(desk.child<QLineEdit>("filter")->hasFocus());
    QTest::keyClicks(desk.child<QLineEdit>("filter"), QStringLiteral("kiosk"));
    QCOMPARE(desk.child<QLabel>("connectionsCounts")->text(), QStringLiteral("4 of 18 match"));
    QCOMPARE(desk.page().model().rowCount(), 4);
    // Each page keeps its own filter.
    desk.window->showPage(QStringLiteral("audit"));
    QCOMPARE(desk.child<QLineEdit>("filter")->text(), QString());
    desk.window->showPage(QStringLiteral("connections"));
    QCOMPARE(desk.child<QLineEdit>("filter")->text(), QStringLiteral("kiosk"));
    desk.child<QLineEdit>("filter")->clear();
    QCOMPARE(desk.page().model().rowCount(), 18);
}

void ConnectionsPageTest::an_empty_gate_says_what_to_do()
{
    Desk desk(m_appearance, {});
    auto* empty = desk.page().findChild<QLabel*>();
    QVERIFY(empty);
    bool told = false;
    for (const QLabel* label : desk.page().findChildren<QLabel*>())
        told = told || (label->isVisible() && label->text().contains(QStringLiteral("gatehousectl token")));
    QVERIFY(told);
    QVERIFY(!desk.table()->isVisible());
}

void ConnectionsPageTest::names_are_shown_as_plain_text()
{
    SessionSketch hostile;
    hostile.id = 9;
    hostile.user = "<img src=x>\xe2\x80\xae";
    Desk desk(m_appearance, {hostile});
    desk.clickRow(9);
    desk.click("panelKick");
    for (const QLabel* label : desk.window->findChildren<QLabel*>())
        QVERIFY2(!label->text().contains(QLatin1StringView("<img")) || label->textFormat() == Qt::PlainText,
                 qPrintable(label->text()));
    const QModelIndex cell = desk.page().model().index(0, static_cast<int>(ConnectionColumn::User));
    QVERIFY(cell.data(Qt::ToolTipRole).toString().startsWith(QLatin1StringView("&lt;img")));
    QVERIFY(cell.data().toString().endsWith(QLatin1StringView("\\u202e")));
}

void ConnectionsPageTest::copies_hold_the_chosen_rows()
{
    Desk desk(m_appearance);
    desk.clickRow(7000);
    desk.clickRow(7370, Qt::ControlModifier);
    desk.child<QAction>("copyJson")->trigger();
    const QJsonArray list = QJsonDocument::fromJson(QGuiApplication::clipboard()->text().toUtf8()).array();
    QCOMPARE(list.size(), 2);
    QCOMPARE(list[1].toObject().value(QStringLiteral("user")).toString(), QStringLiteral("guest-118"));
    desk.child<QAction>("copyCommand")->trigger();
    QCOMPARE(QGuiApplication::clipboard()->text(), QStringLiteral("gatehousectl kick 7000 7370"));
}

void ConnectionsPageTest::columns_leave_by_priority()
{
    const ColumnFit standard = ColumnFit::standard();
    const auto shown = [&](int width, ConnectionColumn column) {
        return standard.within(width).wanted[static_cast<std::size_t>(column)];
    };
    for (int width = 2000; width >= 100; width -= 10) {
        const ColumnFit fit = standard.within(width);
        int sum = 0;
        for (std::size_t i = 0; i < fit.wanted.size(); ++i)
            sum += fit.wanted[i] ? fit.width[i] : 0;
        QVERIFY(shown(width, ConnectionColumn::Id) && shown(width, ConnectionColumn::User) &&
                shown(width, ConnectionColumn::State));
        QVERIFY2(width < 300 || sum <= width, "nothing is clipped");
        // Whoever leaves later is there as long as one that leaves earlier is.
        QVERIFY(!shown(width, ConnectionColumn::Role) || shown(width, ConnectionColumn::OfLimit));
    }
    QVERIFY(shown(880, ConnectionColumn::Since));
}

void ConnectionsPageTest::the_layout_is_kept_and_can_be_reset()
{
    Desk desk(m_appearance);
    desk.table()->setWanted(ConnectionColumn::Role, false);
    desk.page().saveState();
    ConnectionsModel model;
    ConnectionsTable again(model);
    again.restore(desk.settings);
    QVERIFY(!again.columns().wanted[static_cast<std::size_t>(ConnectionColumn::Role)]);
    desk.window->findChild<QAction*>(QStringLiteral("resetLayout"))->trigger();
    QVERIFY(desk.table()->columns() == ColumnFit::standard());
}

void ConnectionsPageTest::focus_gives_the_table_a_current_row()
{
    // Whether rows or focus come first.
    Desk desk(m_appearance, {});
    QVERIFY(QTest::qWaitForWindowActive(desk.window.get()));
    desk.table()->setFocus();
    QVERIFY(!desk.table()->currentIndex().isValid());
    desk.push(gateBatch(smallGate(), start + 1s, 0));
    QTRY_VERIFY(desk.table()->isVisible());
    desk.table()->setFocus();
    QTRY_VERIFY(desk.table()->currentIndex().isValid());
    FeedBatch others = gateBatch({{1, "newcomer"}}, start + 2s, 0);
    others.snapshot = true;
    desk.push(std::move(others));
    QTRY_VERIFY(desk.table()->currentIndex().isValid());
}

void ConnectionsPageTest::every_button_and_field_has_a_name()
{
    Desk desk(m_appearance);
    desk.clickRow(7370);
    desk.click("panelKick");
    for (const QPushButton* button : desk.page().findChildren<QPushButton*>())
        QVERIFY2(!button->text().isEmpty() || !button->accessibleName().isEmpty() || !button->isVisible(),
                 qPrintable(button->objectName()));
    for (const QLineEdit* field : desk.child<KickDialog>("kickDialog")->findChildren<QLineEdit*>())
        QVERIFY2(!field->accessibleName().isEmpty(), qPrintable(field->objectName()));
}

int main(int argc, char** argv)
{
    return runWithAppearance<ConnectionsPageTest>(argc, argv);
}
#include "connectionspagetest.moc"
