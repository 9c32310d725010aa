// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apientrance.h"

#include "api/apikeycheck.h"
#include "policy/decide.h"
#include "policy/decidenetworks.h"

#include <algorithm>

namespace gatehouse {

namespace {

std::uint32_t wholeSeconds(std::chrono::nanoseconds time)
{
    return static_cast<std::uint32_t>(std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(time).count()));
}

ApiAnswer refused(std::uint16_t status, Decision why, std::string message,
                  std::optional<std::chrono::nanoseconds> retryAfter = std::nullopt)
{
    ApiAnswer answer = refuseApi(status, ControlErrorCode::Rejected, std::move(message));
    answer.why = std::move(why);
    if (retryAfter)
        answer.retryAfter = wholeSeconds(*retryAfter);
    return answer;
}

std::optional<ApiAnswer> checkHost(const Policy& policy, std::size_t listener, std::string_view serverName,
                                   const wire::Request& request)
{
    const auto host = request.one("Host");
    if (!host)
        return refused(400, {Reason::HsHost, {}, "no Host", {}}, "a request has one Host");
    for (Decision decision :
         {decideHost(policy, listener, *host), decideServerName(policy, listener, serverName, *host)})
        if (!decision.allowed())
            return refused(421, std::move(decision), "this listener does not serve that Host");
    return std::nullopt;
}

} // namespace

std::optional<std::size_t> adminListener(const Policy& policy, const AdminArrival& arrival)
{
    const auto found = std::ranges::find_if(policy.listeners, [&](const Listener& listener) {
        return listener.kind == ListenerKind::Admin && listener.name == arrival.listener &&
               listener.address == arrival.listenerAddress && listener.port == arrival.listenerPort &&
               listener.tls.has_value() == arrival.secure;
    });
    if (found == policy.listeners.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - policy.listeners.begin());
}

ApiEntrance enterByKey(const Policy& policy, std::size_t listener, const BanSet& bans, const AdminArrival& arrival,
                       const wire::Request& request, TimePoint now, WallTime wall)
{
    if (auto host = checkHost(policy, listener, arrival.serverName, request))
        return {Failure{std::move(*host)}};
    if (Decision networks = decideListenerNetworks(policy, listener, arrival.proxy.value_or(arrival.peer));
        !networks.allowed()) // they may be others than when it came in
        return {Failure{refused(403, std::move(networks), "this address may not use this listener")}};
    if (const Ban* ban = bans.matchAddress(arrival.peer, wall))
        return {Failure{
            refused(403, {Reason::Banned, banRule(*ban), arrival.peer.toString(), {}}, "this address is banned")}};
    const auto& limit = policy.limits.authFailuresPerIp;
    const auto blocked = limit ? arrival.address->failures.blocked(now) : std::chrono::nanoseconds(0);
    if (blocked.count() > 0)
        return {Failure{refused(429,
                                {Reason::AuthBruteforce, limitRule("auth_failures_per_ip"),
                                 "its window of failures is full", std::to_string(limit->count)},
                                "too many wrong keys came from this address; wait", blocked)}};
    auto key = checkApiKey(policy.apiKeys, request);
    if (key) {
        const ApiKey& who = **key;
        Actor actor{who.name, "api", who.role, std::nullopt};
        if (who.role == ApiRole::Publisher)
            actor.channels = who.channels;
        return {std::move(actor)};
    }
    const std::uint16_t status = httpStatus(key.error().reason).value_or(401);
    ApiEntrance entrance{
        Failure{refused(status, key.error(), "show one API key of this gate: X-API-Key: gh_ID_SECRET")}};
    if (limit && isWrongKey(key.error()))
        entrance.ban = arrival.address->failures.add(*limit, now) == FailureVerdict::Ban;
    return entrance;
}

} // namespace gatehouse
