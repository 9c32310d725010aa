// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/actionnotice.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace gatehouse::ui {

ActionNotice::ActionNotice(Tone tone, Icon symbol, QWidget* parent)
    : Notice(tone, symbol, parent)
{
    auto* row = qobject_cast<QHBoxLayout*>(layout());
    row->setContentsMargins(space::m + metric::icon + space::s, 6, space::s, 6);
    row->setSpacing(space::s);
    row->setStretch(0, 1);
    row->setAlignment(label(), Qt::AlignVCenter);
    setMinimumHeight(metric::smallButton + 12);
}

QPushButton* ActionNotice::addButton(const QString& text, const QString& name, ButtonLook look)
{
    auto* button = new QPushButton(text, this);
    button->setObjectName(name);
    setLook(*button, look, ButtonSize::Small);
    layout()->addWidget(button);
    return button;
}

void ActionNotice::addClose()
{
    QPushButton* close = addButton({}, QStringLiteral("closeNotice"), ButtonLook::Quiet);
    close->setIcon(icon(Icon::X));
    close->setAccessibleName(tr("Close"));
    close->setToolTip(tr("Close"));
    connect(close, &QPushButton::clicked, this, &QWidget::hide);
}

void ActionNotice::tell(Tone tone, Icon symbol, const QString& text)
{
    set(tone, symbol);
    setText(text);
    setAccessibleName(text);
    setVisible(!text.isEmpty());
}

QString ActionNotice::text() const
{
    return isHidden() ? QString() : label()->text();
}

} // namespace gatehouse::ui
