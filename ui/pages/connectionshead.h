// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QLabel;
class QMenu;
class QPushButton;

namespace gatehouse::ui {

/// The line above the table: how many there are, what just happened, and what is done to many at once.
class ConnectionsHead : public QWidget {
    Q_OBJECT
public:
    explicit ConnectionsHead(const QString& title, QWidget* parent = nullptr);

    void setCounts(const QString& text);
    /// Rows that wait behind a table that is held; 0 hides the button.
    void setWaiting(int rows);
    void setKick(const QString& text, bool enabled);
    /// For some seconds.
    void say(const QString& notice);
    [[nodiscard]] QPushButton* kickButton() const { return m_kick; }
    [[nodiscard]] QPushButton* holdButton() const { return m_hold; }
    [[nodiscard]] QMenu* columns() const { return m_columns; }

Q_SIGNALS:
    void waitingWanted();

private:
    QLabel* m_counts;
    QLabel* m_notice;
    QPushButton* m_waiting;
    QPushButton* m_kick;
    QPushButton* m_hold;
    QMenu* m_columns;
};

} // namespace gatehouse::ui
