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

Result<Done, std::string> Gate::start(const std::shared_ptr<const PolicyGeneration>& generation,
                                      const std::shared_ptr<const BanSet>& bans,
                                      const std::shared_ptr<const RevocationSet>& revocations, unsigned spareCores)
{
    const Policy& policy = *generation->policy;
    const unsigned count =
        policy.workers.value_or(std::max(spareCores + 1, std::thread::hardware_concurrency()) - spareCores);
    std::vector<Worker*> peers;
    for (unsigned i = 0; i < count; ++i) {
        m_workers.push_back(std::make_unique<Worker>(m_environment, i, count, generation, bans));
        m_workers.back()->setRevocations(revocations);
        for (const Worker::Task& task : m_prepare)
            task(*m_workers.back());
        peers.push_back(m_workers.back().get());
    }
    for (std::size_t i = 0; i < policy.listeners.size(); ++i) {
        const Listener& listener = policy.listeners[i];
        auto sockets = openListener(listener, count);
        if (!sockets)
            return Failure{sockets.error()};
        for (unsigned worker = 0; worker < count; ++worker)
            m_workers[worker]->addListener(std::move(sockets->sockets[worker]), i);
        m_listeners.push_back({listener.name, listenerUrl(listener, sockets->port), {}, {}});
    }
    showCertificates(*generation);
    for (const auto& worker : m_workers)
        worker->setPeers(peers);
    for (const auto& worker : m_workers)
        worker->start(makeHandlers);
    return Done{};
}

std::vector<ListenerInfo> Gate::listeners() const
{
    const std::lock_guard lock(m_listenersMutex);
    return m_listeners;
}

void Gate::setGeneration(const std::shared_ptr<const PolicyGeneration>& generation)
{
    showCertificates(*generation);
    post([generation](Worker& worker) { worker.setPolicy(generation); });
}

Result<Done, std::string> Gate::apply(const std::shared_ptr<const PolicyGeneration>& next,
                                      std::function<void(PolicyMet)> done)
{
    setGeneration(next);
    gather<std::size_t>([](const Worker&) { return std::size_t{0}; },
                        [done = std::move(done)](const auto&) { done({}); });
    return Done{};
}

void Gate::gatherSessions(std::function<void(std::vector<LiveSession>)> done)
{
    gather<std::size_t>([](const Worker&) { return std::size_t{0}; },
                        [done = std::move(done)](const auto&) { done({}); });
}

void Gate::showCertificates(const PolicyGeneration& generation)
{
    const std::lock_guard lock(m_listenersMutex);
    for (std::size_t i = 0; i < m_listeners.size(); ++i) {
        if (const auto& tls = generation.tls[i]) {
            m_listeners[i].certificateSubject = tls->subject();
            m_listeners[i].certificateExpires = tls->expires();
        }
    }
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
