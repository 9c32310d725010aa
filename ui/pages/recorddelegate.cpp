// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/recorddelegate.h"

#include "pages/marks.h"
#include "style/painting.h"
#include "style/theme.h"

#include <QPainter>

#include <algorithm>

namespace gatehouse::ui {

namespace {

constexpr int side = 8; // as the header has it
constexpr int symbolSize = 14;
constexpr double fewest = 4; // a single failure does not look like a flood

} // namespace

RecordDelegate::RecordDelegate(std::function<Icon(int)> symbolOf, QObject* parent)
    : QStyledItemDelegate(parent)
    , m_symbolOf(std::move(symbolOf))
{
}

QSize RecordDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex&) const
{
    return {80, metric::row};
}

void RecordDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const
{
    const Theme& theme = Theme::of(option.palette);
    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    paint::row(*painter, option);
    painter->fillRect(QRect(option.rect.x(), option.rect.bottom(), option.rect.width(), 1), theme.line);
    const QRect inner = option.rect.adjusted(side, 0, -side, -1);
    const auto look = static_cast<CellLook>(index.data(CellLookRole).toInt());
    if (look == CellLook::Columns) {
        paintColumns(*painter, inner, theme, index);
    } else if (look == CellLook::Pill) {
        const auto tone = static_cast<CellTone>(index.data(CellToneRole).toInt());
        const Icon symbol = tone == CellTone::Neutral ? Icon::Ban : m_symbolOf(index.data(CellSymbolRole).toInt());
        paintPill(*painter, inner, theme, toneOf(tone), symbol, index.data().toString(), option.direction);
    } else {
        paintWords(*painter, inner, option, index, look);
    }
    painter->restore();
}

void RecordDelegate::paintWords(QPainter& painter, const QRect& rect, const QStyleOptionViewItem& option,
                                const QModelIndex& index, CellLook look) const
{
    const Theme& theme = Theme::of(option.palette);
    QRect words = rect;
    if (look == CellLook::Marked) {
        const auto tone = toneOf(static_cast<CellTone>(index.data(CellToneRole).toInt()));
        const bool mirrored = option.direction == Qt::RightToLeft;
        const int x = mirrored ? rect.right() - symbolSize + 1 : rect.x();
        const Icon symbol = m_symbolOf(index.data(CellSymbolRole).toInt());
        paintIcon(painter, QRectF(x, rect.center().y() - symbolSize / 2 + 1, symbolSize, symbolSize), symbol,
                  toneText(theme, tone));
        words.adjust(mirrored ? 0 : symbolSize + 7, 0, mirrored ? -(symbolSize + 7) : 0, 0);
    }
    painter.setFont(ui::font(look == CellLook::Mono ? Type::Mono : Type::Body));
    painter.setPen(look == CellLook::Muted ? theme.muted : theme.text);
    const auto alignment = index.data(Qt::TextAlignmentRole).value<Qt::Alignment>();
    const QString cut = painter.fontMetrics().elidedText(index.data().toString(), Qt::ElideRight, words.width());
    painter.drawText(words, int(QStyle::visualAlignment(option.direction, alignment)) | Qt::TextSingleLine, cut);
}

void RecordDelegate::paintColumns(QPainter& painter, const QRect& rect, const Theme& theme,
                                  const QModelIndex& index) const
{
    const auto series = index.data(CellSeriesRole).value<QList<double>>();
    if (series.isEmpty())
        return;
    const double highest = std::max(fewest, *std::ranges::max_element(series));
    constexpr double gap = 1;
    const double width = std::min(6.0, (rect.width() + gap) / double(series.size()) - gap);
    const double ground = rect.bottom() - 6;
    const double height = rect.height() - 13;
    const auto tone = toneOf(static_cast<CellTone>(index.data(CellToneRole).toInt()));
    painter.setPen(Qt::NoPen);
    for (qsizetype i = 0; i < series.size(); ++i) {
        const double part = series[i] <= 0 ? 0 : std::max(2.0, series[i] / highest * height);
        painter.setBrush(part > 0 ? (tone == Tone::Bad ? theme.bad : theme.accent) : theme.line);
        painter.drawRect(
            QRectF(rect.x() + double(i) * (width + gap), ground - std::max(part, 1.0), width, std::max(part, 1.0)));
    }
}

} // namespace gatehouse::ui
