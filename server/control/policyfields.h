// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/decisionfields.h"
#include "control/policycommands.h"

// The fields of what is asked and answered about policies; see fields.h.
namespace gatehouse {

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyProblem> problem)
{
    archive("pointer", problem.pointer);
    archive("line", problem.line);
    archive("column", problem.column);
    archive("code", problem.code);
    archive("detail", problem.detail);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyChange> change)
{
    archive("kind", change.kind);
    archive("pointer", change.pointer);
    archive("name", change.name);
    archive("before", change.before);
    archive("after", change.after);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyVersion> version)
{
    archive("version", version.version);
    archive("origin", version.origin);
    archive("time", version.time);
    archive("author", version.author);
    archive("via", version.via);
    archive("reason", version.reason);
    archive("hash", version.hash);
    archive("restores", version.restores);
    archive("provisional_until", version.provisionalUntil);
    archive("confirmed", version.confirmed);
    archive("confirmed_by", version.confirmedBy);
    archive("document", version.document);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyGetQuery> query)
{
    archive("version", query.version);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyDocument> document)
{
    describe(archive, document.version);
    archive.parsed("policy", document.version.document);
    archive("file", document.file);
    archive("running", document.running);
    archive("returns_to", document.returnsTo);
    archive("file_problem", document.fileProblem);
    archive("warnings", document.warnings);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyCheckCommand> check)
{
    archive.document("policy", check.policy);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyCheckResult> result)
{
    archive("valid", result.valid);
    archive("errors", result.errors);
    archive("warnings", result.warnings);
    archive("document", result.document);
    archive("hash", result.hash);
    archive("changes", result.changes);
    archive("difference", result.difference);
    archive("restart", result.restart);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<AffectedSession> session)
{
    archive("id", session.id);
    archive("user", session.user);
    archive("address", session.address);
    archive("route", session.route);
    describe(archive, session.why);
    archive("code", session.code);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyImpact> impact)
{
    archive("sessions", impact.sessions);
    archive("examined", impact.examined);
    archive("ended", impact.ended);
    archive("limited", impact.limited);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyWhatIfCommand> whatIf)
{
    archive.document("policy", whatIf.policy);
    archive("within", whatIf.within);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyWhatIfResult> result)
{
    archive("hash", result.hash);
    archive("changes", result.changes);
    archive("restart", result.restart);
    archive("live", result.live);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyApplyCommand> apply)
{
    archive.need("base", apply.base);
    archive.document("policy", apply.policy);
    archive("reason", apply.reason);
    archive("provisional", apply.provisional);
    archive("replace_file", apply.replaceFile);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyRollbackCommand> rollback)
{
    archive("version", rollback.version);
    archive.need("base", rollback.base);
    archive("reason", rollback.reason);
    archive("provisional", rollback.provisional);
    archive("replace_file", rollback.replaceFile);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyConfirmCommand> confirm)
{
    archive("version", confirm.version);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyApplied> applied)
{
    describe(archive, applied.version);
    archive("changes", applied.changes);
    archive("restart", applied.restart);
    archive("warnings", applied.warnings);
    archive("sessions", applied.sessions);
    archive("ended", applied.ended);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyHistoryQuery> query)
{
    archive("before", query.before);
    archive("limit", query.limit);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyHistoryEntry> entry)
{
    describe(archive, entry.version);
    archive("changes", entry.changes);
    archive("difference", entry.difference);
}

template <class Archive> void describe(Archive& archive, typename Archive::template Ref<PolicyHistory> history)
{
    archive("versions", history.versions);
    archive("more", history.more);
}

} // namespace gatehouse
