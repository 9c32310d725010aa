// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/gatefigures.h"

#include <algorithm>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;
constexpr auto window = 15min;
constexpr auto step = 950ms; // samples of the collector may come a little early

double seconds(WallTime::duration duration)
{
    return std::chrono::duration<double>(duration).count();
}

// Counters only grow; a smaller one means that the server started anew.
double rate(std::uint64_t before, std::uint64_t after, double span)
{
    return after > before && span > 0 ? static_cast<double>(after - before) / span : 0;
}

std::uint64_t countOf(const GateStats& stats, Reason reason)
{
    const auto& refused = stats.refused;
    const auto found = std::find_if(refused.begin(), refused.end(), [&](const auto& r) { return r.first == reason; });
    return found == refused.end() ? 0 : found->second;
}

Figures levels(const GateStats& sample)
{
    Figures f;
    f.time = sample.time;
    f.sessions = sample.sessions;
    f.backlog = sample.backlog;
    f.loopLatencyP50 = sample.loopLatencyP50;
    f.loopLatencyP99 = sample.loopLatencyP99;
    f.loopLoad = sample.loopLoad;
    return f;
}

Figures between(const GateStats& before, const GateStats& after)
{
    const double span = seconds(after.time - before.time);
    Figures f = levels(after);
    f.messagesIn = rate(before.messagesIn, after.messagesIn, span);
    f.messagesOut = rate(before.messagesOut, after.messagesOut, span);
    f.bytesIn = rate(before.bytesIn, after.bytesIn, span);
    f.bytesOut = rate(before.bytesOut, after.bytesOut, span);
    f.refused = rate(before.refusedTotal, after.refusedTotal, span);
    f.authFailures = rate(before.authFailures, after.authFailures, span);
    for (const auto& [reason, count] : after.refused) {
        if (const double perSecond = rate(countOf(before, reason), count, span); perSecond > 0)
            f.refusedBy.emplace_back(reason, perSecond);
    }
    return f;
}

} // namespace

void GateFigures::append(const GateStats& sample)
{
    // The first sample has none before it, and so no rates: it is only what the next one is held against.
    if (m_samples.empty()) {
        m_now = levels(sample);
    } else {
        m_now = between(m_samples.back(), sample);
        m_series.push_back(m_now);
    }
    m_samples.push_back(sample);
    const auto old = std::find_if(m_samples.begin(), m_samples.end(),
                                  [&](const GateStats& s) { return s.time >= sample.time - window; });
    const auto count = old - m_samples.begin();
    m_samples.erase(m_samples.begin(), old);
    m_series.erase(m_series.begin(), m_series.begin() + count);
}

void GateFigures::apply(const FeedBatch& batch)
{
    const GateState before = m_stats.state;
    m_stats = batch.stats;
    bool advancedNow = false;
    if (batch.snapshot) {
        m_samples.clear();
        m_series.clear();
        for (const GateStats& sample : batch.history)
            append(sample);
        advancedNow = true;
    }
    // The wall clock may be set back: then the series starts anew.
    if (!m_samples.empty() && batch.stats.time < m_samples.back().time - 1s) {
        m_samples.clear();
        m_series.clear();
    }
    if (m_samples.empty() || batch.stats.time >= m_samples.back().time + step) {
        append(batch.stats);
        advancedNow = true;
    }
    if (before != m_stats.state)
        Q_EMIT stateChanged(m_stats.state);
    if (advancedNow)
        Q_EMIT advanced();
}

std::int64_t GateFigures::sessionsGrowth() const
{
    if (m_samples.empty())
        return 0;
    return static_cast<std::int64_t>(m_samples.back().sessions) - static_cast<std::int64_t>(m_samples.front().sessions);
}

std::uint64_t GateFigures::authFailuresLately() const
{
    if (m_samples.empty())
        return 0;
    const std::uint64_t first = m_samples.front().authFailures;
    const std::uint64_t last = m_samples.back().authFailures;
    return last > first ? last - first : 0;
}

} // namespace gatehouse::ui
