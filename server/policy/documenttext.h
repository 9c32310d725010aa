// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/documentkeys.h"
#include "policy/json.h"

#include <string>
#include <string_view>

namespace gatehouse {

/// Puts the members of `value` and of what it holds into canonical order: the note, the keys as the table has them,
/// others as they came. `object` is the DocumentObject::name of `value`, or of its entries where it is a list.
void arrangeDocument(JsonValue& value, std::string_view object);

/// `value` on one line, with a blank after each comma and colon and inside braces. Numbers are as in the `source` that
/// they were parsed from.
[[nodiscard]] std::string jsonLine(const JsonValue& value, std::string_view source);

/// `value` in canonical form, with the newline at its end; longer than `most` bytes where it would not fit into them.
[[nodiscard]] std::string jsonLines(const JsonValue& value, std::string_view source, std::size_t most);

} // namespace gatehouse
