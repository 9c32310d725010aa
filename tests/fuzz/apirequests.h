// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "input.h"
#include "policy/policy.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Requests of the API: to build them, and to read them once more in the plainest way.
namespace gatehouse::fuzz {

inline constexpr std::string_view secretMark = "sesame"; ///< in the secret of each key

/// One of each role, with ids that begin alike.
[[nodiscard]] const std::vector<ApiKey>& apiKeys();

/// From a byte for the target, one for verb and key, one for the body, and what that asks for.
[[nodiscard]] std::string buildRequests(Input& input);

/// By splitting at line ends and colons; of an answer `method` is the version and `path` the status.
struct PlainRequest {
    std::string method, path;                                 ///< path: without authority and query
    std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case
    std::size_t headSize = 0;                                 ///< 0: the head is not whole
    std::size_t bodyEnd = 0;                                  ///< 0: the body is not whole, or its length is not plain
    std::string body;

    [[nodiscard]] std::size_t count(std::string_view name) const;
};
[[nodiscard]] PlainRequest readPlainly(std::string_view text);

/// The key that it shows; null where that is not one and right.
[[nodiscard]] const ApiKey* shownIn(const PlainRequest& request);
/// Its Host names it, with or without a dot at the end and a port.
[[nodiscard]] bool serves(const PlainRequest& request, std::string_view name);

} // namespace gatehouse::fuzz
