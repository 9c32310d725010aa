// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"

#include <cstdint>
#include <sys/socket.h>

namespace gatehouse {

/// An address and a port as the system's calls want them.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    [[nodiscard]] const sockaddr* get() const
    {
        return static_cast<const sockaddr*>(static_cast<const void*>(&storage));
    }
};

[[nodiscard]] SocketAddress socketAddress(const IpAddress& address, std::uint16_t port);

} // namespace gatehouse
