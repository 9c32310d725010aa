// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/ratebucket.h"

#include <algorithm>
#include <limits>

namespace gatehouse {

namespace {

// Sixteenths of a nanosecond: a rate of 300 million a second is kept to about 1 %, and 63 bits still hold eighteen
// years of the steady clock.
constexpr std::uint64_t unitsPerNanosecond = 16;
constexpr std::uint64_t furthest = std::uint64_t{1} << 61; // 4.5 years: what saturates stays clear of overflow

std::uint64_t saturatedProduct(std::uint64_t a, std::uint64_t b)
{
    std::uint64_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? furthest : std::min(product, furthest);
}

/// The time that one token takes, rounded up so that never more than the rate comes through; `burst` of them are the
/// depth of the bucket, so that a full one holds exactly `burst`.
std::uint64_t tokenTime(const Rate& rate)
{
    const auto per = static_cast<std::uint64_t>(std::max<std::int64_t>(rate.per.count(), 1));
    const std::uint64_t period = saturatedProduct(per, unitsPerNanosecond);
    return std::max<std::uint64_t>((period - 1) / std::max<std::uint64_t>(rate.count, 1) + 1, 1);
}

std::int64_t cost(const Rate& rate, std::uint64_t amount)
{
    return static_cast<std::int64_t>(saturatedProduct(tokenTime(rate), amount));
}

/// `value` · `to` / `from`, rounded up so that nothing is gained; saturates.
std::int64_t scaled(std::int64_t value, std::int64_t to, std::int64_t from)
{
    __extension__ using Wide = __int128;
    const Wide result = (static_cast<Wide>(value) * to + from - 1) / from;
    return static_cast<std::int64_t>(std::min<Wide>(result, static_cast<Wide>(furthest)));
}

std::int64_t units(TimePoint now)
{
    constexpr auto scale = static_cast<std::int64_t>(unitsPerNanosecond);
    const auto latest = std::chrono::nanoseconds(static_cast<std::int64_t>(furthest) / scale);
    return std::min(std::chrono::nanoseconds(now.time_since_epoch()), latest).count() * scale;
}

} // namespace

bool RateBucket::take(const Rate& rate, TimePoint now, std::uint64_t amount)
{
    if (rate.count == 0 || amount > rate.burst)
        return false;
    const std::int64_t present = units(now);
    const std::int64_t latest = present + cost(rate, rate.burst);
    const std::int64_t step = cost(rate, amount);
    std::int64_t arrival = m_arrival.load(std::memory_order_relaxed);
    for (;;) {
        const std::int64_t next = std::max(arrival, present) + step;
        if (next > latest)
            return false;
        if (m_arrival.compare_exchange_weak(arrival, next, std::memory_order_relaxed))
            return true;
    }
}

void RateBucket::charge(const Rate& rate, TimePoint now, std::uint64_t amount)
{
    const std::int64_t present = units(now);
    const std::int64_t step = cost(rate, amount);
    std::int64_t arrival = m_arrival.load(std::memory_order_relaxed);
    for (;;) {
        const std::int64_t begin = std::max(arrival, present);
        const std::int64_t most = present + static_cast<std::int64_t>(furthest);
        const std::int64_t next = begin >= most || step > most - begin ? std::max(begin, most) : begin + step;
        if (m_arrival.compare_exchange_weak(arrival, next, std::memory_order_relaxed))
            return;
    }
}

std::uint64_t RateBucket::left(const Rate& rate, TimePoint now) const
{
    if (rate.count == 0)
        return 0;
    const std::int64_t present = units(now);
    const std::int64_t room =
        present + cost(rate, rate.burst) - std::max(m_arrival.load(std::memory_order_relaxed), present);
    return room <= 0 ? 0 : std::min(rate.burst, static_cast<std::uint64_t>(room) / tokenTime(rate));
}

std::chrono::nanoseconds RateBucket::wait(const Rate& rate, TimePoint now, std::uint64_t amount) const
{
    if (rate.count == 0 || amount > rate.burst)
        return std::chrono::nanoseconds::max();
    const std::int64_t present = units(now);
    const std::int64_t next = std::max(m_arrival.load(std::memory_order_relaxed), present) + cost(rate, amount);
    const std::int64_t missing = next - (present + cost(rate, rate.burst));
    constexpr auto scale = static_cast<std::int64_t>(unitsPerNanosecond);
    return std::chrono::nanoseconds(missing <= 0 ? 0 : (missing - 1) / scale + 1);
}

void RateBucket::rescale(const OptionalRate& before, const OptionalRate& after, TimePoint now)
{
    if (before == after)
        return;
    const std::int64_t present = units(now);
    const std::int64_t depth = before ? cost(*before, before->burst) : 0;
    std::int64_t arrival = m_arrival.load(std::memory_order_relaxed);
    for (;;) {
        std::int64_t next = present;
        if (const std::int64_t used = arrival - present; before && after && depth > 0 && used > 0) {
            const std::int64_t newDepth = cost(*after, after->burst);
            next += used <= depth ? scaled(used, newDepth, depth)
                                  : newDepth + scaled(used - depth, static_cast<std::int64_t>(tokenTime(*after)),
                                                      static_cast<std::int64_t>(tokenTime(*before)));
        }
        if (m_arrival.compare_exchange_weak(arrival, next, std::memory_order_relaxed))
            return;
    }
}

bool RateBucket::full(TimePoint now) const
{
    return m_arrival.load(std::memory_order_relaxed) <= units(now);
}

} // namespace gatehouse
