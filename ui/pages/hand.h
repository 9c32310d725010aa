// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

class QAbstractItemView;
class QMenu;

namespace gatehouse::ui {

/// Whether the operator's hand is on the rows of a view: the pointer has moved, pressed or scrolled over them and is
/// still there, or a menu of theirs is open. A pointer over which the view merely appeared is no hand. Lives as long
/// as its view.
class Hand : public QObject {
    Q_OBJECT
public:
    explicit Hand(QAbstractItemView& view);

    [[nodiscard]] bool isOn() const { return m_pointing || m_menus > 0; }
    /// The rows belong to the hand while the menu is open.
    void holdFor(QMenu& menu);

Q_SIGNALS:
    void changed(bool on);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void set(bool pointing, int menus);

    bool m_pointing = false;
    int m_menus = 0;
};

} // namespace gatehouse::ui
