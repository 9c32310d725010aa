// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"
#include "net/admission.h"

#include <memory>

namespace gatehouse {

/// What stays the same of a session from its beginning on, with a fresh id of this worker.
[[nodiscard]] std::shared_ptr<SessionInfo> makeSessionInfo(WorkerContext& context, const Arrival& arrival,
                                                           const Admission& admission, const Transport& transport,
                                                           std::uint16_t peerPort);

} // namespace gatehouse
