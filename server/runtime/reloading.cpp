// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/load.h"
#include "runtime/keysources.h"
#include "runtime/serverruntime_p.h"

#include <algorithm>

// How a running server takes another policy or another certificate.
namespace gatehouse {

namespace {

/// Whether only the files of certificates are wrong: the policy itself is good.
bool areAboutCertificates(const std::vector<PolicyError>& errors)
{
    return std::ranges::all_of(errors, [](const PolicyError& error) {
        const bool file = error.code == PolicyErrorCode::BadFile || error.code == PolicyErrorCode::Insecure;
        const std::string_view pointer = error.pointer;
        return file && pointer.starts_with("/listeners/") &&
               (pointer.ends_with("/tls/certificate") || pointer.ends_with("/tls/key") ||
                pointer.ends_with("/tls/client_ca"));
    });
}

} // namespace

/// Empty where `next` can replace the running policy without a restart.
std::string ServerRuntime::Private::reloadProblem(const Policy& next) const
{
    const auto places = [](const Policy& policy) {
        std::vector<std::tuple<std::string, IpAddress, std::uint16_t, bool>> all;
        for (const Listener& listener : policy.listeners)
            all.emplace_back(listener.name, listener.address, listener.port, listener.tls.has_value());
        return all;
    };
    if (next.workers != m_policy->workers)
        return "/workers: a change needs a restart";
    if (next.stateDir != m_policy->stateDir)
        return "/state_dir: a change needs a restart";
    if (next.controlSocket != m_policy->controlSocket)
        return "/control_socket: a change needs a restart";
    if (places(next) != places(*m_policy))
        return "/listeners: another address, port or number of listeners needs a restart";
    return {};
}

std::optional<RefusedReload> ServerRuntime::Private::reload()
{
    auto loaded = loadPolicy(m_policy->file);
    if (!loaded) {
        std::string all;
        for (const PolicyError& error : loaded.error())
            all += (all.empty() ? "" : "\n") + formatPolicyError(error, m_policy->file);
        return RefusedReload{areAboutCertificates(loaded.error()) ? Reason::TlsReloadFailed : Reason::PolicyRejected,
                             std::move(all)};
    }
    if (std::string problem = reloadProblem(loaded->policy); !problem.empty())
        return RefusedReload{Reason::PolicyRejected, std::move(problem)};
    auto next = std::make_shared<Policy>(std::move(loaded->policy));
    next->version = m_policy->version + 1;
    if (const auto keys = loadIssuerKeys(*next, m_generation.get()); !keys)
        return RefusedReload{Reason::JwksFailed, keys.error()};
    auto generation = makeGeneration(std::move(next), m_clock, m_generation.get());
    if (!generation)
        return RefusedReload{Reason::TlsReloadFailed, generation.error()};
    setGeneration(std::move(*generation));
    return std::nullopt;
}

void ServerRuntime::Private::setGeneration(std::shared_ptr<const PolicyGeneration> next)
{
    m_generation = std::move(next);
    m_policy = m_generation->policy;
    m_gate->setGeneration(m_generation);
    (void)m_jobs.post([this, generation = m_generation] { m_keeper.setGeneration(generation); }, true);
    (void)m_keys.post([this, generation = m_generation] { m_keyKeeper.setGeneration(generation); }, true);
}

void ServerRuntime::Private::run(const Actor& actor, const ReloadCommand&, const ReplyCallback& done)
{
    const auto refusal = reload();
    if (!refusal) {
        record(commandRecord(AuditKind::Reload, actor, "policy version " + std::to_string(m_policy->version)));
        return done(Answer(Accepted{}));
    }
    AuditRecord refused = commandRecord(AuditKind::Reload, actor, refusal->message);
    refused.decision.reason = refusal->reason;
    m_refused[static_cast<std::size_t>(refusal->reason)].add();
    record(std::move(refused));
    if (refusal->reason == Reason::TlsReloadFailed)
        (void)m_jobs.post([this] { m_keeper.failureReported(); }, true);
    done(Failure{ControlError{ControlErrorCode::Rejected, refusal->message}});
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
