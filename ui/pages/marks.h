// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/auditrecord.h"
#include "models/authhint.h"
#include "models/cells.h"
#include "style/pill.h"

// The symbols that go with what models only name.
namespace gatehouse::ui {

[[nodiscard]] Icon auditIcon(AuditKind kind);
[[nodiscard]] Icon hintIcon(AuthHint hint);
[[nodiscard]] Tone toneOf(CellTone tone);

} // namespace gatehouse::ui
