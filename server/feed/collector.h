// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/mailbox.h"
#include "feed/values.h"
#include "feed/workercounters.h"

#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace gatehouse {

/// Gathers what workers publish and hands it to the watchers. Owner: the runtime thread.
class Collector {
public:
    static constexpr std::size_t historySeconds = 900;

    void addWatcher(std::shared_ptr<Mailbox> mailbox);
    void removeWatcher(const std::shared_ptr<Mailbox>& mailbox);
    /// Gives every watcher that needs one a snapshot. `failures`: all groups.
    void refresh(const GateStats& stats, const std::vector<AuthFailureGroup>& failures);
    void askForSnapshot(const Mailbox& mailbox) { m_stale.insert(&mailbox); }
    /// Forgets the rows: every worker is about to send all of its own anew, and no snapshot is made before they are
    /// here.
    void expectAll(std::uint32_t workers);
    /// Rows of this worker that come from now on are all that it has.
    void beginWhole(std::uint32_t worker);
    /// What was published did not fit, and all of it is to be sent anew.
    void countLost() { ++m_dropped; }
    [[nodiscard]] bool needsSnapshot() const { return !m_stale.empty() && m_awaited.empty(); }
    [[nodiscard]] bool watched() const { return !m_watchers.empty(); }

    void apply(std::vector<SessionRow> rows, std::vector<ClosedSession> closed);
    /// Hands on what came since the last tick. `failures`: groups that changed.
    void tick(const GateStats& stats, std::vector<AuthFailureGroup> failures);
    /// One sample a second, for the charts of a late watcher.
    void keepHistory(const GateStats& stats);
    [[nodiscard]] std::uint64_t dropped() const { return m_dropped; }

private:
    std::vector<std::shared_ptr<Mailbox>> m_watchers;
    std::unordered_set<const Mailbox*> m_stale;       ///< these need a snapshot
    std::unordered_map<SessionId, SessionRow> m_rows; ///< only while watched
    std::unordered_set<std::uint32_t> m_awaited;      ///< workers whose whole batch is still to come
    std::uint32_t m_workers = 1;
    FeedBatch m_next;
    std::deque<GateStats> m_history;
    std::uint64_t m_dropped = 0;
};

/// Over all workers, at any time.
[[nodiscard]] Latencies sumLatencies(const std::vector<const WorkerCounters*>& workers);

/// Sums counters and turns differences into rates and quantiles over the last second. Owner: the runtime thread.
class StatsSampler {
public:
    /// Everything but `state` and the fields of audit and certificates. `refusedElsewhere`: by others than workers.
    [[nodiscard]] GateStats sample(const std::vector<const WorkerCounters*>& workers,
                                   const std::vector<const ReasonCounters*>& refusedElsewhere, TimePoint now,
                                   WallTime wall);

private:
    struct Second {
        TimePoint start{};
        std::uint64_t busy = 0;
        std::array<std::uint64_t, LatencyHistogram::buckets> loop{};
    };
    Second m_last;
    std::uint64_t m_p50 = 0, m_p99 = 0;
    double m_load = 0;
};

} // namespace gatehouse
