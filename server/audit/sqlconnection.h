// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <QSqlDatabase>
#include <QSqlQuery>

#include <filesystem>
#include <string>

namespace gatehouse {

using SqlResult = Result<Done, std::string>;

/// One SQLite connection, closed and forgotten on destruction. Owned by the thread that made it, and used there alone
/// (Qt Sql binds a connection to its thread).
class SqlConnection {
public:
    enum class Mode { ReadWrite, ReadOnly };

    SqlConnection() = default;
    ~SqlConnection();
    SqlConnection(const SqlConnection&) = delete;
    SqlConnection& operator=(const SqlConnection&) = delete;

    [[nodiscard]] SqlResult open(const std::filesystem::path& file, Mode mode);
    /// Executes one statement without parameters.
    [[nodiscard]] SqlResult execute(const QString& statement);
    /// A forward-only query of this connection.
    [[nodiscard]] QSqlQuery query() const;
    /// PRAGMA user_version.
    [[nodiscard]] Result<int, std::string> version() const;

private:
    QString m_name;
    QSqlDatabase m_database;
};

[[nodiscard]] std::string sqlError(const QSqlQuery& query);
[[nodiscard]] QString toQString(const std::string& text);

} // namespace gatehouse
