// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/sessionfacts.h"

#include "net/admission.h"

namespace gatehouse {

std::string tokenPlaceName(const Authentication& authentication, TokenPlace place)
{
    if (place == TokenPlace::Cookie)
        return authentication.cookie;
    return place == TokenPlace::Query ? authentication.query : std::string();
}

std::shared_ptr<const SessionFacts> makeSessionFacts(const WorkerContext& context, SessionId id, const Arrival& arrival,
                                                     const Admission& admission, const Transport& transport)
{
    const Policy& policy = *admission.generation->policy;
    const Listener& listener = policy.listeners[admission.listener];
    auto facts = std::make_shared<SessionFacts>();
    facts->id = id;
    facts->who = admission.who;
    facts->listener = {listener.name, listener.address, listener.port, listener.tls.has_value(),
                       listener.tls ? listener.tls->clientCa : std::filesystem::path()};
    facts->tlsVersion = transport.tlsVersion();
    facts->peer = arrival.proxy.value_or(arrival.peer);
    facts->client = arrival.peer;
    facts->path = admission.path;
    facts->host = admission.host;
    if (admission.originSent)
        facts->origin = admission.origin;
    facts->subprotocol = admission.subprotocol;
    facts->kind = policy.routes[admission.match.route].kind;
    facts->channel = admission.match.channel;
    facts->source = admission.source;
    facts->token = admission.evidence;
    facts->certificate = admission.certificate;
    facts->opened = context.now;
    facts->openedWall = context.wall;
    return facts;
}

} // namespace gatehouse
