// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apimailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>

namespace gatehouse {

ApiMailbox::ApiMailbox()
    : m_event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC))
{
}

ApiMailbox::~ApiMailbox()
{
    if (m_event >= 0)
        ::close(m_event);
}

void ApiMailbox::put(ApiReply reply)
{
    {
        const std::lock_guard lock(m_mutex);
        m_mail.replies.push_back(std::move(reply));
    }
    wake();
}

void ApiMailbox::put(AdminArrival arrival)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_stopped || m_mail.arrivals.size() >= mostArrivals)
            ++m_mail.turnedAway;
        else
            m_mail.arrivals.push_back(std::move(arrival));
    }
    wake();
}

void ApiMailbox::wake() const
{
    const std::uint64_t one = 1;
    static_cast<void>(::write(m_event, &one, sizeof one) < 0); // EAGAIN: it is awake already
}

void ApiMailbox::stop()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopped = true;
    }
    wake();
}

ApiMailbox::Mail ApiMailbox::take()
{
    std::uint64_t count = 0;
    static_cast<void>(::read(m_event, &count, sizeof count) < 0); // EAGAIN: nothing was counted
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_mail, {});
}

bool ApiMailbox::stopped() const
{
    const std::lock_guard lock(m_mutex);
    return m_stopped;
}

} // namespace gatehouse
