// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/randomkeys.h"
#include "net/routehandler.h"

namespace gatehouse {

struct WorkerContext;

/// Routes in front of applications: whoever passed every check gets an upstream, and all that the policy lets through
/// goes to and fro between them. One for each worker.
class GatewayHandler final : public RouteHandler {
public:
    explicit GatewayHandler(WorkerContext& context)
        : m_context(context)
    {
    }

    [[nodiscard]] Decision admit(const Policy& policy, const Identity& who, const RouteMatch& match) override;
    [[nodiscard]] bool entersLater() const override { return true; }
    [[nodiscard]] std::unique_ptr<SessionPartner> enter(Entrant entrant,
                                                        std::function<void(EntryAnswer)> answered) override;
    void opened(Session& session) override;
    [[nodiscard]] Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) override;
    [[nodiscard]] bool takesParts(const Session& session) const override;
    void part(Session& session, const wire::Event& part) override;
    void roomAgain(Session& session) override;
    void withheld(Session& session, bool on) override;
    void closed(Session& session) override;
    void received(BusItem) override {}

private:
    WorkerContext& m_context;
    RandomKeys m_keys;
};

} // namespace gatehouse
