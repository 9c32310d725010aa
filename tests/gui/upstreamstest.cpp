// SPDX-License-Identifier: GPL-3.0-or-later
// The applications behind the gate, as an operator sees and drains them.
#include "charts/chartcard.h"
#include "desk.h"
#include "dialogs/upstreamdialog.h"
#include "guimain.h"
#include "mainwindow/commandpalette.h"
#include "mainwindow/topbar.h"
#include "mainwindow/upstreamcontrol.h"
#include "models/connectionsmodel.h"
#include "pages/outcomebar.h"
#include "pages/overviewpage.h"
#include "pages/sessionpanel.h"
#include "pages/upstreamscard.h"
#include "style/elidedlabel.h"
#include "text/upstreamtext.h"

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

const std::string first = "ws://10.20.0.5:1880/";
const std::string second = "ws://10.20.0.6:1880/";

UpstreamStatus upstream(const std::string& url, UpstreamState state = UpstreamState::Up, std::uint64_t sessions = 4,
                        const std::string& route = "plc")
{
    UpstreamStatus status;
    status.route = route;
    status.url = url;
    status.state = state;
    status.since = start;
    status.sessions = sessions;
    return status;
}

UpstreamStatus ejected(const std::string& url, const std::string& problem = "connection refused",
                       Reason reason = Reason::UpstreamConnect)
{
    UpstreamStatus status = upstream(url, UpstreamState::Ejected, 0);
    status.failures = 12;
    status.lastFailure = reason;
    status.problem = problem;
    return status;
}

QString clock(WallTime time)
{
    return QDateTime::fromMSecsSinceEpoch(
               std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count())
        .toString(QStringLiteral("HH:mm:ss"));
}

/// On the overview of a gate with these behind it.
struct Overview : Desk {
    Overview(Appearance& appearance, std::vector<UpstreamStatus> upstreams)
        : Desk(appearance)
    {
        window->showPage(QStringLiteral("overview"));
        tell(std::move(upstreams));
    }
    /// A second later.
    void tell(std::vector<UpstreamStatus> upstreams, GateState state = GateState::Serving)
    {
        FeedBatch batch = gateBatch({}, start + (now += 1s), 0);
        batch.stats.state = state;
        batch.stats.upstreams = std::move(upstreams);
        push(std::move(batch));
        QApplication::processEvents();
    }
    [[nodiscard]] UpstreamsCard& card() const
    {
        return qobject_cast<OverviewPage*>(window->page(QStringLiteral("overview")))->upstreams();
    }
    [[nodiscard]] UpstreamRow* row(std::size_t at) const { return card().rows().at(at); }
    void order(std::size_t at) const
    {
        QTest::mouseClick(row(at)->orderButton(), Qt::LeftButton);
        QApplication::processEvents();
    }
    /// What the server answers to a drain: as the command wants it.
    void obey(std::uint64_t sessions)
    {
        control.answer = [sessions](const Command& command) -> Reply {
            const auto* drain = std::get_if<UpstreamDrainCommand>(&command);
            if (!drain)
                return gateAnswer(command, start);
            UpstreamDrainResult result;
            result.upstreams = {
                upstream(drain->upstream, drain->on ? UpstreamState::Draining : UpstreamState::Up, sessions)};
            result.ending = drain->within ? sessions : 0;
            return Answer(result);
        };
    }
    [[nodiscard]] OutcomeBar* outcome() const { return child<OutcomeBar>("gateOutcome"); }

    std::chrono::milliseconds now{0};
};

UpstreamDrainCommand drain(const std::string& url, std::optional<std::chrono::milliseconds> within = {},
                           const std::string& reason = {})
{
    return {url, "plc", true, within, reason};
}

} // namespace

class UpstreamsTest : public QObject {
    Q_OBJECT
public:
    explicit UpstreamsTest(Appearance& appearance)
        : m_appearance(appearance)
    {
    }

private Q_SLOTS:
    void the_card_is_there_only_where_a_route_is_a_gateway();
    void each_shows_its_state_and_its_figures();
    void what_is_ejected_is_told_everywhere();
    void alarms_are_told_in_few_words_data();
    void alarms_are_told_in_few_words();
    void an_ejection_is_one_sentence_data();
    void an_ejection_is_one_sentence();
    void those_in_trouble_stand_first_where_there_are_many();
    void hostile_names_are_shown_harmless();
    void one_is_drained_by_mouse_and_its_sessions_stay();
    void one_is_drained_by_keyboard_and_its_sessions_end();
    void over_ten_sessions_that_end_want_their_number_typed();
    void the_question_says_who_takes_over();
    void a_failure_is_told_in_the_dialog();
    void a_drain_is_taken_back_after_a_question();
    void a_drain_is_undone_from_its_outcome();
    void the_palette_has_an_action_for_each();
    void no_orders_are_given_to_a_gate_that_does_not_serve();
    void a_row_leads_to_its_sessions_by_mouse_and_keyboard();
    void a_session_names_its_upstream();
    void it_fits_a_small_window_and_both_directions();
    void the_charts_grid_follows_the_card();

private:
    Appearance& m_appearance;
};

void UpstreamsTest::the_card_is_there_only_where_a_route_is_a_gateway()
{
    Overview desk(m_appearance, {});
    QVERIFY(!desk.card().isVisible());
    desk.tell({upstream(first)});
    QVERIFY(desk.card().isVisible());
    QCOMPARE(desk.card().rows().size(), std::size_t(1));
    desk.tell({});
    QVERIFY(!desk.card().isVisible());
}

void UpstreamsTest::each_shows_its_state_and_its_figures()
{
    UpstreamStatus flapping = upstream(first, UpstreamState::Up, 1284);
    flapping.failures = 1;
    flapping.problem = "no answer in time";
    Overview desk(m_appearance, {flapping, ejected(second), upstream("wss://c/", UpstreamState::Draining, 1)});
    QCOMPARE(desk.card().summary(), QStringLiteral("1 of 3 up"));
    QCOMPARE(desk.row(0)->text(), QStringLiteral("Up, ws://10.20.0.5:1880/, of plc, last problem: no answer in time, "
                                                 "1284 sessions, 1 failure"));
    QCOMPARE(desk.row(1)->text(), QStringLiteral("Ejected, ws://10.20.0.6:1880/, of plc, connection refused, since %1, "
                                                 "0 sessions, 12 failures")
                                      .arg(clock(start)));
    QCOMPARE(desk.row(2)->text(),
             QStringLiteral("Draining, wss://c/, of plc, no new sessions, since %1, 1 session, 0 failures")
                 .arg(clock(start)));
    for (const UpstreamRow* row : desk.card().rows())
        QCOMPARE(row->accessibleName(), row->text());
    QCOMPARE(desk.row(0)->orderButton()->text(), QStringLiteral("Drain…"));
    QCOMPARE(desk.row(2)->orderButton()->text(), QStringLiteral("Undrain…"));
    QVERIFY(desk.row(1)->orderButton()->accessibleName().contains(QStringLiteral("ws://10.20.0.6:1880/ of plc")));
    desk.tell({upstream(first), upstream(second), upstream("wss://c/")}); // all is well again
    QCOMPARE(desk.card().summary(), QStringLiteral("3 of 3 up"));
    QCOMPARE(desk.row(1)->text(), QStringLiteral("Up, ws://10.20.0.6:1880/, of plc, 4 sessions, 0 failures"));
}

void UpstreamsTest::what_is_ejected_is_told_everywhere()
{
    Overview desk(m_appearance, {upstream(first), upstream(second)});
    auto* notice = desk.child<Pill>("upstreamNotice");
    auto* line = desk.window->findChild<StatusLine*>();
    QVERIFY(!notice->isVisible());
    QVERIFY(!line->accessibleName().contains(QStringLiteral("ejected")));
    desk.tell({upstream(first), ejected(second)});
    QVERIFY(notice->isVisible());
    QCOMPARE(notice->tone(), Tone::Bad);
    QCOMPARE(notice->text(), QStringLiteral("An upstream of plc is ejected"));
    QCOMPARE(
        notice->toolTip(),
        QStringLiteral("ws://10.20.0.6:1880/ of plc does not answer: connection refused, since %1").arg(clock(start)));
    QVERIFY(line->accessibleName().contains(QStringLiteral("An upstream of plc is ejected")));
    desk.window->showPage(QStringLiteral("audit")); // on every page
    QVERIFY(line->isVisible());
    desk.window->showPage(QStringLiteral("overview"));
    desk.tell({upstream(first), upstream(second)});
    QVERIFY(!notice->isVisible());
    QVERIFY(!line->accessibleName().contains(QStringLiteral("ejected")));
}

void UpstreamsTest::alarms_are_told_in_few_words_data()
{
    QTest::addColumn<QString>("states"); ///< U, E or D for each; a blank begins another route
    QTest::addColumn<QString>("text");
    const auto row = [](const char* states, const char* text) {
        QTest::newRow(states) << QString::fromUtf8(states) << QString::fromUtf8(text);
    };
    row("", "");
    row("U", "");
    row("UD", "");
    row("D", "");
    row("UE", "An upstream of r0 is ejected");
    row("UEE", "2 upstreams ejected");
    row("UE UE", "2 upstreams ejected");
    row("E", "No upstream of r0 is up");
    row("DE", "No upstream of r0 is up");
    row("U EE", "No upstream of r1 is up");
    row("UE E", "No upstream of r1 is up");
}

void UpstreamsTest::alarms_are_told_in_few_words()
{
    QFETCH(QString, states);
    QFETCH(QString, text);
    GateStats stats;
    int route = 0;
    for (const QChar state : states) {
        if (state == QLatin1Char(' ')) {
            ++route;
            continue;
        }
        stats.upstreams.push_back(upstream("ws://" + std::to_string(stats.upstreams.size()) + "/",
                                           state == QLatin1Char('U')   ? UpstreamState::Up
                                           : state == QLatin1Char('E') ? UpstreamState::Ejected
                                                                       : UpstreamState::Draining,
                                           0, "r" + std::to_string(route)));
    }
    QCOMPARE(upstreamsText(stats), text);
    QCOMPARE(upstreamsTip(stats, QTimeZone::utc()).count(QLatin1Char('\n')) + (text.isEmpty() ? 0 : 1),
             states.count(QLatin1Char('E')));
}

void UpstreamsTest::an_ejection_is_one_sentence_data()
{
    QTest::addColumn<int>("reason");
    QTest::addColumn<QByteArray>("problem");
    QTest::addColumn<QString>("text");
    const auto row = [](Reason reason, const char* problem, const char* text) {
        QTest::addRow("%s", std::string(reasonWord(reason)).c_str())
            << int(reason) << QByteArray(problem)
            << QStringLiteral("ws://a/ of plc %1, since 14:13:20").arg(QLatin1StringView(text));
    };
    row(Reason::UpstreamConnect, "connection refused", "does not answer: connection refused");
    row(Reason::UpstreamTimeout, "no answer in time", "does not answer: no answer in time");
    row(Reason::UpstreamLost, "", "does not answer: Upstream lost");
    row(Reason::UpstreamStatus, "status 500", "does not work: status 500");
    row(Reason::UpstreamTls, "certificate verify failed", "does not work: certificate verify failed");
}

void UpstreamsTest::an_ejection_is_one_sentence()
{
    QFETCH(int, reason);
    QFETCH(QByteArray, problem);
    QFETCH(QString, text);
    QCOMPARE(ejectedText(ejected("ws://a/", problem.toStdString(), static_cast<Reason>(reason)), QTimeZone::utc()),
             text);
}

void UpstreamsTest::those_in_trouble_stand_first_where_there_are_many()
{
    std::vector<UpstreamStatus> all;
    for (int i = 0; i < 9; ++i)
        all.push_back(upstream("ws://" + std::to_string(i) + "/"));
    all[5].state = UpstreamState::Draining;
    all[8] = ejected("ws://8/");
    Overview desk(m_appearance, all);
    const auto order = [&desk] {
        QStringList urls;
        for (const UpstreamRow* row : desk.card().rows())
            urls += QString::fromStdString(row->status().url).mid(5, 1);
        return urls.join(QString());
    };
    QCOMPARE(order(), QStringLiteral("850123"));
    QCOMPARE(desk.card().summary(), QStringLiteral("7 of 9 up"));
    desk.click("upstreamsMore");
    QCOMPARE(order(), QStringLiteral("850123467"));
    desk.click("upstreamsMore");
    QCOMPARE(order(), QStringLiteral("850123"));
    all.resize(6); // few keep the policy's order
    desk.tell(all);
    QCOMPARE(order(), QStringLiteral("012345"));
    QVERIFY(!desk.child<QPushButton>("upstreamsMore")->isVisible());
}

void UpstreamsTest::hostile_names_are_shown_harmless()
{
    const std::string hostile = "\x1b]0;owned\x07\n\xe2\x80\xae<b>x</b>";
    UpstreamStatus bad = ejected("ws://a/" + hostile, hostile);
    bad.route = hostile;
    Overview desk(m_appearance, {bad});
    desk.order(0);
    const auto* dialog = desk.child<DrainUpstreamDialog>("drainUpstreamDialog");
    QVERIFY(dialog);
    QStringList shown{desk.row(0)->text(),
                      desk.row(0)->toolTip(),
                      desk.child<Pill>("upstreamNotice")->text(),
                      desk.child<Pill>("upstreamNotice")->toolTip(),
                      dialog->windowTitle(),
                      dialog->effectText()};
    for (const QLabel* label : dialog->findChildren<QLabel*>()) {
        QCOMPARE(label->textFormat(), Qt::PlainText);
        shown += label->text();
    }
    for (const QAction* action : desk.window->actions())
        shown += action->text() + commandLine(*action);
    for (const QString& text : shown) {
        QVERIFY2(!text.contains(QChar(0x1b)) && !text.contains(QChar(0x07)) && !text.contains(QChar(0x202e)),
                 qPrintable(text));
    }
    QVERIFY(!desk.row(0)->toolTip().contains(QStringLiteral("<b>")));
}

void UpstreamsTest::one_is_drained_by_mouse_and_its_sessions_stay()
{
    Overview desk(m_appearance, {upstream(first, UpstreamState::Up, 214), upstream(second)});
    desk.obey(214);
    desk.order(0);
    auto* dialog = desk.child<DrainUpstreamDialog>("drainUpstreamDialog");
    QVERIFY(dialog && dialog->isVisible());
    QCOMPARE(dialog->windowTitle(), QStringLiteral("Drain ws://10.20.0.5:1880/"));
    QCOMPARE(dialog->effectText(),
             QStringLiteral("1 other upstream of the route can take over. 214 sessions will stay."));
    QVERIFY(!desk.child<QComboBox>("upstreamWithin")->isEnabled());
    QVERIFY(!desk.child<QLineEdit>("upstreamTyped")->isVisible());
    QTest::keyClicks(desk.child<QLineEdit>("upstreamReason"), QStringLiteral("new firmware"));
    QVERIFY(desk.control.commands<UpstreamDrainCommand>().empty());
    desk.click("drainUpstreamConfirm");
    QTRY_COMPARE(desk.control.commands<UpstreamDrainCommand>(), (std::vector{drain(first, {}, "new firmware")}));
    QTRY_VERIFY(!desk.child<DrainUpstreamDialog>("drainUpstreamDialog"));
    QCOMPARE(desk.outcome()->label()->text(),
             QStringLiteral("ws://10.20.0.5:1880/ of plc drains. 214 sessions will stay."));
}

void UpstreamsTest::one_is_drained_by_keyboard_and_its_sessions_end()
{
    Overview desk(m_appearance, {upstream(first, UpstreamState::Up, 7), upstream(second)});
    desk.obey(7);
    QVERIFY(QTest::qWaitForWindowActive(desk.window.get()));
    desk.row(0)->setFocus(Qt::TabFocusReason);
    QTest::keyClick(desk.row(0), Qt::Key_Tab);
    QCOMPARE(QApplication::focusWidget(), desk.row(0)->orderButton());
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_Space);
    auto* dialog = desk.child<DrainUpstreamDialog>("drainUpstreamDialog");
    QVERIFY(dialog);
    dialog->activateWindow();
    QTRY_VERIFY(dialog->isActiveWindow());
    QCOMPARE(dialog->focusWidget(), desk.child<QRadioButton>("upstreamStay"));
    QTest::keyClick(dialog->focusWidget(), Qt::Key_Right);
    QVERIFY(desk.child<QRadioButton>("upstreamEnd")->isChecked());
    QTest::keyClick(desk.child<QComboBox>("upstreamWithin"), Qt::Key_Down);
    QCOMPARE(dialog->effectText(),
             QStringLiteral("1 other upstream of the route can take over. 7 sessions will end with "
                            "1001 going away."));
    QCOMPARE(desk.child<QPushButton>("drainUpstreamConfirm")->text(), QStringLiteral("Drain and end 7 sessions"));
    QTest::keyClick(dialog, Qt::Key_Return);
    QTRY_COMPARE(desk.control.commands<UpstreamDrainCommand>(), (std::vector{drain(first, 2min)}));
    QTRY_COMPARE(desk.outcome()->label()->text(),
                 QStringLiteral("ws://10.20.0.5:1880/ of plc drains. 7 sessions will end within 2 min."));
    desk.order(1);
    auto* other = desk.child<DrainUpstreamDialog>("drainUpstreamDialog");
    QVERIFY(other);
    QTest::keyClick(other, Qt::Key_Escape);
    QTRY_VERIFY(!desk.child<DrainUpstreamDialog>("drainUpstreamDialog"));
    QCOMPARE(desk.control.commands<UpstreamDrainCommand>().size(), std::size_t(1));
}

void UpstreamsTest::over_ten_sessions_that_end_want_their_number_typed()
{
    Overview desk(m_appearance, {upstream(first, UpstreamState::Up, 214)});
    desk.order(0);
    auto* confirm = desk.child<QPushButton>("drainUpstreamConfirm");
    auto* typed = desk.child<QLineEdit>("upstreamTyped");
    QVERIFY(confirm->isEnabled());
    QTest::mouseClick(desk.child<QRadioButton>("upstreamEnd"), Qt::LeftButton);
    QVERIFY(typed->isVisible() && !confirm->isEnabled());
    QTest::keyClicks(typed, QStringLiteral("21"));
    QVERIFY(!confirm->isEnabled());
    desk.tell({upstream(first, UpstreamState::Up, 213)}); // the number stays the one that the question named
    QTest::keyClicks(typed, QStringLiteral("4"));
    QVERIFY(confirm->isEnabled());
    desk.tell({upstream(first, UpstreamState::Up, 198)});
    QVERIFY(confirm->isEnabled());
    QTest::mouseClick(desk.child<QRadioButton>("upstreamStay"), Qt::LeftButton);
    QVERIFY(!typed->isVisible() && confirm->isEnabled());
}

void UpstreamsTest::the_question_says_who_takes_over()
{
    Overview desk(m_appearance, {upstream(first), upstream(second), upstream("ws://c/"),
                                 upstream("ws://elsewhere/", UpstreamState::Up, 1, "chat")});
    desk.order(0);
    const auto* dialog = desk.child<DrainUpstreamDialog>("drainUpstreamDialog");
    const auto starts = [dialog](const char* text) { return dialog->effectText().startsWith(QLatin1StringView(text)); };
    QVERIFY(starts("2 other upstreams of the route can take over."));
    desk.tell({upstream(first), ejected(second), upstream("ws://c/")});
    QVERIFY(starts("1 other upstream of the route can take over."));
    desk.tell({upstream(first), ejected(second), upstream("ws://c/", UpstreamState::Draining),
               upstream("ws://elsewhere/", UpstreamState::Up, 1, "chat")});
    QVERIFY(starts("No other upstream of the route is up: nobody comes in until one is."));
}

void UpstreamsTest::a_failure_is_told_in_the_dialog()
{
    Overview desk(m_appearance, {upstream(first)});
    desk.control.answer = [](const Command&) -> Reply {
        return Failure{ControlError{ControlErrorCode::NotFound, "no route has the upstream"}};
    };
    desk.order(0);
    desk.click("drainUpstreamConfirm");
    auto* dialog = desk.child<DrainUpstreamDialog>("drainUpstreamDialog");
    QTRY_COMPARE(dialog->failure(),
                 QStringLiteral("ws://10.20.0.5:1880/ of plc is not drained: no route has the upstream"));
    QVERIFY(dialog->isVisible() && desk.child<QPushButton>("drainUpstreamConfirm")->isEnabled());
    QVERIFY(!desk.outcome()->isVisible());
}

void UpstreamsTest::a_drain_is_taken_back_after_a_question()
{
    Overview desk(m_appearance, {upstream(first, UpstreamState::Draining)});
    desk.obey(4);
    desk.order(0);
    auto* dialog = desk.child<UndrainUpstreamDialog>("undrainUpstreamDialog");
    QVERIFY(dialog && desk.control.commands<UpstreamDrainCommand>().empty());
    QVERIFY(QTest::qWaitForWindowActive(dialog));
    QTest::keyClick(dialog, Qt::Key_Return);
    QTRY_COMPARE(desk.control.commands<UpstreamDrainCommand>(),
                 (std::vector{UpstreamDrainCommand{first, "plc", false, {}, {}}}));
    QTRY_COMPARE(desk.outcome()->label()->text(),
                 QStringLiteral("ws://10.20.0.5:1880/ of plc takes new sessions again."));
    QVERIFY(!desk.outcome()->undoButton()->isVisible());
}

void UpstreamsTest::a_drain_is_undone_from_its_outcome()
{
    Overview desk(m_appearance, {upstream(first), upstream(second)});
    desk.obey(4);
    desk.order(0);
    desk.click("drainUpstreamConfirm");
    QTRY_VERIFY(desk.outcome()->undoButton()->isVisible());
    desk.control.answer = [](const Command&) -> Reply {
        return Failure{ControlError{ControlErrorCode::Unavailable, "the server does not answer"}};
    };
    QTest::mouseClick(desk.outcome()->undoButton(), Qt::LeftButton);
    QTRY_COMPARE(desk.outcome()->label()->text(),
                 QStringLiteral("ws://10.20.0.5:1880/ of plc goes on draining: the server does not answer"));
    QCOMPARE(desk.control.commands<UpstreamDrainCommand>().back(), (UpstreamDrainCommand{first, "plc", false, {}, {}}));
}

void UpstreamsTest::the_palette_has_an_action_for_each()
{
    Overview desk(m_appearance, {upstream(first), upstream("ws://b/it's", UpstreamState::Draining)});
    desk.window->showPage(QStringLiteral("audit")); // from every page
    const auto found = [&desk](const QString& typed, bool run) {
        desk.child<QAction>("palette")->trigger();
        auto* palette = desk.window->findChild<CommandPalette*>();
        auto* field = palette->findChild<QLineEdit*>();
        QTest::keyClicks(field, typed);
        const auto* list = palette->findChild<QListWidget*>();
        QStringList texts;
        for (int i = 0; i < list->count(); ++i)
            texts += list->item(i)->text();
        if (run)
            QTest::keyClick(field, Qt::Key_Return);
        else
            palette->reject();
        QApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
        return texts;
    };
    QCOMPARE(found(QStringLiteral("gatehousectl upstream"), false),
             (QStringList{QStringLiteral("Drain ws://10.20.0.5:1880/ of plc…"),
                          QStringLiteral("Undrain ws://b/it's of plc…")}));
    QCOMPARE(found(QStringLiteral("gatehousectl upstream undrain 'ws://b/it'\\''s' --route plc"), false).size(), 1);
    QCOMPARE(found(QStringLiteral("drain 10.20.0.5"), true).size(), 1);
    QVERIFY(desk.child<DrainUpstreamDialog>("drainUpstreamDialog"));
    std::vector<UpstreamStatus> many;
    for (std::size_t i = 0; i < UpstreamControl::mostActions + 9; ++i)
        many.push_back(upstream("ws://" + std::to_string(i) + "/"));
    desk.tell(many);
    QApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QCOMPARE(found(QStringLiteral("gatehousectl upstream"), false).size(), qsizetype(UpstreamControl::mostActions));
    desk.tell({});
    QApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    QVERIFY(found(QStringLiteral("gatehousectl upstream"), false).isEmpty());
}

void UpstreamsTest::no_orders_are_given_to_a_gate_that_does_not_serve()
{
    Overview desk(m_appearance, {upstream(first)});
    QVERIFY(desk.row(0)->orderButton()->isEnabled());
    desk.tell({upstream(first)}, GateState::Draining);
    QVERIFY(!desk.row(0)->orderButton()->isEnabled());
    for (const QAction* action : desk.window->actions())
        if (commandLine(*action).startsWith(QStringLiteral("gatehousectl upstream")))
            QVERIFY(!action->isEnabled());
}

void UpstreamsTest::a_row_leads_to_its_sessions_by_mouse_and_keyboard()
{
    Overview desk(m_appearance, {upstream(first), upstream(second)});
    const auto shown = [&desk] {
        QSet<std::string> upstreams;
        for (int row = 0; row < desk.page().model().rowCount(); ++row)
            upstreams.insert(desk.page().model().at(row).info().upstream);
        return upstreams;
    };
    QTest::mouseClick(desk.row(0), Qt::LeftButton, {}, QPoint(200, 12));
    QCOMPARE(desk.window->currentPage()->objectName(), QStringLiteral("connections"));
    QCOMPARE(desk.child<QLineEdit>("filter")->text(), QStringLiteral("ws://10.20.0.5:1880/"));
    QCOMPARE(shown(), QSet<std::string>{first});
    desk.window->showPage(QStringLiteral("overview"));
    desk.row(1)->setFocus(Qt::TabFocusReason);
    QTest::keyClick(desk.row(1), Qt::Key_Space);
    QCOMPARE(desk.window->currentPage()->objectName(), QStringLiteral("connections"));
    QVERIFY(shown().isEmpty());
}

void UpstreamsTest::a_session_names_its_upstream()
{
    Desk desk(m_appearance);
    const auto names = [&desk](std::uint64_t id) {
        desk.clickRow(id);
        QApplication::processEvents();
        const auto labels = desk.child<SessionPanel>("sessionPanel")->findChildren<ElidedLabel*>();
        return std::ranges::any_of(labels, [](const ElidedLabel* label) {
            return label->isVisible() && label->text() == QStringLiteral("ws://10.20.0.5:1880/");
        });
    };
    QVERIFY(names(7000));
    QVERIFY(!names(7037)); // of the hub
}

void UpstreamsTest::it_fits_a_small_window_and_both_directions()
{
    Overview desk(m_appearance,
                  {upstream("wss://collector-north-hall-0011.operations.plant3.example:18443/applications/telemetry",
                            UpstreamState::Draining, 123'456, "telemetry-of-the-north-hall-and-the-yard"),
                   ejected(second, std::string(160, 'x'))});
    desk.window->resize(1024, 640);
    for (const Qt::LayoutDirection direction : {Qt::LeftToRight, Qt::RightToLeft}) {
        desk.window->setLayoutDirection(direction);
        QApplication::processEvents();
        for (const UpstreamRow* row : desk.card().rows()) {
            const QRect button = row->orderButton()->geometry();
            QVERIFY(row->rect().contains(button));
            QVERIFY(button.width() >= row->orderButton()->sizeHint().width());
            QCOMPARE(button.center().x() < row->width() / 2, direction == Qt::RightToLeft);
            QVERIFY(row->width() <= desk.window->width());
        }
    }
    desk.window->setLayoutDirection(Qt::LeftToRight);
    desk.order(1);
    auto* dialog = desk.child<DrainUpstreamDialog>("drainUpstreamDialog");
    QTest::mouseClick(desk.child<QRadioButton>("upstreamEnd"), Qt::LeftButton);
    dialog->showFailure(QStringLiteral("It is not drained: the server does not answer"));
    QApplication::processEvents();
    QVERIFY2(dialog->height() <= 640 && dialog->width() <= 900,
             qPrintable(QStringLiteral("%1x%2").arg(dialog->width()).arg(dialog->height())));
}

void UpstreamsTest::the_charts_grid_follows_the_card()
{
    Overview desk(m_appearance, {});
    auto* page = qobject_cast<OverviewPage*>(desk.window->page(QStringLiteral("overview")));
    ChartCard* chart = page->charts().front();
    /// Rows of the picture in which there is a line from edge to edge.
    const auto lines = [chart] {
        const QImage picture = chart->grab().toImage().convertToFormat(QImage::Format_RGB32);
        const QRgb ground = picture.pixel(picture.width() - 6, 16);
        std::vector<int> rows;
        for (int y = 20; y < picture.height() - 6; ++y) {
            bool whole = true;
            for (int x = 80; x < picture.width() - 40 && whole; ++x)
                whole = picture.pixel(x, y) != ground;
            if (whole && (rows.empty() || rows.back() != y - 1))
                rows.push_back(y);
        }
        return rows;
    };
    const int before = chart->height();
    desk.tell({upstream(first), upstream(second), upstream("ws://c/"), upstream("ws://d/")});
    QTRY_VERIFY(chart->height() < before);
    const std::vector<int> rows = lines();
    QVERIFY2(rows.size() >= 3, qPrintable(QString::number(rows.size())));
    const int step = rows[1] - rows[0];
    for (std::size_t i = 2; i < rows.size(); ++i)
        QVERIFY(std::abs(rows[i] - rows[i - 1] - step) <= 2);
}

int main(int argc, char** argv)
{
    return gatehouse::test::runWithAppearance<UpstreamsTest>(argc, argv);
}
#include "upstreamstest.moc"
