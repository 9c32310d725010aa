// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/counters.h"
#include "feed/figures.h"

#include <array>
#include <chrono>
#include <cstdint>

namespace gatehouse {

/// Durations in buckets that are known when it is compiled. One thread adds, any thread reads: neither waits, and
/// nothing is allocated by adding.
template <const auto& Bounds> class DurationHistogram {
public:
    static constexpr std::size_t buckets = Bounds.size() + 1;

    /// What took no time at all, or less, is in the first bucket.
    void add(std::chrono::nanoseconds duration, std::uint64_t times = 1)
    {
        m_counts[bucketOf(duration)].add(times);
        if (duration.count() > 0)
            m_nanoseconds.add(static_cast<std::uint64_t>(duration.count()) * times);
    }
    [[nodiscard]] static constexpr std::size_t bucketOf(std::chrono::nanoseconds duration)
    {
        std::size_t bucket = 0;
        while (bucket < Bounds.size() && duration > Bounds[bucket])
            ++bucket;
        return bucket;
    }

    /// Adds what is in it to `total`, which is of the same bounds or fresh.
    void addTo(Histogram& total) const
    {
        if (total.counts.empty()) {
            for (const std::chrono::nanoseconds bound : Bounds)
                total.bounds.push_back(std::chrono::duration<double>(bound).count());
            total.counts.resize(buckets);
        }
        for (std::size_t i = 0; i < buckets; ++i)
            total.counts[i] += m_counts[i].value();
        total.sum += static_cast<double>(m_nanoseconds.value()) / 1e9;
    }

private:
    std::array<Counter, buckets> m_counts;
    Counter m_nanoseconds; ///< 584 years of them
};

namespace bounds {

using namespace std::chrono_literals;

/// From a loop turn with nothing to do to one that nobody should ever wait for.
inline constexpr std::array<std::chrono::nanoseconds, 14> loop{50us, 100us, 250us, 500us, 1ms,   2500us, 5ms,
                                                               10ms, 25ms,  50ms,  100ms, 250ms, 500ms,  1s};
/// From a client in the same building to the longest time that policies commonly allow.
inline constexpr std::array<std::chrono::nanoseconds, 13> handshake{1ms,   2500us, 5ms,    10ms,   25ms, 50ms, 100ms,
                                                                    250ms, 500ms,  1000ms, 2500ms, 5s,   10s};

} // namespace bounds

using LoopHistogram = DurationHistogram<bounds::loop>;
using HandshakeHistogram = DurationHistogram<bounds::handshake>;

} // namespace gatehouse
