// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "charts/chartcard.h"

#include <vector>

namespace gatehouse::ui {

/// The six charts of the overview, in the order in which they stand.
[[nodiscard]] std::vector<ChartOptions> overviewCharts();

} // namespace gatehouse::ui
