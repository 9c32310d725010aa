// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ctl/arguments.h"
#include "policy/policy.h"

#include <iosfwd>

namespace gatehouse::ctl {

/// Reads the certificates of a policy's listeners themselves, for a server that does not run. Returns the exit code.
[[nodiscard]] int certificateStatus(const Invocation& invocation, const Policy& policy, std::ostream& out,
                                    std::ostream& error);

} // namespace gatehouse::ctl
