// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/auditmodel.h"

#include "text/codetext.h"
#include "text/format.h"
#include "text/reasontext.h"

#include <QVariant>

// What the cells of AuditModel show, apart from how its rows come and go.
namespace gatehouse::ui {

QString auditSummary(const AuditRecord& record)
{
    if (!record.detail.empty())
        return plainText(record.detail);
    if (record.decision.met.empty())
        return plainText(record.decision.rule.name);
    return plainText(record.decision.met);
}

QVariant AuditModel::display(const AuditEntry& entry, Column column) const
{
    const AuditRecord& record = entry.record;
    switch (column) {
    case Column::Number:
        return countText(entry.number);
    case Column::Time:
        return relativeText(record.time, m_now);
    case Column::Kind:
        return auditKindText(record.kind);
    case Column::Reason:
        return reasonLabel(record.decision.reason);
    case Column::User:
        return plainText(record.user);
    case Column::Address:
        return plainText(record.address);
    case Column::Route:
        return plainText(record.route);
    case Column::Actor:
        return plainText(record.actor);
    case Column::Code:
        return record.code == 0 ? QString() : QString::number(record.code);
    case Column::Detail:
        return record.suppressed == 0 ? auditSummary(record)
                                      : tr("%1 (%n more left out)", nullptr, static_cast<int>(record.suppressed))
                                            .arg(auditSummary(record));
    }
    return {};
}

QVariant AuditModel::tip(const AuditEntry& entry, Column column) const
{
    const AuditRecord& record = entry.record;
    switch (column) {
    case Column::Time:
        return absoluteText(record.time, m_zone);
    case Column::Reason:
        return reasonSentence(record.decision.reason);
    case Column::Code:
        return record.code == 0 ? QString() : codeText(record.code);
    case Column::Number:
    case Column::Kind:
    case Column::User:
    case Column::Address:
    case Column::Route:
    case Column::Actor:
    case Column::Detail:
        return display(entry, column);
    }
    return {};
}

QVariant AuditModel::data(const QModelIndex& index, int role) const
{
    const AuditEntry* entry = entryAt(index.row());
    if (!entry || index.column() >= columns)
        return {};
    const auto column = static_cast<Column>(index.column());
    switch (role) {
    case Qt::DisplayRole:
    case Qt::AccessibleTextRole:
        return display(*entry, column);
    case Qt::ToolTipRole:
        return tip(*entry, column);
    case Qt::TextAlignmentRole:
        return QVariant(alignment(column));
    case CellLookRole:
        return static_cast<int>(look(column));
    case CellToneRole:
        return static_cast<int>(auditTone(entry->record));
    case CellSymbolRole:
        return column == Column::Kind ? QVariant(static_cast<int>(entry->record.kind)) : QVariant();
    default:
        return {};
    }
}

CellTone auditTone(const AuditRecord& record)
{
    switch (record.kind) {
    case AuditKind::Ban:
    case AuditKind::Revoke:
    case AuditKind::Kick:
    case AuditKind::Lockdown:
        return CellTone::Bad;
    case AuditKind::Refuse:
    case AuditKind::Limit:
    case AuditKind::TemporaryLimit:
    case AuditKind::Quarantine:
        return CellTone::Notice;
    case AuditKind::Open:
        return CellTone::Good;
    case AuditKind::Reload:
    case AuditKind::Certificate:
    case AuditKind::Policy:
    case AuditKind::Upstream:
        return record.decision.reason == Reason::None ? CellTone::Neutral : CellTone::Notice;
    case AuditKind::Start:
    case AuditKind::Stop:
    case AuditKind::Close:
    case AuditKind::Unban:
    case AuditKind::Unrevoke:
    case AuditKind::Drain:
    case AuditKind::Command:
    case AuditKind::Publish:
        break;
    }
    return CellTone::Neutral;
}

CellLook AuditModel::look(Column column)
{
    switch (column) {
    case Column::Kind:
        return CellLook::Marked;
    case Column::Address:
        return CellLook::Mono;
    case Column::Number:
    case Column::Time:
    case Column::Route:
    case Column::Code:
        return CellLook::Muted;
    case Column::Reason:
    case Column::User:
    case Column::Actor:
    case Column::Detail:
        break;
    }
    return CellLook::Text;
}

Qt::Alignment AuditModel::alignment(Column column)
{
    const bool figure = column == Column::Number || column == Column::Code;
    return (figure ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter;
}

QString AuditModel::title(Column column) const
{
    switch (column) {
    case Column::Number:
        return tr("No.");
    case Column::Time:
        return tr("Time (%1)").arg(zoneText(m_now, m_zone));
    case Column::Kind:
        return tr("What");
    case Column::Reason:
        return tr("Reason");
    case Column::User:
        return tr("User");
    case Column::Address:
        return tr("Address");
    case Column::Route:
        return tr("Route");
    case Column::Actor:
        return tr("Who");
    case Column::Code:
        return tr("Code");
    case Column::Detail:
        return tr("Detail");
    }
    return {};
}

QVariant AuditModel::headerData(int section, Qt::Orientation orientation, int role) const
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
