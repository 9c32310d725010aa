// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "audit/auditlog.h"
#include "control/commands.h"
#include "domain/result.h"
#include "hub/centrifugehub.h"
#include "net/reevaluation.h"
#include "net/worker.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

namespace gatehouse {

/// The I/O workers with what they share. Made, started and stopped by the runtime.
class Gate {
public:
    Gate(const Clock& clock, EventSink& audit, GateEvents& events);
    ~Gate() { stop(); }

    /// Before start(): what every worker does first of all, before anybody is let in.
    void prepare(Worker::Task task) { m_prepare.push_back(std::move(task)); }
    /// Binds every listener and starts the workers. The error is in English.
    [[nodiscard]] Result<Done, std::string> start(const std::shared_ptr<const PolicyGeneration>& generation,
                                                  const std::shared_ptr<const BanSet>& bans,
                                                  const std::shared_ptr<const RevocationSet>& revocations,
                                                  unsigned spareCores);
    void stop();

    [[nodiscard]] std::size_t size() const { return m_workers.size(); }
    /// Thread-safe: one for each listener, with its real port and the certificate that it serves with now.
    [[nodiscard]] std::vector<ListenerInfo> listeners() const;
    [[nodiscard]] std::vector<const WorkerCounters*> counters() const;

    /// What every worker admits and shakes hands with from its next turn on; the listeners are those of the start.
    void setGeneration(const std::shared_ptr<const PolicyGeneration>& generation);
    /// Another policy, by the thread that called start(): listeners that are new are bound first, and where one cannot
    /// be, nothing changes (the error is in English); those that are gone are closed. New sessions meet it at once,
    /// open ones with their next frame or within a second. `done` is called on a worker's thread once all have met it.
    [[nodiscard]] Result<Done, std::string> apply(const std::shared_ptr<const PolicyGeneration>& next,
                                                  std::function<void(PolicyMet)> done);
    /// All open sessions, handed over on a worker's thread.
    void gatherSessions(std::function<void(std::vector<LiveSession>)> done);
    /// What of failed authentications would keep this address (an IPv6 address by its /64) out is forgotten.
    void forgive(const IpAddress& address);
    /// Runs a task on every worker.
    void post(const Worker::Task& task);
    /// What a worker knows of channels and of sessions of Centrifugo's protocol; for tasks on its thread alone.
    struct Hub {
        std::shared_ptr<ChannelHub> channels;
        CentrifugeHub* sessions = nullptr; ///< lives as long as the worker runs
        WorkerContext* context = nullptr;  ///< the same
    };
    using HubTask = std::function<void(Hub&, Worker&)>;
    /// The home worker of a channel.
    [[nodiscard]] std::size_t homeOf(std::string_view channel) const;
    void postHub(std::size_t worker, HubTask task);
    /// Thread-safe: what the channels of all workers take.
    [[nodiscard]] HubFigures hubFigures() const;
    /// Thread-safe: named ones that have a session.
    [[nodiscard]] std::uint64_t users();

    /// Asks every worker, and hands all answers, in the workers' order, to `done` on the thread of the last one.
    template <class Answer, class Ask, class Done> void gather(Ask ask, Done done)
    {
        static_assert(!std::is_same_v<Answer, bool>, "the workers would write to bits of one byte");
        struct Gathered {
            std::vector<Answer> answers;
            std::atomic<std::size_t> missing;
            Done done;
            Gathered(std::size_t count, Done then)
                : answers(count)
                , missing(count)
                , done(std::move(then))
            {
            }
        };
        auto gathered = std::make_shared<Gathered>(m_workers.size(), std::move(done));
        for (std::size_t i = 0; i < m_workers.size(); ++i) {
            m_workers[i]->post([gathered, ask, i](Worker& worker) {
                gathered->answers[i] = ask(worker);
                if (gathered->missing.fetch_sub(1, std::memory_order_acq_rel) == 1)
                    gathered->done(std::move(gathered->answers));
            });
        }
    }

private:
    struct OpenedListener {
        std::size_t listener = 0; ///< index into the policy
        ListenerSockets sockets;
    };
    using Opened = std::vector<OpenedListener>;

    [[nodiscard]] std::vector<std::unique_ptr<RouteHandler>> makeHandlers(WorkerBus& bus, WorkerContext& context);
    void showCertificates(const PolicyGeneration& generation);
    [[nodiscard]] Result<Opened, std::string> openListeners(const Policy& policy,
                                                            const std::vector<std::size_t>& which) const;
    void showListeners(const Policy& next, const ListenerMoves& moves, const Opened& opened);

    GateTables m_tables;
    NameHash m_channelNames; ///< the same at all workers, under a key of this process
    std::unique_ptr<HubBudget> m_hubBudget;
    std::vector<Hub> m_hubs; ///< by worker
    GateEnvironment m_environment;
    std::vector<std::unique_ptr<Worker>> m_workers;
    std::vector<Worker::Task> m_prepare;
    std::shared_ptr<const Policy> m_policy; ///< whose listeners are open; of whoever calls start() and apply()
    mutable std::mutex m_listenersMutex;    ///< guards m_listeners
    std::vector<ListenerInfo> m_listeners;
};

} // namespace gatehouse
