// SPDX-License-Identifier: GPL-3.0-or-later
#include "feed/authfailuretable.h"

#include <algorithm>

namespace gatehouse {

namespace {

std::int64_t minuteOf(WallTime time)
{
    return std::chrono::duration_cast<std::chrono::minutes>(time.time_since_epoch()).count();
}

} // namespace

void AuthFailureTable::roll(Entry& entry, WallTime now)
{
    auto& counts = entry.group.perMinute;
    const std::int64_t minute = minuteOf(now);
    const std::int64_t steps = std::clamp<std::int64_t>(minute - entry.lastMinute, 0, minutes);
    counts.erase(counts.begin(), counts.begin() + steps);
    counts.resize(minutes);
    entry.lastMinute = std::max(entry.lastMinute, minute);
}

void AuthFailureTable::makeRoom()
{
    if (m_entries.size() < capacity)
        return;
    std::vector<WallTime>
        ages; // a sixteenth goes at once, so that a flood of new addresses does not cost a search each
    ages.reserve(m_entries.size());
    for (const auto& [key, entry] : m_entries)
        ages.push_back(entry.group.last);
    const auto newest = ages.begin() + static_cast<std::ptrdiff_t>(capacity / 16 - 1);
    std::ranges::nth_element(ages, newest);
    std::size_t left = capacity / 16;
    std::erase_if(m_entries, [&, limit = *newest](const auto& entry) {
        return left > 0 && entry.second.group.last <= limit && left-- > 0;
    });
}

void AuthFailureTable::add(const IpAddress& address, const Explanation& why, const std::string& route,
                           const std::string& user, const std::string& origin)
{
    const Reason reason = why.decision.reason;
    const WallTime time = why.time;
    const std::lock_guard lock(m_mutex);
    const Key key{address, reason};
    auto found = m_entries.find(key);
    if (found == m_entries.end()) {
        makeRoom();
        found = m_entries.emplace(key, Entry{}).first;
        AuthFailureGroup& group = found->second.group;
        group.address = address.toString();
        group.reason = reason;
        group.first = time;
        group.perMinute.assign(minutes, 0);
        found->second.lastMinute = minuteOf(time);
    }
    Entry& entry = found->second;
    roll(entry, time);
    ++entry.group.count;
    ++entry.group.perMinute.back();
    entry.group.last = time;
    entry.group.lastRoute = route;
    entry.group.lastUser = user;
    entry.group.lastOrigin = origin;
    entry.group.lastRefusal = why;
    entry.changed = true;
}

std::vector<AuthFailureGroup> AuthFailureTable::takeChanged(WallTime now)
{
    const std::lock_guard lock(m_mutex);
    std::vector<AuthFailureGroup> groups;
    for (auto& [key, entry] : m_entries) {
        if (minuteOf(now) > entry.lastMinute && entry.group.perMinute != std::vector<std::uint32_t>(minutes, 0)) {
            roll(entry, now);
            entry.changed = true;
        }
        if (std::exchange(entry.changed, false))
            groups.push_back(entry.group);
    }
    return groups;
}

std::vector<AuthFailureGroup> AuthFailureTable::all(WallTime now) const
{
    std::vector<AuthFailureGroup> groups;
    {
        const std::lock_guard lock(m_mutex);
        groups.reserve(m_entries.size());
        for (const auto& [key, entry] : m_entries) {
            Entry copy = entry;
            roll(copy, now);
            groups.push_back(std::move(copy.group));
        }
    }
    std::ranges::sort(groups, std::greater{}, &AuthFailureGroup::last);
    return groups;
}

void AuthFailureTable::touch(const IpAddress& address)
{
    const std::lock_guard lock(m_mutex);
    for (auto entry = m_entries.lower_bound({address, Reason::None});
         entry != m_entries.end() && entry->first.first == address; ++entry)
        entry->second.changed = true;
}

std::size_t AuthFailureTable::size() const
{
    const std::lock_guard lock(m_mutex);
    return m_entries.size();
}

} // namespace gatehouse
