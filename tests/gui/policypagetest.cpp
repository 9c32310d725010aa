// SPDX-License-Identifier: GPL-3.0-or-later
// The policy page with mouse and keyboard, on a server that keeps versions: its text, drafts, trials and history.
#include "pages/policypage.h"
#include "guimain.h"
#include "mainwindow/mainwindow.h"
#include "pages/differenceview.h"
#include "pages/policyeditview.h"
#include "pages/policyhistoryview.h"
#include "pages/policyreviewview.h"
#include "pages/provisionalbanner.h"
#include "pages/recordtable.h"
#include "pages/reviewcard.h"
#include "policystage.h"
#include "style/pill.h"
#include "text/format.h"
#include "text/policytext.h"

#include <QAction>
#include <QMenu>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace std::chrono_literals;
using ui::PolicyApplyDialog;
using ui::PolicyPage;

class PolicyPageTest : public QObject {
    Q_OBJECT
public:
    explicit PolicyPageTest(ui::Appearance& appearance)
        : m_appearance(appearance)
    {
    }

private Q_SLOTS:
    void the_running_version_is_shown_with_who_and_why();
    void a_policy_that_cannot_be_read_says_so_and_tries_again();
    void typing_is_checked_once_it_rests();
    void a_stale_check_is_dropped();
    void errors_are_marked_listed_and_led_to();
    void a_draft_can_be_discarded_and_brought_back();
    void a_draft_outlives_page_and_console();
    void a_version_that_came_meanwhile_is_told();
    void taking_it_as_base_applies_on_it();
    void a_provisional_policy_counts_down_and_is_confirmed();
    void a_provisional_policy_can_return_at_once();
    void a_confirmation_that_fails_says_so();
    void every_page_shows_the_countdown();
    void an_earlier_version_is_restored_from_history();
    void history_cuts_nothing_but_long_reasons();
    void history_reads_on_at_its_end();
    void the_keyboard_is_enough();
    void a_file_that_was_not_taken_is_an_alarm();
    void words_of_changes_data();
    void words_of_changes();
    void a_difference_is_folded_and_bounded();

private:
    ui::Appearance& m_appearance;
};

void PolicyPageTest::the_running_version_is_shown_with_who_and_why()
{
    PolicyStage stage;
    PolicyPage& page = stage.open();
    QCOMPARE(page.edit().title(),
             QStringLiteral("v41 · applied 12 min ago by root: line 3 sends more since the new firmware"));
    QCOMPARE(page.edit().editor().text(), qs(scenePolicy()));
    QVERIFY(!stage.child("policyReview")->isEnabled());
    QVERIFY(!stage.child("policyDiscard")->isVisible());
    QCOMPARE(stage.control.commands<PolicyGetQuery>().size(), std::size_t(1));
}

void PolicyPageTest::a_policy_that_cannot_be_read_says_so_and_tries_again()
{
    PolicyStage stage;
    const auto good = stage.control.answer;
    stage.control.answer = [](const Command&) -> Reply {
        return Failure{ControlError{ControlErrorCode::Unavailable, "the store is locked"}};
    };
    PolicyPage& page = stage.open();
    QVERIFY(!page.edit().editor().isVisible());
    stage.control.answer = good;
    const QList<QPushButton*> buttons = page.edit().findChildren<QPushButton*>();
    const auto retry =
        std::ranges::find_if(buttons, [](QPushButton* b) { return b->text() == QLatin1String("Try again"); });
    QVERIFY(retry != buttons.end());
    QTest::mouseClick(*retry, Qt::LeftButton);
    PolicyStage::settle();
    QVERIFY(page.edit().editor().isVisible());
}

void PolicyPageTest::typing_is_checked_once_it_rests()
{
    PolicyStage stage;
    PolicyPage& page = stage.open();
    page.edit().editor().setFocus();
    QTest::keyClicks(&page.edit().editor(), QStringLiteral("   "));
    QCOMPARE(stage.control.commands<PolicyCheckCommand>().size(), std::size_t(0));
    QTRY_COMPARE(stage.control.commands<PolicyCheckCommand>().size(), std::size_t(1));
    QCOMPARE(stage.control.commands<PolicyCheckCommand>().front().policy, "   " + scenePolicy());
    QVERIFY(stage.child("policyReview")->isEnabled());
}

void PolicyPageTest::a_stale_check_is_dropped()
{
    PolicyStage stage;
    PolicyPage& page = stage.open();
    stage.server.check.valid = false;
    stage.server.check.errors = {{"", 1, 1, "bad_value", "of the older text"}};
    stage.control.holdsAnswers = true;
    QTest::keyClicks(&page.edit().editor(), QStringLiteral("x"));
    QTRY_COMPARE(stage.control.commands<PolicyCheckCommand>().size(), std::size_t(1));
    QTest::keyClicks(&page.edit().editor(), QStringLiteral("y"));
    stage.control.release();
    PolicyStage::settle();
    QCOMPARE(page.edit().errorCount(), 0);
    QTRY_COMPARE(stage.control.commands<PolicyCheckCommand>().size(), std::size_t(2));
    stage.control.release();
    PolicyStage::settle();
    QCOMPARE(page.edit().errorCount(), 1);
}

void PolicyPageTest::errors_are_marked_listed_and_led_to()
{
    PolicyStage stage;
    PolicyPage& page = stage.open();
    stage.server.check.valid = false;
    stage.server.check.errors = {{"/routes/0/orgins", 26, 7, "unknown_key", "unknown key \"orgins\""}};
    stage.server.check.warnings = {{"/audit/retention", 43, 18, "long", "much"}};
    QTest::keyClicks(&page.edit().editor(), QStringLiteral(" "));
    QTRY_COMPARE(page.edit().errorCount(), 1);
    QCOMPARE(page.edit().editor().marks().size(), std::size_t(2));
    ui::RecordTable& list = page.edit().problems();
    QVERIFY(list.isVisible());
    QCOMPARE(list.model()->rowCount(), 2);
    QCOMPARE(list.model()->index(0, 0).data().toString(), QStringLiteral("26:7"));
    QCOMPARE(list.model()->index(0, 1).data().toString(), QStringLiteral("/routes/0/orgins"));
    const auto cursor = [&] {
        int line = 0;
        int column = 0;
        page.edit().editor().getCursorPosition(&line, &column);
        return QPoint(column + 1, line + 1);
    };
    QTest::mouseClick(list.viewport(), Qt::LeftButton, {}, list.visualRect(list.model()->index(1, 2)).center());
    QCOMPARE(cursor(), QPoint(18, 43));
    list.setFocus();
    list.setCurrentIndex(list.model()->index(0, 0));
    QTest::keyClick(&list, Qt::Key_Return);
    QCOMPARE(cursor(), QPoint(7, 26));
    QTest::keyClick(&page, Qt::Key_F8);
    QCOMPARE(cursor(), QPoint(18, 43));
    QTest::keyClick(&page, Qt::Key_F8, Qt::ShiftModifier);
    QCOMPARE(cursor(), QPoint(7, 26));
}

void PolicyPageTest::a_draft_can_be_discarded_and_brought_back()
{
    PolicyStage stage;
    PolicyPage& page = stage.open();
    page.edit().editor().replaceAll(qs(sceneDraft()));
    QVERIFY(page.draft().exists());
    stage.click("policyDiscard");
    QVERIFY(!page.draft().exists());
    QCOMPARE(page.edit().editor().text(), qs(scenePolicy()));
    QTest::keyClick(&page.edit().editor(), Qt::Key_Z, Qt::ControlModifier);
    QCOMPARE(page.edit().editor().text(), qs(sceneDraft()));
    QVERIFY(page.draft().exists());
}

void PolicyPageTest::a_draft_outlives_page_and_console()
{
    PolicyStage stage;
    PolicyPage& page = stage.open();
    page.edit().editor().replaceAll(qs(sceneDraft()));
    page.setActive(false);
    page.setActive(true);
    PolicyStage::settle();
    QCOMPARE(page.edit().editor().text(), qs(sceneDraft()));
    page.saveState();
    PolicyPage again(stage.bridge, stage.settings, stage.figures);
    again.setActive(true);
    PolicyStage::settle();
    QCOMPARE(again.edit().editor().text(), qs(sceneDraft()));
    QCOMPARE(again.draft().base(), stage.server.running().hash);
    QCOMPARE(again.draft().baseVersion(), 41U);
    again.edit().editor().undo();
    QCOMPARE(again.edit().editor().text(), qs(scenePolicy()));
}

void PolicyPageTest::a_version_that_came_meanwhile_is_told()
{
    PolicyStage stage;
    PolicyPage& page = stage.open();
    stage.server.applyByOther("mei", scenePolicy() + "\n");
    stage.tick();
    QCOMPARE(page.edit().editor().text(), qs(scenePolicy() + "\n"));
    QVERIFY(page.edit().movedText().isEmpty());

    page.edit().editor().replaceAll(qs(sceneDraft()));
    stage.server.applyByOther("omar", scenePolicy());
    stage.tick();
    QCOMPARE(page.edit().movedText(), QStringLiteral("v43 was applied by omar meanwhile; the draft is on v42"));
    QCOMPARE(page.edit().editor().text(), qs(sceneDraft()));
    stage.click("movedShow");
    QCOMPARE(page.shown(), &page.history());
    QVERIFY(page.history().difference().lines().added > 0);
    stage.click("historyBack");
    stage.click("movedDiscard");
    QCOMPARE(page.edit().editor().text(), qs(scenePolicy()));
    QVERIFY(page.edit().movedText().isEmpty());
}

void PolicyPageTest::taking_it_as_base_applies_on_it()
{
    PolicyStage stage;
    PolicyPage& page = stage.open();
    page.edit().editor().replaceAll(qs(sceneDraft()));
    stage.server.applyByOther("omar", scenePolicy() + " ");
    stage.tick();
    stage.click("movedRebase");
    QVERIFY(page.edit().movedText().isEmpty());
    QCOMPARE(page.edit().editor().text(), qs(sceneDraft()));
    stage.click("policyReview");
    const std::string base = stage.server.running().hash;
    stage.applyReviewed("policyApply");
    QCOMPARE(stage.control.commands<PolicyApplyCommand>().front().base, base);
    QCOMPARE(stage.server.running().version, 43U);
}

void PolicyPageTest::a_provisional_policy_counts_down_and_is_confirmed()
{
    PolicyStage stage;
    PolicyPage& page = stage.reviewed();
    auto* menu = stage.child<QMenu>("policyDurations");
    QCOMPARE(menu->actions().size(), 4);
    stage.applyReviewed("policyApplyFor");
    QCOMPARE(stage.control.commands<PolicyApplyCommand>().at(0).provisional,
             std::optional<std::chrono::milliseconds>(5min));
    stage.tick();
    stage.tick();
    QVERIFY(page.banner().isVisible());
    QCOMPARE(page.banner().text(), QStringLiteral("v42 is provisional: returns to v41 in 4:58"));
    stage.tick(30s);
    QCOMPARE(page.banner().text(), QStringLiteral("v42 is provisional: returns to v41 in 4:28"));
    stage.click("policyConfirm");
    QCOMPARE(stage.control.commands<PolicyConfirmCommand>().at(0).version, 42U);
    stage.tick();
    QVERIFY(!page.banner().isVisible());
    QVERIFY(page.edit().title().contains(QStringLiteral("confirmed")));
}

void PolicyPageTest::a_provisional_policy_can_return_at_once()
{
    PolicyStage stage;
    PolicyPage& page = stage.reviewed();
    stage.applyReviewed("policyApplyFor");
    stage.tick();
    const std::string hash = stage.server.running().hash;
    stage.click("policyReturn");
    const auto command = stage.control.commands<PolicyRollbackCommand>().at(0);
    QCOMPARE(command.version, 41U);
    QCOMPARE(command.base, hash);
    stage.tick();
    QVERIFY(!page.banner().isVisible());
    QCOMPARE(page.edit().editor().text(), qs(scenePolicy()));
}

void PolicyPageTest::a_confirmation_that_fails_says_so()
{
    PolicyStage stage;
    PolicyPage& page = stage.reviewed();
    stage.applyReviewed("policyApplyFor");
    stage.tick();
    const auto good = stage.control.answer;
    stage.control.answer = [good](const Command& command) -> Reply {
        if (std::holds_alternative<PolicyConfirmCommand>(command))
            return Failure{ControlError{ControlErrorCode::Rejected, "disk full"}};
        return good(command);
    };
    stage.click("policyConfirm");
    QCOMPARE(page.banner().failure(), QStringLiteral("v42 was not confirmed: disk full"));
    QVERIFY(stage.child("policyConfirm")->isEnabled());
}

void PolicyPageTest::every_page_shows_the_countdown()
{
    PolicyServer server;
    QTemporaryDir folder;
    QSettings settings(folder.filePath(QStringLiteral("s.ini")), QSettings::IniFormat);
    FakeControl control;
    control.answer = [&](const Command& command) { return server.answer(command); };
    ui::MainWindow window(control, settings, m_appearance, {{"dana", "console"}, false, false});
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    QVERIFY(server.answer(PolicyApplyCommand{server.running().hash, sceneDraft(), "", 5min, false}).ok());
    FeedBatch batch;
    batch.snapshot = true;
    batch.stats.time = server.now;
    batch.stats.state = GateState::Serving;
    batch.stats.policyProblem = "line 3: unknown key";
    server.describe(batch.stats);
    control.push(batch);
    PolicyStage::settle();
    batch.snapshot = false;
    batch.sequence = 0;
    batch.stats.time += 1s;
    control.push(batch);
    PolicyStage::settle();
    const auto signs = [&] {
        QStringList words;
        for (const ui::ProvisionalBanner* banner : window.findChildren<ui::ProvisionalBanner*>()) {
            if (banner->isVisible())
                words += banner->text();
        }
        return words;
    };
    for (const char* page : {"overview", "connections", "authFailures", "audit", "policy"}) {
        window.showPage(QLatin1StringView(page));
        PolicyStage::settle();
        QCOMPARE(signs(), QStringList{QStringLiteral("v42 is provisional: returns to v41 in 4:59")});
    }
    QVERIFY(!window.findChild<QAction*>(QStringLiteral("filter"))->isEnabled());
    window.showPage(QStringLiteral("audit"));
    QVERIFY(window.findChild<QAction*>(QStringLiteral("filter"))->isEnabled());
    auto* line = window.findChild<QWidget*>(QStringLiteral("statusLine"));
    QVERIFY(line->accessibleName().contains(QStringLiteral("Policy file not taken")));
}

void PolicyPageTest::an_earlier_version_is_restored_from_history()
{
    PolicyStage stage;
    PolicyPage& page = stage.open();
    stage.click("policyHistory");
    QCOMPARE(page.shown(), &page.history());
    ui::RecordTable& table = page.history().table();
    QCOMPARE(table.model()->rowCount(), 5);
    QCOMPARE(page.history().model().entryAt(0)->version.version, 41U);
    QVERIFY(!stage.child("policyRestore")->isEnabled());
    QTest::mouseClick(table.viewport(), Qt::LeftButton, {}, table.visualRect(table.model()->index(2, 0)).center());
    PolicyStage::settle();
    QCOMPARE(page.history().changes().rows().size(), std::size_t(3));
    QCOMPARE(page.history().difference().lines(), ui::differenceLines(sceneDifference()));
    stage.click("policyRestore");
    QCOMPARE(page.shown(), &page.review());
    QCOMPARE(stage.control.commands<PolicyWhatIfCommand>().back().policy, sceneDraft());
    const std::string base = stage.server.running().hash;
    stage.applyReviewed("policyApply", "as it was");
    const auto command = stage.control.commands<PolicyRollbackCommand>().at(0);
    QCOMPARE(command.version, 39U);
    QCOMPARE(command.base, base);
    QCOMPARE(command.reason, std::string("as it was"));
    QVERIFY(!command.provisional);
    QVERIFY(page.edit().title().startsWith(QStringLiteral("v42 · restored from v39")));
}

void PolicyPageTest::history_cuts_nothing_but_long_reasons()
{
    using Column = ui::PolicyHistoryModel::Column;
    PolicyStage stage;
    stage.server.applyByOther("mei", scenePolicy());
    stage.server.versions.back().version.origin = PolicyOrigin::Rollback;
    stage.server.versions.back().version.restores = 39;
    PolicyPage& page = stage.open(); // as large as in a window of 1440 by 900
    stage.click("policyHistory");
    const ui::RecordTable& table = page.history().table();
    const auto& model = page.history().model();
    const auto room = [&](Column column) { return table.columnWidth(static_cast<int>(column)) - 2 * 8; };
    for (const Column column : {Column::Version, Column::Time, Column::Author, Column::Origin, Column::State}) {
        QVERIFY(!table.isColumnHidden(static_cast<int>(column)));
        const QFontMetrics metrics(ui::font(column == Column::Version ? ui::Type::Mono : ui::Type::Body));
        for (int row = 0; row < model.rowCount(); ++row) {
            const QString text = model.index(row, static_cast<int>(column)).data().toString();
            const bool pill = column == Column::State && !text.isEmpty();
            const int width = pill ? ui::pillWidth(ui::Icon::Timer, text) : metrics.horizontalAdvance(text);
            QVERIFY2(width <= room(column), qPrintable(text));
        }
    }
    QVERIFY(room(Column::Reason) >= QFontMetrics(ui::font(ui::Type::Body)).averageCharWidth() * 25);
    const QModelIndex returned = model.index(2, static_cast<int>(Column::Origin));
    QCOMPARE(returned.data().toString(), QStringLiteral("returned to v38"));
    QCOMPARE(returned.data(Qt::ToolTipRole).toString(), QStringLiteral("returned to v38, since nobody confirmed"));
}

void PolicyPageTest::history_reads_on_at_its_end()
{
    PolicyStage stage;
    for (int i = 0; i < 70; ++i)
        stage.server.applyByOther("mei", scenePolicy());
    PolicyPage& page = stage.open();
    stage.click("policyHistory");
    QCOMPARE(page.history().model().rowCount(), 50);
    page.history().table().scrollToBottom();
    PolicyStage::settle();
    QCOMPARE(page.history().model().rowCount(), 75);
    page.history().table().scrollToBottom();
    PolicyStage::settle();
    QCOMPARE(stage.control.commands<PolicyHistoryQuery>().size(), std::size_t(2));
}

void PolicyPageTest::the_keyboard_is_enough()
{
    PolicyStage stage;
    stage.server.impact.ended.resize(2);
    PolicyPage& page = stage.open();
    page.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&page));
    page.edit().editor().setFocus();
    QTest::keyClick(&page.edit().editor(), Qt::Key_F, Qt::ControlModifier);
    auto* find = stage.child<QLineEdit>("findText");
    QTRY_VERIFY(find->hasFocus());
    QTest::keyClicks(find, QStringLiteral("Plant 3"));
    QTest::keyClick(find, Qt::Key_Return);
    QTest::keyClick(find, Qt::Key_Escape);
    QVERIFY(page.edit().editor().hasFocus());
    QTest::keyClicks(&page.edit().editor(), QStringLiteral("Plant 9"));
    QVERIFY(page.draft().text().contains(QStringLiteral("\"name\": \"Plant 9\"")));
    QTest::keyClick(&page.edit().editor(), Qt::Key_Return, Qt::ControlModifier);
    PolicyStage::settle();
    QCOMPARE(page.shown(), &page.review());
    QVERIFY(page.draft().text().contains(QStringLiteral("\"name\": \"Plant 9\",\n")));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return, Qt::ControlModifier | Qt::ShiftModifier);
    PolicyStage::settle();
    PolicyApplyDialog* dialog = PolicyStage::dialog();
    QVERIFY(dialog);
    QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("renamed"));
    QTest::keyClick(dialog, Qt::Key_Return);
    PolicyStage::settle();
    QCOMPARE(stage.control.commands<PolicyApplyCommand>().at(0).reason, std::string("renamed"));
    page.activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(&page));
    QTest::keyClick(&page.edit().editor(), Qt::Key_H, Qt::ControlModifier);
    QCOMPARE(page.shown(), &page.history());
    for (const QAction* action : page.actions())
        QVERIFY(!action->text().isEmpty());
}

void PolicyPageTest::a_file_that_was_not_taken_is_an_alarm()
{
    PolicyStage stage;
    stage.server.fileProblem = "line 3: unknown key \"nmae\"";
    stage.open();
    auto* notice = stage.child<ui::ActionNotice>("policyFileProblem");
    QVERIFY(notice->isVisible());
    QVERIFY(notice->text().contains(QStringLiteral("nmae")));
}

void PolicyPageTest::words_of_changes_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("before");
    QTest::addColumn<QString>("after");
    QTest::addColumn<QString>("title");
    const auto row = [](PolicyChange::Kind kind, const char* name, const char* before, const char* after,
                        const char* title) {
        QTest::newRow(title) << static_cast<int>(kind) << QString::fromUtf8(name) << QString::fromUtf8(before)
                             << QString::fromUtf8(after) << QString::fromUtf8(title);
    };
    using Kind = PolicyChange::Kind;
    row(Kind::Changed, "name", "Plant 3", "Plant 4", "name Plant 3 → Plant 4");
    row(Kind::Changed, "hub › idle timeout", "off", "5m", "hub: idle timeout off → 5m");
    row(Kind::Changed, "hub › messages › rate", "50/s, burst 100", "50/s, burst 60", "hub: messages › rate stays 50/s");
    row(Kind::Added, "plc", "", "", "plc added");
    row(Kind::Removed, "news.* › publish", "editor", "", "news.*: publish editor removed");
    row(Kind::Added, "hub › note", "", "a\u202eb", "hub: note a\\u202eb added");
}

void PolicyPageTest::words_of_changes()
{
    QFETCH(int, kind);
    QFETCH(QString, name);
    QFETCH(QString, before);
    QFETCH(QString, after);
    QFETCH(QString, title);
    const PolicyChange change{static_cast<PolicyChange::Kind>(kind), "/x", name.toStdString(), before.toStdString(),
                              after.toStdString()};
    QCOMPARE(ui::changeRow(change).title, title);
}

void PolicyPageTest::a_difference_is_folded_and_bounded()
{
    using Kind = ui::DifferenceLine::Kind;
    const ui::DifferenceLines lines =
        ui::differenceLines("@@ -10,2 +10,2 @@\n a\n-b\n+c\n@@ -20,1 +20,1 @@\n-x\n+\\\x01y\n");
    QCOMPARE(lines.lines.front(), (ui::DifferenceLine{Kind::Folded, {}, 9}));
    QCOMPARE(lines.lines.at(4), (ui::DifferenceLine{Kind::Folded, {}, 8}));
    QCOMPARE(lines.lines.back().text, QStringLiteral("\\\\u0001y"));
    QCOMPARE(lines.removed, 2);
    QCOMPARE(lines.added, 2);
    std::string large = "@@ -1,1 +1,50000 @@\n";
    for (int i = 0; i < 50'000; ++i)
        large += "+  \"line\"\n";
    const ui::DifferenceLines cut = ui::differenceLines(large);
    QCOMPARE(cut.lines.size(), std::size_t(20'000));
    QCOMPARE(cut.left, 30'000);
    QCOMPARE(cut.added, 50'000);
}

int main(int argc, char** argv)
{
    return runWithAppearance<PolicyPageTest>(argc, argv);
}
#include "policypagetest.moc"
