// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"
#include "domain/lockdown.h"
#include "policy/identity.h"
#include "policy/policy.h"

// Who stays and who comes in while the gate is locked down: pure functions of policy, lockdown and facts.
namespace gatehouse {

/// True where the lockdown's time is not over.
[[nodiscard]] bool lockdownHolds(const Lockdown& lockdown, WallTime now);

/// The lists that it goes by: its own, or those of the policy.
[[nodiscard]] const LockdownLists& listsOf(const Policy& policy, const Lockdown& lockdown);

/// `who` null: nobody has said yet who they are, and what the address alone decides is decided. `address` is the
/// client's, behind trusted proxies. Users are named as the gate knows them, with their issuer's prefix; somebody
/// without a name is on no list of users.
[[nodiscard]] Decision decideLockdown(const Policy& policy, const Lockdown& lockdown, const Identity* who,
                                      const IpAddress& address);

} // namespace gatehouse
