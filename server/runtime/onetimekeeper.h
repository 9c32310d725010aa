// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/tokendigest.h"
#include "net/workercontext.h"

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace gatehouse {

/// Where uses are written down: `done` is called once, true when the use is on disk.
using WriteTokenUse = std::function<void(const TokenUse&, std::function<void(bool)>)>;

/// The one-time tokens that were used up, from their use until their age alone refuses them. Thread-safe. Full means
/// that no more are taken: none that could still be replayed gives way to another.
class OneTimeKeeper {
public:
    static constexpr std::size_t places = 500'000; ///< some 60 bytes each

    OneTimeKeeper(const Clock& clock, WriteTokenUse write, std::vector<TokenUse> used, std::size_t atMost = places);

    /// Of claims of one token a single one is ever told Claimed, on whatever threads they come. A token whose use could
    /// not be written down stays used up.
    void claim(const TokenClaim& claim, const std::function<void(ClaimVerdict)>& done);
    /// What is asked from then on is answered Failed; no claim is on its way to `write` when it returns.
    void close();
    /// Forgets uses that are over; how many.
    std::size_t expire();
    [[nodiscard]] std::size_t size() const { return m_used.load(std::memory_order_relaxed); }

private:
    struct Part {
        std::mutex mutex; ///< guards the rest
        std::unordered_map<TokenDigest, WallTime, TokenDigestHash> uses;
        WallTime soonest = WallTime::max(); ///< not after the first end among them
    };

    [[nodiscard]] ClaimVerdict enter(const TokenUse& use, WallTime now);
    [[nodiscard]] bool reserve();

    const Clock& m_clock;
    const WriteTokenUse m_write;
    const std::size_t m_places;
    std::array<Part, 64> m_parts;
    std::atomic<std::size_t> m_used{0};
    std::shared_mutex m_open; ///< held shared by claims, whole by close()
    bool m_closed = false;
};

} // namespace gatehouse
