// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "policy/policy.h"

#include <atomic>

namespace gatehouse {

/// A token bucket as a generic cell rate algorithm (ITU-T I.371) in one atomic 64-bit value: the theoretical arrival
/// time of the next conforming cell, in sixteenths of a nanosecond of the steady clock. Thread-safe without a lock; the
/// rate is handed in with each call, so that a changed policy keeps the bucket's fill.
class RateBucket {
public:
    /// Takes `amount` tokens if they are all there. Nothing is taken on refusal. An amount over the burst never fits.
    [[nodiscard]] bool take(const Rate& rate, TimePoint now, std::uint64_t amount = 1);
    /// Takes `amount` tokens whether they are there or not: what is missing is a debt, which wait() counts in.
    /// Saturates at some years.
    void charge(const Rate& rate, TimePoint now, std::uint64_t amount = 1);
    /// Whole tokens that are left now, at most `rate.burst`.
    [[nodiscard]] std::uint64_t left(const Rate& rate, TimePoint now) const;
    /// How long until `amount` tokens will be there; nanoseconds::max() where they never fit.
    [[nodiscard]] std::chrono::nanoseconds wait(const Rate& rate, TimePoint now, std::uint64_t amount = 1) const;
    /// The rate changes from `before` to `after`: what is left stays the same share of the bucket, so that a full one
    /// stays full and an empty one empty, and a debt stays as many tokens. Unset: off, from where it begins full.
    void rescale(const OptionalRate& before, const OptionalRate& after, TimePoint now);
    /// True when the bucket is full, so that forgetting it changes nothing.
    [[nodiscard]] bool full(TimePoint now) const;

private:
    std::atomic<std::int64_t> m_arrival{0};
};

} // namespace gatehouse
