// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "feedbridge/feedbridge.h"
#include "models/authfailuresmodel.h"
#include "models/gatefigures.h"
#include "pages/page.h"

#include <QTimeZone>
#include <QTimer>

#include <map>
#include <optional>

class QLabel;
class QPushButton;
class QSettings;
class QStackedWidget;

namespace gatehouse::ui {

class Banning;
class EmptyState;
class OutcomeBar;
class RecordPanel;
class RecordSplit;
class RecordTable;

/// Who fails to get in, by address and reason, with a ban at hand that can be taken back.
class AuthFailuresPage : public Page {
    Q_OBJECT
public:
    AuthFailuresPage(FeedBridge& bridge, QSettings& settings, const GateFigures& figures, QWidget* parent = nullptr);

    [[nodiscard]] QString title() const override { return tr("Auth failures"); }
    [[nodiscard]] Icon pageIcon() const override { return Icon::ShieldAlert; }
    void setActive(bool active) override;
    void applyBatch(const FeedBatch& batch) override;
    [[nodiscard]] QWidget* keyboardHome() const override;
    [[nodiscard]] QString filterHint() const override { return tr("Filter by address, reason, user, route or origin"); }
    void setFilterText(const QString& text) override;
    void saveState() override;
    void resetLayout() override;

    [[nodiscard]] AuthFailuresModel& model() { return *m_model; }
    [[nodiscard]] RecordTable& table() { return *m_table; }

private:
    QLayout* makeTitle();
    QWidget* makeTable();
    void makePanel();
    void makeActions();
    void settle();
    void choose(int row);
    void showPanel();
    void showTotals();
    void openMenu(const QPoint& position);
    void banForTenMinutes();
    void openBanDialog();
    void copyLine();

    FeedBridge& m_bridge;
    QSettings& m_settings;
    const GateFigures& m_figures;
    AuthFailuresModel* m_model;
    RecordTable* m_table = nullptr;
    RecordPanel* m_panel = nullptr;
    RecordSplit* m_split = nullptr;
    QStackedWidget* m_stack = nullptr;
    EmptyState* m_empty = nullptr;
    OutcomeBar* m_outcome = nullptr;
    Banning* m_banning = nullptr;
    QLabel* m_count = nullptr;
    QPushButton* m_new = nullptr;
    QAction* m_banShort = nullptr;
    QAction* m_ban = nullptr;
    QAction* m_copy = nullptr;
    QTimer m_settle;
    std::optional<AuthFailureKey> m_chosen;
    struct Seen {
        AuthFailureGroup group;
        WallTime at{}; ///< when its newest minute was the current one
    };
    std::map<AuthFailureKey, Seen> m_hidden; ///< what came while the page was hidden
    bool m_hiddenSnapshot = false;
    FeedBatch m_lastSeen; ///< its stats alone are kept
    bool m_active = false;
    QTimeZone m_zone = QTimeZone::systemTimeZone();
};

} // namespace gatehouse::ui
