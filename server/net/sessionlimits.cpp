// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/connection.h"
#include "net/session.h"

#include <algorithm>

// Limits that operators set on a session or on its user.
namespace gatehouse {

namespace {

double perSecond(const Rate& rate)
{
    return static_cast<double>(rate.count) / std::chrono::duration<double>(rate.per).count();
}

} // namespace

void Session::setLimit(const SharedLimit& limit)
{
    std::erase_if(m_limits, [&](const SharedLimit& old) { return sameSubject(old->limit, limit->limit); });
    m_limits.push_back(limit);
    limitsChanged();
}

void Session::dropLimits(const std::unordered_set<LimitId>& ids)
{
    if (std::erase_if(m_limits, [&](const SharedLimit& limit) { return ids.contains(limit->limit.id); }) > 0)
        limitsChanged();
}

void Session::limitsChanged()
{
    noteChange();
    if (closing())
        return;
    askForRoom();
    m_connection.startTimer();
}

/// Whoever waits for a rate that has changed may wait no longer. In quarantine they are asked at its end.
void Session::askForRoom()
{
    if (!m_resumeAt)
        return;
    m_resumeAt = std::min(*m_resumeAt, m_context.now);
    if (!m_quarantine)
        onThrottleTimer();
}

void Session::leaveLimits()
{
    for (const SharedLimit& limit : m_limits)
        if (limit->limit.session)
            limit->sessionEnded.store(true, std::memory_order_relaxed);
}

std::optional<TemporaryLimit> Session::tightestLimit() const
{
    const TemporaryLimit* tightest = nullptr;
    for (const SharedLimit& limit : m_limits)
        if (limitHolds(limit->limit, m_context.wall) &&
            (!tightest || perSecond(limit->limit.rate) < perSecond(tightest->rate)))
            tightest = &limit->limit;
    return tightest ? std::optional(*tightest) : std::nullopt;
}

} // namespace gatehouse
