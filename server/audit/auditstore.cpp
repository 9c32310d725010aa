// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditstore.h"

#include "audit/auditrow.h"
#include "auditschema.h"

#include <QSqlError>
#include <QStringList>
#include <QVariant>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace gatehouse {

static_assert(std::size(auditSchemas) == auditSchemaVersion);

namespace {

// SQLite would make the file by the umask; what it makes beside it (-wal, -shm) takes the file's own mode.
SqlResult makePrivate(const std::filesystem::path& file)
{
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0)
        return Failure{file.string() + ": " + std::strerror(errno)};
    const int changed = ::fchmod(descriptor, 0600);
    const int error = errno;
    ::close(descriptor);
    if (changed != 0)
        return Failure{file.string() + ": cannot set mode 0600: " + std::strerror(error)};
    return Done{};
}

/// More than records alone.
bool mustOutlastPower(const std::vector<StoreTask>& tasks)
{
    return std::any_of(tasks.begin(), tasks.end(),
                       [](const StoreTask& task) { return !std::holds_alternative<AuditRecord>(task); });
}

QVariant milliseconds(WallTime time)
{
    return QVariant::fromValue(static_cast<qlonglong>(time.time_since_epoch().count()));
}

WallTime wallTime(const QVariant& value)
{
    return WallTime(std::chrono::milliseconds(value.toLongLong()));
}

std::optional<BanSubject> banSubject(const QString& word)
{
    for (const BanSubject subject : {BanSubject::User, BanSubject::Address, BanSubject::Network, BanSubject::Token})
        if (word == QLatin1StringView(banSubjectWord(subject)))
            return subject;
    return std::nullopt;
}

std::optional<RevocationSubject> revocationSubject(const QString& word)
{
    for (const RevocationSubject subject : {RevocationSubject::Token, RevocationSubject::User})
        if (word == QLatin1StringView(revocationSubjectWord(subject)))
            return subject;
    return std::nullopt;
}

} // namespace

SqlResult AuditStore::open(const std::filesystem::path& file, WallTime now)
{
    if (SqlResult made = makePrivate(file); !made)
        return made;
    if (SqlResult opened = m_connection.open(file, SqlConnection::Mode::ReadWrite); !opened)
        return opened;
    const auto named = [&file](const std::string& error) { return Failure{file.string() + ": " + error}; };
    // KiB of pages that stay in memory: rows are appended, and what is asked for comes through other connections.
    if (SqlResult cache = m_connection.execute(QStringLiteral("PRAGMA cache_size = -1024")); !cache)
        return named(cache.error());
    if (SqlResult wal = m_connection.execute(QStringLiteral("PRAGMA journal_mode = WAL")); !wal)
        return named(wal.error());
    if (SqlResult migrated = migrate(); !migrated)
        return named(migrated.error());
    for (const char* table : {"bans", "revocations", "token_uses", "temporary_limits"})
        if (SqlResult forgotten = forget(table, now); !forgotten)
            return named(forgotten.error());
    if (SqlResult forgotten = forgetLimitsOfSessions(); !forgotten)
        return named(forgotten.error());
    auto end = readEnd();
    if (!end)
        return named(end.error());
    m_end = *end;
    return Done{};
}

SqlResult AuditStore::migrate()
{
    const auto version = m_connection.version();
    if (!version)
        return Failure{version.error()};
    if (*version > auditSchemaVersion)
        return Failure{"its schema has version " + std::to_string(*version) +
                       ", made by a newer Gatehouse; this one knows " + std::to_string(auditSchemaVersion)};
    if (*version == auditSchemaVersion)
        return Done{};
    QStringList statements{QStringLiteral("BEGIN IMMEDIATE")};
    for (int next = std::max(*version, 0); next < auditSchemaVersion; ++next) {
        // Line comments go first: they may hold what separates statements.
        QStringList lines = QString::fromUtf8(auditSchemas[next]).split(QLatin1Char('\n'));
        lines.removeIf([](const QString& line) { return line.startsWith(QStringLiteral("--")); });
        statements += lines.join(QLatin1Char('\n')).split(QLatin1Char(';'));
    }
    statements += {QStringLiteral("PRAGMA user_version = %1").arg(auditSchemaVersion), QStringLiteral("COMMIT")};
    for (const QString& statement : statements) {
        if (statement.trimmed().isEmpty())
            continue;
        if (SqlResult done = m_connection.execute(statement); !done) {
            static_cast<void>(m_connection.execute(QStringLiteral("ROLLBACK")));
            return done;
        }
    }
    return Done{};
}

SqlResult AuditStore::write(const std::vector<StoreTask>& tasks)
{
    if (m_attempted) {
        const auto end = readEnd();
        if (!end)
            return Failure{end.error()};
        const bool committed = *end == *m_attempted && *m_attempted != m_end;
        m_attempted.reset();
        if (committed) {
            m_end = *end;
            return Done{};
        }
    }
    // Bans, revocations, used tokens and policies must stand after a loss of power too; records may lose their last
    // fraction of a second.
    const QString level = mustOutlastPower(tasks) ? QStringLiteral("FULL") : QStringLiteral("NORMAL");
    if (SqlResult set = m_connection.execute(QStringLiteral("PRAGMA synchronous = ") + level); !set)
        return set;
    if (SqlResult begun = m_connection.execute(QStringLiteral("BEGIN IMMEDIATE")); !begun)
        return begun;
    ChainEnd end = m_end;
    SqlResult written = writeAll(tasks, end);
    if (written) {
        m_attempted = end;
        written = m_connection.execute(QStringLiteral("COMMIT"));
    }
    if (!written) {
        // Fails where SQLite has rolled back by itself already; either way no transaction is open afterwards.
        static_cast<void>(m_connection.execute(QStringLiteral("ROLLBACK")));
        return written;
    }
    m_attempted.reset();
    m_end = end;
    return Done{};
}

SqlResult AuditStore::writeAll(const std::vector<StoreTask>& tasks, ChainEnd& end)
{
    QSqlQuery insert = m_connection.query();
    if (!insert.prepare(auditInsert()))
        return Failure{sqlError(insert)};
    QSqlQuery uses = m_connection.query();
    if (!uses.prepare(QStringLiteral("INSERT OR REPLACE INTO token_uses (digest, until) VALUES (?,?)")))
        return Failure{sqlError(uses)};
    for (const StoreTask& task : tasks) {
        SqlResult done = Done{};
        if (const auto* record = std::get_if<AuditRecord>(&task))
            done = append(insert, *record, end);
        else if (const auto* use = std::get_if<TokenUse>(&task))
            done = addUse(uses, *use);
        else if (const auto* ban = std::get_if<Ban>(&task))
            done = addBan(*ban);
        else if (const auto* lifted = std::get_if<BanId>(&task))
            done = remove("bans", lifted->value);
        else if (const auto* revocation = std::get_if<Revocation>(&task))
            done = addRevocation(*revocation);
        else if (const auto* taken = std::get_if<RevocationId>(&task))
            done = remove("revocations", taken->value);
        else if (const auto* policy = std::get_if<StoredPolicyVersion>(&task))
            done = storePolicyVersion(m_connection, *policy);
        else if (const auto* lockdown = std::get_if<Lockdown>(&task))
            done = setLockdown(*lockdown);
        else if (std::holds_alternative<LockdownLifted>(task))
            done = liftLockdown();
        else if (const auto* limit = std::get_if<TemporaryLimit>(&task))
            done = addLimit(*limit);
        else if (const auto* unlimited = std::get_if<LimitId>(&task))
            done = remove("temporary_limits", unlimited->value);
        else
            done = forget("token_uses", std::get<ForgetTokenUses>(task).now);
        if (!done)
            return done;
    }
    return Done{};
}

SqlResult AuditStore::append(QSqlQuery& insert, const AuditRecord& record, ChainEnd& end)
{
    AuditRow row;
    row.entry.number = end.number + 1;
    row.entry.record = storable(record);
    row.hash = chainHash(row.entry.number, row.entry.record, end.hash);
    bindAuditRow(insert, row);
    if (!insert.exec())
        return Failure{sqlError(insert)};
    end = {row.entry.number, row.hash};
    return Done{};
}

SqlResult AuditStore::addBan(const Ban& ban)
{
    QSqlQuery insert = m_connection.query();
    insert.prepare(
        QStringLiteral("INSERT OR REPLACE INTO bans (id, subject, value, issuer, actor, reason, since, until) "
                       "VALUES (?,?,?,?,?,?,?,?)"));
    insert.addBindValue(QVariant::fromValue(static_cast<qlonglong>(ban.id.value)));
    insert.addBindValue(QString::fromLatin1(banSubjectWord(ban.subject)));
    for (const std::string* text : {&ban.value, &ban.issuer, &ban.actor, &ban.reason})
        insert.addBindValue(toQString(storableText(*text)));
    insert.addBindValue(milliseconds(ban.since));
    insert.addBindValue(ban.until ? milliseconds(*ban.until) : QVariant());
    if (!insert.exec())
        return Failure{sqlError(insert)};
    return Done{};
}

SqlResult AuditStore::addRevocation(const Revocation& revocation)
{
    QSqlQuery insert = m_connection.query();
    insert.prepare(QStringLiteral(
        "INSERT OR REPLACE INTO revocations (id, subject, value, issuer, actor, reason, issued_before, since, until) "
        "VALUES (?,?,?,?,?,?,?,?,?)"));
    insert.addBindValue(QVariant::fromValue(static_cast<qlonglong>(revocation.id.value)));
    insert.addBindValue(QString::fromLatin1(revocationSubjectWord(revocation.subject)));
    for (const std::string* text : {&revocation.value, &revocation.issuer, &revocation.actor, &revocation.reason})
        insert.addBindValue(toQString(storableText(*text)));
    insert.addBindValue(milliseconds(revocation.issuedBefore));
    insert.addBindValue(milliseconds(revocation.since));
    insert.addBindValue(revocation.until ? milliseconds(*revocation.until) : QVariant());
    if (!insert.exec())
        return Failure{sqlError(insert)};
    return Done{};
}

SqlResult AuditStore::addUse(QSqlQuery& insert, const TokenUse& use)
{
    insert.bindValue(0, QByteArray(static_cast<const char*>(static_cast<const void*>(use.digest.data())),
                                   static_cast<qsizetype>(use.digest.size())));
    insert.bindValue(1, milliseconds(use.until));
    if (!insert.exec())
        return Failure{sqlError(insert)};
    return Done{};
}

SqlResult AuditStore::remove(const char* table, std::uint64_t id)
{
    QSqlQuery remove = m_connection.query();
    remove.prepare(QStringLiteral("DELETE FROM %1 WHERE id = ?").arg(QLatin1StringView(table)));
    remove.addBindValue(QVariant::fromValue(static_cast<qlonglong>(id)));
    if (!remove.exec())
        return Failure{sqlError(remove)};
    return Done{};
}

SqlResult AuditStore::forget(const char* table, WallTime now)
{
    QSqlQuery expired = m_connection.query();
    expired.prepare(
        QStringLiteral("DELETE FROM %1 WHERE until IS NOT NULL AND until <= ?").arg(QLatin1StringView(table)));
    expired.addBindValue(milliseconds(now));
    if (!expired.exec())
        return Failure{sqlError(expired)};
    return Done{};
}

Result<std::vector<Ban>, std::string> AuditStore::bans() const
{
    QSqlQuery rows = m_connection.query();
    if (!rows.exec(
            QStringLiteral("SELECT id, subject, value, issuer, actor, reason, since, until FROM bans ORDER BY id")))
        return Failure{sqlError(rows)};
    std::vector<Ban> bans;
    while (rows.next()) {
        const auto subject = banSubject(rows.value(1).toString());
        // A ban that cannot be read must not let somebody in silently.
        if (!subject)
            return Failure{"ban " + rows.value(0).toString().toStdString() + " names an unknown kind of subject"};
        Ban ban;
        ban.id = BanId{static_cast<std::uint64_t>(rows.value(0).toLongLong())};
        ban.subject = *subject;
        ban.value = rows.value(2).toString().toStdString();
        ban.issuer = rows.value(3).toString().toStdString();
        ban.actor = rows.value(4).toString().toStdString();
        ban.reason = rows.value(5).toString().toStdString();
        ban.since = wallTime(rows.value(6));
        if (!rows.value(7).isNull())
            ban.until = wallTime(rows.value(7));
        bans.push_back(std::move(ban));
    }
    if (rows.lastError().isValid()) // a list that was cut short would let somebody in
        return Failure{sqlError(rows)};
    return bans;
}

Result<std::vector<Revocation>, std::string> AuditStore::revocations() const
{
    QSqlQuery rows = m_connection.query();
    if (!rows.exec(QStringLiteral("SELECT id, subject, value, issuer, actor, reason, issued_before, since, until "
                                  "FROM revocations ORDER BY id")))
        return Failure{sqlError(rows)};
    std::vector<Revocation> revocations;
    while (rows.next()) {
        const auto subject = revocationSubject(rows.value(1).toString());
        // One that cannot be read must not let somebody in silently.
        if (!subject)
            return Failure{"revocation " + rows.value(0).toString().toStdString() +
                           " names an unknown kind of subject"};
        Revocation revocation;
        revocation.id = RevocationId{static_cast<std::uint64_t>(rows.value(0).toLongLong())};
        revocation.subject = *subject;
        revocation.value = rows.value(2).toString().toStdString();
        revocation.issuer = rows.value(3).toString().toStdString();
        revocation.actor = rows.value(4).toString().toStdString();
        revocation.reason = rows.value(5).toString().toStdString();
        revocation.issuedBefore = wallTime(rows.value(6));
        revocation.since = wallTime(rows.value(7));
        if (!rows.value(8).isNull())
            revocation.until = wallTime(rows.value(8));
        revocations.push_back(std::move(revocation));
    }
    if (rows.lastError().isValid()) // a list that was cut short would let somebody in
        return Failure{sqlError(rows)};
    return revocations;
}

Result<std::vector<TokenUse>, std::string> AuditStore::tokenUses() const
{
    QSqlQuery rows = m_connection.query();
    if (!rows.exec(QStringLiteral("SELECT digest, until FROM token_uses")))
        return Failure{sqlError(rows)};
    std::vector<TokenUse> uses;
    while (rows.next()) {
        const QByteArray digest = rows.value(0).toByteArray();
        TokenUse use;
        if (static_cast<std::size_t>(digest.size()) != use.digest.size())
            return Failure{std::string("a used token has no valid digest")};
        std::copy(digest.begin(), digest.end(), use.digest.begin());
        use.until = wallTime(rows.value(1));
        uses.push_back(use);
    }
    if (rows.lastError().isValid())
        return Failure{sqlError(rows)};
    return uses;
}

Result<std::uint64_t, std::string> AuditStore::lastId(const char* table) const
{
    QSqlQuery rows = m_connection.query();
    rows.prepare(QStringLiteral("SELECT seq FROM sqlite_sequence WHERE name = ?"));
    rows.addBindValue(QLatin1StringView(table));
    if (!rows.exec())
        return Failure{sqlError(rows)};
    return rows.next() ? static_cast<std::uint64_t>(rows.value(0).toLongLong()) : std::uint64_t{0};
}

Result<AuditStore::ChainEnd, std::string> AuditStore::readEnd() const
{
    QSqlQuery rows = m_connection.query();
    if (!rows.exec(QStringLiteral("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")))
        return Failure{sqlError(rows)};
    ChainEnd end;
    if (!rows.next())
        return end;
    end.number = static_cast<std::uint64_t>(rows.value(0).toLongLong());
    const QByteArray hash = rows.value(1).toByteArray();
    if (static_cast<std::size_t>(hash.size()) != end.hash.size())
        return Failure{"record " + std::to_string(end.number) + " has no valid hash; run `gatehousectl audit verify`"};
    std::copy(hash.begin(), hash.end(), end.hash.begin());
    return end;
}

} // namespace gatehouse
