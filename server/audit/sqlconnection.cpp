// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/sqlconnection.h"

#include <QSqlError>
#include <QVariant>

#include <atomic>

namespace gatehouse {

namespace {

QString uniqueName()
{
    static std::atomic<unsigned> next{0};
    return QStringLiteral("gatehouse-store-%1").arg(next.fetch_add(1));
}

} // namespace

std::string sqlError(const QSqlQuery& query)
{
    return query.lastError().text().toStdString();
}

QString toQString(const std::string& text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

SqlConnection::~SqlConnection()
{
    if (m_name.isEmpty())
        return;
    m_database.close();
    m_database = QSqlDatabase();
    QSqlDatabase::removeDatabase(m_name);
}

SqlResult SqlConnection::open(const std::filesystem::path& file, Mode mode)
{
    m_name = uniqueName();
    m_database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), m_name);
    if (!m_database.isValid())
        return Failure{std::string("the SQLite driver of Qt is not there (Debian: libqt6sql6-sqlite)")};
    m_database.setDatabaseName(toQString(file.string()));
    QString options = QStringLiteral("QSQLITE_BUSY_TIMEOUT=250");
    if (mode == Mode::ReadOnly)
        options += QStringLiteral(";QSQLITE_OPEN_READONLY");
    m_database.setConnectOptions(options);
    if (!m_database.open())
        return Failure{file.string() + ": " + m_database.lastError().text().toStdString()};
    return Done{};
}

SqlResult SqlConnection::execute(const QString& statement)
{
    QSqlQuery statementQuery(m_database);
    if (!statementQuery.exec(statement))
        return Failure{sqlError(statementQuery)};
    return Done{};
}

QSqlQuery SqlConnection::query() const
{
    QSqlQuery result(m_database);
    result.setForwardOnly(true);
    return result;
}

Result<int, std::string> SqlConnection::version() const
{
    QSqlQuery pragma = query();
    if (!pragma.exec(QStringLiteral("PRAGMA user_version")) || !pragma.next())
        return Failure{sqlError(pragma)};
    return pragma.value(0).toInt();
}

} // namespace gatehouse
