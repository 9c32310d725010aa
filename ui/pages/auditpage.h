// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feedbridge/feedbridge.h"
#include "models/auditmodel.h"
#include "models/gatefigures.h"
#include "pages/page.h"

#include <QTimeZone>
#include <QTimer>

#include <optional>

class QComboBox;
class QLabel;
class QPushButton;
class QSettings;
class QStackedWidget;

namespace gatehouse::ui {

class EmptyState;
class RecordPanel;
class RecordSplit;
class RecordTable;

/// The audit log: read by pages, newest first; what is new waits until it is asked for.
class AuditPage : public Page {
    Q_OBJECT
public:
    AuditPage(FeedBridge& bridge, QSettings& settings, const GateFigures& figures, QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Audit"); }
    [[nodiscard]] Icon pageIcon() const override { return Icon::ScrollText; }
    void setActive(bool active) override;
    void applyBatch(const FeedBatch& batch) override;
    [[nodiscard]] QWidget* keyboardHome() const override;
    [[nodiscard]] QString filterHint() const override
    {
        return tr("Filter by user, address, route, reason, actor or detail");
    }
    void setFilterText(const QString& text) override;

    [[nodiscard]] AuditModel& model() { return *m_model; }
    [[nodiscard]] RecordTable& table() { return *m_table; }

private:
    QLayout* makeTitle();
    QWidget* makeTable();
    void makePanel();
    void makeCopyMenu(QPushButton* button);
    void ask(std::uint64_t ticket, const AuditQuery& query);
    void startQuery();
    void showState();
    void showWaiting();
    void showAuditState();
    void choose(int row);
    void showPanel();
    void copy(QString (*format)(const std::vector<AuditEntry>&));
    void openMenu(const QPoint& position);

    FeedBridge& m_bridge;
    const GateFigures& m_figures;
    AuditModel* m_model;
    RecordTable* m_table = nullptr;
    RecordPanel* m_panel = nullptr;
    RecordSplit* m_split = nullptr;
    QStackedWidget* m_stack = nullptr;
    EmptyState* m_message = nullptr;
    QLabel* m_count = nullptr;
    QPushButton* m_new = nullptr;
    QComboBox* m_kind = nullptr;
    Pill* m_state = nullptr;
    std::vector<QAction*> m_copyActions;
    QTimer m_typing; ///< waits for a pause in typing before it asks
    AuditQuery m_wanted;
    std::optional<std::uint64_t> m_chosen;
    bool m_active = false;
    bool m_loaded = false;
    QTimeZone m_zone = QTimeZone::systemTimeZone();
};

} // namespace gatehouse::ui
