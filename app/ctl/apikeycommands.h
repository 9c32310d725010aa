// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ctl/caller.h"

namespace gatehouse::ctl {

/// Makes a key, and with --add has the running server know it; returns the exit code. A file that holds a key which no
/// server knows is not left behind where the server refuses.
[[nodiscard]] int apiKeyNew(Caller& caller);
[[nodiscard]] int apiKeyList(Caller& caller);

} // namespace gatehouse::ctl
