// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/servercontrol.h"
#include "feedbridge/feedbridge.h"
#include "models/gatefigures.h"
#include "style/appearance.h"
#include "style/icon.h"

#include <QHash>
#include <QMainWindow>

class QSettings;
class QStackedWidget;
class QSystemTrayIcon;

namespace gatehouse::ui {

class LockdownControl;
class OutcomeBar;
class Page;
class ProvisionalBanner;
class Rail;
class RailButton;
class StatusLine;
class TopBar;
class UpstreamControl;

struct MainWindowOptions {
    Actor actor;
    bool trayAvailable = false; ///< a desktop that shows tray icons
    bool simulated = false;     ///< the demo says so in title and top bar
};

/// The console. It reaches the server through ServerControl alone; lives on the GUI thread.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// Under this width the rail shows symbols alone.
    static constexpr int railWide = 1200;

    MainWindow(ServerControl& control, QSettings& settings, Appearance& appearance, MainWindowOptions options);
    ~MainWindow() override;

    /// By the page's object name: "connections".
    void showPage(const QString& name);
    [[nodiscard]] Page* currentPage() const;
    [[nodiscard]] Page* page(const QString& name) const;
    [[nodiscard]] GateFigures& figures() { return m_figures; }
    [[nodiscard]] FeedBridge& bridge() { return m_bridge; }

    /// Drains the server without a question; stopped() follows.
    void drainAndStop();

Q_SIGNALS:
    /// The server has stopped and the window is closed: the application may end.
    void stopped();

protected:
    void closeEvent(QCloseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void makePages();
    void addPage(const QString& name, Page* page);
    void makeActions();
    QAction* addWindowAction(const QString& name, Icon symbol, const QString& text, const QKeySequence& keys,
                             std::function<void()> run);
    void makeFrame();
    void orderTabs();
    void restore();
    void save();
    void resetLayout();
    void showIndex(int index);
    void applyBatch(const FeedBatch& batch);
    void showFigures();
    void showState(GateState state);
    void setFilter(const QString& text);
    void openPalette();
    void askListeners();
    void askHowToClose();
    void keepInTray();

    QSettings& m_settings;
    Appearance& m_appearance;
    MainWindowOptions m_options;
    FeedBridge m_bridge;
    GateFigures m_figures;
    std::vector<Page*> m_pages;
    QHash<Page*, QString> m_filters;
    Rail* m_rail = nullptr;
    TopBar* m_topBar = nullptr;
    ProvisionalBanner* m_provisional = nullptr; ///< on the pages that have none of their own
    QAction* m_filterAction = nullptr;
    StatusLine* m_statusLine = nullptr;
    OutcomeBar* m_outcome = nullptr;
    LockdownControl* m_lockdown = nullptr;
    UpstreamControl* m_upstreams = nullptr;
    QStackedWidget* m_stack = nullptr;
    QSystemTrayIcon* m_tray = nullptr;
    bool m_stopping = false;
    bool m_mayClose = false;
};

/// What the status line says of the figures, for it and for the tests that compare it with tiles and curves.
[[nodiscard]] QStringList statusWords(const Figures& figures);

} // namespace gatehouse::ui
