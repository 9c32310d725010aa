// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/routehandler.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gatehouse {

/// The plain protocol: the path names a channel, a message is published to it and arrives, its type kept, at every
/// subscriber, the publisher too. A channel has a home worker, `hash(channel) mod N`, through which all its
/// publications go, so that every subscriber sees one order. Owner: one I/O worker, for the channels whose home it is
/// and for the subscribers that it serves.
class PlainHub final : public RouteHandler {
public:
    PlainHub(WorkerBus& bus, std::uint32_t handlerIndex)
        : m_bus(bus)
        , m_handler(handlerIndex)
    {
    }

    [[nodiscard]] Decision admit(const Policy& policy, const Identity& who, const RouteMatch& match) override;
    void opened(Session& session) override;
    [[nodiscard]] Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) override;
    void closed(Session& session) override;
    void received(BusItem item) override;

private:
    enum Kind : std::uint32_t {
        Subscribe,   ///< to the home: this worker has its first subscriber
        Unsubscribe, ///< to the home: this worker's last subscriber is gone
        Publish,     ///< to the home
        Deliver,     ///< from the home
        Lost         ///< from the home: a delivery did not fit into this worker's queue
    };
    /// What its home knows of a channel.
    struct Home {
        std::vector<bool> subscribed; ///< by worker
        std::vector<bool> lost;       ///< by worker: told once, until it subscribes anew
        std::uint32_t workers = 0;    ///< how many are subscribed
    };
    using Subscribers = std::vector<Session*>;

    [[nodiscard]] std::uint32_t homeOf(std::string_view channel) const;
    /// To another worker through its queue, to this one at once.
    [[nodiscard]] bool dispatch(std::uint32_t worker, BusItem item, bool force);
    [[nodiscard]] BusItem item(Kind kind, const std::string& channel) const;
    void subscribe(const BusItem& item);
    void unsubscribe(const BusItem& item);
    void publish(BusItem item);
    void deliver(const BusItem& item);
    void endLost(const std::string& channel);

    WorkerBus& m_bus;
    std::uint32_t m_handler;
    std::unordered_map<std::string, Home> m_homes;
    std::unordered_map<std::string, Subscribers> m_subscribers;
};

} // namespace gatehouse
