// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse {

/// The registered phrase of an HTTP status (RFC 9110) that the gate answers; empty for others. ASCII.
[[nodiscard]] std::string_view statusPhrase(std::uint16_t status);

} // namespace gatehouse
