// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>

#include <chrono>
#include <optional>
#include <vector>

namespace gatehouse::ui {

/// For how long a measure holds: one of some durations, or until somebody ends it.
class DurationChoice : public QComboBox {
    Q_OBJECT
public:
    /// The first is chosen. `forever` says who ends it: "Until somebody ends it".
    DurationChoice(const std::vector<std::chrono::minutes>& durations, const QString& forever,
                   QWidget* parent = nullptr);

    /// Unset: until somebody ends it.
    [[nodiscard]] std::optional<std::chrono::milliseconds> duration() const;
};

} // namespace gatehouse::ui
