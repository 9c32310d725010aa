// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/servercontrol.h"
#include "runtime/policypreparation.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

using ReplyCallback = std::function<void(Reply)>;

/// A change of the policy on its way: asked for on the runtime thread, prepared on the jobs thread, finished on the
/// runtime thread. One at a time, so that either has it alone.
struct PolicyStep {
    using Refusal = std::optional<ControlError>;

    Actor actor;
    ReplyCallback done;
    AuditKind kind = AuditKind::Policy;
    std::function<Refusal(PolicyStep&)> prepare; ///< on the jobs thread
    std::function<Refusal(PolicyStep&)> finish;  ///< on the runtime thread; answers where it does not refuse

    // What was asked for.
    PolicyOrigin origin = PolicyOrigin::Apply;
    std::string text;
    std::string base;
    std::string reason;
    std::optional<std::chrono::milliseconds> provisional;
    bool replaceFile = false;
    std::uint64_t restores = 0;

    // As it is when its turn comes.
    PolicyVersion running;
    PolicyVersion definitive;
    std::shared_ptr<const PolicyGeneration> generation;

    // What the jobs thread makes of it.
    std::optional<PreparedPolicy> prepared;
    std::vector<PolicyChange> changes;
    bool unchanged = false;            ///< the file holds what it held: nothing but what it names is read anew
    bool written = false;              ///< the file holds the new document
    std::optional<std::string> before; ///< what it held
};

/// The refusal of a change that somebody else came before.
[[nodiscard]] ControlError policyConflict(std::string message, std::string difference = {});
/// "version 42"
[[nodiscard]] std::string numberedVersion(std::uint64_t version);

} // namespace gatehouse
