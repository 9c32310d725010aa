// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/admission.h"

#include "auth/revocations.h"
#include "auth/token.h"
#include "net/checktoken.h"
#include "policy/decide.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::string_view echoable = "gatehouse";
constexpr std::string_view bearerPrefix = "bearer.";

std::uint32_t wholeSeconds(std::chrono::nanoseconds time)
{
    return static_cast<std::uint32_t>(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(time).count()));
}

/// The checks of one request, one after the other; each fills in what the next ones need.
class Admitter {
public:
    Admitter(WorkerContext& context, const Arrival& arrival, const std::string& serverName, wire::Request request)
        : m_context(context)
        , m_policy(context.policy())
        , m_arrival(arrival)
        , m_serverName(serverName)
        , m_request(std::move(request))
    {
    }

    Result<Admission, Refusal> run(bool bytesAfterHead)
    {
        const bool admitted = findRoute() && checkUpgrade(bytesAfterHead) && checkOrigin() && checkSubprotocol() &&
                              authenticate() && checkRevocations() && checkBans() && checkHandler() && reserve();
        if (!admitted)
            return Failure{std::move(m_refusal)};
        return std::move(m_admission);
    }

private:
    bool refuse(Decision decision, std::optional<std::chrono::nanoseconds> retryAfter = std::nullopt,
                std::optional<std::uint16_t> status = std::nullopt)
    {
        m_refusal.status = status.value_or(httpStatus(decision.reason).value_or(400));
        m_refusal.decision = std::move(decision);
        if (retryAfter)
            m_refusal.retryAfter = wholeSeconds(*retryAfter);
        return false;
    }
    bool refuse(Reason reason) { return refuse(Decision{reason, {}, {}, {}}); }

    bool findRoute()
    {
        auto match = matchRoute(m_policy, m_request.path);
        if (!match)
            return m_request.method == "CONNECT" ? refuse(Reason::HsMethod) : refuse(Reason::Path);
        m_admission.match = std::move(*match);
        m_admission.path = m_request.path;
        m_refusal.route = route().name;
        return true;
    }

    bool checkUpgrade(bool bytesAfterHead)
    {
        auto upgrade = wire::parseUpgrade(m_request);
        if (!upgrade)
            return refuse(upgrade.error());
        if (bytesAfterHead)
            return refuse(Reason::HsEarlyData);
        m_upgrade = std::move(*upgrade);
        m_admission.key = m_upgrade.key;
        m_admission.userAgent = m_upgrade.userAgent.substr(0, 256);
        m_admission.origin = m_upgrade.origin.value_or("");
        m_refusal.origin = m_admission.origin;
        if (route().compression) // a bad offer is no error (FAULTS row 29)
            m_admission.deflate = wire::acceptDeflate(m_upgrade.extensions);
        if (Decision host = decideHost(m_policy, m_arrival.listener, m_upgrade.host); !host.allowed())
            return refuse(std::move(host), std::nullopt, 421);
        if (Decision name = decideServerName(m_policy, m_arrival.listener, m_serverName, m_upgrade.host);
            !name.allowed())
            return refuse(std::move(name), std::nullopt, 421);
        if (m_context.draining)
            return refuse({Reason::Drain, {}, {}, {}}, std::chrono::seconds(5));
        return true;
    }

    bool checkOrigin()
    {
        Decision origin = decideOrigin(m_policy, m_admission.match.route, m_upgrade.origin);
        return origin.allowed() || refuse(std::move(origin));
    }

    /// `gatehouse` is echoed; names that the route does not have, and nothing beside them, are refused (FAULTS row 28).
    bool checkSubprotocol()
    {
        bool offersOthers = false;
        for (const std::string_view name : m_upgrade.subprotocols) {
            if (name == echoable)
                m_admission.subprotocol = echoable;
            else if (!name.starts_with(bearerPrefix))
                offersOthers = true;
        }
        if (offersOthers && m_admission.subprotocol.empty())
            return refuse(
                {Reason::Subprotocol, routeRule(m_policy, m_admission.match.route, "subprotocols"), {}, "gatehouse"});
        return true;
    }

    bool authenticate()
    {
        const std::size_t index = m_admission.match.route;
        if (const auto blocked = m_arrival.address->failures.blocked(m_context.now); blocked.count() > 0)
            return refuse({Reason::AuthBruteforce, limitRule("auth_failures_per_ip"), m_arrival.peer.toString(), {}},
                          blocked);
        const auto token = findToken(m_policy, index, {m_upgrade.authorization, m_upgrade.subprotocols});
        if (!token)
            return refuseToken(token.error());
        if (!*token) {
            if (!route().authentication.required)
                return true;
            return refuseToken(
                {Reason::AuthMissing, routeRule(m_policy, index, "authentication"), "no token", "a token"});
        }
        auto identity = checkToken(m_context, index, **token);
        if (!identity) {
            m_refusal.claimed = claimedUser(**token);
            return refuseToken(identity.error());
        }
        m_admission.who = std::move(*identity);
        m_refusal.user = m_admission.who.user;
        return true;
    }

    bool refuseToken(Decision decision)
    {
        const auto& limit = m_policy.limits.authFailuresPerIp;
        if (limit && countsTowardsBan(decision.reason)) {
            const FailureVerdict verdict = m_arrival.address->failures.add(*limit, m_context.now);
            if (verdict == FailureVerdict::Ban) {
                const Decision why{Reason::AuthBruteforce, limitRule("auth_failures_per_ip"),
                                   std::to_string(limit->count) + " failures in a second window",
                                   std::to_string(limit->count)};
                m_context.gate.events.banByRule(m_arrival.peer, limit->thenBan, why);
            }
        }
        return refuse(std::move(decision));
    }

    bool checkRevocations()
    {
        Decision decision = decideRevocation(*m_context.revocations, m_admission.who, m_context.wall);
        return decision.allowed() || refuse(std::move(decision));
    }

    /// The address was looked at when it connected, and may have been banned since.
    bool checkBans()
    {
        if (const Ban* ban = m_context.bans->matchAddress(m_arrival.peer, m_context.wall))
            return refuseBanned(*ban, m_arrival.peer.toString());
        const Identity& who = m_admission.who;
        if (const Ban* ban =
                who.anonymous() ? nullptr : m_context.bans->matchUser(who.issuer, who.user, m_context.wall))
            return refuseBanned(*ban, who.user);
        if (const Ban* ban = m_context.bans->matchToken(who.issuer, who.tokenId, m_context.wall))
            return refuseBanned(*ban, who.user);
        const std::string key = who.anonymous() ? visitorKey(m_arrival.peer) : userKey(who.issuer, who.user);
        if (const auto left = m_context.bans->cooldown(key, m_context.now); left.count() > 0)
            return refuse({Reason::Kicked, {}, who.user, {}}, left);
        return true;
    }

    bool refuseBanned(const Ban& ban, std::string met)
    {
        std::optional<std::chrono::nanoseconds> left;
        if (ban.until)
            left = *ban.until - m_context.wall;
        return refuse({Reason::Banned, banRule(ban), std::move(met), {}}, left);
    }

    bool checkHandler()
    {
        RouteHandler& handler = m_context.handler(m_policy, m_admission.match.route);
        Decision allowed = handler.admit(m_policy, m_admission.who, m_admission.match);
        return allowed.allowed() || refuse(std::move(allowed));
    }

    bool reserve()
    {
        const Limits& limits = m_policy.limits;
        GateTables& tables = m_context.gate.tables;
        if (!tables.sessions.reserve(limits.sessions))
            return refuseLimit(Reason::LimitTotal, "sessions", *limits.sessions);
        m_admission.gateSlot = Lease(nullptr, tables.sessions);
        if (!m_arrival.address->sessions.reserve(limits.sessionsPerIp))
            return refuseLimit(Reason::LimitIp, "sessions_per_ip", *limits.sessionsPerIp);
        m_admission.addressSlot = Lease(m_arrival.address, m_arrival.address->sessions);
        if (m_admission.who.anonymous())
            return true;
        m_admission.user = tables.users.find(userKey(m_admission.who.issuer, m_admission.who.user), m_context.now);
        if (!m_admission.user)
            return refuseLimit(Reason::LimitTotal, "sessions", 0);
        if (!m_admission.user->sessions.reserve(limits.sessionsPerUser))
            return refuseLimit(Reason::LimitUser, "sessions_per_user", *limits.sessionsPerUser);
        m_admission.userSlot = Lease(m_admission.user, m_admission.user->sessions);
        return true;
    }

    bool refuseLimit(Reason reason, std::string_view key, std::uint64_t limit)
    {
        return refuse({reason, limitRule(key), std::to_string(limit) + " open", std::to_string(limit)},
                      std::chrono::seconds(5));
    }

    [[nodiscard]] const Route& route() const { return m_policy.routes[m_admission.match.route]; }

    WorkerContext& m_context;
    const Policy& m_policy;
    const Arrival& m_arrival;
    const std::string& m_serverName;
    wire::Request m_request;
    wire::Upgrade m_upgrade;
    Admission m_admission;
    Refusal m_refusal;
};

} // namespace

wire::RequestLimits requestLimits(const Limits& limits)
{
    return {limits.requestLine, limits.requestTarget, limits.requestHeader, limits.requestHead, limits.requestHeaders};
}

Result<Admission, Refusal> admit(WorkerContext& context, const Arrival& arrival, const std::string& serverName,
                                 wire::Request request, bool bytesAfterHead)
{
    return Admitter(context, arrival, serverName, std::move(request)).run(bytesAfterHead);
}

} // namespace gatehouse
