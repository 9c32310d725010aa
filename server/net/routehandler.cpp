// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/routehandler.h"

namespace gatehouse {

std::unique_ptr<SessionPartner> RouteHandler::enter(Entrant, std::function<void(EntryAnswer)>)
{
    return nullptr;
}

bool RouteHandler::takesParts(const Session&) const
{
    return false;
}

void RouteHandler::part(Session&, const wire::Event&) {}

void RouteHandler::roomAgain(Session&) {}

void RouteHandler::withheld(Session&, bool) {}

} // namespace gatehouse
