// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/policytitle.h"

#include "style/elidedlabel.h"
#include "style/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace gatehouse::ui {

PolicyTitle::PolicyTitle(const QString& name, QWidget* parent)
    : QWidget(parent)
    , m_row(new QHBoxLayout(this))
    , m_name(new QLabel(name, this))
    , m_aside(new ElidedLabel(this))
{
    m_name->setTextFormat(Qt::PlainText);
    m_name->setFont(ui::font(Type::Heading, QFont::Bold));
    m_name->setMinimumHeight(metric::button);
    m_aside->setMuted(true);
    m_row->setContentsMargins({});
    m_row->setSpacing(space::m);
    m_row->addWidget(m_name);
    m_row->addWidget(m_aside, 1);
}

void PolicyTitle::setName(const QString& name)
{
    m_name->setText(name);
}

void PolicyTitle::setAside(const QString& text, const QString& tip)
{
    m_aside->setText(text);
    if (!tip.isEmpty())
        m_aside->setToolTip(tip.toHtmlEscaped());
}

QString PolicyTitle::aside() const
{
    return m_aside->text();
}

QPushButton* PolicyTitle::addButton(const QString& text, const QString& name)
{
    auto* button = new QPushButton(text, this);
    button->setObjectName(name);
    m_row->addWidget(button);
    return button;
}

QPushButton* PolicyTitle::addButton(Icon symbol, const QString& text, const QString& name, ButtonLook look)
{
    QPushButton* button = addButton(text, name);
    button->setIcon(icon(symbol));
    setLook(*button, look);
    return button;
}

} // namespace gatehouse::ui
