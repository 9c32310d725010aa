// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/durationchoice.h"

namespace gatehouse::ui {

DurationChoice::DurationChoice(const std::vector<std::chrono::minutes>& durations, const QString& forever,
                               QWidget* parent)
    : QComboBox(parent)
{
    for (const std::chrono::minutes each : durations) {
        const auto minutes = static_cast<int>(each.count());
        addItem(minutes % 60 == 0 ? tr("%n hour(s)", nullptr, minutes / 60) : tr("%n minute(s)", nullptr, minutes),
                minutes);
    }
    addItem(forever, 0);
}

std::optional<std::chrono::milliseconds> DurationChoice::duration() const
{
    const std::chrono::minutes minutes(currentData().toInt());
    return minutes.count() > 0 ? std::optional<std::chrono::milliseconds>(minutes) : std::nullopt;
}

} // namespace gatehouse::ui
