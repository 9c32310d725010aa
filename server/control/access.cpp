// SPDX-License-Identifier: GPL-3.0-or-later
#include "control/access.h"

#include <algorithm>
#include <array>

namespace gatehouse {

namespace {

// Methods of parts that are still to come stand here already: who may call them is settled.
constexpr std::array<std::string_view, 18> viewers{
    "info",           "stats",          "sessions", "session",      "channels",      "presence",
    "presence_stats", "history",        "audit",    "audit_verify", "auth_failures", "bans",
    "policy_get",     "policy_history", "limits",   "revocations",  "upstreams",     "certificate_status"};

constexpr std::array<std::string_view, 7> publishers{"publish",        "broadcast", "batch",   "presence",
                                                     "presence_stats", "history",   "channels"};

constexpr std::array<std::string_view, 22> operators{"kick",
                                                     "disconnect",
                                                     "unsubscribe",
                                                     "subscribe",
                                                     "refresh",
                                                     "limit",
                                                     "unlimit",
                                                     "quarantine",
                                                     "ban",
                                                     "unban",
                                                     "block_user",
                                                     "unblock_user",
                                                     "revoke_token",
                                                     "invalidate_user_tokens",
                                                     "unrevoke",
                                                     "history_remove",
                                                     "lockdown",
                                                     "drain",
                                                     "upstream_drain",
                                                     "policy_check",
                                                     "policy_what_if",
                                                     "policy_confirm"};

template <std::size_t Count> bool holds(const std::array<std::string_view, Count>& methods, std::string_view method)
{
    return std::ranges::find(methods, method) != methods.end();
}

} // namespace

bool mayCall(ApiRole role, std::string_view method)
{
    switch (role) {
    case ApiRole::Viewer:
        return holds(viewers, method);
    case ApiRole::Publisher:
        return holds(publishers, method);
    case ApiRole::Operator:
        return holds(operators, method) || holds(viewers, method);
    case ApiRole::Admin:
        return true;
    }
    return false;
}

} // namespace gatehouse
