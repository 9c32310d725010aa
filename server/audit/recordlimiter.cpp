// SPDX-License-Identifier: GPL-3.0-or-later
#include "audit/recordlimiter.h"

#include "domain/address.h"

namespace gatehouse {

namespace {

/// Peers cause it, or backends, as often as they like.
bool isLimited(AuditKind kind)
{
    switch (kind) {
    case AuditKind::Open:
    case AuditKind::Close:
    case AuditKind::Refuse:
    case AuditKind::Limit:
    case AuditKind::Publish:
        return true;
    case AuditKind::Start:
    case AuditKind::Stop:
    case AuditKind::Kick:
    case AuditKind::Ban:
    case AuditKind::Unban:
    case AuditKind::Revoke:
    case AuditKind::Unrevoke:
    case AuditKind::Reload:
    case AuditKind::Drain:
    case AuditKind::Certificate:
    case AuditKind::Command:
    case AuditKind::Policy:
    case AuditKind::Lockdown:
    case AuditKind::TemporaryLimit:
    case AuditKind::Quarantine:
    case AuditKind::Upstream:
        return false;
    }
    return false;
}

std::string keyOf(const AuditRecord& record)
{
    std::string key{static_cast<char>(record.kind), static_cast<char>(record.decision.reason)};
    if (record.kind == AuditKind::Publish)
        return key + record.actor;
    if (record.address.empty())
        return key + 'u' + record.issuer + '\0' + record.user;
    const auto address = IpAddress::parse(record.address);
    return key + 'a' + (address ? address->limitKey().toString() : record.address);
}

} // namespace

std::vector<AuditRecord> RecordLimiter::pass(AuditRecord record, TimePoint now)
{
    std::vector<AuditRecord> out;
    if (!isLimited(record.kind) || (!record.actor.empty() && record.kind != AuditKind::Publish)) {
        out.push_back(std::move(record));
        return out;
    }
    std::string key = keyOf(record);
    if (const auto found = m_byKey.find(key); found != m_byKey.end()) {
        m_sources.splice(m_sources.begin(), m_sources, found->second);
    } else {
        if (m_sources.size() >= largestTable)
            forgetOldest(out);
        m_sources.push_front(Source{key, now, now, 0, 0, std::nullopt});
        m_byKey.emplace(std::move(key), m_sources.begin());
    }
    Source& source = m_sources.front();
    source.last = now;
    if (now - source.windowStart >= std::chrono::seconds(1)) {
        source.windowStart = now;
        source.inWindow = 0;
    }
    if (source.inWindow >= recordsPerSecond) {
        ++source.leftOut;
        source.lastLeftOut = std::move(record);
        return out;
    }
    ++source.inWindow;
    record.suppressed += source.leftOut;
    source.leftOut = 0;
    source.lastLeftOut.reset();
    out.push_back(std::move(record));
    return out;
}

std::vector<AuditRecord> RecordLimiter::idle(TimePoint now)
{
    std::vector<AuditRecord> owed;
    while (!m_sources.empty() && now - m_sources.back().last >= idleAfter)
        forgetOldest(owed);
    return owed;
}

std::vector<AuditRecord> RecordLimiter::all()
{
    std::vector<AuditRecord> owed;
    while (!m_sources.empty())
        forgetOldest(owed);
    return owed;
}

void RecordLimiter::forgetOldest(std::vector<AuditRecord>& owed)
{
    Source& source = m_sources.back();
    if (source.lastLeftOut) {
        source.lastLeftOut->suppressed += source.leftOut - 1;
        owed.push_back(std::move(*source.lastLeftOut));
    }
    m_byKey.erase(source.key);
    m_sources.pop_back();
}

} // namespace gatehouse
