// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/sessioninfo.h"

namespace gatehouse {

SessionId drawSessionId(WorkerContext& context)
{
    return {++context.nextSession * context.workers + context.index};
}

std::shared_ptr<SessionInfo> makeSessionInfo(WorkerContext& context, const Arrival& arrival, const Admission& admission,
                                             const Transport& transport, std::uint16_t peerPort)
{
    const Policy& policy = *admission.generation->policy;
    auto info = std::make_shared<SessionInfo>();
    info->id = admission.session ? admission.session : drawSessionId(context);
    info->user = admission.who.user;
    info->issuer = admission.who.issuer;
    info->keyId = admission.who.keyId;
    info->tokenId = admission.who.tokenId;
    info->address = arrival.peer.toString();
    info->port = peerPort;
    info->listener = policy.listeners[admission.listener].name;
    info->path = admission.path;
    if (!admission.match.channel.empty())
        info->channels.push_back(admission.match.channel);
    info->origin = admission.origin;
    info->userAgent = admission.userAgent;
    info->subprotocol = admission.subprotocol;
    info->upstream = admission.upstream;
    if (admission.deflate)
        info->compression = admission.deflate->answer;
    info->tlsVersion = transport.tlsVersion();
    info->tlsCipher = transport.tlsCipher();
    info->since = context.wall;
    info->tokenExpires = admission.who.expires;
    showPolicy(*info, policy, admission.match.route, admission.who);
    return info;
}

void showPolicy(SessionInfo& info, const Policy& policy, std::size_t index, const Identity& who)
{
    const Route& route = policy.routes[index];
    info.route = route.name;
    info.roles = who.roles;
    info.policyVersion = policy.version;
    const auto& rate = route.messages.rate;
    info.rateLimit = rate ? static_cast<double>(rate->count) / std::chrono::duration<double>(rate->per).count() : 0.0;
    info.rateBurst = rate ? rate->burst : 0;
    info.sendBufferLimit = route.sendBuffer;
    info.violationsAllowed = route.messages.violationsBeforeClose;
    info.sessionsPerUser = policy.limits.sessionsPerUser;
}

} // namespace gatehouse
