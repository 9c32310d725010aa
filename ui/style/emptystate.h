// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/icon.h"

#include <QWidget>

class QLabel;
class QPushButton;

namespace gatehouse::ui {

/// Where there is nothing to show: what will appear here, and what to do.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    explicit EmptyState(QWidget* parent = nullptr);

    /// Without `action` there is no button.
    void set(Icon symbol, const QString& heading, const QString& text, const QString& action = {});
    [[nodiscard]] QString heading() const;
    void setTextWidth(int width);

Q_SIGNALS:
    void actionTriggered();

protected:
    void changeEvent(QEvent* event) override;

private:
    void updateSymbol();
    void fitText();

    Icon m_icon = Icon::Plug;
    QLabel* m_symbol;
    QLabel* m_heading;
    QLabel* m_text;
    QPushButton* m_action;
};

} // namespace gatehouse::ui
