// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "gateway/gatewayresources.h"
#include "policy/policy.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

namespace gatehouse {

/// Knows every upstream that a policy generation has, so that its state outlives changes of the policy: one upstream
/// for each route's name and host, port, path and TLS of a URL, however it is written. It lives as long as resources
/// of a generation hold it. Thread-safe.
class UpstreamTable {
public:
    using Resources = std::vector<std::shared_ptr<const RouteResources>>;

    explicit UpstreamTable(const Clock& clock)
        : m_clock(clock)
    {
    }

    /// One for each route of the policy; null where it is no gateway. Those of `previous`, which belong to `before`,
    /// stay where route and files are the same. The error names route and file.
    [[nodiscard]] Result<Resources, std::string> resources(const Policy& policy, const Policy* before = nullptr,
                                                           const Resources& previous = {});

    /// Of every upstream of the policy, in its order, by the URLs that it has.
    [[nodiscard]] std::vector<UpstreamStatus> statuses(const Policy& policy) const;
    /// Null where there is none.
    [[nodiscard]] std::shared_ptr<Upstream> find(const std::string& route, const UpstreamUrl& url) const;

private:
    using Key = std::tuple<std::string, bool, std::string, std::uint16_t, std::string>;
    [[nodiscard]] static Key keyOf(const std::string& route, const UpstreamUrl& url);
    [[nodiscard]] std::shared_ptr<Upstream> take(const std::string& route, const UpstreamUrl& url);
    [[nodiscard]] Result<std::shared_ptr<const RouteResources>, std::string> make(const Route& route,
                                                                                  const GatewayResources* served);

    const Clock& m_clock;
    mutable std::mutex m_mutex; ///< guards m_known
    std::map<Key, std::weak_ptr<Upstream>> m_known;
};

/// What `resources` is for a gateway route; null for others.
[[nodiscard]] const GatewayResources* gatewayResources(const std::shared_ptr<const RouteResources>& resources);

} // namespace gatehouse
