// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/routehandler.h"
#include "policy/policy.h"
#include "wire/request.h"

#include <string>
#include <string_view>

namespace gatehouse {

/// The upgrade that an upstream is asked for on behalf of somebody who passed every check. Pure. What the client sent
/// is passed on but for what concerns its connection with the gate, what the route drops, and whatever could be taken
/// for something that the gate says of it, of which only the gate's own word is left. `key` is a fresh
/// Sec-WebSocket-Key.
[[nodiscard]] wire::ClientRequest upstreamRequest(const Route& route, const UpstreamUrl& url, const Entrant& entrant,
                                                  std::string key);

/// Text as the value of an identity header: printable ASCII stays, but for blanks, '%', ',' and quotes, which are
/// percent-encoded as all other bytes are, so that lists can be taken apart and no byte means anything to a parser.
[[nodiscard]] std::string identityValue(std::string_view text);

/// Whether the client offered a subprotocol, whatever else it offered.
[[nodiscard]] bool offersSubprotocol(const OfferedRequest& request, std::string_view name);

} // namespace gatehouse
