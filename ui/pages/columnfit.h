// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/connectioncolumn.h"

#include <array>
#include <vector>

namespace gatehouse::ui {

/// Which columns of the connections table are wanted and how wide, and which of them fit. Columns leave whole, by a
/// listed priority; Id, User and State never do.
struct ColumnFit {
    std::array<bool, connectionColumns> wanted{};
    std::array<int, connectionColumns> width{};

    [[nodiscard]] static ColumnFit standard();
    /// The wanted columns that fit into `available` pixels, with the room that is left given to User.
    [[nodiscard]] ColumnFit within(int available) const;
    /// The columns that may leave, the first to go first.
    [[nodiscard]] static const std::vector<ConnectionColumn>& leavingOrder();

    friend bool operator==(const ColumnFit&, const ColumnFit&) = default;
};

} // namespace gatehouse::ui
