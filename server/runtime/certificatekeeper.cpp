// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/certificatekeeper.h"

#include "control/json.h"
#include "domain/ban.h"
#include "setup/certificatestatus.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace gatehouse {

namespace {

/// In this order, so that the nearest one that has been reached is found first.
constexpr std::array<std::pair<std::chrono::days, std::string_view>, 4> warnings{
    {{std::chrono::days(0), "has ended"},
     {std::chrono::days(3), "ends within 3 days"},
     {std::chrono::days(14), "ends within 14 days"},
     {std::chrono::days(30), "ends within 30 days"}}};
constexpr auto worthTelling = warnings.back().first;

std::string nameOf(const CertificateFacts& facts)
{
    return facts.names.empty() ? facts.subject : facts.names.front();
}

} // namespace

void CertificateKeeper::setGeneration(std::shared_ptr<const PolicyGeneration> generation)
{
    const auto before = std::exchange(m_generation, std::move(generation));
    std::vector<Entry> entries(m_generation->policy->listeners.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i].listener = listener(i).name;
        const auto same = std::ranges::find(m_entries, entries[i].listener, &Entry::listener);
        if (same != m_entries.end())
            entries[i] = std::move(*same);
        // The files may have changed since they were read for this generation.
        entries[i].settled = false;
        if (before && before->policy->listeners.size() == entries.size() &&
            before->policy->listeners[i].tls != listener(i).tls)
            entries[i].seen.clear();
    }
    m_entries = std::move(entries);
    m_renewalChecked.reset();
}

void CertificateKeeper::tick()
{
    const TimePoint now = m_clock.now();
    if (!m_generation || now < m_nextLook)
        return;
    m_nextLook = now + lookEvery;
    look();
    const WallTime wall = m_clock.wall();
    // By the wall clock, which goes on while the machine sleeps; set back, it must not put a renewal off.
    if (!m_renewalChecked || wall < *m_renewalChecked || wall - *m_renewalChecked >= renewEvery) {
        m_renewalChecked = wall;
        renewWhatIsDue();
    }
    tellState();
}

void CertificateKeeper::look()
{
    for (std::size_t i = 0; i < m_entries.size(); ++i)
        if (m_generation->certificates[i])
            lookAt(i, m_clock.now());
}

/// Two files cannot be replaced at once: what does not fit together is tried again at each change, and is an error only
/// when it has stayed so for a while.
void CertificateKeeper::lookAt(std::size_t index, TimePoint now)
{
    Entry& entry = m_entries[index];
    FileStamps stamps = stampsOf(*listener(index).tls);
    if (stamps != entry.seen) {
        entry.seen = std::move(stamps);
        entry.changed = now;
        entry.settled = false;
        return tryFiles(index);
    }
    if (entry.settled || now - entry.changed < quiet)
        return;
    // Once more, changed or not: a write within one tick of the file system's clock leaves the same stamp.
    tryFiles(index);
    entry.settled = true;
    if (!entry.problem.empty())
        raiseAlarm(index);
}

void CertificateKeeper::tryFiles(std::size_t index)
{
    Entry& entry = m_entries[index];
    auto next = reloadListener(m_generation, index, m_clock);
    if (!next) {
        entry.problem = next.error();
        return;
    }
    entry.problem.clear();
    entry.alarm.clear();
    if (*next == m_generation)
        return;
    const auto base = std::exchange(m_generation, std::move(*next));
    m_events.certificateChanged(base, m_generation);
    const CertificateFacts& facts = m_generation->certificates[index]->facts;
    const bool renewed = !entry.renewedBy.empty();
    m_events.certificateRecord(renewed ? AuditKind::Certificate : AuditKind::Reload, Reason::None,
                               renewed ? entry.renewedBy : ruleActor,
                               "certificate of listener " + entry.listener + (renewed ? " renewed: " : ": ") +
                                   nameOf(facts) + ", until " + formatTime(facts.notAfter));
    entry.renewal.clear();
    m_renewalChecked.reset(); // another certificate has another end
}

void CertificateKeeper::raiseAlarm(std::size_t index)
{
    Entry& entry = m_entries[index];
    std::string state = entry.problem + '\n' + filesDigest(*listener(index).tls);
    if (state == entry.alarm)
        return;
    entry.alarm = std::move(state);
    entry.failedAt = m_clock.wall();
    if (!entry.reported)
        m_events.certificateRecord(AuditKind::Reload, Reason::TlsReloadFailed, ruleActor,
                                   entry.problem + "; the certificate before it goes on serving");
    entry.reported = false;
}

void CertificateKeeper::failureReported()
{
    if (!m_generation)
        return;
    look();
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        Entry& entry = m_entries[i];
        if (entry.problem.empty() || entry.settled)
            continue;
        entry.reported = true;
        entry.settled = true;
        raiseAlarm(i);
    }
    tellState();
}

void CertificateKeeper::renewWhatIsDue()
{
    const WallTime now = m_clock.wall();
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        if (!m_generation->certificates[i])
            continue;
        Entry& entry = m_entries[i];
        const ListenerTls& tls = *listener(i).tls;
        finishRenewal(tls.certificate, tls.key);
        if (!entry.alarm.empty())
            entry.settled = false; // what is not valid yet will be
        const RenewalPlan plan = planRenewal(listener(i), now);
        const bool wanted = tls.renew && plan.gains && (plan.obstacle.empty() || plan.broken);
        std::string failure;
        if (wanted && now >= plan.due && entry.problem.empty())
            failure = plan.broken ? plan.obstacle : renewOne(i, ruleActor, plan);
        if (!failure.empty() && failure != entry.renewal) {
            entry.failedAt = now;
            m_events.certificateRecord(AuditKind::Certificate, Reason::TlsReloadFailed, ruleActor,
                                       "certificate of listener " + entry.listener + " not renewed: " + failure);
        }
        entry.renewal = std::move(failure);
        warn(i, wanted && !plan.broken && entry.renewal.empty());
    }
}

/// Why not; empty where the new certificate is in use.
std::string CertificateKeeper::renewOne(std::size_t index, const std::string& actor, const RenewalPlan& plan)
{
    Entry& entry = m_entries[index];
    const ListenerTls& tls = *listener(index).tls;
    if (auto done = renewFiles(tls.certificate, tls.key, plan.ca, m_clock.wall()); !done)
        return done.error();
    entry.renewedBy = actor;
    entry.seen.clear();
    lookAt(index, m_clock.now());
    entry.renewedBy.clear();
    return entry.problem;
}

void CertificateKeeper::warn(std::size_t index, bool renews)
{
    const CertificateFacts& facts = m_generation->certificates[index]->facts;
    const auto left = facts.notAfter - m_clock.wall();
    if (renews || left > worthTelling)
        return;
    const auto reached = std::ranges::find_if(warnings, [&](const auto& warning) { return left <= warning.first; });
    std::string text = std::string(reached->second) + ": sha256 " + facts.fingerprint.substr(0, 16);
    Entry& entry = m_entries[index];
    if (entry.warned == text)
        return;
    if (!m_events.wasRecorded(text)) // before a restart, or for another listener
        m_events.certificateRecord(AuditKind::Certificate, Reason::None, ruleActor,
                                   "certificate of listener " + entry.listener + ": " + nameOf(facts) + ", until " +
                                       formatTime(facts.notAfter) + ", " + text);
    entry.warned = std::move(text);
}

void CertificateKeeper::tellState()
{
    std::optional<WallTime> soonest;
    bool failing = false;
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        if (!m_generation->certificates[i])
            continue;
        const WallTime end = m_generation->certificates[i]->facts.notAfter;
        soonest = soonest ? std::min(*soonest, end) : end;
        failing = failing || !m_entries[i].alarm.empty() || !m_entries[i].renewal.empty();
    }
    const bool soon = soonest && *soonest - m_clock.wall() <= worthTelling;
    const std::pair now{failing ? CertificateState::ReloadFailed
                        : soon  ? CertificateState::ExpiresSoon
                                : CertificateState::Good,
                        soonest};
    if (m_told == now)
        return;
    m_told = now;
    m_events.certificatesStand(now.first, now.second);
}

CertificateStatus CertificateKeeper::statusOf(std::size_t index) const
{
    const Entry& entry = m_entries[index];
    const WallTime now = m_clock.wall();
    CertificateStatus status = certificateStatus(listener(index), m_generation->certificates[index]->facts,
                                                 planRenewal(listener(index), now), now);
    if (!entry.alarm.empty())
        status.failure = entry.problem;
    else
        status.failure = entry.renewal;
    if (!status.failure.empty())
        status.failedAt = entry.failedAt;
    return status;
}

CertificateList CertificateKeeper::status() const
{
    CertificateList list;
    for (std::size_t i = 0; i < m_entries.size(); ++i)
        if (m_generation->certificates[i])
            list.certificates.push_back(statusOf(i));
    return list;
}

Result<CertificateList, ControlError> CertificateKeeper::renew(const Actor& actor,
                                                               const CertificateRenewCommand& command)
{
    look();
    CertificateList renewed;
    std::string refused;
    bool found = false;
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        const bool meant = command.listener.empty() ? listener(i).tls && listener(i).tls->renew
                                                    : m_entries[i].listener == command.listener;
        if (!meant || !m_generation->certificates[i])
            continue;
        found = true;
        const RenewalPlan plan = planRenewal(listener(i), m_clock.wall());
        std::string failure = plan.obstacle;
        if (failure.empty() && !plan.gains && !command.force)
            failure = "its CA ends too soon for a new one to last longer";
        if (failure.empty())
            failure = renewOne(i, actor.name, plan);
        if (failure.empty())
            renewed.certificates.push_back(statusOf(i));
        else
            refused += (refused.empty() ? "listener " : "\nlistener ") + m_entries[i].listener + ": " + failure +
                       (plan.caExpires ? "" : "; replace the files: they are noticed by themselves");
    }
    tellState();
    if (!found)
        return Failure{ControlError{ControlErrorCode::NotFound,
                                    command.listener.empty()
                                        ? std::string("no listener has a certificate that renews itself")
                                        : "there is no listener \"" + command.listener + "\" with a certificate"}};
    if (!refused.empty() && (!command.listener.empty() || renewed.certificates.empty()))
        return Failure{ControlError{ControlErrorCode::Rejected, std::move(refused)}};
    return renewed;
}

} // namespace gatehouse
