// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/requestcheck.h"

#include "net/explain.h"
#include "policy/decide.h"
#include "policy/decidenetworks.h"
#include "policy/text.h"
#include "wire/forwarded.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::size_t longestUserAgent = 256; // bytes that are kept of it
constexpr std::size_t longestMet = 120;

/// The checks of one request, one after the other; each fills in what the next ones need.
class RequestCheck {
public:
    RequestCheck(WorkerContext& context, Arrival& arrival, const std::string& serverName, const wire::Request& request)
        : m_context(context)
        , m_policy(context.policy())
        , m_arrival(arrival)
        , m_serverName(serverName)
        , m_request(request)
    {
        m_admission.generation = context.generation;
        m_admission.policyEpoch = context.policyEpoch;
        m_admission.listener = arrival.listener;
    }

    Result<CheckedRequest, Refusal> run(bool bytesAfterHead)
    {
        const bool good = findClient() && findRoute() && checkUpgrade(bytesAfterHead) && checkHost() &&
                          checkNetworks() && checkOrigin() && checkSubprotocol();
        if (!good)
            return Failure{std::move(m_refusal)};
        if (m_context.handler(m_policy, m_admission.match.route).entersLater())
            m_admission.offered = offered();
        TokenFacts facts{std::move(m_upgrade.authorization), std::move(m_upgrade.subprotocols), m_request.all("Cookie"),
                         m_request.query, nullptr};
        return CheckedRequest{std::move(m_admission), std::move(facts)};
    }

private:
    bool refuse(Decision decision, std::optional<std::chrono::nanoseconds> retryAfter = std::nullopt,
                std::optional<std::uint16_t> status = std::nullopt)
    {
        m_refusal = refusalOf(m_admission, std::move(decision), retryAfter, status);
        return false;
    }
    bool refuse(Reason reason) { return refuse(Decision{reason, {}, {}, {}}); }

    /// Of whom a trusted proxy named, the limits of addresses hold from here on.
    bool findClient()
    {
        if (m_arrival.address)
            return true;
        const Listener& listener = m_policy.listeners[m_arrival.listener];
        wire::ForwardedChain chain;
        if (listener.proxyHeader == ProxyHeader::XForwardedFor)
            chain = wire::readForwardedFor(m_request.all("X-Forwarded-For"));
        else if (listener.proxyHeader == ProxyHeader::Forwarded)
            chain = wire::readForwarded(m_request.all("Forwarded"));
        auto client = decideClient(m_policy, m_arrival.listener, m_arrival.peer, chain);
        if (!client)
            return refuse(std::move(client.error()));
        auto refused = enter(m_context, m_arrival, *client);
        if (!refused)
            return true;
        constexpr std::uint16_t tooManyRequests = 429;
        const bool pending = refused->decision.reason == Reason::LimitPending;
        return refuse(std::move(refused->decision), refused->retryAfter,
                      pending ? std::optional(tooManyRequests) : std::nullopt);
    }

    bool findRoute()
    {
        auto match = matchRoute(m_policy, m_request.path);
        if (!match) {
            if (m_request.method == "CONNECT")
                return refuse(Reason::HsMethod);
            return refuse({Reason::Path, {"/routes", "routes"}, clipped(m_request.path, longestMet), "a route's path"});
        }
        m_admission.match = std::move(*match);
        m_admission.path = m_request.path;
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
        m_admission.userAgent = m_upgrade.userAgent.substr(0, longestUserAgent);
        m_admission.host = m_upgrade.host;
        m_admission.origin = m_upgrade.origin.value_or("");
        m_admission.originSent = m_upgrade.origin.has_value();
        if (route().compression) // a bad offer is no error (FAULTS row 29)
            m_admission.deflate = wire::acceptDeflate(m_upgrade.extensions);
        return true;
    }

    bool checkHost()
    {
        if (Decision host = decideHost(m_policy, m_arrival.listener, m_upgrade.host); !host.allowed())
            return refuse(std::move(host), std::nullopt, 421);
        if (Decision name = decideServerName(m_policy, m_arrival.listener, m_serverName, m_upgrade.host);
            !name.allowed())
            return refuse(std::move(name), std::nullopt, 421);
        if (m_context.draining)
            return refuse({Reason::Drain, {}, {}, {}}, std::chrono::seconds(5));
        return true;
    }

    bool checkNetworks()
    {
        Decision networks = decideRouteNetworks(m_policy, m_admission.match.route, m_arrival.peer);
        return networks.allowed() || refuse(std::move(networks));
    }

    bool checkOrigin()
    {
        Decision origin = decideOrigin(m_policy, m_admission.match.route, m_upgrade.origin);
        return origin.allowed() || refuse(std::move(origin));
    }

    bool checkSubprotocol()
    {
        auto chosen = decideSubprotocol(m_policy, m_admission.match.route, m_upgrade.subprotocols);
        if (!chosen)
            return refuse(std::move(chosen.error()));
        m_admission.subprotocol = std::move(*chosen);
        return true;
    }

    /// Whoever is asked later is asked when the request's text is gone.
    [[nodiscard]] std::unique_ptr<OfferedRequest> offered() const
    {
        auto kept = std::make_unique<OfferedRequest>();
        kept->path = m_request.path;
        kept->query = m_request.query;
        for (const std::string_view name : m_upgrade.subprotocols)
            if (std::ranges::find(route().subprotocols.allow, name) != route().subprotocols.allow.end())
                kept->subprotocols.emplace_back(name);
        kept->headers.reserve(m_request.headers.size());
        for (const auto& header : m_request.headers)
            kept->headers.emplace_back(header.name, header.value);
        return kept;
    }

    [[nodiscard]] const Route& route() const { return m_policy.routes[m_admission.match.route]; }

    WorkerContext& m_context;
    const Policy& m_policy;
    Arrival& m_arrival;
    const std::string& m_serverName;
    const wire::Request& m_request;
    wire::Upgrade m_upgrade;
    Admission m_admission;
    Refusal m_refusal;
};

} // namespace

Result<CheckedRequest, Refusal> checkRequest(WorkerContext& context, Arrival& arrival, const std::string& serverName,
                                             const wire::Request& request, bool bytesAfterHead)
{
    return RequestCheck(context, arrival, serverName, request).run(bytesAfterHead);
}

} // namespace gatehouse
