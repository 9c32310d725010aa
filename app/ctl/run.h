// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ctl/caller.h"

#include <string>
#include <vector>

namespace gatehouse::ctl {

/// gatehousectl without its process: arguments without the program's name; returns the exit code.
[[nodiscard]] int run(const std::vector<std::string>& arguments, const Streams& streams, Transport transport = post);

} // namespace gatehouse::ctl
