// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/keykeeper.h"

#include "runtime/fetch.h"
#include "runtime/keysources.h"

#include <algorithm>

namespace gatehouse {

namespace {

bool samePlace(const Issuer& a, const Issuer& b)
{
    return a.name == b.name && a.jwksFile == b.jwksFile && a.jwksUrl == b.jwksUrl && a.jwksCa == b.jwksCa;
}

} // namespace

void KeyKeeper::setGeneration(const std::shared_ptr<const PolicyGeneration>& generation, bool mayReturn)
{
    const Policy& policy = *generation->policy;
    m_stateDir = policy.stateDir;
    std::vector<Entry> entries;
    for (std::size_t i = 0; i < policy.issuers.size(); ++i) {
        const Issuer& issuer = policy.issuers[i];
        if (issuer.jwksFile.empty() && issuer.jwksUrl.empty())
            continue;
        const auto same =
            std::ranges::find_if(m_entries, [&](const Entry& entry) { return samePlace(entry.issuer, issuer); });
        Entry entry;
        if (same != m_entries.end())
            entry = std::move(*same);
        // The file may have changed since it was read for this generation; what another issuer asks of a set, too.
        entry.settled = false;
        if (entry.issuer.refresh != issuer.refresh && entry.problem.empty() && entry.fetched)
            entry.due = *entry.fetched + issuer.refresh;
        entry.issuer = issuer;
        entry.set = generation->keys->set(i);
        entries.push_back(std::move(entry));
    }
    m_entries = std::move(entries);
    if (!mayReturn)
        dropKeptKeySets(policy);
}

void KeyKeeper::tick()
{
    const TimePoint now = m_clock.now();
    if (m_stopped || now < m_nextLook)
        return;
    m_nextLook = now + lookEvery;
    for (Entry& entry : m_entries) {
        if (!entry.issuer.jwksFile.empty())
            lookAt(entry, now);
        else if (now >= entry.due && !m_stopped)
            fetchInto(entry);
    }
    tellState();
}

/// Whoever writes a file in place leaves half of it there for a moment: what cannot be used is an error only when it
/// has stayed so for a while.
void KeyKeeper::lookAt(Entry& entry, TimePoint now)
{
    FileStamp stamp = stampOf(entry.issuer.jwksFile);
    if (stamp != entry.seen) {
        entry.seen = stamp;
        entry.changed = now;
        entry.settled = false;
        return tryFile(entry);
    }
    if (entry.settled || now - entry.changed < quiet)
        return;
    // Once more, changed or not: a write within one tick of the file system's clock leaves the same stamp.
    tryFile(entry);
    entry.settled = true;
    if (!entry.problem.empty())
        fail(entry, entry.problem);
}

void KeyKeeper::tryFile(Entry& entry)
{
    auto set = readKeySetFile(entry.issuer);
    if (set)
        use(entry, std::move(*set));
    else
        entry.problem = set.error();
}

void KeyKeeper::fetchInto(Entry& entry)
{
    const Issuer& issuer = entry.issuer;
    const auto text = fetch({issuer.jwksUrl, issuer.jwksCa, largestKeySet, std::chrono::seconds(10), &m_stopped});
    if (m_stopped)
        return;
    auto set = text ? usableKeySet(*text, issuer) : Failure{text.error()};
    const TimePoint now = m_clock.now();
    entry.fetched = now;
    if (!set) {
        entry.due = now + std::min(entry.pause, issuer.refresh);
        entry.pause = std::min(entry.pause * 2, issuer.refresh);
        return fail(entry, "issuer " + issuer.name + ": " + issuer.jwksUrl + ": " + set.error());
    }
    entry.due = now + issuer.refresh;
    entry.pause = firstPause;
    const bool changed = !entry.set || entry.set->text() != (*set)->text();
    use(entry, std::move(*set));
    if (!changed && entry.onDisk)
        return;
    const auto kept = keepKeySet(m_stateDir, issuer.jwksUrl, *entry.set);
    entry.onDisk = kept.ok();
    if (!kept)
        fail(entry, "issuer " + issuer.name + ": its keys cannot be kept for a restart: " + kept.error());
}

void KeyKeeper::use(Entry& entry, std::shared_ptr<const KeySet> set)
{
    entry.problem.clear();
    entry.alarm.clear();
    if (entry.set && entry.set->text() == set->text())
        return;
    entry.set = set;
    m_events.keySetChanged(entry.issuer, std::move(set));
}

void KeyKeeper::fail(Entry& entry, std::string problem)
{
    entry.problem = std::move(problem);
    if (entry.alarm == entry.problem)
        return;
    entry.alarm = entry.problem;
    m_events.keySetFailed(entry.problem +
                          (entry.set ? "; the keys before it go on verifying" : "; no token of this issuer is good"));
}

void KeyKeeper::keyUnknown(const std::string& name)
{
    const TimePoint now = m_clock.now();
    for (Entry& entry : m_entries)
        if (entry.issuer.name == name && !entry.issuer.jwksUrl.empty() && !m_stopped &&
            (!entry.fetched || now - *entry.fetched >= earlyAfter))
            fetchInto(entry);
    tellState();
}

void KeyKeeper::tellState()
{
    std::string problem;
    for (const Entry& entry : m_entries)
        if (!entry.alarm.empty())
            problem += (problem.empty() ? "" : "\n") + entry.alarm;
    std::pair now{problem.empty() ? KeySetState::Good : KeySetState::Failing, std::move(problem)};
    if (m_told == now)
        return;
    m_told = now;
    m_events.keySetsStand(now.first, now.second);
}

} // namespace gatehouse
