// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>
#include <QPointF>

#include <vector>

namespace gatehouse::ui {

/// Keeps of each of `columns` equal slices of [from, to) the first, the lowest, the highest and the last point, in the
/// order in which they came: the curve looks the same, and a peak of one second never falls between two pixels. Points
/// must rise in x; those outside the range are left out.
[[nodiscard]] QList<QPointF> reduceToColumns(const std::vector<QPointF>& points, double from, double to, int columns);

/// The distance of `intervals` grid lines, of the form 1, 2, 2.5 or 5 × 10ⁿ, that holds `highest`; at least `smallest`.
[[nodiscard]] double gridStep(double highest, int intervals, double smallest);

} // namespace gatehouse::ui
