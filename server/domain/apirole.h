// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gatehouse {

/// What an API key, or a group that may use the control socket, is allowed to call; see control/access.h.
enum class ApiRole : std::uint8_t { Viewer, Publisher, Operator, Admin };

/// "viewer", "publisher", "operator", "admin": as the policy has it.
[[nodiscard]] constexpr std::string_view apiRoleWord(ApiRole role)
{
    switch (role) {
    case ApiRole::Viewer:
        return "viewer";
    case ApiRole::Publisher:
        return "publisher";
    case ApiRole::Operator:
        return "operator";
    case ApiRole::Admin:
        return "admin";
    }
    return "";
}

[[nodiscard]] constexpr std::optional<ApiRole> apiRoleFromWord(std::string_view word)
{
    for (const ApiRole role : {ApiRole::Viewer, ApiRole::Publisher, ApiRole::Operator, ApiRole::Admin})
        if (apiRoleWord(role) == word)
            return role;
    return std::nullopt;
}

} // namespace gatehouse
