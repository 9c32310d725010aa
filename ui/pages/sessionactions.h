// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/kickdialog.h"
#include "models/connectionexport.h"
#include "style/icon.h"

#include <QObject>

class QAction;
class QKeySequence;
class QMenu;
class QModelIndex;

namespace gatehouse::ui {

class Banning;
class ConnectionsModel;
class ConnectionsTable;
class SessionMeasures;

/// What can be done to the sessions of a table: kick, ban, revoke, copy. Actions act on the ids that are chosen when
/// they are triggered. They belong to the page and live as long as it does.
class SessionActions : public QObject {
    Q_OBJECT
public:
    SessionActions(FeedBridge& bridge, Banning& banning, SessionMeasures& measures, const ConnectionsModel& model,
                   ConnectionsTable& table, QWidget& page);

    /// The session that the panel shows: what ban and copy mean.
    void setChosen(SessionId id);
    [[nodiscard]] QAction* kick() const { return m_kick; }
    [[nodiscard]] QAction* ban() const { return m_ban; }
    void askKick(const std::vector<SessionId>& ids);
    /// Without a cell, "Filter by" takes the chosen session's user.
    void fillMenu(QMenu& menu, const QModelIndex& cell);

Q_SIGNALS:
    void kicked(const QString& notice);
    void filterWanted(const QString& text);

private:
    QAction* add(const char* name, Icon symbol, const QString& text, const QKeySequence& keys);
    void addCopies();
    void askBan(BanSubject first);
    void askRevoke(RevocationSubject subject);
    void copy(CopyForm form) const;

    FeedBridge& m_bridge;
    Banning& m_banning;
    SessionMeasures& m_measures;
    const ConnectionsModel& m_model;
    ConnectionsTable& m_table;
    QWidget& m_page;
    SessionId m_chosen;
    QAction* m_kick;
    QAction* m_ban;
    QAction* m_banAddress;
    QAction* m_revokeToken;
    QAction* m_revokeUser;
    std::vector<QAction*> m_copies;
};

} // namespace gatehouse::ui
