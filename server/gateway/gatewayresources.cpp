// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gatewayresources.h"

#include "gateway/upstreamtransport.h"

#include <algorithm>
#include <iterator>

namespace gatehouse {

GatewayResources::GatewayResources(Gateway settings, std::vector<std::shared_ptr<Upstream>> upstreams,
                                   std::shared_ptr<const UpstreamTls> tls)
    : m_settings(std::move(settings))
    , m_upstreams(std::move(upstreams))
    , m_tls(std::move(tls))
{
}

GatewayResources::~GatewayResources() = default;

/// What decides is read once for each: it changes while they are sorted.
std::vector<std::shared_ptr<Upstream>> GatewayResources::candidates() const
{
    struct Seen {
        std::shared_ptr<Upstream> upstream;
        std::optional<TimePoint> ejectedAt;
        std::uint64_t load = 0;
    };
    std::vector<Seen> usable;
    std::vector<Seen> ejected;
    for (const auto& upstream : m_upstreams) {
        if (upstream->draining())
            continue;
        const auto at = upstream->ejectedAt();
        (at ? ejected : usable).push_back({upstream, at, upstream->load()});
    }
    if (!usable.empty()) {
        const std::uint32_t turn = m_next.fetch_add(1, std::memory_order_relaxed);
        std::rotate(usable.begin(), usable.begin() + static_cast<std::ptrdiff_t>(turn % usable.size()), usable.end());
        if (m_settings.balance == Balance::LeastSessions)
            std::ranges::stable_sort(usable, {}, &Seen::load);
    }
    std::ranges::stable_sort(ejected, {}, &Seen::ejectedAt);
    std::vector<std::shared_ptr<Upstream>> all;
    for (auto* seen : {&usable, &ejected})
        std::ranges::transform(*seen, std::back_inserter(all), [](Seen& one) { return std::move(one.upstream); });
    return all;
}

std::unique_ptr<Transport> GatewayResources::transport(Fd socket, const UpstreamUrl& url) const
{
    if (!url.tls)
        return std::make_unique<UpstreamTransport>(std::move(socket));
    if (!m_tls) // a wss upstream is never spoken to in plain text
        return nullptr;
    SslPtr ssl = m_tls->connect(socket.get(), url.host);
    if (!ssl)
        return nullptr;
    return std::make_unique<UpstreamTransport>(std::move(socket), m_tls, std::move(ssl));
}

} // namespace gatehouse
