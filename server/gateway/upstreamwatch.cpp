// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstreamwatch.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <system_error>

namespace gatehouse {

namespace {

constexpr std::chrono::milliseconds longestWait{250}; ///< what a clock that a test moves is looked at by

/// Non-blocking, and on its way; invalid, with errno, where it cannot be.
Fd connecting(const IpAddress& address, std::uint16_t port)
{
    const bool v4 = address.isV4();
    Fd fd(socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd)
        return fd;
    sockaddr_in to4{};
    sockaddr_in6 to6{};
    if (v4) {
        to4.sin_family = AF_INET;
        to4.sin_port = htons(port);
        std::memcpy(&to4.sin_addr, address.bytes().data() + 12, 4); // of the mapped form
    } else {
        to6.sin6_family = AF_INET6;
        to6.sin6_port = htons(port);
        std::memcpy(&to6.sin6_addr, address.bytes().data(), 16);
    }
    const auto* to = v4 ? static_cast<const void*>(&to4) : static_cast<const void*>(&to6);
    const socklen_t size = v4 ? sizeof to4 : sizeof to6;
    if (connect(fd.get(), static_cast<const sockaddr*>(to), size) != 0 && errno != EINPROGRESS)
        fd.reset();
    return fd;
}

std::string errorText(int error)
{
    return std::generic_category().message(error);
}

} // namespace

struct UpstreamWatch::Lookups {
    explicit Lookups(HostLookup function)
        : lookUp(std::move(function))
    {
    }
    const HostLookup lookUp;
    Wakeup wakeup;    ///< of the watch's thread
    std::mutex mutex; ///< guards what follows
    std::size_t running = 0;
    std::vector<LookedUp> done;
};

UpstreamWatch::UpstreamWatch(const Clock& clock, UpstreamEvents& events, HostLookup lookUp)
    : m_clock(clock)
    , m_events(events)
    , m_lookups(std::make_shared<Lookups>(std::move(lookUp)))
{
}

void UpstreamWatch::start()
{
    m_stop = false;
    m_thread = std::thread([this] { run(); });
    pthread_setname_np(m_thread.native_handle(), "upstreams");
}

void UpstreamWatch::stop()
{
    m_stop = true;
    m_lookups->wakeup.signal();
    if (m_thread.joinable())
        m_thread.join();
    m_changed.notify_all();
}

void UpstreamWatch::watch(std::vector<WatchedUpstream> upstreams)
{
    {
        const std::lock_guard lock(m_mutex);
        m_next = std::move(upstreams);
        m_allLookedUp = false;
    }
    m_lookups->wakeup.signal();
}

bool UpstreamWatch::waitUntilLookedUp(std::chrono::milliseconds atMost)
{
    std::unique_lock lock(m_mutex);
    return m_changed.wait_for(lock, atMost, [this] { return m_allLookedUp || m_stop; }) && m_allLookedUp;
}

void UpstreamWatch::run()
{
    while (!m_stop) {
        takeWatched();
        const TimePoint now = m_clock.now();
        takeLookedUp(now);
        lookUpNames(now);
        noteLookedUp();
        startChecks(now);
        tellAll(now);
        waitForSomething();
    }
    m_entries.clear();
    m_checks = 0;
}

void UpstreamWatch::takeWatched()
{
    std::optional<std::vector<WatchedUpstream>> next;
    {
        const std::lock_guard lock(m_mutex);
        next.swap(m_next);
    }
    if (!next)
        return;
    std::vector<std::unique_ptr<Entry>> entries;
    for (WatchedUpstream& watched : *next) {
        const auto same = std::ranges::find_if(
            m_entries, [&](const auto& entry) { return entry && entry->watched.upstream == watched.upstream; });
        auto entry = same != m_entries.end() ? std::move(*same) : std::make_unique<Entry>();
        if (entry->watched.healthEvery != watched.healthEvery)
            entry->checkDue = {};
        entry->named = !IpAddress::parse(watched.upstream->url().host);
        entry->watched = std::move(watched);
        entries.push_back(std::move(entry));
    }
    m_entries = std::move(entries);
    m_checks = static_cast<std::size_t>(
        std::ranges::count_if(m_entries, [](const auto& entry) { return static_cast<bool>(entry->socket); }));
}

void UpstreamWatch::lookUpNames(TimePoint now)
{
    for (const auto& entry : m_entries) {
        if (!entry->named || entry->lookingUp || now < entry->lookUpDue)
            continue;
        const std::string& host = entry->watched.upstream->url().host;
        {
            const std::lock_guard lock(m_lookups->mutex);
            if (m_lookups->running >= mostLookUps)
                return;
            ++m_lookups->running;
        }
        for (const auto& other : m_entries)
            if (other->watched.upstream->url().host == host)
                other->lookingUp = true;
        std::thread([lookups = m_lookups, host] {
            pthread_setname_np(pthread_self(), "lookup");
            ResolvedHost result = lookups->lookUp(host);
            const std::lock_guard lock(lookups->mutex);
            --lookups->running;
            lookups->done.push_back({host, std::move(result)});
            lookups->wakeup.signal();
        }).detach(); // it owns what it touches
    }
}

/// The last good addresses stay where a name resolves no longer.
void UpstreamWatch::takeLookedUp(TimePoint now)
{
    std::vector<LookedUp> done;
    {
        const std::lock_guard lock(m_lookups->mutex);
        done.swap(m_lookups->done);
    }
    for (const LookedUp& one : done)
        for (const auto& entry : m_entries) {
            if (!entry->named || entry->watched.upstream->url().host != one.host)
                continue;
            entry->lookingUp = false;
            entry->lookedUp = true;
            if (one.result) {
                entry->watched.upstream->setAddresses(*one.result);
                entry->nameProblem.clear();
                entry->pause = firstPause;
                entry->lookUpDue = now + lookUpEvery;
            } else {
                entry->nameProblem = one.result.error();
                entry->lookUpDue = now + entry->pause;
                entry->pause = std::min<std::chrono::milliseconds>(entry->pause * 2, lookUpEvery);
            }
        }
}

void UpstreamWatch::noteLookedUp()
{
    const bool all = std::ranges::all_of(m_entries, [](const auto& one) { return !one->named || one->lookedUp; });
    {
        const std::lock_guard lock(m_mutex);
        if (m_next || !all)
            return;
        m_allLookedUp = true;
    }
    m_changed.notify_all();
}

void UpstreamWatch::startChecks(TimePoint now)
{
    for (const auto& one : m_entries) {
        Entry& entry = *one;
        if (entry.socket && now >= entry.checkEnds)
            tryNext(entry, now,
                    "it took no connection within " + std::to_string(entry.watched.connectTimeout.count()) + " ms");
        const bool knownWhere = !entry.named || entry.lookedUp;
        if (entry.socket || !entry.watched.healthEvery || !knownWhere || now < entry.checkDue || m_checks >= mostChecks)
            continue;
        entry.checkDue = now + *entry.watched.healthEvery;
        entry.left = entry.watched.upstream->addresses();
        tryNext(entry, now, entry.nameProblem.empty() ? "it has no address" : entry.nameProblem);
    }
}

/// One address after the other; `problem` is what is told where there are no more.
void UpstreamWatch::tryNext(Entry& entry, TimePoint now, std::string problem)
{
    if (entry.socket)
        --m_checks;
    entry.socket.reset();
    while (!entry.left.empty()) {
        const IpAddress address = entry.left.front();
        entry.left.erase(entry.left.begin());
        Fd socket = connecting(address, entry.watched.upstream->url().port);
        if (socket) {
            entry.socket = std::move(socket);
            entry.checkEnds = now + entry.watched.connectTimeout;
            ++m_checks;
            return;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return entry.left.clear(); // which says nothing about the upstream
        problem = address.toString() + ": " + errorText(errno);
    }
    entry.watched.upstream->checked(std::move(problem));
}

void UpstreamWatch::onConnected(Entry& entry, TimePoint now)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(entry.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    if (error != 0)
        return tryNext(entry, now, "health check: " + errorText(error));
    entry.socket.reset();
    entry.left.clear();
    --m_checks;
    entry.watched.upstream->checked(std::nullopt);
}

void UpstreamWatch::waitForSomething()
{
    std::vector<pollfd> sockets{{m_lookups->wakeup.fd(), POLLIN, 0}};
    std::vector<Entry*> owners;
    for (const auto& entry : m_entries)
        if (entry->socket) {
            sockets.push_back({entry->socket.get(), POLLOUT, 0});
            owners.push_back(entry.get());
        }
    if (poll(sockets.data(), sockets.size(), static_cast<int>(longestWait.count())) <= 0)
        return;
    if (sockets.front().revents != 0)
        m_lookups->wakeup.clear();
    const TimePoint now = m_clock.now();
    for (std::size_t i = 0; i < owners.size(); ++i)
        if (sockets[i + 1].revents != 0)
            onConnected(*owners[i], now);
}

void UpstreamWatch::tellAll(TimePoint now)
{
    for (const auto& entry : m_entries)
        if (!entry->told || now - *entry->told >= tellEvery)
            tell(*entry, now);
}

void UpstreamWatch::tell(Entry& entry, TimePoint now)
{
    const Upstream& upstream = *entry.watched.upstream;
    const std::string& url = upstream.url().text;
    if (const bool failing = !entry.nameProblem.empty(); failing != entry.toldName) {
        const char* rest = upstream.addresses().empty() ? "; nobody can reach it" : "; its last addresses are kept";
        if (m_events.upstreamChanged({upstream.route(), url, failing ? Reason::UpstreamConnect : Reason::None,
                                      failing ? entry.nameProblem + rest : "its name resolves again"})) {
            entry.toldName = failing;
            entry.told = now;
        }
    }
    if (const bool down = upstream.down(); down != entry.toldDown) {
        const UpstreamStatus status = upstream.status();
        if (m_events.upstreamChanged({upstream.route(), url, down ? status.lastFailure : Reason::None,
                                      down ? "ejected: " + status.problem : "back"})) {
            entry.toldDown = down;
            entry.told = now;
        }
    }
}

} // namespace gatehouse
