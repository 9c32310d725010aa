// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/homechannels.h"

#include <QTest>

#include <limits>
#include <random>
#include <set>
#include <thread>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{std::chrono::hours(1)};
constexpr NameHash hash{{1, 2}};
constexpr HubLimits plenty{1000, 1 << 20, 1 << 20};
const HomeChannels::Rule ten = StreamRule{10, 1min};
const HomeChannels::Rule off;

Publication of(std::string data)
{
    Publication publication;
    publication.data = std::move(data);
    return publication;
}

SharedClientInfo client(const std::string& id, const std::string& user = "ann")
{
    return std::make_shared<const ClientInfo>(ClientInfo{id, user, {}, {}});
}

std::string listed(const std::vector<SharedPublication>& publications)
{
    std::string list;
    for (const SharedPublication& publication : publications)
        list.append(list.empty() ? "" : " ").append(publication->data);
    return list;
}

/// A table with a budget of its own, and short words for what tests do.
struct Gate {
    explicit Gate(const HubLimits& limits = plenty, std::uint64_t maxClients = 100)
        : budget(limits, 1)
        , table(
              budget, hash, [this] { return "epoch-" + std::to_string(++epochs); }, maxClients)
    {
    }

    /// "2 epoch-1" where that is where it went, or the refusal.
    std::string publish(const std::string& channel, const std::string& data, const HomeChannels::Rule& rule = ten,
                        const std::string& key = {}, TimePoint now = start)
    {
        const auto published = table.publish(channel, of(data), rule, key, now);
        return published ? position(published->position) : word(published.error());
    }
    std::string subscribe(const std::string& channel, std::uint32_t worker = 0, const HomeChannels::Rule& rule = ten,
                          TimePoint now = start)
    {
        const auto subscribed = table.subscribe(channel, worker, rule, std::nullopt, {}, now);
        return subscribed ? position(subscribed->position) : word(subscribed.error());
    }
    std::string recover(const std::string& channel, const StreamPosition& since, TimePoint now = start)
    {
        const auto subscribed = table.subscribe(channel, 0, ten, since, {}, now);
        return !subscribed ? word(subscribed.error()) : subscribed->recovered ? listed(subscribed->publications) : "no";
    }
    std::string history(const std::string& channel, const HomeChannels::Rule& rule = ten, TimePoint now = start)
    {
        const auto page = table.history(channel, rule, {}, {}, now);
        return page ? listed(page->publications) : "refused";
    }
    std::vector<std::uint32_t> workers(const std::string& channel) const
    {
        const auto workers = table.workers(channel);
        return {workers.begin(), workers.end()};
    }
    static std::string position(const StreamPosition& position)
    {
        return std::to_string(position.offset) + ' ' + position.epoch;
    }
    static std::string word(ChannelRefusal refusal)
    {
        switch (refusal) {
        case ChannelRefusal::Channels:
            return "channels";
        case ChannelRefusal::HistoryMemory:
            return "history memory";
        case ChannelRefusal::Presence:
            return "presence";
        case ChannelRefusal::IdempotencyKey:
            break;
        }
        return "idempotency key";
    }

    HubBudget budget;
    int epochs = 0;
    HomeChannels table;
};

} // namespace

class HubChannelsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void workers_that_are_subscribed_are_told_each_once();
    void a_worker_that_missed_something_is_told_nothing_until_it_subscribes_anew();
    void a_channel_without_history_is_gone_with_its_last_subscriber();
    void publishing_without_history_makes_no_channel();
    void a_publication_is_in_history_before_it_is_acknowledged();
    void whoever_comes_back_gets_what_it_missed();
    void a_position_of_another_channel_does_not_recover();
    void an_epoch_is_never_used_again();
    void asking_for_the_history_of_nothing_makes_no_channel();
    void history_that_is_switched_off_goes_and_comes_again_under_another_epoch();
    void removed_history_keeps_the_position();

    void an_idempotency_key_is_answered_the_same_for_five_minutes();
    void idempotency_keys_of_two_channels_are_two();
    void an_idempotency_key_that_is_too_long_is_refused();
    void idempotency_keys_are_bounded_and_the_oldest_goes();
    void idempotency_keys_are_bounded_in_bytes();

    void publications_expire_without_being_asked_for();
    void a_position_that_nobody_uses_goes_after_a_day();
    void a_shorter_ttl_is_due_earlier();
    void expiry_takes_turns();
    void what_is_due_next_is_as_a_naive_search_has_it();

    void the_least_recently_used_history_goes_where_memory_is_out();
    void subscribers_stay_where_their_channels_history_goes();
    void a_channel_that_is_alone_gives_up_its_own_oldest();
    void a_publication_that_fits_nowhere_is_refused_and_costs_nobody_anything();
    void a_full_table_lets_positions_go_before_histories();
    void a_full_table_of_busy_channels_refuses();
    void smaller_limits_are_met_by_what_is_spare();

    void a_client_joins_and_leaves();
    void a_session_leaves_all_its_channels_and_no_other();
    void presence_has_a_cap_for_a_channel_and_for_the_gate();

    void one_table_never_starves_another();
    void a_pool_is_never_over_its_limit_from_many_threads();
    void a_pool_adds_up_whatever_its_limit();
    void one_peer_cannot_grow_the_table();
    void names_are_hashed_by_siphash_under_a_key();
};

void HubChannelsTest::workers_that_are_subscribed_are_told_each_once()
{
    Gate gate;
    for (const std::uint32_t worker : {3u, 0u, 200u, 3u})
        gate.subscribe("a", worker);
    const auto published = gate.table.publish("a", of("1"), ten, {}, start);
    QVERIFY(published.ok());
    QCOMPARE((std::vector<std::uint32_t>(published->workers.begin(), published->workers.end())),
             (std::vector<std::uint32_t>{0, 3, 200}));
    QCOMPARE(published->publication->data, "1");
    QCOMPARE(published->publication->offset, 1u);
    gate.table.unsubscribe("a", 3, start);
    gate.table.unsubscribe("a", 7, start); // never was
    QCOMPARE(gate.workers("a"), (std::vector<std::uint32_t>{0, 200}));
    QCOMPARE(gate.workers("b"), std::vector<std::uint32_t>{});
}

void HubChannelsTest::a_worker_that_missed_something_is_told_nothing_until_it_subscribes_anew()
{
    Gate gate;
    gate.subscribe("a", 1, off);
    gate.subscribe("a", 2, off);
    gate.table.lose("a", 1);
    gate.table.lose("a", 9);
    QCOMPARE(gate.workers("a"), (std::vector<std::uint32_t>{2}));
    gate.table.unsubscribe("a", 2, start);
    QCOMPARE(gate.table.size(), 1u); // worker 1 is still there
    gate.subscribe("a", 1, off);
    QCOMPARE(gate.workers("a"), (std::vector<std::uint32_t>{1}));
    gate.table.lose("a", 1);
    gate.table.unsubscribe("a", 1, start);
    QCOMPARE(gate.table.size(), 0u);
}

void HubChannelsTest::a_channel_without_history_is_gone_with_its_last_subscriber()
{
    Gate gate;
    QCOMPARE(gate.subscribe("a", 0, off), "0 ");
    QCOMPARE(gate.publish("a", "1", off), "0 ");
    QCOMPARE(gate.table.size(), 1u);
    gate.table.unsubscribe("a", 0, start);
    QCOMPARE(gate.table.size(), 0u);
    QCOMPARE(gate.epochs, 0);
    QVERIFY(!gate.table.nextDue());
}

void HubChannelsTest::publishing_without_history_makes_no_channel()
{
    Gate gate;
    QCOMPARE(gate.publish("a", "1", off), "0 ");
    QCOMPARE(gate.publish("a", "1", StreamRule{0, 1min}), "0 ");
    QCOMPARE(gate.publish("a", "1", StreamRule{10, 0ms}), "0 ");
    QCOMPARE(gate.table.size(), 0u);
}

void HubChannelsTest::a_publication_is_in_history_before_it_is_acknowledged()
{
    Gate gate;
    QCOMPARE(gate.publish("a", "x"), "1 epoch-1");
    QCOMPARE(gate.publish("a", "y"), "2 epoch-1");
    QCOMPARE(gate.publish("b", "z"), "1 epoch-2");
    QCOMPARE(gate.history("a"), "x y");
    QCOMPARE(gate.history("b"), "z");
}

void HubChannelsTest::whoever_comes_back_gets_what_it_missed()
{
    Gate gate;
    QCOMPARE(gate.subscribe("a"), "0 epoch-1");
    gate.publish("a", "1");
    gate.table.unsubscribe("a", 0, start);
    for (const char* data : {"2", "3", "4"})
        gate.publish("a", data);
    QCOMPARE(gate.recover("a", {1, "epoch-1"}), "2 3 4");
    QCOMPARE(gate.recover("a", {4, "epoch-1"}), "");
    QCOMPARE(gate.recover("a", {5, "epoch-1"}), "no");
    QCOMPARE(gate.recover("a", {std::numeric_limits<std::uint64_t>::max(), "epoch-1"}), "no");
    QCOMPARE(gate.recover("a", {4, ""}), "no");
}

void HubChannelsTest::a_position_of_another_channel_does_not_recover()
{
    Gate gate;
    gate.publish("a", "1");
    gate.publish("b", "1");
    QCOMPARE(gate.recover("b", {1, "epoch-1"}), "no");
    QCOMPARE(gate.recover("b", {0, "epoch-1"}), "no");
    QCOMPARE(gate.recover("c", {0, "epoch-1"}), "no"); // which is made by that
}

void HubChannelsTest::an_epoch_is_never_used_again()
{
    Gate gate;
    QCOMPARE(gate.publish("a", "1"), "1 epoch-1");
    QCOMPARE(gate.publish("a", "2", off), "0 "); // switched off
    QCOMPARE(gate.publish("a", "3"), "1 epoch-2");
    QCOMPARE(gate.recover("a", {1, "epoch-1"}), "no");
}

void HubChannelsTest::asking_for_the_history_of_nothing_makes_no_channel()
{
    Gate gate;
    const auto page = gate.table.history("a", ten, {}, {}, start);
    QVERIFY(page.ok());
    QCOMPARE(page->position, StreamPosition{});
    QVERIFY(page->publications.empty());
    HistoryQuery query;
    query.since = StreamPosition{1, "epoch-1"};
    QVERIFY(gate.table.history("a", ten, query, {}, start).error() == HistoryRefusal::UnrecoverablePosition);
    query.since = StreamPosition{};
    query.reverse = true;
    QVERIFY(gate.table.history("a", ten, query, {}, start).error() == HistoryRefusal::BadRequest);
    QVERIFY(gate.table.history("a", off, {}, {}, start).error() == HistoryRefusal::NotAvailable);
    gate.table.removeHistory("a", start);
    QVERIFY(!gate.table.presence("a"));
    QVERIFY(!gate.table.leave("a", "c1", start));
    gate.table.unsubscribe("a", 0, start);
    QCOMPARE(gate.table.size(), 0u);
    QCOMPARE(gate.epochs, 0);
}

void HubChannelsTest::history_that_is_switched_off_goes_and_comes_again_under_another_epoch()
{
    Gate gate;
    gate.subscribe("a");
    gate.publish("a", "1");
    QVERIFY(gate.table.historyBytes() > 0);
    QCOMPARE(gate.history("a", off), "refused");
    QCOMPARE(gate.table.historyBytes(), 0u);
    QCOMPARE(gate.workers("a"), (std::vector<std::uint32_t>{0}));
    QCOMPARE(gate.history("a"), "");
    QCOMPARE(gate.publish("a", "2"), "1 epoch-2"); // which asking began
    gate.publish("b", "1");
    QCOMPARE(gate.publish("b", "2", StreamRule{1, 1min}), "2 epoch-3");
    QCOMPARE(gate.history("b"), "2");
}

void HubChannelsTest::removed_history_keeps_the_position()
{
    Gate gate;
    gate.publish("a", "1");
    gate.table.removeHistory("a", start);
    QCOMPARE(gate.table.historyBytes(), 0u);
    QCOMPARE(gate.history("a"), "");
    QCOMPARE(gate.recover("a", {1, "epoch-1"}), "");
    QCOMPARE(gate.recover("a", {0, "epoch-1"}), "no");
    QCOMPARE(gate.publish("a", "2"), "2 epoch-1");
}

void HubChannelsTest::an_idempotency_key_is_answered_the_same_for_five_minutes()
{
    Gate gate;
    QCOMPARE(gate.publish("a", "1", ten, "key"), "1 epoch-1");
    QCOMPARE(gate.publish("a", "2"), "2 epoch-1");
    const auto again = gate.table.publish("a", of("1"), ten, "key", start + 299s);
    QVERIFY(again.ok() && !again->publication && again->workers.empty());
    QCOMPARE(again->position, (StreamPosition{1, "epoch-1"}));
    QCOMPARE(gate.history("a"), "1 2");
    QCOMPARE(gate.publish("a", "3", ten, "key", start + 300s), "3 epoch-1");
    QCOMPARE(gate.publish("a", "4", ten, "key", start + 300s), "3 epoch-1");
    QCOMPARE(gate.publish("b", "1", off, "key"), "0 "); // also without history
    QVERIFY(!gate.table.publish("b", of("1"), off, "key", start)->publication);
}

void HubChannelsTest::idempotency_keys_of_two_channels_are_two()
{
    Gate gate;
    QCOMPARE(gate.publish("a", "1", ten, "1:bc"), "1 epoch-1");
    QCOMPARE(gate.publish("b", "1", ten, "1:bc"), "1 epoch-2");
    QCOMPARE(gate.publish("ab", "1", ten, "c"), "1 epoch-3");
    QCOMPARE(gate.publish("abc", "1", ten, ""), "1 epoch-4");
    QCOMPARE(gate.publish("a", "1", ten, "bc"), "2 epoch-1");
}

void HubChannelsTest::an_idempotency_key_that_is_too_long_is_refused()
{
    Gate gate;
    QCOMPARE(gate.publish("a", "1", ten, std::string(255, 'k')), "1 epoch-1");
    QCOMPARE(gate.publish("a", "1", ten, std::string(256, 'k')), "idempotency key");
    QCOMPARE(gate.history("a"), "1");
}

void HubChannelsTest::idempotency_keys_are_bounded_and_the_oldest_goes()
{
    IdempotencyCache cache(hash);
    for (std::size_t i = 0; i < IdempotencyCache::maxEntries + 10; ++i)
        cache.remember("a", std::to_string(i), {i, "epoch"}, start);
    QCOMPARE(cache.size(), IdempotencyCache::maxEntries);
    QCOMPARE(cache.dropped(), 10u);
    QVERIFY(!cache.find("a", "9", start));
    QCOMPARE(cache.find("a", "10", start)->offset, 10u);
    QCOMPARE(cache.expire(start + 5min, 1000), 1000u);
    QCOMPARE(cache.expire(start + 5min, 1 << 20), IdempotencyCache::maxEntries - 1000);
    QCOMPARE(cache.bytes(), 0u);
    cache.remember("a", "1", {1, "epoch"}, start);
    cache.remember("a", "2", {2, "epoch"}, start + 1min);
    cache.remember("a", "1", {3, "epoch"}, start + 5min); // anew, since the first one is over
    QCOMPARE(cache.find("a", "1", start + 9min)->offset, 3u);
    QCOMPARE(cache.find("a", "2", start + 5min)->offset, 2u);
    QCOMPARE(cache.expire(start + 6min, 10), 1u);
    QCOMPARE(cache.dropped(), 10u);
}

void HubChannelsTest::idempotency_keys_are_bounded_in_bytes()
{
    IdempotencyCache cache(hash);
    for (int i = 0; i < 60000; ++i)
        cache.remember(std::string(255, 'a'), std::to_string(i) + std::string(240, 'k'), {}, start);
    QVERIFY(cache.size() < 60000);
    QVERIFY(cache.dropped() > 0);
    QVERIFY(cache.bytes() <= IdempotencyCache::maxBytes);
}

void HubChannelsTest::publications_expire_without_being_asked_for()
{
    Gate gate;
    gate.publish("a", "1");
    gate.publish("b", "1", ten, {}, start + 10s);
    QCOMPARE(*gate.table.nextDue(), start + 1min);
    QVERIFY(!gate.table.expire(start + 1min - 1ns));
    QCOMPARE(gate.table.counters(), HomeCounters{});
    const std::uint64_t both = gate.table.historyBytes();
    QVERIFY(!gate.table.expire(start + 1min));
    QCOMPARE(gate.table.historyBytes(), both / 2);
    QVERIFY(!gate.table.expire(start + 70s));
    QCOMPARE(gate.table.historyBytes(), 0u);
    QCOMPARE(gate.table.size(), 2u); // where they were is still known
    QCOMPARE(gate.recover("a", {1, "epoch-1"}, start + 2min), "");
    QCOMPARE(gate.recover("a", {0, "epoch-1"}, start + 2min), "no");
}

void HubChannelsTest::a_position_that_nobody_uses_goes_after_a_day()
{
    Gate gate;
    gate.publish("a", "1");
    gate.publish("b", "1");
    gate.subscribe("b");
    QVERIFY(!gate.table.expire(start + 23h));
    QCOMPARE(gate.table.size(), 2u);
    QVERIFY(!gate.table.expire(start + 24h));
    QCOMPARE(gate.table.size(), 1u); // b has a subscriber
    QVERIFY(!gate.table.nextDue());
    QCOMPARE(gate.publish("b", "2", ten, {}, start + 48h), "2 epoch-2");
    QCOMPARE(gate.publish("a", "2", ten, {}, start + 48h), "1 epoch-3");
    gate.table.unsubscribe("b", 0, start + 50h);
    for (int i = 0; i < 3; ++i)
        QVERIFY(!gate.table.expire(start + 80h));
    QCOMPARE(gate.table.size(), 0u);
    QVERIFY(!gate.table.nextDue());
}

void HubChannelsTest::a_shorter_ttl_is_due_earlier()
{
    Gate gate;
    gate.publish("a", "1", StreamRule{10, 1h});
    QCOMPARE(*gate.table.nextDue(), start + 1h);
    gate.publish("a", "2", StreamRule{10, 1s});
    QCOMPARE(*gate.table.nextDue(), start + 1s);
    QVERIFY(!gate.table.expire(start + 1s));
    QCOMPARE(gate.table.historyBytes(), 0u);
}

void HubChannelsTest::expiry_takes_turns()
{
    Gate gate({1000, 64 << 20, 0});
    for (int i = 0; i < 1000; ++i)
        for (int n = 0; n < 10; ++n)
            gate.publish("c" + std::to_string(i), "1");
    int turns = 1;
    while (gate.table.expire(start + 1min, 100))
        ++turns;
    QVERIFY(turns >= 100 && turns <= 120); // 1,000 channels of 10 publications
    QCOMPARE(gate.table.historyBytes(), 0u);
}

void HubChannelsTest::what_is_due_next_is_as_a_naive_search_has_it()
{
    struct Item {
        std::uint32_t duePlace = UINT32_MAX;
        std::optional<TimePoint> due;
    };
    std::mt19937 engine(7);
    const auto below = [&](unsigned limit) { return std::uniform_int_distribution<unsigned>(0, limit - 1)(engine); };
    DueOrder<Item> order;
    std::vector<Item> items(60);
    for (int step = 0; step < 20'000; ++step) {
        Item& item = items[below(60)];
        item.due = below(3) == 0 ? std::nullopt : std::optional(start + std::chrono::seconds(below(500)));
        order.set(item, item.due);
        QVERIFY(order.dueOf(item) == item.due);
        std::optional<TimePoint> next;
        std::size_t armed = 0;
        for (const Item& each : items) {
            armed += each.due.has_value();
            if (each.due && (!next || *each.due < *next))
                next = each.due;
        }
        QCOMPARE(order.size(), armed);
        QVERIFY(order.nextDue() == next);
        QVERIFY(!next || order.next().due == next);
    }
}

void HubChannelsTest::the_least_recently_used_history_goes_where_memory_is_out()
{
    Gate gate({1000, 40000, 0});
    const std::string large(10000, 'x');
    QCOMPARE(gate.publish("a", large), "1 epoch-1");
    QCOMPARE(gate.publish("b", large), "1 epoch-2");
    QCOMPARE(gate.publish("c", large), "1 epoch-3");
    QCOMPARE(gate.history("a"), large); // used
    QCOMPARE(gate.publish("d", large), "1 epoch-4");
    QCOMPARE(gate.history("b"), "");
    QCOMPARE(gate.history("a"), large);
    QCOMPARE(gate.history("c"), large);
    QCOMPARE(gate.history("d"), large);
    QCOMPARE(gate.table.counters().evictedHistories, 1u);
    QCOMPARE(gate.table.counters().evictedChannels, 1u);
    QCOMPARE(gate.publish("b", "1"), "1 epoch-5"); // comes again under another epoch
    QVERIFY(gate.table.historyBytes() <= 40000);
}

void HubChannelsTest::subscribers_stay_where_their_channels_history_goes()
{
    Gate gate({1000, 30000, 1000});
    const std::string large(10000, 'x');
    gate.subscribe("a", 3);
    gate.publish("a", large);
    gate.publish("b", large);
    gate.publish("c", large);
    QCOMPARE(gate.history("a"), "");
    QCOMPARE(gate.workers("a"), (std::vector<std::uint32_t>{3}));
    QCOMPARE(gate.recover("a", {1, "epoch-1"}), ""); // its subscribers missed nothing
    QCOMPARE(gate.recover("a", {0, "epoch-1"}), "no");
    QCOMPARE(gate.publish("a", "2"), "2 epoch-1");
    QCOMPARE(gate.table.counters().evictedHistories, 1u);
    QCOMPARE(gate.table.counters().evictedChannels, 0u);
}

void HubChannelsTest::a_channel_that_is_alone_gives_up_its_own_oldest()
{
    Gate gate({1000, 30000, 0});
    for (int i = 1; i <= 9; ++i)
        QCOMPARE(gate.publish("a", std::string(9000, 'x')), std::to_string(i) + " epoch-1");
    QCOMPARE(gate.history("a").size(), 3 * 9000u + 2);
    QCOMPARE(gate.recover("a", {6, "epoch-1"}).size(), 3 * 9000u + 2);
    QCOMPARE(gate.recover("a", {5, "epoch-1"}), "no");
    QCOMPARE(gate.table.counters().trimmedPublications, 6u);
    QVERIFY(gate.table.historyBytes() <= 30000);
}

void HubChannelsTest::a_publication_that_fits_nowhere_is_refused_and_costs_nobody_anything()
{
    Gate gate({1000, 30000, 0});
    gate.publish("a", "1");
    QCOMPARE(gate.publish("b", std::string(30000, 'x')), "history memory");
    QCOMPARE(gate.publish("a", std::string(30000, 'x')), "history memory");
    QCOMPARE(gate.history("a"), "1");
    QCOMPARE(gate.table.size(), 1u);
    QCOMPARE(gate.table.counters().refusedPublications, 2u);
    QCOMPARE(gate.table.counters().evictedHistories, 0u);
    QCOMPARE(gate.publish("a", "2"), "2 epoch-1"); // no offset was used up
}

void HubChannelsTest::a_full_table_lets_positions_go_before_histories()
{
    Gate gate({3, 30000, 0});
    gate.publish("history", "1");
    gate.subscribe("position");
    gate.table.unsubscribe("position", 0, start);
    gate.subscribe("busy");
    QCOMPARE(gate.publish("new", "1"), "1 epoch-4");
    QCOMPARE(gate.history("history"), "1");
    QCOMPARE(gate.table.counters().evictedChannels, 1u);
    QCOMPARE(gate.table.counters().evictedHistories, 0u);
    gate.subscribe("newer");
    QCOMPARE(gate.history("new"), ""); // the history that was used least recently
    QCOMPARE(gate.history("history"), "1");
    QCOMPARE(gate.workers("busy"), (std::vector<std::uint32_t>{0}));
    QCOMPARE(gate.table.size(), 3u);
    QCOMPARE(gate.table.counters().evictedHistories, 1u);
}

void HubChannelsTest::a_full_table_of_busy_channels_refuses()
{
    Gate gate({2, 30000, 10000});
    gate.subscribe("a", 0, off);
    QVERIFY(gate.table.join("b", client("c1"), start).ok());
    QCOMPARE(gate.subscribe("c"), "channels");
    QCOMPARE(gate.publish("c", "1"), "channels");
    QVERIFY(gate.table.join("c", client("c1"), start).error() == ChannelRefusal::Channels);
    QCOMPARE(gate.publish("c", "1", off), "0 "); // needs none
    QCOMPARE(gate.table.counters().refusedChannels, 3u);
    QCOMPARE(gate.table.size(), 2u);
    gate.table.unsubscribe("a", 0, start);
    QCOMPARE(gate.subscribe("c", 0, off), "0 ");
}

void HubChannelsTest::smaller_limits_are_met_by_what_is_spare()
{
    Gate gate({100, 1 << 20, 1 << 20});
    for (int i = 0; i < 50; ++i) {
        gate.publish("c" + std::to_string(i), std::string(1000, 'x'));
        if (i < 20)
            gate.subscribe("c" + std::to_string(i));
    }
    gate.budget.setLimits({30, 1 << 20, 1 << 20});
    QVERIFY(gate.table.expire(start, 3)); // in turns
    while (gate.table.expire(start, 3)) {
    }
    QCOMPARE(gate.table.size(), 30u);
    gate.budget.setLimits({30, 10000, 1 << 20});
    QVERIFY(gate.table.expire(start, 3));
    while (gate.table.expire(start, 3)) {
    }
    QVERIFY(gate.table.historyBytes() <= 10000);
    QVERIFY(gate.table.historyBytes() >= 8000); // no more than had to go
    for (int i = 0; i < 20; ++i)
        QCOMPARE(gate.workers("c" + std::to_string(i)).size(), 1u);
    gate.budget.setLimits({10, 10000, 1 << 20});
    (void)gate.table.expire(start);
    QCOMPARE(gate.table.size(), 20u); // the busy ones stay
    QCOMPARE(gate.subscribe("another"), "channels");
}

void HubChannelsTest::a_client_joins_and_leaves()
{
    Gate gate;
    QVERIFY(gate.table.join("a", client("c1"), start).value() == PresenceChange::Joined);
    QVERIFY(gate.table.join("a", client("c1", "ben"), start).value() == PresenceChange::Updated);
    QVERIFY(gate.table.join("a", client("c2"), start).value() == PresenceChange::Joined);
    QCOMPARE(gate.table.presence("a")->stats(), (PresenceStats{2, 2}));
    QCOMPARE(gate.table.leave("a", "c1", start)->user, "ben");
    QVERIFY(!gate.table.leave("a", "c1", start));
    QVERIFY(!gate.table.leave("b", "c2", start));
    QVERIFY(gate.table.leave("a", "c2", start));
    QVERIFY(!gate.table.presence("a"));
    QCOMPARE(gate.table.size(), 0u);
    QCOMPARE(gate.table.clients(), 0u);
    QCOMPARE(gate.table.presenceBytes(), 0u);
}

void HubChannelsTest::a_session_leaves_all_its_channels_and_no_other()
{
    Gate gate;
    for (int i = 0; i < 100; ++i)
        for (const char* id : {"c1", "c2"})
            QVERIFY(gate.table.join("a" + std::to_string(i), client(id), start).ok());
    QVERIFY(gate.table.join("only", client("c1"), start).ok());
    QVERIFY(gate.table.leave("a0", "c1", start));
    std::set<std::string> names;
    for (const auto& [name, info] : gate.table.leaveAll("c1", start)) {
        QCOMPARE(info->client, "c1");
        QVERIFY(names.insert(name).second);
    }
    QCOMPARE(names.size(), 100u);
    QVERIFY(!names.contains("a0") && names.contains("only"));
    QVERIFY(gate.table.leaveAll("c1", start).empty());
    QCOMPARE(gate.table.size(), 100u);
    for (int i = 0; i < 100; ++i)
        QCOMPARE(gate.table.presence("a" + std::to_string(i))->stats(), (PresenceStats{1, 1}));
    QCOMPARE(gate.table.leaveAll("c2", start).size(), 100u);
    QCOMPARE(gate.table.presenceBytes(), 0u);
    QCOMPARE(gate.table.size(), 0u);
}

void HubChannelsTest::presence_has_a_cap_for_a_channel_and_for_the_gate()
{
    Gate gate({1000, 0, 100000}, 3);
    for (const char* id : {"c1", "c2", "c3"})
        QVERIFY(gate.table.join("a", client(id), start).ok());
    const std::uint64_t three = gate.table.presenceBytes();
    QVERIFY(gate.table.join("a", client("c4"), start).error() == ChannelRefusal::Presence);
    QCOMPARE(gate.table.presenceBytes(), three);
    QVERIFY(gate.table.leaveAll("c4", start).empty());
    int more = 0;
    while (gate.table.join("b" + std::to_string(more), client("c1"), start).ok())
        ++more;
    QVERIFY(more > 100 && more < 1000);
    QVERIFY(gate.table.presenceBytes() <= 100000);
    QCOMPARE(gate.table.counters().refusedPresences, 2u);
    QCOMPARE(gate.table.size(), static_cast<std::size_t>(more) + 1); // the refused one left no channel
    QCOMPARE(gate.table.leaveAll("c1", start).size(), static_cast<std::size_t>(more) + 1);
    QVERIFY(gate.table.leave("a", "c2", start) && gate.table.leave("a", "c3", start));
    QCOMPARE(gate.table.presenceBytes(), 0u);
}

void HubChannelsTest::one_table_never_starves_another()
{
    HubBudget budget({100, 1 << 20, 0}, 4);
    int epochs = 0;
    const EpochSource source = [&] { return "epoch-" + std::to_string(++epochs); };
    HomeChannels greedy(budget, hash, source), other(budget, hash, source);
    int made = 0;
    while (greedy.subscribe("c" + std::to_string(made), 0, off, std::nullopt, {}, start).ok())
        ++made;
    QCOMPARE(made, 12 + 52); // its share of a half by four, and all that is left beside the shares
    for (int i = 0; i < 2000; ++i)
        QVERIFY(
            greedy.publish("c" + std::to_string(i % made), of(std::string(1000, 'x')), StreamRule{100, 1h}, {}, start)
                .ok());
    QVERIFY(greedy.historyBytes() > 600 << 10);
    for (int i = 0; i < 12; ++i)
        QVERIFY(other.subscribe("o" + std::to_string(i), 0, off, std::nullopt, {}, start).ok());
    QVERIFY(!other.subscribe("o12", 0, off, std::nullopt, {}, start).ok());
    QVERIFY(other.publish("o1", of(std::string(100 << 10, 'x')), ten, {}, start).ok());
    QVERIFY(greedy.historyBytes() + other.historyBytes() <= 1 << 20);
}

void HubChannelsTest::a_pool_is_never_over_its_limit_from_many_threads()
{
    BudgetPool pool(1003, 4);
    std::atomic<std::uint64_t> inside{0}, most{0};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            BudgetAccount account(pool);
            for (std::uint64_t n = 0; n < 20000; ++n) {
                const std::uint64_t amount = 1 + (n * 7 + i) % 300;
                if (!account.reserve(amount))
                    continue;
                const std::uint64_t now = inside.fetch_add(amount) + amount;
                for (std::uint64_t seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                }
                inside -= amount;
                account.release(amount);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    QVERIFY(most <= 1003);
    BudgetAccount all(pool);
    QCOMPARE(all.most(), 1003u - 3 * 125u); // nothing is left behind
    QVERIFY(all.reserve(all.most()));
    QVERIFY(!all.reserve(1));
}

void HubChannelsTest::a_pool_adds_up_whatever_its_limit()
{
    for (const std::uint64_t limit : {0u, 1u, 7u, 8u, 1000u}) {
        BudgetPool pool(limit, 4);
        BudgetAccount a(pool), b(pool);
        std::uint64_t taken = 0;
        while (a.reserve(1))
            ++taken;
        QCOMPARE(a.used(), taken);
        QCOMPARE(a.most(), taken);
        while (b.reserve(1))
            ++taken;
        QVERIFY(taken <= limit);
        QVERIFY(!a.reserve(std::numeric_limits<std::uint64_t>::max()));
        QVERIFY(!a.over() && !b.over());
        pool.setLimit(limit / 2);
        QCOMPARE(a.over(), limit > 0);
        while (a.over() || b.over())
            (a.over() ? a : b).release(1);
        QVERIFY(a.used() + b.used() <= limit / 2);
        pool.setLimit(limit);
        while (b.reserve(1)) {
        }
        QVERIFY(a.used() + b.used() <= limit);
        a.release(a.used());
        b.release(b.used());
        QCOMPARE(a.most(), b.most());
    }
}

void HubChannelsTest::one_peer_cannot_grow_the_table()
{
    Gate gate({1000, 1 << 20, 0});
    gate.subscribe("busy", 5);
    for (int i = 0; i < 200'000; ++i) {
        const std::string name = 'c' + std::to_string(i);
        if (i % 2 == 0) {
            gate.subscribe(name);
            gate.table.unsubscribe(name, 0, start);
        } else {
            gate.publish(name, "1", StreamRule{10, std::chrono::milliseconds::max()}); // never over by time
        }
    }
    QCOMPARE(gate.table.size(), 1000u);
    QVERIFY(gate.table.historyBytes() <= 1 << 20);
    QCOMPARE(gate.workers("busy"), (std::vector<std::uint32_t>{5}));
    QCOMPARE(gate.table.counters().evictedChannels, 200'001u - 1000u);
}

void HubChannelsTest::names_are_hashed_by_siphash_under_a_key()
{
    SipHash known(0x0706050403020100U, 0x0f0e0d0c0b0a0908U); // the vector of the paper's appendix A
    known.add(std::uint64_t{0x0706050403020100U});
    known.add(std::uint64_t{0x0f0e0d0c0b0a0908U});
    QCOMPARE(known.finish(), 0xa129ca6149be45e5U);
    const NameHash other{{1, 3}};
    QVERIFY(hash("news") == hash(std::string("news")));
    QVERIFY(hash("news") != other("news"));
    QVERIFY(hash("a") != hash(std::string_view("a\0", 2)));
}

QTEST_GUILESS_MAIN(HubChannelsTest)
#include "hubchannelstest.moc"
