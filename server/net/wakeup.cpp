// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/wakeup.h"

#include <cerrno>
#include <cstdint>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

namespace gatehouse {

Wakeup::Wakeup()
    : m_fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
{
    if (m_fd < 0)
        throw std::system_error(errno, std::generic_category(), "eventfd");
}

Wakeup::~Wakeup()
{
    close(m_fd);
}

void Wakeup::signal() const
{
    const std::uint64_t one = 1;
    // Fails only where the counter is full already, and then the waiter wakes anyway.
    [[maybe_unused]] const auto written = write(m_fd, &one, sizeof one);
}

void Wakeup::clear() const
{
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = read(m_fd, &count, sizeof count);
}

} // namespace gatehouse
