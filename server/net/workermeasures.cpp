// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/guarded.h"
#include "net/worker.h"

#include <algorithm>
#include <unordered_set>

// What an operator orders in an incident, at one worker.
namespace gatehouse {

void Worker::drain(std::chrono::milliseconds spread)
{
    const TimePoint end = draining ? std::min(m_toDrain.end(), now + spread) : now + spread;
    draining = true;
    for (const auto& socket : m_listeners)
        socket->fd.reset(); // the entries stay: an event that is at hand already may name one
    std::vector<SessionId> sessions;
    for (Connection* connection : connections()) {
        const Session* session = connection->session();
        if (!session)
            guarded(*connection, [&] { connection->drain(); });
        else if (!session->closing())
            sessions.push_back(session->id());
    }
    m_toDrain = DrainQueue(std::move(sessions), now, end);
    drainSome();
}

/// Tells those whose turn has come.
void Worker::drainSome()
{
    while (const auto id = m_toDrain.take(now)) {
        const auto found = m_sessions.find(*id);
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
