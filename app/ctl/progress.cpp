// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/progress.h"

#include <chrono>
#include <ostream>

namespace gatehouse::ctl {

Progress::Progress(std::ostream* terminal)
{
    if (terminal)
        m_thread = std::jthread([this, terminal](const std::stop_token& stop) { run(stop, *terminal); });
}

void Progress::run(const std::stop_token& stop, std::ostream& terminal)
{
    std::unique_lock lock(m_mutex);
    unsigned seconds = 0;
    while (!m_wake.wait_for(lock, stop, std::chrono::seconds(1), [&stop] { return stop.stop_requested(); }))
        terminal << "\rWaiting for the server: " << ++seconds << " s" << std::flush;
    if (seconds > 0)
        terminal << "\r\x1b[K" << std::flush;
}

} // namespace gatehouse::ctl
