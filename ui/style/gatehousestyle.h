// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QProxyStyle>

class QAbstractButton;
class QLineEdit;

namespace gatehouse::ui {

enum class ButtonLook { Plain, Primary, Danger, Quiet };
enum class ButtonSize { Normal, Small };

/// How GatehouseStyle draws a push button; Quiet has no line until it is hovered.
void setLook(QAbstractButton& button, ButtonLook look, ButtonSize size = ButtonSize::Normal);

/// Fusion, drawn anew where it shows: buttons, fields, menus, headers, item rows, scroll bars, focus. All colours come
/// from Theme::of(palette).
class GatehouseStyle : public QProxyStyle {
    Q_OBJECT
public:
    GatehouseStyle();

    void polish(QWidget* widget) override;
    void unpolish(QWidget* widget) override;
    using QProxyStyle::polish;
    using QProxyStyle::unpolish;

    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override;
    void drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                     const QWidget* widget) const override;
    void drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                            const QWidget* widget) const override;
    [[nodiscard]] QSize sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                                         const QWidget* widget) const override;
    [[nodiscard]] QRect subElementRect(SubElement element, const QStyleOption* option,
                                       const QWidget* widget) const override;
    [[nodiscard]] QRect subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                                       const QWidget* widget) const override;
    [[nodiscard]] int pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const override;
    [[nodiscard]] int styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                                QStyleHintReturn* data) const override;
};

} // namespace gatehouse::ui
