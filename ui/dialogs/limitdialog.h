// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "dialogs/dialog.h"
#include "dialogs/targetlist.h"

#include <optional>
#include <vector>

class QButtonGroup;
class QComboBox;
class QLineEdit;
class QSpinBox;

namespace gatehouse::ui {

class DurationChoice;
class Notice;
class TypedCount;

/// What the place that opens the dialog knows of those to be limited.
struct LimitOffer {
    std::vector<SessionTarget> sessions;
    std::string user; ///< of all of them; empty: they have none, or several
    std::string issuer;
    double routeRate = 0; ///< messages a second that the tightest of their routes allows; 0: unknown or off
};

/// Asks how many messages the sessions that were chosen when it opened, or all of their user, may send. Sends nothing
/// itself: confirmed() carries the command, and its sender calls accept() or showFailure().
class LimitDialog : public Dialog {
    Q_OBJECT
public:
    explicit LimitDialog(LimitOffer offer, QWidget* parent = nullptr);

    [[nodiscard]] LimitCommand command() const;
    [[nodiscard]] QString effectText() const;

Q_SIGNALS:
    void confirmed(const gatehouse::LimitCommand& command);

private:
    void addWhom();
    void addRate();
    void addRest();
    [[nodiscard]] bool ofUser() const;
    void refresh();

    LimitOffer m_offer;
    QButtonGroup* m_whom;
    QSpinBox* m_count;
    QComboBox* m_per;
    QSpinBox* m_burst;
    bool m_burstTyped = false;
    DurationChoice* m_duration;
    QLineEdit* m_reason;
    Notice* m_effect;
    TypedCount* m_typed;
};

} // namespace gatehouse::ui
