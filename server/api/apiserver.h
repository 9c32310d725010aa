// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/result.h"
#include "feed/counters.h"
#include "net/adminarrival.h"
#include "net/banset.h"
#include "policy/policy.h"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace gatehouse {

class ServerControl;

struct ApiServerOptions {
    std::filesystem::path path;                       ///< of the control socket
    std::optional<ControlGroup> group{};              ///< whose members may connect too
    std::size_t connections = 64;                     ///< at the socket at once; over it the longest idle one goes
    std::size_t remoteConnections = 64;               ///< at all admin listeners together; likewise
    std::size_t connectionsPerAddress = 16;           ///< of these, from one address
    std::size_t bodyLimit = 12 << 20;                 ///< bytes of a request's body: a policy of 4 MiB as a JSON text
    std::chrono::milliseconds requestDeadline{10000}; ///< to send a request whole, and to take an answer
    std::chrono::milliseconds idleTimeout{60000};     ///< between requests
    std::chrono::milliseconds lingerTimeout{3000};    ///< to read the last answer
    std::optional<uid_t> user{};                      ///< whose processes may connect; unset: this process's user
};

/// A request that was refused, for the audit log and the feed.
struct ApiRefusal {
    Decision why;
    std::uint16_t status = 0;
    std::string listener; ///< empty: the control socket
    std::optional<IpAddress> address;
    std::optional<IpAddress> proxy; ///< that named the address
    std::string user;               ///< at the control socket, or whose key it is; empty: nobody knows
    std::uint64_t policyVersion = 0;
};

/// What the api thread tells the server. Does not block for long.
class ApiEvents {
public:
    virtual ~ApiEvents() = default;
    virtual void apiRefused(ApiRefusal refusal) = 0;
    /// A second window of wrong keys filled: the address is to be kept out.
    virtual void banByRule(const IpAddress& address, std::chrono::milliseconds duration, const Decision& why) = 0;
};

/// The API: HTTP/1.1 with keep-alive, POST /api/METHOD, GET /livez and /readyz. Behind a Unix socket commands are
/// carried out on behalf of the user at the other end, via "socket"; at admin listeners, whose connections workers hand
/// over, on behalf of an API key, via "api". Has a thread of its own, "api", which never waits for a client or a
/// command. `control` and `events` must outlive it.
class ApiServer {
public:
    [[nodiscard]] static Result<std::unique_ptr<ApiServer>, std::string>
    open(ApiServerOptions options, ServerControl& control, ApiEvents& events, const Clock& clock);
    /// Stops where nobody did, and removes the socket.
    ~ApiServer();
    /// Closes all connections and joins the thread. Answers that come later are dropped, and so is whoever arrives.
    void stop();

    // Thread-safe.
    /// Whose keys, listeners and limits hold from the next request on. Nobody gets in at an admin listener before.
    void setPolicy(std::shared_ptr<const Policy> policy);
    void setBans(std::shared_ptr<const BanSet> bans);
    void adopt(AdminArrival arrival);
    /// What it refused, for the figures of the gate.
    [[nodiscard]] const ReasonCounters& refused() const;

private:
    ApiServer();
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace gatehouse
