// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/publication.h"
#include "hub/clienterror.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the hub says in Centrifugo's client protocol (JSON, version 2). Every function appends one reply or push to a
// text message, behind a line feed where it is not the first. Texts may be anything: they are escaped, and bytes that
// are no UTF-8 become U+FFFD. What is called JSON (data, infos) must be one value that MessageValidator::read() let in,
// or empty, and then it is left out; line feeds between its parts, which would end the line, are left out too.
namespace gatehouse::clientprotocol {

/// Of what expires; unset: it does not. Clients refresh their token when it is over, at once where it is 0.
using TimeToLive = std::optional<std::chrono::seconds>;

struct SubscribeResult {
    TimeToLive ttl;
    bool positioned = false;  ///< the position is told, and lost publications are noticed
    bool recoverable = false; ///< the client may ask for what it missed since the position
    bool wasRecovering = false;
    bool recovered = false; ///< nothing is missing; false behind wasRecovering: something may be
    /// From which the publications go on: what the client asked for where it is recovered, else the channel's newest.
    StreamPosition position;
    std::vector<SharedPublication> publications; ///< missed ones, the oldest first
    std::string data;                            ///< JSON
};

struct ConnectResult {
    std::string client; ///< id of the connection
    std::string version;
    TimeToLive ttl;
    std::string data;                                          ///< JSON
    std::vector<std::pair<std::string, SubscribeResult>> subs; ///< the server's subscriptions, by channel, each once
    std::optional<std::chrono::seconds> ping;                  ///< how often the server pings; unset: never
    bool pong = false;                                         ///< the client is to answer
    std::string node;
};

struct UnsubscribeResult {};
struct PublishResult {};
struct PingResult {};

struct PresenceResult {
    std::vector<ClientInfo> clients; ///< each once
};

struct PresenceStatsResult {
    std::uint32_t clients = 0;
    std::uint32_t users = 0;
};

struct HistoryResult {
    std::vector<SharedPublication> publications;
    StreamPosition position; ///< the channel's newest
};

struct RpcResult {
    std::string data; ///< JSON
};

struct RefreshResult {
    TimeToLive ttl;
};

struct SubRefreshResult {
    TimeToLive ttl;
};

// Replies; `id` is the command's and never 0: clients take a reply without an id for a ping.
void appendReply(std::string& message, std::uint32_t id, const ConnectResult& result);
void appendReply(std::string& message, std::uint32_t id, const SubscribeResult& result);
void appendReply(std::string& message, std::uint32_t id, const UnsubscribeResult& result);
void appendReply(std::string& message, std::uint32_t id, const PublishResult& result);
void appendReply(std::string& message, std::uint32_t id, const PresenceResult& result);
void appendReply(std::string& message, std::uint32_t id, const PresenceStatsResult& result);
void appendReply(std::string& message, std::uint32_t id, const HistoryResult& result);
void appendReply(std::string& message, std::uint32_t id, const PingResult& result);
void appendReply(std::string& message, std::uint32_t id, const RpcResult& result);
void appendReply(std::string& message, std::uint32_t id, const RefreshResult& result);
void appendReply(std::string& message, std::uint32_t id, const SubRefreshResult& result);
/// `text` instead of the code's own words, where it says something.
void appendError(std::string& message, std::uint32_t id, ErrorCode code, std::string_view text = {});

// Pushes. The same bytes are for every subscriber of a channel, so that they are made once.
void appendPublication(std::string& message, std::string_view channel, const Publication& publication);
void appendJoin(std::string& message, std::string_view channel, const ClientInfo& who);
void appendLeave(std::string& message, std::string_view channel, const ClientInfo& who);
void appendUnsubscribe(std::string& message, std::string_view channel, UnsubscribeCode code,
                       std::string_view reason = {});
/// The server's subscription to a channel; what it recovered has no place here.
void appendSubscribe(std::string& message, std::string_view channel, const SubscribeResult& result);
void appendMessage(std::string& message, std::string_view data);
/// Before the Close of a transport whose close code clients do not see; others are told by the Close alone.
void appendDisconnect(std::string& message, DisconnectCode code, std::string_view reason = {});
void appendRefresh(std::string& message, TimeToLive ttl);
/// `{}`; clients that were told to pong answer with the same.
void appendPing(std::string& message);
/// What was made before.
void appendEncoded(std::string& message, std::string_view encoded);

} // namespace gatehouse::clientprotocol
