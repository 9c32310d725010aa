// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/policyversions.h"

#include "audit/auditreader.h"
#include "audit/auditrow.h"
#include "audit/sqlconnection.h"

#include <QSqlError>
#include <QVariant>

#include <array>
#include <openssl/sha.h>

namespace gatehouse {

namespace {

constexpr std::array<std::pair<PolicyOrigin, const char*>, 5> origins{{{PolicyOrigin::File, "file"},
                                                                       {PolicyOrigin::Apply, "apply"},
                                                                       {PolicyOrigin::Provisional, "provisional"},
                                                                       {PolicyOrigin::Rollback, "rollback"},
                                                                       {PolicyOrigin::Returned, "returned"}}};

QString originWord(PolicyOrigin origin)
{
    for (const auto& [known, word] : origins)
        if (known == origin)
            return QString::fromLatin1(word);
    return {};
}

std::optional<PolicyOrigin> originOf(const QString& word)
{
    for (const auto& [known, text] : origins)
        if (word == QLatin1StringView(text))
            return known;
    return std::nullopt;
}

QVariant wide(std::uint64_t value)
{
    return QVariant::fromValue(static_cast<qlonglong>(value));
}

QVariant milliseconds(const std::optional<WallTime>& time)
{
    return time ? QVariant::fromValue(static_cast<qlonglong>(time->time_since_epoch().count())) : QVariant();
}

std::optional<WallTime> wallTime(const QVariant& value)
{
    return value.isNull() ? std::nullopt : std::optional(WallTime(std::chrono::milliseconds(value.toLongLong())));
}

/// Unset where the row holds what was never written.
std::optional<PolicyVersion> readRow(const QSqlQuery& row)
{
    const auto origin = originOf(row.value(1).toString());
    if (!origin)
        return std::nullopt;
    PolicyVersion version;
    version.version = static_cast<std::uint64_t>(row.value(0).toLongLong());
    version.origin = *origin;
    version.time = wallTime(row.value(2)).value_or(WallTime());
    version.author = row.value(3).toString().toStdString();
    version.via = row.value(4).toString().toStdString();
    version.reason = row.value(5).toString().toStdString();
    version.hash = row.value(6).toString().toStdString();
    version.restores = static_cast<std::uint64_t>(row.value(7).toLongLong());
    version.provisionalUntil = wallTime(row.value(8));
    version.confirmed = wallTime(row.value(9));
    version.confirmedBy = row.value(10).toString().toStdString();
    version.document = row.value(11).toByteArray().toStdString();
    return version;
}

/// What is too old or too much goes, but for the version itself and the one that it returns to.
Result<Done, std::string> trim(const SqlConnection& connection, const StoredPolicyVersion& stored,
                               const PolicyHistoryLimits& limits)
{
    QSqlQuery rows = connection.query();
    // SQLite tells the length of a blob without reading it.
    if (!rows.exec(QStringLiteral("SELECT version, length(document) FROM policy_versions ORDER BY version DESC")))
        return Failure{sqlError(rows)};
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::vector<std::uint64_t> old;
    while (rows.next()) {
        const auto version = static_cast<std::uint64_t>(rows.value(0).toLongLong());
        const auto size = static_cast<std::uint64_t>(rows.value(1).toLongLong());
        const bool needed = version == stored.version.version || version == stored.returnsTo;
        const bool full = !old.empty() || count + 1 > limits.versions || bytes + size > limits.bytes;
        if (full && !needed) {
            old.push_back(version);
            continue;
        }
        ++count;
        bytes += size;
    }
    if (rows.lastError().isValid())
        return Failure{sqlError(rows)};
    for (const std::uint64_t version : old) {
        QSqlQuery remove = connection.query();
        remove.prepare(QStringLiteral("DELETE FROM policy_versions WHERE version = ?"));
        remove.addBindValue(wide(version));
        if (!remove.exec())
            return Failure{sqlError(remove)};
    }
    return Done{};
}

} // namespace

std::string policyHash(std::string_view document)
{
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(document.data()), document.size(), digest.data());
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : digest) {
        text += digits[byte >> 4U];
        text += digits[byte & 15U];
    }
    return text;
}

Result<Done, std::string> storePolicyVersion(const SqlConnection& connection, const StoredPolicyVersion& stored,
                                             const PolicyHistoryLimits& limits)
{
    const PolicyVersion& version = stored.version;
    QSqlQuery insert = connection.query();
    insert.prepare(QStringLiteral(
        "INSERT OR REPLACE INTO policy_versions (version, origin, time, author, via, reason, hash, restores, "
        "provisional_until, confirmed, confirmed_by, document) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"));
    insert.addBindValue(wide(version.version));
    insert.addBindValue(originWord(version.origin));
    insert.addBindValue(milliseconds(version.time));
    for (const std::string* text : {&version.author, &version.via, &version.reason, &version.hash})
        insert.addBindValue(toQString(storableText(*text)));
    insert.addBindValue(wide(version.restores));
    insert.addBindValue(milliseconds(version.provisionalUntil));
    insert.addBindValue(milliseconds(version.confirmed));
    insert.addBindValue(toQString(storableText(version.confirmedBy)));
    insert.addBindValue(QByteArray(version.document.data(), static_cast<qsizetype>(version.document.size())));
    if (!insert.exec())
        return Failure{sqlError(insert)};
    return trim(connection, stored, limits);
}

namespace {

Result<Done, std::string> select(const std::filesystem::path& file, const QString& condition,
                                 const QVariantList& values, const std::function<bool(PolicyVersion)>& each)
{
    SqlConnection connection;
    if (SqlResult opened = openAuditStore(connection, file); !opened)
        return opened;
    QSqlQuery rows = connection.query();
    rows.prepare(QStringLiteral("SELECT version, origin, time, author, via, reason, hash, restores, provisional_until, "
                                "confirmed, confirmed_by, document FROM policy_versions WHERE %1 ORDER BY version DESC")
                     .arg(condition));
    for (const QVariant& value : values)
        rows.addBindValue(value);
    if (!rows.exec())
        return Failure{file.string() + ": " + sqlError(rows)};
    while (rows.next()) {
        auto version = readRow(rows);
        if (!version)
            return Failure{file.string() + ": policy version " + rows.value(0).toString().toStdString() +
                           " is damaged"};
        if (!each(std::move(*version)))
            return Done{};
    }
    if (rows.lastError().isValid())
        return Failure{file.string() + ": " + sqlError(rows)};
    return Done{};
}

PolicyVersionReader::Found first(const std::filesystem::path& file, const QString& condition,
                                 const QVariantList& values = {})
{
    std::optional<PolicyVersion> found;
    const auto read = select(file, condition, values, [&](PolicyVersion version) {
        found = std::move(version);
        return false;
    });
    if (!read)
        return Failure{read.error()};
    return found;
}

QString definitive()
{
    return QStringLiteral("(provisional_until IS NULL OR confirmed IS NOT NULL)");
}

} // namespace

PolicyVersionReader::Found PolicyVersionReader::newest() const
{
    return first(m_file, QStringLiteral("1"));
}

PolicyVersionReader::Found PolicyVersionReader::newestDefinitive() const
{
    return first(m_file, definitive());
}

PolicyVersionReader::Found PolicyVersionReader::definitiveBefore(std::uint64_t version, const std::string& hash) const
{
    return first(m_file, definitive() + QStringLiteral(" AND version < ? AND hash <> ?"),
                 {wide(version), toQString(hash)});
}

PolicyVersionReader::Found PolicyVersionReader::version(std::uint64_t version) const
{
    return first(m_file, QStringLiteral("version = ?"), {wide(version)});
}

PolicyVersionReader::Found PolicyVersionReader::ofHash(const std::string& hash) const
{
    return first(m_file, QStringLiteral("hash = ?"), {toQString(hash)});
}

Result<Done, std::string> PolicyVersionReader::visit(std::uint64_t before,
                                                     const std::function<bool(PolicyVersion)>& each) const
{
    return before == 0 ? select(m_file, QStringLiteral("1"), {}, each)
                       : select(m_file, QStringLiteral("version < ?"), {wide(before)}, each);
}

} // namespace gatehouse
