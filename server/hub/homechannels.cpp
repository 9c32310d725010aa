// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/homechannels.h"

#include <algorithm>

namespace gatehouse {

namespace {

bool on(const HomeChannels::Rule& rule)
{
    return rule && rule->on();
}

void insert(std::vector<std::uint32_t>& workers, std::uint32_t worker)
{
    const auto place = std::lower_bound(workers.begin(), workers.end(), worker);
    if (place == workers.end() || *place != worker)
        workers.insert(place, worker);
}

} // namespace

HomeChannels::HomeChannels(HubBudget& budget, const NameHash& hash, EpochSource epochs, std::uint64_t maxClients)
    : m_channelCount(budget.channels)
    , m_historyBytes(budget.history)
    , m_presenceBytes(budget.presence)
    , m_hash(hash)
    , m_epochs(std::move(epochs))
    , m_maxClients(maxClients)
    , m_channels(0, hash)
    , m_clients(0, hash)
    , m_keys(hash)
{
}

Result<Published, ChannelRefusal> HomeChannels::publish(std::string_view channel, Publication publication,
                                                        const Rule& rule, std::string_view idempotencyKey,
                                                        TimePoint now, bool intoHistory)
{
    if (idempotencyKey.size() > IdempotencyCache::longestKey)
        return Failure{ChannelRefusal::IdempotencyKey};
    if (!idempotencyKey.empty())
        if (const StreamPosition* before = m_keys.find(channel, idempotencyKey, now))
            return Published{nullptr, *before, {}};

    Published result;
    const bool kept = on(rule) && intoHistory;
    HomeChannel* home = kept ? findOrMake(channel, true) : find(channel);
    if (!home && kept)
        return Failure{ChannelRefusal::Channels};
    if (home) {
        use(*home, now);
        meet(*home, rule, now);
        result.workers = home->workers;
    }
    if (!kept) {
        publication.offset = 0;
        result.publication = std::make_shared<const Publication>(std::move(publication));
    } else if (reserveHistory(*home, publication)) {
        result.publication = store(*home, std::move(publication), now);
        result.position = home->stream->position();
    } else {
        ++m_counters.refusedPublications;
        if (home->stream->untouched() && !home->busy())
            dropStream(*home);
    }
    if (home)
        settle(*home);
    if (!result.publication)
        return Failure{ChannelRefusal::HistoryMemory};
    if (!idempotencyKey.empty())
        m_keys.remember(channel, idempotencyKey, result.position, now);
    return result;
}

Result<Recovery, ChannelRefusal> HomeChannels::subscribe(std::string_view channel, std::uint32_t worker,
                                                         const Rule& rule, const std::optional<StreamPosition>& since,
                                                         const ReadCap& cap, TimePoint now)
{
    HomeChannel* home = findOrMake(channel, on(rule));
    if (!home)
        return Failure{ChannelRefusal::Channels};
    use(*home, now);
    meet(*home, rule, now);
    Recovery result;
    if (home->stream)
        result = since ? home->stream->recover(*since, cap) : Recovery{false, {}, home->stream->position()};
    insert(home->workers, worker);
    std::erase(home->lost, worker);
    settle(*home);
    return result;
}

void HomeChannels::unsubscribe(std::string_view channel, std::uint32_t worker, TimePoint now)
{
    HomeChannel* home = find(channel);
    if (!home || std::erase(home->workers, worker) + std::erase(home->lost, worker) == 0)
        return;
    use(*home, now);
    settle(*home);
}

void HomeChannels::lose(std::string_view channel, std::uint32_t worker)
{
    HomeChannel* home = find(channel);
    if (home && std::erase(home->workers, worker) > 0)
        insert(home->lost, worker);
}

std::span<const std::uint32_t> HomeChannels::workers(std::string_view channel) const
{
    const auto found = m_channels.find(channel);
    return found == m_channels.end() ? std::span<const std::uint32_t>() : found->second.workers;
}

Result<HistoryPage, HistoryRefusal> HomeChannels::history(std::string_view channel, const Rule& rule,
                                                          const HistoryQuery& query, const ReadCap& cap, TimePoint now)
{
    HomeChannel* home = find(channel);
    if (home) {
        use(*home, now);
        meet(*home, rule, now);
    }
    const auto answer = [&]() -> Result<HistoryPage, HistoryRefusal> {
        if (!on(rule))
            return Failure{HistoryRefusal::NotAvailable};
        return home && home->stream ? home->stream->history(query, cap) : ChannelStream({}).history(query, cap);
    };
    Result<HistoryPage, HistoryRefusal> result = answer();
    if (home)
        settle(*home);
    return result;
}

void HomeChannels::removeHistory(std::string_view channel, TimePoint now)
{
    HomeChannel* home = find(channel);
    if (!home || !home->stream)
        return;
    shrink(*home, [](ChannelStream& stream) { stream.clear(); });
    use(*home, now);
    settle(*home);
}

Result<PresenceChange, ChannelRefusal> HomeChannels::join(std::string_view channel, const SharedClientInfo& info,
                                                          TimePoint now)
{
    HomeChannel* home = findOrMake(channel, false);
    if (!home)
        return Failure{ChannelRefusal::Channels};
    if (!home->presence)
        home->presence = std::make_unique<Presence>(m_hash, m_maxClients);
    Presence& presence = *home->presence;
    const std::uint64_t before = presence.bytes(), after = presence.bytesWith(*info);
    PresenceChange change = PresenceChange::Full;
    if (after <= before || m_presenceBytes.reserve(after - before)) {
        change = presence.add(info);
        m_presenceBytes.release(std::max(before, after) - presence.bytes());
    }
    if (change == PresenceChange::Joined)
        m_clients[info->client].push_back(home);
    use(*home, now);
    settle(*home);
    if (change != PresenceChange::Full)
        return change;
    ++m_counters.refusedPresences;
    return Failure{ChannelRefusal::Presence};
}

SharedClientInfo HomeChannels::leave(std::string_view channel, std::string_view client, TimePoint now)
{
    HomeChannel* home = find(channel);
    if (const auto found = m_clients.find(client); home && found != m_clients.end()) {
        std::erase(found->second, home);
        if (found->second.empty())
            m_clients.erase(found);
    }
    return home ? removePresence(*home, client, now) : nullptr;
}

HomeChannels::Left HomeChannels::leaveAll(std::string_view client, TimePoint now)
{
    Left left;
    const auto found = m_clients.find(client);
    if (found == m_clients.end())
        return left;
    const std::vector<HomeChannel*> homes = std::move(found->second);
    m_clients.erase(found);
    left.reserve(homes.size());
    for (HomeChannel* home : homes) {
        std::string name(home->name); // the channel may go
        left.emplace_back(std::move(name), removePresence(*home, client, now));
    }
    return left;
}

const Presence* HomeChannels::presence(std::string_view channel) const
{
    const auto found = m_channels.find(channel);
    return found == m_channels.end() ? nullptr : found->second.presence.get();
}

bool HomeChannels::expire(TimePoint now, std::size_t atMost)
{
    std::size_t work = m_keys.expire(now, atMost);
    work += evictWhatIsOver(atMost);
    while (work < atMost && m_due.nextDue() && *m_due.nextDue() <= now) {
        HomeChannel& channel = m_due.next();
        ++work;
        if (channel.stream) {
            work += channel.stream->size();
            shrink(channel, [now](ChannelStream& stream) { stream.expire(now); });
            work -= channel.stream->size();
        }
        const auto due = dueOf(channel);
        if (due && *due <= now) { // the position alone is left, and over
            erase(channel);
            continue;
        }
        m_due.set(channel, due);
        take(channel, spareKind(channel));
    }
    return work >= atMost;
}

HomeCounters HomeChannels::counters() const
{
    HomeCounters counters = m_counters;
    counters.droppedKeys = m_keys.dropped();
    return counters;
}

HomeChannel* HomeChannels::find(std::string_view name)
{
    const auto found = m_channels.find(name);
    return found == m_channels.end() ? nullptr : &found->second;
}

HomeChannel* HomeChannels::findOrMake(std::string_view name, bool withStream)
{
    if (HomeChannel* home = find(name))
        return home;
    auto stream = withStream ? std::make_unique<ChannelStream>(m_epochs()) : nullptr; // before anything is changed
    const auto made = m_channels.try_emplace(std::string(name)).first;
    while (!m_channelCount.reserve(1))
        if (!evictChannel()) { // never the new one, which is in no list yet
            m_channels.erase(made);
            ++m_counters.refusedChannels;
            return nullptr;
        }
    made->second.name = made->first;
    made->second.stream = std::move(stream);
    return &made->second;
}

bool HomeChannels::reserveHistory(HomeChannel& channel, const Publication& publication)
{
    ChannelStream& stream = *channel.stream;
    const auto fits = [&] {
        const std::uint64_t before = stream.bytes(), after = stream.bytesWith(publication);
        return after <= before || m_historyBytes.reserve(after - before);
    };
    if (fits())
        return true;
    if (stream.bytesAlone(publication) > m_historyBytes.most())
        return false; // whatever went for it would go for nothing
    while (!fits()) {
        if (evictHistory(&channel))
            continue;
        if (stream.empty())
            return false;
        shrink(channel, [](ChannelStream& own) { own.dropOldest(); });
        ++m_counters.trimmedPublications;
    }
    return true;
}

SharedPublication HomeChannels::store(HomeChannel& channel, Publication publication, TimePoint now)
{
    ChannelStream& stream = *channel.stream;
    const std::uint64_t before = stream.bytes(), after = stream.bytesWith(publication);
    try {
        SharedPublication stored = stream.add(std::move(publication), now);
        m_historyBytes.release(std::max(before, after) - stream.bytes());
        return stored;
    } catch (...) {
        m_historyBytes.release(std::max(before, after) - stream.bytes());
        throw;
    }
}

bool HomeChannels::evictChannel()
{
    for (const Spare kind : {Spare::Empty, Spare::History}) {
        HomeChannel* channel = m_spare[static_cast<std::size_t>(kind)].oldest();
        if (!channel)
            continue;
        ++m_counters.evictedChannels;
        m_counters.evictedHistories += kind == Spare::History;
        erase(*channel);
        return true;
    }
    return false;
}

bool HomeChannels::evictHistory(HomeChannel* except)
{
    HomeChannel* victim = nullptr;
    for (const Spare kind : {Spare::History, Spare::BusyHistory}) {
        HomeChannel* oldest = m_spare[static_cast<std::size_t>(kind)].oldest(); // `except` was used last
        if (oldest && oldest != except && (!victim || oldest->useNumber < victim->useNumber))
            victim = oldest;
    }
    if (!victim)
        return false;
    ++m_counters.evictedHistories;
    if (victim->busy()) {
        shrink(*victim, [](ChannelStream& stream) { stream.clear(); });
        settle(*victim);
    } else {
        ++m_counters.evictedChannels;
        erase(*victim);
    }
    return true;
}

std::size_t HomeChannels::evictWhatIsOver(std::size_t atMost)
{
    std::size_t gone = 0;
    while (gone < atMost && m_channelCount.over() && evictChannel())
        ++gone;
    while (gone < atMost && m_historyBytes.over() && evictHistory(nullptr))
        ++gone;
    return gone;
}

void HomeChannels::meet(HomeChannel& channel, const Rule& rule, TimePoint now)
{
    if (!on(rule))
        return dropStream(channel);
    if (!channel.stream)
        channel.stream = std::make_unique<ChannelStream>(m_epochs());
    shrink(channel, [&](ChannelStream& stream) { stream.meet(*rule, now); });
}

void HomeChannels::dropStream(HomeChannel& channel)
{
    if (!channel.stream)
        return;
    m_historyBytes.release(channel.stream->bytes());
    channel.stream.reset();
}

SharedClientInfo HomeChannels::removePresence(HomeChannel& channel, std::string_view client, TimePoint now)
{
    if (!channel.presence)
        return nullptr;
    const std::uint64_t before = channel.presence->bytes();
    SharedClientInfo info = channel.presence->remove(client);
    if (!info)
        return nullptr;
    m_presenceBytes.release(before - channel.presence->bytes());
    use(channel, now);
    settle(channel);
    return info;
}

template <class Work> void HomeChannels::shrink(HomeChannel& channel, Work work)
{
    const std::uint64_t before = channel.stream->bytes();
    work(*channel.stream);
    m_historyBytes.release(before - channel.stream->bytes());
}

void HomeChannels::use(HomeChannel& channel, TimePoint now)
{
    channel.used = std::max(channel.used, now);
    channel.useNumber = ++m_uses;
    take(channel, Spare::None);
    take(channel, spareKind(channel)); // behind all others
}

void HomeChannels::settle(HomeChannel& channel)
{
    if (channel.presence && channel.presence->empty())
        channel.presence.reset();
    if (!channel.busy() && !channel.stream)
        return erase(channel);
    take(channel, spareKind(channel));
    const auto known = m_due.dueOf(channel), due = dueOf(channel);
    if (!known || !due || *due < *known) // where it is later, expire() looks again
        m_due.set(channel, due);
}

std::optional<TimePoint> HomeChannels::dueOf(const HomeChannel& channel) const
{
    if (channel.hasPublications())
        return channel.stream->due();
    return channel.busy() ? std::nullopt : std::optional(channel.used + positionKept);
}

Spare HomeChannels::spareKind(const HomeChannel& channel)
{
    if (channel.hasPublications())
        return channel.busy() ? Spare::BusyHistory : Spare::History;
    return channel.busy() || !channel.stream ? Spare::None : Spare::Empty;
}

void HomeChannels::take(HomeChannel& channel, Spare kind)
{
    if (kind == channel.spare)
        return;
    if (channel.spare != Spare::None)
        m_spare[static_cast<std::size_t>(channel.spare)].remove(channel);
    channel.spare = kind;
    if (kind != Spare::None)
        m_spare[static_cast<std::size_t>(kind)].append(channel);
}

void HomeChannels::erase(HomeChannel& channel)
{
    take(channel, Spare::None);
    m_due.remove(channel);
    dropStream(channel);
    m_channels.erase(m_channels.find(channel.name));
    m_channelCount.release(1);
}

} // namespace gatehouse
