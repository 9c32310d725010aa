// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "hub/channelhub.h"
#include "policy/policy.h"

// What a channel is by the rule that it falls under.
namespace gatehouse {

/// Unset: it remembers nothing.
[[nodiscard]] HomeChannels::Rule streamRule(const ChannelRule& rule);

/// How somebody is entered who subscribes.
[[nodiscard]] ChannelEntry channelEntry(const ChannelRule& rule, ClientInfo who);

/// The limits of the channels of all workers.
[[nodiscard]] HubLimits hubLimits(const Policy& policy);

} // namespace gatehouse
