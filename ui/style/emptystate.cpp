// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/emptystate.h"

#include "style/gatehousestyle.h"
#include "style/theme.h"

#include <QEvent>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace gatehouse::ui {
namespace {

constexpr int symbolSide = 32;
constexpr int textWidth = 380;

} // namespace

EmptyState::EmptyState(QWidget* parent)
    : QWidget(parent)
    , m_symbol(new QLabel(this))
    , m_heading(new QLabel(this))
    , m_text(new QLabel(this))
    , m_action(new QPushButton(this))
{
    m_symbol->setAlignment(Qt::AlignCenter);
    m_heading->setTextFormat(Qt::PlainText);
    m_heading->setFont(ui::font(Type::Title, QFont::Bold));
    m_heading->setAlignment(Qt::AlignCenter);
    m_text->setTextFormat(Qt::PlainText);
    m_text->setWordWrap(true);
    m_text->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    m_text->setForegroundRole(QPalette::PlaceholderText);
    m_text->setFixedWidth(textWidth);
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(space::s);
    layout->addStretch(2);
    layout->addWidget(m_symbol);
    layout->addSpacing(space::xs);
    layout->addWidget(m_heading);
    layout->addWidget(m_text, 0, Qt::AlignHCenter);
    layout->addSpacing(space::s);
    layout->addWidget(m_action, 0, Qt::AlignHCenter);
    layout->addStretch(3);
    connect(m_action, &QPushButton::clicked, this, &EmptyState::actionTriggered);
}

void EmptyState::set(Icon symbol, const QString& heading, const QString& text, const QString& action)
{
    m_icon = symbol;
    m_heading->setText(heading);
    m_text->setText(text);
    m_action->setText(action);
    m_action->setVisible(!action.isEmpty());
    updateSymbol();
    fitText();
}

QString EmptyState::heading() const
{
    return m_heading->text();
}

void EmptyState::setTextWidth(int width)
{
    m_text->setFixedWidth(width);
    fitText();
}

// A wrapped label inside an aligned cell is given the height of one line, unless told.
void EmptyState::fitText()
{
    m_text->setFixedHeight(std::max(0, m_text->heightForWidth(m_text->minimumWidth())));
}

void EmptyState::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::PaletteChange)
        updateSymbol();
    QWidget::changeEvent(event);
}

void EmptyState::updateSymbol()
{
    m_symbol->setPixmap(
        icon(m_icon, Theme::of(palette()).faint).pixmap(QSize(symbolSide, symbolSide), devicePixelRatioF()));
}

} // namespace gatehouse::ui
