// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/onetimekeeper.h"

#include <algorithm>

namespace gatehouse {

OneTimeKeeper::OneTimeKeeper(const Clock& clock, WriteTokenUse write, std::vector<TokenUse> used, std::size_t atMost)
    : m_clock(clock)
    , m_write(std::move(write))
    , m_places(atMost)
{
    for (const TokenUse& use : used) { // all of them: fewer places than before must not let one be replayed
        Part& part = m_parts[use.digest.back() % m_parts.size()];
        part.uses[use.digest] = use.until;
        part.soonest = std::min(part.soonest, use.until);
    }
    m_used = used.size();
}

void OneTimeKeeper::claim(const TokenClaim& claim, const std::function<void(ClaimVerdict)>& done)
{
    const auto digest = tokenDigest(claim.issuer, claim.tokenId);
    ClaimVerdict verdict = ClaimVerdict::Failed;
    {
        const std::shared_lock open(m_open);
        if (digest && !m_closed) {
            const TokenUse use{*digest, claim.until};
            verdict = enter(use, m_clock.wall());
            if (verdict == ClaimVerdict::Claimed) {
                m_write(use, [done](bool written) { done(written ? ClaimVerdict::Claimed : ClaimVerdict::Failed); });
                return;
            }
        }
    }
    done(verdict);
}

ClaimVerdict OneTimeKeeper::enter(const TokenUse& use, WallTime now)
{
    Part& part = m_parts[use.digest.back() % m_parts.size()];
    {
        const std::lock_guard lock(part.mutex);
        if (const auto found = part.uses.find(use.digest); found != part.uses.end() && now < found->second)
            return ClaimVerdict::Replayed;
    }
    if (!reserve() && (expire() == 0 || !reserve()))
        return ClaimVerdict::Full;
    const std::lock_guard lock(part.mutex);
    const auto [place, fresh] = part.uses.try_emplace(use.digest, use.until);
    if (!fresh) {
        m_used.fetch_sub(1, std::memory_order_relaxed);
        if (now < place->second) // somebody was faster
            return ClaimVerdict::Replayed;
        place->second = use.until;
    }
    part.soonest = std::min(part.soonest, use.until);
    return ClaimVerdict::Claimed;
}

bool OneTimeKeeper::reserve()
{
    if (m_used.fetch_add(1, std::memory_order_relaxed) < m_places)
        return true;
    m_used.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

std::size_t OneTimeKeeper::expire()
{
    const WallTime now = m_clock.wall();
    std::size_t forgotten = 0;
    for (Part& part : m_parts) {
        const std::lock_guard lock(part.mutex);
        if (now < part.soonest)
            continue;
        part.soonest = WallTime::max();
        forgotten += std::erase_if(part.uses, [&](const auto& use) {
            if (use.second <= now)
                return true;
            part.soonest = std::min(part.soonest, use.second);
            return false;
        });
    }
    m_used.fetch_sub(forgotten, std::memory_order_relaxed);
    return forgotten;
}

void OneTimeKeeper::close()
{
    const std::unique_lock open(m_open);
    m_closed = true;
}

} // namespace gatehouse
