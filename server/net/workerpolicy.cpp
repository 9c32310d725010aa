// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/worker.h"

#include "net/guarded.h"

#include <algorithm>
#include <iterator>
#include <utility>

// How a worker goes over to another policy while sessions are open.
namespace gatehouse {

namespace {

// A slice of the sweep in a turn. A machine that is so busy that it comes late is made to hurry.
constexpr std::size_t sessionsBetweenLooks = 16;
constexpr std::chrono::milliseconds sliceTime{2};
constexpr std::chrono::milliseconds lateAfter{500};
constexpr std::chrono::milliseconds lateSliceTime{50};

} // namespace

void Worker::applyPolicy(std::shared_ptr<const PolicyGeneration> next, const ListenerMoves& moves,
                         PolicyMetCallback met)
{
    if (!m_sweep.asked.empty())
        std::ranges::move(endedByPolicy, std::back_inserter(m_sweep.asked.back().met.ended));
    endedByPolicy.clear();
    takeGeneration(std::move(next));
    ++policyEpoch;
    moveListeners(moves);
    sweeping = true;
    m_sweep.left.clear();
    for (const auto& [id, connection] : m_sessions)
        if (!connection->session()->closing())
            m_sweep.left.push_back(id);
    m_sweep.started = std::chrono::steady_clock::now();
    m_sweep.asked.push_back({std::move(met), {m_sweep.left.size(), {}}});
    if (m_sweep.left.empty())
        endSweep();
}

void Worker::moveListeners(const ListenerMoves& moves)
{
    for (auto& socket : m_listeners) {
        const auto to = moves.sockets.at(socket->listener);
        socket->listener = to.value_or(0);
        if (!to) {
            socket->fd.reset();
            m_closedListeners.push_back(std::move(socket));
        }
    }
    std::erase(m_listeners, nullptr);
    for (Connection* connection : connections()) {
        const auto to = moves.arrivals.at(connection->arrival().listener);
        guarded(*connection, [&] { connection->moveListener(to); });
    }
}

void Worker::sweepSome()
{
    const auto begin = std::chrono::steady_clock::now();
    const auto until = begin + (begin - m_sweep.started < lateAfter ? sliceTime : lateSliceTime);
    for (std::size_t i = 1; !m_sweep.left.empty(); ++i) {
        const auto found = m_sessions.find(m_sweep.left.back());
        m_sweep.left.pop_back();
        if (found == m_sessions.end())
            continue;
        Connection& connection = *found->second;
        if (connection.session()->outdated())
            guarded(connection, [&] { connection.session()->meetPolicy(); });
        if (i % sessionsBetweenLooks == 0 && std::chrono::steady_clock::now() >= until)
            return;
    }
    endSweep();
}

/// All have met it, or will not any more.
void Worker::endSweep()
{
    if (m_sweep.asked.empty())
        return;
    sweeping = false;
    std::ranges::move(endedByPolicy, std::back_inserter(m_sweep.asked.back().met.ended));
    endedByPolicy.clear();
    m_sweep.left.clear();
    for (Sweep::Asked& asked : std::exchange(m_sweep.asked, {}))
        asked.done(std::move(asked.met));
}

std::vector<LiveSession> Worker::liveSessions() const
{
    std::vector<LiveSession> all;
    all.reserve(m_sessions.size());
    for (const auto& [id, connection] : m_sessions)
        if (!connection->session()->closing())
            all.push_back(connection->session()->live());
    return all;
}

} // namespace gatehouse
