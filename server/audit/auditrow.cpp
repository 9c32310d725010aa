// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditrow.h"

#include "audit/sqlconnection.h"

#include <QVariant>

#include <algorithm>
#include <limits>

namespace gatehouse {

namespace {

constexpr std::size_t longestText = 1024;

QString wordOf(std::string_view word)
{
    return QString::fromLatin1(word.data(), static_cast<qsizetype>(word.size()));
}

QVariant integer(std::uint64_t value)
{
    return QVariant::fromValue(static_cast<qlonglong>(value));
}

template <class T> bool readInteger(const QVariant& value, T& out)
{
    bool ok = false;
    const auto wide = static_cast<std::uint64_t>(value.toLongLong(&ok));
    if (!ok || wide > std::numeric_limits<T>::max())
        return false;
    out = static_cast<T>(wide);
    return true;
}

std::string readText(const QSqlQuery& query, int column)
{
    return query.value(column).toString().toStdString();
}

bool readDecision(const QSqlQuery& query, AuditRecord& record)
{
    const auto kind = auditKindFromWord(readText(query, 2));
    const std::string word = readText(query, 3);
    const auto reason = word.empty() ? std::optional(Reason::None) : reasonFromWord(word);
    if (!kind || !reason)
        return false;
    record.kind = *kind;
    record.decision.reason = *reason;
    record.decision.rule.pointer = readText(query, 4);
    record.decision.rule.name = readText(query, 5);
    record.decision.met = readText(query, 6);
    record.decision.limit = readText(query, 7);
    return true;
}

// Cuts at a code point's start, so that what is left is valid UTF-8 still.
void cut(std::string& text)
{
    if (text.size() <= longestText)
        return;
    std::size_t end = longestText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
        --end;
    text.resize(end);
}

} // namespace

QString auditColumns()
{
    return QStringLiteral("number, time, kind, reason, rule_pointer, rule_name, met, allowed, session, user, issuer, "
                          "address, route, origin, actor, detail, code, suppressed, policy_version, hash");
}

QString auditInsert()
{
    return QStringLiteral("INSERT INTO audit (%1) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
        .arg(auditColumns());
}

void bindAuditRow(QSqlQuery& insert, const AuditRow& row)
{
    const AuditRecord& record = row.entry.record;
    int column = 0;
    const auto bind = [&](const QVariant& value) { insert.bindValue(column++, value); };
    bind(integer(row.entry.number));
    bind(QVariant::fromValue(static_cast<qlonglong>(record.time.time_since_epoch().count())));
    bind(wordOf(auditKindWord(record.kind)));
    // A null QString would be bound as NULL, so that the empty word needs a text of its own.
    bind(record.decision.allowed() ? QStringLiteral("") : wordOf(reasonWord(record.decision.reason)));
    for (const std::string* text :
         {&record.decision.rule.pointer, &record.decision.rule.name, &record.decision.met, &record.decision.limit})
        bind(toQString(*text));
    bind(integer(record.session.value));
    for (const std::string* text :
         {&record.user, &record.issuer, &record.address, &record.route, &record.origin, &record.actor, &record.detail})
        bind(toQString(*text));
    bind(integer(record.code));
    bind(integer(record.suppressed));
    bind(integer(record.policyVersion));
    bind(QByteArray(reinterpret_cast<const char*>(row.hash.data()), static_cast<qsizetype>(row.hash.size())));
}

std::optional<AuditRow> readAuditRow(const QSqlQuery& query)
{
    AuditRow row;
    AuditRecord& record = row.entry.record;
    bool timeOk = false;
    record.time = WallTime(std::chrono::milliseconds(query.value(1).toLongLong(&timeOk)));
    if (!timeOk || !readInteger(query.value(0), row.entry.number) || !readDecision(query, record))
        return std::nullopt;
    if (!readInteger(query.value(8), record.session.value))
        return std::nullopt;
    int column = 9;
    for (std::string* text :
         {&record.user, &record.issuer, &record.address, &record.route, &record.origin, &record.actor, &record.detail})
        *text = readText(query, column++);
    if (!readInteger(query.value(16), record.code) || !readInteger(query.value(17), record.suppressed) ||
        !readInteger(query.value(18), record.policyVersion))
        return std::nullopt;
    const QByteArray hash = query.value(19).toByteArray();
    if (static_cast<std::size_t>(hash.size()) != row.hash.size())
        return std::nullopt;
    std::copy(hash.begin(), hash.end(), row.hash.begin());
    return row;
}

std::string storableText(const std::string& text)
{
    QString decoded = toQString(text);
    // SQLite reads a leading U+FEFF or U+FFFE of UTF-16 as a byte-order mark.
    for (QChar& unit : decoded)
        if (unit.isNull() || unit == QChar(0xFEFF) || unit == QChar(0xFFFE))
            unit = QChar::ReplacementCharacter;
    std::string result = decoded.toStdString();
    cut(result);
    return result;
}

AuditRecord storable(AuditRecord record)
{
    for (std::string* text :
         {&record.decision.rule.pointer, &record.decision.rule.name, &record.decision.met, &record.decision.limit,
          &record.user, &record.issuer, &record.address, &record.route, &record.origin, &record.actor, &record.detail})
        *text = storableText(*text);
    return record;
}

} // namespace gatehouse
