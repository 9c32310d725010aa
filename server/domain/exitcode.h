// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <string_view>

namespace gatehouse {

/// How our programs end (sysexits.h for those over 1). Scripts and service managers rely on them.
enum class ExitCode { Ok = 0, Failure = 1, Usage = 64, Configuration = 78 };

inline constexpr std::array exitCodes{ExitCode::Ok, ExitCode::Failure, ExitCode::Usage, ExitCode::Configuration};

[[nodiscard]] constexpr std::string_view exitCodeMeaning(ExitCode code)
{
    switch (code) {
    case ExitCode::Ok:
        return "Done, or ended as asked.";
    case ExitCode::Failure:
        return "Failed at run time; standard error says what and where.";
    case ExitCode::Usage:
        return "The command line was not understood.";
    case ExitCode::Configuration:
        return "The configuration is not valid; every error is named with its place.";
    }
    return "";
}

} // namespace gatehouse
