// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/auditrecord.h"

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace gatehouse {

/// Caps what peers can make the audit log write: of records of one reason, kind and source (the address, IPv6 by its
/// /64, or else the user) the first 20 of each second pass. The next one that passes carries how many were left out;
/// where none follows, the last one left out is written in its place. What backends publish is limited so by its actor;
/// what operators do is never left out. The table of
/// sources is bounded; the least recently seen goes first. Not thread-safe.
class RecordLimiter {
public:
    static constexpr std::uint32_t recordsPerSecond = 20;
    static constexpr std::size_t largestTable = 4096;
    static constexpr std::chrono::seconds idleAfter{5};

    /// What is to be written now: the record itself or nothing, and with it what an evicted source still owed.
    [[nodiscard]] std::vector<AuditRecord> pass(AuditRecord record, TimePoint now);
    /// What sources owe that have been silent for `idleAfter`; they are forgotten.
    [[nodiscard]] std::vector<AuditRecord> idle(TimePoint now);
    /// What every source owes; the table is empty afterwards.
    [[nodiscard]] std::vector<AuditRecord> all();

    [[nodiscard]] std::size_t size() const { return m_sources.size(); }

private:
    struct Source {
        std::string key;
        TimePoint windowStart;
        TimePoint last;
        std::uint32_t inWindow = 0;
        std::uint32_t leftOut = 0;
        std::optional<AuditRecord> lastLeftOut;
    };
    using Sources = std::list<Source>; ///< most recently seen first

    void forgetOldest(std::vector<AuditRecord>& owed);

    Sources m_sources;
    std::unordered_map<std::string, Sources::iterator> m_byKey;
};

} // namespace gatehouse
