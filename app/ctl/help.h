// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::ctl {

/// What --help prints: of a command, or of the program where the topic is empty.
[[nodiscard]] std::string helpText(std::string_view topic);

} // namespace gatehouse::ctl
