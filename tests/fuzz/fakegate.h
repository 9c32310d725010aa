// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "faketransport.h"
#include "hub/hubbudget.h"
#include "manualclock.h"
#include "net/connection.h"
#include "net/workercontext.h"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace gatehouse::fuzz {

/// A gate whose limits are so low that a few hundred bytes reach them: routes /echo, /hub/{channel}, /slow and /wide,
/// of which only the hub asks for a token; /first, which takes it in the first message too; and /app, which asks its
/// other side before the 101. Listener 1 has TLS; 2 and, by the PROXY protocol and with TLS, 3 trust the proxies of
/// 192.0.2.0/24.
[[nodiscard]] std::shared_ptr<const PolicyGeneration> firstPolicy();
/// The same routes with other limits.
[[nodiscard]] std::shared_ptr<const PolicyGeneration> secondPolicy();

enum class Token : std::uint8_t { None, Editor, Reader, Short, Bad, Once, Count };
/// Good when a ManualClock begins; Short for five seconds, Once for as often as claims are granted.
[[nodiscard]] const std::string& tokenText(Token token);

/// Checks that sessions open and close once, and in pairs, with nothing after the close, and notes what each peer must
/// be told.
class WatchedHandler final : public RouteHandler {
public:
    using PeerOf = std::function<Peer&(const Session&)>;

    WatchedHandler(std::unique_ptr<RouteHandler> inner, PeerOf peerOf)
        : m_inner(std::move(inner))
        , m_peerOf(std::move(peerOf))
    {
    }
    [[nodiscard]] bool empty() const { return m_open.empty(); }
    [[nodiscard]] bool holds(const Session& session) const { return m_open.contains(&session); }

    [[nodiscard]] Decision admit(const Policy& policy, const Identity& who, const RouteMatch& match) override;
    void opened(Session& session) override;
    /// A payload that begins with "!" throws.
    [[nodiscard]] Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) override;
    [[nodiscard]] bool entersLater() const override { return m_inner->entersLater(); }
    [[nodiscard]] std::unique_ptr<SessionPartner> enter(Entrant entrant,
                                                        std::function<void(EntryAnswer)> answered) override
    {
        return m_inner->enter(std::move(entrant), std::move(answered));
    }
    [[nodiscard]] bool takesParts(const Session& session) const override { return m_inner->takesParts(session); }
    void part(Session& session, const wire::Event& part) override;
    void roomAgain(Session& session) override;
    void withheld(Session& session, bool on) override;
    void woken(Session& session) override { m_inner->woken(session); }
    void termsChanged(Session& session) override { m_inner->termsChanged(session); }
    void tick() override { m_inner->tick(); }
    void closed(Session& session) override;
    void received(BusItem item) override { m_inner->received(std::move(item)); }

private:
    std::unique_ptr<RouteHandler> m_inner;
    PeerOf m_peerOf;
    std::set<const Session*> m_open;
    std::map<const Session*, std::string> m_parts; ///< of messages that have begun
    std::set<const Session*> m_withheld;
};

/// The other side of a route: who enters waits until the program answers, and what comes in parts is sent back whole. A
/// payload that begins with "h" puts the session on hold until the next answer.
class App final : public RouteHandler {
public:
    [[nodiscard]] Decision admit(const Policy&, const Identity&, const RouteMatch&) override { return {}; }
    [[nodiscard]] bool entersLater() const override { return true; }
    [[nodiscard]] std::unique_ptr<SessionPartner> enter(Entrant entrant,
                                                        std::function<void(EntryAnswer)> answered) override;
    void opened(Session&) override {}
    [[nodiscard]] Decision message(Session& session, wire::Opcode type, std::span<const std::byte> payload) override;
    [[nodiscard]] bool takesParts(const Session&) const override { return true; }
    void part(Session& session, const wire::Event& part) override;
    void closed(Session& session) override { m_held.erase(&session); }
    void received(BusItem) override {}

    void answer(EntryAnswer answer);
    [[nodiscard]] int partners() const { return m_partners; }

private:
    std::vector<std::function<void(EntryAnswer)>> m_waiting;
    std::set<Session*> m_held;
    int m_partners = 0;
};

/// What was recorded of each session: one Open, then one Close, or two where the peer did not answer the first.
class WatchedAudit final : public EventSink {
public:
    void record(AuditRecord record) noexcept override;
    [[nodiscard]] bool allClosed() const;

private:
    struct Counts {
        int opens = 0;
        int closes = 0;
    };
    std::map<SessionId, Counts> m_sessions;
};

class WatchedEvents final : public GateEvents {
public:
    void authFailed(AuthFailure failure) override;
    void banByRule(const IpAddress& address, std::chrono::milliseconds duration, const Decision& why) override;
    void claimToken(TokenClaim claim, std::function<void(ClaimVerdict)> done) override;
    /// Answers one claim; where none waits, the next one is answered at once.
    void answerClaim(ClaimVerdict verdict);
    void answerAllClaims();
    void publish(std::uint32_t, WorkerBatch) override {}

private:
    std::optional<ClaimVerdict> m_next;
    std::vector<std::function<void(ClaimVerdict)>> m_claims;
};

struct GateParts {
    test::ManualClock clock;
    WatchedAudit audit;
    WatchedEvents events;
    GateTables tables;
    GateEnvironment environment{clock, audit, events, tables};
};

/// One worker with connections over FakeTransport: the turns of net/worker.cpp without its epoll and its thread.
class FakeWorker final : private WorkerContext, private WorkerBus {
public:
    explicit FakeWorker(GateParts& parts);
    ~FakeWorker() override;

    /// What decides before the connection stands; null where it is refused.
    [[nodiscard]] Connection* accept(Peer& peer, std::size_t listener, const IpAddress& from);
    [[nodiscard]] bool alive(const Connection* connection) { return find(connection) != m_live.end(); }
    void turn();
    /// Open sessions meet it with their next frame.
    void setPolicy(std::shared_ptr<const PolicyGeneration> next)
    {
        generation = std::move(next);
        ++policyEpoch;
    }
    void setWatched(bool on) { watched = on; }
    void answerEntry(EntryAnswer answer) { m_app->answer(std::move(answer)); }
    void end(Connection& connection, const Ending& ending);
    void drain();

    /// Nothing is left of any connection.
    void checkEmpty() const;
    [[nodiscard]] bool empty() const { return m_live.empty(); }

private:
    HubBudget m_budget{HubLimits{}, 1};
    std::uint64_t m_epochs = 0;
    struct Live {
        std::unique_ptr<Connection> connection;
        Peer* peer = nullptr;
        std::size_t held = 0; ///< backlog after the last turn
        bool closing = false;
    };

    [[nodiscard]] std::vector<Live>::iterator find(const Endpoint* connection);
    [[nodiscard]] std::vector<Connection*> connections() const;
    [[nodiscard]] static bool due(const Live& live);
    void sample();
    void checkMemory(Live& live, std::uint64_t queued);
    [[nodiscard]] std::uint64_t queuedSoFar() const;

    [[nodiscard]] RouteHandler& handler(const Policy& policy, std::size_t route) override;
    [[nodiscard]] bool adopt(std::unique_ptr<Endpoint> endpoint) override;
    void discard(Endpoint& endpoint) override;
    void updateInterest(Endpoint& endpoint) override;
    void sessionOpened(Connection& connection) override;
    void forget(const Connection& connection) override;
    [[nodiscard]] std::function<void(ClaimVerdict)> awaitClaim(Connection& connection) override;
    [[nodiscard]] std::uint32_t self() const override { return 0; }
    [[nodiscard]] std::uint32_t workers() const override { return 1; }
    [[nodiscard]] bool send(std::uint32_t worker, BusItem item, bool force) override;

    std::vector<std::unique_ptr<WatchedHandler>> m_handlers; ///< in the order of RouteKind
    App* m_app = nullptr;                                    ///< of gateways
    std::vector<Live> m_live; ///< in the order of their arrival, so that a run can be repeated
    std::vector<std::unique_ptr<Connection>> m_discarded;
    std::set<std::shared_ptr<AddressState>> m_addresses;
    std::map<SessionId, Peer*> m_peers;
    std::map<std::uint64_t, Connection*> m_claims;
    std::vector<std::pair<std::uint64_t, ClaimVerdict>> m_verdicts; ///< for the next turn
    std::uint64_t m_lastClaim = 0;
};

} // namespace gatehouse::fuzz
