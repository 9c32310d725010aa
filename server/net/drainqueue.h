// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/ids.h"

#include <algorithm>
#include <optional>
#include <random>
#include <vector>

namespace gatehouse {

/// Sessions that are to be told to go, one after the other, evenly over a time. Owner: one I/O worker.
class DrainQueue {
public:
    DrainQueue() = default;
    /// In no order: one address's sessions mostly came one after the other, and are not to go so.
    DrainQueue(std::vector<SessionId> sessions, TimePoint now, TimePoint end)
        : m_left(std::move(sessions))
        , m_next(now)
        , m_end(end)
    {
        std::ranges::shuffle(m_left, std::minstd_rand(std::random_device{}()));
    }

    [[nodiscard]] bool empty() const { return m_left.empty(); }
    [[nodiscard]] std::size_t size() const { return m_left.size(); }
    [[nodiscard]] TimePoint end() const { return m_end; }
    /// The next one whose turn has come; the rest is spread over the time that is left.
    [[nodiscard]] std::optional<SessionId> take(TimePoint now)
    {
        if (m_left.empty() || m_next > now)
            return std::nullopt;
        const std::chrono::nanoseconds left = std::max(m_end - m_next, std::chrono::nanoseconds(0));
        m_next += left / static_cast<std::int64_t>(m_left.size());
        const SessionId id = m_left.back();
        m_left.pop_back();
        return id;
    }
    void clear() { m_left.clear(); }

private:
    std::vector<SessionId> m_left; ///< the next one last
    TimePoint m_next{}, m_end{};
};

} // namespace gatehouse
