// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "models/policyhistorymodel.h"
#include "style/icon.h"

#include <QWidget>

class QPushButton;
class QScrollArea;
class QStackedWidget;

namespace gatehouse::ui {

class DifferenceView;
class EmptyState;
class ElidedLabel;
class FactGrid;
class Pill;
class PolicyTitle;
class RecordTable;
class ReviewCard;

/// The versions of the policy, what each changed, and the way back to one. Asks for more at the end of the table.
class PolicyHistoryView : public QWidget {
    Q_OBJECT
public:
    explicit PolicyHistoryView(QWidget* parent = nullptr);

    void begin();
    /// `first`: the newest ones, in place of what is shown.
    void show(PolicyHistory history, std::uint64_t running, bool first);
    void showFailure(const QString& why);
    void setNow(WallTime now);
    void choose(std::uint64_t version);
    [[nodiscard]] PolicyHistoryModel& model() { return *m_model; }
    [[nodiscard]] RecordTable& table() { return *m_table; }
    [[nodiscard]] ReviewCard& changes() { return *m_changes; }
    [[nodiscard]] DifferenceView& difference() { return *m_difference; }

Q_SIGNALS:
    void backWanted();
    /// Versions below this one; 0: the newest.
    void wanted(std::uint64_t before);
    void restoreWanted(std::uint64_t version);

private:
    [[nodiscard]] QWidget* makeTable();
    [[nodiscard]] QWidget* makePanel();
    void showRow(int row);
    void askForMore();

    PolicyTitle* m_title;
    PolicyHistoryModel* m_model;
    RecordTable* m_table = nullptr;
    QStackedWidget* m_stack = nullptr;
    EmptyState* m_message = nullptr;
    QWidget* m_panel = nullptr;
    ElidedLabel* m_heading = nullptr;
    Pill* m_state = nullptr;
    FactGrid* m_facts = nullptr;
    QPushButton* m_restore = nullptr;
    QScrollArea* m_scroll = nullptr;
    ReviewCard* m_changes = nullptr;
    DifferenceView* m_difference = nullptr;
    std::uint64_t m_chosen = 0;
    bool m_more = false;
    bool m_asked = false;
};

} // namespace gatehouse::ui
