// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "schema/schemaplan.h"

#include <string_view>

namespace gatehouse {

/// `format` of draft 7 (§7.3); unset: not one that is checked here.
[[nodiscard]] std::optional<FormatKind> formatFromWord(std::string_view word);
/// The whole of what is to be matched, or of what is matched before formatHolds() is asked; empty: there is no pattern.
[[nodiscard]] std::string formatPattern(FormatKind format);
/// What no pattern says: how many days a month has, addresses, regular expressions.
[[nodiscard]] bool formatHolds(FormatKind format, std::string_view text);

} // namespace gatehouse
