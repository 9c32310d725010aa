// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/limitdialog.h"
#include "feedbridge/feedbridge.h"
#include "style/icon.h"

#include <QObject>

class QAction;
class QMenu;

namespace gatehouse::ui {

class ConnectionsModel;
class ConnectionsTable;
class OutcomeBar;
class PendingBar;

/// What can be done to sessions that stay open: quarantine and release, limit and lift. Actions act on the ids that
/// are chosen when they are triggered; what they came to stands in the page's bars. All belong to the page.
class SessionMeasures : public QObject {
    Q_OBJECT
public:
    SessionMeasures(FeedBridge& bridge, PendingBar& pending, OutcomeBar& outcome, const ConnectionsModel& model,
                    const ConnectionsTable& table, QWidget& page);

    /// `many`: several rows are chosen, or a filter stands for the choice.
    void setChosen(SessionId id, bool many);
    void fillMenu(QMenu& menu) const;

    /// Waits five seconds after the question, in which it can be called off.
    void askQuarantine(const std::vector<SessionId>& ids);
    /// Those of them that are quarantined, at once.
    void release(const std::vector<SessionId>& ids);
    void askLimit(const std::vector<SessionId>& ids);
    /// The temporary limits of these sessions, those of their users among them.
    void lift(const std::vector<SessionId>& ids);

private:
    QAction* add(const char* name, Icon symbol, const QString& text, const QKeySequence& keys, const QString& command);
    void holdBack(const QuarantineCommand& command);
    void send(const QuarantineCommand& command);
    void showQuarantine(const QuarantineCommand& command, const QuarantineResult& result);
    void send(const LimitCommand& command, LimitDialog* dialog);
    void showLimit(const LimitResult& result);
    void lift(std::vector<LimitId> limits);
    [[nodiscard]] LimitOffer offerFor(const std::vector<SessionId>& ids) const;

    FeedBridge& m_bridge;
    PendingBar& m_pending;
    OutcomeBar& m_outcome;
    const ConnectionsModel& m_model;
    const ConnectionsTable& m_table;
    QWidget& m_page;
    QAction* m_quarantine;
    QAction* m_release;
    QAction* m_limit;
    QAction* m_lift;
};

} // namespace gatehouse::ui
