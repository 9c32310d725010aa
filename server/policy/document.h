// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "policy/load.h"

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

/// The one form of a policy document that means the same: keys in the order of the schema, one way to break lines;
/// values and notes as they were, what is absent stays absent. The canonical form of a canonical text is that text.
/// Errors: no JSON object, a repeated or an unknown key; whether values are good is parsePolicy()'s to say.
[[nodiscard]] Result<std::string, std::vector<PolicyError>> canonicalDocument(std::string_view text);

} // namespace gatehouse
