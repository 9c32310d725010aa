// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/overviewlist.h"

#include "style/painting.h"
#include "style/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include <algorithm>

namespace gatehouse::ui {

namespace {

constexpr int lineHeight = 26;
constexpr int side = 12;
constexpr int barWidth = 80;
constexpr int valueWidth = 64;

} // namespace

OverviewRow::OverviewRow(QWidget* parent)
    : QAbstractButton(parent)
{
    setFixedHeight(lineHeight);
    setFocusPolicy(Qt::TabFocus);
    setCursor(Qt::PointingHandCursor);
    setAttribute(Qt::WA_Hover);
}

void OverviewRow::set(const OverviewEntry& entry)
{
    if (entry == m_entry)
        return;
    m_entry = entry;
    setAccessibleName(QStringList{entry.lead, entry.text, entry.pill, entry.value}.join(QLatin1Char(' ')).simplified());
    setToolTip(entry.tip.isEmpty() ? QString() : entry.tip.toHtmlEscaped());
    update();
}

QSize OverviewRow::sizeHint() const
{
    return {200, lineHeight};
}

int OverviewRow::paintLead(QPainter& painter, int x) const
{
    const Theme& theme = Theme::of(palette());
    if (!m_entry.lead.isEmpty()) {
        painter.setFont(ui::font(Type::Mono));
        painter.setPen(theme.muted);
        painter.drawText(QRect(x, 0, width(), height()), Qt::AlignVCenter, m_entry.lead);
        x += painter.fontMetrics().horizontalAdvance(m_entry.lead) + space::s;
    }
    if (m_entry.symbol && m_entry.pill.isEmpty()) {
        paintIcon(painter, QRectF(x, (height() - 14) / 2.0, 14, 14), *m_entry.symbol, toneText(theme, m_entry.tone));
        x += 14 + 6;
    }
    return x;
}

int OverviewRow::paintValue(QPainter& painter) const
{
    const Theme& theme = Theme::of(palette());
    int right = width() - side;
    if (!m_entry.value.isEmpty()) {
        painter.setFont(ui::font(Type::Body));
        painter.setPen(theme.muted);
        painter.drawText(QRect(right - valueWidth, 0, valueWidth, height()), Qt::AlignRight | Qt::AlignVCenter,
                         m_entry.value);
        right -= valueWidth;
    }
    if (!m_entry.share)
        return right;
    const QRectF bar(right - barWidth, height() / 2.0 - 3, barWidth, 6);
    if (m_entry.ofLimit) {
        paint::shareBar(painter, bar, theme, *m_entry.share, layoutDirection());
        return right - barWidth - space::s;
    }
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.neutralGround);
    painter.drawRoundedRect(bar, 3, 3);
    painter.setBrush(m_entry.tone == Tone::Bad ? theme.bad : theme.accent);
    painter.drawRoundedRect(QRectF(bar.topLeft(), QSizeF(std::max(6.0, bar.width() * *m_entry.share), 6)), 3, 3);
    return right - barWidth - space::s;
}

void OverviewRow::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRect ground = rect().adjusted(4, 1, -4, -1);
    if (underMouse() || isDown()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.neutralGround);
        painter.drawRoundedRect(ground, metric::radius - 2, metric::radius - 2);
    }
    const int x = paintLead(painter, side);
    const int right = paintValue(painter);
    const int pill = m_entry.pill.isEmpty() ? 0 : pillWidth(m_entry.symbol, m_entry.pill) + space::s;
    painter.setFont(ui::font(Type::Body));
    painter.setPen(theme.text);
    const QString text = painter.fontMetrics().elidedText(m_entry.text, Qt::ElideRight, right - x - pill);
    painter.drawText(QRect(x, 0, right - x - pill, height()), Qt::AlignVCenter, text);
    const int after = x + painter.fontMetrics().horizontalAdvance(text) + space::s;
    if (pill > 0)
        paintPill(painter, QRect(after, 0, right - after, height()), theme, m_entry.tone, m_entry.symbol, m_entry.pill);
    if (paint::showsFocus(*this))
        paint::focusRing(painter, ground, theme, metric::radius - 2);
}

OverviewList::OverviewList(const QString& title, const QString& unit, const QString& emptyText, QWidget* parent)
    : Card(parent)
{
    setAccessibleName(title);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 6, 0, space::s);
    column->setSpacing(0);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(side, 0, side, 2);
    auto* name = new QLabel(title);
    name->setFont(ui::font(Type::Body, QFont::Bold));
    auto* what = new QLabel(unit);
    what->setFont(ui::font(Type::Small));
    what->setForegroundRole(QPalette::PlaceholderText);
    for (QLabel* label : {name, what}) {
        label->setTextFormat(Qt::PlainText);
        label->setFixedHeight(lineHeight);
    }
    head->addWidget(name, 1);
    head->addWidget(what);
    column->addLayout(head);
    m_empty = new QLabel(emptyText);
    m_empty->setTextFormat(Qt::PlainText);
    m_empty->setWordWrap(true);
    m_empty->setForegroundRole(QPalette::PlaceholderText);
    m_empty->setContentsMargins(side, 4, side, 0);
    m_empty->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_empty->setFixedHeight(lineHeight * static_cast<int>(lines));
    column->addWidget(m_empty);
    for (std::size_t i = 0; i < lines; ++i) {
        auto* row = new OverviewRow;
        row->hide();
        connect(row, &QAbstractButton::clicked, this, [this, row] { Q_EMIT chosen(row->entry().key); });
        column->addWidget(row);
        m_rows.push_back(row);
    }
    column->addStretch(1);
    setFixedHeight(6 + lineHeight * (static_cast<int>(lines) + 1) + 2 + space::s + 2);
}

void OverviewList::set(const std::vector<OverviewEntry>& entries)
{
    m_empty->setVisible(entries.empty());
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        const bool used = i < entries.size();
        if (used)
            m_rows[i]->set(entries[i]);
        m_rows[i]->setVisible(used);
    }
}

std::vector<OverviewEntry> OverviewList::entries() const
{
    std::vector<OverviewEntry> shown;
    for (const OverviewRow* row : m_rows) {
        if (!row->isHidden())
            shown.push_back(row->entry());
    }
    return shown;
}

} // namespace gatehouse::ui
