// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/auditquery.h"
#include "models/connection.h"
#include "style/card.h"

#include <QPushButton>

class QMenu;
class QScrollArea;
class QStackedLayout;

namespace gatehouse::ui {

class ElidedLabel;
class FactGrid;
class LimitGrid;
class MeasuresCard;
class Pill;
class Timeline;
class WhyCard;

/// All about one session: who it is, why it is in its state, what it has left, what it did.
class SessionPanel : public Card {
    Q_OBJECT
public:
    explicit SessionPanel(QWidget* parent = nullptr);

    void show(const Connection& connection, WallTime now);
    void setTimeline(const std::vector<AuditEntry>& entries);
    /// Nothing is chosen.
    void clear();
    /// Over the table it has a button that closes it.
    void setClosable(bool closable);
    void setMenu(QMenu* menu);

    [[nodiscard]] QPushButton* kickButton() const { return m_kick; }
    [[nodiscard]] QPushButton* banButton() const { return m_ban; }
    [[nodiscard]] QString whyText() const;

    /// What an operator did to it.
    [[nodiscard]] QString measuresText() const;

Q_SIGNALS:
    void closeRequested();
    void quarantineWanted();
    void releaseWanted();
    void liftWanted();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeHead();
    QWidget* makeBody();
    void fitActions();

    QStackedLayout* m_stack;
    bool m_quarantined = false;
    ElidedLabel* m_user = nullptr;
    ElidedLabel* m_id = nullptr;
    Pill* m_state = nullptr;
    QPushButton* m_kick = nullptr;
    QPushButton* m_ban = nullptr;
    QPushButton* m_quarantine = nullptr;
    QPushButton* m_more = nullptr;
    QPushButton* m_close = nullptr;
    MeasuresCard* m_measures = nullptr;
    WhyCard* m_why = nullptr;
    FactGrid* m_identity = nullptr;
    LimitGrid* m_limits = nullptr;
    Timeline* m_timeline = nullptr;
    QScrollArea* m_scroll = nullptr;
};

} // namespace gatehouse::ui
