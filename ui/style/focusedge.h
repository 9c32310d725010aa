// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace gatehouse::ui {

/// The focus ring of a widget whose inside is covered by others: a part that scrolls. Lies over it, takes no click, and
/// is seen while the widget has the focus by keyboard.
class FocusEdge : public QWidget {
    Q_OBJECT
public:
    explicit FocusEdge(QWidget& of);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
};

} // namespace gatehouse::ui
