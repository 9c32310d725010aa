// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "hub/channelhub.h"
#include "hub/clienterror.h"
#include "net/workercontext.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gatehouse {

class CentrifugeClient;
struct ServerSubscription; ///< see centrifugeclient.h

/// Sessions of Centrifugo's protocol by what an API names them with: all that is set must fit; nothing set fits nobody.
struct ClientSelector {
    std::string user;
    std::string client; ///< id of the connection: the session's id as text
};

/// Centrifugo's client protocol on a hub route: the handler of one worker. Owner: one I/O worker.
class CentrifugeHub final : public RouteHandler {
public:
    CentrifugeHub(WorkerContext& context, std::shared_ptr<ChannelHub> channels);
    ~CentrifugeHub() override;

    [[nodiscard]] Decision admit(const Policy& policy, const Identity& who, const RouteMatch& match) override;
    void opened(Session& session) override;
    [[nodiscard]] Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) override;
    void withheld(Session& session, bool on) override;
    [[nodiscard]] bool countsItself() const override { return true; }
    [[nodiscard]] SharedFrame ping(const Session& session) const override;
    [[nodiscard]] std::uint64_t firstMessageLimit() const override;
    [[nodiscard]] Result<FirstMessageToken, Decision> tokenIn(std::string_view message) override;
    [[nodiscard]] std::optional<FirstRefusal> refusedFirst(std::string_view message, const Decision& why) override;
    void woken(Session& session) override;
    void termsChanged(Session& session) override;
    void closed(Session& session) override;
    void received(BusItem item) override;
    void tick() override;

    // What the API asks of the sessions of this worker; each returns how many it concerned.
    /// Subscriptions that end with an unsubscribe push. `channel` empty: all.
    std::size_t unsubscribe(const ClientSelector& who, const std::string& channel);
    /// Without asking whether the user may subscribe; the channel must be one that a rule matches.
    std::size_t subscribe(const ClientSelector& who, const ServerSubscription& subscription);
    /// Their tokens end at that time instead; unset: at once.
    std::size_t refresh(const ClientSelector& who, std::optional<WallTime> expires);

private:
    [[nodiscard]] std::shared_ptr<CentrifugeClient> find(const Session& session) const; ///< null: it is closed
    [[nodiscard]] std::vector<std::shared_ptr<CentrifugeClient>> select(const ClientSelector& who) const;
    [[nodiscard]] std::vector<std::shared_ptr<CentrifugeClient>> changed() const;

    WorkerContext& m_context;
    std::shared_ptr<ChannelHub> m_channels;
    SharedFrame m_ping;
    std::unordered_map<const Session*, std::shared_ptr<CentrifugeClient>> m_clients;
};

} // namespace gatehouse
