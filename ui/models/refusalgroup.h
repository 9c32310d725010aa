// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/gatefigures.h"

namespace gatehouse::ui {

/// How refusals are told apart in a chart: by what their cause has to change.
enum class RefusalGroup : std::uint8_t { Rate, Token, Other };

/// Rate: rates and limits. Token: failed authentications. Other: everything else.
[[nodiscard]] RefusalGroup refusalGroup(Reason reason);
/// Refusals a second of one group.
[[nodiscard]] double refusedIn(const Figures& figures, RefusalGroup group);
/// The reasons refused most, busiest first.
[[nodiscard]] std::vector<std::pair<Reason, double>> topRefusals(const Figures& figures, std::size_t limit);

} // namespace gatehouse::ui
