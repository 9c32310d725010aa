// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/connectionsmodel.h"

#include <algorithm>
#include <bit>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;
using Column = ConnectionColumn;

constexpr auto tickInterval = 1s;
constexpr auto sampleInterval = 2s;
constexpr auto sortInterval = 1s;
/// Beyond these, one coarse signal costs a view less than many exact ones.
constexpr std::size_t maximalRuns = 32;
constexpr std::size_t maximalRemovals = 64;

constexpr std::uint32_t bit(Column column)
{
    return 1U << static_cast<unsigned>(column);
}

constexpr std::uint32_t allColumns = (1U << connectionColumns) - 1;
/// What changes by the mere passing of time.
constexpr std::uint32_t timeColumns = bit(Column::State) | bit(Column::Since) | bit(Column::Idle);

std::uint32_t difference(const SessionActivity& a, const SessionActivity& b)
{
    std::uint32_t columns = 0;
    if (a.messagesInRate != b.messagesInRate)
        columns |= bit(Column::In) | bit(Column::OfLimit);
    if (a.messagesOutRate != b.messagesOutRate)
        columns |= bit(Column::Out);
    if (a.bytesInRate != b.bytesInRate)
        columns |= bit(Column::BytesIn);
    if (a.bytesOutRate != b.bytesOutRate)
        columns |= bit(Column::BytesOut);
    if (a.backlog != b.backlog)
        columns |= bit(Column::Backlog);
    if (a.violations != b.violations)
        columns |= bit(Column::Violations);
    if (a.lastMessage != b.lastMessage)
        columns |= bit(Column::Idle) | bit(Column::State);
    if (a.temporaryLimit != b.temporaryLimit)
        columns |= bit(Column::State) | bit(Column::OfLimit);
    return columns;
}

} // namespace

int ConnectionsModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_order.size());
}

int ConnectionsModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : connectionColumns;
}

const Connection& ConnectionsModel::at(int row) const
{
    return m_connections.at(m_order[static_cast<std::size_t>(row)]);
}

const Connection* ConnectionsModel::find(SessionId id) const
{
    const auto found = m_connections.find(id);
    return found == m_connections.end() ? nullptr : &found->second;
}

QVariant ConnectionsModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const Connection& connection = at(index.row());
    const auto column = static_cast<Column>(index.column());
    switch (role) {
    case Qt::DisplayRole:
        return cellText(connection, column, m_now);
    case Qt::ToolTipRole:
        return cellToolTip(connection, column, m_now).toHtmlEscaped();
    case Qt::TextAlignmentRole:
        return static_cast<int>(columnAlignment(column));
    case Qt::AccessibleTextRole:
        return accessibleText(connection, column, m_now);
    case SortRole:
        return sortValue(connection, column, m_now);
    case IdRole:
        return QVariant::fromValue<qulonglong>(connection.id().value);
    case StateRole:
        return static_cast<int>(connection.state);
    case ShareRole:
        if (const std::optional<double> share = shareOfLimit(connection))
            return *share;
        return {};
    case FreshRole:
        return m_now - connection.firstSeen < freshStays;
    default:
        return {};
    }
}

QVariant ConnectionsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= connectionColumns)
        return {};
    const auto column = static_cast<Column>(section);
    if (role == Qt::DisplayRole)
        return columnTitle(column);
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>(columnAlignment(column));
    return {};
}

void ConnectionsModel::apply(const FeedBatch& batch)
{
    const bool first = m_now == WallTime{};
    m_now = batch.stats.time;
    if (batch.snapshot)
        keepOnly(batch.rows);
    for (const SessionRow& row : batch.rows)
        take(row, !first);
    for (const ClosedSession& closed : batch.closed)
        take(closed);
    // A clock that was set back counts as a tick too.
    const bool ticks = m_now >= m_lastTick + tickInterval || m_now < m_lastTick;
    if (ticks)
        tick();
    announceChanges();
    // After a snapshot, and where there is no row, there is nothing to keep in its place.
    if (!m_held || batch.snapshot || m_order.empty())
        settle(ticks || batch.snapshot ? Scan::All : Scan::NewOnly);
    Q_EMIT countsChanged();
}

void ConnectionsModel::take(const SessionRow& row, bool fresh)
{
    if (!row.info)
        return;
    const auto [place, isNew] = m_connections.try_emplace(row.info->id);
    Connection& connection = place->second;
    if (isNew) {
        connection.session = row;
        connection.firstSeen = fresh ? m_now : WallTime{};
        connection.words = filterWords(*row.info);
        connection.state = stateOf(connection, m_now);
        m_new.insert(row.info->id);
        ++m_open;
        return;
    }
    if (connection.closed)
        return;
    Columns columns = difference(connection.session.activity, row.activity);
    if (connection.session.info != row.info && connection.info() != *row.info) {
        connection.words = filterWords(*row.info);
        columns = allColumns;
    }
    connection.session = row;
    if (const ConnectionState state = stateOf(connection, m_now); state != connection.state) {
        connection.state = state;
        columns |= bit(Column::State) | bit(Column::OfLimit) | bit(Column::Trend);
    }
    if (columns != 0)
        m_changed[row.info->id] |= columns;
}

void ConnectionsModel::take(const ClosedSession& closed)
{
    const auto found = m_connections.find(closed.id);
    if (found == m_connections.end() || found->second.closed)
        return;
    Connection& connection = found->second;
    connection.closed = closed;
    connection.closedAt = m_now;
    connection.state = ConnectionState::Closed;
    m_changed[closed.id] = allColumns;
    --m_open;
}

/// A snapshot names all that are open: others ended while nobody told us how.
void ConnectionsModel::keepOnly(const std::vector<SessionRow>& rows)
{
    std::unordered_set<SessionId> open;
    for (const SessionRow& row : rows) {
        if (row.info)
            open.insert(row.info->id);
    }
    std::vector<int> gone;
    for (auto it = m_connections.begin(); it != m_connections.end();) {
        if (it->second.closed || open.contains(it->first)) {
            ++it;
            continue;
        }
        --m_open;
        m_new.erase(it->first);
        m_changed.erase(it->first);
        if (const int row = rowOf(it->first); row >= 0) {
            gone.push_back(row);
            ++it;
        } else {
            it = m_connections.erase(it);
        }
    }
    std::sort(gone.begin(), gone.end(), std::greater<>());
    std::vector<SessionId> ids;
    for (const int row : gone)
        ids.push_back(m_order[static_cast<std::size_t>(row)]);
    removeRows(gone);
    for (const SessionId id : ids)
        m_connections.erase(id);
}

void ConnectionsModel::tick()
{
    const bool samples = m_now >= m_lastSample + sampleInterval || m_now < m_lastSample;
    m_lastTick = m_now;
    if (samples)
        m_lastSample = m_now;
    for (auto& [id, connection] : m_connections) {
        if (connection.closed)
            continue;
        if (samples)
            connection.trend.push(static_cast<float>(connection.activity().messagesInRate));
        if (const ConnectionState state = stateOf(connection, m_now); state != connection.state) {
            connection.state = state;
            m_changed[id] |= bit(Column::OfLimit) | bit(Column::Trend);
        }
        // The mark of a new row goes.
        const auto age = m_now - connection.firstSeen;
        if (age >= freshStays && age < freshStays + 2 * tickInterval)
            m_changed[id] |= bit(Column::Id);
    }
    if (m_order.empty())
        return;
    Columns columns = timeColumns | (samples ? bit(Column::Trend) : 0);
    const int last = rowCount() - 1;
    for (; columns != 0; columns &= columns - 1) {
        const int column = std::countr_zero(columns);
        Q_EMIT dataChanged(index(0, column), index(last, column));
    }
}

void ConnectionsModel::announceChanges()
{
    std::vector<std::pair<int, Columns>> rows;
    for (const auto& [id, columns] : m_changed) {
        if (const int row = rowOf(id); row >= 0)
            rows.emplace_back(row, columns);
    }
    m_changed.clear();
    if (rows.empty())
        return;
    std::sort(rows.begin(), rows.end());

    struct Run {
        int first;
        int last;
        Columns columns;
    };
    std::vector<Run> runs;
    for (const auto& [row, columns] : rows) {
        if (!runs.empty() && runs.back().last + 1 == row) {
            runs.back().last = row;
            runs.back().columns |= columns;
        } else {
            runs.push_back({row, row, columns});
        }
    }
    if (runs.size() > maximalRuns) {
        Columns columns = 0;
        for (const Run& run : runs)
            columns |= run.columns;
        runs = {{runs.front().first, runs.back().last, columns}};
    }
    for (const Run& run : runs)
        announceRun(run.first, run.last, run.columns);
}

void ConnectionsModel::announceRun(int first, int last, Columns columns)
{
    const int from = std::countr_zero(columns);
    const int to = static_cast<int>(std::bit_width(columns)) - 1;
    Q_EMIT dataChanged(index(first, from), index(last, to));
}

bool ConnectionsModel::isExpired(const Connection& connection) const
{
    return connection.closed && m_now - connection.closedAt >= closedStays;
}

bool ConnectionsModel::isShown(const Connection& connection) const
{
    return !isExpired(connection) && matches(connection, m_filter, m_now);
}

void ConnectionsModel::settle(Scan scan)
{
    if (scan == Scan::All)
        removeGone();
    insertNew(scan);
    if (scan == Scan::All)
        forgetExpired();
    if (m_now >= m_lastSort + sortInterval || m_now < m_lastSort)
        resort();
}

void ConnectionsModel::removeGone()
{
    std::vector<int> gone;
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (!isShown(at(row)))
            gone.push_back(row);
    }
    removeRows(gone);
}

void ConnectionsModel::removeRows(const std::vector<int>& descending)
{
    if (descending.empty())
        return;
    struct Range {
        int first;
        int last;
    };
    std::vector<Range> ranges; // high to low, so that the numbers of those to come stay right
    for (const int row : descending) {
        if (!ranges.empty() && ranges.back().first == row + 1)
            ranges.back().first = row;
        else
            ranges.push_back({row, row});
    }
    const bool reset = ranges.size() > maximalRemovals;
    if (reset)
        beginResetModel();
    for (const Range& range : ranges) {
        if (!reset)
            beginRemoveRows({}, range.first, range.last);
        for (int row = range.first; row <= range.last; ++row)
            m_rowOf.erase(m_order[static_cast<std::size_t>(row)]);
        m_order.erase(m_order.begin() + range.first, m_order.begin() + range.last + 1);
        if (!reset)
            endRemoveRows();
    }
    reindex();
    if (reset)
        endResetModel();
}

void ConnectionsModel::insertNew(Scan scan)
{
    std::vector<SessionId> added;
    const auto consider = [&](SessionId id, const Connection& connection) {
        if (rowOf(id) < 0 && isShown(connection))
            added.push_back(id);
    };
    if (scan == Scan::All) {
        for (const auto& [id, connection] : m_connections)
            consider(id, connection);
    } else {
        for (const SessionId id : m_new)
            consider(id, m_connections.at(id));
    }
    m_new.clear();
    if (added.empty())
        return;
    std::sort(added.begin(), added.end());
    const int first = rowCount();
    beginInsertRows({}, first, first + static_cast<int>(added.size()) - 1);
    for (const SessionId id : added) {
        m_rowOf[id] = static_cast<int>(m_order.size());
        m_order.push_back(id);
    }
    endInsertRows();
}

void ConnectionsModel::forgetExpired()
{
    std::erase_if(m_connections, [this](const auto& entry) { return isExpired(entry.second); });
}

void ConnectionsModel::resort()
{
    m_lastSort = m_now;
    std::vector<SortKey> keys;
    keys.reserve(m_order.size());
    for (const SessionId id : m_order)
        keys.push_back(sortKey(m_connections.at(id), m_sortColumn, m_now));
    const auto before = [this](const SortKey& a, const SortKey& b) {
        return m_sortOrder == Qt::AscendingOrder ? lessThan(a, b) : lessThan(b, a);
    };
    if (std::is_sorted(keys.begin(), keys.end(), before))
        return;
    std::sort(keys.begin(), keys.end(), before);

    Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList from = persistentIndexList();
    std::vector<SessionId> ids;
    for (const QModelIndex& old : from)
        ids.push_back(m_order[static_cast<std::size_t>(old.row())]);
    std::transform(keys.begin(), keys.end(), m_order.begin(), [](const SortKey& key) { return key.id; });
    reindex();
    QModelIndexList to;
    for (qsizetype i = 0; i < from.size(); ++i)
        to.append(index(rowOf(ids[static_cast<std::size_t>(i)]), from[i].column()));
    changePersistentIndexList(from, to);
    Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

void ConnectionsModel::reindex()
{
    for (std::size_t row = 0; row < m_order.size(); ++row)
        m_rowOf[m_order[row]] = static_cast<int>(row);
}

void ConnectionsModel::sort(int column, Qt::SortOrder order)
{
    if (column < 0 || column >= connectionColumns)
        return;
    m_sortColumn = static_cast<Column>(column);
    m_sortOrder = order;
    resort();
}

void ConnectionsModel::setFilterText(const QString& text)
{
    const QStringList filter = text.toLower().split(QLatin1Char(' '), Qt::SkipEmptyParts);
    if (filter == m_filter)
        return;
    m_filter = filter;
    // The operator's own hand: it goes before holding.
    settle(Scan::All);
    Q_EMIT countsChanged();
}

void ConnectionsModel::setHeld(bool held)
{
    if (held == m_held)
        return;
    m_held = held;
    if (!held)
        settle(Scan::All);
    Q_EMIT countsChanged();
}

void ConnectionsModel::settleNow()
{
    settle(Scan::All);
    resort();
    Q_EMIT countsChanged();
}

int ConnectionsModel::waitingCount() const
{
    return static_cast<int>(
        std::count_if(m_new.begin(), m_new.end(), [this](SessionId id) { return isShown(m_connections.at(id)); }));
}

std::vector<SessionId> ConnectionsModel::openMatching() const
{
    std::vector<SessionId> ids;
    for (const auto& [id, connection] : m_connections) {
        if (!connection.closed && isShown(connection))
            ids.push_back(id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
}

} // namespace gatehouse::ui
