// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/hostresolver.h"

#include <algorithm>
#include <memory>
#include <netdb.h>
#include <sys/socket.h>

namespace gatehouse {

ResolvedHost lookUpHost(const std::string& host)
{
    constexpr std::size_t most = 16;
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0)
        return Failure{"the name " + host + " does not resolve: " + gai_strerror(error)};
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, freeaddrinfo);
    std::vector<IpAddress> addresses;
    for (const addrinfo* one = found; one && addresses.size() < most; one = one->ai_next) {
        const IpAddress address = IpAddress::fromSockaddr(*one->ai_addr);
        if (!address.isUnspecified() && std::ranges::find(addresses, address) == addresses.end())
            addresses.push_back(address);
    }
    if (addresses.empty())
        return Failure{"the name " + host + " has no address"};
    return addresses;
}

} // namespace gatehouse
