// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstream.h"

#include <algorithm>

namespace gatehouse {

namespace {

/// At most so many bytes of UTF-8, without half a character.
void cut(std::string& text, std::size_t longest)
{
    if (text.size() <= longest)
        return;
    const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U; };
    while (longest > 0 && continues(longest))
        --longest;
    text.resize(longest);
}

} // namespace

Upstream::Upstream(std::string route, UpstreamUrl url, const Clock& clock)
    : m_route(std::move(route))
    , m_url(std::move(url))
    , m_clock(clock)
    , m_since(clock.wall())
{
    if (const auto address = IpAddress::parse(m_url.host))
        m_addresses.push_back(*address);
}

std::vector<IpAddress> Upstream::addresses() const
{
    const std::lock_guard lock(m_mutex);
    return m_addresses;
}

void Upstream::setAddresses(std::vector<IpAddress> addresses)
{
    const std::lock_guard lock(m_mutex);
    m_addresses = std::move(addresses);
}

void Upstream::attempting()
{
    m_attempts.fetch_add(1, std::memory_order_relaxed);
}

void Upstream::answered()
{
    m_sessions.fetch_add(1, std::memory_order_relaxed); // before the attempt goes, so that load() never misses both
    m_attempts.fetch_sub(1, std::memory_order_relaxed);
    const std::lock_guard lock(m_mutex);
    ++m_opened;
    recover();
}

void Upstream::failed(Reason reason, std::string problem)
{
    m_attempts.fetch_sub(1, std::memory_order_relaxed);
    const std::lock_guard lock(m_mutex);
    noteFailure(reason, std::move(problem));
    const TimePoint now = m_clock.now();
    if (m_failuresInARow >= failuresToEject && !ejected(now))
        eject(now);
}

void Upstream::declined(Reason reason, std::string problem)
{
    m_attempts.fetch_sub(1, std::memory_order_relaxed);
    const std::lock_guard lock(m_mutex);
    noteFailure(reason, std::move(problem));
    recover();
}

void Upstream::abandoned()
{
    m_attempts.fetch_sub(1, std::memory_order_relaxed);
}

void Upstream::closed(bool lost, Reason reason, std::string problem)
{
    m_sessions.fetch_sub(1, std::memory_order_relaxed);
    if (!lost)
        return;
    cut(problem, longestProblem);
    const std::lock_guard lock(m_mutex);
    ++m_lost;
    m_lastFailure = reason;
    m_problem = std::move(problem);
}

/// Checks come one at a time: each that fails makes an ejection longer, so that it does not run out between them.
void Upstream::checked(std::optional<std::string> problem)
{
    const std::lock_guard lock(m_mutex);
    if (problem) {
        noteFailure(Reason::UpstreamConnect, std::move(*problem));
        if (m_failuresInARow >= failuresToEject)
            eject(m_clock.now());
    } else if (m_lastFailure == Reason::UpstreamConnect || !m_ejection) {
        recover();
    }
}

void Upstream::noteFailure(Reason reason, std::string problem)
{
    ++m_failures;
    m_failuresInARow = std::min(m_failuresInARow + 1, failuresToEject);
    m_lastFailure = reason;
    cut(problem, longestProblem);
    m_problem = std::move(problem);
}

void Upstream::eject(TimePoint now)
{
    const unsigned before = m_ejection ? m_ejection->inARow : 0;
    const bool on = ejected(now);
    constexpr unsigned mostDoublings = 8;
    const auto length = std::min(longestEjection, firstEjection * (1U << std::min(before, mostDoublings)));
    if (!on) {
        m_ejection = Ejection();
        m_ejection->from = now;
        m_ejection->shownFrom = m_clock.wall();
    }
    m_ejection->until = now + length;
    m_ejection->shownUntil = m_clock.wall() + length;
    m_ejection->inARow = before + 1;
}

void Upstream::recover()
{
    m_failuresInARow = 0;
    if (!m_ejection)
        return;
    if (!draining())
        m_since = ejected(m_clock.now()) ? m_clock.wall() : m_ejection->shownUntil;
    m_ejection.reset();
}

std::uint64_t Upstream::load() const
{
    return m_sessions.load(std::memory_order_relaxed) + m_attempts.load(std::memory_order_relaxed);
}

void Upstream::setDraining(bool on)
{
    const std::lock_guard lock(m_mutex);
    if (m_draining.exchange(on, std::memory_order_relaxed) != on)
        m_since = m_clock.wall();
}

bool Upstream::usable() const
{
    if (draining())
        return false;
    const std::lock_guard lock(m_mutex);
    return !ejected(m_clock.now());
}

std::optional<TimePoint> Upstream::ejectedAt() const
{
    const std::lock_guard lock(m_mutex);
    return ejected(m_clock.now()) ? std::optional(m_ejection->from) : std::nullopt;
}

bool Upstream::down() const
{
    const std::lock_guard lock(m_mutex);
    return m_ejection.has_value();
}

UpstreamStatus Upstream::status() const
{
    UpstreamStatus status;
    status.route = m_route;
    status.url = m_url.text;
    const std::lock_guard lock(m_mutex);
    const bool out = ejected(m_clock.now());
    status.since = m_since;
    if (draining()) {
        status.state = UpstreamState::Draining;
    } else if (out) {
        status.state = UpstreamState::Ejected;
        status.since = m_ejection->shownFrom;
        status.ejectedUntil = m_ejection->shownUntil;
    } else if (m_ejection) {
        status.since = std::max(m_since, m_ejection->shownUntil); // its time is over
    }
    status.sessions = m_sessions.load(std::memory_order_relaxed);
    status.opened = m_opened;
    status.failures = m_failures;
    status.lost = m_lost;
    status.lastFailure = m_lastFailure;
    status.problem = m_problem;
    return status;
}

} // namespace gatehouse
