// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>

namespace gatehouse {

/// A token bucket: `count` in each `per`, with room for `burst` at once.
struct Rate {
    std::uint64_t count = 1;
    std::chrono::nanoseconds per = std::chrono::seconds(1);
    std::uint64_t burst = 1;

    friend bool operator==(const Rate&, const Rate&) = default;
};

} // namespace gatehouse
