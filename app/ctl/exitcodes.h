// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gatehouse::ctl {

// As sysexits.h has them where it has them.
inline constexpr int exitGood = 0;
inline constexpr int exitFailed = 1; ///< no server, refused, or a broken chain
inline constexpr int exitUsage = 64;
inline constexpr int exitConfiguration = 78;

} // namespace gatehouse::ctl
