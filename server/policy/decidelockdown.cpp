// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decidelockdown.h"

#include "policy/decidenetworks.h"
#include "policy/text.h"

namespace gatehouse {

namespace {

constexpr std::size_t longestReason = 120; // bytes of the operator's words that a rule's name holds
constexpr std::size_t longestUsers = 120;  // bytes of the list of users that a decision repeats

Decision shutOut(const Lockdown& lockdown, std::string_view key, std::string met, std::string limit)
{
    Rule rule;
    if (!lockdown.lists)
        rule.pointer = "/lockdown/" + std::string(key);
    rule.name = "lockdown by " + lockdown.actor +
                (lockdown.reason.empty() ? "" : ": " + clipped(lockdown.reason, longestReason));
    return {Reason::Lockdown, std::move(rule), std::move(met), std::move(limit)};
}

} // namespace

bool lockdownHolds(const Lockdown& lockdown, WallTime now)
{
    return !lockdown.until || now < *lockdown.until;
}

const LockdownLists& listsOf(const Policy& policy, const Lockdown& lockdown)
{
    return lockdown.lists ? *lockdown.lists : policy.lockdown;
}

Decision decideLockdown(const Policy& policy, const Lockdown& lockdown, const Identity* who, const IpAddress& address)
{
    const LockdownLists& lists = listsOf(policy, lockdown);
    if (lists.users.empty() && lists.networks.empty())
        return shutOut(lockdown, "allow_users", address.toString(), "nobody");
    if (!lists.networks.empty() && !holdsAddress(lists.networks, address))
        return shutOut(lockdown, "allow_networks", address.toString(), describeNetworks(lists.networks));
    if (!lists.users.empty() && who && (who->anonymous() || !contains(lists.users, who->user)))
        return shutOut(lockdown, "allow_users", who->anonymous() ? "anonymous" : who->user,
                       clipped(joined(lists.users, ", "), longestUsers));
    return Decision::allow();
}

} // namespace gatehouse
