// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/connectioncolumn.h"

#include <QAbstractTableModel>
#include <QStringList>

#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace gatehouse::ui {

/// The live table of sessions: filtered and sorted by itself, in rows that keep still while it is held. Lives on the
/// GUI thread; its time is the server's, taken from the batches.
class ConnectionsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    using Column = ConnectionColumn;
    enum Role {
        SortRole = Qt::UserRole, ///< raw value
        IdRole,                  ///< qulonglong
        StateRole,               ///< int of ConnectionState
        ShareRole,               ///< double; invalid without a limit
        FreshRole                ///< bool: came within the last two seconds
    };
    static constexpr std::chrono::seconds closedStays{10};
    static constexpr std::chrono::seconds freshStays{2};

    using QAbstractTableModel::QAbstractTableModel;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    void sort(int column, Qt::SortOrder order) override;

    void apply(const FeedBatch& batch);
    /// Every word has to occur in user, address, route, upstream, role, state, id or channel.
    void setFilterText(const QString& text);
    /// While held, no row moves, comes or goes, except by a snapshot; changes within rows are shown.
    void setHeld(bool held);
    /// Lets rows come, go and move once, held or not.
    void settleNow();

    /// Null where the session is not known (any more), shown or not.
    [[nodiscard]] const Connection* find(SessionId id) const;
    [[nodiscard]] const Connection& at(int row) const;
    /// −1 where it is not shown.
    [[nodiscard]] int rowOf(SessionId id) const
    {
        const auto found = m_rowOf.find(id);
        return found == m_rowOf.end() ? -1 : found->second;
    }
    [[nodiscard]] WallTime now() const { return m_now; }

    [[nodiscard]] bool isHeld() const { return m_held; }
    [[nodiscard]] bool isFiltered() const { return !m_filter.isEmpty(); }
    [[nodiscard]] int openCount() const { return m_open; }
    /// Open sessions that the filter lets through, in the table or waiting.
    [[nodiscard]] std::vector<SessionId> openMatching() const;
    /// Sessions that would have a row if the table were not held.
    [[nodiscard]] int waitingCount() const;

Q_SIGNALS:
    /// After each batch or filter: openCount(), waitingCount() and rowCount() may differ.
    void countsChanged();

private:
    using Columns = std::uint32_t; ///< a bit for each Column
    enum class Scan { NewOnly, All };

    void take(const SessionRow& row, bool fresh);
    void take(const ClosedSession& closed);
    void keepOnly(const std::vector<SessionRow>& rows);
    void tick();
    void announceChanges();
    void announceRun(int first, int last, Columns columns);
    void settle(Scan scan);
    void removeGone();
    void removeRows(const std::vector<int>& descending);
    void insertNew(Scan scan);
    void forgetExpired();
    void resort();
    void reindex();
    [[nodiscard]] bool isExpired(const Connection& connection) const;
    [[nodiscard]] bool isShown(const Connection& connection) const;

    std::unordered_map<SessionId, Connection> m_connections;
    std::vector<SessionId> m_order; ///< the rows
    std::unordered_map<SessionId, int> m_rowOf;
    std::unordered_map<SessionId, Columns> m_changed;
    std::unordered_set<SessionId> m_new; ///< not yet looked at for a row
    QStringList m_filter;
    Column m_sortColumn = Column::Id;
    Qt::SortOrder m_sortOrder = Qt::AscendingOrder;
    bool m_held = false;
    WallTime m_now{};
    WallTime m_lastTick{};
    WallTime m_lastSample{};
    WallTime m_lastSort{};
    int m_open = 0;
};

} // namespace gatehouse::ui
