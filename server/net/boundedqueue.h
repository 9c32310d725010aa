// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace gatehouse {

/// Many threads put in, one takes all out at once. The lock is held for a move of one element or a swap.
template <class T> class BoundedQueue {
public:
    explicit BoundedQueue(std::size_t capacity)
        : m_capacity(capacity)
    {
    }

    /// False, and nothing queued, at the capacity. `force` is for what the sender bounds by other means.
    [[nodiscard]] bool push(T&& item, bool force = false)
    {
        const std::lock_guard lock(m_mutex);
        if (!force && m_items.size() >= m_capacity)
            return false;
        m_items.push_back(std::move(item));
        return true;
    }

    /// Swaps all that is queued into `out`, which must be empty; its storage is used again.
    void takeAll(std::vector<T>& out)
    {
        const std::lock_guard lock(m_mutex);
        m_items.swap(out);
    }

private:
    std::mutex m_mutex;
    std::vector<T> m_items;
    std::size_t m_capacity;
};

} // namespace gatehouse
