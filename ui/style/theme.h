// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QObject>
#include <QPalette>

namespace gatehouse::ui {

enum class Scheme { Light, Dark };

/// The colours of one scheme. Text tokens have at least 4.5 : 1 on the grounds they are used on, marks 3 : 1.
struct Theme {
    Scheme scheme = Scheme::Light;
    QColor window, card, rail;
    QColor line, text, muted, faint; ///< faint is for marks and disabled, never for text
    QColor accent, accentGround, onAccent;
    QColor good, goodGround;
    QColor warning, warningGround, warningMark;
    QColor bad, badGround;
    QColor neutralGround; ///< pills without a meaning, hovered rows

    [[nodiscard]] static const Theme& light();
    [[nodiscard]] static const Theme& dark();
    /// The scheme that a palette belongs to: pages and delegates draw with Theme::of(palette()).
    [[nodiscard]] static const Theme& of(const QPalette& palette);
    [[nodiscard]] QPalette palette() const;
};

/// One spacing scale, in device-independent pixels.
namespace space {
inline constexpr int xs = 4, s = 8, m = 12, l = 16, xl = 24;
}
namespace metric {
inline constexpr int row = 28, header = 30, button = 32, smallButton = 26, field = 32, rail = 200, railNarrow = 56,
                     topBar = 48, statusLine = 28, radius = 6, cardRadius = 8, icon = 16;
}

/// One type scale, in pixels: Noto Sans 12, 13 (body), 15, 18, 24 and Noto Sans Mono 12.
enum class Type { Small, Body, Title, Heading, Figure, Mono };
[[nodiscard]] QFont font(Type type, QFont::Weight weight = QFont::Normal);

/// Registers the shipped fonts; call once, after QApplication exists. False where one is missing.
bool loadFonts();

} // namespace gatehouse::ui
