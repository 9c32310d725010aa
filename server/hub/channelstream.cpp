// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/channelstream.h"

#include <algorithm>
#include <utility>

namespace gatehouse {

namespace {

constexpr std::size_t leastCapacity = 4;
/// Beyond that it makes no difference, and times cannot overflow.
constexpr std::chrono::milliseconds longestTtl = std::chrono::hours(24 * 365 * 100);
constexpr std::uint64_t blockOverhead = 8;                   ///< what the allocator adds
constexpr std::uint64_t sharedOverhead = 16 + blockOverhead; ///< with the counts of a shared pointer

std::uint64_t memoryOf(const std::string& text)
{
    static const std::size_t inPlace = std::string().capacity();
    return text.capacity() > inPlace ? text.capacity() + 1 + blockOverhead : 0;
}

/// What it takes to tell somebody, but for what is the same of each: names may have to be escaped.
std::uint64_t sayingOf(const Publication& publication)
{
    constexpr std::uint64_t escape = 6; // "\u0022"
    std::uint64_t bytes = publication.data.size();
    if (const auto& info = publication.info)
        bytes += info->client.size() + escape * info->user.size() + info->connInfo.size() + info->chanInfo.size();
    for (const auto& [name, value] : publication.tags)
        bytes += escape * (name.size() + value.size());
    return bytes;
}

} // namespace

std::uint64_t memoryOf(const Publication& publication)
{
    std::uint64_t bytes = sizeof(Publication) + sharedOverhead + memoryOf(publication.data);
    if (const auto& info = publication.info)
        bytes += memoryOf(info->client) + memoryOf(info->user) + memoryOf(info->connInfo) + memoryOf(info->chanInfo);
    bytes += publication.tags.capacity() * sizeof(publication.tags[0]);
    for (const auto& [name, value] : publication.tags)
        bytes += memoryOf(name) + memoryOf(value);
    return bytes;
}

void ChannelStream::meet(const StreamRule& rule, TimePoint now)
{
    m_rule = {rule.size, std::min(rule.ttl, longestTtl)};
    while (m_count > m_rule.size)
        forgetOldest();
    expire(now);
}

void ChannelStream::expire(TimePoint now)
{
    while (m_count > 0 && slot(0).at + m_rule.ttl <= now)
        forgetOldest();
    giveRoomBack();
}

SharedPublication ChannelStream::add(Publication publication, TimePoint now)
{
    publication.offset = m_top + 1;
    const std::uint64_t bytes = memoryOf(publication);
    auto shared = std::make_shared<const Publication>(std::move(publication));
    if (m_count >= m_rule.size)
        forgetOldest();
    else if (m_count == m_ring.size())
        moveInto(grown());
    m_ring[(m_first + m_count) % m_ring.size()] = {shared, now};
    ++m_count;
    ++m_top;
    m_bytes += bytes;
    return shared;
}

void ChannelStream::dropOldest()
{
    forgetOldest();
    giveRoomBack();
}

void ChannelStream::clear()
{
    while (m_count > 0)
        forgetOldest();
    giveRoomBack();
}

std::optional<TimePoint> ChannelStream::due() const
{
    return m_count == 0 ? std::nullopt : std::optional(slot(0).at + m_rule.ttl);
}

std::uint64_t ChannelStream::bytesWith(const Publication& publication) const
{
    const std::uint64_t more = bytes() + memoryOf(publication);
    if (m_count >= m_rule.size)
        return more - memoryOf(*slot(0).publication);
    return m_count < m_ring.size() ? more : more + (grown() - m_ring.size()) * sizeof(Slot);
}

std::uint64_t ChannelStream::bytesAlone(const Publication& publication) const
{
    return memoryOf(publication) + std::min<std::uint64_t>(leastCapacity, m_rule.size) * sizeof(Slot);
}

Result<HistoryPage, HistoryRefusal> ChannelStream::history(const HistoryQuery& query, const ReadCap& cap) const
{
    if (query.reverse && query.since && query.since->offset == 0)
        return Failure{HistoryRefusal::BadRequest};
    if (query.since && !query.since->epoch.empty() && query.since->epoch != m_epoch)
        return Failure{HistoryRefusal::UnrecoverablePosition};
    std::uint64_t from = oldest(), to = m_top; // offsets, both inclusive; none where from is behind to
    if (query.since && query.reverse)
        to = std::min(to, query.since->offset - 1);
    else if (query.since)
        from = std::max(from, query.since->offset < m_top ? query.since->offset + 1 : m_top + 1);

    HistoryPage page{{}, position()};
    const std::uint64_t there = from <= to ? to - from + 1 : 0;
    const std::uint64_t count =
        std::min({there, query.limit.value_or(there), std::max<std::uint64_t>(cap.publications, 1)});
    std::uint64_t bytes = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t offset = query.reverse ? to - i : from + i;
        const SharedPublication& publication = slot(offset - oldest()).publication;
        bytes += sayingOf(*publication);
        if (i > 0 && bytes > cap.bytes)
            break;
        page.publications.push_back(publication);
    }
    return page;
}

Recovery ChannelStream::recover(const StreamPosition& since, const ReadCap& cap) const
{
    Recovery result{false, {}, position()};
    if (since.epoch != m_epoch || since.offset > m_top || since.offset + 1 < oldest() ||
        m_top - since.offset > cap.publications)
        return result;
    std::uint64_t bytes = 0;
    for (std::uint64_t place = since.offset + 1 - oldest(); place < m_count; ++place)
        bytes += sayingOf(*slot(place).publication);
    if (bytes > cap.bytes)
        return result;
    result.recovered = true;
    for (std::uint64_t place = since.offset + 1 - oldest(); place < m_count; ++place)
        result.publications.push_back(slot(place).publication);
    return result;
}

std::size_t ChannelStream::grown() const
{
    const std::uint64_t wanted = std::max<std::uint64_t>(m_ring.size() * 2, leastCapacity);
    return static_cast<std::size_t>(std::min(wanted, std::max<std::uint64_t>(m_rule.size, m_count + 1)));
}

void ChannelStream::moveInto(std::size_t capacity)
{
    std::vector<Slot> ring(capacity);
    for (std::size_t i = 0; i < m_count; ++i)
        ring[i] = std::move(m_ring[(m_first + i) % m_ring.size()]);
    m_ring.swap(ring);
    m_first = 0;
}

void ChannelStream::forgetOldest()
{
    Slot& oldest = m_ring[m_first];
    m_bytes -= memoryOf(*oldest.publication);
    oldest = {};
    m_first = (m_first + 1) % m_ring.size();
    --m_count;
}

void ChannelStream::giveRoomBack()
{
    if (m_count == 0)
        moveInto(0);
    else if (m_ring.size() > leastCapacity && m_count <= m_ring.size() / 4)
        moveInto(std::max(m_count * 2, leastCapacity));
}

} // namespace gatehouse
