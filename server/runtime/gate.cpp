// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/gate.h"

#include "auth/base64url.h"
#include "auth/hmac.h"
#include "gateway/gatewayhandler.h"
#include "hub/channelrules.h"
#include "hub/echo.h"
#include "hub/plainhub.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <thread>

namespace gatehouse {

namespace {

constexpr std::size_t epochBytes = 12;

std::string drawEpoch()
{
    return base64urlEncoded(randomBytes(epochBytes).value());
}

NameHash drawNameHash()
{
    NameHash hash;
    const std::string bytes = randomBytes(sizeof hash.key).value();
    std::memcpy(hash.key.data(), bytes.data(), sizeof hash.key);
    return hash;
}

} // namespace

Gate::Gate(const Clock& clock, EventSink& audit, GateEvents& events)
    : m_channelNames(drawNameHash())
    , m_environment{clock, audit, events, m_tables}
{
}

/// In the order of RouteKind.
std::vector<std::unique_ptr<RouteHandler>> Gate::makeHandlers(WorkerBus& bus, WorkerContext& context)
{
    Hub& hub = m_hubs[bus.self()];
    hub.channels = std::make_shared<ChannelHub>(bus, static_cast<std::uint32_t>(RouteKind::Plain), *m_hubBudget,
                                                m_channelNames, drawEpoch);
    auto centrifuge = std::make_unique<CentrifugeHub>(context, hub.channels);
    hub.sessions = centrifuge.get();
    hub.context = &context;
    std::vector<std::unique_ptr<RouteHandler>> handlers;
    handlers.push_back(std::make_unique<PlainHub>(context, hub.channels));
    handlers.push_back(std::make_unique<Echo>());
    handlers.push_back(std::make_unique<GatewayHandler>(context));
    handlers.push_back(std::move(centrifuge));
    return handlers;
}

std::size_t Gate::homeOf(std::string_view channel) const
{
    return m_channelNames(channel) % m_workers.size();
}

void Gate::postHub(std::size_t worker, HubTask task)
{
    m_workers[worker]->post([&hub = m_hubs[worker], task = std::move(task)](Worker& at) { task(hub, at); });
}

HubFigures Gate::hubFigures() const
{
    HubFigures figures;
    for (const Hub& hub : m_hubs) {
        figures.channels += hub.channels->home().channelCount();
        figures.historyBytes += hub.channels->home().historyBytes();
        figures.presenceBytes += hub.channels->home().presenceBytes();
    }
    figures.mostChannels = m_hubBudget->channels.limit();
    figures.mostHistoryBytes = m_hubBudget->history.limit();
    figures.mostPresenceBytes = m_hubBudget->presence.limit();
    return figures;
}

std::uint64_t Gate::users()
{
    std::uint64_t count = 0;
    m_tables.users.forEach([&](const UserState& user) { count += user.sessions.used() > 0 ? 1U : 0U; });
    return count;
}

Result<Done, std::string> Gate::start(const std::shared_ptr<const PolicyGeneration>& generation,
                                      const std::shared_ptr<const BanSet>& bans,
                                      const std::shared_ptr<const RevocationSet>& revocations, unsigned spareCores)
{
    const Policy& policy = *generation->policy;
    const unsigned count =
        policy.workers.value_or(std::max(spareCores + 1, std::thread::hardware_concurrency()) - spareCores);
    m_hubBudget = std::make_unique<HubBudget>(hubLimits(policy), count);
    m_hubs.resize(count);
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
    m_policy = generation->policy;
    showCertificates(*generation);
    for (const auto& worker : m_workers)
        worker->setPeers(peers);
    for (const auto& worker : m_workers)
        worker->start([this](WorkerBus& bus, WorkerContext& context) { return makeHandlers(bus, context); });
    return Done{};
}

std::vector<ListenerInfo> Gate::listeners() const
{
    const std::lock_guard lock(m_listenersMutex);
    return m_listeners;
}

void Gate::setGeneration(const std::shared_ptr<const PolicyGeneration>& generation)
{
    m_policy = generation->policy;
    m_hubBudget->setLimits(hubLimits(*m_policy));
    showCertificates(*generation);
    post([generation](Worker& worker) { worker.setPolicy(generation); });
}

Result<Gate::Opened, std::string> Gate::openListeners(const Policy& policy, const std::vector<std::size_t>& which) const
{
    Opened opened;
    for (const std::size_t index : which) {
        auto sockets = openListener(policy.listeners[index], static_cast<unsigned>(m_workers.size()));
        if (!sockets)
            return Failure{sockets.error()};
        opened.push_back({index, std::move(*sockets)});
    }
    return opened;
}

Result<Done, std::string> Gate::apply(const std::shared_ptr<const PolicyGeneration>& next,
                                      std::function<void(PolicyMet)> done)
{
    auto moves = std::make_shared<const ListenerMoves>(moveListeners(m_policy->listeners, next->policy->listeners));
    auto made = openListeners(*next->policy, moves->opened);
    if (!made)
        return Failure{made.error()};
    showListeners(*next->policy, *moves, *made);
    m_tables.rescale(m_policy->limits, next->policy->limits, m_environment.clock.now());
    m_policy = next->policy;
    m_hubBudget->setLimits(hubLimits(*m_policy));
    showCertificates(*next);

    struct Gathered {
        std::mutex mutex; ///< guards what follows
        PolicyMet all;
        std::size_t missing = 0;
    };
    auto gathered = std::make_shared<Gathered>();
    gathered->missing = m_workers.size();
    const auto met = [gathered, done = std::move(done)](PolicyMet part) {
        {
            const std::lock_guard lock(gathered->mutex);
            gathered->all.sessions += part.sessions;
            std::ranges::move(part.ended, std::back_inserter(gathered->all.ended));
            if (--gathered->missing > 0)
                return;
            std::ranges::sort(gathered->all.ended, {}, &AffectedSession::id);
        }
        done(std::move(gathered->all));
    };
    auto opened = std::make_shared<Opened>(std::move(*made)); // each worker takes its own sockets
    for (std::size_t i = 0; i < m_workers.size(); ++i)
        m_workers[i]->post([next, moves, opened, met, i](Worker& worker) {
            worker.applyPolicy(next, *moves, met);
            for (OpenedListener& each : *opened)
                worker.openListener(std::move(each.sockets.sockets[i]), each.listener);
        });
    return Done{};
}

void Gate::showListeners(const Policy& next, const ListenerMoves& moves, const Opened& opened)
{
    std::vector<ListenerInfo> listeners(next.listeners.size());
    const std::lock_guard lock(m_listenersMutex);
    for (std::size_t i = 0; i < moves.sockets.size(); ++i) {
        if (!moves.sockets[i])
            continue;
        const std::string& url = m_listeners[i].url;
        const auto port = static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
        const Listener& listener = next.listeners[*moves.sockets[i]];
        listeners[*moves.sockets[i]] = {listener.name, listenerUrl(listener, port), {}, {}};
    }
    for (const OpenedListener& each : opened) {
        const Listener& listener = next.listeners[each.listener];
        listeners[each.listener] = {listener.name, listenerUrl(listener, each.sockets.port), {}, {}};
    }
    m_listeners = std::move(listeners);
}

void Gate::gatherSessions(std::function<void(std::vector<LiveSession>)> done)
{
    gather<std::vector<LiveSession>>([](const Worker& worker) { return worker.liveSessions(); },
                                     [done = std::move(done)](std::vector<std::vector<LiveSession>> parts) {
                                         std::vector<LiveSession> all;
                                         for (auto& part : parts)
                                             std::ranges::move(part, std::back_inserter(all));
                                         done(std::move(all));
                                     });
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

void Gate::forgive(const IpAddress& address)
{
    if (const auto state = m_tables.addresses.find(address.limitKey(), m_environment.clock.now()))
        state->failures.forgive();
}

void Gate::post(const Worker::Task& task)
{
    for (const auto& worker : m_workers)
        worker->post(task);
}

} // namespace gatehouse
