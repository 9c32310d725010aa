// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"

#include <QString>

#include <optional>
#include <vector>

namespace gatehouse::ui {

/// Brings what was typed into the form that the server keeps; unset where it is not one of `subject`.
/// A network's bits beyond its prefix are cleared, as "10.20.9.14/24" means 10.20.9.0/24.
[[nodiscard]] std::optional<std::string> banValue(BanSubject subject, const QString& typed);

/// Whether a ban would end this session.
[[nodiscard]] bool banMeets(BanSubject subject, const std::string& value, const SessionInfo& session);

/// The open sessions that a ban would end now.
[[nodiscard]] std::vector<SessionId> sessionsMetBy(BanSubject subject, const std::string& value,
                                                   const std::vector<SessionRow>& sessions);

} // namespace gatehouse::ui
