// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "hub/channelhub.h"
#include "net/workercontext.h"

#include <memory>
#include <unordered_map>

namespace gatehouse {

/// The plain protocol: the path names a channel, a message is published to it and arrives, its type kept, at every
/// subscriber, the publisher too. It speaks for the channels of its worker, whichever protocol uses them. Owner: one
/// I/O worker.
class PlainHub final : public RouteHandler {
public:
    PlainHub(WorkerContext& context, std::shared_ptr<ChannelHub> channels);
    ~PlainHub() override;

    [[nodiscard]] Decision admit(const Policy& policy, const Identity& who, const RouteMatch& match) override;
    void opened(Session& session) override;
    [[nodiscard]] Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) override;
    void termsChanged(Session& session) override;
    void closed(Session& session) override;
    void received(BusItem item) override;
    void tick() override;

private:
    class Subscriber;
    using Refused = Result<StreamPosition, HubRefusal>;

    /// What the rules of the channel are to the session now.
    void meetRule(Subscriber& subscriber) const;
    void subscribed(const std::weak_ptr<Subscriber>& subscriber, const Result<Recovery, HubRefusal>& answer);

    WorkerContext& m_context;
    std::shared_ptr<ChannelHub> m_channels;
    std::unordered_map<const Session*, std::shared_ptr<Subscriber>> m_subscribers;
};

} // namespace gatehouse
