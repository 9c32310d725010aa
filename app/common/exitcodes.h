// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string_view>

namespace gatehouse {

/// As sysexits.h has them. Scripts and service managers rely on them.
enum ExitCode : int {
    exitOk = 0,
    exitFailure = 1,   ///< at run time: port or state directory taken, certificate unreadable
    exitUsage = 64,    ///< EX_USAGE
    exitBadConfig = 78 ///< EX_CONFIG
};

inline constexpr std::array exitCodes{exitOk, exitFailure, exitUsage, exitBadConfig};

/// For the manual.
[[nodiscard]] constexpr std::string_view exitCodeMeaning(ExitCode code)
{
    switch (code) {
    case exitOk:
        return "Done, or ended as asked.";
    case exitFailure:
        return "Failed at run time or was refused; standard error says what and where.";
    case exitUsage:
        return "The command line was not understood.";
    case exitBadConfig:
        return "The configuration is not valid; every error is named with its place.";
    }
    return "";
}

} // namespace gatehouse
