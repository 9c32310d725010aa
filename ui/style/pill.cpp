// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/pill.h"

#include <QFontMetrics>
#include <QPainter>

namespace gatehouse::ui {
namespace {

constexpr int side = 9;
constexpr int symbolSide = 14;
constexpr int gap = 5;

} // namespace

QColor toneText(const Theme& theme, Tone tone)
{
    switch (tone) {
    case Tone::Neutral:
        return theme.muted;
    case Tone::Accent:
        return theme.accent;
    case Tone::Good:
        return theme.good;
    case Tone::Warning:
        return theme.warning;
    case Tone::Bad:
        return theme.bad;
    }
    return theme.text;
}

QColor toneGround(const Theme& theme, Tone tone)
{
    switch (tone) {
    case Tone::Neutral:
        return theme.neutralGround;
    case Tone::Accent:
        return theme.accentGround;
    case Tone::Good:
        return theme.goodGround;
    case Tone::Warning:
        return theme.warningGround;
    case Tone::Bad:
        return theme.badGround;
    }
    return theme.window;
}

int pillWidth(std::optional<Icon> symbol, const QString& text)
{
    const int words = QFontMetrics(font(Type::Small)).horizontalAdvance(text);
    return 2 * side + words + (symbol ? symbolSide + (text.isEmpty() ? 0 : gap) : 0);
}

int paintPill(QPainter& painter, const QRect& rect, const Theme& theme, Tone tone, std::optional<Icon> symbol,
              const QString& text, Qt::LayoutDirection direction)
{
    const int width = std::min(pillWidth(symbol, text), rect.width());
    const bool mirrored = direction == Qt::RightToLeft;
    const QRect pill(mirrored ? rect.right() - width + 1 : rect.x(), rect.y() + (rect.height() - pillHeight) / 2, width,
                     pillHeight);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(toneGround(theme, tone));
    painter.drawRoundedRect(pill, pillHeight / 2.0, pillHeight / 2.0);

    QRect words = pill.adjusted(side, 0, -side, 0);
    if (symbol) {
        const int x = mirrored ? words.right() - symbolSide + 1 : words.x();
        paintIcon(painter, QRectF(x, pill.y() + (pillHeight - symbolSide) / 2.0, symbolSide, symbolSide), *symbol,
                  toneText(theme, tone));
        words.adjust(mirrored ? 0 : symbolSide + gap, 0, mirrored ? -(symbolSide + gap) : 0, 0);
    }
    painter.setFont(font(Type::Small));
    painter.setPen(toneText(theme, tone));
    const QString shown = painter.fontMetrics().elidedText(text, Qt::ElideRight, words.width() + 1);
    painter.drawText(words, Qt::AlignCenter | Qt::TextSingleLine, shown);
    painter.restore();
    return width;
}

Pill::Pill(QWidget* parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
}

void Pill::set(Tone tone, std::optional<Icon> symbol, const QString& text)
{
    if (m_tone == tone && m_symbol == symbol && m_text == text)
        return;
    m_tone = tone;
    m_symbol = symbol;
    m_text = text;
    setAccessibleName(text);
    updateGeometry();
    update();
}

QSize Pill::sizeHint() const
{
    return {pillWidth(m_symbol, m_text), pillHeight + 2};
}

void Pill::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    paintPill(painter, rect(), Theme::of(palette()), m_tone, m_symbol, m_text, layoutDirection());
}

} // namespace gatehouse::ui
