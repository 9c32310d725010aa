// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/policyoutput.h"

#include "ctl/terminaltext.h"
#include "domain/isotime.h"
#include "policy/text.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace gatehouse::ctl {

namespace {

std::string counted(std::uint64_t count, std::string_view noun)
{
    return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string orNothing(const std::string& value)
{
    return value.empty() ? std::string("nothing") : escaped(value);
}

/// Sessions that one rule ends for one reason.
struct AffectedGroup {
    const AffectedSession* first = nullptr;
    std::vector<const AffectedSession*> sessions;
};

std::vector<AffectedGroup> grouped(const std::vector<AffectedSession>& sessions)
{
    using Key = std::tuple<std::string, Reason, std::uint16_t>;
    std::map<Key, std::size_t> places;
    std::vector<AffectedGroup> groups;
    for (const AffectedSession& session : sessions) {
        const Key key{session.why.rule.pointer + session.why.rule.name, session.why.reason, session.code};
        const auto [place, isNew] = places.emplace(key, groups.size());
        if (isNew)
            groups.push_back({&session, {}});
        groups[place->second].sessions.push_back(&session);
    }
    std::stable_sort(groups.begin(), groups.end(), [](const AffectedGroup& a, const AffectedGroup& b) {
        return a.sessions.size() > b.sessions.size();
    });
    return groups;
}

std::string namesText(const AffectedGroup& group, std::size_t names)
{
    std::string line;
    const std::size_t shown = std::min(names, group.sessions.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const AffectedSession& session = *group.sessions[i];
        line += (i == 0 ? "" : ", ") + (session.user.empty() ? std::string("anonymous") : escaped(session.user)) +
                " (" + std::to_string(session.id.value) + ", " + escaped(session.address) + ")";
    }
    if (shown < group.sessions.size())
        line += (shown == 0 ? "" : " and ") + std::to_string(group.sessions.size() - shown) + " more";
    return line;
}

std::string metText(const Decision& why)
{
    std::string text;
    if (!why.met.empty())
        text += "met " + escaped(why.met);
    if (!why.limit.empty())
        text += (text.empty() ? "allowed " : ", allowed ") + escaped(why.limit);
    return text;
}

std::string provisionalText(const PolicyVersion& version)
{
    if (version.confirmed)
        return "confirmed " + formatTime(*version.confirmed) +
               (version.confirmedBy.empty() ? "" : " by " + escaped(version.confirmedBy));
    return version.provisionalUntil ? "on trial until " + formatTime(*version.provisionalUntil) : std::string();
}

} // namespace

std::string changeText(const PolicyChange& change)
{
    const std::string name = escaped(change.name.empty() ? change.pointer : change.name);
    switch (change.kind) {
    case PolicyChange::Kind::Added:
        return change.after.empty() ? name + " added" : name + ": " + escaped(change.after) + " added";
    case PolicyChange::Kind::Removed:
        return change.before.empty() ? name + " removed" : name + ": " + escaped(change.before) + " removed";
    case PolicyChange::Kind::Changed:
        break;
    }
    return name + ": " + orNothing(change.before) + " → " + orNothing(change.after);
}

std::string changesText(const std::vector<PolicyChange>& changes, std::string_view indent)
{
    if (changes.empty())
        return std::string(indent) + "no rule changes\n";
    std::string lines;
    for (const PolicyChange& change : changes)
        lines += std::string(indent) + changeText(change) + '\n';
    return lines;
}

std::string affectedText(const std::vector<AffectedSession>& sessions, std::string_view verb, std::size_t names)
{
    std::string lines;
    for (const AffectedGroup& group : grouped(sessions)) {
        const AffectedSession& first = *group.first;
        lines += "  " + std::to_string(group.sessions.size()) + ' ' + std::string(verb);
        if (first.code != 0)
            lines += " with " + std::to_string(first.code);
        lines += ": " + std::string(reasonWord(first.why.reason));
        if (!first.why.rule.name.empty())
            lines += " by " + escaped(first.why.rule.name);
        if (const std::string met = metText(first.why); !met.empty())
            lines += " (" + met + ")";
        lines += "\n    " + namesText(group, names) + '\n';
    }
    return lines;
}

std::string impactText(const PolicyImpact& impact, std::size_t names)
{
    std::string lines;
    if (impact.sessions == 0)
        lines = "No session is open.\n";
    else if (impact.ended.empty() && impact.limited.empty())
        lines = (impact.complete() ? "None of " : "So far none of ") + counted(impact.examined, "open session") +
                " would be ended or limited.\n";
    else
        lines = "Of " + counted(impact.examined, "open session") + ", " + std::to_string(impact.ended.size()) +
                " would be ended and " + std::to_string(impact.limited.size()) + " limited:\n" +
                affectedText(impact.ended, "ended", names) + affectedText(impact.limited, "limited", names);
    if (!impact.complete())
        lines += "The time ran out: " + std::to_string(impact.examined) + " of " + std::to_string(impact.sessions) +
                 " sessions were examined; --within gives it more.\n";
    return lines;
}

std::string problemsText(const std::vector<PolicyProblem>& problems, std::string_view file, bool warnings)
{
    std::string lines;
    for (const PolicyProblem& problem : problems) {
        lines += escaped(file);
        if (problem.line > 0)
            lines += ':' + std::to_string(problem.line) + ':' + std::to_string(problem.column);
        lines += warnings ? ": warning: " : ": ";
        if (!problem.pointer.empty())
            lines += escaped(problem.pointer) + ": ";
        lines += escaped(problem.detail) + '\n';
    }
    return lines;
}

std::string restartText(const std::vector<std::string>& pointers)
{
    return pointers.empty() ? std::string()
                            : "Only a restart makes this take effect: " + escaped(joined(pointers, ", ")) + '\n';
}

std::string originText(const PolicyVersion& version)
{
    std::string text;
    const std::string restored = version.restores == 0 ? "" : " version " + std::to_string(version.restores);
    switch (version.origin) {
    case PolicyOrigin::File:
        text = "read from the file";
        return version.via == "file" ? text
                                     : text + " for " + escaped(version.author) + " (" + escaped(version.via) + ")";
    case PolicyOrigin::Apply:
    case PolicyOrigin::Provisional:
        text = "applied";
        break;
    case PolicyOrigin::Rollback:
        text = "restored" + restored;
        break;
    case PolicyOrigin::Returned:
        return "returned by itself to" + restored;
    }
    return text + (version.author.empty() ? "" : " by " + escaped(version.author)) +
           (version.via.empty() ? "" : " (" + escaped(version.via) + ")");
}

std::string namedDifference(std::string_view difference, std::string_view before, std::string_view after)
{
    return difference.empty() ? std::string()
                              : "--- " + escaped(before) + "\n+++ " + escaped(after) + '\n' + escapedLines(difference);
}

std::string text(const PolicyDocument& document)
{
    return document.version.document;
}

std::string text(const PolicyCheckResult& result)
{
    if (!result.valid)
        return "Not valid: " + counted(result.errors.size(), "error") + ".\n";
    if (result.changes.empty())
        return result.difference.empty() ? "Valid; it is what runs.\n" : "Valid; no rule changes.\n";
    return "Valid. It changes:\n" + changesText(result.changes) + restartText(result.restart);
}

std::string whatIfText(const PolicyWhatIfResult& result, std::size_t names)
{
    return "Changes:\n" + changesText(result.changes) + restartText(result.restart) + impactText(result.live, names);
}

std::string text(const PolicyWhatIfResult& result)
{
    return whatIfText(result, namesShown);
}

std::string text(const PolicyApplied& applied)
{
    const PolicyVersion& version = applied.version;
    std::string lines = "Version " + std::to_string(version.version) + " runs";
    if (version.confirmed)
        return lines + " for good.\n";
    if (version.restores != 0)
        lines += " and is version " + std::to_string(version.restores) + " again";
    lines += ":\n" + changesText(applied.changes) + restartText(applied.restart);
    if (applied.sessions == 0)
        lines += "No session was open.\n";
    else
        lines += "It met " + counted(applied.sessions, "open session") + " and ended " +
                 std::to_string(applied.ended.size()) + (applied.ended.empty() ? ".\n" : ":\n") +
                 affectedText(applied.ended, "ended", namesShown);
    if (version.provisionalUntil)
        lines +=
            "It is on trial until " + formatTime(*version.provisionalUntil) + "; then the version before it returns.\n";
    return lines;
}

std::string text(const PolicyHistory& history)
{
    return historyText(history, false);
}

std::string historyText(const PolicyHistory& history, bool differences)
{
    if (history.versions.empty())
        return "No versions.\n";
    std::string lines;
    for (const PolicyHistoryEntry& entry : history.versions) {
        const PolicyVersion& version = entry.version;
        lines += (lines.empty() ? "version " : "\nversion ") + std::to_string(version.version) + "  " +
                 formatTime(version.time) + "  " + originText(version) + '\n';
        if (!version.reason.empty())
            lines += "  reason: " + escaped(version.reason) + '\n';
        if (const std::string state = provisionalText(version); !state.empty())
            lines += "  " + state + '\n';
        if (!entry.changes.empty() || !entry.difference.empty()) // the first version has none
            lines += changesText(entry.changes);
        lines += (differences ? escapedLines(entry.difference) : std::string());
    }
    if (history.more)
        lines += "\nOlder versions: --before " + std::to_string(history.versions.back().version.version) + '\n';
    return lines;
}

} // namespace gatehouse::ctl
