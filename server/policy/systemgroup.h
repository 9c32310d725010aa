// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace gatehouse {

/// The number of a group of this system (getgrnam_r(3)); unset where there is none of that name.
[[nodiscard]] std::optional<gid_t> systemGroup(const std::string& name);

} // namespace gatehouse
