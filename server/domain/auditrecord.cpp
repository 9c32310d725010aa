// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/auditrecord.h"

namespace gatehouse {

std::string_view auditKindWord(AuditKind kind)
{
    switch (kind) {
    case AuditKind::Start:
        return "start";
    case AuditKind::Stop:
        return "stop";
    case AuditKind::Open:
        return "open";
    case AuditKind::Close:
        return "close";
    case AuditKind::Refuse:
        return "refuse";
    case AuditKind::Limit:
        return "limit";
    case AuditKind::Kick:
        return "kick";
    case AuditKind::Ban:
        return "ban";
    case AuditKind::Unban:
        return "unban";
    case AuditKind::Revoke:
        return "revoke";
    case AuditKind::Unrevoke:
        return "unrevoke";
    case AuditKind::Reload:
        return "reload";
    case AuditKind::Drain:
        return "drain";
    case AuditKind::Certificate:
        return "certificate";
    case AuditKind::Command:
        return "command";
    case AuditKind::Policy:
        return "policy";
    case AuditKind::Lockdown:
        return "lockdown";
    case AuditKind::TemporaryLimit:
        return "temporary_limit";
    case AuditKind::Quarantine:
        return "quarantine";
    case AuditKind::Publish:
        return "publish";
    case AuditKind::Upstream:
        return "upstream";
    }
    return "";
}

std::optional<AuditKind> auditKindFromWord(std::string_view word)
{
    for (int i = 0; i <= static_cast<int>(AuditKind::Upstream); ++i)
        if (auditKindWord(static_cast<AuditKind>(i)) == word)
            return static_cast<AuditKind>(i);
    return std::nullopt;
}

} // namespace gatehouse
