// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace gatehouse {

/// What of many is due next: a binary heap whose items know their place, so that each can be moved or taken out in
/// O(log n). Item has a member `std::uint32_t duePlace`, which begins as DueOrder::nowhere and is ours.
template <class Item> class DueOrder {
public:
    static constexpr std::uint32_t nowhere = UINT32_MAX;

    /// Unset: never, it is taken out.
    void set(Item& item, std::optional<TimePoint> due)
    {
        if (!due)
            return remove(item);
        if (item.duePlace == nowhere) {
            m_heap.push_back({*due, &item});
            item.duePlace = static_cast<std::uint32_t>(m_heap.size() - 1);
        } else {
            m_heap[item.duePlace].due = *due;
        }
        settle(item.duePlace);
    }
    void remove(Item& item)
    {
        const std::uint32_t place = item.duePlace;
        if (place == nowhere)
            return;
        item.duePlace = nowhere;
        const Entry last = m_heap.back();
        m_heap.pop_back();
        if (last.item == &item)
            return;
        put(place, last);
        settle(place);
    }

    [[nodiscard]] std::optional<TimePoint> dueOf(const Item& item) const
    {
        return item.duePlace == nowhere ? std::nullopt : std::optional(m_heap[item.duePlace].due);
    }
    [[nodiscard]] std::optional<TimePoint> nextDue() const
    {
        return m_heap.empty() ? std::nullopt : std::optional(m_heap.front().due);
    }
    /// There must be one.
    [[nodiscard]] Item& next() const { return *m_heap.front().item; }
    [[nodiscard]] std::size_t size() const { return m_heap.size(); }

private:
    struct Entry {
        TimePoint due{};
        Item* item = nullptr;
    };

    void put(std::size_t place, const Entry& entry)
    {
        m_heap[place] = entry;
        entry.item->duePlace = static_cast<std::uint32_t>(place);
    }
    /// Up or down to where it belongs.
    void settle(std::size_t place)
    {
        const Entry entry = m_heap[place];
        for (; place > 0 && entry.due < m_heap[(place - 1) / 2].due; place = (place - 1) / 2)
            put(place, m_heap[(place - 1) / 2]);
        for (std::size_t child = place * 2 + 1; child < m_heap.size(); child = place * 2 + 1) {
            if (child + 1 < m_heap.size() && m_heap[child + 1].due < m_heap[child].due)
                ++child;
            if (entry.due <= m_heap[child].due)
                break;
            put(place, m_heap[child]);
            place = child;
        }
        put(place, entry);
    }

    std::vector<Entry> m_heap;
};

} // namespace gatehouse
