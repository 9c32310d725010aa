// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <condition_variable>
#include <iosfwd>
#include <mutex>
#include <thread>

namespace gatehouse::ctl {

/// Says on a terminal how long something takes, once it takes more than a second, and wipes that away at its end. The
/// stream is its own meanwhile.
class Progress {
public:
    explicit Progress(std::ostream* terminal); ///< null: says nothing
    ~Progress() = default;
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

private:
    void run(const std::stop_token& stop, std::ostream& terminal);

    std::mutex m_mutex;
    std::condition_variable_any m_wake;
    std::jthread m_thread; // last: it ends before what it waits on
};

} // namespace gatehouse::ctl
