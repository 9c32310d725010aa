// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gatehouse {

/// An eventfd: any thread signals, one thread waits for it in its epoll.
class Wakeup {
public:
    Wakeup();
    ~Wakeup();
    Wakeup(const Wakeup&) = delete;
    Wakeup& operator=(const Wakeup&) = delete;

    [[nodiscard]] int fd() const { return m_fd; }
    void signal() const;
    void clear() const;

private:
    int m_fd;
};

} // namespace gatehouse
