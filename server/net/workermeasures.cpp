// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/guarded.h"
#include "net/worker.h"

#include <algorithm>
#include <random>
#include <unordered_set>

// What an operator orders in an incident, at one worker.
namespace gatehouse {

void Worker::drain(std::chrono::milliseconds spread)
{
    const TimePoint end = now + spread;
    m_drainEnd = draining ? std::min(m_drainEnd, end) : end;
    draining = true;
    for (const auto& socket : m_listeners)
        socket->fd.reset(); // the entries stay: an event that is at hand already may name one
    m_toDrain.clear();
    for (Connection* connection : connections()) {
        const Session* session = connection->session();
        if (!session)
            guarded(*connection, [&] { connection->drain(); });
        else if (!session->closing())
            m_toDrain.push_back(session->id());
    }
    // One address's sessions mostly came one after the other, and are not to go so.
    std::ranges::shuffle(m_toDrain, std::minstd_rand(std::random_device{}()));
    m_drainNext = now;
    drainSome();
}

/// Tells those whose turn has come: the rest is spread evenly over the time that is left.
void Worker::drainSome()
{
    while (!m_toDrain.empty() && m_drainNext <= now) {
        const std::chrono::nanoseconds left = std::max(m_drainEnd - m_drainNext, std::chrono::nanoseconds(0));
        m_drainNext += left / static_cast<std::int64_t>(m_toDrain.size());
        const auto found = m_sessions.find(m_toDrain.back());
        m_toDrain.pop_back();
        if (found == m_sessions.end())
            continue;
        Connection& connection = *found->second;
        guarded(connection, [&] { connection.drain(); });
    }
}

void Worker::cutOff()
{
    m_toDrain.clear();
    for (Connection* connection : connections())
        guarded(*connection, [&] { connection->kill(connection->session() ? Reason::Drain : Reason::None); });
    endAdopted();
}

std::vector<std::shared_ptr<const SessionInfo>> Worker::endLockedOut()
{
    std::vector<std::shared_ptr<const SessionInfo>> ended;
    const Lockdown* locked = lockedDown();
    if (!locked)
        return ended;
    for (const auto& [id, connection] : m_sessions) {
        Session& session = *connection->session();
        if (session.closing())
            continue;
        Decision why = decideLockdown(policy(), *locked, &session.who(), connection->arrival().peer);
        if (why.allowed())
            continue;
        ended.push_back(session.infoPointer());
        session.end({std::move(why), closeCode(Reason::Lockdown),
                     locked->reason.empty() ? std::string(reasonWord(Reason::Lockdown)) : locked->reason,
                     locked->actor});
    }
    return ended;
}

Session* Worker::find(SessionId id) const
{
    const auto found = m_sessions.find(id);
    return found == m_sessions.end() || found->second->session()->closing() ? nullptr : found->second->session();
}

std::vector<SessionId> Worker::quarantine(const std::vector<SessionId>& ids, const QuarantineOrder& order)
{
    std::vector<SessionId> here;
    for (const SessionId id : ids)
        if (Session* session = find(id)) {
            session->quarantine(order);
            here.push_back(id);
        }
    return here;
}

std::vector<SessionId> Worker::endQuarantine(const std::vector<SessionId>& ids, const std::string& actor,
                                             const std::string& reason)
{
    std::vector<SessionId> here;
    for (const SessionId id : ids)
        if (Session* session = find(id)) {
            session->endQuarantine(actor, reason);
            here.push_back(id);
        }
    return here;
}

std::vector<std::shared_ptr<const SessionInfo>> Worker::limitSessions(const std::vector<SharedLimit>& limits)
{
    std::vector<std::shared_ptr<const SessionInfo>> here;
    for (const SharedLimit& limit : limits)
        if (Session* session = find(limit->limit.session)) {
            session->setLimit(limit);
            here.push_back(session->infoPointer());
        }
    return here;
}

void Worker::limitUser(const SharedLimit& limit)
{
    userLimits.add(limit);
    for (const auto& [id, connection] : m_sessions)
        if (concerns(limit->limit, connection->session()->who()))
            connection->session()->setLimit(limit);
}

void Worker::unlimit(const std::vector<TemporaryLimit>& limits)
{
    std::unordered_set<LimitId> ids;
    for (const TemporaryLimit& limit : limits) {
        ids.insert(limit.id);
        if (!limit.session)
            userLimits.remove(limit);
    }
    for (const auto& [id, connection] : m_sessions)
        connection->session()->dropLimits(ids);
}

} // namespace gatehouse
