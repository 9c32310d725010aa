// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/decidelockdown.h"
#include "policy/difference.h"
#include "runtime/serverruntime_p.h"

#include <algorithm>

// What is asked about policies; nothing of it changes one.
namespace gatehouse {

namespace {

constexpr std::uint32_t mostVersions = 200;
constexpr std::size_t mostDifferences = 8U << 20; ///< bytes of one answer's; what is beyond is asked for again
constexpr std::chrono::milliseconds shortestLook{10};
constexpr std::chrono::milliseconds longestLook{60'000};

Failure<ControlError> failure(ControlErrorCode code, std::string message)
{
    return Failure{ControlError{code, std::move(message), Reason::None, {}, {}}};
}

PolicyHistoryEntry entryOf(PolicyVersion version, const PolicyVersion* before)
{
    PolicyHistoryEntry entry;
    if (before) {
        entry.changes = policyChanges(before->document, version.document);
        entry.difference = textDifference(before->document, version.document);
    }
    version.document.clear();
    entry.version = std::move(version);
    return entry;
}

Result<PolicyHistory, std::string> readHistory(const PolicyVersionReader& reader, const PolicyHistoryQuery& query)
{
    const std::uint32_t limit = std::clamp(query.limit, std::uint32_t{1}, mostVersions);
    PolicyHistory history;
    std::optional<PolicyVersion> newer; // waits for the one before it
    std::size_t bytes = 0;
    const auto read = reader.visit(query.before, [&](PolicyVersion version) {
        if (newer) {
            history.versions.push_back(entryOf(std::move(*newer), &version));
            bytes += history.versions.back().difference.size();
            newer.reset();
        }
        if (history.versions.size() == limit || bytes > mostDifferences) {
            history.more = true;
            return false;
        }
        newer = std::move(version);
        return true;
    });
    if (!read)
        return Failure{read.error()};
    if (newer)
        history.versions.push_back(entryOf(std::move(*newer), nullptr));
    return history;
}

} // namespace

/// A question for the jobs thread.
void ServerRuntime::Private::ask(const ReplyCallback& done, std::function<Reply()> question)
{
    if (!m_jobs.post([done, question = std::move(question)] { done(question()); }))
        done(failure(ControlErrorCode::Unavailable, "too many questions wait; try again"));
}

void ServerRuntime::Private::run(const Actor&, const PolicyGetQuery& query, const ReplyCallback& done)
{
    PolicyDocument answer;
    answer.version = m_policies->running();
    answer.file = m_policyFile.path().string();
    answer.running = m_policies->running().version;
    answer.returnsTo = m_policies->provisional() ? m_policies->definitive().version : 0;
    answer.fileProblem = m_policyProblem;
    answer.warnings = m_policyWarnings;
    if (query.version == 0 || query.version == answer.running)
        return done(Answer(std::move(answer)));
    ask(done, [this, answer, version = query.version]() mutable -> Reply {
        (void)m_audit->flush();
        auto found = PolicyVersionReader(m_store).version(version);
        if (!found)
            return failure(ControlErrorCode::Internal, found.error());
        if (!*found)
            return failure(ControlErrorCode::NotFound, "the history holds no version " + std::to_string(version));
        answer.version = std::move(**found);
        return Answer(std::move(answer));
    });
}

void ServerRuntime::Private::run(const Actor&, const PolicyCheckCommand& command, const ReplyCallback& done)
{
    ask(done, [this, text = command.policy, running = m_policies->running(), generation = m_generation]() -> Reply {
        PolicyCheckResult result;
        auto prepared = preparePolicy({text, m_policyFile.path(), "policy"}, *generation, running.version + 1, m_clock,
                                      m_upstreams);
        result.valid = prepared.ok();
        if (prepared) {
            result.warnings = std::move(prepared->warnings);
            result.restart = std::move(prepared->restart);
        } else {
            result.errors = prepared.error().problems;
        }
        if (auto canonical = canonicalPolicy(text)) {
            result.changes = policyChanges(running.document, canonical->document);
            result.difference = textDifference(running.document, canonical->document);
            result.document = std::move(canonical->document);
            result.hash = std::move(canonical->hash);
        }
        return Answer(std::move(result));
    });
}

void ServerRuntime::Private::run(const Actor&, const PolicyWhatIfCommand& command, const ReplyCallback& done)
{
    const auto within = command.within.value_or(*PolicyWhatIfCommand().within);
    if (within < shortestLook || within > longestLook)
        return done(failure(ControlErrorCode::BadRequest, "within: expected 10ms to 60s"));
    const bool queued = m_jobs.post([this, within, done, text = command.policy, running = m_policies->running(),
                                     generation = m_generation] {
        auto prepared = preparePolicy({text, m_policyFile.path(), "policy"}, *generation, running.version + 1, m_clock,
                                      m_upstreams);
        if (!prepared)
            return done(Failure{ControlError{ControlErrorCode::Rejected,
                                             prepared.error().message,
                                             Reason::PolicyRejected,
                                             {},
                                             prepared.error().problems}});
        PolicyWhatIfResult result;
        result.hash = prepared->hash;
        result.changes = policyChanges(running.document, prepared->document);
        result.restart = std::move(prepared->restart);
        const bool asked = m_runtime.post([this, within, done, result = std::move(result),
                                           next = prepared->generation] { askSessions(result, next, within, done); },
                                          true);
        if (!asked)
            done(failure(ControlErrorCode::Unavailable, "the server is stopping"));
    });
    if (!queued)
        done(failure(ControlErrorCode::Unavailable, "too many questions wait; try again"));
}

/// The sessions come by way of their workers, and are judged on the jobs thread.
void ServerRuntime::Private::askSessions(const PolicyWhatIfResult& result,
                                         const std::shared_ptr<const PolicyGeneration>& next,
                                         std::chrono::milliseconds within, const ReplyCallback& done)
{
    m_gate->gatherSessions([this, result, next, within, done, running = m_generation,
                            lockdown = m_lockdown](std::vector<LiveSession> live) {
        const auto sessions = std::make_shared<const std::vector<LiveSession>>(std::move(live));
        ask(done, [this, result, next, within, running, lockdown, sessions]() -> Reply {
            const WallTime wall = m_clock.wall();
            const bool locked = lockdown && lockdownHolds(*lockdown, wall);
            PolicyWhatIfResult answer = result;
            answer.live = assessPolicy(*running, *next, *sessions, m_clock.now(), wall, within,
                                       locked ? lockdown.get() : nullptr);
            return Answer(std::move(answer));
        });
    });
}

void ServerRuntime::Private::run(const Actor&, const PolicyHistoryQuery& query, const ReplyCallback& done)
{
    ask(done, [this, query]() -> Reply {
        (void)m_audit->flush(); // so that an answer holds what happened before the question
        auto history = readHistory(PolicyVersionReader(m_store), query);
        if (!history)
            return failure(ControlErrorCode::Internal, history.error());
        return Answer(std::move(*history));
    });
}

} // namespace gatehouse
