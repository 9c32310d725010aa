// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/sessioncalls.h"

#include "hub/centrifugeclient.h"
#include "policy/decide.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace gatehouse {

namespace {

ControlError badRequest(std::string message)
{
    return {ControlErrorCode::BadRequest, std::move(message)};
}

/// A filter that is empty matches nobody, and is a mistake.
std::optional<ControlError> faultOf(const SessionSelector& who)
{
    if (who.empty())
        return badRequest("user, client or session is missing: whose?");
    if (!who.client.empty() && !who.session.empty() && who.client != who.session)
        return badRequest("client and session are the same here, and differ");
    return std::nullopt;
}

ClientSelector selectorOf(const SessionSelector& who)
{
    return {who.user, who.client.empty() ? who.session : who.client};
}

std::optional<SessionId> idIn(const std::string& text)
{
    SessionId id;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id.value);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return id;
}

/// Of every route.
std::vector<SessionId> sessionsOf(const Worker& worker, const SessionSelector& who)
{
    const ClientSelector selector = selectorOf(who);
    if (selector.client.empty())
        return worker.sessionsOfUser(selector.user);
    const auto id = idIn(selector.client);
    const auto row = id ? worker.row(*id) : std::nullopt;
    if (!row || (!selector.user.empty() && row->info->user != selector.user))
        return {};
    return {*id};
}

PartReply met(std::size_t sessions)
{
    const HubAnswer answer = SessionsMet{sessions};
    return answer;
}

} // namespace

std::optional<ControlError> faultOf(const SubscribeCommand& command)
{
    return faultOf(command.who);
}

std::optional<ControlError> faultOf(const UnsubscribeCommand& command)
{
    if (command.channel.empty())
        return badRequest("channel is empty");
    return faultOf(command.who);
}

std::optional<ControlError> faultOf(const DisconnectCommand& command)
{
    if (command.disconnect && (command.disconnect->code < 3000 || command.disconnect->code > 4999))
        return badRequest("disconnect.code must be 3000 to 4999");
    return faultOf(command.who);
}

std::optional<ControlError> faultOf(const RefreshCommand& command)
{
    if (!command.expired && !command.expireAt)
        return badRequest("expired or expire_at is missing: until when?");
    return faultOf(command.who);
}

std::optional<ControlError> faultOf(const ChannelsQuery&)
{
    return std::nullopt;
}

PartReply callAtWorker(const CallContext& at, Worker&, const SubscribeCommand& command)
{
    if (!matchChannelForServer(at.hub.context->policy(), command.channel))
        return Failure{unknownChannel(command.channel)};
    for (const auto& [name, json] : {std::pair("info", &command.info), std::pair("data", &command.data)})
        if (auto fault = faultIn(at, name, *json))
            return Failure{std::move(*fault)};
    const ServerSubscription subscription{command.channel, command.info, command.data, command.expireAt,
                                          command.recoverSince};
    return met(at.hub.sessions->subscribe(selectorOf(command.who), subscription));
}

PartReply callAtWorker(const CallContext& at, Worker&, const UnsubscribeCommand& command)
{
    return met(at.hub.sessions->unsubscribe(selectorOf(command.who), command.channel));
}

PartReply callAtWorker(const CallContext& at, Worker& worker, const DisconnectCommand& command)
{
    auto ids = sessionsOf(worker, command.who);
    std::erase_if(ids, [&](SessionId id) {
        return std::ranges::find(command.whitelist, std::to_string(id.value)) != command.whitelist.end();
    });
    Ending ending{{Reason::Kicked, {}, {}, {}}, closeCode(Reason::Kicked), {}, at.actor.name};
    if (command.disconnect) {
        ending.code = command.disconnect->code;
        ending.text = command.disconnect->reason;
        ending.codeStands = true;
    }
    return met(worker.endSessions(ids, ending).size());
}

PartReply callAtWorker(const CallContext& at, Worker&, const RefreshCommand& command)
{
    std::optional<WallTime> expires;
    if (!command.expired)
        expires = *command.expireAt;
    return met(at.hub.sessions->refresh(selectorOf(command.who), expires));
}

PartReply callAtWorker(const CallContext& at, Worker&, const ChannelsQuery& query)
{
    ChannelList list;
    const auto fits = [&](std::string_view name) {
        return mayName(at.actor, name) && (query.pattern.empty() || channelMatchesForServer(query.pattern, name));
    };
    std::uint64_t size = 0;
    for (SubscribedChannel& channel : at.hub.channels->subscribed(fits)) {
        size += channel.name.size() + sizeof channel;
        list.channels.push_back({std::move(channel.name), channel.subscribers});
    }
    if (size > at.room.left() || !at.room.take(size))
        return Failure{ControlError{ControlErrorCode::LimitExceeded, "too many channels match; narrow the pattern"}};
    return HubAnswer(std::move(list));
}

HubReply joined(std::vector<PartReply> parts)
{
    std::uint64_t sessions = 0;
    std::map<std::string, std::uint64_t> channels;
    bool lists = false;
    for (PartReply& part : parts) {
        if (!part)
            return Failure{part.error()};
        if (const auto* met = std::get_if<SessionsMet>(&*part))
            sessions += met->sessions;
        if (const auto* list = std::get_if<ChannelList>(&*part)) {
            lists = true;
            for (const ChannelRow& row : list->channels)
                channels[row.name] += row.clients;
        }
    }
    if (!lists)
        return met(sessions);
    ChannelList all;
    for (const auto& [name, clients] : channels)
        all.channels.push_back({name, clients});
    return HubAnswer(std::move(all));
}

} // namespace gatehouse
