// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/policypreparation.h"

#include "audit/policyversions.h"
#include "control/policyproblems.h"
#include "policy/document.h"
#include "policy/load.h"
#include "runtime/keysources.h"

#include <algorithm>

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

RejectedPolicy rejected(const std::vector<PolicyError>& errors, const std::filesystem::path& shown)
{
    RejectedPolicy result;
    for (const PolicyError& error : errors)
        result.message += (result.message.empty() ? "" : "\n") + formatPolicyError(error, shown);
    result.reason = areAboutCertificates(errors) ? Reason::TlsReloadFailed : Reason::PolicyRejected;
    result.problems = problemsOf(errors);
    return result;
}

Failure<RejectedPolicy> badFile(Reason reason, const std::string& detail)
{
    return Failure{
        RejectedPolicy{reason, detail, {{{}, 0, 0, std::string(policyErrorWord(PolicyErrorCode::BadFile)), detail}}}};
}

/// Puts back what a running server cannot change, and says what that was.
std::vector<std::string> keepUntilRestart(Policy& next, const Policy& running)
{
    std::vector<std::string> pointers;
    const auto keep = [&](auto& value, const auto& old, const char* pointer) {
        if (value == old)
            return;
        value = old;
        pointers.emplace_back(pointer);
    };
    keep(next.workers, running.workers, "/workers");
    keep(next.stateDir, running.stateDir, "/state_dir");
    keep(next.controlSocket, running.controlSocket, "/control_socket");
    return pointers;
}

} // namespace

std::optional<CanonicalPolicy> canonicalPolicy(std::string_view text)
{
    auto document = canonicalDocument(text);
    if (!document)
        return std::nullopt;
    std::string hash = policyHash(*document);
    return CanonicalPolicy{std::move(*document), std::move(hash)};
}

Result<PreparedPolicy, RejectedPolicy> preparePolicy(const PolicySource& source, const PolicyGeneration& running,
                                                     std::uint64_t version, const Clock& clock,
                                                     UpstreamTable& upstreams)
{
    auto loaded = parsePolicy(source.text, source.file);
    if (!loaded)
        return Failure{rejected(loaded.error(), source.shown)};
    auto document = canonicalDocument(source.text);
    if (!document)
        return Failure{rejected(document.error(), source.shown)};
    PreparedPolicy prepared;
    prepared.hash = policyHash(*document);
    prepared.document = std::move(*document);
    prepared.warnings = problemsOf(loaded->warnings);
    auto next = std::make_shared<Policy>(std::move(loaded->policy));
    next->version = version;
    prepared.restart = keepUntilRestart(*next, *running.policy);
    if (const auto keys = loadIssuerKeys(*next, &running); !keys)
        return badFile(Reason::JwksFailed, keys.error());
    auto generation = makeGeneration(std::move(next), clock, &running, &upstreams);
    if (!generation)
        return badFile(Reason::TlsReloadFailed, generation.error());
    prepared.generation = std::move(*generation);
    return prepared;
}

std::shared_ptr<const PolicyGeneration> returnedGeneration(const PolicyGeneration& back,
                                                           const PolicyGeneration& running, std::uint64_t version)
{
    auto policy = std::make_shared<Policy>(*back.policy);
    policy->version = version;
    auto next = std::make_shared<PolicyGeneration>(back);
    for (std::size_t i = 0; i < policy->listeners.size(); ++i) {
        const auto same = std::ranges::find_if(running.policy->listeners, [&](const Listener& listener) {
            return listener.name == policy->listeners[i].name && listener.tls == policy->listeners[i].tls;
        });
        if (same == running.policy->listeners.end())
            continue;
        const auto index = static_cast<std::size_t>(same - running.policy->listeners.begin());
        next->tls[i] = running.tls[index];
        next->certificates[i] = running.certificates[index];
    }
    next->policy = std::move(policy);
    std::shared_ptr<const PolicyGeneration> result = std::move(next);
    for (std::size_t i = 0; i < running.policy->issuers.size(); ++i)
        if (const auto set = running.keys->set(i))
            if (auto newer = withKeySet(*result, running.policy->issuers[i], set))
                result = std::move(newer);
    return result;
}

} // namespace gatehouse
