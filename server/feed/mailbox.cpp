// SPDX-License-Identifier: GPL-3.0-or-later
#include "feed/mailbox.h"

#include <algorithm>

namespace gatehouse {

namespace {

std::string failureKey(const AuthFailureGroup& group)
{
    return group.address + ' ' + std::string(reasonWord(group.reason));
}

} // namespace

bool Mailbox::merge(const FeedBatch& batch)
{
    bool wasEmpty = false;
    {
        const std::lock_guard lock(m_mutex);
        if (waiting() + growthBy(batch) > capacity)
            return false;
        wasEmpty = !m_slot;
        if (wasEmpty)
            m_slot.emplace();
        m_slot->stats = batch.stats;
        mergeRows(batch);
        m_slot->closed.insert(m_slot->closed.end(), batch.closed.begin(), batch.closed.end());
        mergeFailures(batch);
    }
    if (wasEmpty)
        wake();
    return true;
}

std::size_t Mailbox::waiting() const
{
    return m_slot ? m_slot->rows.size() + m_slot->closed.size() + m_slot->authFailures.size() : 0;
}

std::size_t Mailbox::growthBy(const FeedBatch& batch) const
{
    const auto newRow = [this](const SessionRow& row) { return !m_rowIndex.contains(row.info->id); };
    const auto newGroup = [this](const AuthFailureGroup& group) { return !m_failureIndex.contains(failureKey(group)); };
    return static_cast<std::size_t>(std::ranges::count_if(batch.rows, newRow)) + batch.closed.size() +
           static_cast<std::size_t>(std::ranges::count_if(batch.authFailures, newGroup));
}

void Mailbox::mergeRows(const FeedBatch& batch)
{
    for (const SessionRow& row : batch.rows) {
        const auto [place, added] = m_rowIndex.try_emplace(row.info->id, m_slot->rows.size());
        if (added)
            m_slot->rows.push_back(row);
        else
            m_slot->rows[place->second] = row;
    }
}

void Mailbox::mergeFailures(const FeedBatch& batch)
{
    for (const AuthFailureGroup& group : batch.authFailures) {
        const auto [place, added] = m_failureIndex.try_emplace(failureKey(group), m_slot->authFailures.size());
        if (added)
            m_slot->authFailures.push_back(group);
        else
            m_slot->authFailures[place->second] = group;
    }
}

void Mailbox::replace(FeedBatch snapshot)
{
    bool wasEmpty = false;
    {
        const std::lock_guard lock(m_mutex);
        wasEmpty = !m_slot;
        m_slot = FeedBatch{};
        m_rowIndex.clear();
        m_failureIndex.clear();
        mergeRows(snapshot);
        mergeFailures(snapshot);
        m_slot->snapshot = true;
        m_slot->stats = std::move(snapshot.stats);
        m_slot->history = std::move(snapshot.history);
    }
    if (wasEmpty)
        wake();
}

void Mailbox::close()
{
    const std::lock_guard lock(m_wakeMutex);
    m_wake = nullptr;
}

void Mailbox::wake()
{
    const std::lock_guard lock(m_wakeMutex);
    if (m_wake)
        m_wake();
}

std::optional<FeedBatch> Mailbox::take()
{
    const std::lock_guard lock(m_mutex);
    if (!m_slot)
        return std::nullopt;
    std::optional<FeedBatch> taken = std::move(m_slot);
    m_slot.reset();
    m_rowIndex.clear();
    m_failureIndex.clear();
    taken->sequence = ++m_taken;
    return taken;
}

} // namespace gatehouse
