// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/channelrules.h"

namespace gatehouse {

HomeChannels::Rule streamRule(const ChannelRule& rule)
{
    if (!rule.history)
        return std::nullopt;
    return StreamRule{rule.history->size, rule.history->ttl};
}

ChannelEntry channelEntry(const ChannelRule& rule, ClientInfo who)
{
    ChannelEntry entry;
    entry.kept = !rule.presence.empty();
    entry.announced = rule.joinLeave;
    if (entry.kept || entry.announced)
        entry.who = std::make_shared<const ClientInfo>(std::move(who));
    return entry;
}

/// Presence has no key of its own: it may take what histories may.
HubLimits hubLimits(const Policy& policy)
{
    HubLimits limits;
    limits.channels = policy.limits.channels;
    limits.historyBytes = policy.limits.memoryForHistory;
    return limits;
}

} // namespace gatehouse
