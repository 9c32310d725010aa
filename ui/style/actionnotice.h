// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/gatehousestyle.h"
#include "style/notice.h"

class QPushButton;

namespace gatehouse::ui {

/// A notice with buttons at its end: what happened, and what to do about it.
class ActionNotice : public Notice {
    Q_OBJECT
public:
    ActionNotice(Tone tone, Icon symbol, QWidget* parent = nullptr);

    QPushButton* addButton(const QString& text, const QString& name, ButtonLook look = ButtonLook::Plain);
    /// A cross that hides it.
    void addClose();
    void tell(Tone tone, Icon symbol, const QString& text);
    [[nodiscard]] QString text() const;
};

} // namespace gatehouse::ui
