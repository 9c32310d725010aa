// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/gatehousestyle.h"
#include "style/theme.h"

class QStyleOptionButton;
class QStyleOptionComboBox;
class QStyleOptionHeader;
class QStyleOptionMenuItem;
class QStyleOptionSlider;

// How GatehouseStyle's parts are drawn; also for widgets that paint themselves.
namespace gatehouse::ui::paint {

/// What a table's cells and headers leave free at their sides.
inline constexpr int cellSide = 8;

/// By the keyboard: a focus that came by mouse needs no ring.
[[nodiscard]] bool showsFocus(const QWidget& widget);
void focusRing(QPainter& painter, const QRect& rect, const Theme& theme, int radius);
void button(QPainter& painter, const QStyleOption& option, ButtonLook look);
void buttonLabel(QPainter& painter, const QStyleOptionButton& option, ButtonLook look);
[[nodiscard]] QSize buttonSize(const QStyleOptionButton& option);
void field(QPainter& painter, const QStyleOption& option, const QWidget* widget);
void comboBox(QPainter& painter, const QStyleOptionComboBox& option, const QWidget* widget);
void checkBox(QPainter& painter, const QStyleOption& option);
void radioButton(QPainter& painter, const QStyleOption& option);
void popup(QPainter& painter, const QStyleOption& option, int radius);
void menuItem(QPainter& painter, const QStyleOptionMenuItem& option);
[[nodiscard]] QSize menuItemSize(const QStyleOptionMenuItem& option, const QSize& contents);
void headerGround(QPainter& painter, const QStyleOption& option);
void headerLabel(QPainter& painter, const QStyleOptionHeader& option);
void row(QPainter& painter, const QStyleOption& option);
void scrollBar(QPainter& painter, const QStyleOptionSlider& option, const QRect& slider);
[[nodiscard]] QRect scrollBarPart(const QStyleOptionSlider& option, QStyle::SubControl part);

/// A bar that fills from the leading edge. At or over its limit (share ≥ 1) it carries a tick at the end, so that the
/// colour does not speak alone.
void shareBar(QPainter& painter, const QRectF& rect, const Theme& theme, double share, Qt::LayoutDirection direction);
/// The colour of a share of a limit: accent, warning from 80 %, bad from 100 %.
[[nodiscard]] QColor shareColor(const Theme& theme, double share);

} // namespace gatehouse::ui::paint
