// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/guarded.h"
#include "net/worker.h"

#include <algorithm>

// Sessions whose upstream is drained, at one worker.
namespace gatehouse {

namespace {

/// Who was about to enter when the order came has done so, or failed.
constexpr std::chrono::seconds lateComers{15};

} // namespace

std::vector<SessionId> Worker::sessionsOf(const UpstreamName& upstream) const
{
    std::vector<SessionId> ids;
    for (const auto& [id, connection] : m_sessions) {
        const Session& session = *connection->session();
        if (!session.closing() && session.info().route == upstream.route && session.info().upstream == upstream.url)
            ids.push_back(id);
    }
    return ids;
}

std::size_t Worker::drainUpstream(UpstreamName upstream, std::chrono::milliseconds spread, std::string actor)
{
    undrainUpstream(upstream);
    auto sessions = sessionsOf(upstream);
    const std::size_t count = sessions.size();
    m_upstreamDrains.push_back(
        {std::move(upstream), std::move(actor), DrainQueue(std::move(sessions), now, now + spread)});
    drainUpstreams();
    return count;
}

void Worker::undrainUpstream(const UpstreamName& upstream)
{
    std::erase_if(m_upstreamDrains, [&](const UpstreamDrain& one) { return one.upstream == upstream; });
}

void Worker::drainUpstreams()
{
    for (UpstreamDrain& drain : m_upstreamDrains) {
        while (const auto id = drain.queue.take(now))
            endDraining(*id, drain);
        if (now >= drain.queue.end() + lateComers)
            for (const SessionId id : sessionsOf(drain.upstream))
                endDraining(id, drain);
    }
    std::erase_if(m_upstreamDrains,
                  [this](const UpstreamDrain& drain) { return now >= drain.queue.end() + lateComers; });
}

void Worker::endDraining(SessionId id, const UpstreamDrain& drain)
{
    const auto found = m_sessions.find(id);
    if (found == m_sessions.end() || found->second->session()->closing())
        return;
    Connection& connection = *found->second;
    guarded(connection, [&] {
        connection.session()->end({{Reason::Drain, {}, "the upstream " + drain.upstream.url + " drains", {}},
                                   closeCode(Reason::Drain),
                                   "drain",
                                   drain.actor});
    });
}

} // namespace gatehouse
