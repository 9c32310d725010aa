// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>

namespace gatehouse {

/// Rates of four counters over the last second, sampled each quarter of one.
class RateMeter {
public:
    using Totals = std::array<std::uint64_t, 4>;

    explicit RateMeter(const Totals& totals)
        : m_last(totals)
    {
    }

    void sample(const Totals& totals)
    {
        for (std::size_t i = 0; i < totals.size(); ++i)
            m_quarters[m_next][i] = totals[i] - m_last[i];
        m_last = totals;
        m_next = (m_next + 1) % m_quarters.size();
    }
    [[nodiscard]] double rate(std::size_t counter) const
    {
        return std::accumulate(m_quarters.begin(), m_quarters.end(), 0.0, [counter](double sum, const Totals& quarter) {
            return sum + static_cast<double>(quarter[counter]);
        });
    }
    [[nodiscard]] bool quiet() const
    {
        for (const Totals& quarter : m_quarters)
            for (const std::uint64_t count : quarter)
                if (count != 0)
                    return false;
        return true;
    }

private:
    Totals m_last;
    std::array<Totals, 4> m_quarters{};
    std::size_t m_next = 0;
};

} // namespace gatehouse
