// SPDX-License-Identifier: GPL-3.0-or-later
#include "mainwindow/mainwindow.h"
#include "charts/chartcard.h"
#include "connectionscenes.h"
#include "dialogs/dialog.h"
#include "guimain.h"
#include "mainwindow/commandpalette.h"
#include "mainwindow/rail.h"
#include "mainwindow/topbar.h"
#include "models/gatefigures.h"
#include "pages/overviewtile.h"
#include "pages/page.h"
#include "style/pill.h"
#include "text/format.h"

#include <QAction>
#include <QApplication>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace gatehouse::ui;
using namespace std::chrono_literals;

namespace {

constexpr WallTime start{std::chrono::milliseconds(1'790'000'000'000)};

GateStats second(int n)
{
    GateStats stats;
    stats.time = start + 1s * n;
    stats.state = GateState::Serving;
    stats.sessions = 1280 + static_cast<std::uint64_t>(n);
    stats.messagesIn = static_cast<std::uint64_t>(n) * 5120;
    stats.messagesOut = static_cast<std::uint64_t>(n) * 3292;
    stats.bytesIn = static_cast<std::uint64_t>(n) * 2 * 1024 * 1024;
    stats.refusedTotal = static_cast<std::uint64_t>(n) * 12;
    stats.refused = {{Reason::RateSession, static_cast<std::uint64_t>(n) * 12}};
    stats.authFailures = static_cast<std::uint64_t>(n);
    return stats;
}

FeedBatch batchOf(const GateStats& stats)
{
    FeedBatch batch;
    batch.stats = stats;
    return batch;
}

} // namespace

class MainWindowTest : public QObject {
    Q_OBJECT
public:
    explicit MainWindowTest(Appearance& appearance)
        : m_appearance(appearance)
    {
    }

private Q_SLOTS:
    void init();
    void cleanup();
    void rates_are_between_samples_a_second_apart();
    void a_window_of_fifteen_minutes_is_kept();
    void status_line_and_curves_say_the_same();
    void tiles_legends_curves_and_status_line_agree();
    void the_pill_follows_the_state();
    void certificates_are_told_of_where_there_is_reason_to_data();
    void certificates_are_told_of_where_there_is_reason_to();
    void keys_that_fail_and_a_clock_that_jumped_are_told_of();
    void a_demo_says_that_it_is_one();
    void pages_have_shortcuts();
    void the_palette_lists_actions_with_their_commands_and_runs_one();
    void closing_asks_and_drains();
    void a_refused_drain_is_told();
    void the_rail_gets_narrow();
    void the_appearance_can_be_chosen();

private:
    void push(FeedBatch batch);

    Appearance& m_appearance;
    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<FakeControl> m_control;
    std::unique_ptr<MainWindow> m_window;
};

void MainWindowTest::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings = std::make_unique<QSettings>(m_folder->filePath(QStringLiteral("s.ini")), QSettings::IniFormat);
    m_control = std::make_unique<FakeControl>();
    m_window = std::make_unique<MainWindow>(*m_control, *m_settings, m_appearance,
                                            MainWindowOptions{{"dana", "console"}, false, false});
    m_window->show();
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
}

void MainWindowTest::cleanup()
{
    m_window.reset();
    m_control.reset();
    m_settings.reset();
    m_folder.reset();
}

void MainWindowTest::push(FeedBatch batch)
{
    m_control->push(std::move(batch));
    for (int turn = 0; turn < 4; ++turn)
        QApplication::processEvents();
}

void MainWindowTest::rates_are_between_samples_a_second_apart()
{
    GateFigures figures;
    QSignalSpy advanced(&figures, &GateFigures::advanced);
    figures.apply(batchOf(second(0)));
    GateStats early = second(0);
    early.time += 250ms;
    early.messagesIn += 100000;
    figures.apply(batchOf(early));
    figures.apply(batchOf(second(1)));
    QCOMPARE(advanced.size(), 2);
    QCOMPARE(figures.now().messagesIn, 5120.0);
    QCOMPARE(figures.now().messages(), 8412.0);
    QCOMPARE(figures.now().refused, 12.0);
    QCOMPARE(figures.now().refusedBy.size(), std::size_t(1));
    QCOMPARE(figures.now().refusedBy[0].second, 12.0);
    // A server that started anew counts from 0.
    figures.apply(batchOf([] {
        GateStats stats = second(2);
        stats.messagesIn = 3;
        return stats;
    }()));
    QCOMPARE(figures.now().messagesIn, 0.0);
}

void MainWindowTest::a_window_of_fifteen_minutes_is_kept()
{
    GateFigures figures;
    for (int n = 0; n < 1500; ++n)
        figures.apply(batchOf(second(n)));
    QVERIFY(figures.series().size() <= 901);
    QVERIFY(figures.series().back() == figures.now());
    QCOMPARE(figures.sessionsGrowth(), 900);
    QCOMPARE(figures.authFailuresLately(), 900U);
}

void MainWindowTest::status_line_and_curves_say_the_same()
{
    FeedBatch snapshot = batchOf(second(60));
    snapshot.snapshot = true;
    for (int n = 0; n <= 60; ++n)
        snapshot.history.push_back(second(n));
    push(std::move(snapshot));
    push(batchOf(second(61)));
    const Figures& now = m_window->figures().now();
    QCOMPARE(now.sessions, 1341U);
    QVERIFY(m_window->figures().series().back() == now);
    QStringList shown;
    for (const auto& figure : m_window->findChild<StatusLine*>()->figures())
        shown += figure.value + QLatin1Char(' ') + figure.unit;
    QCOMPARE(shown, (QStringList{QStringLiteral("1,341 sessions"), QStringLiteral("8,412 messages/s"),
                                 QStringLiteral("2 MiB/s"), QStringLiteral("12 refused/s")}));
    QCOMPARE(shown, statusWords(now));
}

void MainWindowTest::tiles_legends_curves_and_status_line_agree()
{
    m_window->showPage(QStringLiteral("overview"));
    FeedBatch snapshot = batchOf(second(60));
    snapshot.snapshot = true;
    for (int n = 0; n <= 60; ++n)
        snapshot.history.push_back(second(n));
    push(std::move(snapshot));
    push(batchOf(second(61)));
    QString tiles;
    for (const OverviewTile* tile : m_window->findChildren<OverviewTile*>())
        tiles += tile->accessibleName() + QLatin1Char(' ') + tile->accessibleDescription() + QLatin1Char('\n');
    QMap<QString, QString> legend;
    for (const ChartCard* chart : m_window->findChildren<ChartCard*>()) {
        const ChartOptions& options = chart->options();
        for (std::size_t i = 0; i < options.curves.size(); ++i) {
            legend[options.title + QLatin1Char('/') + options.curves[i].name] = chart->legendValue(i);
            // The curve's last point is the figure that the legend tells.
            const double last = options.curves[i].value(m_window->figures().series().back());
            QCOMPARE(options.legendText(last), chart->legendValue(i));
        }
    }
    const QStringList status = statusWords(m_window->figures().now());
    QCOMPARE(status[0], QStringLiteral("1,341 sessions"));
    QVERIFY2(tiles.contains(QStringLiteral("Sessions 1,341")), qPrintable(tiles));
    QCOMPARE(legend[QStringLiteral("Sessions/open")], QStringLiteral("1,341"));
    QCOMPARE(status[1], QStringLiteral("8,412 messages/s"));
    QVERIFY2(tiles.contains(QStringLiteral("Messages 8,412/s, 5,120 in, 3,292 out")), qPrintable(tiles));
    QCOMPARE(legend[QStringLiteral("Messages a second/in")], QStringLiteral("5,120"));
    QCOMPARE(legend[QStringLiteral("Messages a second/out")], QStringLiteral("3,292"));
    QCOMPARE(status[3], QStringLiteral("12 refused/s"));
    QVERIFY2(tiles.contains(QStringLiteral("Refused 12/s, rate_session 12")), qPrintable(tiles));
    QCOMPARE(legend[QStringLiteral("Refused a second/rate")], QStringLiteral("12"));
    QVERIFY2(tiles.contains(QStringLiteral("Auth failures in 15 min 61,")), qPrintable(tiles));
    QCOMPARE(legend[QStringLiteral("Auth failures a second/all")], QStringLiteral("1"));
}

void MainWindowTest::certificates_are_told_of_where_there_is_reason_to_data()
{
    QTest::addColumn<int>("state");
    QTest::addColumn<int>("hours");
    QTest::addColumn<QString>("said");
    QTest::addColumn<bool>("alarming");
    const auto row = [](const char* name, CertificateState state, int hours, const char* said, bool alarming) {
        QTest::newRow(name) << static_cast<int>(state) << hours << QString::fromLatin1(said) << alarming;
    };
    row("all is well", CertificateState::Good, 24 * 40, "", false);
    row("a month", CertificateState::ExpiresSoon, 24 * 30 - 1, "Certificate ends in 29 days", false);
    row("one day", CertificateState::ExpiresSoon, 25, "Certificate ends in 1 day", true);
    row("hours", CertificateState::ExpiresSoon, 3, "Certificate ends within a day", true);
    row("over", CertificateState::ExpiresSoon, -1, "Certificate has ended", true);
    row("not reloaded", CertificateState::ReloadFailed, 24 * 200, "Certificate not reloaded", true);
    row("not reloaded, and a week to go", CertificateState::ReloadFailed, 24 * 7, "Certificate not reloaded", true);
    row("not reloaded, and hardly time", CertificateState::ReloadFailed, 49, "Certificate ends in 2 days", true);
}

void MainWindowTest::certificates_are_told_of_where_there_is_reason_to()
{
    QFETCH(int, state);
    QFETCH(int, hours);
    QFETCH(QString, said);
    QFETCH(bool, alarming);
    m_control->answer = [&](const Command& command) -> Reply {
        if (!std::holds_alternative<InfoQuery>(command))
            return Answer(gatehouse::AuditPage{});
        Info info;
        info.listeners = {{"public", "wss://0.0.0.0:8443", "gate.example", start + 1h * hours}};
        return Answer(info);
    };
    m_window->showPage(QStringLiteral("overview"));
    FeedBatch batch = batchOf(second(0));
    batch.snapshot = true;
    push(batch);
    auto* pill = m_window->findChild<Pill*>(QStringLiteral("certificateNotice"));
    auto* line = m_window->findChild<StatusLine*>();
    QVERIFY(pill && line);
    QTRY_VERIFY(pill->isHidden());
    FeedBatch next = batchOf(second(1));
    next.stats.certificates = static_cast<CertificateState>(state);
    next.stats.certificatesEnd = next.stats.time + 1h * hours;
    push(next);
    QTRY_COMPARE(pill->isHidden(), said.isEmpty());
    if (said.isEmpty()) {
        QVERIFY(!line->accessibleName().contains(QStringLiteral("Certificate")));
        return;
    }
    QCOMPARE(pill->text(), said);
    QCOMPARE(pill->tone(), alarming ? Tone::Bad : Tone::Warning);
    QVERIFY(line->accessibleName().endsWith(said));
    QTRY_VERIFY(pill->toolTip().contains(QStringLiteral("Listener public")));
    QCOMPARE(pill->toolTip().contains(QStringLiteral("could not be used")),
             state == static_cast<int>(CertificateState::ReloadFailed));
}

void MainWindowTest::keys_that_fail_and_a_clock_that_jumped_are_told_of()
{
    m_window->showPage(QStringLiteral("overview"));
    FeedBatch batch = batchOf(second(0));
    batch.snapshot = true;
    push(batch);
    auto* keys = m_window->findChild<Pill*>(QStringLiteral("keySetNotice"));
    auto* clock = m_window->findChild<Pill*>(QStringLiteral("clockNotice"));
    auto* line = m_window->findChild<StatusLine*>();
    QVERIFY(keys && clock && line);
    QTRY_VERIFY(keys->isHidden() && clock->isHidden());
    FeedBatch next = batchOf(second(1));
    next.stats.keySets = KeySetState::Failing;
    next.stats.keySetProblem = "issuer corp: https://id.example/keys does not answer";
    next.stats.clockStepped = next.stats.time - 59min;
    next.stats.clockStep = 2h;
    next.stats.clockSteppedBack = true;
    push(next);
    QTRY_VERIFY(!keys->isHidden() && !clock->isHidden());
    QCOMPARE(keys->text(), QStringLiteral("Keys of an issuer not renewed"));
    QCOMPARE(keys->tone(), Tone::Bad);
    QVERIFY(keys->toolTip().contains(QStringLiteral("issuer corp: https://id.example/keys does not answer")));
    QCOMPARE(clock->text(), QStringLiteral("Clock put back by 2 h"));
    QVERIFY(line->accessibleName().endsWith(QStringLiteral("Clock put back by 2 h, Keys of an issuer not renewed")));
    FeedBatch later = batchOf(second(2));
    later.stats.clockStepped = later.stats.time - 1h;
    later.stats.clockStep = 2h;
    push(later);
    QTRY_VERIFY(keys->isHidden() && clock->isHidden());
}

void MainWindowTest::a_demo_says_that_it_is_one()
{
    auto* mark = m_window->findChild<Pill*>(QStringLiteral("simulated"));
    QVERIFY(!mark->isVisible());
    MainWindow demo(*m_control, *m_settings, m_appearance, MainWindowOptions{{"dana", "console"}, false, true});
    demo.show();
    QVERIFY(demo.windowTitle().contains(QStringLiteral("SIMULATED")));
    QVERIFY(demo.findChild<Pill*>(QStringLiteral("simulated"))->isVisible());
}

void MainWindowTest::the_pill_follows_the_state()
{
    auto* pill = m_window->findChild<Pill*>(QStringLiteral("gateState"));
    FeedBatch batch = batchOf(second(1));
    batch.snapshot = true;
    push(batch);
    QCOMPARE(pill->text(), QStringLiteral("Serving"));
    batch = batchOf(second(2));
    batch.stats.state = GateState::Draining;
    push(batch);
    QCOMPARE(pill->text(), QStringLiteral("Draining"));
    QCOMPARE(pill->tone(), Tone::Warning);
}

void MainWindowTest::pages_have_shortcuts()
{
    const QStringList names{QStringLiteral("overview"), QStringLiteral("connections"), QStringLiteral("authFailures"),
                            QStringLiteral("audit")};
    for (int i = 0; i < names.size(); ++i) {
        QTest::keyClick(m_window.get(), Qt::Key(int(Qt::Key_1) + i), Qt::ControlModifier);
        QTRY_COMPARE(m_window->currentPage()->objectName(), names[i]);
    }
}

void MainWindowTest::the_palette_lists_actions_with_their_commands_and_runs_one()
{
    m_window->showPage(QStringLiteral("overview"));
    m_window->findChild<QAction*>(QStringLiteral("palette"))->trigger();
    auto* palette = m_window->findChild<CommandPalette*>();
    QVERIFY(palette);
    auto* list = palette->findChild<QListWidget*>();
    const int all = list->count();
    QVERIFY(all >= 8);
    auto* field = palette->findChild<QLineEdit*>();
    QTest::keyClicks(field, QStringLiteral("gatehousectl drain"));
    QCOMPARE(list->count(), 1);
    field->clear();
    QTest::keyClicks(field, QStringLiteral("go to audit"));
    QTest::keyClick(field, Qt::Key_Return);
    QTRY_COMPARE(m_window->currentPage()->objectName(), QStringLiteral("audit"));
}

void MainWindowTest::closing_asks_and_drains()
{
    FeedBatch snapshot = batchOf(second(1));
    snapshot.snapshot = true;
    push(snapshot);
    QSignalSpy stopped(m_window.get(), &MainWindow::stopped);
    m_window->close();
    QVERIFY(m_window->isVisible());
    QVERIFY(!m_window->findChild<QPushButton*>(QStringLiteral("keepServing")));
    QTest::mouseClick(m_window->findChild<QPushButton*>(QStringLiteral("drainAction")), Qt::LeftButton);
    QCOMPARE(m_control->commands<DrainCommand>().size(), std::size_t(1));
    QVERIFY(stopped.isEmpty());
    FeedBatch last = batchOf(second(2));
    last.stats.state = GateState::Stopped;
    push(last);
    QCOMPARE(stopped.size(), 1);
    QVERIFY(!m_window->isVisible());
}

void MainWindowTest::a_refused_drain_is_told()
{
    m_control->answer = [](const Command&) -> Reply {
        return Failure{ControlError{ControlErrorCode::Unavailable, "not now"}};
    };
    m_window->close();
    auto* button = m_window->findChild<QPushButton*>(QStringLiteral("drainAction"));
    QTest::mouseClick(button, Qt::LeftButton);
    auto* dialog = m_window->findChild<Dialog*>(QStringLiteral("closeDialog"));
    QTRY_VERIFY(dialog->failure().contains(QStringLiteral("not now")));
    QVERIFY(m_window->isVisible());
}

void MainWindowTest::the_rail_gets_narrow()
{
    auto* rail = m_window->findChild<Rail*>();
    m_window->resize(1440, 900);
    QTRY_VERIFY(!rail->isNarrow());
    m_window->resize(1100, 700);
    QTRY_VERIFY(rail->isNarrow());
}

void MainWindowTest::the_appearance_can_be_chosen()
{
    m_window->findChild<QAction*>(QStringLiteral("lookDark"))->trigger();
    QTRY_COMPARE(&Theme::of(m_window->palette()), &Theme::dark());
    m_window->findChild<QAction*>(QStringLiteral("lookLight"))->trigger();
    QTRY_COMPARE(&Theme::of(m_window->palette()), &Theme::light());
}

int main(int argc, char** argv)
{
    return runWithAppearance<MainWindowTest>(argc, argv);
}
#include "mainwindowtest.moc"
