// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/plainhub.h"

#include "hub/channelrules.h"
#include "net/session.h"
#include "policy/decide.h"

#include <algorithm>

namespace gatehouse {

namespace {

bool speaksCentrifuge(const Policy& policy)
{
    return std::any_of(policy.routes.begin(), policy.routes.end(),
                       [](const Route& route) { return route.kind == RouteKind::Centrifuge; });
}

void endRefused(Session& session, HubRefusal why)
{
    const Reason reason = why == HubRefusal::Busy ? Reason::QueueFull : Reason::ChannelLimit;
    session.end({{reason, {}, why == HubRefusal::Busy ? "the channel's queue is full" : "no room in the channel", {}},
                 closeCode(reason),
                 std::string(reasonWord(reason)),
                 {}});
}

} // namespace

class PlainHub::Subscriber final : public ChannelSubscriber {
public:
    explicit Subscriber(Session& of)
        : session(of)
    {
    }
    void told(const ChannelNews& news) override // send() ends nobody
    {
        if (news.kind() == ChannelNews::Kind::Published)
            session.send(news.plain());
    }
    void lost() override
    {
        on = false;
        session.end({{Reason::QueueFull, {}, "the worker's queue is full", {}},
                     closeCode(Reason::QueueFull),
                     std::string(reasonWord(Reason::QueueFull)),
                     {}});
    }

    Session& session;
    HomeChannels::Rule rule;
    ChannelEntry entry;
    bool needsJson = false; ///< its publications are for history, or for clients that read JSON
    bool on = false;        ///< known to the hub
};

PlainHub::PlainHub(WorkerContext& context, std::shared_ptr<ChannelHub> channels)
    : m_context(context)
    , m_channels(std::move(channels))
{
}

PlainHub::~PlainHub() = default;

Decision PlainHub::admit(const Policy& policy, const Identity& who, const RouteMatch& match)
{
    return decideChannel(policy, who, match.channel, ChannelRight::Subscribe);
}

void PlainHub::opened(Session& session)
{
    const auto subscriber = std::make_shared<Subscriber>(session);
    m_subscribers.emplace(&session, subscriber);
    meetRule(*subscriber);
    SubscribeAsk ask;
    ask.rule = subscriber->rule;
    ask.entry = subscriber->entry;
    m_channels->subscribe(session.channel(), subscriber, std::move(ask), m_context.now,
                          [this, weak = std::weak_ptr(subscriber)](const Result<Recovery, HubRefusal>& answer) {
                              subscribed(weak, answer);
                          });
}

void PlainHub::subscribed(const std::weak_ptr<Subscriber>& asked, const Result<Recovery, HubRefusal>& answer)
{
    const auto subscriber = asked.lock();
    if (!subscriber)
        return;
    if (answer)
        subscriber->on = true;
    else
        endRefused(subscriber->session, answer.error());
}

void PlainHub::meetRule(Subscriber& subscriber) const
{
    const Session& session = subscriber.session;
    const auto index = matchChannel(session.policy(), session.who(), session.channel());
    if (!index)
        return;
    const ChannelRule& rule = session.policy().channels[*index];
    subscriber.rule = streamRule(rule);
    subscriber.entry = channelEntry(rule, {std::to_string(session.id().value), session.who().user, {}, {}});
    subscriber.needsJson = subscriber.rule || speaksCentrifuge(session.policy());
}

Decision PlainHub::message(Session& session, wire::Opcode type, std::span<const std::byte> payload)
{
    if (!session.mayPublish())
        return decideChannel(session.policy(), session.who(), session.channel(), ChannelRight::Publish);
    const auto found = m_subscribers.find(&session);
    if (found == m_subscribers.end())
        return Decision::allow();
    const Subscriber& subscriber = *found->second;
    PublishAsk ask;
    ask.rule = subscriber.rule;
    ask.original = std::make_shared<const OutgoingMessage>(type, payload);
    if (subscriber.needsJson) {
        const bool isJson = type == wire::Opcode::Text && !m_context.validator.read(payload);
        ask.publication.data = publicationData(type, payload, isJson);
        ask.publication.info = ClientInfo{std::to_string(session.id().value), session.who().user, {}, {}};
    }
    m_channels->publish(session.channel(), std::move(ask), m_context.now,
                        [weak = std::weak_ptr(found->second)](const Refused& answer) {
                            if (const auto publisher = weak.lock(); publisher && !answer)
                                endRefused(publisher->session, answer.error());
                        });
    return Decision::allow();
}

/// It stays where it is; who is told of it may change.
void PlainHub::termsChanged(Session& session)
{
    const auto found = m_subscribers.find(&session);
    if (found == m_subscribers.end())
        return;
    Subscriber& subscriber = *found->second;
    const ChannelEntry before = subscriber.entry;
    meetRule(subscriber);
    if (!subscriber.on || (before.kept == subscriber.entry.kept && before.announced == subscriber.entry.announced))
        return;
    m_channels->leave(session.channel(), before, m_context.now);
    m_channels->enter(session.channel(), subscriber.entry, m_context.now);
}

void PlainHub::closed(Session& session)
{
    const auto found = m_subscribers.find(&session);
    if (found == m_subscribers.end())
        return;
    const auto subscriber = std::move(found->second);
    m_subscribers.erase(found);
    if (subscriber->on)
        m_channels->unsubscribe(session.channel(), *subscriber, subscriber->entry, m_context.now);
}

void PlainHub::received(BusItem item)
{
    m_channels->received(std::move(item), m_context.now);
}

void PlainHub::tick()
{
    m_channels->tick(m_context.now);
}

} // namespace gatehouse
