// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/policy.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace gatehouse {

/// What becomes of the listeners of a policy when another comes; by index in the one before, an index in the next.
struct ListenerMoves {
    std::vector<std::optional<std::size_t>> sockets;  ///< by address and port; unset: closed
    std::vector<std::optional<std::size_t>> arrivals; ///< of who is at its door; unset: it is gone, or another
    std::vector<std::size_t> opened;                  ///< in the next policy: nothing listens there yet
};

/// A socket is known by its address and port, or by its name too where the system chose the port. Whoever came in stays
/// where the listener also has its name, and TLS as before.
[[nodiscard]] ListenerMoves moveListeners(const std::vector<Listener>& before, const std::vector<Listener>& next);

} // namespace gatehouse
