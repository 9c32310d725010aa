// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/socketaddress.h"

#include <cstring>
#include <netinet/in.h>

namespace gatehouse {

SocketAddress socketAddress(const IpAddress& address, std::uint16_t port)
{
    SocketAddress result;
    if (address.isV4()) {
        sockaddr_in v4{};
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(&v4.sin_addr, address.bytes().data() + 12, 4);
        std::memcpy(&result.storage, &v4, sizeof v4);
        result.length = sizeof v4;
    } else {
        sockaddr_in6 v6{};
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        std::memcpy(&v6.sin6_addr, address.bytes().data(), 16);
        std::memcpy(&result.storage, &v6, sizeof v6);
        result.length = sizeof v6;
    }
    return result;
}

} // namespace gatehouse
