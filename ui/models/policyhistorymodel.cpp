// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/policyhistorymodel.h"

#include "text/format.h"
#include "text/policytext.h"

#include <algorithm>
#include <iterator>

namespace gatehouse::ui {

PolicyHistoryModel::PolicyHistoryModel(QObject* parent)
    : QAbstractTableModel(parent)
{
}

void PolicyHistoryModel::set(std::vector<PolicyHistoryEntry> versions, std::uint64_t running)
{
    beginResetModel();
    m_entries = std::move(versions);
    m_running = running;
    endResetModel();
}

void PolicyHistoryModel::append(std::vector<PolicyHistoryEntry> versions)
{
    if (versions.empty())
        return;
    beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(versions.size()) - 1);
    std::ranges::move(versions, std::back_inserter(m_entries));
    endInsertRows();
}

void PolicyHistoryModel::setNow(WallTime now)
{
    m_now = now;
    if (!m_entries.empty())
        Q_EMIT dataChanged(index(0, static_cast<int>(Column::Time)),
                           index(rowCount() - 1, static_cast<int>(Column::Time)), {Qt::DisplayRole});
}

const PolicyHistoryEntry* PolicyHistoryModel::entryAt(int row) const
{
    return row >= 0 && row < rowCount() ? &m_entries[static_cast<std::size_t>(row)] : nullptr;
}

int PolicyHistoryModel::rowOf(std::uint64_t version) const
{
    const auto found =
        std::ranges::find(m_entries, version, [](const PolicyHistoryEntry& entry) { return entry.version.version; });
    return found == m_entries.end() ? -1 : static_cast<int>(std::distance(m_entries.begin(), found));
}

int PolicyHistoryModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_entries.size());
}

int PolicyHistoryModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : columns;
}

QString PolicyHistoryModel::stateText(const PolicyHistoryEntry& entry) const
{
    const PolicyVersion& version = entry.version;
    const bool open = version.origin == PolicyOrigin::Provisional && !version.confirmed;
    if (version.version == m_running)
        return open ? tr("provisional") : tr("runs now");
    if (version.origin == PolicyOrigin::Provisional)
        return open ? tr("not confirmed") : tr("confirmed");
    return version.origin == PolicyOrigin::Returned ? tr("returned") : QString();
}

CellTone PolicyHistoryModel::stateTone(const PolicyHistoryEntry& entry) const
{
    const PolicyVersion& version = entry.version;
    if (version.origin == PolicyOrigin::Provisional && !version.confirmed)
        return CellTone::Notice;
    return version.version == m_running || version.confirmed ? CellTone::Good : CellTone::Notice;
}

QString PolicyHistoryModel::display(const PolicyHistoryEntry& entry, Column column) const
{
    const PolicyVersion& version = entry.version;
    switch (column) {
    case Column::Version:
        return versionText(version.version);
    case Column::Time:
        return relativeText(version.time, m_now);
    case Column::Author:
        return version.author.empty() ? tr("the gate") : plainText(version.author);
    case Column::Via:
        return plainText(version.via);
    case Column::Origin:
        return shortOriginText(version);
    case Column::Reason:
        return plainText(version.reason);
    case Column::State:
        return stateText(entry);
    }
    return {};
}

QVariant PolicyHistoryModel::data(const QModelIndex& index, int role) const
{
    const PolicyHistoryEntry* entry = entryAt(index.row());
    if (!entry || index.column() >= columns)
        return {};
    const auto column = static_cast<Column>(index.column());
    switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
        return display(*entry, column);
    case Qt::ToolTipRole:
        return column == Column::Time     ? absoluteText(entry->version.time, m_zone)
               : column == Column::Origin ? originText(entry->version)
                                          : display(*entry, column).toHtmlEscaped();
    case Qt::TextAlignmentRole:
        return QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    case CellLookRole:
        if (column == Column::State)
            return static_cast<int>(stateText(*entry).isEmpty() ? CellLook::Text : CellLook::Pill);
        return static_cast<int>(column == Column::Version                         ? CellLook::Mono
                                : column == Column::Time || column == Column::Via ? CellLook::Muted
                                                                                  : CellLook::Text);
    case CellToneRole:
        return static_cast<int>(stateTone(*entry));
    case CellSymbolRole:
        return static_cast<int>(stateTone(*entry));
    default:
        return {};
    }
}

QVariant PolicyHistoryModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columns)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (static_cast<Column>(section)) {
    case Column::Version:
        return tr("Version");
    case Column::Time:
        return tr("Time (%1)").arg(zoneText(m_now, m_zone));
    case Column::Author:
        return tr("Who");
    case Column::Via:
        return tr("Via");
    case Column::Origin:
        return tr("How");
    case Column::Reason:
        return tr("Reason");
    case Column::State:
        return tr("State");
    }
    return {};
}

} // namespace gatehouse::ui
