// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/serverruntime_p.h"

#include <algorithm>
#include <unistd.h>
#include <unordered_set>

// What each command does, on the runtime thread.
namespace gatehouse {

namespace {

Failure<ControlError> failure(ControlErrorCode code, std::string message)
{
    return Failure{ControlError{code, std::move(message)}};
}

template <class T> std::vector<T> flatten(std::vector<std::vector<T>> parts)
{
    std::vector<T> all;
    for (std::vector<T>& part : parts)
        std::ranges::move(part, std::back_inserter(all));
    return all;
}

std::vector<SessionId> idsOf(const std::vector<std::shared_ptr<const SessionInfo>>& infos)
{
    std::vector<SessionId> ids;
    for (const auto& info : infos)
        ids.push_back(info->id);
    return ids;
}

std::string describe(const std::optional<std::chrono::milliseconds>& cooldown)
{
    return cooldown ? "cooldown " +
                          std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*cooldown).count()) + " s"
                    : "no cooldown";
}

} // namespace

void ServerRuntime::Private::run(const Actor&, const InfoQuery&, const ReplyCallback& done)
{
    Info info;
    info.name = m_policy->name;
    info.version = GATEHOUSE_VERSION;
    info.pid = static_cast<std::uint64_t>(getpid());
    info.workers = static_cast<std::uint32_t>(m_gate->size());
    info.policyVersion = m_policy->version;
    info.policyFile = m_policy->file.string();
    info.stateDir = m_policy->stateDir.string();
    info.started = m_started;
    info.listeners = m_gate->listeners();
    info.stats = stats();
    info.latencies = sumLatencies(m_gate->counters());
    info.bans = {m_bans->bans().size(), m_bans->byRule()};
    info.process = m_process.look(m_clock.now(), m_clock.wall());
    info.hub = m_gate->hubFigures();
    const auto up = std::chrono::duration_cast<std::chrono::seconds>(m_clock.wall() - m_started).count();
    info.nodes = {{info.name, info.version, info.stats.sessions, m_gate->users(), info.hub.channels,
                   static_cast<std::uint64_t>(std::max<std::int64_t>(up, 0))}};
    done(Answer(std::move(info)));
}

void ServerRuntime::Private::run(const Actor&, const SessionsQuery&, const ReplyCallback& done)
{
    m_gate->gather<std::vector<SessionRow>>([](const Worker& worker) { return worker.rows(); },
                                            [done](auto parts) {
                                                SessionList list{flatten(std::move(parts))};
                                                std::ranges::sort(list.sessions, {},
                                                                  [](const SessionRow& row) { return row.info->id; });
                                                done(Answer(std::move(list)));
                                            });
}

void ServerRuntime::Private::run(const Actor&, const SessionQuery& query, const ReplyCallback& done)
{
    const SessionId id = query.id;
    m_gate->gather<std::optional<SessionRow>>(
        [id](const Worker& worker) { return worker.row(id); },
        [done, id](auto rows) {
            for (std::optional<SessionRow>& row : rows)
                if (row)
                    return done(Answer(std::move(*row)));
            done(failure(ControlErrorCode::NotFound, "session " + std::to_string(id.value) + " is not open"));
        });
}

/// The cooldown stands at every worker before the session ends at one, so that nobody slips back in between.
void ServerRuntime::Private::run(const Actor& actor, const KickCommand& command, const ReplyCallback& done)
{
    if (command.cooldown && command.cooldown->count() < 0)
        return done(failure(ControlErrorCode::BadRequest, "a cooldown cannot be negative"));
    if (!command.cooldown || command.cooldown->count() == 0)
        return endKicked(actor, command, done);
    using Keys = std::vector<std::pair<SessionId, std::string>>;
    m_gate->gather<Keys>(
        [ids = command.sessions](const Worker& worker) { return worker.keysOf(ids); },
        [this, actor, command, done](auto parts) {
            const bool queued = m_runtime.post(
                [this, actor, command, done, keys = flatten(std::move(parts))] {
                    for (const auto& [id, key] : keys)
                        m_bans->addCooldown(key, m_clock.now() + *command.cooldown);
                    m_gate->gather<std::monostate>(
                        [set = m_bans->set()](Worker& worker) {
                            worker.setBans(set);
                            return std::monostate();
                        },
                        [this, actor, command, done](const auto&) { endKicked(actor, command, done); });
                },
                true);
            if (!queued)
                done(failure(ControlErrorCode::Unavailable, "the server is stopping"));
        });
}

void ServerRuntime::Private::endKicked(const Actor& actor, const KickCommand& command, const ReplyCallback& done)
{
    const Ending ending{{Reason::Kicked, {}, {}, {}}, closeCode(Reason::Kicked), command.reason, actor.name};
    m_gate->gather<SessionInfos>(
        [ids = command.sessions, ending](Worker& worker) { return worker.endSessions(ids, ending); },
        [this, actor, command, done](auto parts) { finishKick(actor, command, flatten(std::move(parts)), done); });
}

void ServerRuntime::Private::finishKick(const Actor& actor, const KickCommand& command, const SessionInfos& ended,
                                        const ReplyCallback& done)
{
    KickResult result;
    result.kicked = idsOf(ended);
    const std::unordered_set<SessionId> kicked(result.kicked.begin(), result.kicked.end());
    std::ranges::copy_if(command.sessions, std::back_inserter(result.missing),
                         [&](SessionId id) { return !kicked.contains(id); });
    for (const auto& info : ended) {
        AuditRecord kick;
        kick.time = m_clock.wall();
        kick.kind = AuditKind::Kick;
        kick.decision.reason = Reason::Kicked;
        kick.session = info->id;
        kick.user = info->user;
        kick.issuer = info->issuer;
        kick.address = info->address;
        kick.route = info->route;
        kick.actor = actor.name;
        kick.code = closeCode(Reason::Kicked).value_or(0);
        kick.detail = describe(command.cooldown) + (command.reason.empty() ? "" : "; " + command.reason);
        kick.policyVersion = info->policyVersion;
        record(std::move(kick));
    }
    done(Answer(std::move(result)));
}

void ServerRuntime::Private::run(const Actor& actor, const BanCommand& command, const ReplyCallback& done)
{
    auto ban = m_bans->add(actor, command, m_clock.wall());
    if (!ban)
        return done(Failure{ban.error()});
    publishBans();
    if (const auto address = IpAddress::parse(ban->value))
        m_failures.touch(*address);
    AuditRecord record = commandRecord(AuditKind::Ban, actor,
                                       std::string(banSubjectWord(ban->subject)) + ' ' + ban->value +
                                           (ban->reason.empty() ? "" : ": " + ban->reason));
    record.decision.reason = Reason::Banned;
    if (ban->subject == BanSubject::User) {
        record.user = ban->value;
        record.issuer = ban->issuer;
    } else {
        record.address = ban->value;
    }
    this->record(std::move(record));
    endBanned(*ban, done);
}

void ServerRuntime::Private::endBanned(const Ban& ban, const ReplyCallback& done)
{
    const Ending ending{
        {Reason::Banned, banRule(ban), ban.value, {}}, closeCode(Reason::Banned), ban.reason, ban.actor};
    m_gate->gather<SessionInfos>([ban, ending](Worker& worker) { return worker.endMatching(ban, ending); },
                                 [this, ban, done](auto parts) {
                                     BanResult result{ban, idsOf(flatten(std::move(parts)))};
                                     // Nobody waits for a rule's, and a flood of them must not fill the queue that
                                     // operators use.
                                     if (ban.actor == ruleActor)
                                         done(Answer(std::move(result)));
                                     else
                                         answerOnceStored(std::move(result), "the ban", done);
                                 });
}

/// Who is told of a ban or a revocation may rely on it: it stands after a crash too. It holds before, and does not
/// wait.
void ServerRuntime::Private::answerOnceStored(Answer answer, const std::string& what, const ReplyCallback& done)
{
    const std::string holds = what + " holds, but ";
    // Shared, since it may name a hundred thousand sessions.
    const bool queued = m_jobs.post([this, answer = std::make_shared<Answer>(std::move(answer)), holds, done] {
        if (m_audit->flush())
            done(std::move(*answer));
        else
            done(failure(ControlErrorCode::Internal,
                         holds + "the store cannot be written, so that it would not outlast a crash"));
    });
    if (!queued)
        done(failure(ControlErrorCode::Unavailable,
                     holds + "too many questions wait for the store to say when it is written"));
}

void ServerRuntime::Private::run(const Actor& actor, const UnbanCommand& command, const ReplyCallback& done)
{
    const auto lifted = m_bans->remove(command.id);
    if (!lifted)
        return done(failure(ControlErrorCode::NotFound, "there is no ban " + std::to_string(command.id.value)));
    publishBans();
    if (const auto address = IpAddress::parse(lifted->value))
        m_failures.touch(*address);
    const bool ofAddresses = lifted->subject == BanSubject::Address || lifted->subject == BanSubject::Network;
    if (const auto network = Network::parse(lifted->value); network && ofAddresses)
        m_gate->forgive(network->base); // whoever is let in again is not kept out by what led to the ban
    record(commandRecord(AuditKind::Unban, actor, std::string(banSubjectWord(lifted->subject)) + ' ' + lifted->value));
    done(Answer(UnbanResult{*lifted}));
}

void ServerRuntime::Private::run(const Actor&, const BansQuery&, const ReplyCallback& done)
{
    done(Answer(BanList{m_bans->bans()}));
}

void ServerRuntime::Private::run(const Actor&, const AuditQuery& query, const ReplyCallback& done)
{
    const bool queued = m_jobs.post([this, query, done] {
        m_audit->flush(); // so that an answer holds what happened before the question
        auto page = AuditReader(m_store).query(query);
        if (page)
            done(Answer(std::move(*page)));
        else
            done(failure(ControlErrorCode::Internal, page.error()));
    });
    if (!queued)
        done(failure(ControlErrorCode::Unavailable, "too many questions wait for the audit log; try again"));
}

void ServerRuntime::Private::run(const Actor&, const AuthFailuresQuery&, const ReplyCallback& done)
{
    done(Answer(AuthFailureList{marked(m_failures.all(m_clock.wall()))}));
}

} // namespace gatehouse
