// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/targetlist.h"

namespace gatehouse::ui {

class ConnectionsModel;
class ConnectionsTable;

/// Whom a command from the table is for: the chosen rows, else what the filter lets through; open ones alone.
[[nodiscard]] std::vector<SessionId> openTargets(const ConnectionsModel& model, const ConnectionsTable& table);
/// Those of them that are still open, as a question names them.
[[nodiscard]] std::vector<SessionTarget> sessionTargets(const ConnectionsModel& model,
                                                        const std::vector<SessionId>& ids);

} // namespace gatehouse::ui
