// SPDX-License-Identifier: GPL-3.0-or-later
#include "feedbridge/feedbridge.h"

#include <atomic>
#include <mutex>

namespace gatehouse::ui {
namespace {

using namespace std::chrono_literals;
constexpr auto probeInterval = 100ms;
constexpr int probesPerReport = 10;

} // namespace

/// What the server's threads hold of the bridge. It outlives the bridge; `mutex` is held for the posting of one event
/// alone, so that none is posted to a bridge that is gone.
struct FeedBridge::Link {
    std::mutex mutex;
    FeedBridge* bridge = nullptr;
    std::atomic<bool> posted = false;

    template <class F> void post(F function)
    {
        const std::lock_guard lock(mutex);
        if (bridge)
            QMetaObject::invokeMethod(bridge, std::move(function), Qt::QueuedConnection);
    }
};

FeedBridge::FeedBridge(ServerControl& control, Actor actor, QObject* parent)
    : QObject(parent)
    , m_control(control)
    , m_actor(std::move(actor))
    , m_link(std::make_shared<Link>())
{
    m_link->bridge = this;
    m_probe.setTimerType(Qt::PreciseTimer);
    m_probe.setInterval(probeInterval);
    connect(&m_probe, &QTimer::timeout, this, &FeedBridge::probe);
}

FeedBridge::~FeedBridge()
{
    m_watch.reset();
    const std::lock_guard lock(m_link->mutex);
    m_link->bridge = nullptr;
}

void FeedBridge::start()
{
    if (m_watch)
        return;
    m_sinceProbe.start();
    m_probe.start();
    m_watch = m_control.watch([link = m_link] {
        if (!link->posted.exchange(true))
            link->post([link] { link->bridge->takeBatches(); });
    });
    // A batch may have come before m_watch was set.
    takeBatches();
}

void FeedBridge::takeBatches()
{
    // Cleared before taking: a batch that comes in between posts anew, and is never forgotten.
    m_link->posted = false;
    while (m_watch) {
        const std::optional<FeedBatch> batch = m_watch->take();
        if (!batch)
            return;
        const bool gap = !batch->snapshot && (m_awaitsSnapshot || batch->sequence != m_sequence + 1);
        m_sequence = batch->sequence;
        if (gap) {
            if (!m_awaitsSnapshot)
                m_watch->requestSnapshot();
            m_awaitsSnapshot = true;
            continue;
        }
        m_awaitsSnapshot = false;
        Q_EMIT batchReady(*batch);
    }
}

void FeedBridge::call(Command command, QObject* context, std::function<void(Reply)> done)
{
    const quint64 ticket = m_nextTicket++;
    m_pending.insert(ticket, {context, std::move(done)});
    m_control.call(m_actor, std::move(command), [link = m_link, ticket](Reply reply) {
        link->post([link, ticket, answer = std::move(reply)] { link->bridge->finish(ticket, answer); });
    });
}

void FeedBridge::finish(quint64 ticket, const Reply& reply)
{
    const Pending pending = m_pending.take(ticket);
    if (pending.context && pending.done)
        pending.done(reply);
}

void FeedBridge::probe()
{
    const std::chrono::milliseconds elapsed(m_sinceProbe.restart());
    m_worst = std::max(m_worst, elapsed - probeInterval);
    if (++m_probes < probesPerReport)
        return;
    m_lag = std::exchange(m_worst, 0ms);
    m_probes = 0;
    Q_EMIT lagMeasured(m_lag);
}

} // namespace gatehouse::ui
