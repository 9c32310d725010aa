// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"
#include "domain/result.h"
#include "policy/policy.h"

#include <optional>
#include <span>
#include <string_view>

// Which addresses may come in, and whose address it is: pure functions of the policy and of facts. An IPv4 address is
// the same in its mapped form.
namespace gatehouse {

/// `networks` of a listener, about the peer itself.
[[nodiscard]] Decision decideListenerNetworks(const Policy& policy, std::size_t listener, const IpAddress& peer);

/// `networks` of a route, about the client behind trusted proxies.
[[nodiscard]] Decision decideRouteNetworks(const Policy& policy, std::size_t route, const IpAddress& client);

/// True where the listener takes the peer's word for whom it asks.
[[nodiscard]] bool isTrustedProxy(const Policy& policy, std::size_t listener, const IpAddress& peer);

/// For whom a trusted proxy asks: of the chain that its header tells (first the one who is furthest away, unset what
/// cannot be read), the right-most address that is not itself a trusted proxy; where all are, the left-most. An empty
/// chain is the proxy itself. What cannot be read is ProxyHeader where it stands at the place that decides.
[[nodiscard]] Result<IpAddress, Decision> decideClient(const Policy& policy, std::size_t listener,
                                                       const IpAddress& proxy,
                                                       std::span<const std::optional<IpAddress>> chain);

[[nodiscard]] bool holdsAddress(const std::vector<Network>& networks, const IpAddress& address);
/// The first of them, for a decision.
[[nodiscard]] std::string describeNetworks(const std::vector<Network>& networks);

/// The rule at a path below a listener, "tls/handshake_timeout", with its name for people.
[[nodiscard]] Rule listenerRule(const Policy& policy, std::size_t listener, std::string_view key);

} // namespace gatehouse
