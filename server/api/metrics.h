// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"

#include <string>
#include <string_view>

namespace gatehouse {

/// Of formatMetrics(): Prometheus' text format 0.0.4.
inline constexpr std::string_view metricsType = "text/plain; version=0.0.4; charset=utf-8";

/// What the gate counts and measures, for a scrape. The values of labels are words of ours, and what the policy names:
/// listeners, routes and upstreams; never a user or an address of a client, so that clients cannot make series. Every
/// reason has its series from the start on, so that the first event of one is seen as a rise.
[[nodiscard]] std::string formatMetrics(const Info& info);

} // namespace gatehouse
