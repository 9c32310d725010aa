// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "domain/clock.h"
#include "feed/values.h"
#include "policy/policy.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

/// An application behind the gate as one route uses it: shared by all workers, and over changes of the policy.
/// Thread-safe.
class Upstream {
public:
    static constexpr unsigned failuresToEject = 3; ///< in a row
    static constexpr std::chrono::seconds firstEjection{5};
    static constexpr std::chrono::seconds longestEjection{60}; ///< it doubles each time
    static constexpr std::size_t longestProblem = 256;         ///< bytes that are kept of one

    Upstream(std::string route, UpstreamUrl url, const Clock& clock);

    [[nodiscard]] const std::string& route() const { return m_route; }
    [[nodiscard]] const UpstreamUrl& url() const { return m_url; }

    /// Where it is: as its name resolved last, or the address that its URL has. Empty: the name does not resolve.
    [[nodiscard]] std::vector<IpAddress> addresses() const;
    void setAddresses(std::vector<IpAddress> addresses);

    // What links to it report. Each attempt ends with exactly one of answered(), failed(), declined() or
    // abandoned().
    void attempting();
    /// It answered 101: a session is open now.
    void answered();
    /// The attempt came to nothing and it is to blame. `problem` is in English. While it is ejected, that makes the
    /// ejection no longer: many may have been under way at once.
    void failed(Reason reason, std::string problem);
    /// It answered, and refused what this client asked for: counted, and a sign of life.
    void declined(Reason reason, std::string problem);
    /// The attempt was given up for a reason of the client's.
    void abandoned();
    /// A session ended; `lost`: because of the upstream.
    void closed(bool lost, Reason reason = Reason::None, std::string problem = {});

    /// What a health check found; unset: it takes connections. That ends an ejection for not taking any, and says
    /// nothing about one for what it answered.
    void checked(std::optional<std::string> problem);

    /// Sessions, and attempts under way.
    [[nodiscard]] std::uint64_t load() const;
    [[nodiscard]] bool draining() const { return m_draining.load(std::memory_order_relaxed); }
    void setDraining(bool on);
    /// Neither draining nor ejected now.
    [[nodiscard]] bool usable() const;
    /// When the ejection began that is on now; unset: none is.
    [[nodiscard]] std::optional<TimePoint> ejectedAt() const;
    /// It was ejected, and has shown no sign of life since, although its time may be over.
    [[nodiscard]] bool down() const;
    [[nodiscard]] UpstreamStatus status() const;

private:
    [[nodiscard]] bool ejected(TimePoint now) const { return m_ejection && now < m_ejection->until; }
    void noteFailure(Reason reason, std::string problem);
    void eject(TimePoint now);
    void recover();

    /// The last one, on or over, until a sign of life.
    struct Ejection {
        TimePoint from{}, until{};
        WallTime shownFrom{}, shownUntil{};
        unsigned inARow = 0;
    };

    const std::string m_route;
    const UpstreamUrl m_url;
    const Clock& m_clock;
    std::atomic<bool> m_draining{false};
    std::atomic<std::uint64_t> m_sessions{0}, m_attempts{0};
    mutable std::mutex m_mutex; ///< guards what follows; held for no longer than a copy takes
    std::vector<IpAddress> m_addresses;
    WallTime m_since{}; ///< when it began to drain, or to be usable
    std::uint64_t m_opened = 0, m_failures = 0, m_lost = 0;
    Reason m_lastFailure = Reason::None;
    std::string m_problem;
    unsigned m_failuresInARow = 0;
    std::optional<Ejection> m_ejection;
};

} // namespace gatehouse
