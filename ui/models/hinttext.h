// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/authhint.h"

#include <QString>

namespace gatehouse::ui {

/// "brute force"; empty for none.
[[nodiscard]] QString hintLabel(AuthHint hint);
/// What the figures show and what to do; empty for none.
[[nodiscard]] QString hintSentence(AuthHint hint);

} // namespace gatehouse::ui
