// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/auditmodel.h"

#include <algorithm>
#include <iterator>

namespace gatehouse::ui {

AuditModel::AuditModel(QObject* parent)
    : QAbstractTableModel(parent)
{
}

void AuditModel::setFilter(const AuditQuery& filter)
{
    m_filter = filter;
    m_filter.before.reset();
    m_filter.limit = pageSize;
    reload();
}

bool AuditModel::filtered() const
{
    return m_filter.kind || m_filter.reason || m_filter.session || !m_filter.user.empty() ||
           !m_filter.address.empty() || !m_filter.text.empty() || m_filter.from || m_filter.to;
}

void AuditModel::reload()
{
    beginResetModel();
    m_entries.clear();
    m_more = false;
    endResetModel();
    m_newTicket = 0;
    m_newAskedFor = m_newestSeen;
    forgetWaiting();
    setState(State::Loading);
    ask(m_pageTicket, std::nullopt);
}

void AuditModel::ask(std::uint64_t& ticket, std::optional<std::uint64_t> before)
{
    ticket = ++m_lastTicket;
    AuditQuery query = m_filter;
    query.limit = pageSize;
    query.before = before;
    Q_EMIT wanted(ticket, query);
}

void AuditModel::noteNewest(std::uint64_t number)
{
    m_newestSeen = std::max(m_newestSeen, number);
    if (m_state != State::Ready || m_newTicket != 0 || m_newestSeen <= std::max(m_newAskedFor, newestKnown()))
        return;
    m_newAskedFor = m_newestSeen;
    ask(m_newTicket, std::nullopt);
}

std::uint64_t AuditModel::newestKnown() const
{
    if (!m_waiting.empty())
        return m_waiting.front().number;
    return m_entries.empty() ? 0 : m_entries.front().number;
}

void AuditModel::accept(std::uint64_t ticket, const AuditPage& page)
{
    if (ticket != 0 && ticket == m_pageTicket) {
        m_pageTicket = 0;
        append(page);
        setState(State::Ready);
    } else if (ticket != 0 && ticket == m_newTicket) {
        m_newTicket = 0;
        keepWaiting(page);
    }
}

void AuditModel::fail(std::uint64_t ticket, const ControlError& error)
{
    if (ticket != 0 && ticket == m_pageTicket) {
        m_pageTicket = 0;
        setState(State::Failed, QString::fromStdString(error.message));
    } else if (ticket != 0 && ticket == m_newTicket) {
        // What is shown stays true; the next record that comes asks again.
        m_newTicket = 0;
    }
}

void AuditModel::append(const AuditPage& page)
{
    const std::uint64_t last = m_entries.empty() ? UINT64_MAX : m_entries.back().number;
    std::vector<AuditEntry> older;
    std::ranges::copy_if(page.entries, std::back_inserter(older), [last](const auto& e) { return e.number < last; });
    m_more = page.more && !older.empty();
    if (older.empty())
        return;
    const int first = rowCount();
    beginInsertRows({}, first, first + static_cast<int>(older.size()) - 1);
    m_entries.insert(m_entries.end(), std::make_move_iterator(older.begin()), std::make_move_iterator(older.end()));
    endInsertRows();
}

void AuditModel::keepWaiting(const AuditPage& page)
{
    const std::uint64_t newest = m_entries.empty() ? 0 : m_entries.front().number;
    std::vector<AuditEntry> fresh;
    std::ranges::copy_if(page.entries, std::back_inserter(fresh),
                         [newest](const auto& e) { return e.number > newest; });
    if (fresh.empty())
        return;
    m_waitingIncomplete = page.more && fresh.size() == page.entries.size();
    m_waiting = std::move(fresh);
    // An empty table has no row that could move.
    if (m_entries.empty())
        showWaiting();
    else
        Q_EMIT waitingChanged();
}

void AuditModel::showWaiting()
{
    if (m_waiting.empty())
        return;
    if (m_waitingIncomplete) {
        reload();
        return;
    }
    beginInsertRows({}, 0, static_cast<int>(m_waiting.size()) - 1);
    m_entries.insert(m_entries.begin(), m_waiting.begin(), m_waiting.end());
    endInsertRows();
    forgetWaiting();
}

void AuditModel::forgetWaiting()
{
    m_waitingIncomplete = false;
    m_waiting.clear();
    Q_EMIT waitingChanged();
}

void AuditModel::setState(State state, QString error)
{
    m_state = state;
    m_error = std::move(error);
    Q_EMIT stateChanged();
}

const AuditEntry* AuditModel::entryAt(int row) const
{
    return row < 0 || row >= rowCount() ? nullptr : &m_entries[static_cast<std::size_t>(row)];
}

int AuditModel::rowOf(std::uint64_t number) const
{
    // Numbers fall from row to row, so that the key is found without an index beside the rows.
    const auto it = std::ranges::lower_bound(m_entries, number, std::ranges::greater{}, &AuditEntry::number);
    if (it == m_entries.end() || it->number != number)
        return -1;
    return static_cast<int>(std::distance(m_entries.begin(), it));
}

const AuditEntry* AuditModel::entry(std::uint64_t number) const
{
    return entryAt(rowOf(number));
}

int AuditModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

int AuditModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : columns;
}

bool AuditModel::canFetchMore(const QModelIndex& parent) const
{
    return !parent.isValid() && m_more && m_state == State::Ready && m_pageTicket == 0 && !atRowLimit();
}

void AuditModel::fetchMore(const QModelIndex& parent)
{
    if (canFetchMore(parent))
        ask(m_pageTicket, m_entries.back().number);
}

void AuditModel::setTimeZone(const QTimeZone& zone)
{
    m_zone = zone;
    Q_EMIT headerDataChanged(Qt::Horizontal, 0, columns - 1);
}

void AuditModel::setNow(WallTime now)
{
    m_now = now;
    if (m_entries.empty())
        return;
    const int column = static_cast<int>(Column::Time);
    Q_EMIT dataChanged(index(0, column), index(rowCount() - 1, column), {Qt::DisplayRole});
}

} // namespace gatehouse::ui
