// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/notice.h"

class QPushButton;

namespace gatehouse::ui {

/// Says above a table what a command came to, with the way back where there is one.
class OutcomeBar : public Notice {
    Q_OBJECT
public:
    explicit OutcomeBar(QWidget* parent = nullptr);

    void showDone(const QString& text, bool canUndo);
    void showFailed(const QString& text);
    [[nodiscard]] QPushButton* undoButton() const { return m_undo; }

Q_SIGNALS:
    void undone();

private:
    QPushButton* m_undo;
    QPushButton* m_dismiss;
};

} // namespace gatehouse::ui
