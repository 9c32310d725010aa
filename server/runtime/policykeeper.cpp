// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/policykeeper.h"

#include "domain/ban.h"

namespace gatehouse {

PolicyVersion PolicyKeeper::atStart(const std::optional<PolicyVersion>& newest,
                                    const std::optional<PolicyVersion>& definitive, std::string document,
                                    std::string hash, WallTime now)
{
    const bool waited = newest && (!definitive || definitive->version != newest->version);
    if (definitive && !waited && definitive->hash == hash)
        return *definitive;
    PolicyVersion next;
    next.version = newest ? newest->version + 1 : 1;
    next.time = now;
    next.author = "file";
    next.via = "file";
    next.hash = std::move(hash);
    next.document = std::move(document);
    if (!waited)
        return next;
    const std::string name = "version " + std::to_string(newest->version);
    if (definitive && definitive->hash == next.hash) {
        next.origin = PolicyOrigin::Returned;
        next.restores = definitive->version;
        next.author = ruleActor;
        next.via = ruleActor;
        next.reason = name + " was not confirmed before the server ended";
    } else if (newest->hash == next.hash) {
        next.reason = "the server ended while " + name + " was confirmed; the file holds it";
    } else {
        next.reason = "the file was changed; " + name + " was not confirmed before the server ended";
    }
    return next;
}

void PolicyKeeper::take(PolicyVersion next, TimePoint now, const std::optional<std::chrono::milliseconds>& provisional)
{
    if (provisional) {
        if (!m_returnsTo)
            m_returnsTo = m_running;
        m_until = now + *provisional;
    } else {
        m_returnsTo.reset();
    }
    m_running = std::move(next);
}

void PolicyKeeper::confirm(const Actor& actor, WallTime wall)
{
    m_running.confirmed = wall;
    m_running.confirmedBy = actor.name;
    m_returnsTo.reset();
}

PolicyVersion PolicyKeeper::returned(WallTime wall) const
{
    PolicyVersion next = definitive();
    next.version = nextNumber();
    next.origin = PolicyOrigin::Returned;
    next.time = wall;
    next.author = ruleActor;
    next.via = ruleActor;
    next.reason = "version " + std::to_string(m_running.version) + " was not confirmed in time";
    next.restores = definitive().version;
    next.provisionalUntil.reset();
    next.confirmed.reset();
    next.confirmedBy.clear();
    return next;
}

} // namespace gatehouse
