// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/temporarylimits.h"

#include "net/gatetables.h"

namespace gatehouse {

bool sameSubject(const TemporaryLimit& a, const TemporaryLimit& b)
{
    return a.session == b.session && (a.session || (a.user == b.user && a.issuer == b.issuer));
}

bool concerns(const TemporaryLimit& limit, const Identity& who)
{
    return !limit.session && !who.anonymous() && limit.user == who.user &&
           (limit.issuer.empty() || limit.issuer == who.issuer);
}

void TemporaryLimits::add(const SharedLimit& limit)
{
    m_byUser[userKey(limit->limit.issuer, limit->limit.user)] = limit;
}

void TemporaryLimits::remove(const TemporaryLimit& limit)
{
    const auto found = m_byUser.find(userKey(limit.issuer, limit.user));
    if (found != m_byUser.end() && found->second->limit.id == limit.id)
        m_byUser.erase(found);
}

std::vector<SharedLimit> TemporaryLimits::of(const Identity& who) const
{
    std::vector<SharedLimit> limits;
    if (m_byUser.empty() || who.anonymous())
        return limits;
    for (const std::string& key : {userKey(who.issuer, who.user), userKey({}, who.user)})
        if (const auto found = m_byUser.find(key); found != m_byUser.end())
            limits.push_back(found->second);
    return limits;
}

} // namespace gatehouse
