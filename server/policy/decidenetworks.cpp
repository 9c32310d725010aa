// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decidenetworks.h"

#include "policy/decide.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::size_t mostNamed = 8; // networks that a decision repeats

/// `rule` names the object that holds the two lists. What is denied stays out, whatever is allowed.
Decision decideNetworks(const NetworkRules& networks, Rule rule, const IpAddress& address)
{
    const auto refuse = [&](std::string_view key, std::string limit) {
        rule.pointer.append("/").append(key);
        rule.name.append(" › ").append(key);
        return Decision{Reason::IpDenied, std::move(rule), address.toString(), std::move(limit)};
    };
    for (const Network& network : networks.deny)
        if (network.contains(address))
            return refuse("deny", "not " + network.toString());
    if (!networks.allow.empty() && !holdsAddress(networks.allow, address))
        return refuse("allow", describeNetworks(networks.allow));
    return Decision::allow();
}

} // namespace

bool holdsAddress(const std::vector<Network>& networks, const IpAddress& address)
{
    return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(address); });
}

std::string describeNetworks(const std::vector<Network>& networks)
{
    std::vector<std::string> texts;
    for (const Network& network : networks)
        if (texts.size() < mostNamed)
            texts.push_back(network.toString());
    if (networks.size() > mostNamed)
        texts.emplace_back("…");
    return joined(texts, ", ");
}

Decision decideListenerNetworks(const Policy& policy, std::size_t listener, const IpAddress& peer)
{
    return decideNetworks(policy.listeners.at(listener).networks, listenerRule(policy, listener, "networks"), peer);
}

Decision decideRouteNetworks(const Policy& policy, std::size_t route, const IpAddress& client)
{
    return decideNetworks(policy.routes.at(route).networks, routeRule(policy, route, "networks"), client);
}

bool isTrustedProxy(const Policy& policy, std::size_t listener, const IpAddress& peer)
{
    return holdsAddress(policy.listeners.at(listener).trustedProxies, peer);
}

Result<IpAddress, Decision> decideClient(const Policy& policy, std::size_t listener, const IpAddress& proxy,
                                         std::span<const std::optional<IpAddress>> chain)
{
    IpAddress client = proxy;
    for (std::size_t i = chain.size(); i > 0; --i) {
        const auto& address = chain[i - 1];
        if (!address)
            return Failure{Decision{Reason::ProxyHeader, listenerRule(policy, listener, "proxy_header"),
                                    "no address at place " + std::to_string(i) + " of " + std::to_string(chain.size()),
                                    "an address"}};
        client = *address;
        if (!isTrustedProxy(policy, listener, client))
            break;
    }
    return client;
}

Rule listenerRule(const Policy& policy, std::size_t listener, std::string_view key)
{
    return {"/listeners/" + std::to_string(listener) + "/" + std::string(key),
            policy.listeners.at(listener).name + " › " + ruleName(key)};
}

} // namespace gatehouse
