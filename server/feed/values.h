// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/decision.h"
#include "domain/ids.h"
#include "domain/lockdown.h"
#include "domain/temporarylimit.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What consoles are shown. Plain values that cross threads and, as JSON, machines.
namespace gatehouse {

/// What stays the same while a session lives.
struct SessionInfo {
    SessionId id;
    std::string user; ///< empty: anonymous
    std::string issuer;
    std::string keyId;
    std::string tokenId; ///< `jti` of its token; empty where it has none
    std::vector<std::string> roles;
    std::string address;
    std::uint16_t port = 0;
    std::string listener;
    std::string route;
    std::string path;
    std::vector<std::string> channels;
    std::string origin; ///< empty: none was sent
    std::string userAgent;
    std::string subprotocol;
    std::string upstream;    ///< of a gateway route; empty: none
    std::string compression; ///< as it was agreed on: "permessage-deflate; …"; empty: none
    std::string tlsVersion;  ///< "1.3"; empty: plain
    std::string tlsCipher;
    WallTime since{};
    std::optional<WallTime> tokenExpires;
    std::uint64_t policyVersion = 0; ///< that it met last
    double rateLimit = 0;            ///< messages a second that the route allows; 0: off
    std::uint64_t rateBurst = 0;
    std::uint64_t sendBufferLimit = 0;   ///< bytes
    std::uint32_t violationsAllowed = 0; ///< before it is closed
    std::optional<std::uint64_t> sessionsPerUser;

    friend bool operator==(const SessionInfo&, const SessionInfo&) = default;
};

/// A refusal or close, as it is explained to a person.
struct Explanation {
    Decision decision;
    std::uint64_t policyVersion = 0;
    WallTime time{};
    std::string actor; ///< who did it; empty: the rule

    friend bool operator==(const Explanation&, const Explanation&) = default;
};

/// Quarantined: open, but nothing is delivered or read.
enum class SessionPhase : std::uint8_t { Open, Closing, Quarantined };

/// What changes while a session lives. Rates are over the last second.
struct SessionActivity {
    SessionPhase phase = SessionPhase::Open;
    std::uint64_t messagesIn = 0;
    std::uint64_t messagesOut = 0;
    std::uint64_t bytesIn = 0; ///< payload bytes
    std::uint64_t bytesOut = 0;
    double messagesInRate = 0; ///< per second, refused ones counted too
    double messagesOutRate = 0;
    double bytesInRate = 0;
    double bytesOutRate = 0;
    std::optional<std::uint64_t> rateLeft; ///< tokens left in the session's message bucket; unset: no limit
    std::uint64_t backlog = 0;             ///< bytes queued for sending
    std::uint64_t refused = 0;             ///< messages
    std::uint32_t violations = 0;          ///< within the route's window
    std::optional<WallTime> lastMessage;   ///< in either direction
    std::optional<Explanation> lastRefusal;
    std::uint32_t userSessions = 0; ///< open sessions of the same user
    std::uint64_t throttled = 0;    ///< how often reading was stopped until a rate allowed more
    std::uint64_t dropped = 0;      ///< messages to the client that did not fit into its send buffer, or were withheld
    std::optional<WallTime> quarantinedUntil;     ///< unset: not, or until somebody ends it
    std::optional<TemporaryLimit> temporaryLimit; ///< that an operator set on it or on its user; the tighter one

    friend bool operator==(const SessionActivity&, const SessionActivity&) = default;
};

struct SessionRow {
    std::shared_ptr<const SessionInfo> info; ///< never null
    SessionActivity activity;

    friend bool operator==(const SessionRow& a, const SessionRow& b)
    {
        return (a.info == b.info || (a.info && b.info && *a.info == *b.info)) && a.activity == b.activity;
    }
};

struct ClosedSession {
    SessionId id;
    std::uint16_t code = 0; ///< close code sent or received; 1006 where none was
    std::string detail;     ///< public reason
    Explanation why;        ///< decision.reason tells who closed: PeerClosed, Kicked, …

    friend bool operator==(const ClosedSession&, const ClosedSession&) = default;
};

/// Failed authentications of one address for one reason since the server started, newest last.
struct AuthFailureGroup {
    std::string address;
    Reason reason = Reason::None;
    std::uint64_t count = 0;
    WallTime first{};
    WallTime last{};
    std::string lastRoute;
    std::string lastUser; ///< as claimed, unverified; empty where unknown
    std::string lastOrigin;
    std::vector<std::uint32_t> perMinute; ///< the last 15 minutes, oldest first
    bool banned = false;
    Explanation lastRefusal; ///< of the newest: the rule, what it met, what it allows

    friend bool operator==(const AuthFailureGroup&, const AuthFailureGroup&) = default;
};

enum class GateState : std::uint8_t { Starting, Serving, Draining, Stopped };
enum class AuditState : std::uint8_t { Good, Failing };
/// Of all listeners' certificates the worst: one ends within 30 days; a change or a renewal did not work.
enum class CertificateState : std::uint8_t { Good, ExpiresSoon, ReloadFailed };
/// Failing: the keys of an issuer could not be fetched or read; the last good ones hold, where there were any.
enum class KeySetState : std::uint8_t { Good, Failing };

/// Up: sessions are opened there. Ejected: not before it answers again, or its time is over. Draining: an operator
/// wants no new ones there.
enum class UpstreamState : std::uint8_t { Up, Ejected, Draining };

/// An application behind the gate, as one route uses it. Counters only grow while the process runs.
struct UpstreamStatus {
    std::string route;
    std::string url; ///< as the policy has it
    UpstreamState state = UpstreamState::Up;
    WallTime since{};                     ///< of the state
    std::optional<WallTime> ejectedUntil; ///< while ejected: when it is tried again without a sign of life
    std::uint64_t sessions = 0;           ///< open now
    std::uint64_t opened = 0;             ///< sessions ever
    std::uint64_t failures = 0;           ///< attempts that came to nothing, and health checks
    std::uint64_t lost = 0;               ///< sessions whose upstream went away or broke the protocol
    Reason lastFailure = Reason::None;
    std::string problem; ///< of the last failure, in English; empty: none yet

    friend bool operator==(const UpstreamStatus&, const UpstreamStatus&) = default;
};

/// The gate as a whole at one time. Counters only grow while the process runs.
struct GateStats {
    WallTime time{};
    GateState state = GateState::Starting;
    std::uint64_t sessions = 0;
    std::uint64_t pending = 0;  ///< connections that are not yet sessions
    std::uint64_t accepted = 0; ///< sessions ever opened
    std::uint64_t messagesIn = 0;
    std::uint64_t messagesOut = 0;
    std::uint64_t bytesIn = 0;
    std::uint64_t bytesOut = 0;
    std::uint64_t backlog = 0;
    std::vector<std::pair<Reason, std::uint64_t>> refused; ///< counters that are not 0, in the order of Reason
    std::uint64_t refusedTotal =
        0; ///< upgrades, connects and messages, and the operator's own policies and certificates
    std::vector<std::pair<Reason, std::uint64_t>> closed; ///< sessions that ended, by why; as refused
    std::uint64_t authFailures = 0;
    std::uint64_t loopLatencyP50 = 0; ///< microseconds that a worker's loop turn took, over the last second
    std::uint64_t loopLatencyP99 = 0;
    double loopLoad = 0; ///< share of time in which workers were busy, 0…1, over the last second
    AuditState audit = AuditState::Good;
    std::uint64_t auditRecords = 0; ///< newest record's number
    std::uint64_t auditDropped = 0;
    std::uint64_t feedDropped = 0;
    CertificateState certificates = CertificateState::Good;
    std::optional<WallTime> certificatesEnd; ///< the first one that ends; unset where no listener has one
    KeySetState keySets = KeySetState::Good;
    std::string keySetProblem;            ///< in English, with the issuer's name; empty while all are good
    std::optional<WallTime> clockStepped; ///< when the wall clock last jumped, by the clock as it is since
    std::optional<std::chrono::milliseconds> clockStep; ///< by how much; unset: it did not
    bool clockSteppedBack = false;
    std::uint64_t throttled = 0;              ///< how often reading from a session was stopped by a rate
    std::uint64_t dropped = 0;                ///< messages to slow consumers
    std::uint64_t reported = 0;               ///< messages that broke a schema and went through
    std::uint64_t policyVersion = 0;          ///< that new sessions meet
    std::optional<WallTime> provisionalUntil; ///< the policy returns to the one before unless it is confirmed by then
    std::string policyProblem;                ///< in English: why the file's policy was not taken; empty: it was
    std::optional<Lockdown> lockdown;         ///< while one is on, with the lists that hold now
    std::optional<WallTime> drainUntil;       ///< while draining
    std::vector<UpstreamStatus> upstreams{};  ///< of every gateway route, in the policy's order

    friend bool operator==(const GateStats&, const GateStats&) = default;
};

/// What changed since the batch before. A snapshot replaces all that the watcher had. Numbers rise by one; a gap means
/// that a snapshot follows.
struct FeedBatch {
    std::uint64_t sequence = 0;
    bool snapshot = false;
    GateStats stats;
    std::vector<SessionRow> rows; ///< new or changed
    std::vector<ClosedSession> closed;
    std::vector<AuthFailureGroup> authFailures; ///< new or changed
    std::vector<GateStats> history;             ///< of a snapshot: one a second, the last 15 minutes, oldest first

    friend bool operator==(const FeedBatch&, const FeedBatch&) = default;
};

} // namespace gatehouse
