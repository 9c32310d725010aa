// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/publication.h"
#include "domain/result.h"
#include "hub/clienterror.h"
#include "schema/messagevalidator.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// What clients say in Centrifugo's client protocol (JSON, version 2): a text message is commands, a line each. `data`
// is JSON as it was written, a view into the message; empty: none came. What a client says of itself beside what is
// here (a sender, infos of its own) is not read. A member that is null is as one that is not there, but for `data`.
namespace gatehouse::clientprotocol {

/// `{}`, the answer to a ping. npm's centrifuge sends it for every reply that has neither id nor push.
struct Pong {
    friend bool operator==(const Pong&, const Pong&) = default;
};

struct SubscribeRequest {
    std::string channel; ///< empty within `connect`, where it is the key
    std::string token;
    std::string_view data{};
    StreamPosition position; ///< the last that the client has; where `recover`
    bool recover = false;
    bool positioned = false;
    bool recoverable = false;
    bool joinLeave = false;
    bool filtered = false;  ///< it wants publications with some tags alone (`tf`)
    std::int64_t type = 0;  ///< other than 0: a map, presence or polling, which are not streams
    std::int64_t flags = 0; ///< of SubscribeFlag; what is not known there is an offer that nobody needs to take

    friend bool operator==(const SubscribeRequest&, const SubscribeRequest&) = default;
};

enum SubscribeFlag : std::int64_t {
    ChannelCompaction = 1, ///< pushes may name the channel by the `id` of the reply; npm's centrifuge offers it always
    RejectUnrecovered = 2  ///< error UnrecoverablePosition instead of a subscription with `recovered: false`
};

struct ConnectRequest {
    std::string token;
    std::string_view data{};
    std::vector<std::pair<std::string, SubscribeRequest>>
        subs; ///< of the server's subscriptions that it had; by channel
    std::string name;
    std::string version;

    friend bool operator==(const ConnectRequest&, const ConnectRequest&) = default;
};

struct UnsubscribeRequest {
    std::string channel;
    friend bool operator==(const UnsubscribeRequest&, const UnsubscribeRequest&) = default;
};

struct PublishRequest {
    std::string channel;
    std::string_view data{}; ///< never empty
    std::int64_t type = 0;   ///< other than 0: not to a stream
    friend bool operator==(const PublishRequest&, const PublishRequest&) = default;
};

struct PresenceRequest {
    std::string channel;
    friend bool operator==(const PresenceRequest&, const PresenceRequest&) = default;
};

struct PresenceStatsRequest {
    std::string channel;
    friend bool operator==(const PresenceStatsRequest&, const PresenceStatsRequest&) = default;
};

struct HistoryRequest {
    std::string channel;
    std::int32_t limit = 0; ///< 0: the position alone; under 0: all that there are
    std::optional<StreamPosition> since;
    bool reverse = false;
    friend bool operator==(const HistoryRequest&, const HistoryRequest&) = default;
};

struct PingRequest {
    friend bool operator==(const PingRequest&, const PingRequest&) = default;
};

/// A message to the server that has no answer, and needs no id.
struct SendRequest {
    std::string_view data{};
    friend bool operator==(const SendRequest&, const SendRequest&) = default;
};

struct RpcRequest {
    std::string method;
    std::string_view data{};
    friend bool operator==(const RpcRequest&, const RpcRequest&) = default;
};

struct RefreshRequest {
    std::string token;
    friend bool operator==(const RefreshRequest&, const RefreshRequest&) = default;
};

struct SubRefreshRequest {
    std::string channel;
    std::string token;
    friend bool operator==(const SubRefreshRequest&, const SubRefreshRequest&) = default;
};

using ClientRequest = std::variant<Pong, ConnectRequest, SubscribeRequest, UnsubscribeRequest, PublishRequest,
                                   PresenceRequest, PresenceStatsRequest, HistoryRequest, PingRequest, SendRequest,
                                   RpcRequest, RefreshRequest, SubRefreshRequest>;

struct ClientCommand {
    std::uint32_t id = 0; ///< 0 with Pong and SendRequest alone
    ClientRequest request;

    friend bool operator==(const ClientCommand&, const ClientCommand&) = default;
};

} // namespace gatehouse::clientprotocol
