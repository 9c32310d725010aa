// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/auditquery.h"
#include "feed/values.h"

#include <QString>
#include <QTimeZone>

#include <vector>

// What operators take along: machine forms have the API's own field names and times in UTC (ISO 8601).
namespace gatehouse::ui {

[[nodiscard]] QString auditAsText(const std::vector<AuditEntry>& entries, const QTimeZone& zone);
[[nodiscard]] QString auditAsJsonLines(const std::vector<AuditEntry>& entries);
/// RFC 4180 with a header line. A cell that a spreadsheet would take for a formula gets an apostrophe before it.
[[nodiscard]] QString auditAsCsv(const std::vector<AuditEntry>& entries);

/// One line that fail2ban's `<HOST>` and date patterns find: time in UTC, address, reason, count.
[[nodiscard]] QString fail2banLine(const AuthFailureGroup& group);

} // namespace gatehouse::ui
