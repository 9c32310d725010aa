// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/counters.h"
#include "feed/histogram.h"

namespace gatehouse {

/// What one worker has counted. Owner: the worker; read by the collector.
struct WorkerCounters {
    Counter sessions; ///< open now
    Counter pending;  ///< connections that are not yet sessions, now
    Counter accepted;
    Counter messagesIn;
    Counter messagesOut;
    Counter bytesIn;
    Counter bytesOut;
    Counter backlog; ///< bytes queued for sending, now
    Counter busyMicroseconds;
    Counter feedDropped;
    Counter throttled; ///< see GateStats
    Counter dropped;
    Counter reported;
    ReasonCounters refused;
    ReasonCounters closed;
    LatencyHistogram loop;
    HandshakeHistogram tlsHandshake; ///< this and what follows: see Latencies
    HandshakeHistogram request;
    HandshakeHistogram upstream;
    LoopHistogram message;
    LoopHistogram turn;
};

} // namespace gatehouse
