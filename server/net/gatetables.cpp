// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/gatetables.h"

namespace gatehouse {

bool Slots::reserve(std::optional<std::uint64_t> limit)
{
    std::uint64_t used = m_used.load(std::memory_order_relaxed);
    do {
        if (limit && used >= *limit)
            return false;
    } while (!m_used.compare_exchange_weak(used, used + 1, std::memory_order_relaxed));
    return true;
}

FailureVerdict FailureWindow::add(const AuthFailureLimit& limit, TimePoint now)
{
    const std::lock_guard lock(m_mutex);
    if (now < m_blockedUntil) // another worker's check was under way when the block began
        return FailureVerdict::Counted;
    if (now >= m_rememberUntil)
        m_struck = false;
    if (now >= m_windowEnd) {
        m_windowEnd = now + limit.per;
        m_count = 0;
    }
    if (++m_count < limit.count)
        return FailureVerdict::Counted;
    m_windowEnd = TimePoint{};
    if (m_struck) {
        m_struck = false;
        m_blockedUntil = m_rememberUntil = now + untilBanned;
        return FailureVerdict::Ban;
    }
    m_struck = true;
    m_blockedUntil = now + limit.per;
    m_rememberUntil = m_blockedUntil + limit.thenBan;
    return FailureVerdict::Blocked;
}

void FailureWindow::forgive()
{
    const std::lock_guard lock(m_mutex);
    m_windowEnd = m_blockedUntil = m_rememberUntil = TimePoint{};
    m_count = 0;
    m_struck = false;
}

std::chrono::nanoseconds FailureWindow::blocked(TimePoint now) const
{
    const std::lock_guard lock(m_mutex);
    return now < m_blockedUntil ? m_blockedUntil - now : std::chrono::nanoseconds(0);
}

bool FailureWindow::idle(TimePoint now) const
{
    const std::lock_guard lock(m_mutex);
    return now >= m_windowEnd && now >= m_rememberUntil;
}

bool AddressState::idle(TimePoint now) const
{
    return sessions.used() == 0 && pending.used() == 0 && connects.full(now) && messages.full(now) &&
           failures.idle(now);
}

void GateTables::rescale(const Limits& before, const Limits& after, TimePoint now)
{
    if (before.connectsPerIp != after.connectsPerIp || before.messagesPerIp != after.messagesPerIp)
        addresses.forEach([&](AddressState& address) {
            address.connects.rescale(before.connectsPerIp, after.connectsPerIp, now);
            address.messages.rescale(before.messagesPerIp, after.messagesPerIp, now);
        });
    if (before.messagesPerUser != after.messagesPerUser || before.bytesPerUser != after.bytesPerUser)
        users.forEach([&](UserState& user) {
            user.messages.rescale(before.messagesPerUser, after.messagesPerUser, now);
            user.bytes.rescale(before.bytesPerUser, after.bytesPerUser, now);
        });
}

std::string visitorKey(const IpAddress& address)
{
    return address.limitKey().toString();
}

std::string userKey(std::string_view issuer, std::string_view user)
{
    std::string key;
    key.reserve(issuer.size() + 1 + user.size());
    key.append(issuer).push_back('\x1f');
    key.append(user);
    return key;
}

} // namespace gatehouse
