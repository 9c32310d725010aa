// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"
#include "net/admission.h"

#include <memory>

namespace gatehouse {

/// What is shown of a session, with a fresh id of this worker.
[[nodiscard]] SessionId drawSessionId(WorkerContext& context);
[[nodiscard]] std::shared_ptr<SessionInfo> makeSessionInfo(WorkerContext& context, const Arrival& arrival,
                                                           const Admission& admission, const Transport& transport,
                                                           std::uint16_t peerPort);

/// What of it goes by the policy that the session met last: route, roles, limits, version.
void showPolicy(SessionInfo& info, const Policy& policy, std::size_t route, const Identity& who);

} // namespace gatehouse
