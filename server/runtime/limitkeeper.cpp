// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/limitkeeper.h"

#include "runtime/measurechecks.h"

#include <algorithm>
#include <set>

namespace gatehouse {

namespace {

/// What the command asks for, one for each subject.
std::vector<TemporaryLimit> asked(const Actor& actor, const LimitCommand& command, WallTime now)
{
    TemporaryLimit limit;
    limit.user = command.user;
    limit.issuer = command.issuer;
    limit.rate = command.rate;
    limit.actor = actor.name;
    limit.reason = command.reason;
    limit.since = now;
    if (command.duration)
        limit.until = now + *command.duration;
    if (command.sessions.empty())
        return {limit};
    std::vector<TemporaryLimit> all;
    for (const SessionId session : std::set<SessionId>(command.sessions.begin(), command.sessions.end())) {
        limit.session = session;
        all.push_back(limit);
    }
    return all;
}

} // namespace

LimitKeeper::LimitKeeper(AuditLog& store, std::size_t places)
    : m_store(store)
    , m_places(places)
{
    for (TemporaryLimit& limit : store.takeLimits())
        (void)insert(std::move(limit));
}

Result<std::vector<SharedLimit>, ControlError> LimitKeeper::add(const Actor& actor, const LimitCommand& command,
                                                                TimePoint now, WallTime wall)
{
    if (std::string problem = problemOf(command); !problem.empty())
        return Failure{ControlError{ControlErrorCode::BadRequest, std::move(problem)}};
    std::vector<TemporaryLimit> limits = asked(actor, command, wall);
    const auto more = static_cast<std::size_t>(
        std::ranges::count_if(limits, [this](const TemporaryLimit& limit) { return !same(limit); }));
    if (m_byId.size() + more > m_places)
        return Failure{ControlError{ControlErrorCode::Rejected, "there are " + std::to_string(m_byId.size()) +
                                                                    " temporary limits already; lift some first, or "
                                                                    "set one in the policy"}};
    std::vector<SharedLimit> added;
    for (TemporaryLimit& limit : limits) {
        const SharedLimit* found = same(limit);
        const SharedLimit old = found ? *found : nullptr;
        const SharedLimit next = insert(m_store.addLimit(std::move(limit))); // as a crash may come before the next line
        if (old) {
            const Rate& rate = old->limit.rate;
            const std::uint64_t gone = rate.burst - old->bucket.left(rate, now);
            next->bucket.charge(next->limit.rate, now, std::min(gone, next->limit.rate.burst));
            m_store.removeLimit(old->limit.id);
            m_byId.erase(old->limit.id);
        }
        added.push_back(next);
    }
    return added;
}

const SharedLimit* LimitKeeper::same(const TemporaryLimit& limit) const
{
    if (limit.session) {
        const auto found = m_bySession.find(limit.session);
        return found == m_bySession.end() ? nullptr : &m_byId.at(found->second);
    }
    const auto found = m_byUser.find({limit.user, limit.issuer});
    return found == m_byUser.end() ? nullptr : &m_byId.at(found->second);
}

SharedLimit LimitKeeper::insert(TemporaryLimit limit)
{
    if (limit.session)
        m_bySession[limit.session] = limit.id;
    else
        m_byUser[{limit.user, limit.issuer}] = limit.id;
    auto standing = std::make_shared<StandingLimit>();
    standing->limit = std::move(limit);
    m_byId[standing->limit.id] = standing;
    return standing;
}

std::optional<TemporaryLimit> LimitKeeper::remove(LimitId id)
{
    const auto found = m_byId.find(id);
    if (found == m_byId.end())
        return std::nullopt;
    TemporaryLimit lifted = found->second->limit;
    m_byId.erase(found);
    if (lifted.session)
        m_bySession.erase(lifted.session);
    else
        m_byUser.erase({lifted.user, lifted.issuer});
    m_store.removeLimit(id);
    return lifted;
}

std::vector<TemporaryLimit> LimitKeeper::expire(WallTime now)
{
    std::vector<LimitId> over;
    for (const auto& [id, standing] : m_byId)
        if (!limitHolds(standing->limit, now) || standing->sessionEnded.load(std::memory_order_relaxed))
            over.push_back(id);
    std::vector<TemporaryLimit> ended;
    for (const LimitId id : over)
        ended.push_back(*remove(id));
    return ended;
}

std::vector<TemporaryLimit> LimitKeeper::limits() const
{
    std::vector<TemporaryLimit> all;
    for (const auto& [id, standing] : m_byId)
        all.push_back(standing->limit);
    return all;
}

std::vector<SharedLimit> LimitKeeper::standing() const
{
    std::vector<SharedLimit> all;
    for (const auto& [id, standing] : m_byId)
        all.push_back(standing);
    return all;
}

} // namespace gatehouse
