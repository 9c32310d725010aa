// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/auditquery.h"
#include "domain/result.h"

#include <filesystem>
#include <string>

namespace gatehouse {

class SqlConnection;

/// Reads the audit log, of a running server or a stopped one's file. Each query opens a read-only connection of its own
/// in the calling thread, so that an object may move between threads; one thread at a time. Needs a QCoreApplication.
class AuditReader {
public:
    explicit AuditReader(std::filesystem::path file);

    /// The newest records that fit, `query.limit` at most (1 to 1,000). `from` is in, `to` is not.
    [[nodiscard]] Result<AuditPage, std::string> query(const AuditQuery& query) const;

private:
    std::filesystem::path m_file;
};

/// Opens a store for reading and checks that its schema is ours. Errors name the file, in English.
[[nodiscard]] Result<Done, std::string> openAuditStore(SqlConnection& connection, const std::filesystem::path& file);

} // namespace gatehouse
