// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "hub/channelnews.h"
#include "hub/homechannels.h"
#include "net/routehandler.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

/// One session's subscription to one channel, at the worker that serves the session.
class ChannelSubscriber {
public:
    virtual ~ChannelSubscriber() = default;
    /// It must not call the hub.
    virtual void told(const ChannelNews& news) = 0;
    /// Something was missed: nothing more comes, and the hub has forgotten the subscriber. It may call the hub.
    virtual void lost() = 0;

private:
    friend class ChannelHub;
    static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();
    std::size_t m_place = nowhere; ///< among the subscribers of its channel
};

/// Why nothing came of what was asked of a channel's home.
enum class HubRefusal : std::uint8_t {
    Busy,     ///< the home's queue is full: try again
    Channels, ///< the rest as ChannelRefusal has them …
    HistoryMemory,
    Presence,
    IdempotencyKey,
    NotAvailable, ///< … and HistoryRefusal
    BadRequest,
    UnrecoverablePosition
};

/// Who is in a channel as far as its home keeps it, and what of it subscribers are told.
struct ChannelEntry {
    SharedClientInfo who;   ///< null: nobody is entered, and nobody told
    bool kept = false;      ///< in the presence
    bool announced = false; ///< to who subscribes with join and leave
};

struct SubscribeAsk {
    HomeChannels::Rule rule;
    std::optional<StreamPosition> since; ///< to recover from
    ReadCap cap;
    ChannelEntry entry; ///< where the presence is full, nobody is subscribed
};

struct PublishAsk {
    Publication publication; ///< without offset
    HomeChannels::Rule rule;
    std::string idempotencyKey; ///< empty: none
    SharedMessage original;     ///< of a plain client; null: it came as JSON
    bool intoHistory = true;    ///< false: whoever is subscribed now gets it, and nobody later
};

struct HistoryAsk {
    HomeChannels::Rule rule;
    HistoryQuery query;
    ReadCap cap;
};

struct PresenceList {
    std::vector<SharedClientInfo> clients; ///< empty where the numbers alone were asked for
    PresenceStats stats;
};

struct ChannelFigures {
    std::string name;
    std::uint64_t workers = 0; ///< that have subscribers of it
    std::uint64_t clients = 0; ///< in its presence
};

struct SubscribedChannel {
    std::string name;
    std::uint64_t subscribers = 0; ///< at one worker
};

/// The channels as one worker sees them: those whose home it is, and the subscriptions of the sessions that it serves.
/// What concerns a channel goes to its home, `hash(channel) mod N`, and comes back through the same queue as what is
/// published there, so that an answer stands exactly between the publications before and behind it. Answers are called
/// once, on this worker's thread, possibly before the question returns; the asker sees to it that it is still there.
/// One worker's questions of one channel are met in their order. Answers, and what ends something, are forced into full
/// queues (their number is bounded by who asks); publications are not: a worker whose queue is full loses the channel,
/// and its subscribers are told so. Owner: one I/O worker.
class ChannelHub {
public:
    template <class Value> using Answered = std::function<void(Result<Value, HubRefusal>)>;

    /// Items of the bus are sent under the number of that handler, which hands them to received(). `hash` is the same
    /// at all workers.
    ChannelHub(WorkerBus& bus, std::uint32_t handler, HubBudget& budget, const NameHash& hash, EpochSource epochs);
    ~ChannelHub();
    ChannelHub(const ChannelHub&) = delete;
    ChannelHub& operator=(const ChannelHub&) = delete;

    /// From the answer on the subscriber is told what is published, and is known here until unsubscribe() or lost().
    /// Where it is gone by the answer, nothing was subscribed, and `answered` is not called.
    void subscribe(const std::string& channel, const std::shared_ptr<ChannelSubscriber>& subscriber, SubscribeAsk ask,
                   TimePoint now, Answered<Recovery> answered);
    /// One that is known here; `entry` as it was subscribed with.
    void unsubscribe(const std::string& channel, ChannelSubscriber& subscriber, const ChannelEntry& entry,
                     TimePoint now);
    /// The entry alone, of who is subscribed, or was.
    void enter(const std::string& channel, const ChannelEntry& entry, TimePoint now);
    void leave(const std::string& channel, const ChannelEntry& entry, TimePoint now);
    /// `answered` null: nobody waits for it.
    void publish(const std::string& channel, PublishAsk ask, TimePoint now, Answered<StreamPosition> answered);
    void history(const std::string& channel, HistoryAsk ask, TimePoint now, Answered<HistoryPage> answered);
    void presence(const std::string& channel, bool numbersAlone, TimePoint now, Answered<PresenceList> answered);
    void removeHistory(const std::string& channel, TimePoint now, Answered<Done> answered);

    /// From the bus.
    void received(BusItem item, TimePoint now);
    /// Lets go what is over at this home; to be called at least every second.
    void tick(TimePoint now);

    [[nodiscard]] std::uint32_t homeOf(std::string_view channel) const;
    [[nodiscard]] const HomeChannels& home() const { return m_home; }
    /// Of the channels whose home this is.
    [[nodiscard]] std::vector<ChannelFigures> channels() const;
    /// That sessions of this worker are subscribed to and whose name `fits`.
    [[nodiscard]] std::vector<SubscribedChannel>
    subscribed(const std::function<bool(std::string_view name)>& fits) const;
    /// Subscriptions at this worker.
    [[nodiscard]] std::size_t subscriptions() const { return m_subscriptions; }

private:
    struct Local;

    /// To another worker through its queue, to this one at once.
    [[nodiscard]] bool dispatch(std::uint32_t worker, BusItem item, bool force, TimePoint now);
    [[nodiscard]] BusItem item(std::uint32_t kind, const std::string& channel, std::shared_ptr<BusBody> body) const;
    template <class Ask, class Value>
    void question(std::uint32_t kind, const std::string& channel, Ask ask, TimePoint now, Answered<Value> answered);
    template <class Value> void answer(const BusItem& asked, Result<Value, HubRefusal> value, TimePoint now);
    /// A channel without subscribers here, and with none on their way, is left.
    void settle(const std::string& channel, TimePoint now);
    // At the home.
    void onSubscribe(BusItem& item, TimePoint now);
    void onEnter(BusItem& item, TimePoint now);
    void onLeave(BusItem& item, TimePoint now);
    void onPublish(BusItem& item, TimePoint now);
    void onHistory(BusItem& item, TimePoint now);
    void onPresence(BusItem& item, TimePoint now);
    void tell(const std::shared_ptr<ChannelNews>& news, TimePoint now);
    // At the worker that asked.
    void onAnswer(BusItem& item, TimePoint now);
    void onDelivery(const BusItem& item);
    void onLost(const BusItem& item, TimePoint now);

    WorkerBus& m_bus;
    std::uint32_t m_handler;
    NameHash m_hash;
    HomeChannels m_home;
    std::unique_ptr<Local> m_local;
    std::size_t m_subscriptions = 0;
};

} // namespace gatehouse
