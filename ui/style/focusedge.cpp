// SPDX-License-Identifier: GPL-3.0-or-later
#include "style/focusedge.h"

#include "style/painting.h"
#include "style/theme.h"

#include <QEvent>
#include <QPainter>

namespace gatehouse::ui {

FocusEdge::FocusEdge(QWidget& of)
    : QWidget(&of)
{
    setAttribute(Qt::WA_TransparentForMouseEvents);
    hide();
    of.installEventFilter(this);
}

bool FocusEdge::eventFilter(QObject* watched, QEvent* event)
{
    const QEvent::Type type = event->type();
    if (type == QEvent::FocusIn || type == QEvent::FocusOut || type == QEvent::Resize) {
        setGeometry(parentWidget()->rect());
        setVisible(type != QEvent::FocusOut && paint::showsFocus(*parentWidget()));
        raise();
    }
    return QWidget::eventFilter(watched, event);
}

void FocusEdge::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    paint::focusRing(painter, rect(), Theme::of(palette()), metric::radius);
}

} // namespace gatehouse::ui
