// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/decision.h"
#include "domain/result.h"
#include "policy/policy.h"
#include "wire/request.h"

#include <span>
#include <string_view>

namespace gatehouse {

/// Whose key a request shows: "gh_ID_SECRET" in X-API-Key, or behind "apikey " in Authorization, as Centrifugo's
/// clients have it. Compares digests in constant time, and takes as long for an id that does not exist.
/// Errors: ApiKey (none, or a wrong one), ApiFormat (more than one). The key is in none of their words.
[[nodiscard]] Result<const ApiKey*, Decision> checkApiKey(std::span<const ApiKey> keys, const wire::Request& request);

/// As checkApiKey(), of the text alone.
[[nodiscard]] Result<const ApiKey*, Decision> findApiKey(std::span<const ApiKey> keys, std::string_view shown);

/// True where a failure is a wrong key, and not that there was none.
[[nodiscard]] bool isWrongKey(const Decision& decision);

} // namespace gatehouse
