// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "gateway/hostresolver.h"
#include "gateway/upstream.h"
#include "net/listeners.h"
#include "net/wakeup.h"

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gatehouse {

/// What became of an upstream by itself.
struct UpstreamChange {
    std::string route;
    std::string url;
    Reason reason = Reason::None; ///< why it was ejected, or what is wrong with its name; None: it is back
    std::string detail;           ///< in English
};

/// What the watch tells, on its thread.
class UpstreamEvents {
public:
    virtual ~UpstreamEvents() = default;
    /// False: it cannot be taken now, and is to be told again.
    [[nodiscard]] virtual bool upstreamChanged(UpstreamChange change) = 0;
};

struct WatchedUpstream {
    std::shared_ptr<Upstream> upstream;
    std::chrono::milliseconds connectTimeout{3000};
    std::optional<std::chrono::milliseconds> healthEvery; ///< unset: not checked
};

/// Finds out where upstreams are and whether they take connections, on a thread of its own, "upstreams", so that nobody
/// else waits for a name or a host. Names are looked up on threads that it does not wait for at its end: getaddrinfo(3)
/// cannot be interrupted.
class UpstreamWatch {
public:
    static constexpr std::chrono::seconds lookUpEvery{30};
    static constexpr std::chrono::seconds firstPause{1}; ///< after a failed look-up; doubled up to lookUpEvery
    static constexpr std::size_t mostLookUps = 8;        ///< at once
    static constexpr std::size_t mostChecks = 64;        ///< at once
    static constexpr std::chrono::seconds tellEvery{1};  ///< of one upstream: no more often

    /// Clock and events outlive it.
    UpstreamWatch(const Clock& clock, UpstreamEvents& events, HostLookup lookUp = lookUpHost);
    ~UpstreamWatch() { stop(); }
    UpstreamWatch(const UpstreamWatch&) = delete;
    UpstreamWatch& operator=(const UpstreamWatch&) = delete;

    void start();
    /// Within a moment, whatever it waits for.
    void stop();
    /// Thread-safe: these from now on. Those that were watched before go on where they were.
    void watch(std::vector<WatchedUpstream> upstreams);
    /// Thread-safe: waits until each name was looked up once, but no longer than that. False: some were not.
    bool waitUntilLookedUp(std::chrono::milliseconds atMost);

private:
    struct Entry {
        WatchedUpstream watched;
        // Of its name.
        bool named = false; ///< its host is no address
        bool lookingUp = false, lookedUp = false;
        TimePoint lookUpDue{};
        std::chrono::milliseconds pause{firstPause};
        std::string nameProblem; ///< of the last look-up; empty: it found some address
        // Of its health.
        TimePoint checkDue{};
        Fd socket;                   ///< of a check that is under way
        std::vector<IpAddress> left; ///< to try
        TimePoint checkEnds{};
        // What was told.
        bool toldDown = false, toldName = false;
        std::optional<TimePoint> told;
    };
    struct LookedUp {
        std::string host;
        ResolvedHost result;
    };
    /// Outlives the watch where a look-up does.
    struct Lookups;

    void run();
    void takeWatched();
    void takeLookedUp(TimePoint now);
    void lookUpNames(TimePoint now);
    void noteLookedUp();
    void startChecks(TimePoint now);
    void tryNext(Entry& entry, TimePoint now, std::string problem);
    void onConnected(Entry& entry, TimePoint now);
    void waitForSomething();
    void tell(Entry& entry, TimePoint now);
    void tellAll(TimePoint now);

    const Clock& m_clock;
    UpstreamEvents& m_events;
    const std::shared_ptr<Lookups> m_lookups;
    std::vector<std::unique_ptr<Entry>> m_entries;
    std::size_t m_checks = 0; ///< under way

    std::mutex m_mutex; ///< guards what follows
    std::condition_variable m_changed;
    std::optional<std::vector<WatchedUpstream>> m_next;
    bool m_allLookedUp = true;
    std::atomic<bool> m_stop{false};
    std::thread m_thread;
};

} // namespace gatehouse
