// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"

#include <filesystem>
#include <string>

namespace gatehouse::ctl {

struct HttpAnswer {
    unsigned status = 0;
    std::string body;
};

/// One POST to the API on a Unix socket, with a limit of 30 seconds beside the time that
/// the command itself may take. Errors say what, where and what to do.
[[nodiscard]] Result<HttpAnswer, std::string> post(const std::filesystem::path& socket, const Command& command);

} // namespace gatehouse::ctl
