// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/hubbudget.h"

#include <limits>

namespace gatehouse {

bool BudgetAccount::reserve(std::uint64_t amount)
{
    const std::uint64_t limit = m_pool.limit();
    const std::uint64_t before = used();
    if (amount > std::numeric_limits<std::uint64_t>::max() - before)
        return false;
    const std::uint64_t wanted = commonFor(before + amount, limit);
    if (wanted > m_common) {
        const std::uint64_t more = wanted - m_common;
        const std::uint64_t common = m_pool.common(limit);
        std::uint64_t taken = m_pool.m_taken.load(std::memory_order_relaxed);
        do {
            if (taken > common || more > common - taken)
                return false;
        } while (!m_pool.m_taken.compare_exchange_weak(taken, taken + more, std::memory_order_relaxed));
        m_common = wanted;
    } else {
        giveBackDownTo(wanted);
    }
    m_used.store(before + amount, std::memory_order_relaxed);
    return true;
}

void BudgetAccount::release(std::uint64_t amount)
{
    const std::uint64_t left = used() - amount;
    m_used.store(left, std::memory_order_relaxed);
    giveBackDownTo(commonFor(left, m_pool.limit()));
}

bool BudgetAccount::over()
{
    const std::uint64_t limit = m_pool.limit();
    const std::uint64_t wanted = commonFor(used(), limit);
    if (wanted > m_common) { // the shares became smaller: what was within one is drawn from the common half now
        m_pool.m_taken.fetch_add(wanted - m_common, std::memory_order_relaxed);
        m_common = wanted;
    }
    giveBackDownTo(wanted);
    return m_common > 0 && m_pool.m_taken.load(std::memory_order_relaxed) > m_pool.common(limit);
}

std::uint64_t BudgetAccount::most() const
{
    const std::uint64_t limit = m_pool.limit();
    const std::uint64_t others = m_pool.m_taken.load(std::memory_order_relaxed) - m_common;
    const std::uint64_t common = m_pool.common(limit);
    return m_pool.share(limit) + (others < common ? common - others : 0);
}

std::uint64_t BudgetAccount::commonFor(std::uint64_t used, std::uint64_t limit) const
{
    const std::uint64_t share = m_pool.share(limit);
    return used > share ? used - share : 0;
}

void BudgetAccount::giveBackDownTo(std::uint64_t common)
{
    if (common >= m_common)
        return;
    m_pool.m_taken.fetch_sub(m_common - common, std::memory_order_relaxed);
    m_common = common;
}

} // namespace gatehouse
