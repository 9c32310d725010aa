// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "runtime/channelcalls.h"

// What a backend asks of sessions, at each worker: on its thread, for the sessions that it serves.
namespace gatehouse {

/// What one worker has of an answer; the answers of all are one.
using PartReply = Result<HubAnswer, ControlError>;

/// What is wrong with a command before any worker is asked; unset: nothing.
[[nodiscard]] std::optional<ControlError> faultOf(const SubscribeCommand& command);
[[nodiscard]] std::optional<ControlError> faultOf(const UnsubscribeCommand& command);
[[nodiscard]] std::optional<ControlError> faultOf(const DisconnectCommand& command);
[[nodiscard]] std::optional<ControlError> faultOf(const RefreshCommand& command);
[[nodiscard]] std::optional<ControlError> faultOf(const ChannelsQuery& query);

[[nodiscard]] PartReply callAtWorker(const CallContext& at, Worker& worker, const SubscribeCommand& command);
[[nodiscard]] PartReply callAtWorker(const CallContext& at, Worker& worker, const UnsubscribeCommand& command);
[[nodiscard]] PartReply callAtWorker(const CallContext& at, Worker& worker, const DisconnectCommand& command);
[[nodiscard]] PartReply callAtWorker(const CallContext& at, Worker& worker, const RefreshCommand& command);
[[nodiscard]] PartReply callAtWorker(const CallContext& at, Worker& worker, const ChannelsQuery& query);

/// The first error, or what all have together.
[[nodiscard]] HubReply joined(std::vector<PartReply> parts);

} // namespace gatehouse
