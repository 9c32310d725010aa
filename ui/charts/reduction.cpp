// SPDX-License-Identifier: GPL-3.0-or-later
#include "charts/reduction.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace gatehouse::ui {

namespace {

void appendColumn(QList<QPointF>& out, const std::vector<QPointF>& points, std::size_t first, std::size_t last)
{
    std::size_t low = first;
    std::size_t high = first;
    for (std::size_t i = first; i <= last; ++i) {
        if (points[i].y() < points[low].y())
            low = i;
        if (points[i].y() > points[high].y())
            high = i;
    }
    std::array<std::size_t, 4> kept{first, low, high, last};
    std::ranges::sort(kept);
    const auto end = std::unique(kept.begin(), kept.end());
    for (auto it = kept.begin(); it != end; ++it)
        out.append(points[*it]);
}

} // namespace

QList<QPointF> reduceToColumns(const std::vector<QPointF>& points, double from, double to, int columns)
{
    QList<QPointF> out;
    if (to <= from || columns <= 0)
        return out;
    const auto columnOf = [&](const QPointF& point) {
        return static_cast<int>((point.x() - from) / (to - from) * columns);
    };
    const auto inside = [&](const QPointF& point) { return point.x() >= from && point.x() < to; };
    for (std::size_t first = 0; first < points.size();) {
        if (!inside(points[first])) {
            ++first;
            continue;
        }
        std::size_t last = first;
        while (last + 1 < points.size() && inside(points[last + 1]) &&
               columnOf(points[last + 1]) == columnOf(points[first]))
            ++last;
        appendColumn(out, points, first, last);
        first = last + 1;
    }
    return out;
}

double gridStep(double highest, int intervals, double smallest)
{
    const double wanted = std::max(highest / intervals, smallest);
    const double power = std::pow(10.0, std::floor(std::log10(wanted)));
    for (const double factor : {1.0, 2.0, 2.5, 5.0}) {
        if (factor * power >= wanted * (1 - 1e-9))
            return factor * power;
    }
    return 10.0 * power;
}

} // namespace gatehouse::ui
