// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/policychange.h"

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

inline constexpr std::size_t mostPolicyChanges = 10'000;

/// What differs between two canonical documents, rule by rule in the order of the newer one; entries of lists are told
/// by their names (`name`, `match`, `id`), plain ones by their values. Notes count. Empty where a text is no document;
/// at most mostPolicyChanges.
[[nodiscard]] std::vector<PolicyChange> policyChanges(std::string_view before, std::string_view after);

/// The lines that differ with `context` lines around them, in the unified format of diff(1) without file names; empty
/// where the texts are equal.
[[nodiscard]] std::string textDifference(std::string_view before, std::string_view after, unsigned context = 3);

} // namespace gatehouse
