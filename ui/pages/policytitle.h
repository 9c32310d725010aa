// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/gatehousestyle.h"
#include "style/icon.h"

#include <QWidget>

class QHBoxLayout;
class QLabel;
class QPushButton;

namespace gatehouse::ui {

class ElidedLabel;

/// A page's first row: its name, what is muted beside it, and buttons.
class PolicyTitle : public QWidget {
    Q_OBJECT
public:
    explicit PolicyTitle(const QString& name, QWidget* parent = nullptr);

    void setName(const QString& name);
    void setAside(const QString& text, const QString& tip = {});
    [[nodiscard]] QString aside() const;
    QPushButton* addButton(Icon symbol, const QString& text, const QString& name, ButtonLook look = ButtonLook::Plain);
    QPushButton* addButton(const QString& text, const QString& name);

private:
    QHBoxLayout* m_row;
    QLabel* m_name;
    ElidedLabel* m_aside;
};

} // namespace gatehouse::ui
