// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/connectionsdelegate.h"

#include "style/painting.h"
#include "text/format.h"

#include <QApplication>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>

namespace gatehouse::ui {
namespace {

using Column = ConnectionColumn;

constexpr int side = paint::cellSide;
constexpr int barWidth = 48;
constexpr int barHeight = 6;
constexpr int markSide = 14;
constexpr int markWidth = markSide + 6;

struct Cell {
    QPainter& painter;
    QRect rect;
    const Theme& theme;
    const Connection& connection;
    Qt::LayoutDirection direction;
    WallTime now;

    [[nodiscard]] bool isClosed() const { return connection.closed.has_value(); }
};

void drawText(const Cell& cell, const QFont& textFont, const QColor& color, const QString& text,
              Qt::Alignment alignment)
{
    cell.painter.setFont(textFont);
    cell.painter.setPen(cell.isClosed() ? cell.theme.faint : color);
    const QString shown = cell.painter.fontMetrics().elidedText(text, Qt::ElideRight, cell.rect.width());
    cell.painter.drawText(cell.rect, static_cast<int>(QStyle::visualAlignment(cell.direction, alignment)), shown);
}

// The figure in the text's colour, the unit behind it quiet: "84 KiB".
void drawFigure(const Cell& cell, const QString& text)
{
    const qsizetype space = text.lastIndexOf(QLatin1Char(' '));
    const qsizetype cut = space >= 0 ? space : text.lastIndexOf(QLatin1Char('/'));
    const QString unit = cut >= 0 ? text.mid(cut) : QString();
    cell.painter.setFont(font(Type::Body));
    const int unitWidth = cell.painter.fontMetrics().horizontalAdvance(unit);
    const bool quiet = cell.isClosed();
    cell.painter.setPen(quiet ? cell.theme.faint : cell.theme.muted);
    cell.painter.drawText(cell.rect, Qt::AlignRight | Qt::AlignVCenter, unit);
    cell.painter.setPen(quiet ? cell.theme.faint : cell.theme.text);
    cell.painter.drawText(cell.rect.adjusted(0, 0, -unitWidth, 0), Qt::AlignRight | Qt::AlignVCenter,
                          cut >= 0 ? text.left(cut) : text);
}

void drawState(const Cell& cell)
{
    const StateLook look = lookOf(cell.connection.state);
    const QString text = stateText(cell.connection, cell.now);
    Cell words = cell;
    const bool mirrored = cell.direction == Qt::RightToLeft;
    // A pill gives no letter for the mark: the tool tip has both.
    const bool fits = !look.symbol || pillWidth(look.symbol, text) + markWidth <= cell.rect.width();
    const bool marked = fits && !markText(cell.connection).isEmpty();
    if (marked)
        words.rect.adjust(mirrored ? markWidth : 0, 0, mirrored ? 0 : -markWidth, 0);
    int width = 0;
    if (!look.symbol) {
        drawText(words, font(Type::Body), cell.theme.muted, text, Qt::AlignLeft | Qt::AlignVCenter);
        width = std::min(cell.painter.fontMetrics().horizontalAdvance(text), words.rect.width());
    } else {
        width = paintPill(cell.painter, words.rect, cell.theme, look.tone, look.symbol, text, cell.direction);
    }
    if (!marked)
        return;
    const int gap = markWidth - markSide;
    const int x = mirrored ? cell.rect.right() - width - gap - markSide + 1 : cell.rect.x() + width + gap;
    paintIcon(cell.painter, QRectF(x, cell.rect.y() + (cell.rect.height() - markSide) / 2.0, markSide, markSide),
              Icon::Gauge, cell.theme.warning);
}

QColor trendColor(const Cell& cell)
{
    switch (cell.connection.state) {
    case ConnectionState::Limited:
        return cell.theme.bad;
    case ConnectionState::NearLimit:
        return cell.theme.warningMark;
    case ConnectionState::Quarantined:
    case ConnectionState::Closed:
        return cell.theme.faint;
    case ConnectionState::Open:
    case ConnectionState::Idle:
    case ConnectionState::Closing:
        return cell.theme.accent;
    }
    return cell.theme.accent;
}

void drawTrend(const Cell& cell)
{
    const Trend& trend = cell.connection.trend;
    if (trend.count < 2)
        return;
    float highest = 1;
    for (std::size_t i = 0; i < trend.count; ++i)
        highest = std::max(highest, trend.at(i));
    const QRectF area = QRectF(cell.rect).adjusted(0, 7, 0, -7);
    const qreal step = area.width() / static_cast<qreal>(Trend::length - 1);
    // The newest sample stands at the trailing edge; a young session's curve begins in the middle.
    qreal x = area.right() - step * static_cast<qreal>(trend.count - 1);
    QPainterPath path;
    for (std::size_t i = 0; i < trend.count; ++i, x += step) {
        const QPointF point(x, area.bottom() - area.height() * static_cast<qreal>(trend.at(i) / highest));
        i == 0 ? path.moveTo(point) : path.lineTo(point);
    }
    cell.painter.setBrush(Qt::NoBrush);
    cell.painter.setPen(QPen(trendColor(cell), 1.3, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
    cell.painter.drawPath(path);
}

void drawShare(const Cell& cell)
{
    const std::optional<double> share = shareOfLimit(cell.connection);
    if (!share) {
        drawText(cell, font(Type::Body), cell.theme.muted, cellText(cell.connection, Column::OfLimit, cell.now),
                 Qt::AlignLeft | Qt::AlignVCenter);
        return;
    }
    const int width = std::min(barWidth, cell.rect.width());
    const bool mirrored = cell.direction == Qt::RightToLeft;
    const QRectF bar(mirrored ? cell.rect.right() - width + 1 : cell.rect.x(),
                     cell.rect.center().y() - barHeight / 2.0 + 1, width, barHeight);
    cell.painter.setOpacity(cell.isClosed() ? 0.5 : 1);
    paint::shareBar(cell.painter, bar, cell.theme, *share, cell.direction);
    cell.painter.setOpacity(1);
    Cell words = cell;
    words.rect.adjust(mirrored ? 0 : width + 8, 0, mirrored ? -(width + 8) : 0, 0);
    drawText(words, font(Type::Body), cell.theme.muted, percentText(*share), Qt::AlignLeft | Qt::AlignVCenter);
}

void drawCell(const Cell& cell, Column column)
{
    const QString text = cellText(cell.connection, column, cell.now);
    const Qt::Alignment alignment = columnAlignment(column);
    switch (column) {
    case Column::State:
        drawState(cell);
        return;
    case Column::Trend:
        drawTrend(cell);
        return;
    case Column::OfLimit:
        drawShare(cell);
        return;
    case Column::In:
    case Column::Out:
    case Column::Backlog:
    case Column::BytesIn:
    case Column::BytesOut:
        drawFigure(cell, text);
        return;
    case Column::Id:
        drawText(cell, font(Type::Mono), cell.theme.muted, text, alignment);
        return;
    case Column::Address:
        drawText(cell, font(Type::Mono), cell.theme.text, text, alignment);
        return;
    case Column::User:
    case Column::Route:
    case Column::Violations:
        drawText(cell, font(Type::Body), cell.theme.text, text, alignment);
        return;
    case Column::Role:
    case Column::Since:
    case Column::Channels:
    case Column::Client:
    case Column::Tls:
    case Column::Idle:
        drawText(cell, font(Type::Body), cell.theme.muted, text, alignment);
        return;
    }
}

} // namespace

StateLook lookOf(ConnectionState state)
{
    switch (state) {
    case ConnectionState::Open:
        return {};
    case ConnectionState::Idle:
        return {Tone::Neutral, Icon::Moon};
    case ConnectionState::NearLimit:
        return {Tone::Warning, Icon::TrendingUp};
    case ConnectionState::Limited:
        return {Tone::Warning, Icon::TriangleAlert};
    case ConnectionState::Quarantined:
        return {Tone::Warning, Icon::CirclePause};
    case ConnectionState::Closing:
        return {Tone::Neutral, Icon::LogOut};
    case ConnectionState::Closed:
        return {Tone::Neutral, Icon::CircleSlash};
    }
    return {};
}

ConnectionsDelegate::ConnectionsDelegate(const ConnectionsModel& model, QObject* parent)
    : QStyledItemDelegate(parent)
    , m_model(model)
{
}

void ConnectionsDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const Theme& theme = Theme::of(option.palette);
    const Connection& connection = m_model.at(index.row());
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    paint::row(*painter, option);
    painter->fillRect(QRect(option.rect.x(), option.rect.bottom(), option.rect.width(), 1), theme.line);
    const auto column = static_cast<Column>(index.column());
    const Cell cell{*painter,     option.rect.adjusted(side, 0, -side, -1), theme, connection, option.direction,
                    m_model.now()};
    drawCell(cell, column);
    if (column == Column::Id && index.data(ConnectionsModel::FreshRole).toBool()) {
        const bool mirrored = option.direction == Qt::RightToLeft;
        painter->fillRect(QRect(mirrored ? option.rect.right() - 2 : option.rect.x(), option.rect.y() + 4, 3,
                                option.rect.height() - 9),
                          theme.accent);
    }
    const bool focused =
        option.state.testFlag(QStyle::State_HasFocus) && option.state.testFlag(QStyle::State_KeyboardFocusChange);
    if (focused)
        paint::focusRing(*painter, option.rect.adjusted(1, 1, -1, -2), theme, 4);
    painter->restore();
}

QSize ConnectionsDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const
{
    return {80, metric::row};
}

} // namespace gatehouse::ui
