// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "dialogs/dialog.h"
#include "dialogs/targetlist.h"

#include <vector>

class QLineEdit;

namespace gatehouse::ui {

class DurationChoice;
class TypedCount;

/// Asks how long and why the sessions that were chosen when it opened are quarantined, whatever the table shows by
/// then. Sends nothing itself: confirmed() carries the command, and the dialog is done.
class QuarantineDialog : public Dialog {
    Q_OBJECT
public:
    explicit QuarantineDialog(std::vector<SessionTarget> targets, QWidget* parent = nullptr);

    [[nodiscard]] QuarantineCommand command() const;

Q_SIGNALS:
    void confirmed(const gatehouse::QuarantineCommand& command);

private:
    void addFields();

    std::vector<SessionTarget> m_targets;
    DurationChoice* m_duration;
    QLineEdit* m_reason;
    TypedCount* m_typed;
};

} // namespace gatehouse::ui
