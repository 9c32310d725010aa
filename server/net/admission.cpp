// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/admission.h"

#include "auth/revocations.h"
#include "auth/token.h"
#include "net/checktoken.h"
#include "net/requestcheck.h"
#include "policy/decide.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::chrono::seconds retrySoon(5);

std::uint32_t wholeSeconds(std::chrono::nanoseconds time)
{
    return static_cast<std::uint32_t>(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(time).count()));
}

Rule oneTimeRule(const Policy& policy, const Identity& who)
{
    const auto issuer = std::ranges::find(policy.issuers, who.issuer, &Issuer::name);
    return {"/issuers/" + std::to_string(issuer - policy.issuers.begin()) + "/one_time", who.issuer + " › one_time"};
}

/// The checks from the token on, one after the other; each fills in what the next ones need.
class Admitter {
public:
    Admitter(WorkerContext& context, const Arrival& arrival, Admission admission)
        : m_context(context)
        , m_arrival(arrival)
        , m_admission(std::move(admission))
        , m_policy(*m_admission.generation->policy)
    {
    }

    Result<Admission, Refusal> withFacts(const TokenFacts& facts)
    {
        if (!checkAddress() || !checkLockdown(nullptr) || !identify(facts))
            return Failure{std::move(m_refusal)};
        return m_admission.awaitsToken ? Result<Admission, Refusal>(std::move(m_admission)) : run();
    }

    Result<Admission, Refusal> withToken(std::string_view token)
    {
        m_admission.awaitsToken = false;
        if (!checkAddress() || !checkLockdown(nullptr) || !verify(token, TokenPlace::FirstMessage))
            return Failure{std::move(m_refusal)};
        return run();
    }

    Result<Admission, Refusal> withVerdict(ClaimVerdict verdict)
    {
        // Much may have happened meanwhile.
        if (!checkVerdict(verdict) || !checkRevocations() || !checkLockdown(&m_admission.who) || !checkBans())
            return Failure{std::move(m_refusal)};
        m_admission.claim.reset();
        return std::move(m_admission);
    }

    Result<Admission, Refusal> entered()
    {
        if (!checkDrain() || !checkRevocations() || !checkLockdown(&m_admission.who) || !checkBans())
            return Failure{std::move(m_refusal)};
        return std::move(m_admission);
    }

private:
    Result<Admission, Refusal> run()
    {
        const bool admitted = checkRevocations() && checkLockdown(&m_admission.who) && checkBans() && checkRoles() &&
                              checkHandler() && reserve() && checkOneTime();
        if (!admitted)
            return Failure{std::move(m_refusal)};
        return std::move(m_admission);
    }

    bool refuse(Decision decision, std::optional<std::chrono::nanoseconds> retryAfter = std::nullopt)
    {
        m_refusal = refusalOf(m_admission, std::move(decision), retryAfter);
        m_refusal.claimed = std::move(m_claimed);
        return false;
    }

    /// A ban says more than a window of failures that is full.
    bool checkAddress()
    {
        if (const Ban* ban = m_context.bans->matchAddress(m_arrival.peer, m_context.wall))
            return refuseBanned(*ban, m_arrival.peer.toString());
        if (const auto blocked = m_arrival.address->failures.blocked(m_context.now); blocked.count() > 0)
            return refuse({Reason::AuthBruteforce, limitRule("auth_failures_per_ip"), m_arrival.peer.toString(), {}},
                          blocked);
        return true;
    }

    bool identify(const TokenFacts& facts)
    {
        const std::size_t index = m_admission.match.route;
        const Authentication& authentication = route().authentication;
        auto token = findToken(m_policy, index, facts);
        if (!token)
            return refuseToken(std::move(token.error()));
        if (*token && (*token)->place == TokenPlace::Certificate) {
            m_admission.who = certificateIdentity(*facts.certificate, authentication.certificate).value();
            m_admission.source = TokenSource{TokenPlace::Certificate, {}};
            m_admission.certificate = std::make_shared<const ClientCertificate>(*facts.certificate);
            return true;
        }
        if (*token)
            return verify((*token)->text, (*token)->place);
        if (!authentication.required)
            return true;
        // Behind a 101 nobody else can be asked before it.
        m_admission.awaitsToken = looksAt(authentication, TokenPlace::FirstMessage) && !m_admission.offered;
        return m_admission.awaitsToken ||
               refuseToken({Reason::AuthMissing, routeRule(m_policy, index, "authentication"), "no token", "a token"});
    }

    bool verify(std::string_view token, TokenPlace place)
    {
        auto verified = checkToken(m_context, *m_admission.generation, m_admission.match.route, token);
        if (!verified) {
            m_claimed = claimedUser(token);
            return refuseToken(verified.error());
        }
        m_admission.who = std::move(verified->who);
        m_admission.evidence = std::move(verified->evidence);
        m_admission.source = TokenSource{place, tokenPlaceName(route().authentication, place)};
        return true;
    }

    bool refuseToken(Decision decision)
    {
        countFailure(decision.reason);
        return refuse(std::move(decision));
    }

    /// Counts what somebody who guesses or forges makes towards a ban.
    void countFailure(Reason reason)
    {
        const auto& limit = m_policy.limits.authFailuresPerIp;
        if (!limit || !countsTowardsBan(reason) ||
            m_arrival.address->failures.add(*limit, m_context.now) != FailureVerdict::Ban)
            return;
        const Decision why{Reason::AuthBruteforce, limitRule("auth_failures_per_ip"),
                           std::to_string(limit->count) + " failures in a second window", std::to_string(limit->count)};
        m_context.gate.events.banByRule(m_arrival.peer, limit->thenBan, why);
    }

    bool checkDrain() { return !m_context.draining || refuse({Reason::Drain, {}, {}, {}}, retrySoon); }

    bool checkRevocations()
    {
        Decision decision = decideRevocation(*m_context.revocations, m_admission.who, m_context.wall);
        return decision.allowed() || refuse(std::move(decision));
    }

    /// By the policy as it is now. `who` null: before a token is looked at.
    bool checkLockdown(const Identity* who)
    {
        const Lockdown* lockdown = m_context.lockedDown();
        if (!lockdown)
            return true;
        Decision decision = decideLockdown(m_context.policy(), *lockdown, who, m_arrival.peer);
        if (decision.allowed())
            return true;
        std::optional<std::chrono::nanoseconds> left;
        if (lockdown->until)
            left = *lockdown->until - m_context.wall;
        return refuse(std::move(decision), left);
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
            return refuse({Reason::Kicked, {{}, "cooldown after a kick"}, who.user, {}}, left);
        return true;
    }

    bool refuseBanned(const Ban& ban, std::string met)
    {
        std::optional<std::chrono::nanoseconds> left;
        if (ban.until)
            left = *ban.until - m_context.wall;
        return refuse({Reason::Banned, banRule(ban), std::move(met), {}}, left);
    }

    bool checkRoles()
    {
        Decision roles = decideRoles(m_policy, m_admission.match.route, m_admission.who);
        return roles.allowed() || refuse(std::move(roles));
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
        return refuse({reason, limitRule(key), std::to_string(limit) + " open", std::to_string(limit)}, retrySoon);
    }

    /// The last of all, since what is claimed is used up.
    bool checkOneTime()
    {
        const Identity& who = m_admission.who;
        if (!who.onceUntil)
            return true;
        if (who.tokenId.empty())
            return refuseToken({Reason::JwtClaims, oneTimeRule(m_policy, who), "no jti", "a jti"});
        m_admission.claim = TokenClaim{who.issuer, who.tokenId, *who.onceUntil};
        return true;
    }

    bool checkVerdict(ClaimVerdict verdict)
    {
        Rule rule = oneTimeRule(m_policy, m_admission.who);
        switch (verdict) {
        case ClaimVerdict::Claimed:
            return true;
        case ClaimVerdict::Replayed:
            return refuseToken({Reason::JwtReplay, std::move(rule), "used before", "once"});
        case ClaimVerdict::Full:
            return refuse({Reason::LimitTotal, std::move(rule), "no more tokens can be remembered", {}}, retrySoon);
        case ClaimVerdict::Failed:
            break;
        }
        return refuse({Reason::AuditFailed, std::move(rule), "the use cannot be written down", {}}, retrySoon);
    }

    [[nodiscard]] const Route& route() const { return m_policy.routes[m_admission.match.route]; }

    WorkerContext& m_context;
    const Arrival& m_arrival;
    Admission m_admission;
    const Policy& m_policy; // of the admission's generation
    std::string m_claimed;
    Refusal m_refusal;
};

} // namespace

wire::RequestLimits requestLimits(const Limits& limits)
{
    return {limits.requestLine, limits.requestTarget, limits.requestHeader, limits.requestHead, limits.requestHeaders};
}

Refusal refusalOf(const Admission& admission, Decision decision, std::optional<std::chrono::nanoseconds> retryAfter,
                  std::optional<std::uint16_t> status)
{
    Refusal refusal;
    refusal.status = status.value_or(httpStatus(decision.reason).value_or(400));
    refusal.decision = std::move(decision);
    if (retryAfter)
        refusal.retryAfter = wholeSeconds(*retryAfter);
    if (!admission.path.empty())
        refusal.route = admission.generation->policy->routes[admission.match.route].name;
    refusal.user = admission.who.user;
    refusal.origin = admission.origin;
    return refusal;
}

Result<Admission, Refusal> admit(WorkerContext& context, Arrival& arrival, const Transport& transport,
                                 const wire::Request& request, bool bytesAfterHead)
{
    auto checked = checkRequest(context, arrival, transport.serverName(), request, bytesAfterHead);
    if (!checked)
        return Failure{std::move(checked.error())};
    Admission& admission = checked->admission;
    const Route& route = admission.generation->policy->routes[admission.match.route];
    std::optional<ClientCertificate> certificate;
    if (looksAt(route.authentication, TokenPlace::Certificate))
        certificate = transport.clientCertificate();
    checked->facts.certificate = certificate ? &*certificate : nullptr;
    return Admitter(context, arrival, std::move(admission)).withFacts(checked->facts);
}

Result<Admission, Refusal> admitToken(WorkerContext& context, const Arrival& arrival, Admission admission,
                                      std::string_view token)
{
    return Admitter(context, arrival, std::move(admission)).withToken(token);
}

Result<Admission, Refusal> admitClaimed(WorkerContext& context, const Arrival& arrival, Admission admission,
                                        ClaimVerdict verdict)
{
    return Admitter(context, arrival, std::move(admission)).withVerdict(verdict);
}

Result<Admission, Refusal> admitEntered(WorkerContext& context, const Arrival& arrival, Admission admission)
{
    return Admitter(context, arrival, std::move(admission)).entered();
}

} // namespace gatehouse
