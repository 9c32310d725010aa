// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "net/workercontext.h"
#include "policy/identity.h"

#include <string_view>

namespace gatehouse {

/// Verifies a token for a route of the worker's policy, by way of the worker's cache. Asks for newer keys where a token
/// names one that its issuer's set does not hold. Revocations, bans and one-time use are for the caller to check.
[[nodiscard]] Result<Identity, Decision> checkToken(WorkerContext& context, std::size_t route, std::string_view token);

} // namespace gatehouse
