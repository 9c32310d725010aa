// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feedbridge/feedbridge.h"
#include "models/connectionsmodel.h"
#include "pages/page.h"

class QAction;
class QMenu;
class QSettings;
class QSplitter;
class QStackedWidget;

namespace gatehouse::ui {

class Card;
class ConnectionsHead;
class ConnectionsTable;
class EmptyState;
class OutcomeBar;
class PendingBar;
class SessionActions;
class SessionMeasures;
class SessionPanel;

/// Who is connected: the live table, the chosen session beside it, and what can be done to it.
class ConnectionsPage : public Page {
    Q_OBJECT
public:
    /// Under this width of the window, the panel lies over the table.
    static constexpr int panelBeside = 1280;

    ConnectionsPage(FeedBridge& bridge, QSettings& settings, QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Connections"); }
    [[nodiscard]] Icon pageIcon() const override { return Icon::Plug; }
    void setActive(bool active) override;
    void applyBatch(const FeedBatch& batch) override;
    [[nodiscard]] QWidget* keyboardHome() const override;
    [[nodiscard]] QString filterHint() const override;
    void setFilterText(const QString& text) override;
    void saveState() override;
    void resetLayout() override;

    [[nodiscard]] ConnectionsModel& model() { return m_model; }
    void choose(SessionId id);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void makeActions();
    void makeBody();
    void connectParts();
    void fillColumnsMenu();
    void openContextMenu(const QPoint& position);
    void updateHeld();
    void updateCounts();
    void updateEmptyState();
    void updatePanel();
    void selectionMoved();
    void askTimeline();
    void placePanel();

    FeedBridge& m_bridge;
    QSettings& m_settings;
    ConnectionsModel m_model;
    SessionId m_chosen;
    QString m_filter;
    bool m_active = false;
    bool m_panelWanted = false; ///< over the table
    bool m_beside = true;
    WallTime m_timelineAsked{};

    ConnectionsHead* m_head = nullptr;
    PendingBar* m_pending = nullptr;
    QAction* m_hold = nullptr;
    SessionMeasures* m_measures = nullptr;
    SessionActions* m_actions = nullptr;
    OutcomeBar* m_outcome = nullptr;
    QMenu* m_more = nullptr;
    QSplitter* m_splitter = nullptr;
    QStackedWidget* m_stack = nullptr;
    ConnectionsTable* m_table = nullptr;
    EmptyState* m_empty = nullptr;
    SessionPanel* m_panel = nullptr;
};

} // namespace gatehouse::ui
