// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QList>

#include <cstdint>

// What a cell is, apart from its words: read by the delegate that paints it. Values only, so that models know no
// widget.
namespace gatehouse::ui {

enum class CellLook : std::uint8_t {
    Text,    ///< the usual
    Muted,   ///< second in rank
    Mono,    ///< figures and addresses that are compared letter by letter
    Pill,    ///< a word with a ground and a symbol
    Marked,  ///< a symbol before the words
    Columns, ///< one small column a minute
};

/// Severity, from which tone and symbol follow.
enum class CellTone : std::uint8_t { Neutral, Good, Notice, Bad };

enum CellRole : int {
    CellLookRole = Qt::UserRole + 1, ///< int of CellLook
    CellToneRole,                    ///< int of CellTone
    CellSymbolRole,                  ///< int of the enumerator that the page gives a symbol: AuditKind, AuthHint
    CellSeriesRole,                  ///< QList<double>
};

} // namespace gatehouse::ui
