// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/authfailuresmodel.h"

#include "domain/address.h"
#include "models/cells.h"
#include "models/hinttext.h"
#include "text/format.h"
#include "text/reasontext.h"

#include <QVariant>

// What the cells of AuthFailuresModel show, apart from how its rows come and go.
namespace gatehouse::ui {

namespace {

QVariant timeValue(WallTime time)
{
    return QVariant::fromValue<qlonglong>(time.time_since_epoch().count());
}

// By value and not by letter: 10.0.0.9 stands before 10.0.0.10.
QVariant addressValue(const std::string& address)
{
    const auto parsed = IpAddress::parse(address);
    if (!parsed)
        return QString::fromStdString(address);
    QString key;
    for (const std::uint8_t byte : parsed->bytes())
        key += QChar(byte + 0x100);
    return key;
}

QList<double> minuteSeries(const AuthFailureGroup& group)
{
    return {group.perMinute.begin(), group.perMinute.end()};
}

QString originShown(const std::string& origin)
{
    return origin.empty() ? AuthFailuresModel::tr("none") : plainText(origin);
}

} // namespace

QVariant AuthFailuresModel::display(const Row& row, Column column) const
{
    const AuthFailureGroup& group = row.group;
    switch (column) {
    case Column::Address:
        return plainText(group.address);
    case Column::Reason:
        return reasonLabel(group.reason);
    case Column::Hint:
        return group.banned ? tr("banned") : hintLabel(row.hint);
    case Column::Count:
        return countText(group.count);
    case Column::Rate:
        return tr("%1/min").arg(countText(ratePerMinute(group)));
    case Column::Minutes:
        return tr("%1 in 15 min").arg(countText(recentFailures(group)));
    case Column::Route:
        return plainText(group.lastRoute);
    case Column::User:
        return plainText(group.lastUser);
    case Column::Origin:
        return originShown(group.lastOrigin);
    case Column::First:
        return relativeText(group.first, m_now);
    case Column::Last:
        return relativeText(group.last, m_now);
    }
    return {};
}

QVariant AuthFailuresModel::sortValue(const Row& row, Column column) const
{
    const AuthFailureGroup& group = row.group;
    switch (column) {
    case Column::Count:
        return QVariant::fromValue<qulonglong>(group.count);
    case Column::Rate:
        return ratePerMinute(group);
    case Column::Minutes:
        return QVariant::fromValue<qulonglong>(recentFailures(group));
    case Column::First:
        return timeValue(group.first);
    case Column::Last:
        return timeValue(group.last);
    case Column::Hint:
        return (group.banned ? 100 : 0) + static_cast<int>(row.hint);
    case Column::Address:
        return addressValue(group.address);
    case Column::Reason:
    case Column::Route:
    case Column::User:
    case Column::Origin:
        return display(row, column);
    }
    return {};
}

QVariant AuthFailuresModel::tip(const Row& row, Column column) const
{
    const AuthFailureGroup& group = row.group;
    switch (column) {
    case Column::Reason:
        return reasonSentence(group.reason);
    case Column::Hint:
        return hintSentence(row.hint);
    case Column::User:
        return group.lastUser.empty() ? QString() : tr("Claimed by the token; not verified.");
    case Column::First:
        return absoluteText(group.first, m_zone);
    case Column::Last:
        return absoluteText(group.last, m_zone);
    case Column::Minutes:
        return tr("Failures in each of the last 15 minutes");
    case Column::Address:
    case Column::Count:
    case Column::Rate:
    case Column::Route:
    case Column::Origin:
        return display(row, column);
    }
    return {};
}

QVariant AuthFailuresModel::data(const QModelIndex& index, int role) const
{
    const auto key = keyAt(index.row());
    if (!key || index.column() >= columns)
        return {};
    const Row& row = m_groups.at(*key);
    const auto column = static_cast<Column>(index.column());
    switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
        return display(row, column);
    case Qt::ToolTipRole:
        return tip(row, column);
    case Qt::TextAlignmentRole:
        return QVariant(alignment(column));
    case CellLookRole:
        return static_cast<int>(look(row, column));
    case CellToneRole:
        return static_cast<int>(tone(row));
    case CellSymbolRole:
        return column == Column::Hint ? QVariant(static_cast<int>(row.hint)) : QVariant();
    case CellSeriesRole:
        return column == Column::Minutes ? QVariant::fromValue(minuteSeries(row.group)) : QVariant();
    default:
        return {};
    }
}

CellLook AuthFailuresModel::look(const Row& row, Column column)
{
    switch (column) {
    case Column::Address:
        return CellLook::Mono;
    case Column::Hint:
        return row.group.banned || row.hint != AuthHint::None ? CellLook::Pill : CellLook::Text;
    case Column::Minutes:
        return CellLook::Columns;
    case Column::Route:
    case Column::Origin:
    case Column::First:
    case Column::Last:
        return CellLook::Muted;
    case Column::Reason:
    case Column::Count:
    case Column::Rate:
    case Column::User:
        break;
    }
    return CellLook::Text;
}

CellTone AuthFailuresModel::tone(const Row& row)
{
    if (row.group.banned)
        return CellTone::Neutral;
    switch (row.hint) {
    case AuthHint::BruteForce:
    case AuthHint::WholeNetwork:
        return CellTone::Bad;
    case AuthHint::ClockSkew:
    case AuthHint::UnknownKey:
        return CellTone::Notice;
    case AuthHint::None:
        break;
    }
    return CellTone::Neutral;
}

Qt::Alignment AuthFailuresModel::alignment(Column column)
{
    switch (column) {
    case Column::Count:
    case Column::Rate:
    case Column::First:
    case Column::Last:
        return Qt::AlignRight | Qt::AlignVCenter;
    case Column::Address:
    case Column::Reason:
    case Column::Hint:
    case Column::Minutes:
    case Column::Route:
    case Column::User:
    case Column::Origin:
        break;
    }
    return Qt::AlignLeft | Qt::AlignVCenter;
}

QString AuthFailuresModel::title(Column column) const
{
    switch (column) {
    case Column::Address:
        return tr("Address");
    case Column::Reason:
        return tr("Reason");
    case Column::Hint:
        return tr("Hint");
    case Column::Count:
        return tr("Count");
    case Column::Rate:
        return tr("This min");
    case Column::Minutes:
        return tr("15 min");
    case Column::Route:
        return tr("Route");
    case Column::User:
        return tr("Claimed user");
    case Column::Origin:
        return tr("Origin");
    case Column::First:
        return tr("First");
    case Column::Last:
        return tr("Last");
    }
    return {};
}

QVariant AuthFailuresModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= columns)
        return {};
    if (role == Qt::DisplayRole)
        return title(static_cast<Column>(section));
    if (role == Qt::TextAlignmentRole)
        return QVariant(alignment(static_cast<Column>(section)));
    return {};
}

} // namespace gatehouse::ui
