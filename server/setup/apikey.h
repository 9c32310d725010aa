// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/apirole.h"
#include "domain/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace gatehouse {

struct ApiKeyRequest {
    std::string id; ///< empty: one by chance
    std::string name;
    ApiRole role = ApiRole::Viewer;
    std::vector<std::string> channels{}; ///< of a publisher
};

struct NewApiKey {
    std::string id;
    std::string key;   ///< "gh_ID_SECRET", the secret 32 random bytes as 43 base64url characters
    std::string entry; ///< for `api_keys`, in canonical form: what the policy may know of it
};

/// A key that nobody has yet. Errors are in English.
[[nodiscard]] Result<NewApiKey, std::string> makeApiKey(const ApiKeyRequest& request);

/// The canonical policy `document` with one more of `api_keys`; all else stays as it is. Errors, in English: an id that
/// is there already, no such document.
[[nodiscard]] Result<std::string, std::string> withApiKey(std::string_view document, const NewApiKey& key);

} // namespace gatehouse
