// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/boundedqueue.h"
#include "net/connection.h"
#include "net/drainqueue.h"
#include "net/listenermoves.h"
#include "net/listeners.h"
#include "net/nobody.h"
#include "net/reevaluation.h"
#include "net/wakeup.h"
#include "net/workercontext.h"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

namespace gatehouse {

class Worker;

/// One that sessions of a gateway route have, as SessionInfo has it.
struct UpstreamName {
    std::string route;
    std::string url;

    friend bool operator==(const UpstreamName&, const UpstreamName&) = default;
};

/// Makes the handlers of one worker, in the order of RouteKind. Where one is null or missing, nobody gets in.
using HandlerFactory = std::function<std::vector<std::unique_ptr<RouteHandler>>(WorkerBus&, WorkerContext&)>;

/// One I/O thread: its epoll, its listening sockets, its connections, those to upstreams, and their timers. Everything
/// but the functions marked thread-safe belongs to that thread.
class Worker final : private WorkerContext, private WorkerBus {
public:
    using Task = std::function<void(Worker&)>;

    Worker(GateEnvironment& environment, std::uint32_t index, std::uint32_t workers,
           std::shared_ptr<const PolicyGeneration> generation, std::shared_ptr<const BanSet> bans);
    ~Worker() override;

    /// Before start(): the other workers, by index, and one listening socket for each of the policy's listeners.
    void setPeers(std::vector<Worker*> peers) { m_peers = std::move(peers); }
    void addListener(Fd socket, std::size_t listener);
    void start(const HandlerFactory& makeHandlers);
    /// Ends the thread; what is still connected is closed without ceremony. Call for every worker before destroying
    /// one.
    void stop();

    /// After stop() of all workers: runs what was still posted; false where nothing was.
    bool finishTasks();

    /// Thread-safe: runs a task on this thread, before any traffic that comes after it.
    void post(Task task);
    /// Thread-safe.
    [[nodiscard]] const WorkerCounters& figures() const { return counters; }

    // What tasks do, on this thread.
    /// Whoever comes from now on meets it; sessions keep theirs.
    void setPolicy(std::shared_ptr<const PolicyGeneration> next);
    using PolicyMetCallback = std::function<void(PolicyMet)>;
    /// Whoever comes from now on meets it, and open sessions with their next frame or within a second, in slices.
    /// `met` is called once all have, or when the worker stops.
    void applyPolicy(std::shared_ptr<const PolicyGeneration> next, const ListenerMoves& moves, PolicyMetCallback met);
    /// While it runs: a socket of the policy's listener of that index. Closed at once where the gate is emptied.
    void openListener(Fd socket, std::size_t listener);
    [[nodiscard]] std::vector<LiveSession> liveSessions() const;
    void setBans(std::shared_ptr<const BanSet> next) { bans = std::move(next); }
    void setRevocations(std::shared_ptr<const RevocationSet> next) { revocations = std::move(next); }
    /// Null: none. Whoever comes from now on meets it; see endLockedOut().
    void setLockdown(std::shared_ptr<const Lockdown> next) { lockdown = std::move(next); }
    void setWatched(bool watched);
    /// Publishes every session at once, as a whole batch.
    void publishAll();
    /// No more connections are taken, and those that are no sessions yet end; sessions are told evenly over `spread`,
    /// in no order. A second time it may only become quicker.
    void drain(std::chrono::milliseconds spread);
    /// Ends whoever is left, without ceremony.
    void cutOff();
    /// Connections, and sockets of other kinds that close yet.
    [[nodiscard]] std::size_t open() const { return m_connections.size() + m_adopted.size(); }
    [[nodiscard]] std::vector<SessionRow> rows() const;
    [[nodiscard]] std::optional<SessionRow> row(SessionId id) const;
    /// Ends the sessions of those ids that are here, and returns them with what identifies their users.
    [[nodiscard]] std::vector<std::shared_ptr<const SessionInfo>> endSessions(const std::vector<SessionId>& ids,
                                                                              const Ending& ending);
    /// Of that name, whoever vouches for it.
    [[nodiscard]] std::vector<SessionId> sessionsOfUser(std::string_view user) const;
    [[nodiscard]] std::vector<std::shared_ptr<const SessionInfo>> endMatching(const Ban& ban, const Ending& ending);
    /// Ends the sessions whose token it concerns; each is told what it met.
    [[nodiscard]] std::vector<std::shared_ptr<const SessionInfo>> endRevoked(const Revocation& revocation);
    /// Which of them are here, and not about to end.
    [[nodiscard]] std::vector<SessionId> quarantine(const std::vector<SessionId>& ids, const QuarantineOrder& order);
    [[nodiscard]] std::vector<SessionId> endQuarantine(const std::vector<SessionId>& ids, const std::string& actor,
                                                       const std::string& reason);
    /// Those of the sessions that are here.
    [[nodiscard]] std::vector<std::shared_ptr<const SessionInfo>> limitSessions(const std::vector<SharedLimit>& limits);
    /// Every session of the user, and those that are still to come.
    void limitUser(const SharedLimit& limit);
    void unlimit(const std::vector<TemporaryLimit>& limits);
    /// Ends the sessions that the lockdown's lists, or the policy's as they are now, shut out.
    [[nodiscard]] std::vector<std::shared_ptr<const SessionInfo>> endLockedOut();
    /// The users (userKey, or the address of the anonymous) of those ids, without touching them.
    [[nodiscard]] std::vector<std::pair<SessionId, std::string>> keysOf(const std::vector<SessionId>& ids) const;

    /// Ends the sessions of an upstream evenly over `spread`, and tells how many; who enters meanwhile goes at its end.
    /// One of the same upstream is replaced.
    std::size_t drainUpstream(UpstreamName upstream, std::chrono::milliseconds spread, std::string actor);
    /// Who was not told yet stays.
    void undrainUpstream(const UpstreamName& upstream);

private:
    struct UpstreamDrain {
        UpstreamName upstream;
        std::string actor;
        DrainQueue queue;
    };
    struct ListenSocket {
        Fd fd;
        std::size_t listener = 0;
    };

    /// Null where it is not here, or about to end.
    [[nodiscard]] Session* find(SessionId id) const;
    /// Sessions that are to meet a policy; more than one policy where they came faster than sessions could meet them.
    struct Sweep {
        std::vector<SessionId> left;
        struct Asked {
            PolicyMetCallback done;
            PolicyMet met;
        };
        std::vector<Asked> asked;
        std::chrono::steady_clock::time_point started{};
    };

    void takeGeneration(std::shared_ptr<const PolicyGeneration> next);
    void moveListeners(const ListenerMoves& moves);
    void sweepSome();
    void endSweep();
    void run();
    void endAll();
    void turn();
    void handle(std::uint32_t events, Endpoint& endpoint);
    void endAdopted();
    void freeDiscarded();
    [[nodiscard]] std::vector<Connection*> connections() const;
    void runTasks();
    void acceptFrom(ListenSocket& socket);
    void claimAnswered(std::uint64_t claim, ClaimVerdict verdict);
    void acceptOne(std::size_t listener, Fd fd, const IpAddress& peer, std::uint16_t port);
    void refuseConnect(const Arrival& arrival, Decision decision);
    void pauseAccepting();
    void resumeAccepting();
    void publish();
    void drainSome();
    void drainUpstreams();
    [[nodiscard]] std::vector<SessionId> sessionsOf(const UpstreamName& upstream) const;
    void endDraining(SessionId id, const UpstreamDrain& drain);

    // WorkerContext
    [[nodiscard]] RouteHandler& handler(const Policy& policy, std::size_t route) override;
    [[nodiscard]] bool adopt(std::unique_ptr<Endpoint> endpoint) override;
    void discard(Endpoint& endpoint) override;
    void updateInterest(Endpoint& endpoint) override;
    void sessionOpened(Connection& connection) override;
    void forget(const Connection& connection) override;
    [[nodiscard]] std::function<void(ClaimVerdict)> awaitClaim(Connection& connection) override;
    // WorkerBus
    [[nodiscard]] std::uint32_t self() const override { return index; }
    [[nodiscard]] std::uint32_t workers() const override { return WorkerContext::workers; }
    [[nodiscard]] bool send(std::uint32_t worker, BusItem item, bool force) override;

    /// Where answers find this worker that may come after it is gone.
    struct Doorbell {
        std::mutex mutex;
        Worker* worker = nullptr;
    };

    Fd m_epoll;
    Wakeup m_wakeup;
    std::vector<std::unique_ptr<ListenSocket>> m_listeners;
    std::vector<std::unique_ptr<ListenSocket>> m_closedListeners; ///< events that are at hand may name them
    std::vector<Worker*> m_peers;
    Sweep m_sweep;
    std::vector<std::unique_ptr<RouteHandler>> m_handlers;
    Nobody m_nobody;
    std::unordered_map<Endpoint*, std::unique_ptr<Connection>> m_connections;
    std::unordered_map<Endpoint*, std::unique_ptr<Endpoint>> m_adopted;
    std::unordered_map<SessionId, Connection*> m_sessions;
    std::unordered_map<std::uint64_t, Connection*> m_claims; ///< as many as are pending, at most
    std::uint64_t m_lastClaim = 0;
    std::shared_ptr<Doorbell> m_doorbell = std::make_shared<Doorbell>();
    std::vector<std::unique_ptr<Endpoint>> m_discarded; ///< freed when no list can name them any more
    BoundedQueue<Task> m_tasks{std::size_t{1} << 20};
    BoundedQueue<BusItem> m_bus{16384};
    std::vector<Task> m_taskBatch;
    std::vector<BusItem> m_busBatch;
    DrainQueue m_toDrain;
    std::vector<UpstreamDrain> m_upstreamDrains; ///< as many as there are upstreams, at most
    TimePoint m_nextPublish{};
    TimePoint m_resumeAccepting{};
    bool m_acceptPaused = false;
    std::atomic<bool> m_stop{false};
    std::thread m_thread;
};

} // namespace gatehouse
