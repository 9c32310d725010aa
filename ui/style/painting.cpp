// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/painting.h"

#include "style/icon.h"

#include <QComboBox>
#include <QLineEdit>
#include <QPainter>
#include <QPainterPath>
#include <QStyleOption>

namespace gatehouse::ui::paint {
namespace {

constexpr int buttonSide = 11;
constexpr int iconGap = 7;
constexpr int menuSide = 10;
constexpr int menuIconSpace = 26;
constexpr int shortcutGap = 32;

class Saved {
public:
    explicit Saved(QPainter& painter)
        : m_painter(painter)
    {
        painter.save();
        painter.setRenderHint(QPainter::Antialiasing);
    }
    ~Saved() { m_painter.restore(); }
    Q_DISABLE_COPY_MOVE(Saved)

private:
    QPainter& m_painter;
};

QRectF lineRect(const QRect& rect)
{
    return QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5);
}

bool has(const QStyleOption& option, QStyle::StateFlag flag)
{
    return option.state.testFlag(flag);
}

bool showsFocus(const QStyleOption& option)
{
    return has(option, QStyle::State_HasFocus) && has(option, QStyle::State_KeyboardFocusChange);
}

QColor labelColor(const Theme& theme, const QStyleOption& option, ButtonLook look)
{
    if (!has(option, QStyle::State_Enabled))
        return theme.faint;
    switch (look) {
    case ButtonLook::Plain:
        return has(option, QStyle::State_On) ? theme.accent : theme.text;
    case ButtonLook::Primary:
        return theme.onAccent;
    case ButtonLook::Danger:
        return theme.bad;
    case ButtonLook::Quiet:
        return has(option, QStyle::State_On) ? theme.accent : theme.text;
    }
    return theme.text;
}

QColor mixed(const QColor& a, const QColor& b, double share)
{
    const auto part = [share](float x, float y) { return static_cast<float>(x + (y - x) * share); };
    return QColor::fromRgbF(part(a.redF(), b.redF()), part(a.greenF(), b.greenF()), part(a.blueF(), b.blueF()));
}

} // namespace

bool showsFocus(const QWidget& widget)
{
    return widget.hasFocus() && widget.window()->testAttribute(Qt::WA_KeyboardFocusChange);
}

void focusRing(QPainter& painter, const QRect& rect, const Theme& theme, int radius)
{
    const Saved saved(painter);
    painter.setPen(QPen(theme.accent, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), radius - 1, radius - 1);
}

void button(QPainter& painter, const QStyleOption& option, ButtonLook look)
{
    const Theme& theme = Theme::of(option.palette);
    const Saved saved(painter);
    const bool enabled = has(option, QStyle::State_Enabled);
    const bool hover = enabled && has(option, QStyle::State_MouseOver);
    const bool down = enabled && has(option, QStyle::State_Sunken);
    const bool on = has(option, QStyle::State_On);

    QColor ground = enabled ? theme.card : theme.window;
    QColor line = theme.line;
    if (look == ButtonLook::Primary && enabled) {
        ground = theme.accent;
        line = theme.accent;
    } else if (look == ButtonLook::Danger && enabled) {
        line = mixed(theme.card, theme.bad, 0.55);
    } else if (look == ButtonLook::Quiet) {
        ground = Qt::transparent;
        line = Qt::transparent;
    }
    if (on && look != ButtonLook::Primary) {
        ground = theme.accentGround;
        line = mixed(theme.accentGround, theme.accent, 0.45);
    }
    if (hover || down) {
        const QColor base = ground.alpha() == 0 ? theme.card : ground;
        ground = mixed(base, look == ButtonLook::Danger ? theme.bad : theme.text, down ? 0.12 : 0.06);
    }
    painter.setPen(QPen(line, 1));
    painter.setBrush(ground);
    painter.drawRoundedRect(lineRect(option.rect), metric::radius, metric::radius);
    if (showsFocus(option))
        focusRing(painter, option.rect, theme, metric::radius);
}

void buttonLabel(QPainter& painter, const QStyleOptionButton& option, ButtonLook look)
{
    const Theme& theme = Theme::of(option.palette);
    const Saved saved(painter);
    const QColor color = labelColor(theme, option, look);
    const bool mirrored = option.direction == Qt::RightToLeft;
    const int words = option.text.isEmpty() ? 0 : option.fontMetrics.size(Qt::TextShowMnemonic, option.text).width();
    const int symbol = option.icon.isNull() ? 0 : metric::icon;
    const int gap = words > 0 && symbol > 0 ? iconGap : 0;
    int x = option.rect.x() + (option.rect.width() - words - symbol - gap) / 2;
    if (symbol > 0) {
        const int left = mirrored ? option.rect.right() - (x - option.rect.x()) - symbol + 1 : x;
        const QRect place(left, option.rect.y() + (option.rect.height() - symbol) / 2, symbol, symbol);
        // Icons take the text's colour: the picture serves as a stencil.
        QPixmap pixmap = option.icon.pixmap(QSize(symbol, symbol), painter.device()->devicePixelRatioF());
        QPainter stencil(&pixmap);
        stencil.setCompositionMode(QPainter::CompositionMode_SourceIn);
        stencil.fillRect(pixmap.rect(), color);
        stencil.end();
        painter.drawPixmap(place, pixmap);
        x += symbol + gap;
    }
    painter.setPen(color);
    const QRect place = mirrored ? option.rect.adjusted(0, 0, -(x - option.rect.x()), 0)
                                 : option.rect.adjusted(x - option.rect.x(), 0, 0, 0);
    const int alignment = mirrored ? Qt::AlignRight : Qt::AlignLeft;
    painter.drawText(place, alignment | Qt::AlignVCenter | Qt::TextShowMnemonic, option.text);
    if (option.features & QStyleOptionButton::HasMenu) {
        const int left = mirrored ? option.rect.left() + 8 : option.rect.right() - 20;
        paintIcon(painter, QRectF(left, option.rect.center().y() - 6, 13, 13), Icon::ChevronDown, color);
    }
}

QSize buttonSize(const QStyleOptionButton& option)
{
    const int words = option.text.isEmpty() ? 0 : option.fontMetrics.size(Qt::TextShowMnemonic, option.text).width();
    int width = words + 2 * buttonSide;
    if (!option.icon.isNull())
        width += metric::icon + (words > 0 ? iconGap : -6);
    if (option.features & QStyleOptionButton::HasMenu)
        width += 16;
    return {width, metric::button};
}

void field(QPainter& painter, const QStyleOption& option, const QWidget* widget)
{
    if (const auto* edit = qobject_cast<const QLineEdit*>(widget); edit && !edit->hasFrame())
        return;
    const Theme& theme = Theme::of(option.palette);
    const Saved saved(painter);
    const bool focus = has(option, QStyle::State_HasFocus);
    const bool hover = has(option, QStyle::State_MouseOver) && has(option, QStyle::State_Enabled);
    painter.setPen(QPen(focus ? theme.accent : hover ? mixed(theme.line, theme.text, 0.2) : theme.line, 1));
    painter.setBrush(has(option, QStyle::State_Enabled) ? theme.card : theme.window);
    painter.drawRoundedRect(lineRect(option.rect), metric::radius, metric::radius);
    if (focus)
        focusRing(painter, option.rect, theme, metric::radius);
}

void comboBox(QPainter& painter, const QStyleOptionComboBox& option, const QWidget* widget)
{
    field(painter, option, widget);
    const Theme& theme = Theme::of(option.palette);
    const bool mirrored = option.direction == Qt::RightToLeft;
    const int left = mirrored ? option.rect.left() + 9 : option.rect.right() - 23;
    paintIcon(painter, QRectF(left, option.rect.center().y() - 7, 15, 15), Icon::ChevronDown,
              has(option, QStyle::State_Enabled) ? theme.muted : theme.faint);
}

void checkBox(QPainter& painter, const QStyleOption& option)
{
    const Theme& theme = Theme::of(option.palette);
    const Saved saved(painter);
    const bool on = has(option, QStyle::State_On) || has(option, QStyle::State_NoChange);
    const bool enabled = has(option, QStyle::State_Enabled);
    const QRectF box = lineRect(QRect(option.rect.center() - QPoint(7, 7), QSize(16, 16)));
    painter.setPen(QPen(on && enabled ? theme.accent : theme.faint, 1));
    painter.setBrush(on ? (enabled ? theme.accent : theme.faint) : theme.card);
    painter.drawRoundedRect(box, 4, 4);
    if (on)
        paintIcon(painter, box.adjusted(1.5, 1.5, -1.5, -1.5),
                  has(option, QStyle::State_NoChange) ? Icon::Minus : Icon::Check, theme.onAccent);
    if (showsFocus(option))
        focusRing(painter, option.rect.adjusted(-2, -2, 2, 2), theme, metric::radius);
}

void radioButton(QPainter& painter, const QStyleOption& option)
{
    const Theme& theme = Theme::of(option.palette);
    const Saved saved(painter);
    const bool on = has(option, QStyle::State_On);
    const QColor color = has(option, QStyle::State_Enabled) && on ? theme.accent : theme.faint;
    const QRectF ring = lineRect(QRect(option.rect.center() - QPoint(7, 7), QSize(16, 16)));
    painter.setPen(QPen(color, on ? 5 : 1));
    painter.setBrush(theme.card);
    painter.drawEllipse(on ? ring.adjusted(2, 2, -2, -2) : ring);
    if (showsFocus(option))
        focusRing(painter, option.rect.adjusted(-2, -2, 2, 2), theme, 10);
}

void popup(QPainter& painter, const QStyleOption& option, int radius)
{
    const Theme& theme = Theme::of(option.palette);
    const Saved saved(painter);
    painter.setPen(QPen(mixed(theme.line, theme.text, 0.12), 1));
    painter.setBrush(theme.card);
    painter.drawRoundedRect(lineRect(option.rect), radius, radius);
}

void menuItem(QPainter& painter, const QStyleOptionMenuItem& option)
{
    const Theme& theme = Theme::of(option.palette);
    const Saved saved(painter);
    const QRect rect = option.rect;
    if (option.menuItemType == QStyleOptionMenuItem::Separator) {
        painter.fillRect(QRect(rect.x(), rect.center().y(), rect.width(), 1), theme.line);
        return;
    }
    const bool enabled = has(option, QStyle::State_Enabled);
    if (has(option, QStyle::State_Selected) && enabled) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.accentGround);
        painter.drawRoundedRect(rect, metric::radius - 2, metric::radius - 2);
    }
    const QColor color = enabled ? theme.text : theme.faint;
    const bool mirrored = option.direction == Qt::RightToLeft;
    const auto at = [&](int x, int width) {
        return QRect(mirrored ? rect.right() - x - width + 1 : rect.x() + x, rect.y(), width, rect.height());
    };
    const QRect symbol = at(menuSide - 2, metric::icon);
    if (option.checkType != QStyleOptionMenuItem::NotCheckable && option.checked)
        paintIcon(painter, symbol, Icon::Check, enabled ? theme.accent : theme.faint);
    else if (!option.icon.isNull())
        option.icon.paint(&painter, symbol, Qt::AlignCenter, enabled ? QIcon::Normal : QIcon::Disabled);

    const qsizetype tab = option.text.indexOf(QLatin1Char('\t'));
    const QRect words = at(menuSide + menuIconSpace - 4, rect.width() - menuSide * 2 - menuIconSpace + 4);
    painter.setFont(option.font);
    painter.setPen(color);
    const int leading = mirrored ? Qt::AlignRight : Qt::AlignLeft;
    const int trailing = mirrored ? Qt::AlignLeft : Qt::AlignRight;
    painter.drawText(words, leading | Qt::AlignVCenter | Qt::TextShowMnemonic | Qt::TextSingleLine,
                     option.text.left(tab));
    if (tab >= 0) {
        painter.setPen(enabled ? theme.muted : theme.faint);
        painter.drawText(words, trailing | Qt::AlignVCenter | Qt::TextSingleLine, option.text.mid(tab + 1));
    }
    if (option.menuItemType == QStyleOptionMenuItem::SubMenu)
        paintIcon(painter, at(rect.width() - 22, 14), Icon::ChevronRight, color);
}

QSize menuItemSize(const QStyleOptionMenuItem& option, const QSize& contents)
{
    if (option.menuItemType == QStyleOptionMenuItem::Separator)
        return {contents.width(), 9};
    const qsizetype tab = option.text.indexOf(QLatin1Char('\t'));
    int width = option.fontMetrics.size(Qt::TextShowMnemonic | Qt::TextSingleLine, option.text.left(tab)).width();
    if (tab >= 0)
        width += shortcutGap + option.fontMetrics.horizontalAdvance(option.text.mid(tab + 1));
    else if (option.reservedShortcutWidth > 0)
        width += shortcutGap;
    if (option.menuItemType == QStyleOptionMenuItem::SubMenu)
        width += 20;
    return {std::max(width + menuIconSpace + 2 * menuSide, 160), metric::row};
}

void headerGround(QPainter& painter, const QStyleOption& option)
{
    const Theme& theme = Theme::of(option.palette);
    painter.fillRect(option.rect, theme.card);
    painter.fillRect(QRect(option.rect.x(), option.rect.bottom(), option.rect.width(), 1), theme.line);
}

void headerLabel(QPainter& painter, const QStyleOptionHeader& option)
{
    const Theme& theme = Theme::of(option.palette);
    const Saved saved(painter);
    const bool sorted = option.sortIndicator != QStyleOptionHeader::None;
    painter.setFont(font(Type::Small));
    painter.setPen(sorted || has(option, QStyle::State_MouseOver) ? theme.text : theme.muted);
    const QRect rect = option.rect.adjusted(cellSide, 0, -cellSide, -1);
    const int arrow = sorted ? 14 : 0;
    const QString shown = painter.fontMetrics().elidedText(option.text, Qt::ElideRight, rect.width() - arrow);
    const Qt::Alignment align = QStyle::visualAlignment(option.direction, option.textAlignment);
    const int words = painter.fontMetrics().horizontalAdvance(shown);
    const bool right = align.testFlag(Qt::AlignRight);
    const int left = right ? rect.right() - words + 1 : rect.x();
    painter.drawText(QRect(left, rect.y(), words + 1, rect.height()), Qt::AlignLeft | Qt::AlignVCenter, shown);
    if (sorted) {
        // Qt's "up" is the arrow of a descending order in most styles; ours points the way the values rise.
        const Icon name = option.sortIndicator == QStyleOptionHeader::SortDown ? Icon::ChevronUp : Icon::ChevronDown;
        const int x = right ? left - arrow : left + words + 2;
        paintIcon(painter, QRectF(x, rect.center().y() - 5, 12, 12), name, theme.accent);
    }
}

void row(QPainter& painter, const QStyleOption& option)
{
    const Theme& theme = Theme::of(option.palette);
    if (has(option, QStyle::State_Selected))
        painter.fillRect(option.rect, theme.accentGround);
    else if (has(option, QStyle::State_MouseOver) && has(option, QStyle::State_Enabled))
        painter.fillRect(option.rect, mixed(theme.card, theme.neutralGround, 0.7));
}

QRect scrollBarPart(const QStyleOptionSlider& option, QStyle::SubControl part)
{
    const bool horizontal = option.orientation == Qt::Horizontal;
    const int length = horizontal ? option.rect.width() : option.rect.height();
    const int span = option.maximum - option.minimum;
    int slider = length;
    if (span > 0) {
        const qint64 all = qint64(span) + option.pageStep;
        slider = std::min(length, std::max(32, static_cast<int>(qint64(option.pageStep) * length / all)));
    }
    const int start = QStyle::sliderPositionFromValue(option.minimum, option.maximum, option.sliderPosition,
                                                      length - slider, option.upsideDown);
    const auto along = [&](int from, int size) {
        return horizontal ? QRect(option.rect.x() + from, option.rect.y(), size, option.rect.height())
                          : QRect(option.rect.x(), option.rect.y() + from, option.rect.width(), size);
    };
    switch (part) {
    case QStyle::SC_ScrollBarSlider:
        return along(start, slider);
    case QStyle::SC_ScrollBarGroove:
        return option.rect;
    case QStyle::SC_ScrollBarSubPage:
        return along(0, start);
    case QStyle::SC_ScrollBarAddPage:
        return along(start + slider, length - start - slider);
    default:
        return {};
    }
}

void scrollBar(QPainter& painter, const QStyleOptionSlider& option, const QRect& slider)
{
    const Theme& theme = Theme::of(option.palette);
    const Saved saved(painter);
    painter.fillRect(option.rect, theme.card);
    if (option.maximum <= option.minimum)
        return;
    const bool active = has(option, QStyle::State_MouseOver) || has(option, QStyle::State_Sunken);
    painter.setPen(Qt::NoPen);
    painter.setBrush(mixed(theme.card, theme.faint, active ? 1.0 : 0.55));
    const QRectF handle = QRectF(slider).adjusted(2, 2, -2, -2);
    painter.drawRoundedRect(handle, 3, 3);
}

QColor shareColor(const Theme& theme, double share)
{
    if (share >= 1)
        return theme.bad;
    return share >= 0.8 ? theme.warningMark : theme.accent;
}

void shareBar(QPainter& painter, const QRectF& rect, const Theme& theme, double share, Qt::LayoutDirection direction)
{
    const Saved saved(painter);
    if (direction == Qt::RightToLeft) {
        painter.translate(rect.center().x() * 2, 0);
        painter.scale(-1, 1);
    }
    const qreal round = rect.height() / 2;
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.neutralGround);
    painter.drawRoundedRect(rect, round, round);
    if (share > 0) {
        QPainterPath bar;
        bar.addRoundedRect(rect, round, round);
        painter.setClipPath(bar);
        painter.setBrush(shareColor(theme, share));
        painter.drawRoundedRect(
            QRectF(rect.x(), rect.y(), std::max(rect.width() * std::min(share, 1.0), 2.0), rect.height()),
            share >= 0.1 ? round : 0, share >= 0.1 ? round : 0);
        painter.setClipping(false);
    }
    if (share >= 0.8) {
        painter.setBrush(theme.text);
        painter.drawRect(QRectF(rect.right() - 1.5, rect.y() - 2.5, 1.5, rect.height() + 5));
    }
}

} // namespace gatehouse::ui::paint
