// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/auditrow.h"
#include "audit/auditstore.h"

#include <QSqlError>
#include <QStringList>
#include <QVariant>

// Lockdown and temporary limits in the store.
namespace gatehouse {

namespace {

QVariant number(std::uint64_t value)
{
    return QVariant::fromValue(static_cast<qlonglong>(value));
}

QVariant milliseconds(WallTime time)
{
    return QVariant::fromValue(static_cast<qlonglong>(time.time_since_epoch().count()));
}

QVariant milliseconds(const std::optional<WallTime>& time)
{
    return time ? milliseconds(*time) : QVariant();
}

std::optional<WallTime> wallTime(const QVariant& value)
{
    if (value.isNull())
        return std::nullopt;
    return WallTime(std::chrono::milliseconds(value.toLongLong()));
}

/// Whole: a list that was cut would shut out others than the operator meant.
QString usersText(const LockdownLists& lists)
{
    std::string text;
    for (const std::string& user : lists.users)
        text += user + '\n';
    return toQString(text);
}

QString networksText(const LockdownLists& lists)
{
    std::string text;
    for (const Network& network : lists.networks)
        text += network.toString() + ' ';
    return toQString(text);
}

std::optional<LockdownLists> readLists(const QString& users, const QString& networks)
{
    LockdownLists lists;
    for (const QString& user : users.split(QLatin1Char('\n'), Qt::SkipEmptyParts))
        lists.users.push_back(user.toStdString());
    for (const QString& text : networks.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
        const auto network = Network::parse(text.toStdString());
        if (!network)
            return std::nullopt;
        lists.networks.push_back(*network);
    }
    return lists;
}

} // namespace

SqlResult AuditStore::setLockdown(const Lockdown& lockdown)
{
    QSqlQuery insert = m_connection.query();
    insert.prepare(QStringLiteral("INSERT OR REPLACE INTO lockdown (id, own_lists, users, networks, actor, reason, "
                                  "since, until) VALUES (1,?,?,?,?,?,?,?)"));
    const LockdownLists lists = lockdown.lists.value_or(LockdownLists{});
    insert.addBindValue(lockdown.lists ? 1 : 0);
    insert.addBindValue(usersText(lists));
    insert.addBindValue(networksText(lists));
    insert.addBindValue(toQString(storableText(lockdown.actor)));
    insert.addBindValue(toQString(storableText(lockdown.reason)));
    insert.addBindValue(milliseconds(lockdown.since));
    insert.addBindValue(milliseconds(lockdown.until));
    if (!insert.exec())
        return Failure{sqlError(insert)};
    return Done{};
}

SqlResult AuditStore::liftLockdown()
{
    return m_connection.execute(QStringLiteral("DELETE FROM lockdown"));
}

/// One that cannot be read must not open the gate silently.
Result<std::optional<Lockdown>, std::string> AuditStore::lockdown() const
{
    QSqlQuery rows = m_connection.query();
    if (!rows.exec(QStringLiteral("SELECT own_lists, users, networks, actor, reason, since, until FROM lockdown")))
        return Failure{sqlError(rows)};
    if (!rows.next()) {
        if (rows.lastError().isValid())
            return Failure{sqlError(rows)};
        return std::optional<Lockdown>();
    }
    Lockdown lockdown;
    if (rows.value(0).toInt() != 0) {
        lockdown.lists = readLists(rows.value(1).toString(), rows.value(2).toString());
        if (!lockdown.lists)
            return Failure{std::string("the lockdown names something that is no network")};
    }
    lockdown.actor = rows.value(3).toString().toStdString();
    lockdown.reason = rows.value(4).toString().toStdString();
    lockdown.since = wallTime(rows.value(5)).value_or(WallTime{});
    lockdown.until = wallTime(rows.value(6));
    return std::optional<Lockdown>(std::move(lockdown));
}

SqlResult AuditStore::addLimit(const TemporaryLimit& limit)
{
    QSqlQuery insert = m_connection.query();
    insert.prepare(QStringLiteral("INSERT OR REPLACE INTO temporary_limits (id, session, user, issuer, count, per, "
                                  "burst, actor, reason, since, until) VALUES (?,?,?,?,?,?,?,?,?,?,?)"));
    insert.addBindValue(number(limit.id.value));
    insert.addBindValue(number(limit.session.value));
    insert.addBindValue(toQString(storableText(limit.user)));
    insert.addBindValue(toQString(storableText(limit.issuer)));
    insert.addBindValue(number(limit.rate.count));
    insert.addBindValue(number(static_cast<std::uint64_t>(limit.rate.per.count())));
    insert.addBindValue(number(limit.rate.burst));
    insert.addBindValue(toQString(storableText(limit.actor)));
    insert.addBindValue(toQString(storableText(limit.reason)));
    insert.addBindValue(milliseconds(limit.since));
    insert.addBindValue(milliseconds(limit.until));
    if (!insert.exec())
        return Failure{sqlError(insert)};
    return Done{};
}

/// The sessions of an earlier process are gone.
SqlResult AuditStore::forgetLimitsOfSessions()
{
    return m_connection.execute(QStringLiteral("DELETE FROM temporary_limits WHERE session <> 0"));
}

Result<std::vector<TemporaryLimit>, std::string> AuditStore::limits() const
{
    QSqlQuery rows = m_connection.query();
    if (!rows.exec(QStringLiteral("SELECT id, user, issuer, count, per, burst, actor, reason, since, until "
                                  "FROM temporary_limits WHERE session = 0 ORDER BY id")))
        return Failure{sqlError(rows)};
    std::vector<TemporaryLimit> limits;
    while (rows.next()) {
        TemporaryLimit limit;
        limit.id = LimitId{static_cast<std::uint64_t>(rows.value(0).toLongLong())};
        limit.user = rows.value(1).toString().toStdString();
        limit.issuer = rows.value(2).toString().toStdString();
        limit.rate.count = static_cast<std::uint64_t>(rows.value(3).toLongLong());
        limit.rate.per = std::chrono::nanoseconds(rows.value(4).toLongLong());
        limit.rate.burst = static_cast<std::uint64_t>(rows.value(5).toLongLong());
        limit.actor = rows.value(6).toString().toStdString();
        limit.reason = rows.value(7).toString().toStdString();
        limit.since = wallTime(rows.value(8)).value_or(WallTime{});
        limit.until = wallTime(rows.value(9));
        limits.push_back(std::move(limit));
    }
    if (rows.lastError().isValid())
        return Failure{sqlError(rows)};
    return limits;
}

} // namespace gatehouse
