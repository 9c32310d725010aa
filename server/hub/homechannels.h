// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "hub/homechannel.h"
#include "hub/hubbudget.h"
#include "hub/idempotencycache.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gatehouse {

/// Draws the epoch of a new stream: at least 8 characters of base64url, never the same twice. May throw.
using EpochSource = std::function<std::string()>;

/// Why the home of a channel refuses; nothing was changed, published or evicted for it that could have stayed.
enum class ChannelRefusal : std::uint8_t {
    Channels,      ///< `limits.channels` are there, and none of this table's may go
    HistoryMemory, ///< the publication fits into `memory_for_history` not even alone
    Presence,      ///< of the channel or the gate is full
    IdempotencyKey ///< is too long
};

struct Published {
    SharedPublication publication;          ///< null where it was published before, under the same idempotency key
    StreamPosition position;                ///< epoch empty: the channel has no history
    std::span<const std::uint32_t> workers; ///< to be sent it; valid until the table's next call
};

struct HomeCounters {
    std::uint64_t evictedChannels = 0;     ///< with their position, before their time
    std::uint64_t evictedHistories = 0;    ///< of those channels and of ones that stayed
    std::uint64_t trimmedPublications = 0; ///< of the channel that was published to, since nothing else was left
    std::uint64_t refusedChannels = 0;
    std::uint64_t refusedPublications = 0;
    std::uint64_t refusedPresences = 0;
    std::uint64_t droppedKeys = 0; ///< idempotency keys, before their time

    friend bool operator==(const HomeCounters&, const HomeCounters&) = default;
};

/// The channels whose home this worker is: who is subscribed, what was published, who is there. A call that names a
/// rule is judged by it from there on; an unset one means that the channel has no history, and takes what it had.
/// Time never runs backwards for long: a caller with an older `now` sees what a newer one left. Owner: one I/O worker.
class HomeChannels {
public:
    static constexpr std::chrono::hours positionKept{24}; ///< of a channel that nobody uses
    static constexpr std::uint64_t clientsInPresence = 100000;

    using Rule = std::optional<StreamRule>;
    using Left = std::vector<std::pair<std::string, SharedClientInfo>>; ///< by channel

    HomeChannels(HubBudget& budget, const NameHash& hash, EpochSource epochs,
                 std::uint64_t maxClients = clientsInPresence);

    /// `intoHistory` false: it is sent on, and neither kept nor counted.
    [[nodiscard]] Result<Published, ChannelRefusal> publish(std::string_view channel, Publication publication,
                                                            const Rule& rule, std::string_view idempotencyKey,
                                                            TimePoint now, bool intoHistory = true);
    /// Publications from position() on go to that worker. With `since`, what it missed comes along.
    [[nodiscard]] Result<Recovery, ChannelRefusal> subscribe(std::string_view channel, std::uint32_t worker,
                                                             const Rule& rule,
                                                             const std::optional<StreamPosition>& since,
                                                             const ReadCap& cap, TimePoint now);
    void unsubscribe(std::string_view channel, std::uint32_t worker, TimePoint now);
    /// That worker missed a publication: it is sent nothing more until it subscribes anew.
    void lose(std::string_view channel, std::uint32_t worker);
    [[nodiscard]] std::span<const std::uint32_t> workers(std::string_view channel) const;

    /// Of a channel that is not there an empty page with no epoch: asking makes no channel.
    [[nodiscard]] Result<HistoryPage, HistoryRefusal>
    history(std::string_view channel, const Rule& rule, const HistoryQuery& query, const ReadCap& cap, TimePoint now);
    /// Forgets the publications and not the position.
    void removeHistory(std::string_view channel, TimePoint now);

    [[nodiscard]] Result<PresenceChange, ChannelRefusal> join(std::string_view channel, const SharedClientInfo& info,
                                                              TimePoint now);
    /// Who left; null: was not there.
    SharedClientInfo leave(std::string_view channel, std::string_view client, TimePoint now);
    /// From every channel that it is in, at the cost of these alone.
    [[nodiscard]] Left leaveAll(std::string_view client, TimePoint now);
    /// Null: nobody. Valid until the table's next call.
    [[nodiscard]] const Presence* presence(std::string_view channel) const;

    /// Lets go what is over, for about so many publications, channels and keys; true: there is more that is due.
    [[nodiscard]] bool expire(TimePoint now, std::size_t atMost = 4096);
    /// Before that expire() has nothing to do, but for a smaller budget and for idempotency keys, which do not hurry.
    [[nodiscard]] std::optional<TimePoint> nextDue() const { return m_due.nextDue(); }

    [[nodiscard]] std::size_t size() const { return m_channels.size(); }
    [[nodiscard]] std::size_t clients() const { return m_clients.size(); }               ///< in presences, each once
    [[nodiscard]] std::uint64_t channelCount() const { return m_channelCount.used(); }   ///< for any thread
    [[nodiscard]] std::uint64_t historyBytes() const { return m_historyBytes.used(); }   ///< for any thread
    [[nodiscard]] std::uint64_t presenceBytes() const { return m_presenceBytes.used(); } ///< for any thread
    [[nodiscard]] HomeCounters counters() const;
    /// Calls work(const HomeChannel&) for each; it must not call the table.
    template <class Work> void forEach(Work work) const
    {
        for (const auto& [name, channel] : m_channels)
            work(channel);
    }

private:
    using Channels = std::unordered_map<std::string, HomeChannel, NameHash, std::equal_to<>>;

    [[nodiscard]] HomeChannel* find(std::string_view name);
    [[nodiscard]] HomeChannel* findOrMake(std::string_view name, bool withStream); ///< null: refused
    [[nodiscard]] bool reserveHistory(HomeChannel& channel, const Publication& publication);
    [[nodiscard]] bool evictChannel();
    [[nodiscard]] bool evictHistory(HomeChannel* except);
    [[nodiscard]] std::size_t evictWhatIsOver(std::size_t atMost);
    void meet(HomeChannel& channel, const Rule& rule, TimePoint now);
    [[nodiscard]] SharedPublication store(HomeChannel& channel, Publication publication, TimePoint now);
    void dropStream(HomeChannel& channel);
    SharedClientInfo removePresence(HomeChannel& channel, std::string_view client, TimePoint now);
    /// Does something to the stream that may free memory of it, and gives that back.
    template <class Work> void shrink(HomeChannel& channel, Work work);
    void use(HomeChannel& channel, TimePoint now);
    /// To be called at the end of whatever changed the channel, which may go with it.
    void settle(HomeChannel& channel);
    [[nodiscard]] std::optional<TimePoint> dueOf(const HomeChannel& channel) const;
    [[nodiscard]] static Spare spareKind(const HomeChannel& channel);
    void take(HomeChannel& channel, Spare kind);
    void erase(HomeChannel& channel);

    BudgetAccount m_channelCount;
    BudgetAccount m_historyBytes;
    BudgetAccount m_presenceBytes;
    NameHash m_hash;
    EpochSource m_epochs;
    std::uint64_t m_maxClients;
    Channels m_channels;
    std::unordered_map<std::string, std::vector<HomeChannel*>, NameHash, std::equal_to<>> m_clients; ///< in presences
    IdempotencyCache m_keys;
    DueOrder<HomeChannel> m_due; ///< never later than dueOf()
    std::array<UseOrder, spareKinds> m_spare;
    std::uint64_t m_uses = 0;
    HomeCounters m_counters;
};

} // namespace gatehouse
