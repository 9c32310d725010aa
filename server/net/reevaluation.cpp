// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/reevaluation.h"

#include "auth/claims.h"
#include "auth/findtoken.h"
#include "auth/token.h"
#include "domain/isotime.h"
#include "domain/steadytime.h"
#include "policy/closecodes.h"
#include "policy/decide.h"
#include "policy/decidelockdown.h"
#include "policy/decidenetworks.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::size_t longestMet = 120; // bytes of what a peer sent that a decision repeats

std::string_view kindWord(RouteKind kind)
{
    switch (kind) {
    case RouteKind::Plain:
        return "plain";
    case RouteKind::Echo:
        return "echo";
    case RouteKind::Gateway:
        return "gateway";
    case RouteKind::Centrifuge:
        return "centrifuge";
    }
    return {};
}

/// The checks of one session, one after the other; each fills in what the next ones need.
class SessionCheck {
public:
    SessionCheck(const PolicyGeneration& next, const LiveSession& session, TimePoint now, WallTime wall,
                 const Lockdown* lockdown)
        : m_next(next)
        , m_policy(*next.policy)
        , m_session(session)
        , m_facts(*session.facts)
        , m_now(now)
        , m_wall(wall)
        , m_lockdown(lockdown)
    {
    }

    Result<SessionTerms, Decision> run()
    {
        const bool stays = findListener() && checkPeer() && checkTls() && findRoute() && checkRequest() &&
                           checkSource() && identify() && checkLockdown() && checkRoles() && checkTimes();
        if (!stays)
            return Failure{std::move(m_refusal)};
        return std::move(m_terms);
    }

private:
    bool refuse(Decision decision)
    {
        m_refusal = std::move(decision);
        return false;
    }
    bool pass(Decision decision) { return decision.allowed() || refuse(std::move(decision)); }

    bool findListener()
    {
        const ListenerFacts& was = m_facts.listener;
        const auto found = std::ranges::find(m_policy.listeners, was.name, &Listener::name);
        const auto gone = [&](Rule rule) {
            return refuse({Reason::Listener, std::move(rule), "came through listener " + was.name, "its listeners"});
        };
        if (found == m_policy.listeners.end())
            return gone({"/listeners", "listeners"});
        m_listener = static_cast<std::size_t>(found - m_policy.listeners.begin());
        if (found->address != was.address)
            return gone(listenerRule(m_policy, m_listener, "address"));
        if (found->port != was.port)
            return gone(listenerRule(m_policy, m_listener, "port"));
        return found->tls.has_value() == was.tls || gone(listenerRule(m_policy, m_listener, "tls"));
    }

    bool checkTls()
    {
        const auto& tls = listener().tls;
        if (!tls)
            return true;
        if (tls->minVersion == TlsVersion::Tls13 && m_facts.tlsVersion != "1.3")
            return refuse({Reason::TlsVersion, listenerRule(m_policy, m_listener, "tls/min_version"),
                           "TLS " + m_facts.tlsVersion, "TLS 1.3"});
        if (!tls->clientCa.empty() && tls->clientCa != m_facts.listener.clientCa)
            return refuse({Reason::TlsClientCert, listenerRule(m_policy, m_listener, "tls/client_ca"),
                           m_facts.listener.clientCa.empty() ? "no certificate was asked for"
                                                             : "a certificate of other authorities",
                           "a certificate of its authorities"});
        return true;
    }

    bool checkPeer()
    {
        if (!pass(decideListenerNetworks(m_policy, m_listener, m_facts.peer)))
            return false;
        if (m_facts.client == m_facts.peer || isTrustedProxy(m_policy, m_listener, m_facts.peer))
            return true;
        return refuse({Reason::IpDenied, listenerRule(m_policy, m_listener, "trusted_proxies"),
                       m_facts.client.toString() + " through " + m_facts.peer.toString(), "a trusted proxy"});
    }

    bool findRoute()
    {
        auto match = matchRoute(m_policy, m_facts.path);
        if (!match)
            return refuse({Reason::Path, {"/routes", "routes"}, clipped(m_facts.path, longestMet), "a route's path"});
        m_terms.match = std::move(*match);
        if (route().kind != m_facts.kind)
            return refuse({Reason::Path, rule(route().kind == RouteKind::Gateway ? "gateway" : "hub/protocol"),
                           std::string(kindWord(m_facts.kind)), std::string(kindWord(route().kind))});
        if (m_terms.match.channel != m_facts.channel)
            return refuse({Reason::Path, rule("path"), "channel " + clipped(m_facts.channel, longestMet),
                           "channel " + clipped(m_terms.match.channel, longestMet)});
        return true;
    }

    bool checkRequest()
    {
        return pass(decideHost(m_policy, m_listener, m_facts.host)) &&
               pass(decideRouteNetworks(m_policy, index(), m_facts.client)) &&
               pass(decideOrigin(m_policy, index(), m_facts.origin)) && checkSubprotocol();
    }

    /// Of those that the client offered, the one that was echoed is what both sides speak.
    bool checkSubprotocol()
    {
        const std::string_view echoed = m_facts.subprotocol;
        auto chosen = decideSubprotocol(m_policy, index(), std::span(&echoed, echoed.empty() ? 0 : 1));
        return chosen || refuse(std::move(chosen.error()));
    }

    /// Where its token came from is still a place for tokens; who has none may still be without.
    bool checkSource()
    {
        const Authentication& authentication = route().authentication;
        if (!m_facts.source)
            return !authentication.required ||
                   refuse({Reason::AuthMissing, rule("authentication"), "no token", "a token"});
        const TokenSource& source = *m_facts.source;
        const bool certificate = source.place == TokenPlace::Certificate;
        if (looksAt(authentication, source.place) && tokenPlaceName(authentication, source.place) == source.name &&
            (!certificate || (listener().tls && !listener().tls->clientCa.empty())))
            return true;
        return refuse({Reason::AuthMissing, rule("authentication/from"), "a token in another place", "a token"});
    }

    bool identify()
    {
        if (m_facts.certificate)
            return identifyByCertificate();
        if (!m_facts.token)
            return true;
        auto judged = judgeToken(m_policy, *m_next.keys, index(), m_facts.token, m_wall);
        if (!judged)
            return refuse(std::move(judged.error()));
        m_terms.who = std::move(judged->who);
        if (m_terms.who.issuer != m_facts.who.issuer)
            return refuse(somebodyElse(issuerRule(m_policy, judged->issuer, "name")));
        return m_terms.who.user == m_facts.who.user ||
               refuse(somebodyElse(issuerRule(m_policy, judged->issuer, "user_claim")));
    }

    [[nodiscard]] Decision somebodyElse(Rule rule) const
    {
        return {Reason::JwtClaims, std::move(rule), "a token of " + clipped(m_terms.who.user, longestMet),
                "user " + clipped(m_facts.who.user, longestMet) + " of issuer " + m_facts.who.issuer};
    }

    bool identifyByCertificate()
    {
        auto who = certificateIdentity(*m_facts.certificate, route().authentication.certificate);
        if (!who || who->user != m_facts.who.user)
            return refuse(
                {Reason::AuthMissing, rule("authentication/from"),
                 who ? "a certificate of " + clipped(who->user, longestMet) : "a certificate without such a name",
                 "user " + clipped(m_facts.who.user, longestMet)});
        m_terms.who = std::move(*who);
        return true;
    }

    bool checkLockdown()
    {
        return !m_lockdown || pass(decideLockdown(m_policy, *m_lockdown, &m_terms.who, m_facts.client));
    }

    bool checkRoles()
    {
        if (!pass(decideRoles(m_policy, index(), m_terms.who)))
            return false;
        return route().kind != RouteKind::Plain ||
               pass(decideChannel(m_policy, m_terms.who, m_facts.channel, ChannelRight::Subscribe));
    }

    bool checkTimes()
    {
        m_terms.expires = expiryOf(m_policy, m_terms.who, m_facts.opened, m_facts.openedWall);
        if (m_terms.expires && m_now >= *m_terms.expires)
            return refuse({Reason::Expired,
                           rule("authentication"),
                           "the token ended at " + formatTime(m_terms.who.expires.value_or(WallTime{})),
                           {}});
        const auto text = [](auto time) {
            return formatDuration(std::chrono::duration_cast<std::chrono::milliseconds>(time));
        };
        const auto& lifetime = route().sessionLifetime;
        if (lifetime && m_now - m_facts.opened >= *lifetime)
            return refuse({Reason::Lifetime, rule("session_lifetime"), "open for " + text(m_now - m_facts.opened),
                           text(*lifetime)});
        const auto& idle = route().idleTimeout;
        if (idle && m_session.idleSince && m_now - *m_session.idleSince >= *idle)
            return refuse({Reason::Idle, rule("idle_timeout"), "no message for " + text(m_now - *m_session.idleSince),
                           text(*idle)});
        return true;
    }

    [[nodiscard]] std::size_t index() const { return m_terms.match.route; }
    [[nodiscard]] const Route& route() const { return m_policy.routes[index()]; }
    [[nodiscard]] const Listener& listener() const { return m_policy.listeners[m_listener]; }
    [[nodiscard]] Rule rule(std::string_view key) const { return routeRule(m_policy, index(), key); }

    const PolicyGeneration& m_next;
    const Policy& m_policy;
    const LiveSession& m_session;
    const SessionFacts& m_facts;
    TimePoint m_now;
    WallTime m_wall;
    const Lockdown* m_lockdown;
    std::size_t m_listener = 0;
    SessionTerms m_terms;
    Decision m_refusal;
};

} // namespace

Result<SessionTerms, Decision> decideSession(const PolicyGeneration& next, const LiveSession& session, TimePoint now,
                                             WallTime wall, const Lockdown* lockdown)
{
    return SessionCheck(next, session, now, wall, lockdown).run();
}

std::optional<TimePoint> expiryOf(const Policy& policy, const Identity& who, TimePoint opened, WallTime openedWall)
{
    if (!who.expires)
        return std::nullopt;
    std::chrono::milliseconds leeway{0};
    if (*who.expires <= openedWall) {
        const auto issuer = std::ranges::find(policy.issuers, who.issuer, &Issuer::name);
        if (issuer != policy.issuers.end())
            leeway = issuer->leeway;
    }
    return steadyTime(*who.expires, opened, openedWall) + leeway;
}

std::uint16_t policyCloseCode(Reason reason)
{
    const std::uint16_t code = closeCode(reason).value_or(4403);
    return code == 4401 || code == 4408 ? code : 4403;
}

AffectedSession affectedSession(const LiveSession& session, Decision why, std::uint16_t code)
{
    const std::uint16_t sent = code == 0 ? code : routeCloseCode(session.facts->kind, why.reason, code);
    return {session.facts->id,   session.facts->who.user, session.facts->client.toString(),
            session.info->route, std::move(why),          sent};
}

} // namespace gatehouse
