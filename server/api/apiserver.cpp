// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apiserver.h"

#include "api/apiconnection.h"
#include "api/apientrance.h"
#include "api/apimailbox.h"
#include "api/unixlistener.h"
#include "control/servercontrol.h"
#include "net/sockettransport.h"
#include "policy/systemgroup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace gatehouse {

namespace {

using Phase = ApiConnection::Phase;

constexpr std::uint64_t listenerKey = 0;
constexpr std::uint64_t mailboxKey = 1;
constexpr std::uint64_t firstConnection = 2;
constexpr std::chrono::milliseconds acceptPause{100};
constexpr std::chrono::milliseconds healthHolds{100};

} // namespace

struct ApiServer::Private {
    Private(ApiServerOptions opts, ServerControl& server, ApiEvents& eventSink, const Clock& gateClock,
            UnixListener&& socket)
        : options(std::move(opts))
        , control(server)
        , events(eventSink)
        , clock(gateClock)
        , listener(std::move(socket))
        , group(options.group ? systemGroup(options.group->group) : std::optional<gid_t>())
    {
    }

    /// What is asked of a request.
    struct Access {
        std::shared_ptr<const Policy> policy; ///< null: nobody gets in at an admin listener
        std::shared_ptr<const BanSet> bans = std::make_shared<const BanSet>();
    };
    using Connections = std::map<std::uint64_t, std::unique_ptr<ApiConnection>>;

    void run();
    void handle(const epoll_event& event, TimePoint now);
    void acceptAll(TimePoint now);
    void admit(Fd socket, TimePoint now);
    void adopt(AdminArrival arrival, TimePoint now);
    void add(std::unique_ptr<ApiConnection> connection);
    [[nodiscard]] std::optional<ApiRole> roleOf(const Peer& peer) const;
    [[nodiscard]] Result<Actor, ApiAnswer> enter(ApiConnection& connection, const wire::Request& request);
    void refused(const ApiConnection& connection, const ApiAnswer& answer);
    template <class Which> bool makeRoom(Which which);
    void receive(std::uint64_t id, ApiConnection& connection, TimePoint now);
    void advance(std::uint64_t id, TimePoint now);
    void deliver(TimePoint now);
    void checkListeners();
    void sweep(TimePoint now);
    void watch(std::uint64_t id, const ApiConnection& connection, int operation);
    void pauseAccepting(bool pause);
    [[nodiscard]] int timeout(TimePoint now) const;
    [[nodiscard]] std::optional<TimePoint> deadline(const ApiConnection& connection) const;
    [[nodiscard]] Access accessNow() const
    {
        const std::lock_guard lock(accessMutex);
        return access;
    }

    const ApiServerOptions options;
    ServerControl& control;
    ApiEvents& events;
    const Clock& clock; ///< of the gate: by it addresses are blocked; deadlines here go by the steady clock itself
    const UnixListener listener;
    const std::optional<gid_t> group;
    const Fd epoll{::epoll_create1(EPOLL_CLOEXEC)};
    const std::shared_ptr<ApiMailbox> mailbox = std::make_shared<ApiMailbox>();
    std::thread thread;
    mutable std::mutex accessMutex; ///< guards access
    Access access;

    // Of the api thread alone.
    ReasonCounters refusedBy; // any thread reads it
    Connections connections;
    std::vector<std::uint64_t> again; ///< connections that have more to read than one turn's share
    std::uint64_t nextConnection = firstConnection;
    std::optional<TimePoint> acceptAgain;
    std::optional<Reply> health; ///< the newest answer, for whoever asks soon after: anybody may, as often as they like
    TimePoint healthAsked{};
    std::shared_ptr<const Policy> checkedFor; ///< whose admin listeners the connections were held against
};

void ApiServer::Private::run()
{
    pthread_setname_np(pthread_self(), "api");
    std::array<epoll_event, 32> ready;
    while (!mailbox->stopped()) {
        const int count = ::epoll_wait(epoll.get(), ready.data(), static_cast<int>(ready.size()),
                                       again.empty() ? timeout(std::chrono::steady_clock::now()) : 0);
        const TimePoint now = std::chrono::steady_clock::now();
        for (const std::uint64_t id : std::exchange(again, {}))
            if (const auto found = connections.find(id); found != connections.end()) {
                receive(id, *found->second, now);
                advance(id, now);
            }
        for (int i = 0; i < count; ++i)
            handle(ready[static_cast<std::size_t>(i)], now);
        checkListeners();
        sweep(now);
    }
    connections.clear();
}

void ApiServer::Private::handle(const epoll_event& event, TimePoint now)
{
    if (event.data.u64 == listenerKey)
        return acceptAll(now);
    if (event.data.u64 == mailboxKey)
        return deliver(now);
    const auto found = connections.find(event.data.u64);
    if (found == connections.end())
        return;
    ApiConnection& connection = *found->second;
    if ((event.events & (EPOLLHUP | EPOLLERR)) != 0)
        connection.end(); // both directions are gone: nobody takes an answer
    else if ((event.events & EPOLLIN) != 0 || connection.transport().wantsWrite())
        receive(event.data.u64, connection, now);
    if ((event.events & EPOLLOUT) != 0)
        connection.send(now);
    advance(event.data.u64, now);
}

void ApiServer::Private::receive(std::uint64_t id, ApiConnection& connection, TimePoint now)
{
    if (connection.receive(now))
        again.push_back(id); // TLS may hold more than epoll knows of
}

void ApiServer::Private::acceptAll(TimePoint now)
{
    for (;;) {
        Fd socket(::accept4(listener.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            admit(std::move(socket), now);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            acceptAgain = now + acceptPause;
            return pauseAccepting(true);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

std::optional<ApiRole> ApiServer::Private::roleOf(const Peer& peer) const
{
    if (peer.uid == options.user.value_or(::geteuid()))
        return ApiRole::Admin;
    if (group && isMember(peer, *group))
        return options.group->role;
    return std::nullopt;
}

void ApiServer::Private::admit(Fd socket, TimePoint now)
{
    const auto peer = peerOf(socket.get());
    const auto role = peer ? roleOf(*peer) : std::nullopt;
    auto connection = std::make_unique<ApiConnection>(
        std::make_unique<SocketTransport>(std::move(socket), nullptr, nullptr), peer ? peer->name : std::string(),
        role.value_or(ApiRole::Viewer), options.bodyLimit, now);
    if (!role) {
        ApiAnswer answer =
            refuseApi(403, ControlErrorCode::Rejected,
                      "only the user that the server runs as, and whom control_group names, may use this socket",
                      Reason::ApiRole);
        answer.why.met = "another user";
        refused(*connection, answer);
        return connection->refuse(answer, now);
    }
    const auto local = [](const ApiConnection& one) { return !one.arrival(); };
    if (std::ranges::count_if(connections, [&](const auto& one) { return local(*one.second); }) >=
            static_cast<std::ptrdiff_t>(options.connections) &&
        !makeRoom(local))
        return connection->refuse(
            refuseApi(503, ControlErrorCode::Unavailable, "too many clients are waiting for answers"), now);
    add(std::move(connection));
}

/// Remote clients have places of their own, and those of one address cannot take them all.
void ApiServer::Private::adopt(AdminArrival arrival, TimePoint now)
{
    const AddressState* address = arrival.address.get();
    const auto remote = [](const ApiConnection& one) { return one.arrival() != nullptr; };
    const auto neighbour = [&](const ApiConnection& one) {
        return one.arrival() && one.arrival()->address.get() == address;
    };
    const auto count = [&](const auto& which) {
        return static_cast<std::size_t>(
            std::ranges::count_if(connections, [&](const auto& one) { return which(*one.second); }));
    };
    auto connection = std::make_unique<ApiConnection>(std::move(arrival), options.bodyLimit, now);
    const bool room = (count(neighbour) < options.connectionsPerAddress || makeRoom(neighbour)) &&
                      (count(remote) < options.remoteConnections || makeRoom(remote));
    if (room)
        return add(std::move(connection));
    ApiAnswer answer =
        refuseApi(503, ControlErrorCode::Unavailable, "too many clients are waiting for answers", Reason::LimitPending);
    refused(*connection, answer);
    connection->refuse(answer, now);
}

void ApiServer::Private::add(std::unique_ptr<ApiConnection> connection)
{
    const std::uint64_t id = nextConnection++;
    watch(id, *connection, EPOLL_CTL_ADD);
    again.push_back(id); // what TLS has read already is not on the socket any more
    connections.emplace(id, std::move(connection));
}

// Silent clients must not keep an operator out: who was answered last goes first, then the longest idle one, then one
// that is slow to send its request.
template <class Which> bool ApiServer::Private::makeRoom(Which which)
{
    for (const Phase phase : {Phase::Lingering, Phase::Idle, Phase::Receiving}) {
        auto oldest = connections.end();
        for (auto it = connections.begin(); it != connections.end(); ++it)
            if (which(*it->second) && it->second->phase() == phase &&
                (oldest == connections.end() || it->second->since() < oldest->second->since()))
                oldest = it;
        if (oldest != connections.end()) {
            connections.erase(oldest);
            return true;
        }
    }
    return false;
}

Result<Actor, ApiAnswer> ApiServer::Private::enter(ApiConnection& connection, const wire::Request& request)
{
    const AdminArrival* arrival = connection.arrival();
    if (!arrival)
        return Actor{connection.user(), "socket", connection.role(), std::nullopt};
    const Access current = accessNow();
    const auto index = current.policy ? adminListener(*current.policy, *arrival) : std::nullopt;
    if (!index)
        return Failure{refuseApi(503, ControlErrorCode::Unavailable, "this listener is gone", Reason::Listener)};
    ApiEntrance entrance =
        enterByKey(*current.policy, *index, *current.bans, *arrival, request, clock.now(), clock.wall());
    if (entrance.ban) {
        const AuthFailureLimit& limit = *current.policy->limits.authFailuresPerIp;
        events.banByRule(arrival->peer, limit.thenBan,
                         {Reason::AuthBruteforce, entrance.actor.error().why.rule,
                          std::to_string(limit.count) + " failures in a second window", std::to_string(limit.count)});
    }
    if (entrance.actor)
        connection.trust();
    return std::move(entrance.actor);
}

void ApiServer::Private::refused(const ApiConnection& connection, const ApiAnswer& answer)
{
    if (answer.why.allowed())
        return;
    refusedBy[static_cast<std::size_t>(answer.why.reason)].add();
    ApiRefusal refusal;
    refusal.why = answer.why;
    refusal.status = answer.status;
    refusal.user = connection.user();
    if (const AdminArrival* arrival = connection.arrival()) {
        refusal.listener = arrival->listener;
        refusal.address = arrival->peer;
        refusal.proxy = arrival->proxy;
    }
    if (const Access current = accessNow(); current.policy)
        refusal.policyVersion = current.policy->version;
    events.apiRefused(std::move(refusal));
}

// Takes a connection as far as it goes: commands are handed over, ended ones forgotten.
void ApiServer::Private::advance(std::uint64_t id, TimePoint now)
{
    const auto found = connections.find(id);
    if (found == connections.end())
        return;
    ApiConnection& connection = *found->second;
    const ApiDoor door = [&](const wire::Request& request) { return enter(connection, request); };
    const auto tell = [&](const ApiAnswer& answer) { refused(connection, answer); };
    while (auto call = connection.nextCall(door, tell, now)) {
        const ApiCall::Kind kind = call->kind;
        if (kind != ApiCall::Kind::Method && health && now - healthAsked < healthHolds) {
            connection.answer(answerTo(kind, *health), now);
            continue;
        }
        control.call(std::move(call->actor), std::move(call->command), [box = mailbox, id, kind](Reply reply) {
            box->put(ApiReply{id, kind, std::move(reply)});
        });
        break;
    }
    if (connection.phase() == Phase::Ended && connection.transport().failure() == Reason::TlsRenegotiation)
        tell(refuseApi(0, ControlErrorCode::Rejected, {}, Reason::TlsRenegotiation));
    if (connection.phase() == Phase::Ended)
        connections.erase(found);
    else
        watch(id, connection, EPOLL_CTL_MOD);
}

void ApiServer::Private::deliver(TimePoint now)
{
    ApiMailbox::Mail mail = mailbox->take();
    refusedBy[static_cast<std::size_t>(Reason::LimitPending)].add(mail.turnedAway);
    for (AdminArrival& arrival : mail.arrivals)
        adopt(std::move(arrival), now);
    for (const ApiReply& arrived : mail.replies) {
        const auto found = connections.find(arrived.connection);
        if (found == connections.end())
            continue; // the client left while its command ran
        if (arrived.kind != ApiCall::Kind::Method) {
            health = arrived.reply;
            healthAsked = now;
        }
        found->second->answer(answerTo(arrived.kind, arrived.reply), now);
        advance(arrived.connection, now);
    }
}

/// Whoever came through an admin listener that another policy has no more gets the answer that is under way, and none
/// after it.
void ApiServer::Private::checkListeners()
{
    Access current = accessNow();
    if (current.policy == checkedFor)
        return;
    checkedFor = std::move(current.policy);
    for (auto it = connections.begin(); it != connections.end();) {
        ApiConnection& connection = *it->second;
        const bool gone = connection.arrival() && !adminListener(*checkedFor, *connection.arrival());
        if (gone && connection.phase() != Phase::Busy && connection.phase() != Phase::Sending) {
            it = connections.erase(it);
            continue;
        }
        if (gone)
            connection.finish();
        ++it;
    }
}

std::optional<TimePoint> ApiServer::Private::deadline(const ApiConnection& connection) const
{
    switch (connection.phase()) {
    case Phase::Idle:
        return connection.since() + options.idleTimeout;
    case Phase::Receiving:
    case Phase::Sending:
        return connection.since() + options.requestDeadline;
    case Phase::Lingering:
        return connection.since() + options.lingerTimeout;
    case Phase::Busy:
    case Phase::Ended:
        return std::nullopt;
    }
    return std::nullopt;
}

void ApiServer::Private::sweep(TimePoint now)
{
    if (acceptAgain && *acceptAgain <= now) {
        acceptAgain.reset();
        pauseAccepting(false);
    }
    for (auto it = connections.begin(); it != connections.end();) {
        ApiConnection& connection = *it->second;
        const auto until = deadline(connection);
        if (!until || *until > now) {
            ++it;
            continue;
        }
        if (connection.phase() == Phase::Receiving)
            connection.refuse(refuseApi(408, ControlErrorCode::BadRequest, "the request did not come whole in time"),
                              now);
        it = connections.erase(it);
    }
}

void ApiServer::Private::watch(std::uint64_t id, const ApiConnection& connection, int operation)
{
    epoll_event event{};
    event.events = (connection.wantsRead() ? EPOLLIN : 0U) | (connection.wantsWrite() ? EPOLLOUT : 0U);
    event.data.u64 = id;
    ::epoll_ctl(epoll.get(), operation, connection.descriptor(), &event);
}

void ApiServer::Private::pauseAccepting(bool pause)
{
    epoll_event event{};
    event.events = pause ? 0U : EPOLLIN;
    event.data.u64 = listenerKey;
    ::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, listener.descriptor(), &event);
}

int ApiServer::Private::timeout(TimePoint now) const
{
    std::optional<TimePoint> next = acceptAgain;
    for (const auto& [id, connection] : connections)
        if (const auto until = deadline(*connection); until && (!next || *until < *next))
            next = until;
    if (!next)
        return -1;
    // Rounded up, or the last fraction of a millisecond would be spent spinning.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60000));
}

ApiServer::ApiServer() = default;

Result<std::unique_ptr<ApiServer>, std::string> ApiServer::open(ApiServerOptions options, ServerControl& control,
                                                                ApiEvents& events, const Clock& clock)
{
    auto listener = UnixListener::open(options.path, options.group ? systemGroup(options.group->group) : std::nullopt);
    if (!listener)
        return Failure{listener.error()};
    std::unique_ptr<ApiServer> server(new ApiServer);
    server->d = std::make_unique<Private>(std::move(options), control, events, clock, std::move(listener).value());
    Private& d = *server->d;
    for (const auto& [descriptor, key] :
         {std::pair{d.listener.descriptor(), listenerKey}, {d.mailbox->event(), mailboxKey}}) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = key;
        if (::epoll_ctl(d.epoll.get(), EPOLL_CTL_ADD, descriptor, &event) != 0)
            return Failure{"control socket " + d.options.path.string() +
                           ": cannot be watched: " + std::strerror(errno)};
    }
    d.thread = std::thread(&Private::run, &d);
    return server;
}

ApiServer::~ApiServer()
{
    stop();
}

void ApiServer::stop()
{
    if (!d || !d->thread.joinable())
        return;
    d->mailbox->stop();
    d->thread.join();
}

void ApiServer::setPolicy(std::shared_ptr<const Policy> policy)
{
    {
        const std::lock_guard lock(d->accessMutex);
        d->access.policy = std::move(policy);
    }
    d->mailbox->wake();
}

void ApiServer::setBans(std::shared_ptr<const BanSet> bans)
{
    const std::lock_guard lock(d->accessMutex);
    d->access.bans = std::move(bans);
}

void ApiServer::adopt(AdminArrival arrival)
{
    d->mailbox->put(std::move(arrival));
}

const ReasonCounters& ApiServer::refused() const
{
    return d->refusedBy;
}

} // namespace gatehouse
