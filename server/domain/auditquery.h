// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/auditrecord.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

struct AuditQuery {
    std::optional<std::uint64_t> before; ///< only records with a smaller number: the way to page
    std::uint32_t limit = 200;           ///< at most 1,000
    std::optional<AuditKind> kind;
    std::optional<Reason> reason;
    std::optional<SessionId> session;
    std::string user;    ///< whole; empty: any
    std::string address; ///< whole; empty: any
    std::string text;    ///< anywhere in user, address, route, reason word, actor, detail; empty: any
    std::optional<WallTime> from;
    std::optional<WallTime> to;

    friend bool operator==(const AuditQuery&, const AuditQuery&) = default;
};
struct AuditEntry {
    std::uint64_t number = 0; ///< rises by one without gaps
    AuditRecord record;

    friend bool operator==(const AuditEntry&, const AuditEntry&) = default;
};
struct AuditPage {
    std::vector<AuditEntry> entries; ///< newest first
    bool more = false;

    friend bool operator==(const AuditPage&, const AuditPage&) = default;
};

} // namespace gatehouse
