// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/arrival.h"

#include "policy/decide.h"

namespace gatehouse {

std::string Arrival::described(std::string words) const
{
    if (!proxy)
        return words;
    return words + (words.empty() ? "through " : ", through ") + proxy->toString();
}

std::optional<AddressRefusal> enter(WorkerContext& context, Arrival& arrival, const IpAddress& client)
{
    constexpr std::chrono::seconds soon(5);
    const Limits& limits = context.policy().limits;
    if (client != arrival.peer) {
        arrival.proxy = arrival.peer;
        arrival.peer = client;
    }
    if (const Ban* ban = context.bans->matchAddress(client, context.wall)) {
        AddressRefusal refusal{{Reason::Banned, banRule(*ban), client.toString(), {}}, {}};
        if (ban->until)
            refusal.retryAfter = *ban->until - context.wall;
        return refusal;
    }
    auto address = context.gate.tables.addresses.find(client.limitKey(), context.now);
    if (!address)
        return AddressRefusal{{Reason::LimitPending, {}, "address table full", {}}, soon};
    const auto& rate = limits.connectsPerIp;
    if (rate && !address->connects.take(*rate, context.now))
        return AddressRefusal{{Reason::LimitIp, limitRule("connects_per_ip"), "bucket empty", describeRate(*rate)},
                              rate->per / static_cast<std::int64_t>(rate->count)};
    if (!address->pending.reserve(limits.pendingPerIp))
        return AddressRefusal{{Reason::LimitPending, limitRule("pending_per_ip"),
                               std::to_string(*limits.pendingPerIp) + " pending", std::to_string(*limits.pendingPerIp)},
                              soon};
    arrival.pendingSlot = Lease(address, address->pending);
    arrival.address = std::move(address);
    return std::nullopt;
}

} // namespace gatehouse
