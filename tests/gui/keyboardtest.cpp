// SPDX-License-Identifier: GPL-3.0-or-later
// The console without a mouse: where the Tab key leads, what shows that it is there, and what a screen reader is told.
#include "connectionscenes.h"
#include "dialogs/dialog.h"
#include "guimain.h"
#include "mainwindow/commandpalette.h"
#include "mainwindow/mainwindow.h"
#include "mainwindow/rail.h"
#include "mainwindow/topbar.h"
#include "pages/connectionspage.h"
#include "pages/connectionstable.h"
#include "pages/sessionpanel.h"

#include <QAccessible>
#include <QApplication>
#include <QLineEdit>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

using namespace gatehouse;
using namespace gatehouse::test;
using namespace gatehouse::ui;
using namespace std::chrono_literals;

namespace {

constexpr WallTime start{std::chrono::milliseconds(1'790'000'000'000)};

QString describe(const QWidget& widget)
{
    return QStringLiteral("%1 “%2” in %3")
        .arg(QLatin1StringView(widget.metaObject()->className()), widget.objectName(),
             widget.parentWidget() ? QLatin1StringView(widget.parentWidget()->metaObject()->className())
                                   : QLatin1StringView("nothing"));
}

} // namespace

class KeyboardTest : public QObject {
    Q_OBJECT
public:
    explicit KeyboardTest(Appearance& appearance)
        : m_appearance(appearance)
    {
    }

private Q_SLOTS:
    void init();
    void cleanup();
    void every_control_has_a_name();
    void tab_leads_from_the_rail_to_the_panel();
    void focus_is_seen_data();
    void focus_is_seen();
    void the_keyboard_goes_along_with_the_page();
    void a_row_is_kicked_without_a_mouse();
    void escape_closes_the_palette();

private:
    [[nodiscard]] QWidget* region(QWidget& widget) const;
    [[nodiscard]] std::vector<QWidget*> walk() const;

    Appearance& m_appearance;
    QTemporaryDir m_folder;
    std::unique_ptr<QSettings> m_settings;
    std::unique_ptr<FakeControl> m_control;
    std::unique_ptr<MainWindow> m_window;
    ConnectionsTable* m_table = nullptr;
};

void KeyboardTest::init()
{
    m_settings = std::make_unique<QSettings>(m_folder.filePath(QStringLiteral("s.ini")), QSettings::IniFormat);
    m_settings->clear();
    m_control = std::make_unique<FakeControl>();
    m_control->answer = [](const Command& command) { return gateAnswer(command, start); };
    m_window = std::make_unique<MainWindow>(*m_control, *m_settings, m_appearance,
                                            MainWindowOptions{{"dana", "console"}, false, true});
    m_window->resize(1440, 900);
    m_window->show();
    m_window->showPage(QStringLiteral("connections"));
    FeedBatch batch = gateBatch(smallGate(), start, 0);
    batch.snapshot = true;
    m_control->push(std::move(batch));
    m_table = m_window->findChild<ConnectionsTable*>(QStringLiteral("connectionsTable"));
    QTRY_COMPARE(m_table->model()->rowCount(), 18);
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
}

void KeyboardTest::cleanup()
{
    m_window.reset();
    m_control.reset();
    m_settings.reset();
}

void KeyboardTest::every_control_has_a_name()
{
    int controls = 0;
    for (const char* page : {"overview", "connections", "authFailures", "audit"}) {
        m_window->showPage(QLatin1StringView(page));
        QApplication::processEvents();
        for (QWidget* widget : m_window->findChildren<QWidget*>()) {
            if (!widget->isVisible() || widget->focusPolicy() == Qt::NoFocus)
                continue;
            ++controls;
            QAccessibleInterface* told = QAccessible::queryAccessibleInterface(widget);
            QVERIFY2(told && !told->text(QAccessible::Name).isEmpty(), qPrintable(describe(*widget)));
        }
    }
    QVERIFY2(controls >= 25, qPrintable(QString::number(controls)));
}

// The part of the window that a control stands in, in reading order.
QWidget* KeyboardTest::region(QWidget& widget) const
{
    for (QWidget* part : std::initializer_list<QWidget*>{m_window->findChild<Rail*>(), m_window->findChild<TopBar*>(),
                                                         m_window->findChild<SessionPanel*>(), m_table}) {
        if (part == &widget || part->isAncestorOf(&widget))
            return part;
    }
    return m_window->currentPage();
}

std::vector<QWidget*> KeyboardTest::walk() const
{
    std::vector<QWidget*> stops;
    m_window->findChild<RailButton*>()->setFocus(Qt::TabFocusReason);
    for (QWidget* at = QApplication::focusWidget(); at && stops.size() < 100; at = QApplication::focusWidget()) {
        if (!stops.empty() && at == stops.front())
            break;
        stops.push_back(at);
        QTest::keyClick(at, Qt::Key_Tab);
    }
    return stops;
}

void KeyboardTest::tab_leads_from_the_rail_to_the_panel()
{
    m_table->select(SessionId{7370});
    std::vector<QWidget*> regions;
    for (QWidget* stop : walk()) {
        QVERIFY2(stop->isVisible(), qPrintable(describe(*stop)));
        if (QWidget* here = region(*stop); regions.empty() || regions.back() != here)
            regions.push_back(here);
    }
    const std::vector<QWidget*> expected{m_window->findChild<Rail*>(), m_window->findChild<TopBar*>(),
                                         m_window->currentPage(), m_table, m_window->findChild<SessionPanel*>()};
    QCOMPARE(regions, expected);
}

void KeyboardTest::focus_is_seen_data()
{
    QTest::addColumn<bool>("dark");
    QTest::newRow("light") << false;
    QTest::newRow("dark") << true;
}

void KeyboardTest::focus_is_seen()
{
    QFETCH(bool, dark);
    m_appearance.setChoice(dark ? SchemeChoice::Dark : SchemeChoice::Light);
    m_table->select(SessionId{7370});
    const std::vector<QWidget*> stops = walk();
    QVERIFY2(stops.size() >= 10, qPrintable(QString::number(stops.size()) + describe(*stops.back())));
    for (QWidget* stop : stops) {
        stop->setFocus(Qt::TabFocusReason);
        // The key marks the window as one that is walked by keyboard.
        QTest::keyClick(stop, Qt::Key_Backtab, Qt::ShiftModifier);
        const QImage without = stop->grab().toImage();
        stop->setFocus(Qt::TabFocusReason);
        const QImage with = stop->grab().toImage();
        QVERIFY2(with != without, qPrintable(describe(*stop)));
    }
    m_appearance.setChoice(SchemeChoice::Light);
}

void KeyboardTest::the_keyboard_goes_along_with_the_page()
{
    m_table->setFocus();
    QTest::keyClick(m_table, Qt::Key_4, Qt::ControlModifier);
    QTRY_COMPARE(m_window->currentPage()->objectName(), QStringLiteral("audit"));
    QVERIFY(m_window->currentPage()->isAncestorOf(QApplication::focusWidget()));
    QTest::keyClick(QApplication::focusWidget(), Qt::Key_2, Qt::ControlModifier);
    QTRY_COMPARE(QApplication::focusWidget(), m_table);
    QVERIFY(m_table->currentIndex().isValid());
    QVERIFY(m_table->selectedIds().empty());
}

void KeyboardTest::a_row_is_kicked_without_a_mouse()
{
    m_table->setFocus();
    QTest::keyClick(m_table, Qt::Key_Down);
    QCOMPARE(m_table->selectedIds(), std::vector{SessionId{7037}});
    QTest::keyClick(m_table, Qt::Key_Delete);
    auto* dialog = m_window->findChild<Dialog*>(QStringLiteral("kickDialog"));
    QVERIFY(dialog && dialog->isVisible());
    QTest::keyClick(dialog, Qt::Key_Escape);
    QTRY_VERIFY(!m_window->findChild<Dialog*>(QStringLiteral("kickDialog")));
    QVERIFY(m_control->commands<KickCommand>().empty());
    m_window->activateWindow();
    QVERIFY(QTest::qWaitForWindowActive(m_window.get()));
    QTest::keyClick(m_table, Qt::Key_Delete);
    QTest::keyClick(m_window->findChild<Dialog*>(QStringLiteral("kickDialog")), Qt::Key_Return);
    QTRY_COMPARE(m_control->commands<KickCommand>().size(), std::size_t(1));
}

void KeyboardTest::escape_closes_the_palette()
{
    m_table->setFocus();
    QTest::keyClick(m_table, Qt::Key_K, Qt::ControlModifier);
    auto* palette = m_window->findChild<CommandPalette*>();
    QVERIFY(palette && palette->isVisible());
    QTest::keyClick(palette->findChild<QLineEdit*>(), Qt::Key_Escape);
    QTRY_VERIFY(!m_window->findChild<CommandPalette*>());
}

int main(int argc, char** argv)
{
    return runWithAppearance<KeyboardTest>(argc, argv);
}
#include "keyboardtest.moc"
