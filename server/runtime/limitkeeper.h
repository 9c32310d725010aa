// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "audit/auditlog.h"
#include "control/commands.h"
#include "net/temporarylimits.h"

#include <map>
#include <optional>
#include <vector>

namespace gatehouse {

/// The temporary limits that stand. Those of users are in the store too. Owner: the runtime thread.
class LimitKeeper {
public:
    static constexpr std::size_t most = 10'000;

    explicit LimitKeeper(AuditLog& store, std::size_t places = most);

    /// Checks the command and adds a limit for its user, or one for each of its sessions, once. One of the same subject
    /// is replaced, and what is gone from its bucket is gone from the new one.
    [[nodiscard]] Result<std::vector<SharedLimit>, ControlError> add(const Actor& actor, const LimitCommand& command,
                                                                     TimePoint now, WallTime wall);
    [[nodiscard]] std::optional<TemporaryLimit> remove(LimitId id);
    /// Takes out whose time is over, and those of sessions that have ended.
    [[nodiscard]] std::vector<TemporaryLimit> expire(WallTime now);

    /// By their ids.
    [[nodiscard]] std::vector<TemporaryLimit> limits() const;
    [[nodiscard]] std::vector<SharedLimit> standing() const;

private:
    [[nodiscard]] const SharedLimit* same(const TemporaryLimit& limit) const;
    [[nodiscard]] SharedLimit insert(TemporaryLimit limit);

    AuditLog& m_store;
    const std::size_t m_places;
    std::map<LimitId, SharedLimit> m_byId;
    std::map<SessionId, LimitId> m_bySession;
    std::map<std::pair<std::string, std::string>, LimitId> m_byUser; ///< user, issuer
};

} // namespace gatehouse
