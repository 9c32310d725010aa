// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "net/gatetables.h"
#include "net/transport.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace gatehouse {

/// Somebody who came in at an admin listener: past its networks, the bans and the rate of connecting, behind the TLS
/// handshake where it has TLS. The worker that accepted it knows nothing of it any more.
struct AdminArrival {
    std::unique_ptr<Transport> transport; ///< registered with no epoll
    std::string listener;                 ///< its name
    IpAddress listenerAddress;
    std::uint16_t listenerPort = 0; ///< as the policy has it
    bool secure = false;            ///< over TLS
    std::string serverName;         ///< that the client sent in TLS; empty: none
    IpAddress peer;                 ///< behind a trusted proxy the client that it named
    std::shared_ptr<AddressState> address;
    std::optional<IpAddress> proxy; ///< that named the peer
};

} // namespace gatehouse
