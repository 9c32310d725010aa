// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/channelcalls.h"

#include "hub/channelrules.h"
#include "policy/decide.h"
#include "policy/text.h"

#include <algorithm>
#include <optional>
#include <span>

namespace gatehouse {

namespace {

constexpr std::size_t shownName = 80;                       // bytes of a channel's name in words for people
constexpr std::uint64_t mostBytes = std::uint64_t{8} << 20; // of one answer's publications
constexpr std::uint64_t mostPublications = 10'000;          // of one answer

/// Counts and records what is refused, and makes the answer of it.
Failure<ControlError> refuse(const CallContext& at, Decision why, ControlErrorCode code, std::string message)
{
    at.hub.context->counters.refused[static_cast<std::size_t>(why.reason)].add();
    AuditRecord record;
    record.time = at.hub.context->wall;
    record.decision = why;
    record.user = at.actor.name;
    record.detail = "API";
    record.policyVersion = at.hub.context->policy().version;
    at.audit.record(std::move(record));
    return Failure{ControlError{code, std::move(message), why.reason}};
}

/// The index of the channel's rule.
Result<std::size_t, ControlError> permitted(const CallContext& at, const std::string& channel)
{
    if (!mayName(at.actor, channel))
        return refuse(at, {Reason::AuthzChannel, {"/api_keys", "api_keys"}, clipped(channel, shownName), {}},
                      ControlErrorCode::PermissionDenied,
                      "this key is not for the channel \"" + clipped(channel, shownName) + '"');
    if (const auto index = matchChannelForServer(at.hub.context->policy(), channel))
        return *index;
    return Failure{unknownChannel(channel)};
}

Failure<ControlError> refusal(HubRefusal why)
{
    switch (why) {
    case HubRefusal::Busy:
        return Failure{ControlError{ControlErrorCode::TooManyRequests, "the channel's queue is full; try again"}};
    case HubRefusal::Channels:
        return Failure{
            ControlError{ControlErrorCode::LimitExceeded, "there are as many channels as limits.channels allows"}};
    case HubRefusal::HistoryMemory:
        return Failure{ControlError{ControlErrorCode::LimitExceeded,
                                    "it does not fit into what limits.memory_for_history leaves"}};
    case HubRefusal::Presence:
        return Failure{ControlError{ControlErrorCode::LimitExceeded, "the channel's presence is full"}};
    case HubRefusal::NotAvailable:
        return Failure{ControlError{ControlErrorCode::NotAvailable, "the channel keeps no history"}};
    case HubRefusal::UnrecoverablePosition:
        return Failure{ControlError{ControlErrorCode::Rejected, "unrecoverable position: it is of another epoch"}};
    case HubRefusal::IdempotencyKey:
        return Failure{ControlError{ControlErrorCode::BadRequest, "idempotency_key is over 255 bytes"}};
    case HubRefusal::BadRequest:
        break;
    }
    return Failure{ControlError{ControlErrorCode::BadRequest, "since is before the first publication there can be"}};
}

/// What a client of the most generous hub route may send.
std::uint64_t largestData(const Policy& policy)
{
    std::optional<std::uint64_t> largest;
    for (const Route& route : policy.routes)
        if (route.kind == RouteKind::Plain || route.kind == RouteKind::Centrifuge)
            largest = std::max(largest.value_or(0), route.messages.maxSize);
    return largest.value_or(Messages{}.maxSize);
}

/// Set: it does not fit.
std::optional<Decision> misfit(WorkerContext& context, const std::string& data, std::size_t index)
{
    const ChannelRule& rule = context.policy().channels[index];
    const Rule place{"/channels/" + std::to_string(index) + "/schema", "channels › " + rule.match + " › schema"};
    if (const auto fault = context.validator.read(std::as_bytes(std::span(data))))
        return Decision{Reason::Schema,
                        {"/channels/" + std::to_string(index), "channels › " + rule.match},
                        std::string(jsonFaultText(*fault)),
                        "strict JSON"};
    if (!rule.schema)
        return std::nullopt;
    if (!rule.schema->compiled) // a failure never opens the gate
        return Decision{Reason::Schema, place, "the schema is not compiled", {}};
    if (const auto mismatch = context.validator.check(*rule.schema->compiled))
        return Decision{Reason::Schema, place, mismatch->tooMuchWork ? "too much work to check" : "does not fit",
                        rule.schema->file.filename().string() + '#' + mismatch->pointer};
    return std::nullopt;
}

/// What the home answers, which it does at once.
template <class Value> class AnswerSlot {
public:
    [[nodiscard]] ChannelHub::Answered<Value> taker() const
    {
        return [slot = m_slot](Result<Value, HubRefusal> answer) { slot->emplace(std::move(answer)); };
    }
    [[nodiscard]] Result<Value, ControlError> take() const
    {
        if (!*m_slot)
            return Failure{ControlError{ControlErrorCode::Internal, "the channel did not answer"}};
        if (!**m_slot)
            return refusal((*m_slot)->error());
        return std::move(**m_slot).value();
    }

private:
    using Slot = std::optional<Result<Value, HubRefusal>>;
    std::shared_ptr<Slot> m_slot = std::make_shared<Slot>();
};

std::uint64_t sizeOf(const Publication& publication)
{
    std::uint64_t size = publication.data.size();
    if (publication.info)
        size += publication.info->connInfo.size() + publication.info->chanInfo.size();
    for (const auto& [name, value] : publication.tags)
        size += name.size() + value.size();
    return size + sizeof publication;
}

Failure<ControlError> noRoom()
{
    return Failure{ControlError{ControlErrorCode::LimitExceeded, "the answers to this request are over " +
                                                                     std::to_string(AnswerRoom::most) +
                                                                     " bytes; ask for less at once"}};
}

Result<PresenceList, ControlError> presence(const CallContext& at, const std::string& channel, bool numbersAlone)
{
    const auto index = permitted(at, channel);
    if (!index)
        return Failure{index.error()};
    if (at.hub.context->policy().channels[*index].presence.empty())
        return Failure{ControlError{ControlErrorCode::NotAvailable, "the channel keeps no presence"}};
    const AnswerSlot<PresenceList> slot;
    at.hub.channels->presence(channel, numbersAlone, at.hub.context->now, slot.taker());
    return slot.take();
}

} // namespace

bool mayName(const Actor& actor, std::string_view channel)
{
    return !actor.channels || std::ranges::any_of(*actor.channels, [&](const std::string& pattern) {
        return channelMatchesForServer(pattern, channel);
    });
}

ControlError unknownChannel(std::string_view channel)
{
    return {ControlErrorCode::UnknownChannel,
            "no rule of the policy's channels has the channel \"" + clipped(channel, shownName) + '"'};
}

std::optional<ControlError> faultIn(const CallContext& at, std::string_view name, const std::string& json)
{
    if (json.empty())
        return std::nullopt;
    if (const std::uint64_t most = largestData(at.hub.context->policy()); json.size() > most)
        return ControlError{ControlErrorCode::BadRequest,
                            std::string(name) + " has over " + std::to_string(most) + " bytes"};
    if (const auto fault = at.hub.context->validator.read(std::as_bytes(std::span(json))))
        return ControlError{ControlErrorCode::BadRequest,
                            std::string(name) + ": " + std::string(jsonFaultText(*fault))};
    return std::nullopt;
}

Result<PublishResult, ControlError> publishAtHome(const CallContext& at, const std::string& channel,
                                                  const NewPublication& publication)
{
    const auto index = permitted(at, channel);
    if (!index)
        return Failure{index.error()};
    WorkerContext& context = *at.hub.context;
    const Policy& policy = context.policy();
    std::uint64_t size = publication.data.size();
    for (const auto& [name, value] : publication.tags)
        size += name.size() + value.size();
    if (const std::uint64_t most = largestData(policy); size > most) {
        const std::string met = std::to_string(size) + " bytes";
        return refuse(at, {Reason::TooBig, {"/routes", "routes › messages › max_size"}, met, std::to_string(most)},
                      ControlErrorCode::BadRequest,
                      "data and tags have " + met + "; messages.max_size of the hub routes is " + std::to_string(most));
    }
    if (auto why = misfit(context, publication.data, *index)) {
        std::string message = "data: " + why->met + (why->limit.empty() ? "" : " (" + why->limit + ')');
        return refuse(at, std::move(*why), ControlErrorCode::BadRequest, std::move(message));
    }
    PublishAsk ask;
    ask.rule = streamRule(policy.channels[*index]);
    ask.publication.data = publication.data;
    ask.publication.tags = publication.tags;
    ask.idempotencyKey = publication.idempotencyKey;
    ask.intoHistory = !publication.skipHistory;
    const AnswerSlot<StreamPosition> slot;
    at.hub.channels->publish(channel, std::move(ask), context.now, slot.taker());
    auto position = slot.take();
    if (!position)
        return Failure{position.error()};
    return PublishResult{std::move(*position)};
}

HubReply callAtHome(const CallContext& at, const PublishCommand& command)
{
    auto result = publishAtHome(at, command.channel, command.publication);
    if (!result)
        return Failure{result.error()};
    return HubAnswer(std::move(*result));
}

HubReply callAtHome(const CallContext& at, const PresenceQuery& query)
{
    const auto list = presence(at, query.channel, false);
    if (!list)
        return Failure{list.error()};
    std::uint64_t size = 0;
    for (const SharedClientInfo& info : list->clients)
        size += sizeof *info + info->user.size() + info->connInfo.size() + info->chanInfo.size();
    if (size > at.room.left() || !at.room.take(size))
        return noRoom();
    ChannelPresence answer;
    answer.clients.reserve(list->clients.size());
    for (const SharedClientInfo& info : list->clients)
        answer.clients.push_back(*info);
    return HubAnswer(std::move(answer));
}

HubReply callAtHome(const CallContext& at, const PresenceStatsQuery& query)
{
    const auto list = presence(at, query.channel, true);
    if (!list)
        return Failure{list.error()};
    return HubAnswer(ChannelPresenceStats{list->stats.clients, list->stats.users});
}

HubReply callAtHome(const CallContext& at, const ChannelHistoryQuery& query)
{
    const auto index = permitted(at, query.channel);
    if (!index)
        return Failure{index.error()};
    if (query.limit < -1)
        return Failure{ControlError{ControlErrorCode::BadRequest, "limit must be -1, 0 or more"}};
    HistoryAsk ask;
    ask.rule = streamRule(at.hub.context->policy().channels[*index]);
    if (query.limit >= 0)
        ask.query.limit = static_cast<std::uint64_t>(query.limit);
    ask.query.since = query.since;
    ask.query.reverse = query.reverse;
    if (at.room.left() == 0)
        return noRoom();
    ask.cap = {mostPublications, std::min(mostBytes, at.room.left())};
    const AnswerSlot<HistoryPage> slot;
    at.hub.channels->history(query.channel, std::move(ask), at.hub.context->now, slot.taker());
    auto page = slot.take();
    if (!page)
        return Failure{page.error()};
    ChannelHistory answer;
    answer.publications.reserve(page->publications.size());
    std::uint64_t size = 0;
    for (const SharedPublication& publication : page->publications) {
        answer.publications.push_back(*publication);
        size += sizeOf(*publication);
    }
    (void)at.room.take(size);
    answer.position = std::move(page->position);
    return HubAnswer(std::move(answer));
}

HubReply callAtHome(const CallContext& at, const HistoryRemoveCommand& command)
{
    const auto index = permitted(at, command.channel);
    if (!index)
        return Failure{index.error()};
    if (!at.hub.context->policy().channels[*index].history)
        return refusal(HubRefusal::NotAvailable);
    const AnswerSlot<Done> slot;
    at.hub.channels->removeHistory(command.channel, at.hub.context->now, slot.taker());
    const auto removed = slot.take();
    if (!removed)
        return Failure{removed.error()};
    return HubAnswer(HistoryRemoved{});
}

} // namespace gatehouse
