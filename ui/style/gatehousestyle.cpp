// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/gatehousestyle.h"

#include "style/painting.h"
#include "style/theme.h"

#include <QAbstractButton>
#include <QAbstractItemView>
#include <QApplication>
#include <QComboBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QScrollArea>
#include <QScrollBar>
#include <QStyleFactory>
#include <QStyleOption>

namespace gatehouse::ui {
namespace {

constexpr const char* lookProperty = "gatehouseLook";
constexpr const char* sizeProperty = "gatehouseSize";

ButtonLook lookOf(const QWidget* widget)
{
    return widget ? static_cast<ButtonLook>(widget->property(lookProperty).toInt()) : ButtonLook::Plain;
}

bool isSmall(const QWidget* widget)
{
    return widget && static_cast<ButtonSize>(widget->property(sizeProperty).toInt()) == ButtonSize::Small;
}

} // namespace

void setLook(QAbstractButton& button, ButtonLook look, ButtonSize size)
{
    button.setProperty(lookProperty, static_cast<int>(look));
    button.setProperty(sizeProperty, static_cast<int>(size));
    button.updateGeometry();
    button.update();
}

GatehouseStyle::GatehouseStyle()
    : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion")))
{
}

void GatehouseStyle::polish(QWidget* widget)
{
    QProxyStyle::polish(widget);
    const bool hovers = qobject_cast<QAbstractButton*>(widget) || qobject_cast<QComboBox*>(widget) ||
                        qobject_cast<QLineEdit*>(widget) || qobject_cast<QHeaderView*>(widget) ||
                        qobject_cast<QScrollBar*>(widget);
    if (hovers)
        widget->setAttribute(Qt::WA_Hover);
    if (qobject_cast<QMenu*>(widget)) {
        widget->setAttribute(Qt::WA_TranslucentBackground);
        widget->setWindowFlag(Qt::FramelessWindowHint);
        widget->setWindowFlag(Qt::NoDropShadowWindowHint);
    }
}

void GatehouseStyle::unpolish(QWidget* widget)
{
    if (qobject_cast<QMenu*>(widget))
        widget->setAttribute(Qt::WA_TranslucentBackground, false);
    QProxyStyle::unpolish(widget);
}

void GatehouseStyle::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                                   const QWidget* widget) const
{
    switch (element) {
    case PE_PanelButtonCommand:
        paint::button(*painter, *option, lookOf(widget));
        return;
    case PE_PanelButtonTool:
        if (option->state & (State_MouseOver | State_Sunken | State_On))
            paint::button(*painter, *option, ButtonLook::Quiet);
        return;
    case PE_FrameFocusRect:
        // Buttons, fields and rows show focus as part of themselves.
        if (!qobject_cast<const QAbstractItemView*>(widget))
            paint::focusRing(*painter, option->rect, Theme::of(option->palette), metric::radius);
        return;
    case PE_FrameLineEdit:
    case PE_PanelLineEdit:
        paint::field(*painter, *option, widget);
        return;
    // The header's label draws the arrow with it.
    case PE_IndicatorHeaderArrow:
    case PE_FrameMenu:
        return;
    case PE_Frame:
        if (widget && paint::showsFocus(*widget))
            paint::focusRing(*painter, option->rect, Theme::of(option->palette), metric::radius);
        return;
    case PE_PanelMenu:
    case PE_PanelTipLabel:
        paint::popup(*painter, *option, element == PE_PanelTipLabel ? 4 : metric::cardRadius);
        return;
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck:
    case PE_IndicatorMenuCheckMark:
        paint::checkBox(*painter, *option);
        return;
    case PE_IndicatorRadioButton:
        paint::radioButton(*painter, *option);
        return;
    case PE_PanelItemViewRow:
    case PE_PanelItemViewItem:
        paint::row(*painter, *option);
        return;
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void GatehouseStyle::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                                 const QWidget* widget) const
{
    switch (element) {
    case CE_PushButtonLabel:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            paint::buttonLabel(*painter, *button, lookOf(widget));
            return;
        }
        break;
    case CE_Header:
        if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
            paint::headerGround(*painter, *option);
            paint::headerLabel(*painter, *header);
            return;
        }
        break;
    case CE_HeaderSection:
    case CE_HeaderEmptyArea:
        paint::headerGround(*painter, *option);
        return;
    case CE_MenuItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option)) {
            paint::menuItem(*painter, *item);
            return;
        }
        break;
    case CE_MenuEmptyArea:
        return;
    case CE_ItemViewItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option)) {
            // A selected row keeps its text colours: the ground alone tells.
            QStyleOptionViewItem plain(*item);
            plain.palette.setColor(QPalette::HighlightedText, plain.palette.color(QPalette::Text));
            QProxyStyle::drawControl(element, &plain, painter, widget);
            return;
        }
        break;
    case CE_Splitter:
        return;
    default:
        break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void GatehouseStyle::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter,
                                        const QWidget* widget) const
{
    if (control == CC_ScrollBar) {
        if (const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option)) {
            paint::scrollBar(*painter, *bar, subControlRect(CC_ScrollBar, bar, SC_ScrollBarSlider, widget));
            return;
        }
    }
    if (control == CC_ComboBox) {
        if (const auto* box = qstyleoption_cast<const QStyleOptionComboBox*>(option)) {
            paint::comboBox(*painter, *box, widget);
            return;
        }
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

QSize GatehouseStyle::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                                       const QWidget* widget) const
{
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    switch (type) {
    case CT_PushButton:
        if (const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option)) {
            result = paint::buttonSize(*button);
            result.setHeight(isSmall(widget) ? metric::smallButton : metric::button);
        }
        return result;
    case CT_LineEdit:
    case CT_ComboBox:
    case CT_SpinBox:
        return result.expandedTo(QSize(0, metric::field)).boundedTo(QSize(QWIDGETSIZE_MAX, metric::field));
    case CT_MenuItem:
        if (const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option))
            return paint::menuItemSize(*item, size);
        return result;
    case CT_HeaderSection:
        return {result.width(), metric::header};
    case CT_ItemViewItem:
        return {result.width(), std::max(result.height(), metric::row)};
    default:
        return result;
    }
}

QRect GatehouseStyle::subElementRect(SubElement element, const QStyleOption* option, const QWidget* widget) const
{
    if (element == SE_LineEditContents)
        return option->rect.adjusted(8, 1, -8, -1);
    return QProxyStyle::subElementRect(element, option, widget);
}

QRect GatehouseStyle::subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part,
                                     const QWidget* widget) const
{
    if (control == CC_ScrollBar) {
        if (const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option))
            return paint::scrollBarPart(*bar, part);
    }
    if (control == CC_ComboBox && part == SC_ComboBoxEditField)
        return visualRect(option->direction, option->rect, option->rect.adjusted(10, 1, -28, -1));
    return QProxyStyle::subControlRect(control, option, part, widget);
}

int GatehouseStyle::pixelMetric(PixelMetric which, const QStyleOption* option, const QWidget* widget) const
{
    switch (which) {
    case PM_ScrollBarExtent:
        return 10;
    case PM_ScrollBarSliderMin:
        return 32;
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
        return metric::icon;
    case PM_DefaultFrameWidth:
        // Of a panel that scrolls: room for its focus ring.
        return qobject_cast<const QScrollArea*>(widget) ? 2 : QProxyStyle::pixelMetric(which, option, widget);
    case PM_MenuPanelWidth:
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
        return 0;
    case PM_MenuHMargin:
    case PM_MenuVMargin:
        return space::xs + 1;
    case PM_LayoutLeftMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutBottomMargin:
        return space::l;
    case PM_LayoutHorizontalSpacing:
    case PM_LayoutVerticalSpacing:
        return space::s;
    case PM_HeaderDefaultSectionSizeVertical:
        return metric::row;
    case PM_HeaderMargin:
    case PM_FocusFrameHMargin:
        return space::s;
    case PM_SplitterWidth:
        return space::m;
    case PM_ToolTipLabelFrameWidth:
        return space::xs + 2;
    default:
        return QProxyStyle::pixelMetric(which, option, widget);
    }
}

int GatehouseStyle::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                              QStyleHintReturn* data) const
{
    switch (hint) {
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
    case SH_DialogButtonBox_ButtonsHaveIcons:
    case SH_UnderlineShortcut:
    case SH_ItemView_ArrowKeysNavigateIntoChildren:
    case SH_ComboBox_Popup:
    case SH_ScrollBar_Transient:
        return 0;
    case SH_Menu_SubMenuPopupDelay:
        return 120;
    case SH_ToolTipLabel_Opacity:
        return 255;
    default:
        return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

} // namespace gatehouse::ui
