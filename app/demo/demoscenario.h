// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "policy/policy.h"
#include "simulatedclient.h"

#include <memory>
#include <string>
#include <vector>

namespace gatehouse::demo {

/// Who takes part: steady users, one chatty device and one whose attempts are refused. The refused one makes fewer
/// forged tokens a minute than lead to a ban, which would shut out every client of this machine. Errors, in English:
/// the policy has no plain hub route, no TLS listener with a CA beside it, or no local issuer.
[[nodiscard]] Result<std::vector<std::unique_ptr<SimulatedClient>>, std::string>
makeScenario(const std::shared_ptr<const Policy>& policy, quint16 port);

} // namespace gatehouse::demo
