// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/idempotencycache.h"

namespace gatehouse {

namespace {

constexpr std::uint64_t entryOverhead = 160;
constexpr std::size_t forgottenAtOnce = 8;

/// With the length in front no two pairs of channel and key are one.
std::string entryName(std::string_view channel, std::string_view key)
{
    std::string name = std::to_string(channel.size());
    name.reserve(name.size() + 1 + channel.size() + key.size());
    name.append(1, ':').append(channel).append(key);
    return name;
}

} // namespace

const StreamPosition* IdempotencyCache::find(std::string_view channel, std::string_view key, TimePoint now) const
{
    const auto found = m_entries.find(entryName(channel, key));
    return found == m_entries.end() || found->second.until <= now ? nullptr : &found->second.position;
}

void IdempotencyCache::remember(std::string_view channel, std::string_view key, const StreamPosition& position,
                                TimePoint now)
{
    std::string name = entryName(channel, key);
    while (m_entries.contains(name)) // it is over, and so is whatever is older
        forgetOldest();
    const std::uint64_t bytes = entryOverhead + name.size();
    expire(now, forgottenAtOnce);
    while (!m_order.empty() && (m_entries.size() >= maxEntries || m_bytes + bytes > maxBytes)) {
        forgetOldest();
        ++m_dropped;
    }
    const auto added = m_entries.emplace(std::move(name), Entry{position, now + kept}).first;
    m_order.push_back(&*added);
    m_bytes += bytes;
}

std::size_t IdempotencyCache::expire(TimePoint now, std::size_t atMost)
{
    std::size_t gone = 0;
    for (; gone < atMost && !m_order.empty() && m_order.front()->second.until <= now; ++gone)
        forgetOldest();
    return gone;
}

void IdempotencyCache::forgetOldest()
{
    const std::string& name = m_order.front()->first;
    m_order.pop_front();
    m_bytes -= entryOverhead + name.size();
    m_entries.erase(m_entries.find(name));
}

} // namespace gatehouse
