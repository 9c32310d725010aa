// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/upstreamcommands.h"
#include "feedbridge/feedbridge.h"

#include <QPointer>

#include <vector>

class QAction;
class QWidget;

namespace gatehouse::ui {

class Dialog;
class DrainUpstreamDialog;
class OutcomeBar;

/// Orders to the applications behind the gate: an action of the window for each, the questions before one is drained
/// and taken back, and what came of them. All that it is given live as long as the window.
class UpstreamControl : public QObject {
    Q_OBJECT
public:
    static constexpr std::size_t mostActions = 64;

    UpstreamControl(FeedBridge& bridge, OutcomeBar& outcome, QWidget& window);

    /// With each batch.
    void show(const GateStats& stats);
    /// Asks whether this one is to be drained; or to be taken back, where it is draining.
    void ask(const UpstreamStatus& upstream);

private:
    struct Entry {
        UpstreamStatus upstream;
        QAction* action;
    };

    void makeActions();
    void askDrain(const UpstreamStatus& upstream);
    void askUndrain(const UpstreamStatus& upstream);
    void send(const UpstreamDrainCommand& command, Dialog* dialog);
    void showDone(const UpstreamDrainCommand& command, const UpstreamDrainResult& result);

    FeedBridge& m_bridge;
    OutcomeBar& m_outcome;
    QWidget& m_window;
    GateStats m_stats;
    std::vector<Entry> m_entries;
    QPointer<DrainUpstreamDialog> m_draining;
};

} // namespace gatehouse::ui
