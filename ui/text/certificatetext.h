// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"

#include <QString>

namespace gatehouse::ui {

/// What an operator must know of the gate's certificates, in a few words; empty while all is well.
[[nodiscard]] QString certificateText(const GateStats& stats);

/// Clients are or will soon be turned away, or what lies on disk cannot be used.
[[nodiscard]] bool isCertificateAlarm(const GateStats& stats);

} // namespace gatehouse::ui
