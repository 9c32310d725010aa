// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "dialogs/dialog.h"

#include <optional>
#include <vector>

class QButtonGroup;
class QLineEdit;

namespace gatehouse::ui {

class DurationChoice;
class Notice;
class TypedCount;

/// Asks who stays while the gate is locked down, how long and why, and says how many sessions that would close. Sends
/// nothing itself: confirmed() carries the command, and its sender calls accept() or showFailure().
class LockdownDialog : public Dialog {
    Q_OBJECT
public:
    /// `open`: how many sessions are, until setSessions() tells which.
    explicit LockdownDialog(std::uint64_t open, QWidget* parent = nullptr);

    void setSessions(std::vector<SessionRow> sessions);
    /// Before, the dialog speaks of the policy's lists without showing them.
    void setPolicyLists(LockdownLists lists);
    /// The command as it stands; unset while a field is not right.
    [[nodiscard]] std::optional<LockdownCommand> command() const;
    [[nodiscard]] QString effectText() const;

Q_SIGNALS:
    void confirmed(const gatehouse::LockdownCommand& command);

private:
    enum class Who { Policy, Given, Nobody };

    QWidget* makeChoices();
    void addFields();
    [[nodiscard]] Who who() const;
    [[nodiscard]] QString problem() const;
    /// Unset where the console does not know them.
    [[nodiscard]] std::optional<LockdownLists> lists() const;
    void chosen();
    void refresh();
    void showEffect();

    std::uint64_t m_open;
    std::optional<std::vector<SessionRow>> m_sessions;
    std::optional<LockdownLists> m_policy;
    QString m_givenUsers;
    QString m_givenNetworks;
    bool m_filling = false;
    QButtonGroup* m_who;
    QLineEdit* m_users;
    QLineEdit* m_networks;
    DurationChoice* m_duration;
    QLineEdit* m_reason;
    Notice* m_effect;
    TypedCount* m_typed;
};

/// Asks once before the gate opens again. As above.
class EndLockdownDialog : public Dialog {
    Q_OBJECT
public:
    EndLockdownDialog(const Lockdown& lockdown, WallTime now, QWidget* parent = nullptr);
};

} // namespace gatehouse::ui
