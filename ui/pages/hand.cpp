// SPDX-License-Identifier: GPL-3.0-or-later
#include "pages/hand.h"

#include <QAbstractItemView>
#include <QEvent>
#include <QMenu>

namespace gatehouse::ui {

Hand::Hand(QAbstractItemView& view)
    : QObject(&view)
{
    view.viewport()->installEventFilter(this);
}

void Hand::holdFor(QMenu& menu)
{
    connect(&menu, &QMenu::aboutToShow, this, [this] { set(m_pointing, m_menus + 1); });
    connect(&menu, &QMenu::aboutToHide, this, [this] { set(m_pointing, m_menus - 1); });
}

bool Hand::eventFilter(QObject* watched, QEvent* event)
{
    switch (event->type()) {
    case QEvent::MouseMove:
    case QEvent::MouseButtonPress:
    case QEvent::Wheel:
        set(true, m_menus);
        break;
    // Enter says nothing: it comes too when the view appears under a pointer that rests.
    case QEvent::Leave:
    case QEvent::Hide:
        set(false, m_menus);
        break;
    default:
        break;
    }
    return QObject::eventFilter(watched, event);
}

void Hand::set(bool pointing, int menus)
{
    const bool before = isOn();
    m_pointing = pointing;
    m_menus = menus;
    if (before != isOn())
        Q_EMIT changed(isOn());
}

} // namespace gatehouse::ui
