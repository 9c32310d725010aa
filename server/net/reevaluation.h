// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "feed/policyimpact.h"
#include "net/sessionfacts.h"
#include "net/workercontext.h"

#include <memory>
#include <vector>

// A session and another policy: whether it would be admitted, asked of values alone on any thread. What a worker does
// to its sessions when a policy comes and what a what-if says are answers of the same function.
namespace gatehouse {

/// An open session as it is at a moment.
struct LiveSession {
    std::shared_ptr<const SessionFacts> facts; ///< what never changes
    std::shared_ptr<const SessionInfo> info;   ///< as it is shown
    double messagesInRate = 0;                 ///< per second, over the last second
    double bytesInRate = 0;
    std::optional<TimePoint> idleSince; ///< unset: nothing is read from it, so that it cannot be blamed
};

/// What a session that may stay is by the policy that it met.
struct SessionTerms {
    RouteMatch match;
    Identity who;
    std::optional<TimePoint> expires; ///< unset: never
};

/// Whether `next` lets the session stay, in the order of the checks at the door; then whether its time is over. Of what
/// the door asks, this is not asked again: the counts of sessions (who is in stays in), bans and revocations (which end
/// sessions themselves), and whether a one-time token was used before.
///
/// A session stays whose it was: a policy that would name its user otherwise ends it. So does one that trusts the proxy
/// no more which named its client; the address of a client that came by itself stands, whoever is trusted now.
///
/// `lockdown`: that is on now; null: none. The lists of the policy say whom it spares.
[[nodiscard]] Result<SessionTerms, Decision> decideSession(const PolicyGeneration& next, const LiveSession& session,
                                                           TimePoint now, WallTime wall,
                                                           const Lockdown* lockdown = nullptr);

/// When a session ends with its token: with the leeway, where it got in by that.
[[nodiscard]] std::optional<TimePoint> expiryOf(const Policy& policy, const Identity& who, TimePoint opened,
                                                WallTime openedWall);

/// The code of the Close for a decision of decideSession(): 4401 where it is about who somebody is, 4408 about time,
/// else 4403.
[[nodiscard]] std::uint16_t policyCloseCode(Reason reason);

/// A row for the operator; `code` as of policyCloseCode(), told as the session's route sends it (routeCloseCode()); 0:
/// it is not closed.
[[nodiscard]] AffectedSession affectedSession(const LiveSession& session, Decision why, std::uint16_t code);

/// The sessions that `next` would end or limit. Stops after `within` of the steady clock, with what it has by then.
/// Limited is whose messages or bytes of the last second are over a rate of the route or of their user (over all of the
/// user's sessions that stay), and were within the one before.
[[nodiscard]] PolicyImpact assessPolicy(const PolicyGeneration& running, const PolicyGeneration& next,
                                        const std::vector<LiveSession>& sessions, TimePoint now, WallTime wall,
                                        std::chrono::milliseconds within, const Lockdown* lockdown = nullptr);

/// What became of the sessions that met a policy.
struct PolicyMet {
    std::uint64_t sessions = 0; ///< that were open
    std::vector<AffectedSession> ended;
};

} // namespace gatehouse
