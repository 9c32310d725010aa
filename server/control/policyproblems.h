// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/policycommands.h"
#include "policy/load.h"

#include <vector>

namespace gatehouse {

/// What is wrong with a document, as answers say it: each error with its place and the word of its code.
[[nodiscard]] std::vector<PolicyProblem> problemsOf(const std::vector<PolicyError>& errors);

} // namespace gatehouse
