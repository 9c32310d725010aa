// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/routehandler.h"

namespace gatehouse {

/// In the place of a handler that there is none of: nobody gets in.
class Nobody final : public RouteHandler {
public:
    [[nodiscard]] Decision admit(const Policy&, const Identity&, const RouteMatch&) override
    {
        return {Reason::Internal, {}, "nobody answers this route", {}};
    }
    void opened(Session&) override {}
    [[nodiscard]] Decision message(Session&, wire::Opcode, std::span<const std::byte>) override
    {
        return {Reason::Internal, {}, "nobody answers this route", {}};
    }
    void closed(Session&) override {}
    void received(BusItem) override {}
};

} // namespace gatehouse
