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

    Upstream(std::string route, UpstreamUrl url, const Clock& clock);

    [[nodiscard]] const std::string& route() const { return m_route; }
    [[nodiscard]] const UpstreamUrl& url() const { return m_url; }

    /// Where it is: as its name resolved last, or the address that its URL has. Empty: the name does not resolve.
    [[nodiscard]] std::vector<IpAddress> addresses() const;
    void setAddresses(std::vector<IpAddress> addresses);

    // What links to it report. Each attempt ends with exactly one of answered(), failed() or abandoned().
    void attempting();
    /// It answered 101: a session is open now.
    void answered();
    /// The attempt came to nothing and it is to blame. `problem` is in English.
    void failed(Reason reason, std::string problem);
    /// The attempt was given up for a reason of the client's.
    void abandoned();
    /// A session ended; `lost`: because of the upstream.
    void closed(bool lost, Reason reason = Reason::None, std::string problem = {});

    /// What a health check found; unset: it answers.
    void checked(std::optional<std::string> problem);

    /// Sessions, and attempts under way.
    [[nodiscard]] std::uint64_t load() const;
    [[nodiscard]] bool draining() const { return m_draining.load(std::memory_order_relaxed); }
    void setDraining(bool on);
    /// Neither draining nor ejected now.
    [[nodiscard]] bool usable() const;
    [[nodiscard]] UpstreamStatus status() const;

private:
    const std::string m_route;
    const UpstreamUrl m_url;
    const Clock& m_clock;
    std::atomic<bool> m_draining{false};
    std::atomic<std::uint64_t> m_sessions{0}, m_attempts{0}, m_opened{0};
    mutable std::mutex m_mutex; ///< guards what follows; held for no longer than a copy takes
    std::vector<IpAddress> m_addresses;
    UpstreamStatus m_status;
    unsigned m_failuresInARow = 0;
    unsigned m_ejections = 0; ///< in a row
    std::optional<TimePoint> m_ejectedUntil;
};

} // namespace gatehouse
