// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "feed/values.h"

#include <map>
#include <mutex>
#include <utility>
#include <vector>

namespace gatehouse {

/// Failed authentications by address and reason. Thread-safe; the lock is held for one entry. At its capacity the
/// groups that were quiet for longest go.
class AuthFailureTable {
public:
    static constexpr std::size_t capacity = 10'000;
    static constexpr std::size_t minutes = 15;

    void add(const IpAddress& address, const Explanation& why, const std::string& route, const std::string& user,
             const std::string& origin);
    /// Groups that changed since the last call.
    [[nodiscard]] std::vector<AuthFailureGroup> takeChanged(WallTime now);
    /// All groups, most recent first.
    [[nodiscard]] std::vector<AuthFailureGroup> all(WallTime now) const;
    /// Marks the groups of an address as changed: its ban began or ended.
    void touch(const IpAddress& address);
    [[nodiscard]] std::size_t size() const;

private:
    using Key = std::pair<IpAddress, Reason>;
    struct Entry {
        AuthFailureGroup group;
        std::int64_t lastMinute = 0; ///< minute that the last element of perMinute stands for
        bool changed = false;
    };
    static void roll(Entry& entry, WallTime now);
    void makeRoom();

    mutable std::mutex m_mutex;
    std::map<Key, Entry> m_entries;
};

} // namespace gatehouse
