// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "net/workercontext.h"
#include "policy/identity.h"

#include <string_view>

namespace gatehouse {

/// Verifies a token for a route of a generation, which is the worker's own but where a policy was applied since the
/// request came; then by way of the worker's cache and with its newest keys. Asks for newer keys where a token
/// names one that its issuer's set does not hold. Revocations, bans and one-time use are for the caller to check.
[[nodiscard]] Result<VerifiedToken, Decision> checkToken(WorkerContext& context, const PolicyGeneration& generation,
                                                         std::size_t route, std::string_view token);

} // namespace gatehouse
