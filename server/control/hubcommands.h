// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/controlerror.h"
#include "domain/publication.h"
#include "domain/result.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

// What backends ask of channels and of who is in them: methods, parameters and results as Centrifugo's server API has
// them. `data` and infos are JSON texts, handed on as they came; empty: none.
namespace gatehouse {

using Tags = std::vector<std::pair<std::string, std::string>>;

/// What is published.
struct NewPublication {
    std::string data;
    Tags tags{};
    std::string idempotencyKey{}; ///< within five minutes it is published once; empty: every time
    bool skipHistory = false;

    friend bool operator==(const NewPublication&, const NewPublication&) = default;
};

// publish, broadcast
struct PublishCommand {
    std::string channel;
    NewPublication publication;

    friend bool operator==(const PublishCommand&, const PublishCommand&) = default;
};
struct PublishResult {
    StreamPosition position; ///< epoch empty: the channel keeps no history

    friend bool operator==(const PublishResult&, const PublishResult&) = default;
};
struct BroadcastCommand {
    std::vector<std::string> channels;
    NewPublication publication;

    friend bool operator==(const BroadcastCommand&, const BroadcastCommand&) = default;
};
struct BroadcastResult {
    std::vector<Result<PublishResult, ControlError>> responses; ///< in the order of the channels

    friend bool operator==(const BroadcastResult&, const BroadcastResult&) = default;
};

/// Sessions: all that is set must fit; nothing set fits nobody.
struct SessionSelector {
    std::string user{};
    std::string client{};  ///< id of the session as text
    std::string session{}; ///< the same; Centrifugo tells them apart

    [[nodiscard]] bool empty() const { return user.empty() && client.empty() && session.empty(); }
    friend bool operator==(const SessionSelector&, const SessionSelector&) = default;
};

// subscribe, unsubscribe, refresh: of sessions that speak Centrifugo's protocol; disconnect: of all
struct SubscribeCommand {
    SessionSelector who;
    std::string channel;
    std::string info{}; ///< `chan_info` of the presence
    std::string data{}; ///< for the client
    std::optional<std::chrono::sys_seconds> expireAt{};
    std::optional<StreamPosition> recoverSince{};

    friend bool operator==(const SubscribeCommand&, const SubscribeCommand&) = default;
};
struct UnsubscribeCommand {
    SessionSelector who;
    std::string channel;

    friend bool operator==(const UnsubscribeCommand&, const UnsubscribeCommand&) = default;
};
struct DisconnectOrder {
    std::uint16_t code = 0; ///< 3000 to 4999
    std::string reason;     ///< public: sent to the client

    friend bool operator==(const DisconnectOrder&, const DisconnectOrder&) = default;
};
struct DisconnectCommand {
    SessionSelector who;
    std::vector<std::string> whitelist{};        ///< ids of sessions that stay
    std::optional<DisconnectOrder> disconnect{}; ///< unset: as a kick, without a cooldown

    friend bool operator==(const DisconnectCommand&, const DisconnectCommand&) = default;
};
struct RefreshCommand {
    SessionSelector who;
    bool expired = false;
    std::optional<std::chrono::sys_seconds> expireAt{}; ///< when their tokens end instead

    friend bool operator==(const RefreshCommand&, const RefreshCommand&) = default;
};
struct SessionsMet {
    std::uint64_t sessions = 0; ///< that it concerned

    friend bool operator==(const SessionsMet&, const SessionsMet&) = default;
};

// presence, presence_stats
struct PresenceQuery {
    std::string channel;

    friend bool operator==(const PresenceQuery&, const PresenceQuery&) = default;
};
struct ChannelPresence {
    std::vector<ClientInfo> clients;

    friend bool operator==(const ChannelPresence&, const ChannelPresence&) = default;
};
struct PresenceStatsQuery {
    std::string channel;

    friend bool operator==(const PresenceStatsQuery&, const PresenceStatsQuery&) = default;
};
struct ChannelPresenceStats {
    std::uint64_t clients = 0;
    std::uint64_t users = 0;

    friend bool operator==(const ChannelPresenceStats&, const ChannelPresenceStats&) = default;
};

// history, history_remove
struct ChannelHistoryQuery {
    std::string channel;
    std::int64_t limit = 0; ///< 0: the position alone; -1: all, as far as one answer goes
    std::optional<StreamPosition> since{};
    bool reverse = false;

    friend bool operator==(const ChannelHistoryQuery&, const ChannelHistoryQuery&) = default;
};
struct ChannelHistory {
    std::vector<Publication> publications;
    StreamPosition position; ///< of the newest publication that there ever was

    friend bool operator==(const ChannelHistory&, const ChannelHistory&) = default;
};
struct HistoryRemoveCommand {
    std::string channel;

    friend bool operator==(const HistoryRemoveCommand&, const HistoryRemoveCommand&) = default;
};
struct HistoryRemoved {
    friend bool operator==(const HistoryRemoved&, const HistoryRemoved&) = default;
};

// channels
struct ChannelsQuery {
    std::string pattern{}; ///< as a channel rule's, `*` and `**`; empty: all

    friend bool operator==(const ChannelsQuery&, const ChannelsQuery&) = default;
};
struct ChannelRow {
    std::string name;
    std::uint64_t clients = 0; ///< subscribed to it

    friend bool operator==(const ChannelRow&, const ChannelRow&) = default;
};
struct ChannelList {
    std::vector<ChannelRow> channels; ///< that somebody is subscribed to, by name

    friend bool operator==(const ChannelList&, const ChannelList&) = default;
};

// batch
using HubCommand = std::variant<PublishCommand, BroadcastCommand, PresenceQuery, PresenceStatsQuery,
                                ChannelHistoryQuery, HistoryRemoveCommand, ChannelsQuery, SubscribeCommand,
                                UnsubscribeCommand, DisconnectCommand, RefreshCommand>;
using HubAnswer = std::variant<PublishResult, BroadcastResult, ChannelPresence, ChannelPresenceStats, ChannelHistory,
                               HistoryRemoved, ChannelList, SessionsMet>;
using HubReply = Result<HubAnswer, ControlError>;

struct BatchCommand {
    std::vector<HubCommand> commands;
    bool parallel = false; ///< what is published to one channel keeps its order all the same

    friend bool operator==(const BatchCommand&, const BatchCommand&) = default;
};
struct BatchReply {
    std::string method;
    HubReply reply;

    friend bool operator==(const BatchReply&, const BatchReply&) = default;
};
struct BatchResult {
    std::vector<BatchReply> replies; ///< in the order of the commands

    friend bool operator==(const BatchResult&, const BatchResult&) = default;
};

} // namespace gatehouse
