// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/publication.h"
#include "hub/namehash.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gatehouse {

/// What became of publications that carried an idempotency key, so that whoever sends one again is answered the same
/// and nothing is published twice. The oldest goes first, in time or where there are too many. Owner: one I/O worker.
class IdempotencyCache {
public:
    static constexpr std::chrono::minutes kept{5};
    static constexpr std::size_t longestKey = 255;
    static constexpr std::size_t maxEntries = 65536;
    static constexpr std::uint64_t maxBytes = std::uint64_t{16} << 20;

    explicit IdempotencyCache(const NameHash& hash)
        : m_entries(0, hash)
    {
    }

    /// Null: not known, or not any more. Valid until the next remember() or expire().
    [[nodiscard]] const StreamPosition* find(std::string_view channel, std::string_view key, TimePoint now) const;
    void remember(std::string_view channel, std::string_view key, const StreamPosition& position, TimePoint now);
    /// Forgets at most so many that are over; how many it was.
    std::size_t expire(TimePoint now, std::size_t atMost);

    [[nodiscard]] std::size_t size() const { return m_entries.size(); }
    [[nodiscard]] std::uint64_t bytes() const { return m_bytes; }
    /// Entries that went before their time.
    [[nodiscard]] std::uint64_t dropped() const { return m_dropped; }

private:
    struct Entry {
        StreamPosition position;
        TimePoint until{};
    };
    using Entries = std::unordered_map<std::string, Entry, NameHash, std::equal_to<>>;

    void forgetOldest();

    Entries m_entries;
    std::deque<const Entries::value_type*> m_order; ///< oldest first; all live equally long
    std::uint64_t m_bytes = 0;
    std::uint64_t m_dropped = 0;
};

} // namespace gatehouse
