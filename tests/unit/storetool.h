// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSqlDatabase>
#include <QSqlQuery>
#include <QString>
#include <QVariant>

namespace gatehouse::test {

/// Another program's connection to a store: what a test tampers with.
class StoreTool {
public:
    explicit StoreTool(const QString& file)
        : m_name(QStringLiteral("storetool"))
    {
        m_database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), m_name);
        m_database.setDatabaseName(file);
        m_database.open();
    }
    ~StoreTool()
    {
        m_database.close();
        m_database = QSqlDatabase();
        QSqlDatabase::removeDatabase(m_name);
    }
    StoreTool(const StoreTool&) = delete;
    StoreTool& operator=(const StoreTool&) = delete;

    bool execute(const char* statement) { return QSqlQuery(m_database).exec(QString::fromUtf8(statement)); }
    QVariant value(const char* statement)
    {
        QSqlQuery query(m_database);
        return query.exec(QString::fromUtf8(statement)) && query.next() ? query.value(0) : QVariant();
    }

private:
    QString m_name;
    QSqlDatabase m_database;
};

} // namespace gatehouse::test
