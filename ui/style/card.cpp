// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/card.h"

#include "style/theme.h"

#include <QPainter>

namespace gatehouse::ui {

Card::Card(QWidget* parent)
    : QFrame(parent)
{
    setFrameShape(QFrame::NoFrame);
    setContentsMargins(1, 1, 1, 1);
}

void Card::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.line, 1));
    painter.setBrush(theme.card);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metric::cardRadius, metric::cardRadius);
}

} // namespace gatehouse::ui
