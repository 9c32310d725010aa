// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/steadytime.h"
#include "hub/centrifugesubscription.h"
#include "hub/channelrules.h"
#include "policy/decide.h"

#include <utility>

// What clients ask for once they are connected.
namespace gatehouse {

using namespace clientprotocol;

namespace {

constexpr std::uint64_t bytesOfPresence = 128; // that the reply has for a client, beside what is known of it

std::uint64_t sizeOf(const std::vector<SharedClientInfo>& clients)
{
    std::uint64_t size = 0;
    for (const SharedClientInfo& info : clients)
        size += bytesOfPresence + 2 * info->user.size() + info->connInfo.size() + info->chanInfo.size();
    return size;
}

} // namespace

std::optional<std::size_t> CentrifugeClient::permitted(std::uint32_t id, const std::string& channel, ChannelRight right)
{
    const Policy& policy = m_session.policy();
    Decision decision = decideChannel(policy, m_session.who(), channel, right);
    if (decision.allowed())
        return matchChannel(policy, m_session.who(), channel);
    m_session.deny(decision);
    sayError(id, ErrorCode::PermissionDenied);
    return std::nullopt;
}

bool CentrifugeClient::hasRoom(std::uint32_t id)
{
    const std::uint64_t most = m_session.policy().channelsPerSession;
    if (m_subscriptions.size() < most)
        return true;
    m_session.deny({Reason::ChannelLimit,
                    {"/channels_per_session", "channels_per_session"},
                    std::to_string(m_subscriptions.size()) + " channels",
                    std::to_string(most)});
    sayError(id, ErrorCode::LimitExceeded);
    return false;
}

void CentrifugeClient::run(std::uint32_t, const Pong&) {}

void CentrifugeClient::run(std::uint32_t id, const SubscribeRequest& request)
{
    if (m_subscriptions.contains(request.channel)) {
        sayError(id, ErrorCode::AlreadySubscribed);
        return;
    }
    if (request.filtered || request.type != 0) {
        sayError(id, ErrorCode::NotAvailable);
        return;
    }
    const auto index = permitted(id, request.channel, ChannelRight::Subscribe);
    if (!index || !hasRoom(id))
        return;
    Wish wish;
    wish.channel = request.channel;
    wish.joinLeave = request.joinLeave;
    wish.wholeOrNothing = (request.flags & RejectUnrecovered) != 0;
    if (request.recover)
        wish.since = request.position;
    if (m_session.policy().channels[*index].subscribeToken) {
        auto token = readChannelToken(request.channel, request.token);
        if (!token) {
            sayError(id, token.error());
            return;
        }
        wish.byToken = true;
        wish.info = std::move(token->info);
        wish.expires = token->expires;
    }
    start(std::move(wish), [this, id](Result<SubscribeResult, ErrorCode> result) {
        if (result)
            say(id, *result);
        else
            sayError(id, result.error());
    });
}

void CentrifugeClient::run(std::uint32_t id, const SubRefreshRequest& request)
{
    const auto found = m_subscriptions.find(request.channel);
    if (found == m_subscriptions.end() || !found->second->on) {
        sayError(id, ErrorCode::PermissionDenied);
        return;
    }
    const auto token = readChannelToken(request.channel, request.token);
    if (!token) {
        sayError(id, token.error());
        return;
    }
    if (token->expires)
        found->second->expires = steadyTime(*token->expires, m_context.now, m_context.wall);
    schedule();
    say(id, SubRefreshResult{timeToLive(token->expires, m_context.wall)});
}

void CentrifugeClient::run(std::uint32_t id, const UnsubscribeRequest& request)
{
    const auto found = m_subscriptions.find(request.channel);
    if (found != m_subscriptions.end() && !found->second->on) {
        found->second->leaving.push_back(id);
        return;
    }
    leave(request.channel);
    say(id, UnsubscribeResult{});
}

void CentrifugeClient::run(std::uint32_t id, const PublishRequest& request)
{
    if (request.type != 0) {
        sayError(id, ErrorCode::NotAvailable);
        return;
    }
    const auto index = permitted(id, request.channel, ChannelRight::Publish);
    if (!index)
        return;
    if (Decision misfit = m_session.checkData(request.data, *index); !misfit.allowed()) {
        sayError(id, ErrorCode::BadRequest);
        flush();
        m_session.refuseData(std::move(misfit));
        return;
    }
    PublishAsk ask;
    ask.rule = streamRule(m_session.policy().channels[*index]);
    ask.publication.data = request.data;
    ask.publication.info = ClientInfo{m_id, m_session.who().user, m_info, {}};
    asked();
    m_channels.publish(request.channel, std::move(ask), m_context.now,
                       [weak = weak_from_this(), id](const Result<StreamPosition, HubRefusal>& answer) {
                           const auto self = weak.lock();
                           if (!self || self->m_state == State::Gone)
                               return;
                           self->answered();
                           if (answer)
                               self->say(id, PublishResult{});
                           else
                               self->sayError(id, clientError(answer.error()));
                       });
}

void CentrifugeClient::run(std::uint32_t id, const PresenceRequest& request)
{
    askPresence(id, request.channel, false);
}

void CentrifugeClient::run(std::uint32_t id, const PresenceStatsRequest& request)
{
    askPresence(id, request.channel, true);
}

void CentrifugeClient::askPresence(std::uint32_t id, const std::string& channel, bool numbersAlone)
{
    const auto rule = matchChannel(m_session.policy(), m_session.who(), channel);
    if (rule && m_session.policy().channels[*rule].presence.empty()) {
        sayError(id, ErrorCode::NotAvailable);
        return;
    }
    if (!permitted(id, channel, ChannelRight::Presence))
        return;
    asked();
    m_channels.presence(channel, numbersAlone, m_context.now,
                        [weak = weak_from_this(), id, numbersAlone](const Result<PresenceList, HubRefusal>& answer) {
                            const auto self = weak.lock();
                            if (!self || self->m_state == State::Gone)
                                return;
                            self->answered();
                            if (!answer)
                                self->sayError(id, clientError(answer.error()));
                            else if (numbersAlone)
                                self->say(id, PresenceStatsResult{static_cast<std::uint32_t>(answer->stats.clients),
                                                                  static_cast<std::uint32_t>(answer->stats.users)});
                            else
                                self->sayPresence(id, answer->clients);
                        });
}

/// More than would fit into what may wait for the session is not sent, rather than ending it for that.
void CentrifugeClient::sayPresence(std::uint32_t id, const std::vector<SharedClientInfo>& clients)
{
    if (sizeOf(clients) > m_session.route().sendBuffer / 2) {
        sayError(id, ErrorCode::LimitExceeded, "too many clients for one answer: ask for presence_stats");
        return;
    }
    PresenceResult result;
    for (const SharedClientInfo& info : clients)
        result.clients.push_back(*info);
    say(id, result);
}

void CentrifugeClient::run(std::uint32_t id, const HistoryRequest& request)
{
    const auto index = matchChannel(m_session.policy(), m_session.who(), request.channel);
    if (index && !m_session.policy().channels[*index].history) {
        sayError(id, ErrorCode::NotAvailable);
        return;
    }
    if (!permitted(id, request.channel, ChannelRight::History))
        return;
    HistoryAsk ask;
    ask.rule = streamRule(m_session.policy().channels[*index]);
    if (request.limit >= 0)
        ask.query.limit = static_cast<std::uint64_t>(request.limit);
    ask.query.since = request.since;
    ask.query.reverse = request.reverse;
    ask.cap = readCap();
    const std::uint64_t promised = ask.cap.bytes;
    m_promised += promised;
    asked();
    m_channels.history(request.channel, std::move(ask), m_context.now,
                       [weak = weak_from_this(), id, promised](Result<HistoryPage, HubRefusal> answer) {
                           const auto self = weak.lock();
                           if (!self || self->m_state == State::Gone)
                               return;
                           self->m_promised -= promised;
                           self->answered();
                           if (answer)
                               self->say(id, HistoryResult{std::move(answer->publications), answer->position});
                           else
                               self->sayError(id, clientError(answer.error()));
                       });
}

void CentrifugeClient::run(std::uint32_t id, const PingRequest&)
{
    say(id, PingResult{});
}

/// Nobody takes messages to the server itself.
void CentrifugeClient::run(std::uint32_t, const SendRequest&) {}

void CentrifugeClient::run(std::uint32_t id, const RpcRequest&)
{
    sayError(id, ErrorCode::MethodNotFound);
}

} // namespace gatehouse
