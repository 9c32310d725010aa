// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/overviewtile.h"

#include "style/theme.h"

#include <QPainter>
#include <QStyle>

namespace gatehouse::ui {

namespace {

constexpr int tileHeight = 98;
constexpr int side = 15;

} // namespace

OverviewTile::OverviewTile(const QString& label, QWidget* parent)
    : QWidget(parent)
    , m_label(label)
{
    setAccessibleName(label);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
}

void OverviewTile::set(const QString& figure, const QString& note, const QString& tip)
{
    if (m_figure == figure && m_note == note)
        return;
    m_figure = figure;
    m_note = note;
    setToolTip(tip);
    setAccessibleDescription(figure + QStringLiteral(", ") + note);
    update();
}

QSize OverviewTile::sizeHint() const
{
    return {230, tileHeight};
}

QSize OverviewTile::minimumSizeHint() const
{
    return {150, tileHeight};
}

void OverviewTile::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(theme.line, 1));
    painter.setBrush(theme.card);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), metric::cardRadius, metric::cardRadius);
    const auto line = [&](int top, int height, const QString& text, const QFont& face, const QColor& ink) {
        painter.setFont(face);
        painter.setPen(ink);
        const QRect box(side, top, width() - 2 * side, height);
        const QString cut = painter.fontMetrics().elidedText(text, Qt::ElideRight, box.width());
        painter.drawText(box, int(Qt::AlignVCenter | QStyle::visualAlignment(layoutDirection(), Qt::AlignLeft)), cut);
    };
    line(13, 18, m_label, ui::font(Type::Small), theme.muted);
    line(31, 36, m_figure, ui::font(Type::Figure, QFont::Bold), theme.text);
    line(67, 18, m_note, ui::font(Type::Small), theme.muted);
}

} // namespace gatehouse::ui
