// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>
#include <QPointer>

class QAction;
class QLineEdit;
class QListWidget;

namespace gatehouse::ui {

/// Every action by name, with its shortcut and the equal gatehousectl command; what is typed narrows it down.
class CommandPalette : public QDialog {
    Q_OBJECT
public:
    CommandPalette(const QList<QAction*>& actions, QWidget* parent);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void fill(const QString& text);
    void run();

    QList<QPointer<QAction>> m_actions;
    QLineEdit* m_text;
    QListWidget* m_list;
};

} // namespace gatehouse::ui
