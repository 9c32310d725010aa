// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "policy/ratebucket.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace gatehouse {

/// A count with a ceiling that any thread may reserve from.
class Slots {
public:
    /// False at the limit; an unset limit is none.
    [[nodiscard]] bool reserve(std::optional<std::uint64_t> limit);
    void release() { m_used.fetch_sub(1, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t used() const { return m_used.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> m_used{0};
};

/// What a failed authentication leads to.
enum class FailureVerdict : std::uint8_t { Counted, Blocked, Ban };

/// Failed authentications of one address: a window that fills blocks the address for a window; a second full window
/// within `then_ban` after the block bans it, and blocks it until the ban stands everywhere.
class FailureWindow {
public:
    static constexpr std::chrono::seconds untilBanned{1}; ///< more than a ban takes to reach every worker

    [[nodiscard]] FailureVerdict add(const AuthFailureLimit& limit, TimePoint now);
    /// As if there had been no failure.
    void forgive();
    /// How long the address is still blocked; zero: it is not.
    [[nodiscard]] std::chrono::nanoseconds blocked(TimePoint now) const;
    /// True where nothing is remembered that a later failure would build on.
    [[nodiscard]] bool idle(TimePoint now) const;

private:
    mutable std::mutex m_mutex; ///< taken on failures and at admission, never on a message's way
    TimePoint m_windowEnd{};
    TimePoint m_blockedUntil{};
    TimePoint m_rememberUntil{};
    std::uint64_t m_count = 0;
    bool m_struck = false; ///< one window has filled already
};

/// Shared by every connection of an address (an IPv6 address by its /64).
struct AddressState {
    Slots sessions;
    Slots pending;
    RateBucket connects;
    RateBucket messages;
    FailureWindow failures;

    [[nodiscard]] bool idle(TimePoint now) const;
};

/// Shared by every session of a user.
struct UserState {
    Slots sessions;
    RateBucket messages;
    RateBucket bytes;

    [[nodiscard]] bool idle(TimePoint now) const
    {
        return sessions.used() == 0 && messages.full(now) && bytes.full(now);
    }
};

/// Reference-counted states by key, in shards locked at admission and release alone. At its capacity a shard first
/// forgets what is idle; where nothing is, find() answers null and the caller refuses.
template <class Key, class State> class StateTable {
public:
    static constexpr std::size_t shardCount = 16;

    explicit StateTable(std::size_t capacity)
        : m_shardCapacity(capacity / shardCount)
    {
    }

    [[nodiscard]] std::shared_ptr<State> find(const Key& key, TimePoint now)
    {
        Shard& shard = m_shards[std::hash<Key>{}(key) % shardCount];
        const std::lock_guard lock(shard.mutex);
        if (const auto found = shard.states.find(key); found != shard.states.end())
            return found->second;
        if (shard.states.size() >= m_shardCapacity && !evict(shard, now))
            return nullptr;
        return shard.states.emplace(key, std::make_shared<State>()).first->second;
    }

    /// One shard after the other; the states may be in use meanwhile.
    template <class Work> void forEach(Work work)
    {
        for (Shard& shard : m_shards) {
            const std::lock_guard lock(shard.mutex);
            for (auto& [key, state] : shard.states)
                work(*state);
        }
    }

    [[nodiscard]] std::size_t size() const
    {
        std::size_t total = 0;
        for (const Shard& shard : m_shards) {
            const std::lock_guard lock(shard.mutex);
            total += shard.states.size();
        }
        return total;
    }

private:
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<Key, std::shared_ptr<State>> states;
        TimePoint lastSweep{};
    };

    /// Forgets every idle state, at most ten times a second, so that a full table costs no sweep for each newcomer.
    static bool evict(Shard& shard, TimePoint now)
    {
        if (now - shard.lastSweep < std::chrono::milliseconds(100))
            return false;
        shard.lastSweep = now;
        return std::erase_if(shard.states, [now](const auto& entry) {
                   return entry.second.use_count() == 1 && entry.second->idle(now);
               }) > 0;
    }

    std::size_t m_shardCapacity;
    std::array<Shard, shardCount> m_shards;
};

/// (issuer, user) as one key; the separator cannot occur in an issuer's name.
[[nodiscard]] std::string userKey(std::string_view issuer, std::string_view user);

/// What an anonymous visitor's cooldown goes by: an address, of IPv6 its /64, since a visitor may have all of it.
[[nodiscard]] std::string visitorKey(const IpAddress& address);

struct GateTables {
    StateTable<IpAddress, AddressState> addresses{131072};
    StateTable<std::string, UserState> users{131072};
    Slots sessions;
    Slots pending;
    Slots adminPending; ///< at admin listeners, which a flood elsewhere is not to shut

    /// The shared buckets go on by other limits with the fill that they have. What workers take by the limits before,
    /// until each has met the new ones, is charged as those had it: that is off by what comes within a second.
    void rescale(const Limits& before, const Limits& after, TimePoint now);
};

} // namespace gatehouse
