// SPDX-License-Identifier: GPL-3.0-or-later
// What a channel costs at its home: a publication, a recovery, and the memory of one that holds nothing. One thread, no
// I/O; medians of several rounds.
#include "hub/homechannels.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <malloc.h>
#include <string>
#include <vector>

using namespace gatehouse;
using namespace std::chrono_literals;

namespace {

constexpr int rounds = 15;
constexpr NameHash nameHash{{0x1234, 0x5678}};
constexpr HubLimits limits{1 << 20, std::uint64_t{1} << 30, std::uint64_t{1} << 30};

std::string epoch()
{
    static std::uint64_t last = 0;
    return "e" + std::to_string(10'000'000 + ++last);
}

template <class Work> double nanoseconds(std::size_t count, Work work)
{
    std::vector<double> each;
    for (int round = 0; round < rounds; ++round) {
        const auto begin = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < count; ++i)
            work(i);
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
        each.push_back(took.count() / static_cast<double>(count));
    }
    std::nth_element(each.begin(), each.begin() + rounds / 2, each.end());
    return each[rounds / 2];
}

std::vector<std::string> namesOf(std::size_t count)
{
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i)
        names.push_back("news.region." + std::to_string(i) + ".headlines");
    return names;
}

Publication publication(std::size_t size)
{
    Publication result;
    result.data.assign(size, 'x');
    result.info = ClientInfo{"2f1cf2b2-6b53-4f1e-9d2f-3b1f0c9a7e11", "ann", {}, {}};
    return result;
}

void measurePublish(const char* what, std::size_t channels, const HomeChannels::Rule& rule, std::uint64_t historyBytes)
{
    HubBudget budget({limits.channels, historyBytes, limits.presenceBytes}, 2);
    HomeChannels table(budget, nameHash, epoch);
    const auto names = namesOf(channels);
    const TimePoint now{1h};
    std::uint64_t refused = 0;
    const auto publish = [&](std::size_t i) {
        refused += !table.publish(names[i % channels], publication(128), rule, {}, now).ok();
    };
    for (const std::string& name : names)
        refused += !table.subscribe(name, 0, rule, std::nullopt, {}, now).ok();
    for (std::size_t i = 0; i < 100 * channels; ++i) // every ring is full
        publish(i);
    const double ns = nanoseconds(100'000, publish);
    std::printf("%-52s %8.0f ns   refused %llu, evicted %llu\n", what, ns, static_cast<unsigned long long>(refused),
                static_cast<unsigned long long>(table.counters().evictedHistories));
}

void measureRecovery()
{
    HubBudget budget(limits, 2);
    HomeChannels table(budget, nameHash, epoch);
    const TimePoint now{1h};
    const StreamRule rule{100, 5min};
    StreamPosition since;
    for (int i = 0; i < 100; ++i)
        if (const auto published = table.publish("news", publication(128), rule, {}, now); published && i == 49)
            since = published->position;
    std::uint64_t recovered = 0;
    const double ns = nanoseconds(20'000, [&](std::size_t) {
        recovered += table.subscribe("news", 0, rule, since, {}, now)->publications.size();
    });
    std::printf("%-52s %8.0f ns   %llu each\n", "recovery of 50 of 100", ns,
                static_cast<unsigned long long>(recovered / 20'000 / rounds));
}

template <class Make> void measureMemory(const char* what, Make make)
{
    constexpr std::size_t count = 100'000;
    const auto names = namesOf(count);
    HubBudget budget(limits, 2);
    malloc_trim(0);
    const auto before = mallinfo2().uordblks + mallinfo2().hblkhd;
    HomeChannels table(budget, nameHash, epoch);
    for (const std::string& name : names)
        make(table, name);
    const auto behind = mallinfo2().uordblks + mallinfo2().hblkhd;
    std::printf("%-52s %8.0f bytes   of which counted %llu\n", what,
                static_cast<double>(behind - before) / static_cast<double>(count),
                static_cast<unsigned long long>((table.historyBytes() + table.presenceBytes()) / count));
}

} // namespace

int main()
{
    const TimePoint now{1h};
    const HomeChannels::Rule rule = StreamRule{100, 5min};
    measurePublish("publish, 1 channel, no history", 1, {}, limits.historyBytes);
    measurePublish("publish, 1 channel, history 100", 1, rule, limits.historyBytes);
    measurePublish("publish, 1,000 channels, history 100", 1000, rule, limits.historyBytes);
    measurePublish("publish, 1,000 channels, memory for a tenth of it", 1000, rule, 4 << 20);
    measureRecovery();
    measureMemory("channel with a subscriber, no history", [&](HomeChannels& table, const std::string& name) {
        (void)table.subscribe(name, 0, {}, std::nullopt, {}, now);
    });
    measureMemory("channel with a subscriber, empty history", [&](HomeChannels& table, const std::string& name) {
        (void)table.subscribe(name, 0, rule, std::nullopt, {}, now);
    });
    measureMemory("channel with a position alone", [&](HomeChannels& table, const std::string& name) {
        (void)table.subscribe(name, 0, rule, std::nullopt, {}, now);
        table.unsubscribe(name, 0, now);
    });
    measureMemory("channel with one publication of 128 bytes", [&](HomeChannels& table, const std::string& name) {
        (void)table.publish(name, publication(128), rule, {}, now);
    });
    measureMemory("channel with ten publications of 128 bytes", [&](HomeChannels& table, const std::string& name) {
        for (int i = 0; i < 10; ++i)
            (void)table.publish(name, publication(128), rule, {}, now);
    });
    measureMemory("channel with one client in its presence", [&](HomeChannels& table, const std::string& name) {
        (void)table.join(name, std::make_shared<const ClientInfo>(*publication(0).info), now);
    });
}
