// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/servercontrol.h"

#include <QElapsedTimer>
#include <QHash>
#include <QObject>
#include <QPointer>
#include <QTimer>

#include <functional>
#include <memory>

namespace gatehouse::ui {

/// Brings the server to the GUI thread, on which it lives: batches of the feed as a signal, answers of commands as
/// callbacks. However often the server wakes it, at most one event of it waits in the GUI's queue.
class FeedBridge : public QObject {
    Q_OBJECT
public:
    FeedBridge(ServerControl& control, Actor actor, QObject* parent = nullptr);
    ~FeedBridge() override;

    /// Starts to watch; the first batch is a snapshot.
    void start();

    /// `done` runs on the GUI thread, unless `context` is gone by then.
    void call(Command command, QObject* context, std::function<void(Reply)> done);

    /// The longest that the event loop kept a timer waiting within the last second.
    [[nodiscard]] std::chrono::milliseconds lag() const { return m_lag; }

Q_SIGNALS:
    void batchReady(const FeedBatch& batch);
    /// Once a second.
    void lagMeasured(std::chrono::milliseconds lag);

private:
    struct Link;
    struct Pending {
        QPointer<QObject> context;
        std::function<void(Reply)> done;
    };

    void takeBatches();
    void finish(quint64 ticket, const Reply& reply);
    void probe();

    ServerControl& m_control;
    Actor m_actor;
    std::shared_ptr<Link> m_link;
    std::unique_ptr<FeedWatch> m_watch;
    QHash<quint64, Pending> m_pending;
    quint64 m_nextTicket = 1;
    std::uint64_t m_sequence = 0;
    bool m_awaitsSnapshot = true;
    QTimer m_probe;
    QElapsedTimer m_sinceProbe;
    int m_probes = 0;
    std::chrono::milliseconds m_worst{};
    std::chrono::milliseconds m_lag{};
};

} // namespace gatehouse::ui
