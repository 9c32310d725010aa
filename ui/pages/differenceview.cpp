// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/differenceview.h"

#include "style/painting.h"
#include "style/theme.h"
#include "text/format.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QPainter>
#include <QScrollBar>

#include <algorithm>

namespace gatehouse::ui {
namespace {

constexpr int lineHeight = 22;
constexpr int signWidth = 32; ///< before the words

using Kind = DifferenceLine::Kind;

struct Look {
    QColor ink;
    QColor ground; ///< invalid: none
    QString sign;
};

Look lookOf(const Theme& theme, Kind kind)
{
    switch (kind) {
    case Kind::Removed:
        return {theme.bad, theme.badGround, QStringLiteral("−")};
    case Kind::Added:
        return {theme.good, theme.goodGround, QStringLiteral("+")};
    case Kind::Folded:
        return {theme.muted, theme.window, QStringLiteral("⋯")};
    case Kind::Context:
        break;
    }
    return {theme.muted, {}, {}};
}

} // namespace

DifferenceView::DifferenceView(QWidget* parent)
    : QAbstractScrollArea(parent)
{
    setFrameShape(QFrame::NoFrame);
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("Difference of the texts"));
    viewport()->setAutoFillBackground(false);
    setCornerWidget(new QWidget(this));
    verticalScrollBar()->setSingleStep(lineHeight);
    horizontalScrollBar()->setSingleStep(lineHeight);
}

void DifferenceView::set(const std::string& unified)
{
    m_message.clear();
    m_unified = unified;
    m_lines = differenceLines(unified);
    const QFontMetrics mono(ui::font(Type::Mono));
    m_widest = 0;
    for (const DifferenceLine& line : m_lines.lines)
        m_widest = std::max(m_widest, static_cast<int>(line.text.size()) * mono.horizontalAdvance(QLatin1Char('0')));
    setAccessibleDescription(
        tr("%1 lines removed, %2 lines added")
            .arg(countText(std::uint64_t(m_lines.removed)), countText(std::uint64_t(m_lines.added))));
    fitScrollBars();
    verticalScrollBar()->setValue(0);
    horizontalScrollBar()->setValue(0);
    viewport()->update();
}

void DifferenceView::setMessage(const QString& text)
{
    set({});
    m_message = text;
    setAccessibleDescription(text);
    viewport()->update();
}

void DifferenceView::fitScrollBars()
{
    const int rows = static_cast<int>(m_lines.lines.size()) + (m_lines.left > 0 ? 1 : 0);
    verticalScrollBar()->setPageStep(viewport()->height());
    verticalScrollBar()->setRange(0, std::max(0, rows * lineHeight - viewport()->height()));
    const int wanted = m_widest + signWidth + space::m;
    horizontalScrollBar()->setPageStep(viewport()->width());
    horizontalScrollBar()->setRange(0, std::max(0, wanted - viewport()->width()));
}

void DifferenceView::resizeEvent(QResizeEvent*)
{
    fitScrollBars();
}

// Text of a file reads from the left in every language.
void DifferenceView::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(viewport());
    painter.setFont(ui::font(Type::Mono));
    const int width = viewport()->width();
    if (!m_message.isEmpty()) {
        painter.setFont(ui::font(Type::Body));
        painter.setPen(theme.muted);
        painter.drawText(viewport()->rect().adjusted(space::xl, 0, -space::xl, 0), Qt::AlignCenter | Qt::TextWordWrap,
                         m_message);
    }
    const int top = verticalScrollBar()->value();
    const int x = signWidth - horizontalScrollBar()->value();
    const auto first = static_cast<std::size_t>(top / lineHeight);
    for (std::size_t i = first; i < m_lines.lines.size(); ++i) {
        const QRect row(0, static_cast<int>(i) * lineHeight - top, width, lineHeight);
        if (row.top() > viewport()->height())
            break;
        const DifferenceLine& line = m_lines.lines[i];
        const Look look = lookOf(theme, line.kind);
        if (look.ground.isValid())
            painter.fillRect(row, look.ground);
        painter.setPen(look.ink);
        const QString text = line.kind == Kind::Folded ? tr("%n equal line(s)", nullptr, line.folded) : line.text;
        painter.drawText(QRect(x, row.y(), std::max(m_widest, width) + space::m, lineHeight),
                         Qt::AlignLeft | Qt::AlignVCenter | Qt::TextSingleLine, text);
        painter.fillRect(QRect(0, row.y(), signWidth - space::s, lineHeight),
                         look.ground.isValid() ? look.ground : theme.card);
        painter.drawText(QRect(0, row.y(), signWidth - space::s, lineHeight), Qt::AlignCenter, look.sign);
    }
    if (m_lines.left > 0) {
        painter.setPen(theme.muted);
        painter.drawText(QRect(signWidth, static_cast<int>(m_lines.lines.size()) * lineHeight - top, width, lineHeight),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         tr("and %1 more lines").arg(countText(static_cast<std::uint64_t>(m_lines.left))));
    }
    if (paint::showsFocus(*this))
        paint::focusRing(painter, viewport()->rect(), theme, metric::radius);
}

void DifferenceView::keyPressEvent(QKeyEvent* event)
{
    if (event->matches(QKeySequence::Copy))
        QGuiApplication::clipboard()->setText(QString::fromStdString(m_unified));
    else
        QAbstractScrollArea::keyPressEvent(event);
}

void DifferenceView::focusInEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusInEvent(event);
    viewport()->update();
}

void DifferenceView::focusOutEvent(QFocusEvent* event)
{
    QAbstractScrollArea::focusOutEvent(event);
    viewport()->update();
}

} // namespace gatehouse::ui
