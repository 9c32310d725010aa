// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/echo.h"

#include "net/session.h"

namespace gatehouse {

Decision Echo::admit(const Policy&, const Identity&, const RouteMatch&)
{
    return Decision::allow();
}

Decision Echo::message(Session& session, wire::Opcode type, std::span<const std::byte> payload)
{
    session.send(type, payload);
    return Decision::allow();
}

} // namespace gatehouse
