// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/headerlist.h"
#include "wire/httptext.h"
#include "wire/request.h"

#include <algorithm>

namespace gatehouse::wire {

namespace {

constexpr std::size_t maxSubprotocols = 32;

Reason readSubprotocols(const Request& request, std::vector<std::string_view>& names)
{
    const auto values = request.all("Sec-WebSocket-Protocol");
    std::size_t elements = 0;
    for (const std::string_view value : values) {
        ListReader list(value);
        while (const auto name = list.next()) {
            if (++elements > maxSubprotocols)
                return Reason::Subprotocol;
            if (name->empty()) // RFC 9110 §5.6.1.2: a reasonable number of them is ignored
                continue;
            if (!isToken(*name) || std::ranges::find(names, *name) != names.end())
                return Reason::Subprotocol;
            names.push_back(*name);
        }
    }
    return !values.empty() && names.empty() ? Reason::Subprotocol : Reason::None;
}

Reason checkUpgrade(const Request& request)
{
    if (request.method != "GET")
        return Reason::HsMethod;
    const auto host = request.one("Host");
    const bool otherAuthority = !request.authority.empty() && !equalsIgnoringCase(request.authority, host.value_or(""));
    if (!host || !isAuthority(*host) || otherAuthority)
        return Reason::HsHost;
    const auto length = contentLength(request);
    if (!length || *length > 0)
        return Reason::HsBody;
    if (!listHas(request.headers, "Upgrade", "websocket") || !listHas(request.headers, "Connection", "upgrade"))
        return Reason::HsUpgrade;
    if (request.one("Sec-WebSocket-Version") != "13")
        return Reason::HsVersion;
    if (!isWebSocketKey(request.one("Sec-WebSocket-Key").value_or("")))
        return Reason::HsKey;
    return request.all("Origin").size() > 1 ? Reason::HsDuplicate : Reason::None;
}

} // namespace

Result<Upgrade, Reason> parseUpgrade(const Request& request)
{
    if (const Reason reason = checkUpgrade(request); reason != Reason::None)
        return Failure{reason};
    Upgrade upgrade;
    if (const Reason reason = readSubprotocols(request, upgrade.subprotocols); reason != Reason::None)
        return Failure{reason};
    upgrade.key = *request.one("Sec-WebSocket-Key");
    upgrade.host = *request.one("Host");
    upgrade.origin = request.one("Origin");
    upgrade.authorization = request.all("Authorization");
    upgrade.extensions = request.all("Sec-WebSocket-Extensions");
    const auto agents = request.all("User-Agent");
    upgrade.userAgent = agents.empty() ? std::string_view{} : agents.front();
    return upgrade;
}

} // namespace gatehouse::wire
