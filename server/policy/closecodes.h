// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/reason.h"
#include "policy/policy.h"

#include <cstdint>

namespace gatehouse {

/// The code of the Close that ends a session on a route of this kind, where the other kinds would send `plainCode`
/// (closeCode(), 4403 for a policy that no longer lets it in, or what an operator chose). Clients of Centrifugo read
/// from it what to do: 3500 to 3999 and 4500 to 4999 keep them away, all others let them come back. What is mapped
/// already stays as it is.
[[nodiscard]] std::uint16_t routeCloseCode(RouteKind kind, Reason reason, std::uint16_t plainCode);

} // namespace gatehouse
