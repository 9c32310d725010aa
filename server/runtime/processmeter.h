// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "feed/figures.h"

#include <cstdint>
#include <optional>
#include <string>

namespace gatehouse {

/// What the system says of this process: files of /proc that cost more the more sockets are open, so they are read once
/// a second at most, however often somebody asks. Owner: the runtime thread.
class ProcessMeter {
public:
    [[nodiscard]] const ProcessFigures& look(TimePoint now, WallTime wall);

private:
    ProcessFigures m_figures;
    std::optional<TimePoint> m_looked;
};

/// Of /proc/self/stat. Nothing where it is of another form: what is there was written by the kernel, but the name of
/// the program in it by whoever started it.
struct ProcessStat {
    std::uint64_t userTicks = 0, systemTicks = 0, threads = 0, startTicks = 0, virtualBytes = 0, residentPages = 0;

    friend bool operator==(const ProcessStat&, const ProcessStat&) = default;
};
[[nodiscard]] std::optional<ProcessStat> parseProcessStat(const std::string& text);

} // namespace gatehouse
