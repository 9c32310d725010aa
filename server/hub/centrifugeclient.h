// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "hub/channelhub.h"
#include "hub/clientcommandreader.h"
#include "hub/clientreply.h"
#include "hub/clienttokens.h"
#include "net/session.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

/// How somebody is subscribed by the server.
struct ServerSubscription {
    std::string channel;
    std::string info;                    ///< JSON, for the presence; empty: none
    std::string data;                    ///< JSON, for the client; empty: none
    std::optional<WallTime> expires;     ///< unset: with the session
    std::optional<StreamPosition> since; ///< to recover from
};

/// A session as Centrifugo's client protocol has it: connected or not yet, with its subscriptions. Nothing happens in
/// it after closed(). Owner: one I/O worker.
class CentrifugeClient : public std::enable_shared_from_this<CentrifugeClient> {
public:
    CentrifugeClient(WorkerContext& context, ChannelHub& channels, Session& session);
    ~CentrifugeClient();
    CentrifugeClient(const CentrifugeClient&) = delete;
    CentrifugeClient& operator=(const CentrifugeClient&) = delete;

    /// `connect` is awaited from here on.
    void begin();
    /// The commands of one message, each charged for by itself.
    void message(std::string_view text);
    void woken();
    void termsChanged();
    void withheld(bool on);
    void closed();
    /// Shows the channels that it is in, and ends subscriptions whose publications do not follow each other, so that
    /// their clients recover.
    void tick();

    /// There is something for tick() to do.
    [[nodiscard]] bool changed() const { return m_broken || m_moved; }
    [[nodiscard]] bool connected() const { return m_state == State::Connected; }
    [[nodiscard]] const std::string& id() const { return m_id; }
    [[nodiscard]] Session& session() { return m_session; }

    // By the server's own will.
    /// How many it was; `channel` empty: all.
    std::size_t unsubscribe(const std::string& channel);
    /// False where it is subscribed already, or may not be.
    bool subscribe(const ServerSubscription& subscription);
    /// Its token ends then instead; unset: it is over.
    void refreshed(std::optional<WallTime> expires);

private:
    class Subscription;
    enum class State : std::uint8_t { New, Connecting, Connected, Gone };
    /// How somebody is to be subscribed who may be.
    struct Wish {
        std::string channel;
        std::optional<StreamPosition> since; ///< to recover from
        std::string info;                    ///< JSON of the channel's token; empty: none
        std::optional<WallTime> expires;     ///< of the channel's token
        bool joinLeave = false;
        bool byToken = false;
        bool byServer = false;
        bool wholeOrNothing = false; ///< what cannot be recovered whole is an error
    };
    using Subscribed = std::function<void(Result<clientprotocol::SubscribeResult, clientprotocol::ErrorCode>)>;
    /// A `connect` whose subscriptions are under way.
    struct Connecting {
        std::uint32_t id = 0;
        clientprotocol::ConnectResult result;
        std::size_t missing = 0;
    };

    void take(const Result<clientprotocol::ClientCommand, clientprotocol::CommandError>& command, std::size_t bytes);
    void refuseCommand(const clientprotocol::CommandError& error);
    void run(std::uint32_t id, const clientprotocol::Pong& request);
    void run(std::uint32_t id, const clientprotocol::ConnectRequest& request);
    void run(std::uint32_t id, const clientprotocol::SubscribeRequest& request);
    void run(std::uint32_t id, const clientprotocol::UnsubscribeRequest& request);
    void run(std::uint32_t id, const clientprotocol::PublishRequest& request);
    void run(std::uint32_t id, const clientprotocol::PresenceRequest& request);
    void run(std::uint32_t id, const clientprotocol::PresenceStatsRequest& request);
    void run(std::uint32_t id, const clientprotocol::HistoryRequest& request);
    void run(std::uint32_t id, const clientprotocol::PingRequest& request);
    void run(std::uint32_t id, const clientprotocol::SendRequest& request);
    void run(std::uint32_t id, const clientprotocol::RpcRequest& request);
    void run(std::uint32_t id, const clientprotocol::RefreshRequest& request);
    void run(std::uint32_t id, const clientprotocol::SubRefreshRequest& request);

    [[nodiscard]] bool acceptsToken(std::string_view token);
    void subscribeByClaims(const clientprotocol::ConnectRequest& request, const HubClaims& claims);
    void settleConnect();
    /// Whether the policy lets the user do that in the channel: the index of its rule. Refused: an error is queued.
    [[nodiscard]] std::optional<std::size_t> permitted(std::uint32_t id, const std::string& channel,
                                                       ChannelRight right);
    [[nodiscard]] bool hasRoom(std::uint32_t id);
    /// The token of a subscription: what it says of the user's being in that channel.
    struct ChannelToken {
        std::string info;
        std::optional<WallTime> expires;
    };
    [[nodiscard]] Result<ChannelToken, clientprotocol::ErrorCode> readChannelToken(const std::string& channel,
                                                                                   std::string_view token);
    void start(Wish wish, Subscribed done);
    void started(const std::string& channel, const Wish& wish, Result<Recovery, HubRefusal> answer,
                 const Subscribed& done);
    void sayPresence(std::uint32_t id, const std::vector<SharedClientInfo>& clients);
    void askPresence(std::uint32_t id, const std::string& channel, bool numbersAlone);
    void meetEntry(Subscription& subscription, const ChannelRule& rule);
    /// What one more answer may hold: half of the room that is left where the session's backlog waits.
    [[nodiscard]] ReadCap readCap() const;
    /// It leaves the channel; what was asked for it comes to nothing.
    void leave(const std::string& channel);
    void endSubscription(const std::string& channel, clientprotocol::UnsubscribeCode code);
    void mend();
    void schedule();

    /// A question is under way, and then answered: who asks too much is not read meanwhile.
    void asked();
    void answered();
    template <class Answer> void say(std::uint32_t id, const Answer& answer);
    void sayError(std::uint32_t id, clientprotocol::ErrorCode code, std::string_view text = {});
    void push(const std::string& text);
    void flush();
    void end(Decision why, clientprotocol::DisconnectCode code);
    [[nodiscard]] Decision misuse(std::string met, std::string limit) const;

    WorkerContext& m_context;
    ChannelHub& m_channels;
    Session& m_session;
    std::string m_id;
    std::string m_info; ///< JSON of the connection's token; empty: none
    State m_state = State::New;
    TimePoint m_connectBy{};
    std::unique_ptr<Connecting> m_connecting;
    std::map<std::string, std::shared_ptr<Subscription>, std::less<>> m_subscriptions;
    std::string m_out; ///< replies to the commands of the message at hand
    std::size_t m_questions = 0;
    std::uint64_t m_promised = 0; ///< bytes of publications that answers on their way may hold
    bool m_gathering = false;
    bool m_broken = false; ///< a subscription missed something
    bool m_moved = false;  ///< it is in other channels than is shown
};

} // namespace gatehouse
