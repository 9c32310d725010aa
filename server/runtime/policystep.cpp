// SPDX-License-Identifier: GPL-3.0-or-later
#include "runtime/policystep.h"

#include "control/policyproblems.h"
#include "policy/difference.h"
#include "policy/load.h"
#include "runtime/serverruntime_p.h"

// What of a change happens on the jobs thread: whatever reads, parses, compiles or writes.
namespace gatehouse {

ControlError policyConflict(std::string message, std::string difference)
{
    return {ControlErrorCode::Conflict, std::move(message), Reason::PolicyConflict, std::move(difference), {}};
}

std::string numberedVersion(std::uint64_t version)
{
    return "version " + std::to_string(version);
}

/// On the jobs thread: whether the file holds what it is to hold, `also` or a document of that hash.
PolicyStep::Refusal ServerRuntime::Private::fileConflict(const PolicyStep& step, const std::string& also) const
{
    if (step.replaceFile)
        return std::nullopt;
    const auto text = m_policyFile.peek();
    if (!text)
        return policyConflict("the policy's file cannot be read (" + text.error() +
                              "), so that what it holds would be lost; mend it, or ask to replace the file");
    const auto held = canonicalPolicy(*text);
    if (held && (held->hash == step.definitive.hash || held->hash == also))
        return std::nullopt;
    ControlError error = policyConflict(
        m_policyFile.path().string() + " was changed by hand and does not run; reload it, or ask to replace the file",
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
    std::string message = "the policy changed since: " + numberedVersion(step.running.version) + " runs, by " +
                          step.running.author + " via " + step.running.via;
    (void)m_audit->flush();
    const auto base = PolicyVersionReader(m_store).ofHash(step.base);
    if (base && *base)
        return policyConflict(message + "; the difference is from " + numberedVersion((*base)->version),
                              textDifference((*base)->document, step.running.document));
    if (step.text.empty())
        return policyConflict(message + "; the base is not in the history");
    const auto own = canonicalPolicy(step.text);
    return policyConflict(message + "; the base is not in the history, the difference is from the document given",
                          textDifference(own ? own->document : step.text, step.running.document));
}

/// On the jobs thread: the document that is to run, checked and loaded, and in the file where it is there to stay.
PolicyStep::Refusal ServerRuntime::Private::prepareChange(PolicyStep& step)
{
    const std::string shown = step.restores != 0 ? numberedVersion(step.restores) : "policy";
    auto prepared = preparePolicy({step.text, m_policyFile.path(), shown}, *step.generation, step.running.version + 1,
                                  m_clock, m_upstreams);
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

/// On the jobs thread: the document that a rollback means.
PolicyStep::Refusal ServerRuntime::Private::findRestored(PolicyStep& step, std::uint64_t wanted) const
{
    const auto problem = [](ControlErrorCode code, std::string message) {
        return ControlError{code, std::move(message), Reason::None, {}, {}};
    };
    if (wanted == step.running.version)
        return problem(ControlErrorCode::Rejected, numberedVersion(wanted) + " runs already");
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
                                                               : "the history holds no " + numberedVersion(wanted));
    step.text = (*found)->document;
    step.restores = (*found)->version;
    return std::nullopt;
}

} // namespace gatehouse
