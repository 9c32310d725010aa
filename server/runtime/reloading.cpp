// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/difference.h"
#include "policy/text.h"
#include "runtime/serverruntime_p.h"

// How a running server takes what changed in its files: the policy, certificates, keys.
namespace gatehouse {

namespace {

constexpr std::size_t longestProblem = 2048; // bytes

PolicyStep::Refusal refusal(RejectedPolicy rejected)
{
    return ControlError{
        ControlErrorCode::Rejected, std::move(rejected.message), rejected.reason, {}, std::move(rejected.problems)};
}

} // namespace

/// On the jobs thread. Where the file holds what it held, what it names is read anew, for the policy that runs.
PolicyStep::Refusal ServerRuntime::Private::prepareReload(PolicyStep& step)
{
    const auto text = m_policyFile.read();
    if (!text)
        return refusal({Reason::PolicyRejected, text.error(), {{{}, 0, 0, "unreadable", text.error()}}});
    const auto canonical = canonicalPolicy(*text);
    step.unchanged = canonical && canonical->hash == step.definitive.hash;
    const bool waits = step.unchanged && step.running.version != step.definitive.version;
    const std::filesystem::path& file = m_policyFile.path();
    const PolicySource source =
        waits ? PolicySource{step.running.document, file, "policy"} : PolicySource{*text, file, file};
    auto prepared =
        preparePolicy(source, *step.generation, step.running.version + (step.unchanged ? 0 : 1), m_clock, m_upstreams);
    if (!prepared)
        return refusal(std::move(prepared.error()));
    step.prepared = std::move(*prepared);
    step.changes = policyChanges(step.running.document, step.prepared->document);
    return std::nullopt;
}

PolicyStep::Refusal ServerRuntime::Private::finishReload(PolicyStep& step)
{
    if (!step.unchanged)
        return finishChange(step, [done = step.done](const PolicyApplied&) { done(Answer(Accepted{})); });
    setGeneration(step.prepared->generation);
    m_policyProblem.clear();
    m_policyWarnings = step.prepared->warnings;
    record(commandRecord(AuditKind::Reload, step.actor,
                         "policy version " + std::to_string(m_policy->version) +
                             " goes on; the files that it names were read anew"));
    step.done(Answer(Accepted{}));
    return std::nullopt;
}

void ServerRuntime::Private::reloadRefused(const PolicyStep& step, const ControlError& error)
{
    if (!step.unchanged && error.code == ControlErrorCode::Rejected)
        m_policyProblem = clipped(error.message, longestProblem);
    if (error.reason == Reason::TlsReloadFailed)
        (void)m_jobs.post([this] { m_keeper.failureReported(); }, true);
}

void ServerRuntime::Private::reloadPolicy(const Actor& actor, const ReplyCallback& done)
{
    const auto step = std::make_shared<PolicyStep>();
    step->actor = actor;
    step->done = done;
    step->kind = AuditKind::Reload;
    step->origin = PolicyOrigin::File;
    step->prepare = [this](PolicyStep& one) { return prepareReload(one); };
    step->finish = [this](PolicyStep& one) { return finishReload(one); };
    startStep(step);
}

void ServerRuntime::Private::run(const Actor& actor, const ReloadCommand&, const ReplyCallback& done)
{
    reloadPolicy(actor, done);
}

/// On the jobs thread.
void ServerRuntime::Private::policyFileChanged()
{
    (void)m_runtime.post([this] { reloadPolicy({"file", "file"}, [](const Reply&) {}); }, true);
}

void ServerRuntime::Private::setGeneration(std::shared_ptr<const PolicyGeneration> next)
{
    m_gate->setGeneration(next);
    adoptGeneration(std::move(next));
}

/// The workers have it.
void ServerRuntime::Private::adoptGeneration(std::shared_ptr<const PolicyGeneration> next)
{
    m_generation = std::move(next);
    m_policy = m_generation->policy;
    (void)m_jobs.post([this, generation = m_generation] { m_keeper.setGeneration(generation); }, true);
    (void)m_keys.post([this, generation = m_generation,
                       mayReturn = m_policies->provisional()] { m_keyKeeper.setGeneration(generation, mayReturn); },
                      true);
    m_upstreamWatch.watch(watchedUpstreams(*m_generation));
}

/// The answer comes by way of the runtime, so that whoever has it meets what it tells of.
void ServerRuntime::Private::askKeeper(const ReplyCallback& done, std::function<Reply()> question)
{
    const bool queued = m_jobs.post([this, done, question = std::move(question)] {
        const Reply reply = question();
        if (!m_runtime.post([done, reply] { done(reply); }, true))
            done(reply);
    });
    if (!queued)
        done(Failure{ControlError{ControlErrorCode::Unavailable, "too many questions wait; try again"}});
}

void ServerRuntime::Private::run(const Actor&, const CertificateStatusQuery&, const ReplyCallback& done)
{
    askKeeper(done, [this] { return Reply(Answer(m_keeper.status())); });
}

void ServerRuntime::Private::run(const Actor& actor, const CertificateRenewCommand& command, const ReplyCallback& done)
{
    askKeeper(done, [this, actor, command] {
        auto renewed = m_keeper.renew(actor, command);
        return renewed ? Reply(Answer(std::move(*renewed))) : Reply(Failure{renewed.error()});
    });
}

void ServerRuntime::Private::certificateChanged(std::shared_ptr<const PolicyGeneration> base,
                                                std::shared_ptr<const PolicyGeneration> next)
{
    (void)m_runtime.post(
        [this, base = std::move(base), next = std::move(next)] {
            if (m_generation != base) // a reload came first; the keeper hears of it and looks again
                return;
            m_generation = next;
            m_gate->setGeneration(m_generation);
        },
        true);
}

void ServerRuntime::Private::certificateRecord(AuditKind kind, Reason reason, const std::string& actor,
                                               std::string detail)
{
    (void)m_runtime.post(
        [this, kind, reason, actor, detail = std::move(detail)] {
            AuditRecord made = commandRecord(kind, {actor, actor}, detail);
            made.decision.reason = reason;
            if (reason != Reason::None)
                m_refused[static_cast<std::size_t>(reason)].add();
            record(std::move(made));
        },
        true);
}

void ServerRuntime::Private::certificatesStand(CertificateState state, std::optional<WallTime> soonestEnd)
{
    (void)m_runtime.post(
        [this, state, soonestEnd] {
            m_certificates = state;
            m_certificatesEnd = soonestEnd;
        },
        true);
}

void ServerRuntime::Private::keyUnknown(const std::string& issuer)
{
    (void)m_keys.post([this, issuer] { m_keyKeeper.keyUnknown(issuer); }); // where too many wait, one of them is enough
}

void ServerRuntime::Private::keySetChanged(Issuer issuer, std::shared_ptr<const KeySet> set)
{
    (void)m_runtime.post(
        [this, issuer = std::move(issuer), set = std::move(set)] {
            auto next = withKeySet(*m_generation, issuer, set);
            if (!next) // a reload came first; the keeper hears of it and looks again
                return;
            setGeneration(std::move(next));
            record(commandRecord(AuditKind::Reload, {ruleActor, ruleActor},
                                 "keys of issuer " + issuer.name + ": " + std::to_string(set->keys().size()) +
                                     " from " + (issuer.jwksUrl.empty() ? issuer.jwksFile.string() : issuer.jwksUrl)));
        },
        true);
}

void ServerRuntime::Private::keySetFailed(std::string detail)
{
    certificateRecord(AuditKind::Reload, Reason::JwksFailed, ruleActor, std::move(detail));
}

void ServerRuntime::Private::keySetsStand(KeySetState state, std::string problem)
{
    (void)m_runtime.post(
        [this, state, problem = std::move(problem)] {
            m_keySets = state;
            m_keySetProblem = problem;
        },
        true);
}

bool ServerRuntime::Private::wasRecorded(const std::string& text)
{
    AuditQuery query;
    query.limit = 1;
    query.kind = AuditKind::Certificate;
    query.text = text;
    (void)m_audit->flush();
    const auto page = AuditReader(m_store).query(query);
    return page && !page->entries.empty();
}

} // namespace gatehouse
