// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "feedbridge/feedbridge.h"

#include <QPointer>

class QAction;
class QPushButton;

namespace gatehouse::ui {

class Dialog;
class OutcomeBar;

/// The lockdown in the window: the words of its button and action, the questions before it is set and ended, and what
/// came of them. All that it is given live as long as the window.
class LockdownControl : public QObject {
    Q_OBJECT
public:
    LockdownControl(FeedBridge& bridge, QPushButton& button, QAction& action, OutcomeBar& outcome, QWidget& window);

    /// With each batch, so that the button counts down.
    void show(const GateStats& stats);

private:
    void ask();
    void askOn();
    void askEnd();
    void send(const LockdownCommand& command, Dialog* dialog);
    void showOn(const LockdownResult& result);

    FeedBridge& m_bridge;
    QPushButton& m_button;
    QAction& m_action;
    OutcomeBar& m_outcome;
    QWidget& m_window;
    GateStats m_stats;
    QPointer<Dialog> m_ending;
};

} // namespace gatehouse::ui
