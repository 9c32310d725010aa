// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/routehandler.h"

namespace gatehouse {

/// Sends every message back to its sender: a diagnostic.
class Echo final : public RouteHandler {
public:
    [[nodiscard]] Decision admit(const Policy& policy, const Identity& who, const RouteMatch& match) override;
    void opened(Session&) override {}
    [[nodiscard]] Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) override;
    void closed(Session&) override {}
    void received(BusItem) override {}
};

} // namespace gatehouse
