// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "domain/auditrecord.h"
#include "domain/clock.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace gatehouse {

class Gate;

/// Carries out what backends ask of channels and sessions, alone or as a batch: at the channels' homes and at every
/// worker, never waiting for one. Thread-safe while the gate runs.
class HubCalls {
public:
    /// As many as the commands, in their order; called once, on a worker's thread, or at once where no worker has
    /// anything to do.
    using Answered = std::function<void(std::vector<BatchReply>)>;

    HubCalls(Gate& gate, const Clock& clock, EventSink& audit);

    /// One after the other, as far as it can be told: what concerns a channel meets all that came before it in the
    /// list. `policyVersion`: of the record of it.
    void run(const Actor& actor, std::vector<HubCommand> commands, std::uint64_t policyVersion, Answered answered);

private:
    class Request;

    Gate& m_gate;
    const Clock& m_clock;
    EventSink& m_audit;
};

} // namespace gatehouse
