// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "runtime/gate.h"

#include <functional>
#include <string>

// What a backend asks of one channel, at the channel's home: on that worker's thread, and answered before they return.
namespace gatehouse {

/// Told of each refusal.
struct CallContext {
    Gate::Hub& hub;
    const Actor& actor;
    EventSink& audit;
};

/// The policy is the same as for clients: a rule that matches, the size of messages on hub routes, strict JSON, the
/// channel's schema.
[[nodiscard]] Result<PublishResult, ControlError> publishAtHome(const CallContext& at, const std::string& channel,
                                                                const NewPublication& publication);
[[nodiscard]] HubReply callAtHome(const CallContext& at, const PublishCommand& command);
[[nodiscard]] HubReply callAtHome(const CallContext& at, const PresenceQuery& query);
[[nodiscard]] HubReply callAtHome(const CallContext& at, const PresenceStatsQuery& query);
[[nodiscard]] HubReply callAtHome(const CallContext& at, const ChannelHistoryQuery& query);
[[nodiscard]] HubReply callAtHome(const CallContext& at, const HistoryRemoveCommand& command);

/// Whether the actor is held to other channels.
[[nodiscard]] bool mayName(const Actor& actor, std::string_view channel);
[[nodiscard]] ControlError unknownChannel(std::string_view channel);

} // namespace gatehouse
