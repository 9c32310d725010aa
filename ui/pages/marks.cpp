// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/marks.h"

namespace gatehouse::ui {

Icon auditIcon(AuditKind kind)
{
    switch (kind) {
    case AuditKind::Start:
        return Icon::Play;
    case AuditKind::Stop:
        return Icon::CircleStop;
    case AuditKind::Open:
        return Icon::LogIn;
    case AuditKind::Close:
        return Icon::LogOut;
    case AuditKind::Refuse:
        return Icon::CircleSlash;
    case AuditKind::Limit:
        return Icon::TriangleAlert;
    case AuditKind::Kick:
        return Icon::UserX;
    case AuditKind::Ban:
    case AuditKind::Revoke:
        return Icon::Ban;
    case AuditKind::Unban:
    case AuditKind::Unrevoke:
        return Icon::RotateCcw;
    case AuditKind::Reload:
        return Icon::RefreshCw;
    case AuditKind::Drain:
        return Icon::DoorOpen;
    case AuditKind::Upstream:
        return Icon::RefreshCw;
    case AuditKind::Policy:
        return Icon::ScrollText;
    case AuditKind::TemporaryLimit:
    case AuditKind::Quarantine:
        return Icon::TriangleAlert;
    case AuditKind::Lockdown:
    case AuditKind::Certificate:
        return Icon::Lock;
    case AuditKind::Command:
    case AuditKind::Publish:
        return Icon::Command;
    }
    return Icon::Info;
}

Icon hintIcon(AuthHint hint)
{
    switch (hint) {
    case AuthHint::BruteForce:
        return Icon::ShieldAlert;
    case AuthHint::WholeNetwork:
        return Icon::Globe;
    case AuthHint::ClockSkew:
        return Icon::Clock;
    case AuthHint::UnknownKey:
        return Icon::KeyRound;
    case AuthHint::None:
        break;
    }
    return Icon::Ban;
}

Tone toneOf(CellTone tone)
{
    switch (tone) {
    case CellTone::Neutral:
        return Tone::Neutral;
    case CellTone::Good:
        return Tone::Good;
    case CellTone::Notice:
        return Tone::Warning;
    case CellTone::Bad:
        return Tone::Bad;
    }
    return Tone::Neutral;
}

} // namespace gatehouse::ui
