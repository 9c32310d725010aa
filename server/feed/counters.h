// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/reason.h"

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace gatehouse {

/// A number that one thread raises and any thread reads; no read-modify-write on the writer's side.
class Counter {
public:
    void add(std::uint64_t by = 1)
    {
        m_value.store(m_value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t by) { add(0 - by); }
    [[nodiscard]] std::uint64_t value() const { return m_value.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> m_value{0};
};

/// One count for each reason.
using ReasonCounters = std::array<Counter, reasonCount>;

/// Durations in microseconds, four buckets an octave, so that a quantile is right to within a quarter.
class LatencyHistogram {
public:
    static constexpr std::size_t buckets = 128;

    void add(std::uint64_t microseconds) { m_counts[bucketOf(microseconds)].add(); }
    [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return m_counts[bucket].value(); }

    [[nodiscard]] static constexpr std::size_t bucketOf(std::uint64_t value)
    {
        if (value < 4)
            return static_cast<std::size_t>(value);
        const auto octave = static_cast<std::size_t>(std::bit_width(value)) - 1;
        const std::size_t bucket = (octave - 1) * 4 + ((value >> (octave - 2)) & 3U);
        return bucket < buckets ? bucket : buckets - 1;
    }
    /// The largest value of a bucket.
    [[nodiscard]] static constexpr std::uint64_t upperBound(std::size_t bucket)
    {
        if (bucket < 4)
            return bucket;
        const std::size_t octave = bucket / 4 + 1;
        return ((4ULL + bucket % 4 + 1) << (octave - 2)) - 1;
    }

private:
    std::array<Counter, buckets> m_counts;
};

} // namespace gatehouse
