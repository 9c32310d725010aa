// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/connection.h"

#include <QString>

#include <vector>

namespace gatehouse::ui {

enum class CopyForm { Text, Json, Csv, CommandLine };

/// What is copied of the chosen sessions. Holds no token or key; texts from the network cannot act in a terminal or a
/// spreadsheet.
[[nodiscard]] QString copied(const std::vector<const Connection*>& connections, CopyForm form, WallTime now);

} // namespace gatehouse::ui
