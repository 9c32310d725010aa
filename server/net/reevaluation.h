// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/policyimpact.h"
#include "net/workercontext.h"

#include <memory>
#include <vector>

// A session and another policy: whether it would be admitted, asked of values alone on any thread. What a worker does
// to its sessions when a policy comes and what a what-if says are answers of the same function.
namespace gatehouse {

struct SessionFacts;

/// An open session as it is at a moment.
struct LiveSession {
    std::shared_ptr<const SessionFacts> facts; ///< what never changes
    double messagesInRate = 0;                 ///< per second, over the last second
    double bytesInRate = 0;
};

/// The sessions that `next` would end or limit. Stops after `within` of the steady clock, with what it has by then.
[[nodiscard]] PolicyImpact assessPolicy(const PolicyGeneration& running, const PolicyGeneration& next,
                                        const std::vector<LiveSession>& sessions, TimePoint now, WallTime wall,
                                        std::chrono::milliseconds within);

/// What became of the sessions that met a policy.
struct PolicyMet {
    std::uint64_t sessions = 0; ///< that were open
    std::vector<AffectedSession> ended;
};

} // namespace gatehouse
