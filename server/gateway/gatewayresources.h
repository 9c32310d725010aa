// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/upstream.h"
#include "net/listeners.h"
#include "net/routehandler.h"
#include "net/transport.h"

#include <atomic>
#include <memory>
#include <vector>

namespace gatehouse {

class UpstreamTls;

/// What one policy generation holds ready for one gateway route: its upstreams, and the authorities that may vouch for
/// them. Immutable but for the upstreams themselves, which say of themselves that they are thread-safe.
class GatewayResources final : public RouteResources {
public:
    /// `tls` is null where every upstream is plain.
    GatewayResources(Gateway settings, std::vector<std::shared_ptr<Upstream>> upstreams,
                     std::shared_ptr<const UpstreamTls> tls);
    ~GatewayResources() override;

    [[nodiscard]] const Gateway& settings() const { return m_settings; }
    /// Whom to try for a new session, in that order, each once: by the route's balance those that are usable, then
    /// those that are ejected, so that nobody is refused without a try. Draining ones are not among them.
    [[nodiscard]] std::vector<std::shared_ptr<Upstream>> candidates() const;
    /// A transport of the client role over a non-blocking socket that is connecting: plain, or TLS 1.2 or later whose
    /// handshake verifies the certificate for the URL's host. Null, and the socket closed, where memory ran out.
    [[nodiscard]] std::unique_ptr<Transport> transport(Fd socket, const UpstreamUrl& url) const;
    [[nodiscard]] const std::vector<std::shared_ptr<Upstream>>& upstreams() const { return m_upstreams; }
    [[nodiscard]] const std::shared_ptr<const UpstreamTls>& tls() const { return m_tls; }

private:
    const Gateway m_settings;
    const std::vector<std::shared_ptr<Upstream>> m_upstreams;
    const std::shared_ptr<const UpstreamTls> m_tls; ///< null: every upstream is plain
    mutable std::atomic<std::uint32_t> m_next{0};   ///< of the round robin
};

} // namespace gatehouse
