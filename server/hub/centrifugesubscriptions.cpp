// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/steadytime.h"
#include "hub/centrifugesubscription.h"
#include "hub/channelrules.h"

#include "policy/decide.h"

#include <algorithm>

// How a client comes into channels, what it is told there, and how it leaves.
namespace gatehouse {

using namespace clientprotocol;

ErrorCode clientError(HubRefusal refusal)
{
    switch (refusal) {
    case HubRefusal::Busy:
        return ErrorCode::TooManyRequests;
    case HubRefusal::Channels:
    case HubRefusal::HistoryMemory:
    case HubRefusal::Presence:
        return ErrorCode::LimitExceeded;
    case HubRefusal::NotAvailable:
        return ErrorCode::NotAvailable;
    case HubRefusal::UnrecoverablePosition:
        return ErrorCode::UnrecoverablePosition;
    case HubRefusal::IdempotencyKey:
    case HubRefusal::BadRequest:
        break;
    }
    return ErrorCode::BadRequest;
}

/// A session that is withheld misses what it is told, and so does one whose home began anew.
void CentrifugeClient::Subscription::told(const ChannelNews& news)
{
    if (news.kind() != ChannelNews::Kind::Published) {
        if (joinLeave) {
            m_client.flush();
            m_client.m_session.send(news.push());
        }
        return;
    }
    const StreamPosition& position = news.position();
    const bool beside = news.besideHistory();
    const bool follows =
        beside || (position.epoch == at.epoch && (at.epoch.empty() || position.offset == at.offset + 1));
    if (broken || !follows || m_client.m_session.withheld()) {
        const bool mendable = !beside && (!at.epoch.empty() || !position.epoch.empty());
        broken = broken || mendable;
        m_client.m_broken = m_client.m_broken || broken;
        if (mendable)
            return;
    }
    if (!beside)
        at.offset = position.offset;
    m_client.flush(); // replies that were there before
    m_client.m_session.send(news.push());
}

/// The hub has forgotten it.
void CentrifugeClient::Subscription::lost()
{
    on = false;
    forgotten = true;
    m_client.m_channels.leave(channel, entry, m_client.m_context.now);
    m_client.endSubscription(std::string(channel), UnsubscribeCode::InsufficientState); // and this is gone
}

void CentrifugeClient::start(Wish wish, Subscribed done)
{
    const Policy& policy = m_session.policy();
    const auto index = matchChannel(policy, m_session.who(), wish.channel);
    if (!index) {
        done(Failure{ErrorCode::PermissionDenied});
        return;
    }
    const ChannelRule& rule = policy.channels[*index];
    auto subscription = std::make_shared<Subscription>(*this, wish.channel);
    subscription->entry = channelEntry(rule, {m_id, m_session.who().user, m_info, wish.info});
    subscription->info = wish.info;
    subscription->joinLeave = wish.joinLeave;
    subscription->byToken = wish.byToken;
    subscription->byServer = wish.byServer;
    if (wish.expires)
        subscription->expires = steadyTime(*wish.expires, m_context.now, m_context.wall);
    SubscribeAsk ask;
    ask.rule = streamRule(rule);
    if (ask.rule)
        ask.since = wish.since;
    else
        wish.since.reset();
    ask.cap = readCap();
    const std::uint64_t promised = ask.since ? ask.cap.bytes : 0;
    m_promised += promised;
    ask.entry = subscription->entry;
    const std::string channel = wish.channel;
    m_subscriptions.emplace(channel, subscription);
    asked();
    m_channels.subscribe(channel, subscription, std::move(ask), m_context.now,
                         [weak = weak_from_this(), channel, promised, wish = std::move(wish),
                          done = std::move(done)](Result<Recovery, HubRefusal> answer) {
                             const auto self = weak.lock();
                             if (!self || self->m_state == State::Gone)
                                 return;
                             self->m_promised -= promised;
                             self->started(channel, wish, std::move(answer), done);
                         });
}

void CentrifugeClient::started(const std::string& channel, const Wish& wish, Result<Recovery, HubRefusal> answer,
                               const Subscribed& done)
{
    answered();
    const auto found = m_subscriptions.find(channel);
    if (found == m_subscriptions.end())
        return;
    const std::shared_ptr<Subscription> subscription = found->second;
    if (!answer) {
        m_subscriptions.erase(found);
        done(Failure{clientError(answer.error())});
    } else {
        subscription->on = m_moved = true;
        subscription->at = answer->position;
        const bool remembers = !answer->position.epoch.empty();
        if (wish.wholeOrNothing && wish.since && !answer->recovered) {
            leave(channel);
            subscription->on = false;
            done(Failure{ErrorCode::UnrecoverablePosition});
        } else {
            SubscribeResult result;
            result.ttl = timeToLive(wish.expires, m_context.wall);
            result.positioned = result.recoverable = remembers;
            result.wasRecovering = wish.since.has_value();
            result.recovered = answer->recovered;
            result.position = answer->recovered ? *wish.since : answer->position;
            result.publications = std::move(answer->publications);
            schedule();
            done(std::move(result));
        }
    }
    if (m_state == State::Gone || !subscription->on)
        return;
    if (!subscription->leaving.empty())
        leave(channel);
    for (const std::uint32_t id : subscription->leaving)
        say(id, UnsubscribeResult{});
    if (subscription->endWith)
        endSubscription(channel, *subscription->endWith);
}

/// So whoever recovers many channels at once is told that some cannot be, rather than ended for being slow, and once
/// more when it comes back.
ReadCap CentrifugeClient::readCap() const
{
    const std::uint64_t buffer = m_session.route().sendBuffer;
    const std::uint64_t used = m_session.backlog() + m_out.size() + m_promised;
    ReadCap cap;
    cap.bytes = std::min(cap.bytes, (buffer - std::min(buffer, used)) / 2);
    return cap;
}

void CentrifugeClient::leave(const std::string& channel)
{
    const auto found = m_subscriptions.find(channel);
    if (found == m_subscriptions.end())
        return;
    const std::shared_ptr<Subscription> subscription = std::move(found->second);
    m_subscriptions.erase(found);
    m_moved = true;
    if (subscription->on)
        m_channels.unsubscribe(channel, *subscription, subscription->entry, m_context.now);
}

/// One that is still asked for is ended by its answer.
void CentrifugeClient::endSubscription(const std::string& channel, UnsubscribeCode code)
{
    const auto found = m_subscriptions.find(channel);
    if (found == m_subscriptions.end())
        return;
    if (!found->second->on && !found->second->forgotten) {
        found->second->endWith = code;
        return;
    }
    leave(channel);
    std::string text;
    appendUnsubscribe(text, channel, code, unsubscribeReason(code));
    push(text);
}

void CentrifugeClient::tick()
{
    if (std::exchange(m_moved, false)) {
        std::vector<std::string> channels;
        for (const auto& [channel, subscription] : m_subscriptions)
            if (subscription->on)
                channels.push_back(channel);
        m_session.showChannels(std::move(channels));
    }
    mend();
}

void CentrifugeClient::mend()
{
    if (!std::exchange(m_broken, false) || m_session.withheld())
        return;
    std::vector<std::string> channels;
    for (const auto& [channel, subscription] : m_subscriptions)
        if (subscription->broken)
            channels.push_back(channel);
    for (const std::string& channel : channels)
        endSubscription(channel, UnsubscribeCode::InsufficientState);
}

void CentrifugeClient::withheld(bool on)
{
    if (on)
        return;
    m_broken = true;
    mend();
}

/// A subscription that is not allowed any more ends for good; one whose channel is another now is asked for anew.
void CentrifugeClient::termsChanged()
{
    const Policy& policy = m_session.policy();
    std::vector<std::pair<std::string, UnsubscribeCode>> ending;
    for (const auto& [channel, subscription] : m_subscriptions) {
        const auto index = matchChannel(policy, m_session.who(), channel);
        const bool allowed =
            index && (subscription->byServer ||
                      decideChannel(policy, m_session.who(), channel, ChannelRight::Subscribe).allowed());
        if (!allowed) {
            ending.emplace_back(channel, UnsubscribeCode::Server);
            continue;
        }
        const ChannelRule& rule = policy.channels[*index];
        meetEntry(*subscription, rule);
        const bool same = !subscription->on || subscription->at.epoch.empty() != rule.history.has_value();
        if (!same || (rule.subscribeToken && !subscription->byToken && !subscription->byServer))
            ending.emplace_back(channel, UnsubscribeCode::InsufficientState);
    }
    for (const auto& [channel, code] : ending)
        endSubscription(channel, code);
}

/// Who is told of the subscriber may be others now.
void CentrifugeClient::meetEntry(Subscription& subscription, const ChannelRule& rule)
{
    const ChannelEntry before = subscription.entry;
    if (!subscription.on || (before.kept == !rule.presence.empty() && before.announced == rule.joinLeave))
        return;
    subscription.entry = channelEntry(rule, {m_id, m_session.who().user, m_info, subscription.info});
    m_channels.leave(subscription.channel, before, m_context.now);
    m_channels.enter(subscription.channel, subscription.entry, m_context.now);
}

std::size_t CentrifugeClient::unsubscribe(const std::string& channel)
{
    std::vector<std::string> channels;
    for (const auto& [name, subscription] : m_subscriptions)
        if (channel.empty() || name == channel)
            channels.push_back(name);
    for (const std::string& name : channels)
        endSubscription(name, UnsubscribeCode::Server);
    return channels.size();
}

void CentrifugeClient::refreshed(std::optional<WallTime> expires)
{
    m_session.expireAt(expires.value_or(m_context.wall));
    if (!connected() || !expires || *expires <= m_context.wall)
        return;
    std::string text;
    appendRefresh(text, timeToLive(expires, m_context.wall));
    push(text);
}

bool CentrifugeClient::subscribe(const ServerSubscription& subscription)
{
    const std::string& channel = subscription.channel;
    if (!connected() || m_subscriptions.contains(channel) ||
        m_subscriptions.size() >= m_session.policy().channelsPerSession ||
        !matchChannel(m_session.policy(), m_session.who(), channel))
        return false;
    Wish wish;
    wish.channel = channel;
    wish.since = subscription.since;
    wish.info = subscription.info;
    wish.expires = subscription.expires;
    wish.byServer = true;
    wish.joinLeave = true;
    start(std::move(wish), [this, channel, data = subscription.data](Result<SubscribeResult, ErrorCode> result) {
        if (!result)
            return;
        result->data = data;
        std::string text;
        appendSubscribe(text, channel, *result);
        for (const SharedPublication& publication : result->publications)
            appendPublication(text, channel, *publication);
        push(text);
    });
    return true;
}

} // namespace gatehouse
