// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"
#include "policy/policy.h"

#include <cstddef>

namespace gatehouse {

/// How much of a request head was read when it was refused, in bytes.
struct HeadExtent {
    std::size_t whole = 0; ///< with the byte that was one too many
    std::size_t line = 0;  ///< of these, those of the line that was being read
};

/// The decision that ends a connection before its request is looked at: the policy's key where one governs it, with
/// what was met and what is allowed. What breaks a protocol itself has no rule.
[[nodiscard]] Decision explainConnection(const Policy& policy, std::size_t listener, Reason reason,
                                         const HeadExtent& extent = {});

} // namespace gatehouse
