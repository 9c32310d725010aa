// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <string_view>
#include <vector>

namespace gatehouse::ui {

/// A line of a difference as it is shown.
struct DifferenceLine {
    enum class Kind { Context, Removed, Added, Folded };

    Kind kind = Kind::Context;
    QString text;   ///< without its sign; control characters shown as escapes
    int folded = 0; ///< Folded: how many equal lines are left out here; 0: not known

    friend bool operator==(const DifferenceLine&, const DifferenceLine&) = default;
};

struct DifferenceLines {
    std::vector<DifferenceLine> lines;
    int removed = 0;
    int added = 0;
    int left = 0; ///< lines beyond what is shown

    friend bool operator==(const DifferenceLines&, const DifferenceLines&) = default;
};

/// Reads the unified format of diff(1). What is over `most` lines is only counted.
[[nodiscard]] DifferenceLines differenceLines(std::string_view unified, std::size_t most = 20000);

} // namespace gatehouse::ui
