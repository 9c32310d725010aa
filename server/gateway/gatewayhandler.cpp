// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/gatewayhandler.h"

#include "gateway/gatewaypartner.h"
#include "net/session.h"
#include "policy/decide.h"

namespace gatehouse {

namespace {

/// What enter() made: a session of this handler has no other partner.
GatewayPartner* partnerOf(const Session& session)
{
    return static_cast<GatewayPartner*>(session.partner());
}

} // namespace

Decision GatewayHandler::admit(const Policy&, const Identity&, const RouteMatch&)
{
    return Decision::allow();
}

std::unique_ptr<SessionPartner> GatewayHandler::enter(Entrant entrant, std::function<void(EntryAnswer)> answered)
{
    const auto& all = entrant.generation->routes;
    const std::size_t route = entrant.match.route;
    auto resources = route < all.size() ? std::dynamic_pointer_cast<const GatewayResources>(all[route]) : nullptr;
    if (!resources || !entrant.generation->policy->routes[route].gateway)
        return nullptr;
    auto partner = std::make_unique<GatewayPartner>(m_context, m_keys, std::move(resources), std::move(entrant),
                                                    std::move(answered));
    partner->begin();
    return partner;
}

void GatewayHandler::opened(Session& session)
{
    partnerOf(session)->opened(session);
}

Decision GatewayHandler::message(Session& session, wire::Opcode type, std::span<const std::byte> payload)
{
    partnerOf(session)->relay(type, payload, true, true);
    return Decision::allow();
}

/// A schema needs the whole of a message, and so does a rate of bytes that refuses what is too much.
bool GatewayHandler::takesParts(const Session& session) const
{
    const Messages& rules = session.route().messages;
    const bool ofBytes = rules.bytes || session.policy().limits.bytesPerUser;
    return !rules.schema && (!ofBytes || rules.onExcess == OnExcess::Throttle);
}

void GatewayHandler::part(Session& session, const wire::Event& part)
{
    partnerOf(session)->relay(part.type, part.payload, part.first, part.last);
}

void GatewayHandler::roomAgain(Session& session)
{
    partnerOf(session)->sessionRoom();
}

void GatewayHandler::withheld(Session& session, bool on)
{
    partnerOf(session)->withheld(on);
}

void GatewayHandler::closed(Session& session)
{
    partnerOf(session)->closed();
}

} // namespace gatehouse
