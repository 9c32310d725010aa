// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/auditrecord.h"
#include "domain/reason.h"
#include "feed/values.h"

#include <QString>

// Words for people. They are translatable, and need no running application: the manual's tables are made from them.
namespace gatehouse::ui {

/// A few words: "Rate of the session". Empty for Reason::None.
[[nodiscard]] QString reasonLabel(Reason reason);
/// One sentence that says what happened. Empty for Reason::None.
[[nodiscard]] QString reasonSentence(Reason reason);

[[nodiscard]] QString auditKindText(AuditKind kind);
[[nodiscard]] QString gateStateText(GateState state);

} // namespace gatehouse::ui
