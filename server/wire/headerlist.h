// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/request.h"

// Private to the wire folder.
namespace gatehouse::wire {

[[nodiscard]] std::vector<std::string_view> valuesOf(const std::vector<Header>& headers, std::string_view name);
/// Whether an element of a list header, over all its lines, is this token in any case (RFC 9110 §5.3).
[[nodiscard]] bool listHas(const std::vector<Header>& headers, std::string_view name, std::string_view token);

} // namespace gatehouse::wire
