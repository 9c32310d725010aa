// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/worker.h"

#include "net/guarded.h"
#include "net/refusals.h"
#include "net/sockettransport.h"
#include "policy/decide.h"
#include "policy/decidenetworks.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>

namespace gatehouse {

namespace {

constexpr std::size_t eventsPerTurn = 256;
constexpr int acceptsPerTurn = 64;
constexpr std::chrono::milliseconds publishEvery{250};
constexpr std::chrono::milliseconds longestSleep{50};
constexpr std::chrono::milliseconds acceptPause{100};
constexpr std::uint64_t mostAdminPending = 64;     // at all admin listeners, until their TLS stands
constexpr std::chrono::milliseconds drainStep{10}; // of sessions that are told one after the other

// What an epoll event is about: the wakeup, a listening socket or an endpoint, told apart by the low bits of a pointer.
constexpr std::uintptr_t wakeupMark = 0;
constexpr std::uintptr_t listenerMark = 1;

[[nodiscard]] bool addToEpoll(int epoll, int fd, std::uint32_t events, std::uintptr_t data)
{
    epoll_event event{};
    event.events = events;
    event.data.u64 = data;
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

std::uintptr_t addressOf(const void* object)
{
    return reinterpret_cast<std::uintptr_t>(object);
}

/// As the loop takes it out of an event again, whatever it derives from beside.
std::uintptr_t markOf(const Endpoint& endpoint)
{
    return addressOf(&endpoint);
}

} // namespace

Worker::Worker(GateEnvironment& environment, std::uint32_t workerIndex, std::uint32_t workerCount,
               std::shared_ptr<const PolicyGeneration> first, std::shared_ptr<const BanSet> banned)
    : WorkerContext(environment, workerIndex)
    , m_epoll(epoll_create1(EPOLL_CLOEXEC))
{
    if (!m_epoll)
        throw std::system_error(errno, std::generic_category(), "epoll_create1");
    WorkerContext::workers = workerCount;
    generation = std::move(first);
    bans = std::move(banned);
    m_doorbell->worker = this;
    if (!addToEpoll(m_epoll.get(), m_wakeup.fd(), EPOLLIN, wakeupMark))
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

Worker::~Worker()
{
    stop();
    const std::lock_guard lock(m_doorbell->mutex);
    m_doorbell->worker = nullptr;
}

void Worker::addListener(Fd socket, std::size_t listener)
{
    auto owned = std::make_unique<ListenSocket>();
    owned->fd = std::move(socket);
    owned->listener = listener;
    if (!addToEpoll(m_epoll.get(), owned->fd.get(), EPOLLIN, addressOf(owned.get()) | listenerMark))
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    m_listeners.push_back(std::move(owned));
}

void Worker::openListener(Fd socket, std::size_t listener)
{
    if (draining)
        return;
    auto owned = std::make_unique<ListenSocket>();
    owned->fd = std::move(socket);
    owned->listener = listener;
    const bool listens =
        m_acceptPaused || addToEpoll(m_epoll.get(), owned->fd.get(), EPOLLIN, addressOf(owned.get()) | listenerMark);
    m_listeners.push_back(std::move(owned));
    if (!listens)
        pauseAccepting(); // and try again
}

void Worker::start(const HandlerFactory& makeHandlers)
{
    m_handlers = makeHandlers(*this, *this);
    m_thread = std::thread([this] { run(); });
    pthread_setname_np(m_thread.native_handle(), ("io-" + std::to_string(index)).c_str());
}

void Worker::stop()
{
    if (!m_thread.joinable())
        return;
    m_stop.store(true);
    m_wakeup.signal();
    m_thread.join();
}

void Worker::post(Task task)
{
    // Operators' commands are bounded by who sends them; nothing that a peer does can fill this queue.
    [[maybe_unused]] const bool queued = m_tasks.push(std::move(task), true);
    m_wakeup.signal();
}

bool Worker::send(std::uint32_t worker, BusItem item, bool force)
{
    Worker& target = *m_peers[worker];
    item.since = messageTimes.passOn();
    if (!target.m_bus.push(std::move(item), force))
        return false;
    target.m_wakeup.signal();
    return true;
}

void Worker::run()
{
    now = gate.clock.now();
    wall = gate.clock.wall();
    m_nextPublish = now + publishEvery;
    while (!m_stop.load(std::memory_order_relaxed))
        turn();
    runTasks();
    endSweep();
    endAll();
}

/// On this thread, while the other workers are still there to be told that channels lose their subscribers.
void Worker::endAll()
{
    for (Connection* connection : connections())
        connection->kill(Reason::None);
    endAdopted();
    toFlush.clear();
    freeDiscarded();
    endAdopted(); // that waited for a session to be freed
    freeDiscarded();
}

void Worker::endAdopted()
{
    std::vector<Endpoint*> all;
    all.reserve(m_adopted.size());
    for (const auto& [endpoint, owned] : m_adopted)
        all.push_back(endpoint);
    for (Endpoint* endpoint : all)
        if (!endpoint->dead())
            guarded(*endpoint, [&] { endpoint->kill(Reason::None); });
}

/// Freeing one may discard another: a session goes with its other side.
void Worker::freeDiscarded()
{
    const auto dead = [](const Endpoint* endpoint) { return endpoint->dead(); };
    while (!m_discarded.empty()) {
        std::erase_if(toRead, dead);
        std::erase_if(toFlush, dead);
        std::erase_if(changed, dead);
        std::vector<std::unique_ptr<Endpoint>> gone;
        gone.swap(m_discarded);
    }
}

std::vector<Connection*> Worker::connections() const
{
    std::vector<Connection*> all;
    all.reserve(m_connections.size());
    for (const auto& [endpoint, owned] : m_connections)
        all.push_back(owned.get());
    return all;
}

void Worker::turn()
{
    const auto longest = m_toDrain.empty() && m_upstreamDrains.empty() ? longestSleep : drainStep;
    const auto sleep = toRead.empty() && toFlush.empty() && !sweeping ? wheel.sleepFor(gate.clock.now(), longest)
                                                                      : std::chrono::milliseconds(0);
    std::array<epoll_event, eventsPerTurn> events;
    const int count =
        epoll_wait(m_epoll.get(), events.data(), static_cast<int>(events.size()), static_cast<int>(sleep.count()));
    const auto started = std::chrono::steady_clock::now();
    now = gate.clock.now();
    wall = gate.clock.wall();
    messageTimes.beginTurn(started);
    runTasks(); // first: what an operator ordered holds for all that came after it

    std::vector<Endpoint*> again;
    again.swap(toRead);
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.u64 == wakeupMark)
            continue;
        if (event.data.u64 & listenerMark)
            acceptFrom(*reinterpret_cast<ListenSocket*>(event.data.u64 & ~listenerMark));
        else
            handle(event.events, *reinterpret_cast<Endpoint*>(event.data.u64));
    }
    for (Endpoint* endpoint : again) {
        endpoint->inRead = false;
        if (!endpoint->dead())
            guarded(*endpoint, [&] { endpoint->onReadable(); });
    }
    wheel.advance(now, [](Timer& timer) {
        Endpoint& endpoint = static_cast<Endpoint::OwnedTimer&>(timer).owner;
        guarded(endpoint, [&] { endpoint.onTimer(); });
    });
    drainSome();
    drainUpstreams();
    for (std::size_t i = 0; i < toFlush.size(); ++i) { // flushing may add to it
        Endpoint& endpoint = *toFlush[i];
        endpoint.inFlush = false;
        if (!endpoint.dead())
            guarded(endpoint, [&] { endpoint.flush(); });
        if (!endpoint.dead())
            updateInterest(endpoint);
    }
    toFlush.clear();
    messageTimes.endFlush(std::chrono::steady_clock::now);
    if (sweeping)
        sweepSome();
    if (now >= m_nextPublish)
        publish();
    if (m_acceptPaused && now >= m_resumeAccepting)
        resumeAccepting();
    freeDiscarded();
    m_closedListeners.clear();
    const auto turnTook = std::chrono::steady_clock::now() - started;
    const auto busy = std::chrono::duration_cast<std::chrono::microseconds>(turnTook);
    counters.turn.add(turnTook);
    counters.busyMicroseconds.add(static_cast<std::uint64_t>(busy.count()));
    if (count > 0)
        counters.loop.add(static_cast<std::uint64_t>(busy.count()));
}

/// What epoll says of a socket.
void Worker::handle(std::uint32_t events, Endpoint& endpoint)
{
    if (endpoint.dead())
        return;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 && !endpoint.wantsRead()) { // it would be said again and again
        guarded(endpoint, [&] { endpoint.hungUp(); });
        return;
    }
    if ((events & EPOLLOUT) != 0)
        requestFlush(endpoint);
    const bool readable = (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0;
    if ((readable || endpoint.readWantsWrite()) && !endpoint.inRead)
        guarded(endpoint, [&] { endpoint.onReadable(); });
}

bool Worker::finishTasks()
{
    m_tasks.takeAll(m_taskBatch);
    const bool any = !m_taskBatch.empty();
    for (Task& task : m_taskBatch)
        messageTimes.receive([&] { task(*this); });
    m_taskBatch.clear();
    return any;
}

void Worker::runTasks()
{
    m_wakeup.clear();
    finishTasks();
    m_bus.takeAll(m_busBatch);
    for (BusItem& item : m_busBatch)
        if (item.handler < m_handlers.size() && m_handlers[item.handler])
            messageTimes.receive(item.since, [&] { m_handlers[item.handler]->received(std::move(item)); });
    m_busBatch.clear();
}

void Worker::acceptFrom(ListenSocket& socket)
{
    for (int i = 0; i < acceptsPerTurn && socket.fd; ++i) {
        sockaddr_storage storage{};
        socklen_t length = sizeof storage;
        auto* generic = static_cast<sockaddr*>(static_cast<void*>(&storage));
        Fd fd(accept4(socket.fd.get(), generic, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!fd) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                counters.refused[static_cast<std::size_t>(Reason::FdLimit)].add();
                pauseAccepting();
            }
            if (errno != ECONNABORTED && errno != EINTR)
                return;
            continue;
        }
        std::uint16_t port = 0; // sin_port and sin6_port stand at the same place
        std::memcpy(&port, &static_cast<const sockaddr_in*>(static_cast<const void*>(&storage))->sin_port, sizeof port);
        acceptOne(socket.listener, std::move(fd), IpAddress::fromSockaddr(*generic), ntohs(port));
    }
}

/// What decides before TLS: the listener's networks, and the bans, the connect rate and the pending connections of the
/// peer's own address. A trusted proxy is exempt from what goes by address until it says for whom it asks.
void Worker::acceptOne(std::size_t listener, Fd fd, const IpAddress& peer, std::uint16_t port)
{
    const Limits& limits = policy().limits;
    Arrival arrival;
    arrival.listener = listener;
    arrival.peer = peer;
    if (Decision networks = decideListenerNetworks(policy(), listener, peer); !networks.allowed()) {
        refuseConnect(arrival, std::move(networks));
        return;
    }
    if (!isTrustedProxy(policy(), listener, peer)) {
        if (auto refused = enter(*this, arrival, peer)) {
            refuseConnect(arrival, std::move(refused->decision));
            return;
        }
    }
    const bool admin = policy().listeners[listener].kind == ListenerKind::Admin;
    Slots& pendingSlots = admin ? gate.tables.adminPending : gate.tables.pending;
    const auto mostPending = admin ? std::optional(mostAdminPending) : limits.pending;
    if (!pendingSlots.reserve(mostPending)) {
        refuseConnect(arrival, {Reason::LimitPending, admin ? Rule() : limitRule("pending"),
                                std::to_string(*mostPending) + " pending", std::to_string(*mostPending)});
        return;
    }
    Lease pendingSlot(nullptr, pendingSlots);
    SslPtr ssl;
    const auto& tls = generation->tls[listener];
    if (tls) {
        ssl = tls->accept(fd.get());
        if (!ssl) {
            refuseConnect(arrival, {Reason::Internal, {}, "no memory for TLS", {}});
            return;
        }
    }
    const int one = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    auto connection = std::make_unique<Connection>(
        static_cast<WorkerContext&>(*this), std::make_unique<SocketTransport>(std::move(fd), tls, std::move(ssl)),
        std::move(arrival), port, std::move(pendingSlot));
    connection->interest = EPOLLIN | EPOLLRDHUP;
    if (!addToEpoll(m_epoll.get(), connection->fd(), connection->interest, markOf(*connection))) {
        refuseConnect(connection->arrival(), {Reason::FdLimit, {}, "no more sockets can be watched", {}});
        return;
    }
    Connection* raw = connection.get();
    m_connections.emplace(raw, std::move(connection));
}

void Worker::refuseConnect(const Arrival& arrival, Decision decision)
{
    Refusal refusal;
    refusal.status = 0;
    refusal.decision = std::move(decision);
    reportRefusal(*this, arrival, refusal);
}

void Worker::pauseAccepting()
{
    if (m_acceptPaused)
        return;
    m_acceptPaused = true;
    m_resumeAccepting = now + acceptPause;
    for (const auto& socket : m_listeners)
        epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, socket->fd.get(), nullptr);
}

void Worker::resumeAccepting()
{
    m_acceptPaused = false;
    for (const auto& socket : m_listeners)
        if (socket->fd && !addToEpoll(m_epoll.get(), socket->fd.get(), EPOLLIN, addressOf(socket.get()) | listenerMark))
            pauseAccepting(); // and try again
}

RouteHandler& Worker::handler(const Policy& of, std::size_t route)
{
    const auto kind = static_cast<std::size_t>(of.routes[route].kind);
    return kind < m_handlers.size() && m_handlers[kind] ? *m_handlers[kind] : m_nobody;
}

bool Worker::adopt(std::unique_ptr<Endpoint> endpoint)
{
    if (!addToEpoll(m_epoll.get(), endpoint->fd(), endpoint->interest, markOf(*endpoint)))
        return false;
    Endpoint* raw = endpoint.get();
    m_adopted.emplace(raw, std::move(endpoint));
    return true;
}

void Worker::discard(Endpoint& endpoint)
{
    epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, endpoint.fd(), nullptr);
    if (const auto found = m_connections.find(&endpoint); found != m_connections.end()) {
        m_discarded.push_back(std::move(found->second));
        m_connections.erase(found);
    } else if (const auto other = m_adopted.find(&endpoint); other != m_adopted.end()) {
        m_discarded.push_back(std::move(other->second));
        m_adopted.erase(other);
    }
}

void Worker::forget(const Connection& connection)
{
    m_claims.erase(connection.claim);
    if (const Session* session = connection.session())
        m_sessions.erase(session->id());
}

void Worker::sessionOpened(Connection& connection)
{
    m_sessions[connection.session()->id()] = &connection;
}

std::function<void(ClaimVerdict)> Worker::awaitClaim(Connection& connection)
{
    connection.claim = ++m_lastClaim;
    m_claims[connection.claim] = &connection;
    return [bell = m_doorbell, claim = connection.claim](ClaimVerdict verdict) {
        const std::lock_guard lock(bell->mutex);
        if (bell->worker)
            bell->worker->post([claim, verdict](Worker& worker) { worker.claimAnswered(claim, verdict); });
    };
}

void Worker::claimAnswered(std::uint64_t claim, ClaimVerdict verdict)
{
    const auto found = m_claims.find(claim);
    if (found == m_claims.end()) // gone meanwhile; the token stays used
        return;
    Connection& connection = *found->second;
    m_claims.erase(found);
    guarded(connection, [&] { connection.claimed(verdict); });
}

/// What is to be flushed is asked behind that: who echoes would else be watched for writing, and no more, each time.
void Worker::updateInterest(Endpoint& endpoint)
{
    if (endpoint.inFlush)
        return;
    const std::uint32_t wanted =
        (endpoint.wantsRead() ? EPOLLIN | EPOLLRDHUP : 0U) | (endpoint.wantsWrite() ? EPOLLOUT : 0U);
    if (wanted == endpoint.interest)
        return;
    epoll_event event{};
    event.events = wanted;
    event.data.u64 = markOf(endpoint);
    if (epoll_ctl(m_epoll.get(), EPOLL_CTL_MOD, endpoint.fd(), &event) == 0)
        endpoint.interest = wanted;
}

void Worker::setPolicy(std::shared_ptr<const PolicyGeneration> next)
{
    takeGeneration(std::move(next));
    (void)endLockedOut(); // its lists may be others
}

void Worker::takeGeneration(std::shared_ptr<const PolicyGeneration> next)
{
    for (const auto& tls : generation->tls) // its sessions may keep it for days; its tickets are good no more
        if (tls && std::ranges::find(next->tls, tls) == next->tls.end())
            tls->tickets().retire();
    generation = std::move(next);
}

void Worker::publish()
{
    m_nextPublish = now + publishEvery;
    for (const auto& handler : m_handlers)
        if (handler)
            handler->tick();
    for (const auto& tls : generation->tls)
        if (tls)
            tls->tickets().expire(now);
    WorkerBatch batch;
    std::vector<Connection*> last;
    last.swap(changed);
    for (Connection* connection : last) {
        Session* session = connection->session();
        if (connection->phase() == Connection::Phase::Dead || !session)
            continue;
        session->noted = false;
        const bool moving = session->sampleRates();
        if (watched)
            batch.rows.push_back({session->infoPointer(), session->activity()});
        if ((moving || (watched && (connection->backlog() > 0 || session->limited()))) && !session->noted) {
            session->noted = true; // until its rates have come to rest
            changed.push_back(connection);
        }
    }
    batch.closed.swap(closed);
    if (watched && (!batch.rows.empty() || !batch.closed.empty()))
        gate.events.publish(index, std::move(batch));
}

void Worker::setWatched(bool on)
{
    if (watched == on)
        return;
    watched = on;
    closed.clear();
    if (on)
        publishAll();
}

void Worker::publishAll()
{
    WorkerBatch batch;
    batch.rows = rows();
    batch.whole = true;
    gate.events.publish(index, std::move(batch));
}

std::vector<SessionRow> Worker::rows() const
{
    std::vector<SessionRow> result;
    result.reserve(m_sessions.size());
    for (const auto& [id, connection] : m_sessions)
        result.push_back({connection->session()->infoPointer(), connection->session()->activity()});
    return result;
}

std::optional<SessionRow> Worker::row(SessionId id) const
{
    const auto found = m_sessions.find(id);
    if (found == m_sessions.end())
        return std::nullopt;
    const Session& session = *found->second->session();
    return SessionRow{session.infoPointer(), session.activity()};
}

std::vector<std::shared_ptr<const SessionInfo>> Worker::endSessions(const std::vector<SessionId>& ids,
                                                                    const Ending& ending)
{
    std::vector<std::shared_ptr<const SessionInfo>> ended;
    for (const SessionId id : ids) {
        const auto found = m_sessions.find(id);
        if (found == m_sessions.end() || found->second->session()->closing())
            continue;
        ended.push_back(found->second->session()->infoPointer());
        found->second->session()->end(ending);
    }
    return ended;
}

std::vector<SessionId> Worker::sessionsOfUser(std::string_view user) const
{
    std::vector<SessionId> ids;
    for (const auto& [id, connection] : m_sessions)
        if (connection->session()->who().user == user)
            ids.push_back(id);
    return ids;
}

std::vector<std::shared_ptr<const SessionInfo>> Worker::endMatching(const Ban& ban, const Ending& ending)
{
    std::vector<SessionId> ids;
    for (const auto& [id, connection] : m_sessions)
        if (connection->session()->matches(ban))
            ids.push_back(id);
    return endSessions(ids, ending);
}

std::vector<std::shared_ptr<const SessionInfo>> Worker::endRevoked(const Revocation& revocation)
{
    std::vector<std::shared_ptr<const SessionInfo>> ended;
    for (const auto& [id, connection] : m_sessions) {
        Session& session = *connection->session();
        if (session.closing() || !revokes(revocation, session.who()))
            continue;
        ended.push_back(session.infoPointer());
        session.end({revokedBy(revocation, session.who()), closeCode(Reason::Revoked),
                     std::string(reasonWord(Reason::Revoked)), revocation.actor});
    }
    return ended;
}

std::vector<std::pair<SessionId, std::string>> Worker::keysOf(const std::vector<SessionId>& ids) const
{
    std::vector<std::pair<SessionId, std::string>> keys;
    for (const SessionId id : ids) {
        const auto found = m_sessions.find(id);
        if (found == m_sessions.end())
            continue;
        const SessionInfo& info = found->second->session()->info();
        keys.emplace_back(id, info.issuer.empty() ? visitorKey(found->second->arrival().peer)
                                                  : userKey(info.issuer, info.user));
    }
    return keys;
}

} // namespace gatehouse
