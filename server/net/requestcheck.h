// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/findtoken.h"
#include "net/admission.h"

#include <optional>

namespace gatehouse {

/// A request that may bring a token along. `facts` are views into the request's text, and into `certificate` once the
/// caller sets that.
struct CheckedRequest {
    Admission admission;
    TokenFacts facts;
};

/// All checks of a whole request head that need no token, in the order: who the client is behind a trusted proxy, its
/// bans and connect rate, path, upgrade, Host, networks, origin, subprotocol.
[[nodiscard]] Result<CheckedRequest, Refusal> checkRequest(WorkerContext& context, Arrival& arrival,
                                                           const std::string& serverName, const wire::Request& request,
                                                           bool bytesAfterHead);

} // namespace gatehouse
