// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/notice.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>

namespace gatehouse::ui {

Notice::Notice(Tone tone, Icon symbol, QWidget* parent)
    : QWidget(parent)
    , m_tone(tone)
    , m_symbol(symbol)
{
    m_label = new QLabel(this);
    m_label->setTextFormat(Qt::PlainText);
    m_label->setWordWrap(true);
    m_label->setFont(ui::font(Type::Small));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(space::m + metric::icon + space::s, space::s, space::m, space::s);
    layout->addWidget(m_label);
    recolour();
}

void Notice::set(Tone tone, Icon symbol)
{
    m_tone = tone;
    m_symbol = symbol;
    recolour();
    update();
}

void Notice::setText(const QString& text)
{
    m_label->setText(text);
}

void Notice::recolour()
{
    QPalette colours = m_label->palette();
    const QColor wanted = toneText(Theme::of(palette()), m_tone);
    if (colours.color(QPalette::WindowText) == wanted)
        return;
    colours.setColor(QPalette::WindowText, wanted);
    m_label->setPalette(colours);
}

void Notice::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange)
        recolour();
    QWidget::changeEvent(event);
}

void Notice::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(toneGround(theme, m_tone));
    const QRect box = contentsRect();
    painter.drawRoundedRect(box, metric::radius, metric::radius);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const int x = mirrored ? box.right() + 1 - space::m - metric::icon : box.x() + space::m;
    const int line = QFontMetrics(m_label->font()).height();
    // Beside the first line, which stands in the middle of a label that is higher than its words.
    const int words = std::min(m_label->heightForWidth(m_label->width()), m_label->height());
    const int y = m_label->y() + (m_label->height() - words) / 2 + (line - metric::icon) / 2;
    paintIcon(painter, QRectF(x, y, metric::icon, metric::icon), m_symbol, toneText(theme, m_tone));
}

} // namespace gatehouse::ui
