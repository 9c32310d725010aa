// SPDX-License-Identifier: GPL-3.0-or-later
#include "mainwindow/rail.h"

#include "style/painting.h"

#include <QButtonGroup>
#include <QKeyEvent>
#include <QPainter>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

constexpr int entryHeight = 34;
constexpr int inset = space::s;
constexpr int brandHeight = 56;

} // namespace

RailButton::RailButton(Icon symbol, const QString& text, QWidget* parent)
    : QAbstractButton(parent)
    , m_symbol(symbol)
{
    setText(text);
    setFocusPolicy(Qt::TabFocus);
    setAttribute(Qt::WA_Hover);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    updateWords();
}

void RailButton::setBadge(const QString& text, Tone tone)
{
    if (text == m_badge && tone == m_tone)
        return;
    m_badge = text;
    m_tone = tone;
    updateWords();
    update();
}

void RailButton::setHint(const QString& hint)
{
    m_hint = hint;
    updateWords();
    update();
}

void RailButton::setNarrow(bool narrow)
{
    m_narrow = narrow;
    updateWords();
    update();
}

void RailButton::updateWords()
{
    setAccessibleName(text());
    setAccessibleDescription(m_badge);
    const QString words = m_badge.isEmpty() ? text() : tr("%1: %2").arg(text(), m_badge);
    setToolTip(m_narrow ? words : QString());
}

QSize RailButton::sizeHint() const
{
    return {m_narrow ? metric::railNarrow : metric::rail, entryHeight};
}

void RailButton::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRect ground = rect().adjusted(inset, 1, -inset, -1);
    if (isChecked() || underMouse()) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(isChecked() ? theme.accentGround : theme.neutralGround);
        painter.drawRoundedRect(ground, metric::radius, metric::radius);
    }
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    const QColor color = isChecked() ? theme.accent : theme.muted;
    const QRect symbol(0, ground.y() + (ground.height() - metric::icon) / 2, metric::icon, metric::icon);
    if (m_narrow) {
        paintIcon(painter, symbol.translated((width() - metric::icon) / 2, 0), m_symbol, color);
        if (!m_badge.isEmpty() && m_tone != Tone::Neutral) {
            painter.setPen(Qt::NoPen);
            painter.setBrush(toneText(theme, m_tone));
            painter.drawEllipse(QPointF(width() / 2.0 + 9, ground.y() + 8), 3.5, 3.5);
        }
    } else {
        const int x = ground.x() + 10;
        paintIcon(painter, symbol.translated(mirrored ? width() - x - metric::icon : x, 0), m_symbol, color);
        const QRect words = ground.adjusted(mirrored ? 0 : 36, 0, mirrored ? -36 : 0, 0);
        painter.setFont(ui::font(Type::Body));
        painter.setPen(isChecked() ? theme.accent : theme.text);
        painter.drawText(words, int(mirrored ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter, text());
        const int end = m_badge.isEmpty() ? 0 : pillWidth(std::nullopt, m_badge);
        const QRect tail = mirrored ? QRect(ground.x() + 8, ground.y(), end, ground.height())
                                    : QRect(ground.right() - 8 - end, ground.y(), end, ground.height());
        if (!m_badge.isEmpty())
            paintPill(painter, tail, theme, m_tone, std::nullopt, m_badge, layoutDirection());
        painter.setFont(ui::font(Type::Small));
        painter.setPen(theme.muted);
        if (!m_hint.isEmpty())
            painter.drawText(ground.adjusted(10, 0, -10, 0),
                             int(mirrored ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter, m_hint);
    }
    if (paint::showsFocus(*this))
        paint::focusRing(painter, ground, theme, metric::radius);
}

Rail::Rail(QWidget* parent)
    : QFrame(parent)
    , m_group(new QButtonGroup(this))
    , m_pages(new QVBoxLayout)
    , m_foot(new QVBoxLayout)
{
    setAccessibleName(tr("Pages"));
    setFixedWidth(metric::rail);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, brandHeight - 6, 1, space::m);
    layout->setSpacing(0);
    layout->addLayout(m_pages);
    layout->addStretch();
    layout->addLayout(m_foot);
    for (QVBoxLayout* column : {m_pages, m_foot})
        column->setSpacing(0);
    connect(m_group, &QButtonGroup::idClicked, this, &Rail::pageChosen);
}

RailButton* Rail::addPage(Icon symbol, const QString& name)
{
    auto* button = new RailButton(symbol, name, this);
    button->setCheckable(true);
    m_group->addButton(button, static_cast<int>(m_group->buttons().size()));
    m_pages->addWidget(button);
    m_buttons.push_back(button);
    return button;
}

RailButton* Rail::addFoot(Icon symbol, const QString& name, const QString& hint)
{
    auto* button = new RailButton(symbol, name, this);
    button->setHint(hint);
    m_foot->addWidget(button);
    m_buttons.push_back(button);
    return button;
}

QWidget* Rail::button(int index) const
{
    return m_group->button(index);
}

std::vector<QWidget*> Rail::buttons() const
{
    return {m_buttons.begin(), m_buttons.end()};
}

void Rail::setCurrent(int index)
{
    if (QAbstractButton* button = m_group->button(index))
        button->setChecked(true);
}

void Rail::setNarrow(bool narrow)
{
    if (narrow == m_narrow)
        return;
    m_narrow = narrow;
    setFixedWidth(narrow ? metric::railNarrow : metric::rail);
    for (RailButton* button : m_buttons)
        button->setNarrow(narrow);
    update();
}

void Rail::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::of(palette());
    QPainter painter(this);
    painter.fillRect(rect(), theme.rail);
    const bool mirrored = layoutDirection() == Qt::RightToLeft;
    painter.fillRect(QRect(mirrored ? 0 : width() - 1, 0, 1, height()), theme.line);
    const int x = m_narrow ? (width() - 18) / 2 : inset + 9;
    paintIcon(painter, QRectF(mirrored ? width() - x - 18 : x, 18, 18, 18), Icon::BrickWall, theme.accent);
    if (m_narrow)
        return;
    painter.setFont(ui::font(Type::Title, QFont::Bold));
    painter.setPen(theme.text);
    const QRect words(x + 26, 12, width() - x - 34, 30);
    painter.drawText(mirrored ? QRect(8, 12, words.width(), 30) : words,
                     int(mirrored ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter, QStringLiteral("Gatehouse"));
}

} // namespace gatehouse::ui
