// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gatehouse {

/// As sysexits.h has them.
enum ExitCode : int {
    exitOk = 0,
    exitFailure = 1,      ///< at run time: port or state directory taken, certificate unreadable
    exitUsage = 64,       ///< EX_USAGE
    exitBadConfig = 78    ///< EX_CONFIG
};

} // namespace gatehouse
