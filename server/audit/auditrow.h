// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "audit/auditchain.h"
#include "domain/auditquery.h"

#include <QSqlQuery>
#include <QString>

#include <optional>

namespace gatehouse {

inline constexpr int auditSchemaVersion = 3;
inline constexpr int oldestAuditSchema =
    1; ///< whose table `audit` is the same, so that it can be read without a change

/// A row of the table `audit`.
struct AuditRow {
    AuditEntry entry;
    ChainHash hash{};
};

/// The columns in the order in which bindAuditRow() and readAuditRow() take them.
[[nodiscard]] QString auditColumns();
[[nodiscard]] QString auditInsert();
void bindAuditRow(QSqlQuery& insert, const AuditRow& row);
/// Unset where a field holds what was never written: an unknown word, a number out of range, a hash of another length.
[[nodiscard]] std::optional<AuditRow> readAuditRow(const QSqlQuery& query);

/// The record as the store can give it back byte for byte: valid UTF-8 without NUL or a leading byte-order mark, each
/// text of at most 1,024 bytes. What is hashed is this form.
[[nodiscard]] AuditRecord storable(AuditRecord record);
[[nodiscard]] std::string storableText(const std::string& text);

} // namespace gatehouse
