// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "api/apihttp.h"
#include "domain/clock.h"
#include "net/adminarrival.h"
#include "net/banset.h"
#include "policy/policy.h"

#include <string_view>

namespace gatehouse {

/// What a request at an admin listener must pass, and how that went.
struct ApiEntrance {
    Result<Actor, ApiAnswer> actor;
    bool ban = false; ///< the address is to be kept out: its second window of wrong keys is full
};

/// Host and server name, networks, bans, failures of the address, key. Counts a wrong key towards the address's
/// failures.
[[nodiscard]] ApiEntrance enterByKey(const Policy& policy, std::size_t listener, const BanSet& bans,
                                     const AdminArrival& arrival, const wire::Request& request, TimePoint now,
                                     WallTime wall);

/// The policy's admin listener that the arrival came through; unset: it is gone, or another.
[[nodiscard]] std::optional<std::size_t> adminListener(const Policy& policy, const AdminArrival& arrival);

} // namespace gatehouse
