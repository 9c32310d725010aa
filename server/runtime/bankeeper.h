// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "audit/auditlog.h"
#include "control/commands.h"
#include "net/banset.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

/// The bans and cooldowns that hold now. Bans are in the store too. Owner: the runtime thread.
class BanKeeper {
public:
    /// Of the places a tenth is for operators alone.
    explicit BanKeeper(AuditLog& store, std::size_t places = BanSet::maxBans)
        : m_store(store)
        , m_places(places)
        , m_bans(store.loadBans())
    {
    }

    /// Checks the command and adds the ban; an operator's replaces one of the same subject. A rule's never shortens one
    /// that stands, and leaves places that only operators may fill: what a peer provokes must not undo their work.
    [[nodiscard]] Result<Ban, ControlError> add(const Actor& actor, const BanCommand& command, WallTime now);
    [[nodiscard]] std::optional<Ban> remove(BanId id);
    /// Drops what is over; true where anything was.
    [[nodiscard]] bool expire(TimePoint now, WallTime wall, std::vector<Ban>& ended);
    void addCooldown(std::string key, TimePoint until);

    [[nodiscard]] const std::vector<Ban>& bans() const { return m_bans; }
    /// How many a rule made, or made longer, since this began.
    [[nodiscard]] std::uint64_t byRule() const { return m_byRule; }
    /// What workers check against.
    [[nodiscard]] std::shared_ptr<const BanSet> set() const;

private:
    AuditLog& m_store;
    const std::size_t m_places;
    std::vector<Ban> m_bans;
    std::uint64_t m_byRule = 0;
    std::vector<BanSet::Cooldown> m_cooldowns;
    mutable std::shared_ptr<const BanSet> m_set; ///< null where something changed since
};

} // namespace gatehouse
