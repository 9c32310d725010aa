// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"
#include "net/outgoingmessage.h"
#include "policy/decide.h"
#include "wire/frame.h"

#include <cstdint>
#include <span>
#include <string>

namespace gatehouse {

class Session;

/// What one worker says to the route handler of another.
struct BusItem {
    std::uint32_t handler = 0; ///< index of the handler among the worker's
    std::uint32_t kind = 0;    ///< the handler's own
    std::uint32_t from = 0;    ///< worker
    std::string channel;
    SharedMessage message;
};

/// The workers as a handler sees them.
class WorkerBus {
public:
    virtual ~WorkerBus() = default;
    [[nodiscard]] virtual std::uint32_t self() const = 0;
    [[nodiscard]] virtual std::uint32_t workers() const = 0;
    /// False, and nothing sent, where the queue of that worker is full; `force` is for what the handler bounds itself.
    [[nodiscard]] virtual bool send(std::uint32_t worker, BusItem item, bool force = false) = 0;
};

/// What becomes of a route's messages. One instance for each worker, called on its thread alone.
class RouteHandler {
public:
    virtual ~RouteHandler() = default;

    /// The last question before the 101.
    [[nodiscard]] virtual Decision admit(const Policy& policy, const Identity& who, const RouteMatch& match) = 0;
    virtual void opened(Session& session) = 0;
    /// A whole message that passed type, size and rate. A refusal counts as a violation.
    [[nodiscard]] virtual Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) = 0;
    /// The session takes and gives no more messages.
    virtual void closed(Session& session) = 0;
    virtual void received(BusItem item) = 0;
};

} // namespace gatehouse
