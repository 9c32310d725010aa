// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ctl/caller.h"

namespace gatehouse::ctl {

/// Asks before it locks down, unless told not to. Returns the exit code.
[[nodiscard]] int lockdownOn(Caller& caller);
/// Says whether one is on.
[[nodiscard]] int lockdownState(Caller& caller);

} // namespace gatehouse::ctl
