// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/taskqueue.h"

#include <pthread.h>

namespace gatehouse {

void TaskQueue::start(std::chrono::milliseconds period, Task tick)
{
    m_period = period;
    m_tick = std::move(tick);
    {
        const std::lock_guard lock(m_mutex); // tasks may be posted before
        m_stopping = false;
    }
    m_thread = std::thread([this] { run(); });
    pthread_setname_np(m_thread.native_handle(), m_name.c_str());
}

void TaskQueue::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
    }
    m_changed.notify_one();
    if (m_thread.joinable())
        m_thread.join();
}

bool TaskQueue::post(Task task, bool force)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopping || (!force && m_tasks.size() >= m_capacity))
            return false;
        m_tasks.push_back(std::move(task));
    }
    m_changed.notify_one();
    return true;
}

void TaskQueue::run()
{
    auto next = std::chrono::steady_clock::now() + m_period;
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_changed.wait_until(lock, next, [this] { return m_stopping || !m_tasks.empty(); });
        while (!m_tasks.empty()) {
            const Task task = std::move(m_tasks.front());
            m_tasks.pop_front();
            lock.unlock();
            task();
            lock.lock();
        }
        if (m_stopping)
            return;
        if (std::chrono::steady_clock::now() >= next) {
            next = std::chrono::steady_clock::now() + m_period;
            lock.unlock();
            m_tick();
            lock.lock();
        }
    }
}

} // namespace gatehouse
