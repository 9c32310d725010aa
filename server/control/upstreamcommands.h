// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "feed/values.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What is asked and ordered of the applications behind the gate.
namespace gatehouse {

// upstreams, upstream_drain
struct UpstreamsQuery {
    friend bool operator==(const UpstreamsQuery&, const UpstreamsQuery&) = default;
};
struct UpstreamList {
    std::vector<UpstreamStatus> upstreams;

    friend bool operator==(const UpstreamList&, const UpstreamList&) = default;
};
struct UpstreamDrainCommand {
    std::string upstream; ///< its URL as the policy has it
    std::string route{};  ///< empty: every route that has it
    bool on = true;
    std::optional<std::chrono::milliseconds> within{}; ///< over which its sessions are ended; unset: they may stay
    std::string reason{};

    friend bool operator==(const UpstreamDrainCommand&, const UpstreamDrainCommand&) = default;
};
struct UpstreamDrainResult {
    std::vector<UpstreamStatus> upstreams; ///< that it was about
    std::uint64_t ending = 0;              ///< sessions that are to end

    friend bool operator==(const UpstreamDrainResult&, const UpstreamDrainResult&) = default;
};

} // namespace gatehouse
