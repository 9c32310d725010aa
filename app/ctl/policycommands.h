// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ctl/caller.h"

namespace gatehouse::ctl {

// Each runs one command of the policy, says what came of it, and returns the exit code.
[[nodiscard]] int policyShow(Caller& caller);
[[nodiscard]] int policyCheck(Caller& caller);
[[nodiscard]] int policyDiff(Caller& caller);
[[nodiscard]] int policyWhatIf(Caller& caller);
[[nodiscard]] int policyHistory(Caller& caller);
[[nodiscard]] int policyApply(Caller& caller);
[[nodiscard]] int policyRollback(Caller& caller);

} // namespace gatehouse::ctl
