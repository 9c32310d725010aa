// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/gate.h"

#include "hub/echo.h"
#include "hub/plainhub.h"

#include <algorithm>
#include <thread>

namespace gatehouse {

namespace {

/// In the order of HubProtocol.
std::vector<std::unique_ptr<RouteHandler>> makeHandlers(WorkerBus& bus)
{
    std::vector<std::unique_ptr<RouteHandler>> handlers;
    handlers.push_back(std::make_unique<PlainHub>(bus, static_cast<std::uint32_t>(HubProtocol::Plain)));
    handlers.push_back(std::make_unique<Echo>());
    return handlers;
}

} // namespace

Result<std::shared_ptr<const PolicyGeneration>, std::string> makeGeneration(std::shared_ptr<const Policy> policy,
                                                                            const Clock& clock)
{
    auto generation = std::make_shared<PolicyGeneration>();
    for (const Listener& listener : policy->listeners) {
        if (!listener.tls) {
            generation->tls.push_back(nullptr);
            continue;
        }
        auto context = TlsContext::create(*listener.tls, listener.name, clock);
        if (!context)
            return Failure{"listener " + listener.name + ": " + context.error()};
        generation->tls.push_back(std::move(*context));
    }
    generation->policy = std::move(policy);
    return std::shared_ptr<const PolicyGeneration>(std::move(generation));
}

Result<Done, std::string> Gate::start(const std::shared_ptr<const PolicyGeneration>& generation,
                                      const std::shared_ptr<const BanSet>& bans, unsigned spareCores)
{
    const Policy& policy = *generation->policy;
    const unsigned count =
        policy.workers.value_or(std::max(spareCores + 1, std::thread::hardware_concurrency()) - spareCores);
    std::vector<Worker*> peers;
    for (unsigned i = 0; i < count; ++i) {
        m_workers.push_back(std::make_unique<Worker>(m_environment, i, count, generation, bans));
        peers.push_back(m_workers.back().get());
    }
    for (std::size_t i = 0; i < policy.listeners.size(); ++i) {
        const Listener& listener = policy.listeners[i];
        auto sockets = openListener(listener, count);
        if (!sockets)
            return Failure{sockets.error()};
        for (unsigned worker = 0; worker < count; ++worker)
            m_workers[worker]->addListener(std::move(sockets->sockets[worker]), i);
        ListenerInfo info{listener.name, listenerUrl(listener, sockets->port), {}, {}};
        if (const auto& tls = generation->tls[i]) {
            info.certificateSubject = tls->subject();
            info.certificateExpires = tls->expires();
        }
        m_listeners.push_back(std::move(info));
    }
    for (const auto& worker : m_workers)
        worker->setPeers(peers);
    for (const auto& worker : m_workers)
        worker->start(makeHandlers);
    return Done{};
}

void Gate::stop()
{
    for (const auto& worker : m_workers)
        worker->stop();
    // A question to all workers may have met some that had ended; whoever asked is answered all the same.
    for (bool more = true; more;) {
        more = false;
        for (const auto& worker : m_workers)
            more = worker->finishTasks() || more;
    }
    m_workers.clear();
}

std::vector<const WorkerCounters*> Gate::counters() const
{
    std::vector<const WorkerCounters*> all;
    for (const auto& worker : m_workers)
        all.push_back(&worker->figures());
    return all;
}

void Gate::post(const Worker::Task& task)
{
    for (const auto& worker : m_workers)
        worker->post(task);
}

} // namespace gatehouse
