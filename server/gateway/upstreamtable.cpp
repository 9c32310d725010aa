// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstreamtable.h"

#include "gateway/upstreamtls.h"

#include <algorithm>

namespace gatehouse {

namespace {

std::shared_ptr<const RouteResources> servedBy(const Route& route, const Policy* before,
                                               const UpstreamTable::Resources& previous)
{
    for (std::size_t i = 0; before && i < before->routes.size() && i < previous.size(); ++i)
        if (before->routes[i].name == route.name)
            return previous[i];
    return nullptr;
}

} // namespace

const GatewayResources* gatewayResources(const std::shared_ptr<const RouteResources>& resources)
{
    return dynamic_cast<const GatewayResources*>(resources.get());
}

UpstreamTable::Key UpstreamTable::keyOf(const std::string& route, const UpstreamUrl& url)
{
    return {route, url.tls, url.host, url.port, url.path};
}

std::shared_ptr<Upstream> UpstreamTable::take(const std::string& route, const UpstreamUrl& url)
{
    const std::lock_guard lock(m_mutex);
    std::weak_ptr<Upstream>& known = m_known[keyOf(route, url)];
    auto upstream = known.lock();
    if (!upstream) {
        upstream = std::make_shared<Upstream>(route, url, m_clock);
        known = upstream;
    }
    return upstream;
}

Result<std::shared_ptr<const RouteResources>, std::string> UpstreamTable::make(const Route& route,
                                                                               const GatewayResources* served)
{
    const Gateway& gateway = *route.gateway;
    std::shared_ptr<const UpstreamTls> tls;
    if (std::ranges::any_of(gateway.upstreams, &UpstreamUrl::tls) || !gateway.ca.empty()) {
        auto made = UpstreamTls::create(gateway.ca, m_clock);
        if (!made)
            return Failure{"route " + route.name + ": " + made.error()};
        tls = std::move(*made);
        if (served && served->tls() && served->settings().ca == gateway.ca && served->tls()->digest() == tls->digest())
            tls = served->tls();
    }
    std::vector<std::shared_ptr<Upstream>> upstreams;
    for (const UpstreamUrl& url : gateway.upstreams)
        upstreams.push_back(take(route.name, url));
    return std::shared_ptr<const RouteResources>(
        std::make_shared<const GatewayResources>(gateway, std::move(upstreams), std::move(tls)));
}

Result<UpstreamTable::Resources, std::string> UpstreamTable::resources(const Policy& policy, const Policy* before,
                                                                       const Resources& previous)
{
    Resources all;
    std::string problems;
    for (const Route& route : policy.routes) {
        auto& one = all.emplace_back();
        if (!route.gateway)
            continue;
        const auto served = servedBy(route, before, previous);
        const GatewayResources* same = gatewayResources(served);
        auto made = make(route, same);
        if (!made)
            problems += (problems.empty() ? "" : "\n") + made.error();
        else if (same && same->settings() == *route.gateway && same->tls() == gatewayResources(*made)->tls() &&
                 same->upstreams() == gatewayResources(*made)->upstreams())
            one = served;
        else
            one = std::move(*made);
    }
    const std::lock_guard lock(m_mutex);
    std::erase_if(m_known, [](const auto& known) { return known.second.expired(); });
    if (!problems.empty())
        return Failure{std::move(problems)};
    return all;
}

std::shared_ptr<Upstream> UpstreamTable::find(const std::string& route, const UpstreamUrl& url) const
{
    const std::lock_guard lock(m_mutex);
    const auto known = m_known.find(keyOf(route, url));
    return known == m_known.end() ? nullptr : known->second.lock();
}

std::vector<UpstreamStatus> UpstreamTable::statuses(const Policy& policy) const
{
    std::vector<UpstreamStatus> all;
    for (const Route& route : policy.routes) {
        if (!route.gateway)
            continue;
        for (const UpstreamUrl& url : route.gateway->upstreams)
            if (const auto upstream = find(route.name, url)) {
                all.push_back(upstream->status());
                all.back().url = url.text;
            }
    }
    return all;
}

} // namespace gatehouse
