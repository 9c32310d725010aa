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

/// The name of a WebSocket close code (RFC 6455 §7.4.1, RFC 6455's registry, and our own in 4000–4999); empty for
/// others.
[[nodiscard]] QString closeCodeName(std::uint16_t code);
/// The name of an HTTP status that the gate gives (RFC 9110, RFC 6585); empty for others.
[[nodiscard]] QString httpStatusName(std::uint16_t status);
/// "4403 not allowed", "401 Unauthorized", or the bare number where it has no name.
[[nodiscard]] QString codeText(std::uint16_t code);

} // namespace gatehouse::ui
