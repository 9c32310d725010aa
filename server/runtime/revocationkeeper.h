// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "audit/auditlog.h"
#include "auth/revocations.h"
#include "control/commands.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace gatehouse {

/// The revocations that hold now. They are in the store too. Owner: the runtime thread.
class RevocationKeeper {
public:
    explicit RevocationKeeper(AuditLog& store, std::size_t places = RevocationSet::maxRevocations);

    /// Checks the command and adds the revocation. One of the same subject, value and issuer is replaced and never
    /// weakened: what it concerned and how long it holds stays, until it is taken back.
    [[nodiscard]] Result<Revocation, ControlError> add(const Actor& actor, const RevokeTokenCommand& command,
                                                       WallTime now);
    [[nodiscard]] Result<Revocation, ControlError> add(const Actor& actor, const InvalidateUserTokensCommand& command,
                                                       WallTime now);
    [[nodiscard]] std::optional<Revocation> remove(RevocationId id);
    /// Drops what is over, and returns it.
    [[nodiscard]] std::vector<Revocation> expire(WallTime now);

    [[nodiscard]] std::vector<Revocation> revocations() const; ///< by id
    /// What workers check against.
    [[nodiscard]] std::shared_ptr<const RevocationSet> set() const { return m_set; }

private:
    [[nodiscard]] Result<Revocation, ControlError> insert(Revocation revocation);
    void list(const Revocation& revocation);
    void leave(const Revocation& revocation);

    AuditLog& m_store;
    const std::size_t m_places;
    std::map<RevocationId, Revocation> m_byId;
    std::set<std::pair<WallTime, RevocationId>> m_ends; ///< of those that end by themselves
    std::shared_ptr<const RevocationSet> m_set = std::make_shared<const RevocationSet>();
};

} // namespace gatehouse
