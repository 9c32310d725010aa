// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/reevaluation.h"

#include "net/gatetables.h"
#include "policy/decide.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

// What a policy would do to the sessions that are open.
namespace gatehouse {

namespace {

constexpr std::size_t betweenLooksAtTheClock = 32;

[[nodiscard]] bool isOver(double met, const OptionalRate& rate)
{
    return rate && met * std::chrono::duration<double>(rate->per).count() > static_cast<double>(rate->count);
}

/// The decision where `after` is too little for what `before` was enough for.
std::optional<Decision> limitedBy(Reason reason, Rule rule, double met, const OptionalRate& before,
                                  const OptionalRate& after)
{
    if (!isOver(met, after) || isOver(met, before))
        return std::nullopt;
    return Decision{reason, std::move(rule), std::to_string(std::llround(met)) + "/s", describeRate(*after)};
}

struct Load {
    double messages = 0;
    double bytes = 0;
};

class Assessment {
public:
    Assessment(const PolicyGeneration& running, const PolicyGeneration& next, TimePoint now, WallTime wall,
               const Lockdown* lockdown)
        : m_running(*running.policy)
        , m_next(next)
        , m_now(now)
        , m_wall(wall)
        , m_lockdown(lockdown)
    {
    }

    void examine(const LiveSession& session)
    {
        ++m_impact.examined;
        auto terms = decideSession(m_next, session, m_now, m_wall, m_lockdown);
        if (!terms) {
            const std::uint16_t code = policyCloseCode(terms.error().reason);
            m_impact.ended.push_back(affectedSession(session, std::move(terms.error()), code));
            return;
        }
        if (session.messagesInRate <= 0 && session.bytesInRate <= 0)
            return;
        if (!session.facts->who.anonymous()) {
            Load& load = m_users[keyOf(session)];
            load.messages += session.messagesInRate;
            load.bytes += session.bytesInRate;
        }
        m_busy.push_back({&session, terms->match.route});
    }

    PolicyImpact finish(std::size_t sessions)
    {
        m_impact.sessions = sessions;
        for (const Busy& busy : m_busy)
            if (auto why = limited(busy))
                m_impact.limited.push_back(affectedSession(*busy.session, std::move(*why), 0));
        std::ranges::sort(m_impact.ended, {}, &AffectedSession::id);
        std::ranges::sort(m_impact.limited, {}, &AffectedSession::id);
        return std::move(m_impact);
    }

private:
    struct Busy {
        const LiveSession* session = nullptr;
        std::size_t route = 0;
    };

    static std::string keyOf(const LiveSession& session)
    {
        return userKey(session.facts->who.issuer, session.facts->who.user);
    }

    [[nodiscard]] std::optional<Decision> limited(const Busy& busy) const
    {
        const LiveSession& session = *busy.session;
        const Policy& next = *m_next.policy;
        const Messages& after = next.routes[busy.route].messages;
        const auto match = matchRoute(m_running, session.facts->path);
        const Messages before = match ? m_running.routes[match->route].messages : after;
        const auto rule = [&](std::string_view key) { return routeRule(next, busy.route, key); };
        if (auto why =
                limitedBy(Reason::RateSession, rule("messages/rate"), session.messagesInRate, before.rate, after.rate))
            return why;
        if (auto why =
                limitedBy(Reason::RateSession, rule("messages/bytes"), session.bytesInRate, before.bytes, after.bytes))
            return why;
        const auto user = m_users.find(keyOf(session));
        if (user == m_users.end())
            return std::nullopt;
        const Limits& was = m_running.limits;
        const Limits& is = next.limits;
        if (auto why = limitedBy(Reason::RateUser, limitRule("messages_per_user"), user->second.messages,
                                 was.messagesPerUser, is.messagesPerUser))
            return why;
        return limitedBy(Reason::RateUser, limitRule("bytes_per_user"), user->second.bytes, was.bytesPerUser,
                         is.bytesPerUser);
    }

    const Policy& m_running;
    const PolicyGeneration& m_next;
    TimePoint m_now;
    WallTime m_wall;
    const Lockdown* m_lockdown;
    PolicyImpact m_impact;
    std::vector<Busy> m_busy;
    std::unordered_map<std::string, Load> m_users;
};

} // namespace

PolicyImpact assessPolicy(const PolicyGeneration& running, const PolicyGeneration& next,
                          const std::vector<LiveSession>& sessions, TimePoint now, WallTime wall,
                          std::chrono::milliseconds within, const Lockdown* lockdown)
{
    const auto until = std::chrono::steady_clock::now() + within;
    Assessment assessment(running, next, now, wall, lockdown);
    for (std::size_t i = 0; i < sessions.size(); ++i) {
        if (i % betweenLooksAtTheClock == 0 && std::chrono::steady_clock::now() >= until)
            break;
        assessment.examine(sessions[i]);
    }
    return assessment.finish(sessions.size());
}

} // namespace gatehouse
