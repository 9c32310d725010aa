// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "domain/isotime.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <string_view>

// Commands, answers and the feed as JSON: snake_case keys, reasons and states as words, ids as numbers, times as ISO
// 8601 in UTC with milliseconds (of `expire_at` and `issued_before` in commands as whole seconds since 1970), durations
// in the policy's words ("5m", "none" where there is none), unset values as null.
namespace gatehouse {

/// The API's name for a command.
[[nodiscard]] std::string_view commandMethod(const Command& command);
[[nodiscard]] std::string_view commandMethod(const HubCommand& command);
[[nodiscard]] bool isCommandMethod(std::string_view method);

/// Strict: an unknown method is NotFound; an unknown, missing or ill-typed parameter is BadRequest that names it.
/// Absent and null are the same. A body that is empty counts as {}; one that is deeper than deepestBody (jsonbounds.h)
/// is BadRequest.
[[nodiscard]] Result<Command, ControlError> parseCommand(std::string_view method, std::string_view body);
[[nodiscard]] std::string formatCommand(const Command& command);

/// {"result":{…}} or {"error":{"code":107,"message":"…"}}. Lists lie under the key of their kind ("sessions", "bans",
/// "revocations", "entries", "groups"); `replies` of a batch beside the result, too.
[[nodiscard]] std::string formatReply(const Reply& reply);
[[nodiscard]] nlohmann::json replyToJson(const Reply& reply);
/// The answer to `method`. Unknown keys are passed over, so that an older client reads a newer server; what cannot be
/// read is an Internal error.
[[nodiscard]] Reply parseReply(std::string_view method, std::string_view body);

[[nodiscard]] std::string formatFeed(const FeedBatch& batch);
[[nodiscard]] Result<FeedBatch, ControlError> parseFeed(std::string_view text);

} // namespace gatehouse
