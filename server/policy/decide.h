// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"
#include "domain/result.h"
#include "policy/identity.h"
#include "policy/policy.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

// Every check of the gate that needs no state: pure functions of the policy and of facts.
namespace gatehouse {

struct RouteMatch {
    std::size_t route = 0; ///< index into Policy::routes
    std::string channel;   ///< what {channel} stood for, percent-decoded; empty where the path has none

    friend bool operator==(const RouteMatch&, const RouteMatch&) = default;
};

/// The first route whose path matches; none is Reason::Path. `path` is the raw path of the request target, without
/// query. Dot segments, encoded dots or slashes, empty segments and bad percent-encoding match nothing (FAULTS row 27);
/// only `*` takes a slash at the end: "/app/*" matches "/app/" and "/app/a/", and not "/app".
[[nodiscard]] std::optional<RouteMatch> matchRoute(const Policy& policy, std::string_view path);

/// Host against `server_names` of a listener (421 is the caller's answer when the syntax was right). `host` as
/// received.
[[nodiscard]] Decision decideHost(const Policy& policy, std::size_t listener, std::string_view host);

/// Host against the server name that the client sent in TLS (RFC 6066 §3), whatever their case, a port, one trailing
/// dot or the brackets of an IPv6 address. Empty: none was sent. 421 (RFC 9110 §15.5.20) is the caller's answer.
[[nodiscard]] Decision decideServerName(const Policy& policy, std::size_t listener, std::string_view sent,
                                        std::string_view host);

/// Origin (RFC 6454 §7) against the route's list. Unset: the client sent none. Scheme, host and port compare whole.
[[nodiscard]] Decision decideOrigin(const Policy& policy, std::size_t route, std::optional<std::string_view> origin);

/// True for a subprotocol that the route may echo: `gatehouse`, on centrifuge routes `centrifuge-json`, or one that it
/// allows.
[[nodiscard]] bool isAllowedSubprotocol(const Route& route, std::string_view name);
/// True for `bearer.T`, which carries a token and is never echoed.
[[nodiscard]] bool isBearerSubprotocol(std::string_view name);

/// The subprotocol to echo (RFC 6455 §4.2.2): of those that the client offers the first that the route allows. Empty
/// where none was offered, unless the route requires one. An offer without one that can be echoed is refused, since
/// browsers abort when nothing is echoed.
[[nodiscard]] Result<std::string, Decision> decideSubprotocol(const Policy& policy, std::size_t route,
                                                              std::span<const std::string_view> offered);

/// Of those that the client offered the ones that an upstream may be offered, in their order and none twice: what the
/// route allows, without `gatehouse`, which is the gate's own, and without `bearer.T`.
[[nodiscard]] std::vector<std::string> forwardableSubprotocols(const Route& route,
                                                               std::span<const std::string_view> offered);

/// The route's `roles`: any of them is enough; an empty list lets in everybody who is authenticated.
[[nodiscard]] Decision decideRoles(const Policy& policy, std::size_t route, const Identity& who);

/// An application message's type against `messages.types`.
[[nodiscard]] Decision decideType(const Policy& policy, std::size_t route, bool binary);

/// History: to ask for what was published. Whoever may subscribe may recover without it. Presence: to ask who is there.
enum class ChannelRight : std::uint8_t { Subscribe, Publish, History, Presence };

/// The first channel rule that matches decides; none: Reason::AuthzChannel. Names over `limits.channel_name` bytes,
/// empty ones, and ones with control characters or wildcard characters are refused too, and so is the history of a
/// channel that keeps none.
[[nodiscard]] Decision decideChannel(const Policy& policy, const Identity& who, std::string_view channel,
                                     ChannelRight right);

/// The index of the first channel rule that matches a name, for this user.
[[nodiscard]] std::optional<std::size_t> matchChannel(const Policy& policy, const Identity& who,
                                                      std::string_view channel);

/// The same for the server itself, which speaks for no user: {user} stands for the name of any, so for one or more
/// characters of every kind (names of users may hold a `.`), and twice in a pattern for two users. Unset too for a name
/// that no client may use.
[[nodiscard]] std::optional<std::size_t> matchChannelForServer(const Policy& policy, std::string_view channel);

/// True where `pattern` matches `name`: `*` stands for one or more characters but `.`, `**` for one or more characters,
/// {user} for `user` literally.
[[nodiscard]] bool channelMatches(std::string_view pattern, std::string_view name, std::string_view user);

/// The same where {user} stands for any user, as in matchChannelForServer().
[[nodiscard]] bool channelMatchesForServer(std::string_view pattern, std::string_view name);

/// The rule at a pointer with its name for people: "hub › messages › rate". `key` is a path below the route,
/// "messages/rate".
[[nodiscard]] Rule routeRule(const Policy& policy, std::size_t route, std::string_view key);
[[nodiscard]] Rule limitRule(std::string_view key);

/// A path of keys for people: "messages › rate".
[[nodiscard]] std::string ruleName(std::string_view key);

/// "50/s, burst 100", for the `limit` of a decision.
[[nodiscard]] std::string describeRate(const Rate& rate);

} // namespace gatehouse
