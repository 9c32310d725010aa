// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/upstreamcommands.h"
#include "dialogs/dialog.h"

class QButtonGroup;
class QComboBox;
class QLineEdit;

namespace gatehouse::ui {

class Notice;
class TypedCount;

/// Asks what becomes of an upstream's sessions before it is drained, and says who takes over. Sends nothing itself:
/// confirmed() carries the command, and its sender calls accept() or showFailure().
class DrainUpstreamDialog : public Dialog {
    Q_OBJECT
public:
    DrainUpstreamDialog(UpstreamStatus upstream, const GateStats& stats, QWidget* parent = nullptr);

    /// Who takes over by now. The choices stay, and so does the number of sessions, which may have to be typed.
    void setStats(const GateStats& stats);
    [[nodiscard]] UpstreamDrainCommand command() const;
    [[nodiscard]] const UpstreamStatus& upstream() const { return m_upstream; }
    [[nodiscard]] QString effectText() const;

Q_SIGNALS:
    void confirmed(const gatehouse::UpstreamDrainCommand& command);

private:
    QWidget* makeChoices();
    void addFields();
    [[nodiscard]] bool ending() const;
    void refresh();

    UpstreamStatus m_upstream;
    std::size_t m_others = 0; ///< upstreams of the route that are up
    QButtonGroup* m_choice;
    QComboBox* m_within;
    QLineEdit* m_reason;
    Notice* m_effect;
    TypedCount* m_typed;
};

/// Asks once before sessions are opened there again. As above.
class UndrainUpstreamDialog : public Dialog {
    Q_OBJECT
public:
    explicit UndrainUpstreamDialog(const UpstreamStatus& upstream, QWidget* parent = nullptr);
};

} // namespace gatehouse::ui
