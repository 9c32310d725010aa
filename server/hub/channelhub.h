// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "hub/homechannels.h"
#include "net/outgoingmessage.h"
#include "net/routehandler.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace gatehouse {

/// What a subscriber is told of its channel; the same value for all subscribers at all workers.
struct ChannelNews {
    enum class Kind : std::uint8_t { Published, Joined, Left };
    Kind kind = Kind::Published;
    SharedPublication publication; ///< where Published
    StreamPosition position;       ///< behind it; epoch empty: the channel has no history
    SharedClientInfo who;          ///< where Joined or Left
    SharedMessage push;            ///< as Centrifugo's protocol says it, made once
};

/// One session's subscription to one channel, at the worker that serves the session.
class ChannelSubscriber {
public:
    virtual ~ChannelSubscriber() = default;
    virtual void told(const std::string& channel, const ChannelNews& news) = 0;
    /// Something was missed: nothing more comes until it subscribes anew.
    virtual void lost(const std::string& channel) = 0;
};

/// Why the hub refuses what it was asked: the home's own word, or that there is no room for the question.
struct HubRefusal {
    std::variant<ChannelRefusal, HistoryRefusal> why;
    bool busy = false; ///< the home's queue is full: try again; `why` says nothing
};

struct PresenceList {
    std::vector<SharedClientInfo> clients;
    PresenceStats stats;
};

/// The channels as one worker sees them: those whose home it is, and the subscriptions of the sessions that it serves.
/// What concerns a channel goes to its home, `hash(channel) mod N`, and comes back through the same queue as what is
/// published there, so that an answer stands exactly between the publications before and behind it. Answers are called
/// once, on this worker's thread, possibly before the question returns; never for who forgot() them. Owner: one I/O
/// worker.
class ChannelHub {
public:
    /// Who asks, for forget(): a session's id.
    using Asker = SessionId;
    template <class Value> using Answered = std::function<void(Result<Value, HubRefusal>)>;

    ChannelHub(WorkerBus& bus, WorkerContext& context, std::uint32_t handlerIndex, HubBudget& budget,
               const NameHash& hash, EpochSource epochs);
    ~ChannelHub();

    /// From the answer on the subscriber is told. It is the same one until unsubscribe().
    void subscribe(Asker asker, const std::string& channel, ChannelSubscriber& subscriber,
                   const HomeChannels::Rule& rule, const std::optional<StreamPosition>& since, const ReadCap& cap,
                   Answered<Recovery> answered);
    void unsubscribe(const std::string& channel, ChannelSubscriber& subscriber);
    void publish(Asker asker, const std::string& channel, Publication publication, const HomeChannels::Rule& rule,
                 const std::string& idempotencyKey, Answered<StreamPosition> answered);
    void history(Asker asker, const std::string& channel, const HomeChannels::Rule& rule, const HistoryQuery& query,
                 const ReadCap& cap, Answered<HistoryPage> answered);
    void presence(Asker asker, const std::string& channel, Answered<PresenceList> answered);
    /// `announced`: subscribers are told.
    void join(const std::string& channel, const SharedClientInfo& who, bool announced);
    void leave(const std::string& channel, const SharedClientInfo& who, bool announced);
    /// The session is gone: none of its questions is answered.
    void forget(Asker asker);

    /// From the bus.
    void received(BusItem item);
    /// Lets go what is over at this home.
    void tick(TimePoint now);
    [[nodiscard]] const HomeChannels& home() const { return m_home; }

private:
    struct Local;
    [[nodiscard]] std::uint32_t homeOf(std::string_view channel) const;

    WorkerBus& m_bus;
    WorkerContext& m_context;
    std::uint32_t m_handler;
    NameHash m_hash;
    HomeChannels m_home;
    std::unique_ptr<Local> m_local;
};

} // namespace gatehouse
