// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/channelhub.h"

#include <unordered_map>
#include <utility>

namespace gatehouse {

namespace {

enum Kind : std::uint32_t {
    Subscribe,   ///< to the home, as all down to RemoveHistory
    Unsubscribe, ///< the worker's last subscriber is gone
    Enter,       ///< a subscriber's entry alone
    Leave,
    Publish,
    History,
    WhoIsThere,
    RemoveHistory,
    Answer,  ///< from the home
    Deliver, ///< from the home
    Lost     ///< from the home: a delivery did not fit into this worker's queue
};

/// Who asks, so that the answer is known for it; 0: nobody waits.
struct Question : BusBody {
    explicit Question(std::uint64_t number)
        : id(number)
    {
    }
    std::uint64_t id;
};

template <class Value> struct Body final : Question {
    explicit Body(Value&& content, std::uint64_t number = 0)
        : Question(number)
        , value(std::move(content))
    {
    }
    Value value;
};

std::uint64_t questionOf(const BusItem& item)
{
    return static_cast<const Question&>(*item.body).id;
}

template <class Value> Value& valueOf(BusItem& item)
{
    return static_cast<Body<Value>&>(*item.body).value;
}

HubRefusal hubRefusal(ChannelRefusal why)
{
    switch (why) {
    case ChannelRefusal::Channels:
        return HubRefusal::Channels;
    case ChannelRefusal::HistoryMemory:
        return HubRefusal::HistoryMemory;
    case ChannelRefusal::Presence:
        return HubRefusal::Presence;
    case ChannelRefusal::IdempotencyKey:
        break;
    }
    return HubRefusal::IdempotencyKey;
}

HubRefusal hubRefusal(HistoryRefusal why)
{
    switch (why) {
    case HistoryRefusal::NotAvailable:
        return HubRefusal::NotAvailable;
    case HistoryRefusal::BadRequest:
        return HubRefusal::BadRequest;
    case HistoryRefusal::UnrecoverablePosition:
        break;
    }
    return HubRefusal::UnrecoverablePosition;
}

} // namespace

/// Of the sessions that this worker serves.
struct ChannelHub::Local {
    struct Channel {
        std::vector<ChannelSubscriber*> subscribers;
        std::size_t pending = 0; ///< subscriptions whose answer is still to come
    };
    explicit Local(const NameHash& hash)
        : channels(0, hash)
    {
    }
    std::unordered_map<std::string, Channel, NameHash, std::equal_to<>> channels;
    std::unordered_map<std::uint64_t, std::function<void(BusBody&, TimePoint)>> questions;
    std::uint64_t last = 0;
};

ChannelHub::ChannelHub(WorkerBus& bus, std::uint32_t handler, HubBudget& budget, const NameHash& hash,
                       EpochSource epochs)
    : m_bus(bus)
    , m_handler(handler)
    , m_hash(hash)
    , m_home(budget, hash, std::move(epochs))
    , m_local(std::make_unique<Local>(hash))
{
}

ChannelHub::~ChannelHub() = default;

std::uint32_t ChannelHub::homeOf(std::string_view channel) const
{
    return static_cast<std::uint32_t>(m_hash(channel) % m_bus.workers());
}

bool ChannelHub::dispatch(std::uint32_t worker, BusItem item, bool force, TimePoint now)
{
    if (worker != m_bus.self())
        return m_bus.send(worker, std::move(item), force);
    received(std::move(item), now);
    return true;
}

BusItem ChannelHub::item(std::uint32_t kind, const std::string& channel, std::shared_ptr<BusBody> body) const
{
    BusItem result;
    result.handler = m_handler;
    result.kind = kind;
    result.from = m_bus.self();
    result.channel = channel;
    result.body = std::move(body);
    return result;
}

template <class Ask, class Value>
void ChannelHub::question(std::uint32_t kind, const std::string& channel, Ask ask, TimePoint now,
                          Answered<Value> answered)
{
    std::uint64_t id = 0;
    if (answered) {
        id = ++m_local->last;
        m_local->questions.emplace(id, [answered](BusBody& body, TimePoint) {
            answered(std::move(static_cast<Body<Result<Value, HubRefusal>>&>(body).value));
        });
    }
    if (dispatch(homeOf(channel), item(kind, channel, std::make_shared<Body<Ask>>(std::move(ask), id)), false, now))
        return;
    m_local->questions.erase(id);
    if (answered)
        answered(Failure{HubRefusal::Busy});
}

template <class Value> void ChannelHub::answer(const BusItem& asked, Result<Value, HubRefusal> value, TimePoint now)
{
    if (const std::uint64_t id = questionOf(asked); id != 0)
        (void)dispatch(
            asked.from,
            item(Answer, asked.channel, std::make_shared<Body<Result<Value, HubRefusal>>>(std::move(value), id)), true,
            now);
}

void ChannelHub::subscribe(const std::string& channel, const std::shared_ptr<ChannelSubscriber>& subscriber,
                           SubscribeAsk ask, TimePoint now, Answered<Recovery> answered)
{
    ++m_local->channels[channel].pending;
    const ChannelEntry entry = ask.entry;
    const std::uint64_t id = ++m_local->last;
    m_local->questions.emplace(
        id, [this, channel, entry, weak = std::weak_ptr(subscriber), answered](BusBody& body, TimePoint at) {
            auto& value = static_cast<Body<Result<Recovery, HubRefusal>>&>(body).value;
            Local::Channel& local = m_local->channels[channel];
            --local.pending;
            const auto there = weak.lock();
            if (value && there) {
                there->m_place = local.subscribers.size();
                local.subscribers.push_back(there.get());
                ++m_subscriptions;
            } else if (value) {
                leave(channel, entry, at);
            }
            settle(channel, at);
            if (there)
                answered(std::move(value));
        });
    auto body = std::make_shared<Body<SubscribeAsk>>(std::move(ask), id);
    if (dispatch(homeOf(channel), item(Subscribe, channel, std::move(body)), false, now))
        return;
    m_local->questions.erase(id);
    --m_local->channels[channel].pending;
    settle(channel, now);
    answered(Failure{HubRefusal::Busy});
}

void ChannelHub::settle(const std::string& channel, TimePoint now)
{
    const auto found = m_local->channels.find(channel);
    if (found == m_local->channels.end() || found->second.pending > 0 || !found->second.subscribers.empty())
        return;
    m_local->channels.erase(found);
    (void)dispatch(homeOf(channel), item(Unsubscribe, channel, nullptr), true, now);
}

void ChannelHub::unsubscribe(const std::string& channel, ChannelSubscriber& subscriber, const ChannelEntry& entry,
                             TimePoint now)
{
    const auto found = m_local->channels.find(channel);
    if (found == m_local->channels.end() || subscriber.m_place == ChannelSubscriber::nowhere)
        return;
    auto& all = found->second.subscribers;
    all[subscriber.m_place] = all.back();
    all[subscriber.m_place]->m_place = subscriber.m_place;
    all.pop_back();
    subscriber.m_place = ChannelSubscriber::nowhere;
    --m_subscriptions;
    leave(channel, entry, now);
    settle(channel, now);
}

void ChannelHub::enter(const std::string& channel, const ChannelEntry& entry, TimePoint now)
{
    if (entry.who)
        (void)dispatch(homeOf(channel), item(Enter, channel, std::make_shared<Body<ChannelEntry>>(ChannelEntry(entry))),
                       true, now);
}

void ChannelHub::leave(const std::string& channel, const ChannelEntry& entry, TimePoint now)
{
    if (entry.who)
        (void)dispatch(homeOf(channel), item(Leave, channel, std::make_shared<Body<ChannelEntry>>(ChannelEntry(entry))),
                       true, now);
}

void ChannelHub::publish(const std::string& channel, PublishAsk ask, TimePoint now, Answered<StreamPosition> answered)
{
    question<PublishAsk, StreamPosition>(Publish, channel, std::move(ask), now, std::move(answered));
}

void ChannelHub::history(const std::string& channel, HistoryAsk ask, TimePoint now, Answered<HistoryPage> answered)
{
    question<HistoryAsk, HistoryPage>(History, channel, std::move(ask), now, std::move(answered));
}

void ChannelHub::presence(const std::string& channel, bool numbersAlone, TimePoint now, Answered<PresenceList> answered)
{
    question<bool, PresenceList>(WhoIsThere, channel, numbersAlone, now, std::move(answered));
}

void ChannelHub::removeHistory(const std::string& channel, TimePoint now, Answered<Done> answered)
{
    question<Done, Done>(RemoveHistory, channel, Done{}, now, std::move(answered));
}

void ChannelHub::received(BusItem item, TimePoint now)
{
    switch (static_cast<Kind>(item.kind)) {
    case Subscribe:
        return onSubscribe(item, now);
    case Unsubscribe:
        return m_home.unsubscribe(item.channel, item.from, now);
    case Enter:
        return onEnter(item, now);
    case Leave:
        return onLeave(item, now);
    case Publish:
        return onPublish(item, now);
    case History:
        return onHistory(item, now);
    case WhoIsThere:
        return onPresence(item, now);
    case RemoveHistory:
        m_home.removeHistory(item.channel, now);
        return answer<Done>(item, Done{}, now);
    case Answer:
        return onAnswer(item, now);
    case Deliver:
        return onDelivery(item);
    case Lost:
        return onLost(item, now);
    }
}

/// Whose presence is refused is not subscribed: its worker takes the channel back when it has the answer.
void ChannelHub::onSubscribe(BusItem& item, TimePoint now)
{
    const auto& ask = valueOf<SubscribeAsk>(item);
    auto recovery = m_home.subscribe(item.channel, item.from, ask.rule, ask.since, ask.cap, now);
    if (!recovery) {
        answer<Recovery>(item, Failure{hubRefusal(recovery.error())}, now);
        return;
    }
    bool announced = ask.entry.who && ask.entry.announced;
    if (ask.entry.who && ask.entry.kept) {
        const auto joined = m_home.join(item.channel, ask.entry.who, now);
        if (!joined || *joined == PresenceChange::Full) {
            answer<Recovery>(item, Failure{HubRefusal::Presence}, now);
            return;
        }
        announced = announced && *joined == PresenceChange::Joined;
    }
    answer<Recovery>(item, std::move(*recovery), now);
    if (announced)
        tell(std::make_shared<ChannelNews>(ChannelNews::Kind::Joined, item.channel, ask.entry.who), now);
}

void ChannelHub::onEnter(BusItem& item, TimePoint now)
{
    const auto& entry = valueOf<ChannelEntry>(item);
    if (entry.kept) {
        const auto joined = m_home.join(item.channel, entry.who, now);
        if (!joined || *joined != PresenceChange::Joined)
            return;
    }
    if (entry.announced)
        tell(std::make_shared<ChannelNews>(ChannelNews::Kind::Joined, item.channel, entry.who), now);
}

void ChannelHub::onLeave(BusItem& item, TimePoint now)
{
    const auto& entry = valueOf<ChannelEntry>(item);
    const bool left = !entry.kept || m_home.leave(item.channel, entry.who->client, now);
    if (left && entry.announced)
        tell(std::make_shared<ChannelNews>(ChannelNews::Kind::Left, item.channel, entry.who), now);
}

void ChannelHub::onPublish(BusItem& item, TimePoint now)
{
    auto& ask = valueOf<PublishAsk>(item);
    const auto published =
        m_home.publish(item.channel, std::move(ask.publication), ask.rule, ask.idempotencyKey, now, ask.intoHistory);
    if (!published) {
        answer<StreamPosition>(item, Failure{hubRefusal(published.error())}, now);
        return;
    }
    const StreamPosition position = published->position;
    if (published->publication)
        tell(std::make_shared<ChannelNews>(item.channel, published->publication, position, std::move(ask.original),
                                           !ask.intoHistory),
             now);
    answer<StreamPosition>(item, position, now);
}

void ChannelHub::onHistory(BusItem& item, TimePoint now)
{
    const auto& ask = valueOf<HistoryAsk>(item);
    auto page = m_home.history(item.channel, ask.rule, ask.query, ask.cap, now);
    if (page)
        answer<HistoryPage>(item, std::move(*page), now);
    else
        answer<HistoryPage>(item, Failure{hubRefusal(page.error())}, now);
}

void ChannelHub::onPresence(BusItem& item, TimePoint now)
{
    PresenceList list;
    if (const Presence* presence = m_home.presence(item.channel)) {
        list.stats = presence->stats();
        if (const bool numbersAlone = valueOf<bool>(item); !numbersAlone)
            for (const auto& [id, info] : presence->clients())
                list.clients.push_back(info);
    }
    answer<PresenceList>(item, std::move(list), now);
}

void ChannelHub::onAnswer(BusItem& item, TimePoint now)
{
    const auto found = m_local->questions.find(questionOf(item));
    if (found == m_local->questions.end())
        return;
    const auto take = std::move(found->second);
    m_local->questions.erase(found);
    take(*item.body, now);
}

void ChannelHub::onDelivery(const BusItem& item)
{
    const auto found = m_local->channels.find(item.channel);
    if (found == m_local->channels.end())
        return;
    const auto& news = static_cast<const ChannelNews&>(*item.body);
    for (ChannelSubscriber* subscriber : found->second.subscribers)
        subscriber->told(news);
}

/// A subscriber that is told so may free others: each is looked for anew.
void ChannelHub::onLost(const BusItem& item, TimePoint now)
{
    for (;;) {
        const auto found = m_local->channels.find(item.channel);
        if (found == m_local->channels.end())
            return;
        auto& all = found->second.subscribers;
        if (all.empty()) {
            settle(item.channel, now);
            return;
        }
        ChannelSubscriber& last = *all.back();
        all.pop_back();
        last.m_place = ChannelSubscriber::nowhere;
        --m_subscriptions;
        last.lost();
    }
}

void ChannelHub::tell(const std::shared_ptr<ChannelNews>& news, TimePoint now)
{
    const auto there = m_home.workers(news->channel());
    const std::vector<std::uint32_t> workers(there.begin(), there.end());
    for (const std::uint32_t worker : workers) {
        if (dispatch(worker, item(Deliver, news->channel(), news), false, now))
            continue;
        m_home.lose(news->channel(), worker);
        (void)dispatch(worker, item(Lost, news->channel(), nullptr), true, now);
    }
}

void ChannelHub::tick(TimePoint now)
{
    (void)m_home.expire(now);
}

std::vector<ChannelFigures> ChannelHub::channels() const
{
    std::vector<ChannelFigures> all;
    m_home.forEach([&](const HomeChannel& channel) {
        all.push_back({std::string(channel.name), channel.workers.size() + channel.lost.size(),
                       channel.presence ? channel.presence->stats().clients : 0});
    });
    return all;
}

std::vector<SubscribedChannel> ChannelHub::subscribed(const std::function<bool(std::string_view name)>& fits) const
{
    std::vector<SubscribedChannel> all;
    for (const auto& [name, channel] : m_local->channels)
        if (!channel.subscribers.empty() && fits(name))
            all.push_back({name, channel.subscribers.size()});
    return all;
}

} // namespace gatehouse
