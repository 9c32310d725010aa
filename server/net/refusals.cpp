// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/refusals.h"

namespace gatehouse {

void reportRefusal(WorkerContext& context, const Arrival& arrival, const Refusal& refusal, std::string detail)
{
    const Reason reason = refusal.decision.reason;
    context.counters.refused[static_cast<std::size_t>(reason)].add();
    AuditRecord record;
    record.time = context.wall;
    record.decision = refusal.decision;
    record.user = refusal.user;
    record.address = arrival.peer.toString();
    record.route = refusal.route;
    record.origin = refusal.origin;
    record.code = refusal.status;
    if (!refusal.claimed.empty())
        detail += (detail.empty() ? "claims to be " : ", claims to be ") + refusal.claimed;
    record.detail = arrival.described(std::move(detail));
    record.policyVersion = context.policy().version;
    context.gate.audit.record(std::move(record));
    if (isAuthFailure(reason))
        context.gate.events.authFailed({context.wall, arrival.peer, refusal.decision, refusal.route,
                                        refusal.user.empty() ? refusal.claimed : refusal.user, refusal.origin,
                                        context.policy().version});
}

} // namespace gatehouse
