// SPDX-License-Identifier: GPL-3.0-or-later
#include "feed/collector.h"

#include <algorithm>
#include <numeric>

namespace gatehouse {

void Collector::addWatcher(std::shared_ptr<Mailbox> mailbox)
{
    m_stale.insert(mailbox.get());
    m_watchers.push_back(std::move(mailbox));
}

void Collector::removeWatcher(const std::shared_ptr<Mailbox>& mailbox)
{
    m_stale.erase(mailbox.get());
    std::erase(m_watchers, mailbox);
    if (m_watchers.empty()) {
        m_rows.clear();
        m_next = {};
    }
}

void Collector::apply(std::vector<SessionRow> rows, std::vector<ClosedSession> closed)
{
    if (!watched())
        return;
    for (SessionRow& row : rows) {
        m_rows[row.info->id] = row;
        m_next.rows.push_back(std::move(row));
    }
    for (ClosedSession& session : closed) {
        m_rows.erase(session.id);
        m_next.closed.push_back(std::move(session));
    }
}

void Collector::tick(const GateStats& stats, std::vector<AuthFailureGroup> failures)
{
    m_next.stats = stats;
    m_next.authFailures = std::move(failures);
    for (const auto& watcher : m_watchers) {
        if (m_stale.contains(watcher.get()) || watcher->merge(m_next))
            continue;
        ++m_dropped;
        m_stale.insert(watcher.get());
    }
    m_next = {};
}

void Collector::keepHistory(const GateStats& stats)
{
    m_history.push_back(stats);
    if (m_history.size() > historySeconds)
        m_history.pop_front();
}

void Collector::refresh(const GateStats& stats, const std::vector<AuthFailureGroup>& failures)
{
    if (!needsSnapshot())
        return;
    FeedBatch batch;
    batch.snapshot = true;
    batch.stats = stats;
    batch.rows.reserve(m_rows.size());
    for (const auto& [id, row] : m_rows)
        batch.rows.push_back(row);
    batch.authFailures = failures;
    batch.history.assign(m_history.begin(), m_history.end());
    for (const auto& watcher : m_watchers)
        if (m_stale.contains(watcher.get()))
            watcher->replace(batch);
    m_stale.clear();
}

void Collector::expectAll(std::uint32_t workers)
{
    m_workers = workers;
    m_rows.clear();
    m_next = {};
    for (std::uint32_t worker = 0; worker < workers; ++worker)
        m_awaited.insert(worker);
    for (const auto& watcher : m_watchers)
        m_stale.insert(watcher.get());
}

void Collector::beginWhole(std::uint32_t worker)
{
    m_awaited.erase(worker);
    // The number of a session tells its worker: see Connection::open().
    std::erase_if(m_rows, [&](const auto& entry) { return entry.first.value % m_workers == worker; });
}

Latencies sumLatencies(const std::vector<const WorkerCounters*>& workers)
{
    Latencies all;
    for (const WorkerCounters* worker : workers) {
        worker->tlsHandshake.addTo(all.tls);
        worker->request.addTo(all.request);
        worker->upstream.addTo(all.upstream);
        worker->message.addTo(all.message);
        worker->turn.addTo(all.turn);
    }
    return all;
}

namespace {

std::uint64_t quantile(const std::array<std::uint64_t, LatencyHistogram::buckets>& counts, double share)
{
    const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    if (total == 0)
        return 0;
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(total - 1) * share);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts.size(); ++bucket) {
        seen += counts[bucket];
        if (seen > wanted)
            return LatencyHistogram::upperBound(bucket);
    }
    return 0;
}

} // namespace

GateStats StatsSampler::sample(const std::vector<const WorkerCounters*>& workers,
                               const std::vector<const ReasonCounters*>& refusedElsewhere, TimePoint now, WallTime wall)
{
    GateStats stats;
    stats.time = wall;
    std::array<std::uint64_t, reasonCount> refused{};
    std::array<std::uint64_t, reasonCount> closed{};
    Second second;
    second.start = now;
    for (const WorkerCounters* worker : workers) {
        stats.sessions += worker->sessions.value();
        stats.pending += worker->pending.value();
        stats.accepted += worker->accepted.value();
        stats.messagesIn += worker->messagesIn.value();
        stats.messagesOut += worker->messagesOut.value();
        stats.bytesIn += worker->bytesIn.value();
        stats.bytesOut += worker->bytesOut.value();
        stats.backlog += worker->backlog.value();
        stats.throttled += worker->throttled.value();
        stats.dropped += worker->dropped.value();
        stats.reported += worker->reported.value();
        second.busy += worker->busyMicroseconds.value();
        for (std::size_t i = 0; i < reasonCount; ++i) {
            refused[i] += worker->refused[i].value();
            closed[i] += worker->closed[i].value();
        }
        for (std::size_t i = 0; i < LatencyHistogram::buckets; ++i)
            second.loop[i] += worker->loop.count(i);
    }
    for (std::size_t i = 1; i < reasonCount; ++i) {
        const auto reason = static_cast<Reason>(i);
        if (closed[i] > 0)
            stats.closed.emplace_back(reason, closed[i]);
        for (const ReasonCounters* elsewhere : refusedElsewhere)
            refused[i] += (*elsewhere)[i].value();
        if (refused[i] == 0)
            continue;
        stats.refused.emplace_back(reason, refused[i]);
        stats.refusedTotal += refused[i];
        if (isAuthFailure(reason))
            stats.authFailures += refused[i];
    }
    if (now - m_last.start >= std::chrono::seconds(1)) {
        std::array<std::uint64_t, LatencyHistogram::buckets> turns{};
        for (std::size_t i = 0; i < turns.size(); ++i)
            turns[i] = second.loop[i] - m_last.loop[i];
        m_p50 = quantile(turns, 0.5);
        m_p99 = quantile(turns, 0.99);
        const double elapsed = std::chrono::duration<double, std::micro>(now - m_last.start).count();
        m_load = static_cast<double>(second.busy - m_last.busy) / elapsed /
                 static_cast<double>(std::max<std::size_t>(workers.size(), 1));
        m_last = second;
    }
    stats.loopLatencyP50 = m_p50;
    stats.loopLatencyP99 = m_p99;
    stats.loopLoad = std::min(m_load, 1.0);
    return stats;
}

} // namespace gatehouse
