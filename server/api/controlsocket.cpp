// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/controlsocket.h"

#include "api/apiconnection.h"
#include "api/unixlistener.h"
#include "control/servercontrol.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace gatehouse {

namespace {

using Phase = ApiConnection::Phase;

constexpr std::uint64_t listenerKey = 0;
constexpr std::uint64_t mailboxKey = 1;
constexpr std::uint64_t firstConnection = 2;
constexpr std::size_t headRoom = 32768; // for a request's head beside its body
constexpr std::chrono::milliseconds acceptPause{100};

struct Arrived {
    std::uint64_t connection = 0;
    ApiCall::Kind kind = ApiCall::Kind::Method;
    Reply reply;
};

/// Where the server's threads leave replies. Shared with every call that is under way, so that one which answers after
/// the socket is gone still has a place to put it.
class Mailbox {
public:
    Mailbox()
        : m_event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
    {
    }
    ~Mailbox()
    {
        if (m_event >= 0)
            ::close(m_event);
    }
    Mailbox(const Mailbox&) = delete;
    Mailbox& operator=(const Mailbox&) = delete;

    [[nodiscard]] int event() const { return m_event; }
    void put(Arrived arrived)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_arrived.push_back(std::move(arrived));
        }
        wake();
    }
    void stop()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_stopped = true;
        }
        wake();
    }
    [[nodiscard]] std::vector<Arrived> take()
    {
        std::uint64_t count = 0;
        static_cast<void>(::read(m_event, &count, sizeof count) < 0); // EAGAIN: nothing was counted
        const std::lock_guard lock(m_mutex);
        return std::exchange(m_arrived, {});
    }
    [[nodiscard]] bool stopped() const
    {
        const std::lock_guard lock(m_mutex);
        return m_stopped;
    }

private:
    void wake()
    {
        const std::uint64_t one = 1;
        static_cast<void>(::write(m_event, &one, sizeof one) < 0); // EAGAIN: it is awake already
    }

    const int m_event;
    mutable std::mutex m_mutex;
    std::vector<Arrived> m_arrived; // at most one for each connection that was ever busy at once
    bool m_stopped = false;
};

/// A descriptor that is closed with its owner.
class Descriptor {
public:
    explicit Descriptor(int value)
        : m_value(value)
    {
    }
    ~Descriptor()
    {
        if (m_value >= 0)
            ::close(m_value);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return m_value; }

private:
    const int m_value;
};

} // namespace

struct ControlSocket::Private {
    Private(ControlSocketOptions opts, ServerControl& server, UnixListener&& socket)
        : options(std::move(opts))
        , control(server)
        , listener(std::move(socket))
    {
    }

    void run();
    void handle(const epoll_event& event, TimePoint now);
    void acceptAll(TimePoint now);
    void admit(int descriptor, TimePoint now);
    bool makeRoom();
    void advance(std::uint64_t id, TimePoint now);
    void deliver(TimePoint now);
    void sweep(TimePoint now);
    void watch(std::uint64_t id, const ApiConnection& connection, int operation);
    void pauseAccepting(bool pause);
    [[nodiscard]] int timeout(TimePoint now) const;
    [[nodiscard]] std::optional<TimePoint> deadline(const ApiConnection& connection) const;
    [[nodiscard]] std::size_t inputLimit() const { return options.bodyLimit + headRoom; }

    const ControlSocketOptions options;
    ServerControl& control;
    const UnixListener listener;
    const Descriptor epoll{::epoll_create1(EPOLL_CLOEXEC)};
    const std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>();
    std::thread thread;

    // Of the api thread alone.
    std::map<std::uint64_t, std::unique_ptr<ApiConnection>> connections;
    std::uint64_t nextConnection = firstConnection;
    std::optional<TimePoint> acceptAgain;
};

void ControlSocket::Private::run()
{
    pthread_setname_np(pthread_self(), "api");
    std::array<epoll_event, 32> events;
    while (!mailbox->stopped()) {
        const int count = ::epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()),
                                       timeout(std::chrono::steady_clock::now()));
        const TimePoint now = std::chrono::steady_clock::now();
        for (int i = 0; i < count; ++i)
            handle(events[static_cast<std::size_t>(i)], now);
        sweep(now);
    }
    connections.clear();
}

void ControlSocket::Private::handle(const epoll_event& event, TimePoint now)
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
    else if ((event.events & EPOLLIN) != 0)
        connection.receive(inputLimit(), now);
    if ((event.events & EPOLLOUT) != 0)
        connection.send(now);
    advance(event.data.u64, now);
}

void ControlSocket::Private::acceptAll(TimePoint now)
{
    for (;;) {
        const int descriptor = ::accept4(listener.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            admit(descriptor, now);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            acceptAgain = now + acceptPause;
            return pauseAccepting(true);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

void ControlSocket::Private::admit(int descriptor, TimePoint now)
{
    const auto peer = peerOf(descriptor);
    auto connection = std::make_unique<ApiConnection>(descriptor, peer ? peer->name : std::string(), now);
    if (!peer || peer->uid != options.user.value_or(::geteuid()))
        return connection->refuse(
            refuseApi(403, ControlErrorCode::Rejected, "only the user that the server runs as may use this socket"),
            now);
    if (connections.size() >= options.connections && !makeRoom())
        return connection->refuse(
            refuseApi(503, ControlErrorCode::Unavailable, "too many clients are waiting for answers"), now);
    const std::uint64_t id = nextConnection++;
    watch(id, *connection, EPOLL_CTL_ADD);
    connections.emplace(id, std::move(connection));
}

// Silent clients must not keep an operator out: the longest idle one goes, then one that is slow to send its request.
bool ControlSocket::Private::makeRoom()
{
    for (const Phase phase : {Phase::Idle, Phase::Receiving}) {
        auto oldest = connections.end();
        for (auto it = connections.begin(); it != connections.end(); ++it)
            if (it->second->phase() == phase &&
                (oldest == connections.end() || it->second->since() < oldest->second->since()))
                oldest = it;
        if (oldest != connections.end()) {
            connections.erase(oldest);
            return true;
        }
    }
    return false;
}

// Takes a connection as far as it goes: commands are handed over, ended ones forgotten.
void ControlSocket::Private::advance(std::uint64_t id, TimePoint now)
{
    const auto found = connections.find(id);
    if (found == connections.end())
        return;
    ApiConnection& connection = *found->second;
    if (auto call = connection.nextCall(options.bodyLimit, now)) {
        const ApiCall::Kind kind = call->kind;
        control.call(Actor{connection.user(), "socket"}, std::move(call->command),
                     [box = mailbox, id, kind](Reply reply) {
                         box->put(Arrived{id, kind, std::move(reply)});
                     });
    }
    if (connection.phase() == Phase::Ended)
        connections.erase(found);
    else
        watch(id, connection, EPOLL_CTL_MOD);
}

void ControlSocket::Private::deliver(TimePoint now)
{
    for (const Arrived& arrived : mailbox->take()) {
        const auto found = connections.find(arrived.connection);
        if (found == connections.end())
            continue; // the client left while its command ran
        found->second->answer(answerTo(arrived.kind, arrived.reply), now);
        advance(arrived.connection, now);
    }
}

std::optional<TimePoint> ControlSocket::Private::deadline(const ApiConnection& connection) const
{
    switch (connection.phase()) {
    case Phase::Idle:
        return connection.since() + options.idleTimeout;
    case Phase::Receiving:
    case Phase::Sending:
        return connection.since() + options.requestDeadline;
    case Phase::Busy:
    case Phase::Ended:
        return std::nullopt;
    }
    return std::nullopt;
}

void ControlSocket::Private::sweep(TimePoint now)
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

void ControlSocket::Private::watch(std::uint64_t id, const ApiConnection& connection, int operation)
{
    epoll_event event{};
    event.events = (connection.wantsRead(inputLimit()) ? EPOLLIN : 0U) | (connection.wantsWrite() ? EPOLLOUT : 0U);
    event.data.u64 = id;
    ::epoll_ctl(epoll.get(), operation, connection.descriptor(), &event);
}

void ControlSocket::Private::pauseAccepting(bool pause)
{
    epoll_event event{};
    event.events = pause ? 0U : EPOLLIN;
    event.data.u64 = listenerKey;
    ::epoll_ctl(epoll.get(), EPOLL_CTL_MOD, listener.descriptor(), &event);
}

int ControlSocket::Private::timeout(TimePoint now) const
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

ControlSocket::ControlSocket() = default;

Result<std::unique_ptr<ControlSocket>, std::string> ControlSocket::open(ControlSocketOptions options,
                                                                        ServerControl& control)
{
    auto listener = UnixListener::open(options.path);
    if (!listener)
        return Failure{listener.error()};
    std::unique_ptr<ControlSocket> socket(new ControlSocket);
    socket->d = std::make_unique<Private>(std::move(options), control, std::move(listener).value());
    Private& d = *socket->d;
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
    return socket;
}

ControlSocket::~ControlSocket()
{
    if (!d || !d->thread.joinable())
        return;
    d->mailbox->stop();
    d->thread.join();
}

} // namespace gatehouse
