// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "runtime/gate.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What a backend asks of one channel, at the channel's home: on that worker's thread, and answered before they return.
namespace gatehouse {

/// What the answers to one request may take together, since a batch may ask the same thing ten thousand times.
class AnswerRoom {
public:
    static constexpr std::uint64_t most = std::uint64_t{16} << 20; ///< bytes

    /// False where no more is left than was taken; an answer that is larger than what is left may be the last one.
    [[nodiscard]] bool take(std::uint64_t bytes) { return m_taken.fetch_add(bytes, std::memory_order_relaxed) < most; }
    [[nodiscard]] std::uint64_t left() const
    {
        const std::uint64_t taken = m_taken.load(std::memory_order_relaxed);
        return taken < most ? most - taken : 0;
    }

private:
    std::atomic<std::uint64_t> m_taken{0};
};

struct CallContext {
    Gate::Hub& hub;
    const Actor& actor;
    EventSink& audit; ///< told of refusals
    AnswerRoom& room;
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
/// `json`, which goes on to clients: what a message of theirs could not be is not.
[[nodiscard]] std::optional<ControlError> faultIn(const CallContext& at, std::string_view name,
                                                  const std::string& json);
[[nodiscard]] ControlError unknownChannel(std::string_view channel);

} // namespace gatehouse
