// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/authfailuresmodel.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace gatehouse::ui {

namespace {

QString shown(const std::string& text)
{
    return QString::fromStdString(text);
}

AuthFailureKey keyOf(const AuthFailureGroup& group)
{
    return {group.address, group.reason};
}

} // namespace

AuthFailuresModel::AuthFailuresModel(QObject* parent)
    : QAbstractTableModel(parent)
{
}

void AuthFailuresModel::apply(const FeedBatch& batch)
{
    m_now = batch.stats.time;
    if (batch.snapshot) {
        replaceAll(batch);
        return;
    }
    std::vector<int> touched;
    ageTo(batch.stats.time, touched);
    merge(batch, touched);
    if (touched.empty() && batch.authFailures.empty())
        return;
    updateHints(touched);
    emitChanged(touched);
    countWaiting();
    Q_EMIT totalsChanged();
}

void AuthFailuresModel::setTimeZone(const QTimeZone& zone)
{
    m_zone = zone;
    Q_EMIT headerDataChanged(Qt::Horizontal, 0, columns - 1);
}

void AuthFailuresModel::setNow(WallTime now)
{
    m_now = now;
    if (m_order.empty())
        return;
    Q_EMIT dataChanged(index(0, static_cast<int>(Column::First)), index(rowCount() - 1, static_cast<int>(Column::Last)),
                       {Qt::DisplayRole});
}

void AuthFailuresModel::replaceAll(const FeedBatch& batch)
{
    beginResetModel();
    m_groups.clear();
    for (const AuthFailureGroup& group : batch.authFailures)
        m_groups.insert_or_assign(keyOf(group), Row{group, AuthHint::None});
    m_minutesAt = batch.stats.time;
    std::vector<int> none;
    m_rows.clear();
    updateHints(none);
    m_order.clear();
    for (const auto* entry : shownInOrder())
        m_order.push_back(entry->first);
    reindex();
    endResetModel();
    countWaiting();
    Q_EMIT totalsChanged();
}

void AuthFailuresModel::merge(const FeedBatch& batch, std::vector<int>& touched)
{
    for (const AuthFailureGroup& group : batch.authFailures) {
        const AuthFailureKey key = keyOf(group);
        Row& row = m_groups[key];
        if (row.group == group)
            continue;
        row.group = group;
        if (const int shownAt = rowOf(key); shownAt >= 0)
            touched.push_back(shownAt);
    }
}

// Groups come again only when they change; in between, their minutes pass here.
void AuthFailuresModel::ageTo(WallTime now, std::vector<int>& touched)
{
    using std::chrono::floor;
    using std::chrono::minutes;
    if (!m_minutesAt || now < *m_minutesAt) {
        m_minutesAt = now;
        return;
    }
    const auto passed = (floor<minutes>(now) - floor<minutes>(*m_minutesAt)).count();
    m_minutesAt = now;
    if (passed <= 0)
        return;
    for (auto& [key, row] : m_groups) {
        if (recentFailures(row.group) == 0)
            continue;
        ageMinutes(row.group.perMinute, static_cast<std::size_t>(passed));
        if (const int shownAt = rowOf(key); shownAt >= 0)
            touched.push_back(shownAt);
    }
}

void AuthFailuresModel::updateHints(std::vector<int>& touched)
{
    const AuthHints hints(groups());
    for (auto& [key, row] : m_groups) {
        const AuthHint hint = hints.of(row.group);
        if (row.hint == hint)
            continue;
        row.hint = hint;
        if (const int shownAt = rowOf(key); shownAt >= 0)
            touched.push_back(shownAt);
    }
}

void AuthFailuresModel::emitChanged(std::vector<int>& touched)
{
    std::ranges::sort(touched);
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (std::size_t first = 0; first < touched.size();) {
        std::size_t last = first;
        while (last + 1 < touched.size() && touched[last + 1] == touched[last] + 1)
            ++last;
        Q_EMIT dataChanged(index(touched[first], 0), index(touched[last], columns - 1));
        first = last + 1;
    }
}

void AuthFailuresModel::countWaiting()
{
    const auto waiting = static_cast<std::size_t>(std::ranges::count_if(
        m_groups, [this](const auto& entry) { return !m_rows.contains(entry.first) && matches(entry.second.group); }));
    if (waiting == m_waiting)
        return;
    m_waiting = waiting;
    Q_EMIT waitingChanged();
}

void AuthFailuresModel::settle()
{
    const std::vector<const Rows::value_type*> target = shownInOrder();
    removeGone(target);
    reorder(target);
    insertNew(target);
    countWaiting();
}

void AuthFailuresModel::removeGone(const std::vector<const Rows::value_type*>& target)
{
    std::set<AuthFailureKey> keep;
    for (const auto* entry : target)
        keep.insert(entry->first);
    for (int last = rowCount() - 1; last >= 0; --last) {
        if (keep.contains(m_order[static_cast<std::size_t>(last)]))
            continue;
        int first = last;
        while (first > 0 && !keep.contains(m_order[static_cast<std::size_t>(first - 1)]))
            --first;
        beginRemoveRows({}, first, last);
        m_order.erase(m_order.begin() + first, m_order.begin() + last + 1);
        reindex();
        endRemoveRows();
        last = first;
    }
}

void AuthFailuresModel::reorder(const std::vector<const Rows::value_type*>& target)
{
    std::vector<AuthFailureKey> order;
    for (const auto* entry : target) {
        if (m_rows.contains(entry->first))
            order.push_back(entry->first);
    }
    if (order == m_order)
        return;
    Q_EMIT layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const QModelIndexList held = persistentIndexList();
    QModelIndexList moved;
    const std::vector<AuthFailureKey> former = std::exchange(m_order, std::move(order));
    reindex();
    for (const QModelIndex& old : held)
        moved.append(index(rowOf(former[static_cast<std::size_t>(old.row())]), old.column()));
    changePersistentIndexList(held, moved);
    Q_EMIT layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

void AuthFailuresModel::insertNew(const std::vector<const Rows::value_type*>& target)
{
    for (std::size_t first = 0; first < target.size(); ++first) {
        if (m_rows.contains(target[first]->first))
            continue;
        std::size_t last = first;
        while (last + 1 < target.size() && !m_rows.contains(target[last + 1]->first))
            ++last;
        beginInsertRows({}, static_cast<int>(first), static_cast<int>(last));
        std::vector<AuthFailureKey> run;
        for (std::size_t i = first; i <= last; ++i)
            run.push_back(target[i]->first);
        m_order.insert(m_order.begin() + static_cast<std::ptrdiff_t>(first), run.begin(), run.end());
        reindex();
        endInsertRows();
        first = last;
    }
}

void AuthFailuresModel::reindex()
{
    m_rows.clear();
    for (std::size_t row = 0; row < m_order.size(); ++row)
        m_rows.emplace(m_order[row], static_cast<int>(row));
}

void AuthFailuresModel::setFilter(const QString& text)
{
    if (text == m_filter)
        return;
    m_filter = text;
    settle();
}

void AuthFailuresModel::sort(int column, Qt::SortOrder order)
{
    if (column < 0 || column >= columns)
        return;
    m_sortColumn = static_cast<Column>(column);
    m_sortOrder = order;
    settle();
}

std::uint64_t AuthFailuresModel::recent() const
{
    std::uint64_t sum = 0;
    for (const auto& [key, row] : m_groups)
        sum += recentFailures(row.group);
    return sum;
}

const AuthFailureGroup* AuthFailuresModel::group(const AuthFailureKey& key) const
{
    const auto it = m_groups.find(key);
    return it == m_groups.end() ? nullptr : &it->second.group;
}

std::vector<const AuthFailureGroup*> AuthFailuresModel::groups() const
{
    std::vector<const AuthFailureGroup*> all;
    all.reserve(m_groups.size());
    for (const auto& [key, row] : m_groups)
        all.push_back(&row.group);
    return all;
}

AuthHint AuthFailuresModel::hint(const AuthFailureKey& key) const
{
    const auto it = m_groups.find(key);
    return it == m_groups.end() ? AuthHint::None : it->second.hint;
}

std::optional<AuthFailureKey> AuthFailuresModel::keyAt(int row) const
{
    if (row < 0 || row >= rowCount())
        return std::nullopt;
    return m_order[static_cast<std::size_t>(row)];
}

int AuthFailuresModel::rowOf(const AuthFailureKey& key) const
{
    const auto it = m_rows.find(key);
    return it == m_rows.end() ? -1 : it->second;
}

bool AuthFailuresModel::matches(const AuthFailureGroup& group) const
{
    if (m_filter.isEmpty())
        return true;
    const std::string_view word = reasonWord(group.reason);
    for (const QString& text : {shown(group.address), QString::fromLatin1(word.data(), qsizetype(word.size())),
                                shown(group.lastUser), shown(group.lastRoute), shown(group.lastOrigin)}) {
        if (text.contains(m_filter, Qt::CaseInsensitive))
            return true;
    }
    return false;
}

std::vector<const AuthFailuresModel::Rows::value_type*> AuthFailuresModel::shownInOrder() const
{
    std::vector<const Rows::value_type*> order;
    for (const auto& entry : m_groups) {
        if (matches(entry.second.group))
            order.push_back(&entry);
    }
    // The map's own order decides between equals, so that rows do not swap without a cause.
    std::ranges::stable_sort(order, [this](const auto* a, const auto* b) { return before(*a, *b); });
    return order;
}

bool AuthFailuresModel::before(const Rows::value_type& a, const Rows::value_type& b) const
{
    const QVariant left = sortValue(a.second, m_sortColumn);
    const QVariant right = sortValue(b.second, m_sortColumn);
    const QPartialOrdering order = QVariant::compare(left, right);
    return m_sortOrder == Qt::AscendingOrder ? order < 0 : order > 0;
}

int AuthFailuresModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_order.size());
}

int AuthFailuresModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : columns;
}

} // namespace gatehouse::ui
