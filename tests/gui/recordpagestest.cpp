// SPDX-License-Identifier: GPL-3.0-or-later
#include "charts/chartcard.h"
#include "charts/reduction.h"
#include "dialogs/bandialog.h"
#include "models/bantarget.h"
#include "pages/auditpage.h"
#include "pages/authfailurespage.h"
#include "pages/outcomebar.h"
#include "pages/overviewpage.h"
#include "pages/overviewtile.h"
#include "pages/recordpanel.h"
#include "pages/recordtable.h"
#include "recordscenes.h"
#include "style/emptystate.h"
#include "text/format.h"

#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRadioButton>
#include <QScrollBar>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using ui::OverviewPage;

class RecordPagesTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void peaks_survive_the_reduction();
    void grid_lines_hold_the_highest_value();
    void tiles_and_legends_agree_with_the_figures();
    void a_hidden_overview_draws_nothing();
    void one_click_bans_the_chosen_address_and_undo_lifts_it();
    void the_panel_says_by_which_rule_a_failure_was_refused();
    void a_ban_that_fails_says_so();
    void the_dialog_bans_a_network_and_counts_its_sessions();
    void ban_values_data();
    void ban_values();
    void failures_that_came_while_hidden_are_shown_later();
    void audit_reads_on_at_the_end_of_the_table();
    void audit_filters_by_text_and_kind();
    void audit_says_that_it_cannot_be_read_and_tries_again();
    void audit_shows_the_rule_of_the_chosen_record();

private:
    static void open(PageStage& stage);
    template <class W> static W* child(QWidget& page, const char* name)
    {
        return page.findChild<W*>(QLatin1StringView(name));
    }
};

void RecordPagesTest::open(PageStage& stage)
{
    stage.page->resize(1240, 824);
    stage.page->show();
    QVERIFY(QTest::qWaitForWindowExposed(stage.page.get()));
}

void RecordPagesTest::peaks_survive_the_reduction()
{
    std::vector<QPointF> points;
    for (int x = 0; x < 900; ++x)
        points.emplace_back(x, x == 451 ? 1000 : x == 452 ? -5 : x % 3);
    const QList<QPointF> reduced = ui::reduceToColumns(points, 0, 900, 90);
    QVERIFY(reduced.size() <= 4 * 90);
    QVERIFY(reduced.contains(QPointF(451, 1000)));
    QVERIFY(reduced.contains(QPointF(452, -5)));
    QCOMPARE(reduced.first(), points.front());
    QCOMPARE(reduced.last(), points.back());
    QVERIFY(std::ranges::is_sorted(reduced, {}, [](const QPointF& p) { return p.x(); }));
    QVERIFY(ui::reduceToColumns(points, 5, 5, 90).isEmpty());
}

void RecordPagesTest::grid_lines_hold_the_highest_value()
{
    QCOMPARE(ui::gridStep(1284, 3, 1), 500.0);
    QCOMPARE(ui::gridStep(0, 3, 1), 1.0);
    QCOMPARE(ui::gridStep(130, 3, 1), 50.0);
    QCOMPARE(ui::gridStep(6, 3, 1), 2.0);
}

void RecordPagesTest::tiles_and_legends_agree_with_the_figures()
{
    PageStage stage;
    auto& page = stage.show<OverviewPage>();
    stage.push(busySnapshot());
    FeedBatch next;
    next.stats = busySnapshot().stats;
    next.stats.time += std::chrono::seconds(1);
    next.stats.messagesIn += 5120;
    next.stats.messagesOut += 3292;
    next.stats.sessions = 1290;
    next.stats.refused[1].second += 9;
    next.stats.refused[0].second += 3;
    next.stats.refusedTotal += 12;
    next.stats.authFailures += 3;
    stage.push(next);
    const ui::Figures& now = stage.figures.now();
    QCOMPARE(now.messagesIn, 5120.0);
    QCOMPARE(page.tile(OverviewPage::Tile::Sessions).figure(), ui::countText(1290));
    QCOMPARE(page.tile(OverviewPage::Tile::Messages).figure(), ui::rateText(now.messages()));
    QCOMPARE(page.tile(OverviewPage::Tile::Messages).figure(), QStringLiteral("8,412/s"));
    QCOMPARE(page.tile(OverviewPage::Tile::Refused).figure(), QStringLiteral("12/s"));
    QCOMPARE(page.tile(OverviewPage::Tile::Refused).note(), QStringLiteral("rate_session 9, jwt_sig 3"));
    QCOMPARE(page.tile(OverviewPage::Tile::AuthFailures).figure(), ui::countText(stage.figures.authFailuresLately()));
    QCOMPARE(page.charts()[0]->legendValue(0), ui::countText(1290));
    QCOMPARE(page.charts()[1]->legendValue(0), QStringLiteral("5,120"));
    QCOMPARE(page.charts()[1]->legendValue(1), QStringLiteral("3,292"));
    QCOMPARE(page.charts()[2]->legendValue(0), QStringLiteral("9"));
    QCOMPARE(page.charts()[2]->legendValue(1), QStringLiteral("3"));
    QCOMPARE(page.charts()[3]->legendValue(0), QStringLiteral("3"));
    QCOMPARE(page.charts()[5]->legendValue(0), ui::bytesText(double(now.backlog)));
}

void RecordPagesTest::a_hidden_overview_draws_nothing()
{
    PageStage stage;
    auto& page = stage.show<OverviewPage>(false);
    stage.push(busySnapshot());
    QCOMPARE(page.charts()[0]->drawings(), 0);
    QCOMPARE(page.tile(OverviewPage::Tile::Sessions).figure(), QStringLiteral("–"));
    page.setActive(true);
    open(stage);
    QTRY_COMPARE(page.charts()[0]->drawings(), 1);
    page.charts()[0]->repaint();
    QCOMPARE(page.charts()[0]->drawings(), 1);
}

void RecordPagesTest::one_click_bans_the_chosen_address_and_undo_lifts_it()
{
    PageStage stage;
    auto& page = stage.show<ui::AuthFailuresPage>();
    stage.push(busySnapshot());
    open(stage);
    const int row = page.model().rowOf({"10.20.9.14", Reason::JwtSig});
    const QRect cell = page.table().visualRect(page.model().index(row, 0));
    QTest::mouseClick(page.table().viewport(), Qt::LeftButton, {}, cell.center());
    QTest::mouseClick(child<QPushButton>(page, "banShort"), Qt::LeftButton);
    const auto bans = stage.control.commands<BanCommand>();
    QCOMPARE(bans.size(), std::size_t(1));
    QCOMPARE(bans[0].subject, BanSubject::Address);
    QCOMPARE(bans[0].value, std::string("10.20.9.14"));
    QCOMPARE(bans[0].duration, std::optional<std::chrono::milliseconds>(std::chrono::minutes(10)));
    QCOMPARE(stage.control.calls.back().actor.name, std::string("dana"));
    auto* undo = child<QPushButton>(page, "undo");
    QTRY_VERIFY(undo->isVisible());
    QTest::mouseClick(undo, Qt::LeftButton);
    const auto unbans = stage.control.commands<UnbanCommand>();
    QCOMPARE(unbans.size(), std::size_t(1));
    QCOMPARE(unbans[0].id, BanId{9});
    QTRY_VERIFY(!undo->isVisible());
}

void RecordPagesTest::the_panel_says_by_which_rule_a_failure_was_refused()
{
    PageStage stage;
    auto& page = stage.show<ui::AuthFailuresPage>();
    stage.push(busySnapshot());
    open(stage);
    page.table().setCurrentIndex(page.model().index(page.model().rowOf({"10.20.2.7", Reason::JwtTime}), 0));
    const auto* panel = page.findChild<ui::RecordPanel*>();
    QCOMPARE(panel->whyText(), QStringLiteral("expired 41 s ago\nAllowed: 30s\nissuer corp › leeway, policy v41"));
    QCOMPARE(panel->factText(QStringLiteral("Pointer")), QStringLiteral("/issuers/1/leeway"));
}

void RecordPagesTest::a_ban_that_fails_says_so()
{
    PageStage stage;
    auto& page = stage.show<ui::AuthFailuresPage>();
    stage.push(busySnapshot());
    open(stage);
    stage.control.answer = [](const Command&) -> Reply {
        return Failure{ControlError{ControlErrorCode::Unavailable, "the store is read-only"}};
    };
    page.table().setCurrentIndex(page.model().index(0, 0));
    QTest::mouseClick(child<QPushButton>(page, "banShort"), Qt::LeftButton);
    auto* bar = page.findChild<ui::OutcomeBar*>();
    QTRY_VERIFY(bar->isVisible());
    QVERIFY(bar->label()->text().contains(QStringLiteral("the store is read-only")));
    QVERIFY(!bar->undoButton()->isVisible());
}

void RecordPagesTest::the_dialog_bans_a_network_and_counts_its_sessions()
{
    PageStage stage;
    auto& page = stage.show<ui::AuthFailuresPage>();
    stage.push(busySnapshot());
    open(stage);
    page.table().setCurrentIndex(page.model().index(page.model().rowOf({"10.20.2.7", Reason::JwtTime}), 0));
    QTest::mouseClick(child<QPushButton>(page, "ban"), Qt::LeftButton);
    auto* dialog = page.findChild<ui::BanDialog*>();
    QVERIFY(dialog);
    for (QRadioButton* choice : dialog->findChildren<QRadioButton*>()) {
        if (choice->text().contains(QStringLiteral("network")) || choice->text().contains(QStringLiteral("good")))
            choice->click();
    }
    QCOMPARE(child<QLineEdit>(*dialog, "banValue")->text(), QStringLiteral("10.20.2.0/24"));
    QTRY_VERIFY(dialog->effectText().startsWith(QLatin1Char('2')));
    child<QLineEdit>(*dialog, "banValue")->setText(QStringLiteral("10.20.2.0/40"));
    QVERIFY(!child<QPushButton>(*dialog, "banConfirm")->isEnabled());
    child<QLineEdit>(*dialog, "banValue")->setText(QStringLiteral("10.20.2.9/23"));
    QTest::mouseClick(child<QPushButton>(*dialog, "banConfirm"), Qt::LeftButton);
    const auto bans = stage.control.commands<BanCommand>();
    QCOMPARE(bans.size(), std::size_t(1));
    QCOMPARE(bans[0].subject, BanSubject::Network);
    QCOMPARE(bans[0].value, std::string("10.20.2.0/23"));
    QVERIFY(!bans[0].duration);
}

void RecordPagesTest::ban_values_data()
{
    QTest::addColumn<int>("subject");
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("kept");
    const int address = int(BanSubject::Address);
    const int network = int(BanSubject::Network);
    QTest::newRow("address") << address << QStringLiteral(" 10.0.0.1 ") << QStringLiteral("10.0.0.1");
    QTest::newRow("mapped") << address << QStringLiteral("::ffff:10.0.0.1") << QStringLiteral("10.0.0.1");
    QTest::newRow("not an address") << address << QStringLiteral("10.0.0") << QString();
    QTest::newRow("host bits") << network << QStringLiteral("10.20.9.14/21") << QStringLiteral("10.20.8.0/21");
    QTest::newRow("v6") << network << QStringLiteral("2001:db8::9/64") << QStringLiteral("2001:db8::/64");
    QTest::newRow("no prefix") << network << QStringLiteral("10.0.0.1") << QString();
    QTest::newRow("too long") << network << QStringLiteral("10.0.0.0/33") << QString();
    QTest::newRow("user") << int(BanSubject::User) << QStringLiteral("alice") << QStringLiteral("alice");
    QTest::newRow("nobody") << int(BanSubject::User) << QString() << QString();
}

void RecordPagesTest::ban_values()
{
    QFETCH(int, subject);
    QFETCH(QString, typed);
    QFETCH(QString, kept);
    const auto value = ui::banValue(static_cast<BanSubject>(subject), typed);
    QCOMPARE(value.has_value(), !kept.isEmpty());
    if (value)
        QCOMPARE(QString::fromStdString(*value), kept);
}

void RecordPagesTest::failures_that_came_while_hidden_are_shown_later()
{
    PageStage stage;
    auto& page = stage.show<ui::AuthFailuresPage>(false);
    stage.push(busySnapshot());
    QCOMPARE(page.model().rowCount(), 0);
    FeedBatch later;
    later.stats = busySnapshot().stats;
    later.stats.time += std::chrono::minutes(2);
    stage.push(later);
    page.setActive(true);
    QCOMPARE(page.model().rowCount(), 8);
    QCOMPARE(ui::ratePerMinute(*page.model().group({"10.20.0.81", Reason::JwtTime})), 0U);
    QCOMPARE(ui::recentFailures(*page.model().group({"10.20.0.81", Reason::JwtTime})), std::uint64_t(1));
}

void RecordPagesTest::audit_reads_on_at_the_end_of_the_table()
{
    PageStage stage;
    auto& page = stage.show<ui::AuditPage>();
    stage.push(busySnapshot());
    open(stage);
    QTRY_COMPARE(page.model().rowCount(), 200);
    QScrollBar* bar = page.table().verticalScrollBar();
    bar->setValue(bar->maximum());
    QTRY_COMPARE(page.model().rowCount(), 400);
    const auto asked = stage.control.commands<AuditQuery>();
    QCOMPARE(asked.back().before, std::optional<std::uint64_t>(184'021));
    QCOMPARE(page.model().entryAt(399)->number, std::uint64_t(183'821));
}

void RecordPagesTest::audit_filters_by_text_and_kind()
{
    PageStage stage;
    auto& page = stage.show<ui::AuditPage>();
    stage.push(busySnapshot());
    open(stage);
    page.setFilterText(QStringLiteral("kiosk-11"));
    QTRY_VERIFY(page.model().rowCount() > 0 && page.model().entryAt(0)->record.user == "kiosk-11");
    auto* kinds = page.findChild<QComboBox*>();
    kinds->setFocus();
    QTest::keyClick(kinds, Qt::Key_End);
    QTRY_COMPARE(page.model().filter().kind, std::optional(AuditKind::Upstream));
    QTRY_COMPARE(page.model().state(), ui::AuditModel::State::Ready);
    QCOMPARE(page.model().rowCount(), 0);
    QVERIFY(!page.table().isVisible());
}

void RecordPagesTest::audit_says_that_it_cannot_be_read_and_tries_again()
{
    PageStage stage;
    const auto works = stage.control.answer;
    stage.control.answer = [](const Command&) -> Reply {
        return Failure{ControlError{ControlErrorCode::Unavailable, "disk is gone"}};
    };
    auto& page = stage.show<ui::AuditPage>();
    stage.push(busySnapshot());
    open(stage);
    auto* retry = page.findChild<ui::EmptyState*>()->findChild<QPushButton*>();
    QTRY_VERIFY(retry->isVisible());
    stage.control.answer = works;
    QTest::mouseClick(retry, Qt::LeftButton);
    QTRY_COMPARE(page.model().rowCount(), 200);
    QVERIFY(page.table().isVisible());
}

void RecordPagesTest::audit_shows_the_rule_of_the_chosen_record()
{
    PageStage stage;
    auto& page = stage.show<ui::AuditPage>();
    stage.push(busySnapshot());
    open(stage);
    QTRY_COMPARE(page.model().rowCount(), 200);
    page.table().setCurrentIndex(page.model().index(0, 0));
    auto* panel = page.findChild<ui::RecordPanel*>();
    QCOMPARE(panel->factText(QStringLiteral("Pointer")), QStringLiteral("/routes/0/messages/rate"));
    for (const QLabel* label : panel->findChildren<QLabel*>())
        QCOMPARE(label->textFormat(), Qt::PlainText);
}

QTEST_MAIN(RecordPagesTest)
#include "recordpagestest.moc"
