// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/isotime.h"
#include "policy/decide.h"
#include "runtime/serverruntime_p.h"

#include <algorithm>
#include <unordered_set>
#include <variant>

// Temporary limits of sessions and users.
namespace gatehouse {

namespace {

std::string describe(const TemporaryLimit& limit)
{
    return "limit " + std::to_string(limit.id.value) + ", " + describeRate(limit.rate);
}

std::string describeNew(const TemporaryLimit& limit)
{
    return describe(limit) + (limit.until ? ", until " + formatTime(*limit.until) : std::string()) +
           (limit.reason.empty() ? "" : ": " + limit.reason);
}

} // namespace

AuditRecord ServerRuntime::Private::limitRecord(const Actor& actor, const TemporaryLimit& limit,
                                                std::string detail) const
{
    AuditRecord entry = commandRecord(AuditKind::TemporaryLimit, actor, std::move(detail));
    entry.session = limit.session;
    entry.user = limit.user;
    entry.issuer = limit.issuer;
    return entry;
}

void ServerRuntime::Private::run(const Actor& actor, const LimitCommand& command, const ReplyCallback& done)
{
    auto added = m_limits->add(actor, command, m_clock.now(), m_clock.wall());
    if (!added)
        return done(Failure{added.error()});
    if (command.sessions.empty())
        limitUser(actor, added->front(), done);
    else
        limitSessions(actor, *added, done);
}

void ServerRuntime::Private::limitUser(const Actor& actor, const SharedLimit& limit, const ReplyCallback& done)
{
    record(limitRecord(actor, limit->limit, describeNew(limit->limit)));
    m_gate->gather<std::monostate>(
        [limit](Worker& worker) {
            worker.limitUser(limit);
            return std::monostate();
        },
        [this, limit, done](const auto&) {
            LimitResult result;
            result.limits.push_back(limit->limit);
            answerOnceStored(std::move(result), "the limit", done);
        });
}

/// Whose session is not there has no limit.
void ServerRuntime::Private::limitSessions(const Actor& actor, const std::vector<SharedLimit>& limits,
                                           const ReplyCallback& done)
{
    m_gate->gather<SessionInfos>(
        [limits](Worker& worker) { return worker.limitSessions(limits); },
        [this, actor, limits, done](const std::vector<SessionInfos>& parts) {
            SessionInfos here;
            for (const SessionInfos& part : parts)
                here.insert(here.end(), part.begin(), part.end());
            const bool queued =
                m_runtime.post([this, actor, limits, here, done] { sessionsLimited(actor, limits, here, done); }, true);
            if (!queued)
                done(Failure{ControlError{ControlErrorCode::Unavailable, "the server is stopping"}});
        });
}

void ServerRuntime::Private::sessionsLimited(const Actor& actor, const std::vector<SharedLimit>& limits,
                                             const SessionInfos& here, const ReplyCallback& done)
{
    LimitResult result;
    for (const SharedLimit& standing : limits) {
        const TemporaryLimit& limit = standing->limit;
        const auto info = std::ranges::find(here, limit.session, [](const auto& one) { return one->id; });
        if (info == here.end()) {
            result.missing.push_back(limit.session);
            (void)m_limits->remove(limit.id);
            continue;
        }
        AuditRecord entry = limitRecord(actor, limit, describeNew(limit));
        entry.user = (*info)->user;
        entry.issuer = (*info)->issuer;
        entry.address = (*info)->address;
        entry.route = (*info)->route;
        record(std::move(entry));
        result.limits.push_back(limit);
    }
    answerOnceStored(std::move(result), "the limit", done);
}

void ServerRuntime::Private::run(const Actor&, const LimitsQuery&, const ReplyCallback& done)
{
    done(Answer(LimitList{m_limits->limits()}));
}

void ServerRuntime::Private::run(const Actor& actor, const UnlimitCommand& command, const ReplyCallback& done)
{
    const auto lifted = m_limits->remove(command.id);
    if (!lifted)
        return done(Failure{ControlError{ControlErrorCode::NotFound,
                                         "there is no temporary limit " + std::to_string(command.id.value)}});
    record(limitRecord(actor, *lifted, describe(*lifted) + ": lifted"));
    m_gate->gather<std::monostate>(
        [limits = std::vector<TemporaryLimit>{*lifted}](Worker& worker) {
            worker.unlimit(limits);
            return std::monostate();
        },
        [done](const auto&) { done(Answer(Accepted{})); });
}

void ServerRuntime::Private::expireLimits()
{
    const auto ended = m_limits->expire(m_clock.wall());
    if (ended.empty())
        return;
    m_gate->post([ended](Worker& worker) { worker.unlimit(ended); });
    for (const TemporaryLimit& limit : ended) {
        const bool timeIsOver = !limitHolds(limit, m_clock.wall());
        record(limitRecord({ruleActor, ruleActor}, limit,
                           describe(limit) + (timeIsOver ? ": its time is over" : ": its session ended")));
    }
}

} // namespace gatehouse
