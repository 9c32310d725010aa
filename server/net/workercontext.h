// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/revocations.h"
#include "auth/tokencache.h"
#include "domain/auditrecord.h"
#include "domain/certificate.h"
#include "feed/policyimpact.h"
#include "feed/values.h"
#include "feed/workercounters.h"
#include "net/adminarrival.h"
#include "net/banset.h"
#include "net/endpoint.h"
#include "net/gatetables.h"
#include "net/messagetimes.h"
#include "net/routehandler.h"
#include "net/sendqueue.h"
#include "net/temporarylimits.h"
#include "net/timingwheel.h"
#include "net/tlscontext.h"
#include "policy/decidelockdown.h"
#include "policy/policy.h"
#include "schema/messagevalidator.h"

#include <functional>
#include <memory>
#include <vector>

namespace gatehouse {

class Connection;

/// A policy with what was loaded for it. Immutable.
struct PolicyGeneration {
    std::shared_ptr<const Policy> policy;
    std::vector<std::shared_ptr<const TlsContext>> tls;                            ///< for each listener; null: plain
    std::vector<std::shared_ptr<const LoadedCertificate>> certificates;            ///< for each listener; null: plain
    std::shared_ptr<const IssuerKeys> keys = std::make_shared<const IssuerKeys>(); ///< never null
    std::vector<std::shared_ptr<const RouteResources>> routes; ///< for each route, or empty; null: it needs none
};

/// What changed at one worker since its last batch.
struct WorkerBatch {
    std::vector<SessionRow> rows;
    std::vector<ClosedSession> closed;
    bool whole = false; ///< the rows are all sessions of the worker, and replace what it sent before
};

struct AuthFailure {
    WallTime time{};
    IpAddress address;
    Decision why;
    std::string route;
    std::string user; ///< as claimed; verified where the token was good
    std::string origin;
    std::uint64_t policyVersion = 0; ///< that refused
};

/// A one-time token that somebody wants to use.
struct TokenClaim {
    std::string issuer; ///< the policy's name for it
    std::string tokenId;
    WallTime until{}; ///< from then on the token is refused for its age
};

enum class ClaimVerdict : std::uint8_t {
    Claimed,  ///< on disk: nobody else will be told so
    Replayed, ///< it was used before
    Full,     ///< no more can be remembered
    Failed    ///< it cannot be written down
};

/// What workers tell the runtime. Thread-safe, never blocks for long.
class GateEvents {
public:
    virtual ~GateEvents() = default;
    virtual void authFailed(AuthFailure failure) = 0;
    /// A second window of failures filled: the address is to be kept out.
    virtual void banByRule(const IpAddress& address, std::chrono::milliseconds duration, const Decision& why) = 0;
    /// Uses a one-time token up. `done` is called exactly once, on any thread, possibly before this returns.
    virtual void claimToken(TokenClaim claim, std::function<void(ClaimVerdict)> done) = 0;
    virtual void publish(std::uint32_t worker, WorkerBatch batch) = 0;
    /// Somebody got through an admin listener's door. Nobody takes it: it ends.
    virtual void adminArrived(AdminArrival arrival) { (void)arrival; }
    /// A token named a key that the issuer's set does not hold. Anybody can cause it, as often as they like.
    virtual void keyUnknown(const std::string& issuer) { (void)issuer; }
};

/// Shared by all workers for as long as they run.
struct GateEnvironment {
    const Clock& clock;
    EventSink& audit;
    GateEvents& events;
    GateTables& tables;
};

/// What a connection needs of its worker. Owner: that worker.
struct WorkerContext {
    GateEnvironment& gate;
    std::uint32_t index = 0;
    std::shared_ptr<const PolicyGeneration> generation;
    std::shared_ptr<const BanSet> bans;
    std::shared_ptr<const RevocationSet> revocations = std::make_shared<const RevocationSet>();
    std::shared_ptr<const Lockdown> lockdown; ///< null: none was ordered
    TemporaryLimits userLimits;
    WorkerCounters counters;
    MessageTimes messageTimes{counters};
    TimingWheel wheel;
    TokenCache tokens;
    MessageValidator validator;
    TimePoint now{}; ///< read once a loop turn
    WallTime wall{};
    std::uint64_t policyEpoch = 0;              ///< how often a policy came that open sessions are to meet
    bool sweeping = false;                      ///< some have not met the newest
    std::vector<AffectedSession> endedByPolicy; ///< while sweeping
    bool draining = false;
    bool watched = false; ///< somebody wants rows of sessions
    std::uint64_t nextSession = 0;
    std::uint32_t workers = 1;

    std::vector<std::byte> readScratch = std::vector<std::byte>(65536);  ///< read buffers belong to the worker
    std::vector<std::byte> writeScratch = std::vector<std::byte>(16384); ///< one TLS record
    ChunkPool chunks;                                                    ///< of the send queues of its connections
    std::vector<Endpoint*> toFlush;    ///< have something to write at the end of this turn
    std::vector<Endpoint*> toRead;     ///< have more to read than one turn's share
    std::vector<Connection*> changed;  ///< sessions with news for the feed
    std::vector<ClosedSession> closed; ///< for the next batch

    [[nodiscard]] const Policy& policy() const { return *generation->policy; }
    /// Null: none is on now.
    [[nodiscard]] const Lockdown* lockedDown() const
    {
        return lockdown && lockdownHolds(*lockdown, wall) ? lockdown.get() : nullptr;
    }
    [[nodiscard]] virtual RouteHandler& handler(const Policy& policy, std::size_t route) = 0;
    /// The loop drives it from here on: `interest` says for what. False, and it is gone, where its socket cannot be
    /// watched.
    [[nodiscard]] virtual bool adopt(std::unique_ptr<Endpoint> endpoint) = 0;
    /// It is dead: freed at the end of this turn.
    virtual void discard(Endpoint& endpoint) = 0;
    virtual void updateInterest(Endpoint& endpoint) = 0;
    /// flush() is called before this turn ends.
    void requestFlush(Endpoint& endpoint)
    {
        if (endpoint.inFlush)
            return;
        endpoint.inFlush = true;
        toFlush.push_back(&endpoint);
    }
    /// onReadable() is called in this turn or the next, also where the socket itself has nothing more.
    void readAgain(Endpoint& endpoint)
    {
        if (endpoint.inRead || endpoint.dead())
            return;
        endpoint.inRead = true;
        toRead.push_back(&endpoint);
    }
    virtual void sessionOpened(Connection& connection) = 0;
    /// Its session and its claim are found no more.
    virtual void forget(const Connection& connection) = 0;
    /// What to call, on any thread and as late as may be, so that the connection learns its claim's verdict on this
    /// worker's thread, unless it is gone by then.
    [[nodiscard]] virtual std::function<void(ClaimVerdict)> awaitClaim(Connection& connection) = 0;

    WorkerContext(GateEnvironment& environment, std::uint32_t worker)
        : gate(environment)
        , index(worker)
        , wheel(environment.clock.now())
    {
    }
    virtual ~WorkerContext() = default;
    WorkerContext(const WorkerContext&) = delete;
    WorkerContext& operator=(const WorkerContext&) = delete;
};

} // namespace gatehouse
