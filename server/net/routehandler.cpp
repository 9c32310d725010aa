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

SharedFrame RouteHandler::ping(const Session&) const
{
    return nullptr;
}

std::uint64_t RouteHandler::firstMessageLimit() const
{
    return largestToken;
}

Result<FirstMessageToken, Decision> RouteHandler::tokenIn(std::string_view message)
{
    return FirstMessageToken{std::string(message), false};
}

std::optional<FirstRefusal> RouteHandler::refusedFirst(std::string_view, const Decision&)
{
    return std::nullopt;
}

void RouteHandler::woken(Session&) {}

void RouteHandler::termsChanged(Session&) {}

void RouteHandler::tick() {}

} // namespace gatehouse
