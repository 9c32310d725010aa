// SPDX-License-Identifier: GPL-3.0-or-later
// Random use of the tables of three workers that share a budget, against plain loops over all that ever happened.
#include "hub/homechannels.h"

#include <QTest>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <set>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr NameHash hash{{5, 6}};
constexpr std::uint32_t tables = 3;
constexpr ReadCap all{std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max()};

/// Everything that was ever acknowledged in a channel, whatever became of it.
struct Log {
    struct Entry {
        StreamPosition position;
        std::string data;
    };
    std::vector<Entry> entries;
    std::set<std::uint32_t> workers; ///< subscribed, and not lost
    std::set<std::uint32_t> lost;
    std::map<std::string, std::string> clients; ///< user by id
};

struct Snapshot {
    bool busy = false;
    std::size_t publications = 0;
    std::uint64_t useNumber = 0;
    TimePoint oldest{};
};

class RandomUse {
public:
    RandomUse(unsigned seed, const HubLimits& limits, bool moving)
        : m_engine(seed)
        , m_moving(moving)
        , m_limits(limits)
        , m_budget(limits, tables)
    {
        for (std::uint32_t i = 0; i < tables; ++i)
            m_tables.push_back(std::make_unique<HomeChannels>(
                m_budget, hash, [this] { return "epoch" + std::to_string(++m_epochs); }, 6));
    }

    void step()
    {
        m_now += std::chrono::milliseconds(below(150) == 0 ? below(40'000'000) : below(below(10) == 0 ? 3000 : 100));
        if (m_moving && below(100) == 0) {
            const std::uint64_t part = 1 + below(4);
            m_limits = {12 * part, 8000 * part, 6000 * part};
            m_budget.setLimits(m_limits);
            for (std::unique_ptr<HomeChannels>& table : m_tables) // those over it look, each by itself
                while (table->expire(m_now)) {
                }
            for (std::unique_ptr<HomeChannels>& table : m_tables)
                while (table->expire(m_now)) {
                }
        }
        const unsigned channel = below(below(3) == 0 ? 60 : 12);
        m_name = 'c' + std::to_string(channel);
        m_table = m_tables[channel % tables].get();
        m_before = snapshot();
        m_rule = StreamRule{20, 30s};
        if (below(6) == 0)
            m_rule = StreamRule{1 + below(20), std::chrono::milliseconds(1 + below(30'000))};
        if (below(40) == 0)
            m_rule.reset();
        switch (below(11)) {
        case 0:
        case 1:
        case 2:
        case 3:
            return publish();
        case 4:
            return subscribe(std::nullopt);
        case 5:
            return subscribe(somePosition());
        case 6:
        case 7:
            return unsubscribe();
        case 8:
            return history();
        case 9:
            return presence();
        default:
            return expire();
        }
    }

    void check()
    {
        std::uint64_t channels = 0, history = 0, presence = 0, busy = 0;
        for (std::uint32_t i = 0; i < tables; ++i) {
            std::uint64_t ofTable = 0, presenceOfTable = 0;
            m_tables[i]->forEach([&](const HomeChannel& channel) {
                ofTable += channel.stream ? channel.stream->bytes() : 0;
                presenceOfTable += channel.presence ? channel.presence->bytes() : 0;
                busy += channel.busy();
                QVERIFY(channel.busy() || channel.stream);
            });
            QCOMPARE(m_tables[i]->historyBytes(), ofTable);
            QCOMPARE(m_tables[i]->presenceBytes(), presenceOfTable);
            channels += m_tables[i]->size();
            history += ofTable;
            presence += presenceOfTable;
        }
        QVERIFY(history <= m_limits.historyBytes);
        QVERIFY(m_moving || channels <= m_limits.channels);
        QVERIFY(m_moving || presence <= m_limits.presenceBytes); // what is in use stays where limits fall
        for (const auto& [name, log] : m_logs) {
            const HomeChannels& table = *m_tables[std::stoul(name.substr(1)) % tables];
            const auto workers = table.workers(name);
            QVERIFY(std::equal(workers.begin(), workers.end(), log.workers.begin(), log.workers.end()));
            const Presence* there = table.presence(name);
            QCOMPARE(there ? there->clients().size() : 0, log.clients.size());
            std::set<std::string> users;
            for (const auto& [id, user] : log.clients) {
                users.insert(user);
                QVERIFY(there->clients().find(id)->second->user == user);
            }
            QCOMPARE(there ? there->stats().users : 0, users.size());
        }
    }

    /// Everybody goes, time passes, and nothing is left of anything.
    void end()
    {
        for (auto& [name, log] : m_logs) {
            HomeChannels& table = *m_tables[std::stoul(name.substr(1)) % tables];
            for (std::uint32_t worker = 0; worker < 5; ++worker)
                table.unsubscribe(name, worker, m_now);
            for (unsigned id = 0; id < 8; ++id)
                (void)(id % 2 == 0 ? table.leaveAll("client" + std::to_string(id), m_now).size()
                                   : table.leave(name, "client" + std::to_string(id), m_now) != nullptr);
        }
        m_now += 1h;
        for (int round = 0; round < 2; ++round, m_now += 24h)
            for (std::unique_ptr<HomeChannels>& table : m_tables)
                while (table->expire(m_now, 7)) {
                }
        for (std::unique_ptr<HomeChannels>& table : m_tables) {
            QCOMPARE(table->size(), 0u);
            QCOMPARE(table->historyBytes(), 0u);
            QCOMPARE(table->presenceBytes(), 0u);
            QCOMPARE(table->clients(), 0u);
            QVERIFY(!table->nextDue());
            evicted += table->counters().evictedHistories;
            refused += table->counters().refusedChannels + table->counters().refusedPresences;
        }
        for (BudgetPool* pool : {&m_budget.channels, &m_budget.history, &m_budget.presence}) {
            BudgetAccount account(*pool);
            QCOMPARE(account.most(), pool->limit() - (tables - 1) * (pool->limit() / 2 / tables));
        }
    }

    std::uint64_t recovered = 0, unrecovered = 0, evicted = 0, refused = 0, repeated = 0;

private:
    unsigned below(unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(m_engine); }

    std::map<std::string, Snapshot> snapshot() const
    {
        std::map<std::string, Snapshot> result;
        m_table->forEach([&](const HomeChannel& channel) {
            result[std::string(channel.name)] = {channel.busy(), channel.stream ? channel.stream->size() : 0,
                                                 channel.useNumber,
                                                 channel.hasPublications() ? *channel.stream->due() : TimePoint()};
        });
        return result;
    }

    /// Whoever lost publications without being over was used before all those that kept theirs.
    void checkEvictions()
    {
        const auto behind = snapshot();
        std::uint64_t newestGone = 0, oldestKept = std::numeric_limits<std::uint64_t>::max();
        for (const auto& [name, was] : m_before) {
            if (name == m_name || was.publications == 0)
                continue;
            const auto is = behind.find(name);
            const bool gone = is == behind.end() || is->second.publications == 0;
            QVERIFY(gone || is->second.publications == was.publications);
            QVERIFY(!was.busy || is != behind.end());
            (gone ? newestGone : oldestKept) = gone                  ? std::max(newestGone, was.useNumber)
                                               : m_makes && was.busy ? oldestKept
                                                                     : std::min(oldestKept, was.useNumber);
        }
        QVERIFY(newestGone < oldestKept);
    }

    Log& log() { return m_logs[m_name]; }

    void publish()
    {
        Publication publication;
        publication.data = std::to_string(++m_published) + std::string(below(below(30) == 0 ? 6000 : 300), '.');
        const std::string data = publication.data;
        const std::string key = below(4) == 0 ? "key" + std::to_string(below(3)) : "";
        m_makes = !m_before.contains(m_name);
        const auto published = m_table->publish(m_name, std::move(publication), m_rule, key, m_now);
        checkEvictions();
        if (!key.empty()) {
            const auto known = m_keys.find(m_name + key);
            const bool expected = known != m_keys.end() && m_now - known->second.second < 5min;
            QCOMPARE(published.ok() && !published->publication, expected);
            repeated += expected;
            if (expected)
                QCOMPARE(published->position, known->second.first);
            else if (published.ok())
                m_keys[m_name + key] = {published->position, m_now};
        }
        if (!published.ok() || !published->publication)
            return;
        QVERIFY(std::equal(published->workers.begin(), published->workers.end(), log().workers.begin(),
                           log().workers.end()));
        QCOMPARE(published->publication->data, data);
        QCOMPARE(published->publication->offset, published->position.offset);
        QCOMPARE(published->position.epoch.empty(), !m_rule);
        log().entries.push_back({published->position, data});
        if (!m_rule)
            return;
        const auto page = m_table->history(m_name, m_rule, {1, std::nullopt, true}, all, m_now);
        QCOMPARE(page->publications.at(0)->data, data); // acknowledged, so it is there
        if (log().entries.size() > 1) {
            const StreamPosition& last = log().entries[log().entries.size() - 2].position;
            QCOMPARE(published->position.offset, last.epoch == published->position.epoch ? last.offset + 1 : 1);
        }
    }

    StreamPosition somePosition()
    {
        if (below(10) == 0 || m_logs.empty())
            return {below(2) ? std::numeric_limits<std::uint64_t>::max() - below(2) : below(5),
                    "epoch" + std::to_string(below(200))};
        const std::string& from =
            below(10) == 0 ? std::next(m_logs.begin(), below(static_cast<unsigned>(m_logs.size())))->first : m_name;
        const auto& entries = m_logs[from].entries;
        if (entries.empty())
            return {};
        StreamPosition position =
            entries[entries.size() - 1 - below(static_cast<unsigned>(std::min<std::size_t>(entries.size(), 12)))]
                .position;
        position.offset += below(12) == 0 ? below(4) : 0;
        return position;
    }

    void subscribe(const std::optional<StreamPosition>& since)
    {
        const std::uint32_t worker = below(5);
        m_makes = !m_before.contains(m_name);
        const auto subscribed = m_table->subscribe(m_name, worker, m_rule, since, all, m_now);
        checkEvictions();
        if (!subscribed) {
            QVERIFY(m_makes);
            return;
        }
        log().workers.insert(worker);
        log().lost.erase(worker);
        if (!since)
            QVERIFY(!subscribed->recovered);
        else
            checkRecovery(*since, *subscribed);
        if (below(6) == 0) {
            m_table->lose(m_name, worker);
            log().workers.erase(worker);
            log().lost.insert(worker);
        }
    }

    /// Whoever is told that it recovered has by now all that was ever acknowledged behind its position, in that order.
    void checkRecovery(const StreamPosition& since, const Recovery& recovery)
    {
        (recovery.recovered ? recovered : unrecovered) += 1;
        if (!recovery.recovered) {
            QVERIFY(recovery.publications.empty());
            return;
        }
        QCOMPARE(recovery.position.epoch, since.epoch);
        std::vector<std::string> missed;
        for (const Log::Entry& entry : log().entries)
            if (entry.position.epoch != since.epoch)
                missed.clear(); // of an epoch before
            else if (entry.position.offset > since.offset)
                missed.push_back(entry.data);
        std::vector<std::string> got;
        for (const SharedPublication& publication : recovery.publications)
            got.push_back(publication->data);
        QCOMPARE(got, missed);
        QCOMPARE(recovery.position.offset, since.offset + missed.size());
    }

    void unsubscribe()
    {
        const std::uint32_t worker = below(5);
        m_table->unsubscribe(m_name, worker, m_now);
        log().workers.erase(worker);
        log().lost.erase(worker);
    }

    void history()
    {
        if (below(10) == 0)
            return m_table->removeHistory(m_name, m_now);
        const std::size_t before = m_table->size();
        const auto page = m_table->history(m_name, m_rule, {}, all, m_now);
        QCOMPARE(page.ok(), m_rule.has_value());
        QVERIFY(m_table->size() <= before);
        if (!page)
            return;
        QVERIFY(page->publications.size() <= m_rule->size);
        const auto& entries = log().entries;
        QVERIFY(page->publications.size() <= entries.size());
        for (std::size_t i = 0; i < page->publications.size(); ++i)
            QCOMPARE(page->publications[i]->data, entries[entries.size() - page->publications.size() + i].data);
    }

    void presence()
    {
        const std::string id = "client" + std::to_string(below(8));
        if (below(3) == 0)
            return leave(id, below(3) == 0);
        const auto info = std::make_shared<const ClientInfo>(
            ClientInfo{id, "user" + std::to_string(below(3)), std::string(below(200), '1'), {}});
        m_makes = !m_before.contains(m_name);
        const auto joined = m_table->join(m_name, info, m_now);
        checkEvictions();
        if (!joined)
            return;
        QCOMPARE(joined.value(), log().clients.contains(id) ? PresenceChange::Updated : PresenceChange::Joined);
        log().clients[id] = info->user;
        QVERIFY(log().clients.size() <= 6);
    }

    void leave(const std::string& id, bool everything)
    {
        if (!everything) {
            QCOMPARE(m_table->leave(m_name, id, m_now) != nullptr, log().clients.erase(id) > 0);
            return;
        }
        std::set<std::string> expected, left;
        for (auto& [name, each] : m_logs)
            if (m_tables[std::stoul(name.substr(1)) % tables].get() == m_table && each.clients.erase(id) > 0)
                expected.insert(name);
        for (const auto& [name, info] : m_table->leaveAll(id, m_now)) {
            QVERIFY(info && info->client == id);
            left.insert(name);
        }
        QVERIFY(left == expected);
    }

    void expire()
    {
        (void)m_table->expire(m_now, 1 + below(20));
        const auto behind = snapshot();
        for (const auto& [name, was] : m_before) {
            const auto is = behind.find(name);
            const std::size_t left = is == behind.end() ? 0 : is->second.publications;
            QVERIFY(left == was.publications || was.oldest <= m_now || m_moving);
            QVERIFY(is != behind.end() || !was.busy);
        }
    }

    std::mt19937 m_engine;
    bool m_moving; ///< the limits change
    HubLimits m_limits;
    HubBudget m_budget;
    std::vector<std::unique_ptr<HomeChannels>> m_tables;
    std::map<std::string, Log> m_logs;
    std::map<std::string, std::pair<StreamPosition, TimePoint>> m_keys;
    TimePoint m_now{std::chrono::hours(1)};
    std::uint64_t m_epochs = 0, m_published = 0;
    // of the step
    std::string m_name;
    HomeChannels* m_table = nullptr;
    HomeChannels::Rule m_rule;
    std::map<std::string, Snapshot> m_before;
    bool m_makes = false; ///< a channel that is not there yet
};

} // namespace

class HubChannelsRandomTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void nothing_is_lost_silently_and_no_cap_is_passed_data();
    void nothing_is_lost_silently_and_no_cap_is_passed();
};

void HubChannelsRandomTest::nothing_is_lost_silently_and_no_cap_is_passed_data()
{
    QTest::addColumn<unsigned>("seed");
    QTest::addColumn<unsigned>("parts");
    for (unsigned seed = 1; seed <= 3; ++seed)
        for (const unsigned parts : {1u, 2u, 3u, 100u})
            QTest::addRow("seed %u, budget %u", seed, parts) << seed << parts;
}

void HubChannelsRandomTest::nothing_is_lost_silently_and_no_cap_is_passed()
{
    QFETCH(unsigned, seed);
    QFETCH(unsigned, parts);
    RandomUse use(seed, {12 * parts, 8000 * parts, 6000 * parts}, parts == 2);
    for (int step = 0; step < 4000; ++step) {
        use.step();
        use.check();
        if (QTest::currentTestFailed()) {
            qWarning("in step %d", step);
            return;
        }
    }
    use.end();
    QVERIFY(use.recovered > 20 && use.unrecovered > 20 && use.repeated > 20); // else it showed nothing
    QCOMPARE(use.evicted > 0, parts < 100);
    QVERIFY(use.refused > 0 || parts == 100);
}

QTEST_GUILESS_MAIN(HubChannelsRandomTest)
#include "hubchannelsrandomtest.moc"
