// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "net/admission.h"

#include <string>

namespace gatehouse {

/// Counts a refusal that came before any session, records it and, where it is a failed authentication, shows it.
/// `detail` is put before what else is known.
void reportRefusal(WorkerContext& context, const Arrival& arrival, const Refusal& refusal, std::string detail = {});

} // namespace gatehouse
