// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/isotime.h"
#include "policy/decidelockdown.h"
#include "policy/text.h"
#include "runtime/measurechecks.h"
#include "runtime/serverruntime_p.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <variant>

// Lockdown and quarantine.
namespace gatehouse {

namespace {

Failure<ControlError> bad(std::string message)
{
    return Failure{ControlError{ControlErrorCode::BadRequest, std::move(message)}};
}

/// In the order in which they were named.
std::vector<SessionId> withoutRepeats(const std::vector<SessionId>& ids)
{
    std::vector<SessionId> once;
    std::unordered_set<SessionId> seen;
    std::ranges::copy_if(ids, std::back_inserter(once), [&](SessionId id) { return seen.insert(id).second; });
    return once;
}

std::string describe(const Lockdown& lockdown, const LockdownLists& lists)
{
    std::vector<std::string> networks;
    for (const Network& network : lists.networks)
        networks.push_back(network.toString());
    std::string text = "on" + (lockdown.until ? ", until " + formatTime(*lockdown.until) : std::string());
    if (lists.users.empty() && networks.empty())
        text += "; nobody may stay";
    if (!lists.users.empty())
        text += "; users " + joined(lists.users, ", ");
    if (!networks.empty())
        text += "; networks " + joined(networks, ", ");
    return lockdown.reason.empty() ? text : lockdown.reason + "; " + text;
}

} // namespace

void ServerRuntime::Private::run(const Actor& actor, const LockdownCommand& command, const ReplyCallback& done)
{
    if (std::string problem = problemOf(command); !problem.empty())
        return done(bad(std::move(problem)));
    if (!command.on)
        return endLockdown(actor, command.reason, done);
    Lockdown lockdown;
    if (command.allowUsers || command.allowNetworks)
        lockdown.lists = LockdownLists{command.allowUsers.value_or(std::vector<std::string>{}),
                                       command.allowNetworks.value_or(std::vector<Network>{})};
    lockdown.actor = actor.name;
    lockdown.reason = command.reason;
    lockdown.since = m_clock.wall();
    if (command.duration)
        lockdown.until = lockdown.since + *command.duration;
    m_lockdown = std::make_shared<const Lockdown>(lockdown);
    m_audit->setLockdown(lockdown);
    LockdownResult result{lockdown, listsOf(*m_policy, lockdown), {}};
    AuditRecord entry = commandRecord(AuditKind::Lockdown, actor, describe(lockdown, result.lists));
    entry.decision.reason = Reason::Lockdown;
    record(std::move(entry));
    publishLockdown([this, result, done] { endLockedOut(result, done); });
}

/// Whoever has the answer knows that it stands at every worker.
void ServerRuntime::Private::publishLockdown(std::function<void()> then)
{
    m_gate->gather<std::monostate>(
        [lockdown = m_lockdown](Worker& worker) {
            worker.setLockdown(lockdown);
            return std::monostate();
        },
        [then = std::move(then)](const auto&) { then(); });
}

/// It stands at every worker before the sessions end at one, so that nobody slips back in between.
void ServerRuntime::Private::endLockedOut(const LockdownResult& result, const ReplyCallback& done)
{
    m_gate->gather<SessionInfos>([](Worker& worker) { return worker.endLockedOut(); },
                                 [this, result, done](const std::vector<SessionInfos>& parts) {
                                     LockdownResult whole = result;
                                     for (const SessionInfos& part : parts)
                                         for (const auto& info : part)
                                             whole.ended.push_back(info->id);
                                     answerOnceStored(std::move(whole), "the lockdown", done);
                                 });
}

/// Where none is on, nothing is to be done.
void ServerRuntime::Private::endLockdown(const Actor& actor, const std::string& why, const ReplyCallback& done)
{
    if (!m_lockdown)
        return done(Answer(LockdownResult{}));
    m_lockdown.reset();
    m_audit->setLockdown(std::nullopt);
    record(commandRecord(AuditKind::Lockdown, actor, why.empty() ? "off" : "off: " + why));
    publishLockdown([this, done] { answerOnceStored(LockdownResult{}, "the end of the lockdown", done); });
}

void ServerRuntime::Private::expireLockdown()
{
    if (m_lockdown && !lockdownHolds(*m_lockdown, m_clock.wall()))
        endLockdown({ruleActor, ruleActor}, "its time is over", [](const Reply&) {});
}

void ServerRuntime::Private::run(const Actor& actor, const QuarantineCommand& command, const ReplyCallback& done)
{
    if (std::string problem = problemOf(command); !problem.empty())
        return done(bad(std::move(problem)));
    const std::vector<SessionId> ids = withoutRepeats(command.sessions);
    m_gate->gather<std::vector<SessionId>>(
        [ids, on = command.on, order = QuarantineOrder{command.duration, actor.name, command.reason}](Worker& worker) {
            return on ? worker.quarantine(ids, order) : worker.endQuarantine(ids, order.actor, order.reason);
        },
        [ids, done](const std::vector<std::vector<SessionId>>& parts) {
            QuarantineResult result;
            for (const SessionId id : ids) {
                const bool here = std::ranges::any_of(
                    parts, [id](const auto& part) { return std::ranges::find(part, id) != part.end(); });
                (here ? result.sessions : result.missing).push_back(id);
            }
            done(Answer(std::move(result)));
        });
}

} // namespace gatehouse
