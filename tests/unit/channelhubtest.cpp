// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/channelhub.h"

#include <QTest>

#include <algorithm>
#include <deque>
#include <map>
#include <random>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

class Workers;

/// The bus of one worker: what it sends lies in the other's queue until the test moves it.
class Bus final : public WorkerBus {
public:
    Bus(Workers& all, std::uint32_t self)
        : m_all(all)
        , m_self(self)
    {
    }
    [[nodiscard]] std::uint32_t self() const override { return m_self; }
    [[nodiscard]] std::uint32_t workers() const override;
    [[nodiscard]] bool send(std::uint32_t worker, BusItem item, bool force) override;

private:
    Workers& m_all;
    std::uint32_t m_self;
};

class Workers {
public:
    explicit Workers(std::uint32_t count, const HubLimits& limits = {}, std::size_t room = 1000)
        : m_budget(limits, count)
        , m_room(room)
    {
        m_queues.resize(count);
        for (std::uint32_t i = 0; i < count; ++i)
            m_buses.push_back(std::make_unique<Bus>(*this, i));
        for (std::uint32_t i = 0; i < count; ++i)
            m_hubs.push_back(std::make_unique<ChannelHub>(*m_buses[i], 0, m_budget, NameHash{{1, 2}},
                                                          [this] { return "epoch" + std::to_string(++m_epochs); }));
    }
    [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(m_hubs.size()); }
    [[nodiscard]] ChannelHub& hub(std::uint32_t worker) { return *m_hubs[worker]; }
    [[nodiscard]] ChannelHub& home(const std::string& channel) { return hub(m_hubs[0]->homeOf(channel)); }
    bool push(std::uint32_t worker, BusItem item, bool force)
    {
        if (!force && m_queues[worker].size() >= m_room)
            return false;
        m_queues[worker].push_back(std::move(item));
        return true;
    }
    /// One item of one worker's queue; false where it is empty.
    bool move(std::uint32_t worker)
    {
        if (m_queues[worker].empty())
            return false;
        BusItem item = std::move(m_queues[worker].front());
        m_queues[worker].pop_front();
        m_hubs[worker]->received(std::move(item), now);
        return true;
    }
    void settle()
    {
        for (bool moved = true; moved;) {
            moved = false;
            for (std::uint32_t i = 0; i < size(); ++i)
                while (move(i))
                    moved = true;
        }
    }

    TimePoint now{1h};

private:
    HubBudget m_budget;
    std::size_t m_room;
    std::uint64_t m_epochs = 0;
    std::vector<std::unique_ptr<Bus>> m_buses;
    std::vector<std::deque<BusItem>> m_queues;
    std::vector<std::unique_ptr<ChannelHub>> m_hubs;
};

std::uint32_t Bus::workers() const
{
    return m_all.size();
}

bool Bus::send(std::uint32_t worker, BusItem item, bool force)
{
    return m_all.push(worker, std::move(item), force);
}

class Hearer final : public ChannelSubscriber {
public:
    void told(const ChannelNews& news) override
    {
        switch (news.kind()) {
        case ChannelNews::Kind::Published:
            got.push_back(news.publication()->data);
            position = news.position();
            break;
        case ChannelNews::Kind::Joined:
            met.push_back("+" + news.who()->user);
            break;
        case ChannelNews::Kind::Left:
            met.push_back("-" + news.who()->user);
            break;
        }
    }
    void lost() override
    {
        ++losses;
        on = false;
    }

    std::vector<std::string> got;
    std::vector<std::string> met;
    StreamPosition position;
    std::optional<HubRefusal> refused;
    int losses = 0;
    bool on = false;
};

constexpr StreamRule remembers{1000, std::chrono::hours(1)};

ChannelEntry entryOf(const std::string& user)
{
    return {std::make_shared<const ClientInfo>(ClientInfo{user + "-client", user, {}, {}}), true, true};
}

/// What it missed since comes first.
std::shared_ptr<Hearer> listen(Workers& workers, std::uint32_t worker, const std::string& channel,
                               const HomeChannels::Rule& rule, const ChannelEntry& entry = {},
                               const std::optional<StreamPosition>& since = std::nullopt)
{
    auto listener = std::make_shared<Hearer>();
    SubscribeAsk ask;
    ask.rule = rule;
    ask.entry = entry;
    ask.since = since;
    workers.hub(worker).subscribe(channel, listener, std::move(ask), workers.now,
                                  [weak = std::weak_ptr(listener)](const Result<Recovery, HubRefusal>& answer) {
                                      const auto of = weak.lock();
                                      if (!answer) {
                                          of->refused = answer.error();
                                          return;
                                      }
                                      of->on = true;
                                      of->position = answer->position;
                                      for (const SharedPublication& publication : answer->publications)
                                          of->got.push_back(publication->data);
                                  });
    return listener;
}

void publish(Workers& workers, std::uint32_t worker, const std::string& channel, const std::string& data,
             const HomeChannels::Rule& rule, const ChannelHub::Answered<StreamPosition>& answered = {})
{
    PublishAsk ask;
    ask.publication.data = data;
    ask.rule = rule;
    workers.hub(worker).publish(channel, std::move(ask), workers.now, answered);
}

/// Nothing is known anywhere of any subscriber.
bool empty(Workers& workers)
{
    for (std::uint32_t i = 0; i < workers.size(); ++i) {
        const auto channels = workers.hub(i).channels();
        const bool idle = std::all_of(channels.begin(), channels.end(), [](const ChannelFigures& channel) {
            return channel.workers == 0 && channel.clients == 0;
        });
        if (!idle || workers.hub(i).subscriptions() != 0)
            return false;
    }
    return true;
}

} // namespace

class ChannelHubTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void an_answer_stands_between_what_was_before_and_what_comes();
    void who_left_before_the_answer_was_never_there();
    void joins_and_leaves_are_told_behind_the_answer();
    void a_full_presence_subscribes_nobody();
    void a_full_queue_at_the_home_is_said_at_once();
    void a_worker_that_misses_something_loses_the_channel_and_comes_back();
    void an_idempotency_key_publishes_once();
    void history_and_presence_are_asked_of_the_home();
    void whatever_happens_nobody_misses_anything_in_silence_data();
    void whatever_happens_nobody_misses_anything_in_silence();
};

void ChannelHubTest::an_answer_stands_between_what_was_before_and_what_comes()
{
    Workers workers(3);
    const std::string channel = "news";
    for (std::uint32_t worker = 0; worker < 3; ++worker)
        publish(workers, worker, channel, "before" + std::to_string(worker), remembers);
    workers.settle();
    std::vector<std::shared_ptr<Hearer>> all;
    for (std::uint32_t worker = 0; worker < 3; ++worker)
        all.push_back(listen(workers, worker, channel, remembers));
    workers.settle();
    publish(workers, 1, channel, "after", remembers);
    workers.settle();
    for (const auto& listener : all) {
        QCOMPARE(listener->got, std::vector<std::string>{"after"});
        QCOMPARE(listener->position.offset, 4u);
    }
    const auto late = listen(workers, 2, channel, remembers, {}, StreamPosition{1, all[0]->position.epoch});
    workers.settle();
    QCOMPARE(late->got.size(), std::size_t{3});
    for (std::uint32_t worker = 0; worker < 3; ++worker)
        workers.hub(worker).unsubscribe(channel, *all[worker], {}, workers.now);
    workers.hub(2).unsubscribe(channel, *late, {}, workers.now);
    workers.settle();
    QVERIFY(empty(workers));
}

void ChannelHubTest::who_left_before_the_answer_was_never_there()
{
    Workers workers(2);
    const std::string channel = workers.hub(0).homeOf("a") == 0 ? "a" : "b";
    const std::uint32_t away = 1 - workers.hub(0).homeOf(channel);
    const auto watcher = listen(workers, 1 - away, channel, {}, entryOf("watcher"));
    auto gone = listen(workers, away, channel, {}, entryOf("gone"));
    gone.reset();
    workers.settle();
    QCOMPARE(watcher->met, (std::vector<std::string>{"+watcher", "+gone", "-gone"}));
    workers.hub(1 - away).unsubscribe(channel, *watcher, entryOf("watcher"), workers.now);
    workers.settle();
    QVERIFY(empty(workers));
}

void ChannelHubTest::joins_and_leaves_are_told_behind_the_answer()
{
    Workers workers(2);
    const auto first = listen(workers, 0, "room", {}, entryOf("first"));
    workers.settle();
    const auto second = listen(workers, 1, "room", {}, entryOf("second"));
    workers.settle();
    workers.hub(1).unsubscribe("room", *second, entryOf("second"), workers.now);
    workers.settle();
    QCOMPARE(first->met, (std::vector<std::string>{"+first", "+second", "-second"}));
    QCOMPARE(second->met, (std::vector<std::string>{"+second"}));
}

void ChannelHubTest::a_full_presence_subscribes_nobody()
{
    HubLimits limits;
    limits.presenceBytes = 1;
    Workers workers(2, limits);
    const auto listener = listen(workers, 1, "room", {}, entryOf("ann"));
    workers.settle();
    QVERIFY(listener->refused == HubRefusal::Presence);
    QVERIFY(empty(workers));
}

void ChannelHubTest::a_full_queue_at_the_home_is_said_at_once()
{
    Workers workers(2, {}, 0);
    const std::uint32_t away = 1 - workers.hub(0).homeOf("room");
    std::optional<HubRefusal> why;
    publish(workers, away, "room", "1", {}, [&](const auto& answer) { why = answer.error(); });
    QVERIFY(why == HubRefusal::Busy);
    QVERIFY(listen(workers, away, "room", {})->refused == HubRefusal::Busy);
    workers.settle();
    QVERIFY(empty(workers));
}

void ChannelHubTest::a_worker_that_misses_something_loses_the_channel_and_comes_back()
{
    Workers workers(2, {}, 4);
    const std::uint32_t home = workers.hub(0).homeOf("news");
    const std::uint32_t away = 1 - home;
    const auto near = listen(workers, home, "news", remembers);
    const auto far = listen(workers, away, "news", remembers);
    workers.settle();
    for (int i = 0; i < 10; ++i)
        publish(workers, home, "news", std::to_string(i), remembers);
    workers.settle();
    QCOMPARE(near->got.size(), std::size_t{10});
    QCOMPARE(far->losses, 1);
    QVERIFY(far->got.size() < 10);
    const auto back = listen(workers, away, "news", remembers, {}, far->position);
    workers.settle();
    QCOMPARE(far->got.size() + back->got.size(), std::size_t{10});
    QCOMPARE(back->got.back(), std::string("9"));
    publish(workers, home, "news", "10", remembers);
    workers.settle();
    QCOMPARE(back->got.back(), std::string("10"));
}

void ChannelHubTest::an_idempotency_key_publishes_once()
{
    Workers workers(2);
    const auto listener = listen(workers, 0, "news", remembers);
    workers.settle();
    std::vector<std::uint64_t> offsets;
    for (int i = 0; i < 3; ++i) {
        PublishAsk ask;
        ask.publication.data = "1";
        ask.rule = remembers;
        ask.idempotencyKey = "once";
        workers.hub(static_cast<std::uint32_t>(i) % 2)
            .publish("news", std::move(ask), workers.now,
                     [&](const auto& answer) { offsets.push_back(answer->offset); });
        workers.settle();
    }
    QCOMPARE(offsets, (std::vector<std::uint64_t>{1, 1, 1}));
    QCOMPARE(listener->got.size(), std::size_t{1});
}

void ChannelHubTest::history_and_presence_are_asked_of_the_home()
{
    Workers workers(2);
    for (std::uint32_t worker = 0; worker < 2; ++worker) {
        publish(workers, worker, "news", std::to_string(worker), remembers);
        (void)listen(workers, worker, "unused", {});
    }
    const auto ann = listen(workers, 0, "news", remembers, entryOf("ann"));
    workers.settle();
    for (std::uint32_t worker = 0; worker < 2; ++worker) {
        std::size_t publications = 0, clients = 0, counted = 0;
        bool refused = false;
        workers.hub(worker).history("news", {remembers, {}, {}}, workers.now,
                                    [&](const auto& page) { publications = page->publications.size(); });
        workers.hub(worker).history("other", {{}, {}, {}}, workers.now, [&](const auto& page) {
            refused = !page && page.error() == HubRefusal::NotAvailable;
        });
        workers.hub(worker).presence("news", false, workers.now,
                                     [&](const auto& list) { clients = list->clients.size(); });
        workers.hub(worker).presence("news", true, workers.now, [&](const auto& list) {
            counted = list->clients.empty() ? list->stats.clients : 0;
        });
        workers.settle();
        QCOMPARE(publications, std::size_t{2});
        QVERIFY(refused);
        QCOMPARE(clients, std::size_t{1});
        QCOMPARE(counted, std::size_t{1});
    }
    bool removed = false;
    workers.hub(1).removeHistory("news", workers.now, [&](const auto& done) { removed = done.ok(); });
    workers.settle();
    QVERIFY(removed);
    workers.home("news").history("news", {remembers, {}, {}}, workers.now, [](const auto& page) {
        QVERIFY(page->publications.empty());
        QCOMPARE(page->position.offset, 2u);
    });
}

void ChannelHubTest::whatever_happens_nobody_misses_anything_in_silence_data()
{
    QTest::addColumn<unsigned>("workers");
    QTest::addColumn<unsigned>("room");
    QTest::addColumn<unsigned>("seed");
    for (const unsigned workers : {1U, 2U, 4U})
        for (const unsigned room : {3U, 12U, 1000U})
            for (unsigned seed = 1; seed <= 10; ++seed)
                QTest::addRow("%u workers, room for %u, seed %u", workers, room, seed) << workers << room << seed;
}

/// Each listener is told an unbroken piece of the channel's one order, from its answer to its end; who is lost recovers
/// the rest.
void ChannelHubTest::whatever_happens_nobody_misses_anything_in_silence()
{
    QFETCH(const unsigned, workers);
    QFETCH(const unsigned, room);
    QFETCH(const unsigned, seed);
    std::mt19937 random(seed);
    const auto draw = [&](std::size_t below) {
        return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
    };
    Workers gate(workers, {}, room);
    struct One {
        std::uint32_t worker = 0;
        std::string channel;
        std::shared_ptr<Hearer> listener;
    };
    const std::vector<std::string> channels{"a", "b", "c"};
    std::map<std::string, std::shared_ptr<Hearer>> whole; // at the home itself, which never loses
    for (const std::string& channel : channels)
        whole[channel] = listen(gate, gate.hub(0).homeOf(channel), channel, remembers);
    gate.settle();
    std::vector<One> open, over;
    int published = 0;
    const auto end = [&](std::size_t at) {
        One one = open[at];
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
        if (!one.listener->on && one.listener->losses == 0)
            return; // whose answer is on its way: it goes before that
        if (one.listener->on)
            gate.hub(one.worker).unsubscribe(one.channel, *one.listener, {}, gate.now);
        one.listener->on = false;
        over.push_back(one);
    };
    for (int step = 0; step < 1500; ++step) {
        const auto worker = static_cast<std::uint32_t>(draw(workers));
        const std::string& channel = channels[draw(channels.size())];
        switch (draw(10)) {
        case 0: {
            // Some come back where one was lost, and go on from there.
            const auto lost =
                std::find_if(open.begin(), open.end(), [](const One& one) { return one.listener->losses > 0; });
            if (lost == open.end()) {
                open.push_back({worker, channel, listen(gate, worker, channel, remembers)});
                break;
            }
            auto back = listen(gate, lost->worker, lost->channel, remembers, {}, lost->listener->position);
            back->got.insert(back->got.begin(), lost->listener->got.begin(), lost->listener->got.end());
            lost->listener = back;
            break;
        }
        case 1:
            if (!open.empty())
                end(draw(open.size()));
            break;
        case 2:
        case 3:
        case 4:
            publish(gate, worker, channel, std::to_string(++published), remembers);
            break;
        default:
            (void)gate.move(worker);
        }
    }
    gate.settle();
    const auto unbroken = [&](const One& one) {
        const auto& all = whole[one.channel]->got;
        const auto& got = one.listener->got;
        if (got.empty())
            return true;
        const auto first = std::find(all.begin(), all.end(), got.front());
        return all.end() - first >= static_cast<std::ptrdiff_t>(got.size()) &&
               std::equal(got.begin(), got.end(), first);
    };
    for (const One& one : over)
        QVERIFY(unbroken(one));
    for (const One& one : open) {
        QVERIFY(unbroken(one));
        if (one.listener->on && !one.listener->got.empty())
            QCOMPARE(one.listener->got.back(), whole[one.channel]->got.back());
    }
    while (!open.empty())
        end(open.size() - 1);
    for (const std::string& channel : channels)
        gate.home(channel).unsubscribe(channel, *whole[channel], {}, gate.now);
    gate.settle();
    QVERIFY(empty(gate));
}

QTEST_GUILESS_MAIN(ChannelHubTest)
#include "channelhubtest.moc"
