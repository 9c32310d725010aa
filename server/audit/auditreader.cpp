// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditreader.h"

#include "audit/auditrow.h"
#include "audit/sqlconnection.h"

#include <QSqlError>
#include <QStringList>
#include <QVariant>

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::uint32_t largestPage = 1000;

/// Conditions and the values they wait for, in one order.
struct Conditions {
    QStringList texts;
    QVariantList values;

    void add(const QString& text, const QVariant& value)
    {
        texts.append(text);
        values.append(value);
    }
};

QString escapedPattern(const std::string& text)
{
    QString pattern = toQString(text);
    for (const QLatin1Char special : {QLatin1Char('\\'), QLatin1Char('%'), QLatin1Char('_')})
        pattern.replace(special, QStringLiteral("\\") + special);
    return QLatin1Char('%') + pattern + QLatin1Char('%');
}

void addText(Conditions& conditions, const std::string& text)
{
    QStringList columns;
    for (const char* column : {"user", "address", "route", "reason", "actor", "detail"}) {
        columns.append(QLatin1StringView(column) + QStringLiteral(" LIKE ? ESCAPE '\\'"));
        conditions.values.append(escapedPattern(text));
    }
    conditions.texts.append(QLatin1Char('(') + columns.join(QStringLiteral(" OR ")) + QLatin1Char(')'));
}

QVariant wide(std::uint64_t value)
{
    return QVariant::fromValue(static_cast<qlonglong>(value));
}

QVariant word(std::string_view text)
{
    return QString::fromLatin1(text.data(), static_cast<qsizetype>(text.size()));
}

QVariant milliseconds(WallTime time)
{
    return QVariant::fromValue(static_cast<qlonglong>(time.time_since_epoch().count()));
}

Conditions conditionsOf(const AuditQuery& query)
{
    Conditions conditions;
    if (query.before)
        conditions.add(QStringLiteral("number < ?"), wide(*query.before));
    if (query.kind)
        conditions.add(QStringLiteral("kind = ?"), word(auditKindWord(*query.kind)));
    if (query.reason)
        conditions.add(QStringLiteral("reason = ?"), word(reasonWord(*query.reason)));
    if (query.session)
        conditions.add(QStringLiteral("session = ?"), wide(query.session->value));
    if (!query.user.empty())
        conditions.add(QStringLiteral("user = ?"), toQString(query.user));
    if (!query.address.empty())
        conditions.add(QStringLiteral("address = ?"), toQString(query.address));
    if (query.from)
        conditions.add(QStringLiteral("time >= ?"), milliseconds(*query.from));
    if (query.to)
        conditions.add(QStringLiteral("time < ?"), milliseconds(*query.to));
    if (!query.text.empty())
        addText(conditions, query.text);
    return conditions;
}

} // namespace

SqlResult openAuditStore(SqlConnection& connection, const std::filesystem::path& file)
{
    std::error_code error;
    if (!std::filesystem::exists(file, error))
        return Failure{file.string() + ": there is no audit log; has the server run with this state_dir?"};
    if (SqlResult opened = connection.open(file, SqlConnection::Mode::ReadOnly); !opened)
        return opened;
    const auto version = connection.version();
    if (!version)
        return Failure{file.string() + ": " + version.error()};
    if (*version < oldestAuditSchema || *version > auditSchemaVersion)
        return Failure{file.string() + ": its schema has version " + std::to_string(*version) +
                       ", this program reads " + std::to_string(auditSchemaVersion)};
    return Done{};
}

AuditReader::AuditReader(std::filesystem::path file)
    : m_file(std::move(file))
{
}

Result<AuditPage, std::string> AuditReader::query(const AuditQuery& query) const
{
    SqlConnection connection;
    if (SqlResult opened = openAuditStore(connection, m_file); !opened)
        return Failure{opened.error()};
    const Conditions conditions = conditionsOf(query);
    QString statement = QStringLiteral("SELECT %1 FROM audit").arg(auditColumns());
    if (!conditions.texts.isEmpty())
        statement += QStringLiteral(" WHERE ") + conditions.texts.join(QStringLiteral(" AND "));
    statement += QStringLiteral(" ORDER BY number DESC LIMIT ?");

    const std::uint32_t limit = std::clamp(query.limit, std::uint32_t{1}, largestPage);
    QSqlQuery rows = connection.query();
    if (!rows.prepare(statement))
        return Failure{m_file.string() + ": " + sqlError(rows)};
    for (const QVariant& value : conditions.values)
        rows.addBindValue(value);
    rows.addBindValue(limit + 1);
    if (!rows.exec())
        return Failure{m_file.string() + ": " + sqlError(rows)};

    AuditPage page;
    while (rows.next()) {
        if (page.entries.size() == limit) {
            page.more = true;
            return page;
        }
        auto row = readAuditRow(rows);
        if (!row)
            return Failure{m_file.string() + ": record " + rows.value(0).toString().toStdString() +
                           " is damaged; run `gatehousectl audit verify`"};
        page.entries.push_back(std::move(row->entry));
    }
    if (rows.lastError().isValid())
        return Failure{m_file.string() + ": " + sqlError(rows)};
    return page;
}

} // namespace gatehouse
