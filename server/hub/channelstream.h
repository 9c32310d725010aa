// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/publication.h"
#include "domain/result.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

/// How much a channel remembers, by the rule that it falls under at the moment.
struct StreamRule {
    std::uint64_t size = 0;           ///< publications
    std::chrono::milliseconds ttl{0}; ///< of each

    [[nodiscard]] bool on() const { return size > 0 && ttl.count() > 0; }
    friend bool operator==(const StreamRule&, const StreamRule&) = default;
};

/// The most that one answer may hold, so that it fits into what may wait for a session.
struct ReadCap {
    std::uint64_t publications = 1000;
    std::uint64_t bytes = std::uint64_t{512} << 10; ///< of data, infos and tags
};

/// What of a history is asked for. Without `since` from the oldest on, in reverse from the newest back; with it what
/// comes behind that position, in reverse what comes before it.
struct HistoryQuery {
    std::optional<std::uint64_t> limit; ///< 0: the position alone; unset: all
    std::optional<StreamPosition> since;
    bool reverse = false;
};

struct HistoryPage {
    std::vector<SharedPublication> publications; ///< cut at the cap; never less than one where there is one
    StreamPosition position;                     ///< of the newest publication that there ever was
};

enum class HistoryRefusal : std::uint8_t {
    NotAvailable,         ///< the channel has no history
    BadRequest,           ///< in reverse from before the first publication
    UnrecoverablePosition ///< of another epoch
};

struct Recovery {
    bool recovered = false;                      ///< nothing between `since` and `position` is missing
    std::vector<SharedPublication> publications; ///< oldest first; empty where not recovered
    StreamPosition position;
};

/// What a publication takes in memory, without the slot that it lies in.
[[nodiscard]] std::uint64_t memoryOf(const Publication& publication);

/// The history of one channel: the newest publications, no more than its rule's size and none that is as old as its
/// ttl, and the position, which outlives them. Owner: one I/O worker.
class ChannelStream {
public:
    /// `epoch` must be one that no stream had before.
    explicit ChannelStream(std::string epoch)
        : m_epoch(std::move(epoch))
    {
    }

    /// Drops what the rule does not allow any more, and what is too old. To be called before anything else is asked.
    void meet(const StreamRule& rule, TimePoint now);
    void expire(TimePoint now);
    /// Gives the publication its offset and keeps it. The rule must be on.
    SharedPublication add(Publication publication, TimePoint now);
    void dropOldest();
    /// Forgets all publications and no position.
    void clear();

    [[nodiscard]] StreamPosition position() const { return {m_top, m_epoch}; }
    [[nodiscard]] std::size_t size() const { return m_count; }
    [[nodiscard]] bool empty() const { return m_count == 0; }
    [[nodiscard]] bool untouched() const { return m_top == 0; }
    /// When the oldest publication becomes too old; unset: there is none.
    [[nodiscard]] std::optional<TimePoint> due() const;
    [[nodiscard]] std::uint64_t bytes() const { return m_bytes + m_ring.size() * sizeof(Slot); }
    /// What bytes() would be behind add().
    [[nodiscard]] std::uint64_t bytesWith(const Publication& publication) const;
    /// What it would be, were that the only one.
    [[nodiscard]] std::uint64_t bytesAlone(const Publication& publication) const;

    [[nodiscard]] Result<HistoryPage, HistoryRefusal> history(const HistoryQuery& query, const ReadCap& cap) const;
    /// Whoever has seen all up to `since` has seen all up to position() with these. More than the cap counts as
    /// missing.
    [[nodiscard]] Recovery recover(const StreamPosition& since, const ReadCap& cap) const;

private:
    struct Slot {
        SharedPublication publication;
        TimePoint at{};
    };

    [[nodiscard]] const Slot& slot(std::size_t place) const { return m_ring[(m_first + place) % m_ring.size()]; }
    [[nodiscard]] std::uint64_t oldest() const { return m_top - m_count + 1; } ///< offset; top + 1 where empty
    [[nodiscard]] std::size_t grown() const;
    void moveInto(std::size_t capacity);
    void forgetOldest();
    void giveRoomBack();

    std::string m_epoch;
    std::uint64_t m_top = 0; ///< offset of the newest publication that there ever was
    StreamRule m_rule;
    std::vector<Slot> m_ring; ///< its size is its capacity
    std::size_t m_first = 0;
    std::size_t m_count = 0;
    std::uint64_t m_bytes = 0; ///< of the publications
};

} // namespace gatehouse
