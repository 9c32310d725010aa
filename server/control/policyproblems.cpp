// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/policyproblems.h"

namespace gatehouse {

std::vector<PolicyProblem> problemsOf(const std::vector<PolicyError>& errors)
{
    std::vector<PolicyProblem> problems;
    for (const PolicyError& error : errors)
        problems.push_back(
            {error.pointer, error.line, error.column, std::string(policyErrorWord(error.code)), error.detail});
    return problems;
}

} // namespace gatehouse
