// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"

#include <QObject>

#include <vector>

namespace gatehouse::ui {

/// The gate at one second: what tiles, legends, curves and the status line show. Rates are between this second's sample
/// and the one before.
struct Figures {
    WallTime time{};
    std::uint64_t sessions = 0;
    double messagesIn = 0; ///< a second
    double messagesOut = 0;
    double bytesIn = 0; ///< a second
    double bytesOut = 0;
    double refused = 0;                               ///< a second
    std::vector<std::pair<Reason, double>> refusedBy; ///< a second; those that are not 0
    double authFailures = 0;                          ///< a second
    std::uint64_t backlog = 0;                        ///< bytes
    std::uint64_t loopLatencyP50 = 0;                 ///< microseconds
    std::uint64_t loopLatencyP99 = 0;
    double loopLoad = 0; ///< 0…1

    [[nodiscard]] double messages() const { return messagesIn + messagesOut; }
    [[nodiscard]] double bytes() const { return bytesIn + bytesOut; }

    friend bool operator==(const Figures&, const Figures&) = default;
};

/// The one source of the gate's figures, advanced once a second from the feed, with the last 15 minutes. Lives on the
/// GUI thread.
class GateFigures : public QObject {
    Q_OBJECT
public:
    using QObject::QObject;

    void apply(const FeedBatch& batch);

    /// The newest second; all zero before the first batch.
    [[nodiscard]] const Figures& now() const { return m_now; }
    /// One a second, oldest first; the last one equals now(). Empty until the second sample.
    [[nodiscard]] const std::vector<Figures>& series() const { return m_series; }
    /// The newest sample as it came: state, counters, audit.
    [[nodiscard]] const GateStats& stats() const { return m_stats; }

    /// Over the last 15 minutes, or as far back as samples reach.
    [[nodiscard]] std::int64_t sessionsGrowth() const;
    [[nodiscard]] std::uint64_t authFailuresLately() const;

Q_SIGNALS:
    /// A new second.
    void advanced();
    void stateChanged(gatehouse::GateState state);

private:
    void append(const GateStats& sample);

    GateStats m_stats;
    std::vector<GateStats> m_samples; ///< one a second
    std::vector<Figures> m_series;
    Figures m_now;
};

} // namespace gatehouse::ui
