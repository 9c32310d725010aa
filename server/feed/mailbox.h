// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace gatehouse {

/// One slot between the collector and a watcher: batches merge in it until they are taken. Thread-safe. What it may
/// hold is bounded: over `capacity` rows, closed sessions and groups merge() says that only a snapshot helps.
class Mailbox {
public:
    static constexpr std::size_t capacity = 100'000;

    explicit Mailbox(std::function<void()> wake)
        : m_wake(std::move(wake))
    {
    }

    /// False where the slot would grow over its capacity: nothing is merged then, and replace() must follow.
    [[nodiscard]] bool merge(const FeedBatch& batch);
    /// Puts a snapshot in the place of all that waits.
    void replace(FeedBatch snapshot);
    [[nodiscard]] std::optional<FeedBatch> take();
    /// Nobody is woken any more once this has returned.
    void close();

private:
    void wake();
    [[nodiscard]] std::size_t waiting() const;
    [[nodiscard]] std::size_t growthBy(const FeedBatch& batch) const;
    void mergeRows(const FeedBatch& batch);
    void mergeFailures(const FeedBatch& batch);

    std::mutex m_wakeMutex;
    std::function<void()> m_wake;
    std::mutex m_mutex;
    std::optional<FeedBatch> m_slot;
    std::unordered_map<SessionId, std::size_t> m_rowIndex;       ///< into m_slot->rows
    std::unordered_map<std::string, std::size_t> m_failureIndex; ///< into m_slot->authFailures
    std::uint64_t m_taken = 0;                                   ///< sequence number of the last batch taken
};

} // namespace gatehouse
