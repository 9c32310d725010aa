// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <cstdint>
#include <optional>
#include <vector>

// What is looked at when somebody asks, beside GateStats, which is made and kept all the time.
namespace gatehouse {

/// How often something took how long, since the server started.
struct Histogram {
    std::vector<double> bounds;        ///< seconds, ascending; a bucket ends with its bound
    std::vector<std::uint64_t> counts; ///< of each bucket alone; one more than bounds, for what took longer
    double sum = 0;                    ///< seconds

    friend bool operator==(const Histogram&, const Histogram&) = default;
};

/// What takes time at the gate, over all workers.
struct Latencies {
    Histogram tls;      ///< from accept, PROXY header included, until TLS stands
    Histogram request;  ///< from then until the checks of the upgrade were passed, one-time tokens' claims included
    Histogram upstream; ///< from then until an application behind the gate answered
    Histogram message;  ///< see net/messagetimes.h
    Histogram turn;     ///< of a worker's loop, without its sleep

    friend bool operator==(const Latencies&, const Latencies&) = default;
};

/// What the system says of the process; unset where it does not say it.
struct ProcessFigures {
    std::optional<double> cpuSeconds; ///< of all threads, in user and system mode
    std::optional<std::uint64_t> residentBytes;
    std::optional<std::uint64_t> virtualBytes;
    std::optional<std::uint64_t> threads;
    std::optional<std::uint64_t> openFiles;
    std::optional<std::uint64_t> mostFiles; ///< that it may have open
    std::optional<WallTime> started;

    friend bool operator==(const ProcessFigures&, const ProcessFigures&) = default;
};

struct BanFigures {
    std::uint64_t standing = 0;
    std::uint64_t byRule = 0; ///< that limits made, or made longer, since the server started

    friend bool operator==(const BanFigures&, const BanFigures&) = default;
};

/// What the channels of all workers take.
struct HubFigures {
    std::uint64_t channels = 0; ///< that are remembered: with subscribers, history or presence
    std::uint64_t historyBytes = 0;
    std::uint64_t presenceBytes = 0;
    std::uint64_t mostChannels = 0; ///< as the policy limits them
    std::uint64_t mostHistoryBytes = 0;
    std::uint64_t mostPresenceBytes = 0;

    friend bool operator==(const HubFigures&, const HubFigures&) = default;
};

} // namespace gatehouse
