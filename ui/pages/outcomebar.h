// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "style/notice.h"

#include <functional>

class QPushButton;

namespace gatehouse::ui {

/// Says above a table what a command came to, with the way back where there is one.
class OutcomeBar : public Notice {
    Q_OBJECT
public:
    explicit OutcomeBar(QWidget* parent = nullptr);

    /// Without `undo` there is no way back.
    void showDone(const QString& text, std::function<void()> undo = {});
    void showFailed(const QString& text);
    [[nodiscard]] QPushButton* undoButton() const { return m_undo; }

private:
    std::function<void()> m_onUndo;
    QPushButton* m_undo;
    QPushButton* m_dismiss;
};

} // namespace gatehouse::ui
