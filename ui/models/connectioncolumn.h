// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/connection.h"

#include <QVariant>

#include <array>

namespace gatehouse::ui {

enum class ConnectionColumn {
    Id,
    User,
    State,
    Role,
    Address,
    Route,
    In,
    Trend,
    OfLimit,
    Backlog,
    Since,
    Channels,
    Client,
    Tls,
    Idle,
    Out,
    BytesIn,
    BytesOut,
    Violations,
};
inline constexpr int connectionColumns = static_cast<int>(ConnectionColumn::Violations) + 1;

/// "Of limit"; what the header and the column chooser show.
[[nodiscard]] QString columnTitle(ConnectionColumn column);
/// A stable word for settings and exports: "of_limit".
[[nodiscard]] QString columnWord(ConnectionColumn column);
[[nodiscard]] Qt::Alignment columnAlignment(ConnectionColumn column);
/// What the cell says, without markup and safe to show.
[[nodiscard]] QString cellText(const Connection& connection, ConnectionColumn column, WallTime now);
[[nodiscard]] QString cellToolTip(const Connection& connection, ConnectionColumn column, WallTime now);
/// With the column's name, and with what the cell shows as a mark.
[[nodiscard]] QString accessibleText(const Connection& connection, ConnectionColumn column, WallTime now);
/// What a column sorts by: numbers before texts, ties by id.
struct SortKey {
    double number = 0;
    QString text;
    SessionId id;
};
[[nodiscard]] SortKey sortKey(const Connection& connection, ConnectionColumn column, WallTime now);
[[nodiscard]] QVariant sortValue(const Connection& connection, ConnectionColumn column, WallTime now);
[[nodiscard]] bool lessThan(const SortKey& a, const SortKey& b);

} // namespace gatehouse::ui
