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

ControlError conflict(std::string message, std::string difference = {})
{
    return {ControlErrorCode::Conflict, std::move(message), Reason::PolicyConflict, std::move(difference), {}};
}

std::string numbered(std::uint64_t version)
{
    return "version " + std::to_string(version);
}

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
    std::string text = numbered(version.version);
    if (version.restores != 0)
        text += ", which restores " + numbered(version.restores);
    text += ": " + std::to_string(step.changes.size()) + (step.changes.size() == 1 ? " change" : " changes");
    if (version.provisionalUntil)
        text += "; provisional until " + formatTime(*version.provisionalUntil);
    if (!step.prepared->restart.empty())
        text += "; only with a restart: " + joined(step.prepared->restart, ", ");
    if (!version.reason.empty())
        text += "; " + version.reason;
    return text;
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
        refusal =
            conflict(numbered(m_policies->running().version) + " came meanwhile: " + m_policies->running().reason);
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

/// On the jobs thread: whether the file holds what it is to hold, `also` or a document of that hash.
PolicyStep::Refusal ServerRuntime::Private::fileConflict(const PolicyStep& step, const std::string& also) const
{
    if (step.replaceFile)
        return std::nullopt;
    const auto text = m_policyFile.peek();
    if (!text)
        return conflict("the policy's file cannot be read (" + text.error() +
                        "), so that what it holds would be lost; mend it, or ask to replace the file");
    const auto held = canonicalPolicy(*text);
    if (held && (held->hash == step.definitive.hash || held->hash == also))
        return std::nullopt;
    ControlError error = conflict(m_policyFile.path().string() +
                                      " was changed by hand and does not run; reload it, or ask to replace the file",
                                  textDifference(step.definitive.document, held ? held->document : *text));
    if (const auto parsed = parsePolicy(*text, m_policyFile.path()); !parsed) {
        error.problems = problemsOf(parsed.error());
        for (const PolicyError& one : parsed.error())
            error.message += "\n" + formatPolicyError(one, m_policyFile.path());
    }
    return error;
}

/// On the jobs thread.
PolicyStep::Refusal ServerRuntime::Private::baseConflict(const PolicyStep& step) const
{
    if (step.base == step.running.hash)
        return std::nullopt;
    std::string message = "the policy changed since: " + numbered(step.running.version) + " runs, by " +
                          step.running.author + " via " + step.running.via;
    (void)m_audit->flush();
    const auto base = PolicyVersionReader(m_store).ofHash(step.base);
    if (base && *base)
        return conflict(message + "; the difference is from " + numbered((*base)->version),
                        textDifference((*base)->document, step.running.document));
    if (step.text.empty())
        return conflict(message + "; the base is not in the history");
    const auto own = canonicalPolicy(step.text);
    return conflict(message + "; the base is not in the history, the difference is from the document given",
                    textDifference(own ? own->document : step.text, step.running.document));
}

/// On the jobs thread: the document that is to run, checked and loaded, and in the file where it is there to stay.
PolicyStep::Refusal ServerRuntime::Private::prepareChange(PolicyStep& step)
{
    const std::string shown = step.restores != 0 ? numbered(step.restores) : "policy";
    auto prepared =
        preparePolicy({step.text, m_policyFile.path(), shown}, *step.generation, step.running.version + 1, m_clock);
    if (!prepared)
        return ControlError{ControlErrorCode::Rejected,
                            prepared.error().message,
                            Reason::PolicyRejected,
                            {},
                            prepared.error().problems};
    step.prepared = std::move(*prepared);
    step.changes = policyChanges(step.running.document, step.prepared->document);
    if (step.provisional || step.written)
        return std::nullopt;
    return writeFile(step, step.prepared->document, step.prepared->hash);
}

PolicyStep::Refusal ServerRuntime::Private::writeFile(PolicyStep& step, const std::string& document,
                                                      const std::string& hash)
{
    const auto text = m_policyFile.peek();
    const auto held = text ? canonicalPolicy(*text) : std::nullopt;
    if (held && held->hash == hash)
        return std::nullopt;
    if (const auto written = m_policyFile.write(document); !written)
        return ControlError{ControlErrorCode::Rejected,
                            "the policy's file cannot be written, so that nothing was "
                            "changed: " +
                                written.error(),
                            Reason::PolicyRejected,
                            {},
                            {}};
    if (text)
        step.before = *text;
    step.written = true;
    return std::nullopt;
}

/// On the jobs thread. Somebody else's text in the file stays.
void ServerRuntime::Private::restoreFile(const PolicyStep& step)
{
    const std::string& ours = step.prepared ? step.prepared->document : step.running.document;
    const auto held = m_policyFile.peek();
    if (!held || *held != ours)
        return;
    if (!step.before) {
        std::error_code error;
        std::filesystem::remove(m_policyFile.path(), error);
    } else if (const auto written = m_policyFile.write(*step.before); !written) {
        certificateRecord(AuditKind::Policy, Reason::PolicyRejected, step.actor.name,
                          "the policy's file holds what was refused: " + written.error());
    }
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
    const auto applied = m_gate->apply(step.prepared->generation, [answer, answering](PolicyMet met) {
        answer->sessions = met.sessions;
        answer->ended = std::move(met.ended);
        answering(std::move(*answer));
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
        const std::string problem =
            numbered(m_policies->definitive().version) + " cannot return, and is tried again: " + applied.error();
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
        numbered(version.version) + " restores " + numbered(version.restores) + ": " + version.reason;
    takeVersion(std::move(version), next, std::nullopt);
    m_policyWarnings = m_returningWarnings;
    record(commandRecord(AuditKind::Policy, {ruleActor, ruleActor}, words));
}

void ServerRuntime::Private::run(const Actor& actor, const PolicyApplyCommand& command, const ReplyCallback& done)
{
    if (std::string bad = badParameter(command.reason, command.provisional); !bad.empty())
        return done(Failure{ControlError{ControlErrorCode::BadRequest, std::move(bad), Reason::None, {}, {}}});
    const auto step = std::make_shared<PolicyStep>();
    step->actor = actor;
    step->done = done;
    step->origin = command.provisional ? PolicyOrigin::Provisional : PolicyOrigin::Apply;
    step->text = command.policy;
    step->base = command.base;
    step->reason = command.reason;
    step->provisional = command.provisional;
    step->replaceFile = command.replaceFile;
    step->prepare = [this](PolicyStep& one) -> PolicyStep::Refusal {
        if (auto refusal = baseConflict(one))
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

/// On the jobs thread: the document that a rollback means.
PolicyStep::Refusal ServerRuntime::Private::findRestored(PolicyStep& step, std::uint64_t wanted) const
{
    const auto problem = [](ControlErrorCode code, std::string message) {
        return ControlError{code, std::move(message), Reason::None, {}, {}};
    };
    if (wanted == step.running.version)
        return problem(ControlErrorCode::Rejected, numbered(wanted) + " runs already");
    if (wanted == 0 && step.definitive.version != step.running.version)
        wanted = step.definitive.version;
    (void)m_audit->flush();
    const PolicyVersionReader history(m_store);
    const auto found =
        wanted == 0 ? history.definitiveBefore(step.running.version, step.running.hash) : history.version(wanted);
    if (!found)
        return problem(ControlErrorCode::Internal, found.error());
    if (!*found)
        return problem(ControlErrorCode::NotFound, wanted == 0 ? "the history holds no version before the running one"
                                                               : "the history holds no " + numbered(wanted));
    step.text = (*found)->document;
    step.restores = (*found)->version;
    return std::nullopt;
}

void ServerRuntime::Private::run(const Actor& actor, const PolicyRollbackCommand& command, const ReplyCallback& done)
{
    if (std::string bad = badParameter(command.reason, command.provisional); !bad.empty())
        return done(Failure{ControlError{ControlErrorCode::BadRequest, std::move(bad), Reason::None, {}, {}}});
    const auto step = std::make_shared<PolicyStep>();
    step->actor = actor;
    step->done = done;
    step->origin = command.provisional ? PolicyOrigin::Provisional : PolicyOrigin::Rollback;
    step->base = command.base;
    step->reason = command.reason;
    step->provisional = command.provisional;
    step->replaceFile = command.replaceFile;
    step->prepare = [this, wanted = command.version](PolicyStep& one) -> PolicyStep::Refusal {
        if (auto refusal = baseConflict(one))
            return refusal;
        if (auto refusal = findRestored(one, wanted))
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
                                numbered(wanted) + " does not wait to be confirmed; " + numbered(one.running.version) +
                                    " does",
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
    record(commandRecord(AuditKind::Policy, step.actor, numbered(answer.version.version) + " confirmed"));
    answerOnceStored(std::move(answer), "the policy", step.done);
    return std::nullopt;
}

} // namespace gatehouse
