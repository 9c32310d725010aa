// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/isotime.h"
#include "policy/difference.h"
#include "policy/load.h"
#include "policy/text.h"
#include "runtime/serverruntime_p.h"

// How the policy of a running server changes: by a command, or by itself.
namespace gatehouse {

namespace {

constexpr std::size_t longestReason = 1024; // bytes
constexpr std::chrono::milliseconds shortestProvisional = std::chrono::seconds(1);
constexpr std::chrono::milliseconds longestProvisional = std::chrono::hours(24);

/// What is wrong with what was asked for; empty: nothing.
std::string badParameter(const std::string& reason, const std::optional<std::chrono::milliseconds>& provisional)
{
    if (reason.size() > longestReason)
        return "reason: more than " + std::to_string(longestReason) + " bytes";
    if (provisional && (*provisional < shortestProvisional || *provisional > longestProvisional))
        return "provisional: expected " + formatDuration(shortestProvisional) + " to " +
               formatDuration(longestProvisional);
    return {};
}

std::string wordsOf(const PolicyStep& step, const PolicyVersion& version)
{
    std::string text = numberedVersion(version.version);
    if (version.restores != 0)
        text += ", which restores " + numberedVersion(version.restores);
    text += ": " + std::to_string(step.changes.size()) + (step.changes.size() == 1 ? " change" : " changes");
    if (version.provisionalUntil)
        text += "; provisional until " + formatTime(*version.provisionalUntil);
    if (!step.prepared->restart.empty())
        text += "; only with a restart: " + joined(step.prepared->restart, ", ");
    if (!version.reason.empty())
        text += "; " + version.reason;
    return text;
}

/// What an apply and a rollback have in common.
std::shared_ptr<PolicyStep> stepOf(const Actor& actor, const auto& command, const ReplyCallback& done,
                                   PolicyOrigin origin)
{
    auto step = std::make_shared<PolicyStep>();
    step->actor = actor;
    step->done = done;
    step->origin = origin;
    step->base = command.base;
    step->reason = command.reason;
    step->provisional = command.provisional;
    step->replaceFile = command.replaceFile;
    return step;
}

} // namespace

void ServerRuntime::Private::startStep(const Step& step)
{
    if (m_steps.size() >= stepLimit)
        return step->done(Failure{ControlError{
            ControlErrorCode::Unavailable, "too many changes of the policy wait; try again", Reason::None, {}, {}}});
    m_steps.push_back(step);
    if (m_steps.size() == 1)
        runStep();
}

void ServerRuntime::Private::runStep()
{
    const Step step = m_steps.front();
    step->running = m_policies->running();
    step->definitive = m_policies->definitive();
    step->generation = m_generation;
    prepareStep(step);
}

void ServerRuntime::Private::prepareStep(const Step& step)
{
    const bool queued = m_jobs.post(
        [this, step] {
            auto refusal = step->prepare(*step);
            (void)m_runtime.post([this, step, refusal = std::move(refusal)] { finishStep(step, refusal); }, true);
        },
        true);
    if (!queued)
        refuseStep(step, {ControlErrorCode::Unavailable, "the server is stopping", Reason::None, {}, {}});
}

void ServerRuntime::Private::finishStep(const Step& step, PolicyStep::Refusal refusal)
{
    if (!refusal && m_policies->running().version != step->running.version)
        refusal = policyConflict(numberedVersion(m_policies->running().version) +
                                 " came meanwhile: " + m_policies->running().reason);
    if (!refusal && m_generation != step->generation) { // certificates or keys came meanwhile
        step->generation = m_generation;
        return prepareStep(step);
    }
    if (!refusal)
        refusal = step->finish(*step);
    if (!refusal)
        return endStep();
    if (!step->written)
        return refuseStep(step, std::move(*refusal));
    const auto undo = [this, step, error = *refusal] {
        restoreFile(*step);
        if (!m_runtime.post([this, step, error] { refuseStep(step, error); }, true))
            refuseStep(step, error);
    };
    if (!m_jobs.post(undo, true)) { // stopping
        restoreFile(*step);
        refuseStep(step, std::move(*refusal));
    }
}

void ServerRuntime::Private::refuseStep(const Step& step, ControlError error)
{
    AuditRecord refused = commandRecord(step->kind, step->actor, error.message);
    refused.decision.reason = error.reason;
    if (error.reason != Reason::None)
        m_refused[static_cast<std::size_t>(error.reason)].add();
    record(std::move(refused));
    if (step->kind == AuditKind::Reload)
        reloadRefused(*step, error);
    step->done(Failure{std::move(error)});
    endStep();
}

void ServerRuntime::Private::endStep()
{
    m_steps.pop_front();
    if (!m_steps.empty())
        runStep();
}

/// The version that a step makes.
PolicyVersion ServerRuntime::Private::versionOf(const PolicyStep& step) const
{
    PolicyVersion version;
    version.version = m_policies->nextNumber();
    version.origin = step.origin;
    version.time = m_clock.wall();
    version.author = step.actor.name;
    version.via = step.actor.via;
    version.reason = step.reason;
    version.hash = step.prepared->hash;
    version.restores = step.restores;
    if (step.provisional)
        version.provisionalUntil = version.time + *step.provisional;
    return version;
}

/// On the runtime thread: what was prepared runs from here on. `answer` meets those who wait for it later.
PolicyStep::Refusal ServerRuntime::Private::finishChange(PolicyStep& step, const Answering& answering)
{
    auto answer = std::make_shared<PolicyApplied>();
    answer->version = versionOf(step);
    answer->changes = step.changes;
    answer->restart = step.prepared->restart;
    answer->warnings = step.prepared->warnings;
    PolicyVersion version = answer->version;
    // By way of this thread, where the change is at its end by then: who is told of it meets it everywhere.
    const auto applied = m_gate->apply(step.prepared->generation, [this, answer, answering](PolicyMet met) {
        answer->sessions = met.sessions;
        answer->ended = std::move(met.ended);
        const auto tell = [answer, answering] { answering(std::move(*answer)); };
        if (!m_runtime.post(tell, true))
            tell();
    });
    if (!applied)
        return ControlError{ControlErrorCode::Rejected, applied.error(), Reason::Listener, {}, {}};
    version.document = step.prepared->document;
    takeVersion(std::move(version), step.prepared->generation, step.provisional);
    m_policyWarnings = step.prepared->warnings;
    if (!step.provisional)
        m_policyProblem.clear();
    record(commandRecord(step.kind, step.actor, wordsOf(step, m_policies->running())));
    return std::nullopt;
}

void ServerRuntime::Private::takeVersion(PolicyVersion version, const std::shared_ptr<const PolicyGeneration>& next,
                                         const std::optional<std::chrono::milliseconds>& provisional)
{
    m_returnProblem.clear();
    if (!provisional) {
        m_returning.reset();
    } else if (!m_policies->provisional()) {
        m_returning = m_generation;
        m_returningWarnings = m_policyWarnings;
    }
    m_policies->take(std::move(version), m_clock.now(), provisional);
    adoptGeneration(next);
    storeVersion();
}

void ServerRuntime::Private::storeVersion()
{
    m_audit->addPolicyVersion({m_policies->running(), m_policies->definitive().version});
}

/// A provisional policy whose time is over gives way by itself. A change that is under way may take its time, within
/// limits: it may be the confirmation.
void ServerRuntime::Private::checkProvisional(TimePoint now)
{
    if (!m_policies->provisional() || m_policies->left(now) > std::chrono::nanoseconds(0) || now < m_nextReturn)
        return;
    if (!m_steps.empty() && -m_policies->left(now) < longestHold)
        return;
    const auto next = returnedGeneration(*m_returning, *m_generation, m_policies->nextNumber());
    if (const auto applied = m_gate->apply(next, [](const PolicyMet&) {}); !applied) {
        m_nextReturn = now + std::chrono::seconds(1);
        const std::string problem = numberedVersion(m_policies->definitive().version) +
                                    " cannot return, and is tried again: " + applied.error();
        if (std::exchange(m_returnProblem, problem) != problem) {
            AuditRecord failed = commandRecord(AuditKind::Policy, {ruleActor, ruleActor}, problem);
            failed.decision.reason = Reason::Listener;
            m_refused[static_cast<std::size_t>(Reason::Listener)].add();
            record(std::move(failed));
        }
        return;
    }
    PolicyVersion version = m_policies->returned(m_clock.wall());
    const std::string words =
        numberedVersion(version.version) + " restores " + numberedVersion(version.restores) + ": " + version.reason;
    takeVersion(std::move(version), next, std::nullopt);
    m_policyWarnings = m_returningWarnings;
    record(commandRecord(AuditKind::Policy, {ruleActor, ruleActor}, words));
}

/// A change that somebody ordered, from its base to its answer. `find` fills in what the command does not bring along.
void ServerRuntime::Private::startChange(const Step& step, std::function<PolicyStep::Refusal(PolicyStep&)> find)
{
    if (std::string bad = badParameter(step->reason, step->provisional); !bad.empty())
        return step->done(Failure{ControlError{ControlErrorCode::BadRequest, std::move(bad), Reason::None, {}, {}}});
    if (step->replaceFile && !step->actor.local())
        return step->done(
            Failure{ControlError{ControlErrorCode::Rejected,
                                 "replace_file: a file that was edited by hand is replaced only on the server itself",
                                 Reason::PolicyRejected,
                                 {},
                                 {}}});
    if (step->provisional)
        step->origin = PolicyOrigin::Provisional;
    step->prepare = [this, find = std::move(find)](PolicyStep& one) -> PolicyStep::Refusal {
        if (auto refusal = baseConflict(one))
            return refusal;
        if (auto refusal = find(one))
            return refusal;
        if (auto refusal = one.written ? std::nullopt : fileConflict(one))
            return refusal;
        return prepareChange(one);
    };
    step->finish = [this](PolicyStep& one) {
        return finishChange(one, [this, done = one.done](PolicyApplied applied) {
            answerOnceStored(std::move(applied), "the policy", done);
        });
    };
    startStep(step);
}

void ServerRuntime::Private::run(const Actor& actor, const PolicyApplyCommand& command, const ReplyCallback& done)
{
    const Step step = stepOf(actor, command, done, PolicyOrigin::Apply);
    step->text = command.policy;
    startChange(step, [](PolicyStep&) { return std::nullopt; });
}

void ServerRuntime::Private::run(const Actor& actor, const PolicyRollbackCommand& command, const ReplyCallback& done)
{
    startChange(stepOf(actor, command, done, PolicyOrigin::Rollback),
                [this, wanted = command.version](PolicyStep& one) { return findRestored(one, wanted); });
}

void ServerRuntime::Private::run(const Actor& actor, const PolicyConfirmCommand& command, const ReplyCallback& done)
{
    const auto step = std::make_shared<PolicyStep>();
    step->actor = actor;
    step->done = done;
    step->prepare = [this, wanted = command.version](PolicyStep& one) -> PolicyStep::Refusal {
        if (one.running.version == one.definitive.version)
            return ControlError{
                ControlErrorCode::NotFound, "no version of the policy waits to be confirmed", Reason::None, {}, {}};
        if (wanted != 0 && wanted != one.running.version)
            return ControlError{ControlErrorCode::NotFound,
                                numberedVersion(wanted) + " does not wait to be confirmed; " +
                                    numberedVersion(one.running.version) + " does",
                                Reason::None,
                                {},
                                {}};
        if (one.written)
            return std::nullopt;
        if (auto refusal = fileConflict(one, one.running.hash))
            return refusal;
        return writeFile(one, one.running.document, one.running.hash);
    };
    step->finish = [this](PolicyStep& one) { return finishConfirm(one); };
    startStep(step);
}

PolicyStep::Refusal ServerRuntime::Private::finishConfirm(PolicyStep& step)
{
    m_policies->confirm(step.actor, m_clock.wall());
    m_returning.reset();
    m_returnProblem.clear();
    m_policyProblem.clear();
    storeVersion();
    PolicyApplied answer;
    answer.version = m_policies->running();
    answer.version.document.clear();
    answer.warnings = m_policyWarnings;
    record(commandRecord(AuditKind::Policy, step.actor, numberedVersion(answer.version.version) + " confirmed"));
    answerOnceStored(std::move(answer), "the policy", step.done);
    return std::nullopt;
}

} // namespace gatehouse
