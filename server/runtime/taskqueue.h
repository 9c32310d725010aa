// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace gatehouse {

/// A named thread that runs tasks in order, and something of its own every so often. Tasks must not throw.
class TaskQueue {
public:
    using Task = std::function<void()>;

    TaskQueue(std::string name, std::size_t capacity)
        : m_name(std::move(name))
        , m_capacity(capacity)
    {
    }
    ~TaskQueue() { stop(); }
    TaskQueue(const TaskQueue&) = delete;
    TaskQueue& operator=(const TaskQueue&) = delete;

    /// `tick` runs on the thread every `period`.
    void start(std::chrono::milliseconds period, Task tick);
    /// Runs what is queued, then ends the thread.
    void stop();
    /// Thread-safe. False, and nothing queued, at the capacity or after stop().
    [[nodiscard]] bool post(Task task, bool force = false);

private:
    void run();

    std::string m_name;
    std::size_t m_capacity;
    std::chrono::milliseconds m_period{};
    Task m_tick;
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<Task> m_tasks;
    bool m_stopping = true;
    std::thread m_thread;
};

} // namespace gatehouse
