// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/text.h"
#include "runtime/measurechecks.h"
#include "runtime/serverruntime_p.h"

#include <algorithm>
#include <variant>

// How a server is emptied before it stops.
namespace gatehouse {

namespace {

constexpr std::uint64_t toldAtOnce = 100; // sessions that a second of the spread is worth
constexpr int partForSpread = 2;          // of the whole time, so that those who are told last can still answer

/// Few sessions go at once, and 10,000 over 10 s or longer only where that is allowed.
std::chrono::milliseconds spreadFor(std::uint64_t sessions, std::chrono::milliseconds most)
{
    const auto seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(sessions / toldAtOnce, 86400));
    return std::min<std::chrono::milliseconds>(most, std::chrono::seconds(seconds));
}

} // namespace

/// While draining, another order may make it quicker, and never slower.
void ServerRuntime::Private::run(const Actor& actor, const DrainCommand& command, const ReplyCallback& done)
{
    if (std::string problem = problemOf(command); !problem.empty())
        return done(Failure{ControlError{ControlErrorCode::BadRequest, std::move(problem)}});
    if (m_state != GateState::Serving && m_state != GateState::Draining)
        return done(Answer(Accepted{}));
    const auto within = command.within.value_or(m_policy->drain.within);
    std::uint64_t sessions = 0;
    for (const WorkerCounters* counters : m_gate->counters())
        sessions += counters->sessions.value();
    const auto most = std::min(command.spread.value_or(m_policy->drain.spread), within / partForSpread);
    const auto spread = spreadFor(sessions, most);
    const TimePoint until = m_clock.now() + within;
    if (m_state == GateState::Serving || until < m_drainUntil) {
        m_drainUntil = until;
        m_drainShownUntil = m_clock.wall() + within;
    }
    {
        const std::lock_guard lock(m_stateMutex);
        m_state = GateState::Draining;
    }
    record(commandRecord(AuditKind::Drain, actor,
                         "via " + actor.via + ", within " + formatDuration(within) + ", " + std::to_string(sessions) +
                             " sessions " + (spread.count() == 0 ? "at once" : "over " + formatDuration(spread))));
    m_gate->gather<std::monostate>(
        [spread](Worker& worker) {
            worker.drain(spread);
            return std::monostate();
        },
        [done](const auto&) { done(Answer(Accepted{})); });
}

void ServerRuntime::Private::checkDrained()
{
    if (m_state != GateState::Draining || m_drainCheckPending)
        return;
    m_drainCheckPending = true;
    m_gate->gather<std::size_t>(
        [over = m_clock.now() >= m_drainUntil](Worker& worker) {
            if (over)
                worker.cutOff();
            return worker.open();
        },
        [this](const std::vector<std::size_t>& open) {
            const bool all = std::ranges::all_of(open, [](std::size_t count) { return count == 0; });
            (void)m_runtime.post([this, all] { drained(all); }, true);
        });
}

void ServerRuntime::Private::drained(bool all)
{
    m_drainCheckPending = false;
    if (!all)
        return;
    const std::lock_guard lock(m_stateMutex);
    m_state = GateState::Stopped;
    m_stateChanged.notify_all();
}

} // namespace gatehouse
