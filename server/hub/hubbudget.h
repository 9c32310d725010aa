// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <atomic>
#include <cstdint>

namespace gatehouse {

/// An amount of the whole gate that the tables of all workers draw on. Half of it is divided evenly among them, so that
/// what is homed at one worker never starves the others; the other half goes to whoever comes first. Thread-safe.
class BudgetPool {
public:
    BudgetPool(std::uint64_t limit, std::uint32_t tables)
        : m_limit(limit)
        , m_tables(tables)
    {
    }
    /// Whoever is over a smaller one gives back as soon as it looks (BudgetAccount::over()).
    void setLimit(std::uint64_t limit) { m_limit.store(limit, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t limit() const { return m_limit.load(std::memory_order_relaxed); }

private:
    friend class BudgetAccount;
    /// What one table has for itself.
    [[nodiscard]] std::uint64_t share(std::uint64_t limit) const { return limit / 2 / m_tables; }
    /// What all tables have together beside that.
    [[nodiscard]] std::uint64_t common(std::uint64_t limit) const { return limit - share(limit) * m_tables; }

    std::atomic<std::uint64_t> m_limit;
    std::atomic<std::uint64_t> m_taken{0}; ///< of common()
    std::uint32_t m_tables;
};

/// What one table has of a pool. Owner: one I/O worker; used() may be read by any thread.
class BudgetAccount {
public:
    explicit BudgetAccount(BudgetPool& pool)
        : m_pool(pool)
    {
    }
    ~BudgetAccount() { m_pool.m_taken.fetch_sub(m_common, std::memory_order_relaxed); }
    BudgetAccount(const BudgetAccount&) = delete;
    BudgetAccount& operator=(const BudgetAccount&) = delete;

    /// False, and nothing taken, where the limit would be passed.
    [[nodiscard]] bool reserve(std::uint64_t amount);
    void release(std::uint64_t amount);
    /// True where the limit became smaller than what is in use, and this table is one of those that use too much.
    [[nodiscard]] bool over();
    [[nodiscard]] std::uint64_t used() const { return m_used.load(std::memory_order_relaxed); }
    /// How much it could have at this moment, were it to give back all that it has first.
    [[nodiscard]] std::uint64_t most() const;

private:
    /// Of the common half, where `used` is in use.
    [[nodiscard]] std::uint64_t commonFor(std::uint64_t used, std::uint64_t limit) const;
    void giveBackDownTo(std::uint64_t common);

    BudgetPool& m_pool;
    std::atomic<std::uint64_t> m_used{0}; ///< written by the owner alone
    std::uint64_t m_common = 0;           ///< taken of the common half
};

struct HubLimits {
    std::uint64_t channels = 100000;
    std::uint64_t historyBytes = std::uint64_t{256} << 20;
    std::uint64_t presenceBytes = std::uint64_t{256} << 20;
};

/// What the channels of all workers may take together.
struct HubBudget {
    HubBudget(const HubLimits& limits, std::uint32_t workers)
        : channels(limits.channels, workers)
        , history(limits.historyBytes, workers)
        , presence(limits.presenceBytes, workers)
    {
    }
    void setLimits(const HubLimits& limits)
    {
        channels.setLimit(limits.channels);
        history.setLimit(limits.historyBytes);
        presence.setLimit(limits.presenceBytes);
    }

    BudgetPool channels; ///< a number
    BudgetPool history;  ///< bytes
    BudgetPool presence; ///< bytes
};

} // namespace gatehouse
