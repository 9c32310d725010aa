// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/copytext.h"

#include "text/format.h"
#include "text/reasontext.h"

#include <QDateTime>
#include <QJsonDocument>
#include <QJsonObject>

namespace gatehouse::ui {

namespace {

QString latin1(std::string_view word)
{
    return QString::fromLatin1(word.data(), static_cast<qsizetype>(word.size()));
}

QString utc(WallTime time)
{
    return QDateTime::fromMSecsSinceEpoch(time.time_since_epoch().count(), Qt::UTC).toString(Qt::ISODateWithMs);
}

QString numberOrNothing(std::uint64_t number)
{
    return number == 0 ? QString() : QString::number(number);
}

struct Field {
    const char* name;
    QString value;
    bool number = false;
};

std::vector<Field> fieldsOf(const AuditEntry& entry)
{
    const AuditRecord& record = entry.record;
    const auto text = [](const std::string& value) { return QString::fromStdString(value); };
    return {{"number", QString::number(entry.number), true},
            {"time", utc(record.time)},
            {"kind", latin1(auditKindWord(record.kind))},
            {"reason", latin1(reasonWord(record.decision.reason))},
            {"rule", text(record.decision.rule.name)},
            {"pointer", text(record.decision.rule.pointer)},
            {"met", text(record.decision.met)},
            {"limit", text(record.decision.limit)},
            {"session", numberOrNothing(record.session.value), true},
            {"user", text(record.user)},
            {"issuer", text(record.issuer)},
            {"address", text(record.address)},
            {"route", text(record.route)},
            {"origin", text(record.origin)},
            {"actor", text(record.actor)},
            {"code", numberOrNothing(record.code), true},
            {"detail", text(record.detail)},
            {"suppressed", numberOrNothing(record.suppressed), true},
            {"policy_version", numberOrNothing(record.policyVersion), true}};
}

QString csvCell(QString value)
{
    static const QString formula = QStringLiteral("=+-@\t\r");
    if (!value.isEmpty() && formula.contains(value.front()))
        value.prepend(QLatin1Char('\''));
    value.replace(QLatin1Char('"'), QStringLiteral("\"\""));
    return QLatin1Char('"') + value + QLatin1Char('"');
}

} // namespace

QString auditAsText(const std::vector<AuditEntry>& entries, const QTimeZone& zone)
{
    QString out;
    for (const AuditEntry& entry : entries) {
        QStringList parts{QStringLiteral("#%1").arg(entry.number), absoluteText(entry.record.time, zone)};
        for (const Field& field : fieldsOf(entry)) {
            const QLatin1StringView name(field.name);
            if (field.value.isEmpty() || name == QLatin1StringView("number") || name == QLatin1StringView("time"))
                continue;
            parts.append(QStringLiteral("%1=%2").arg(name, plainText(field.value.toStdString())));
        }
        out += parts.join(QLatin1Char(' ')) + QLatin1Char('\n');
    }
    return out;
}

QString auditAsJsonLines(const std::vector<AuditEntry>& entries)
{
    QString out;
    for (const AuditEntry& entry : entries) {
        QJsonObject object;
        for (const Field& field : fieldsOf(entry)) {
            if (field.value.isEmpty())
                continue;
            object.insert(QLatin1StringView(field.name),
                          field.number ? QJsonValue(field.value.toLongLong()) : QJsonValue(field.value));
        }
        out += QString::fromUtf8(QJsonDocument(object).toJson(QJsonDocument::Compact)) + QLatin1Char('\n');
    }
    return out;
}

QString auditAsCsv(const std::vector<AuditEntry>& entries)
{
    QStringList names;
    for (const Field& field : fieldsOf({}))
        names.append(csvCell(QLatin1StringView(field.name)));
    QString out = names.join(QLatin1Char(',')) + QStringLiteral("\r\n");
    for (const AuditEntry& entry : entries) {
        QStringList cells;
        for (const Field& field : fieldsOf(entry))
            cells.append(csvCell(field.value));
        out += cells.join(QLatin1Char(',')) + QStringLiteral("\r\n");
    }
    return out;
}

QString fail2banLine(const AuthFailureGroup& group)
{
    return QStringLiteral("%1 gatehouse: authentication failure from %2 reason=%3 count=%4")
        .arg(utc(group.last), plainText(group.address), latin1(reasonWord(group.reason)), QString::number(group.count));
}

} // namespace gatehouse::ui
