// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/reviewcard.h"

#include "pages/panelparts.h"
#include "style/elidedlabel.h"
#include "style/icon.h"
#include "style/pill.h"
#include "style/theme.h"
#include "text/format.h"

#include <QHBoxLayout>
#include <QHelpEvent>
#include <QLabel>
#include <QPainter>
#include <QToolTip>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

constexpr int rowHeight = 56;
constexpr int headHeight = 40;

struct Mark {
    Icon symbol;
    Tone tone;
};

Mark markOf(ReviewKind kind)
{
    switch (kind) {
    case ReviewKind::Rule:
        return {Icon::FileText, Tone::Accent};
    case ReviewKind::Rate:
        return {Icon::Gauge, Tone::Accent};
    case ReviewKind::Origin:
        return {Icon::Globe, Tone::Accent};
    case ReviewKind::Network:
        return {Icon::Network, Tone::Accent};
    case ReviewKind::People:
        return {Icon::Users, Tone::Accent};
    case ReviewKind::Issuer:
        return {Icon::KeyRound, Tone::Accent};
    case ReviewKind::Channel:
        return {Icon::Hash, Tone::Accent};
    case ReviewKind::Listener:
        return {Icon::Plug, Tone::Accent};
    case ReviewKind::Route:
        return {Icon::Route, Tone::Accent};
    case ReviewKind::Message:
        return {Icon::MessageSquare, Tone::Accent};
    case ReviewKind::Ends:
        return {Icon::LogOut, Tone::Bad};
    case ReviewKind::Limited:
        return {Icon::Gauge, Tone::Warning};
    case ReviewKind::Keeps:
        return {Icon::CircleCheck, Tone::Good};
    case ReviewKind::Unknown:
        return {Icon::Hourglass, Tone::Warning};
    }
    return {Icon::FileText, Tone::Accent};
}

} // namespace

ReviewRows::ReviewRows(QWidget* parent)
    : QWidget(parent)
{
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
}

void ReviewRows::set(std::vector<ReviewRow> rows)
{
    m_left = rows.size() > mostRows ? rows.size() - mostRows : 0;
    rows.resize(rows.size() - m_left);
    if (m_left > 0)
        rows.push_back(
            {ReviewKind::Rule, tr("and %1 more").arg(countText(m_left)), tr("the difference beside has all"), {}});
    m_rows = std::move(rows);
    QStringList words;
    for (const ReviewRow& row : m_rows)
        words += row.title + QStringLiteral(", ") + row.detail;
    setAccessibleName(words.join(QLatin1Char('\n')));
    updateGeometry();
    update();
}

QSize ReviewRows::sizeHint() const
{
    return {320, rowHeight * static_cast<int>(m_rows.size())};
}

bool ReviewRows::event(QEvent* event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    auto* help = static_cast<QHelpEvent*>(event);
    const auto row = static_cast<std::size_t>(std::max(0, help->pos().y() / rowHeight));
    const QString tip =
        row < m_rows.size() ? QStringList({m_rows[row].title, m_rows[row].tip}).join(QLatin1Char('\n')) : QString();
    QToolTip::showText(help->globalPos(), tip.toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>")), this);
    return true;
}

void ReviewRows::paintEvent(QPaintEvent* event)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const int side = int(mirrored ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter | Qt::TextSingleLine;
    const int lead = space::m + metric::icon + space::s;
    const int room = width() - lead - space::m;
    for (std::size_t i = 0; i < m_rows.size(); ++i) {
        const int y = static_cast<int>(i) * rowHeight;
        if (y > event->rect().bottom() || y + rowHeight < event->rect().top())
            continue;
        const ReviewRow& row = m_rows[i];
        const Mark mark = markOf(row.kind);
        painter.fillRect(QRect(0, y, width(), 1), theme.line);
        const int x = mirrored ? width() - space::m - metric::icon : space::m;
        paintIcon(painter, QRectF(x, y + 12, metric::icon, metric::icon), mark.symbol, toneText(theme, mark.tone));
        const QRect title(mirrored ? space::m : lead, y + 9, room, 20);
        painter.setFont(ui::font(Type::Body));
        painter.setPen(theme.text);
        painter.drawText(title, side, painter.fontMetrics().elidedText(row.title, Qt::ElideMiddle, room));
        painter.setFont(ui::font(Type::Small));
        painter.setPen(theme.muted);
        painter.drawText(title.translated(0, 19), side,
                         painter.fontMetrics().elidedText(row.detail, Qt::ElideRight, room));
    }
}

QWidget* cardHead(const QString& name, QWidget* trailing, QWidget* parent)
{
    auto* head = new QWidget(parent);
    head->setFixedHeight(headHeight);
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(space::m, 0, space::m, 0);
    row->setSpacing(space::s);
    auto* label = new QLabel(name, head);
    label->setTextFormat(Qt::PlainText);
    label->setFont(ui::font(Type::Body, QFont::Bold));
    row->addWidget(label);
    row->addStretch(1);
    row->addWidget(trailing);
    return head;
}

ReviewCard::ReviewCard(const QString& heading, QWidget* parent)
    : Card(parent)
    , m_aside(new ElidedLabel(this))
    , m_message(new QLabel(this))
    , m_rows(new ReviewRows(this))
{
    setAccessibleName(heading);
    m_aside->setMuted(true);
    m_aside->setFont(ui::font(Type::Small));
    m_message->setTextFormat(Qt::PlainText);
    m_message->setWordWrap(true);
    m_message->setForegroundRole(QPalette::PlaceholderText);
    m_message->setContentsMargins(space::m, space::s, space::m, space::m);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, metric::cardRadius / 2);
    layout->setSpacing(0);
    layout->addWidget(cardHead(heading, m_aside, this));
    layout->addWidget(m_message);
    layout->addWidget(m_rows);
    layout->addStretch(1);
}

void ReviewCard::setRows(const QString& aside, std::vector<ReviewRow> rows)
{
    m_aside->setText(aside);
    m_message->hide();
    m_rows->set(std::move(rows));
    m_rows->show();
}

void ReviewCard::setMessage(const QString& text)
{
    m_aside->setText({});
    m_message->setText(text);
    m_message->show();
    m_rows->set({});
    m_rows->hide();
}

QString ReviewCard::aside() const
{
    return m_aside->text();
}

QString ReviewCard::message() const
{
    return m_message->isHidden() ? QString() : m_message->text();
}

} // namespace gatehouse::ui
