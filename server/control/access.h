// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/apirole.h"

#include <string_view>

namespace gatehouse {

/// May somebody of this role call the method? Admin: every method. A method that the table does not name is for admin
/// alone, so that a new one opens to nobody by itself.
[[nodiscard]] bool mayCall(ApiRole role, std::string_view method);

} // namespace gatehouse
