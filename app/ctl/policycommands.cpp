// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/policycommands.h"

#include "common/exitcodes.h"
#include "control/json.h"
#include "control/policyproblems.h"
#include "ctl/configuration.h"
#include "ctl/output.h"
#include "ctl/policydocuments.h"
#include "ctl/policyoutput.h"
#include "ctl/terminaltext.h"
#include "policy/difference.h"
#include "policy/document.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <limits>
#include <ostream>

namespace gatehouse::ctl {

namespace {

int writeDocument(Caller& caller, const std::string& file, const std::string& document)
{
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << document << std::flush;
    return out ? exitOk : caller.complain("cannot write " + file, exitFailure);
}

int sayChecked(Caller& caller, const PolicyCheckResult& result, bool offline)
{
    const Invocation& invocation = caller.invocation();
    const std::string file = fileLabel(invocation.policy.file);
    if (invocation.json) {
        caller.streams().out << jsonText(result);
    } else {
        caller.streams().error << problemsText(result.errors, file) << problemsText(result.warnings, file, true);
        caller.streams().out << (offline && result.difference.empty() && result.valid ? "Valid.\n" : text(result));
    }
    return caller.finish(result.valid ? exitOk : exitFailure);
}

/// One side of a difference.
struct Side {
    std::string name;
    std::string document; ///< canonical
};

std::optional<Side> fileSide(Caller& caller, const std::string& file)
{
    const auto given = readDocument(caller, file);
    if (!given)
        return std::nullopt;
    const auto canonical = canonicalDocument(*given);
    if (canonical)
        return Side{fileLabel(file), *canonical};
    caller.streams().error << problemsText(problemsOf(canonical.error()), fileLabel(file));
    return std::nullopt;
}

std::string differenceJson(const std::vector<PolicyChange>& changes, const std::string& difference)
{
    PolicyCheckResult shaped;
    shaped.changes = changes;
    const nlohmann::json all = replyToJson(Answer(shaped)).at("result");
    const nlohmann::json two{{"changes", all.at("changes")}, {"difference", difference}};
    return two.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) + '\n';
}

int sayDifference(Caller& caller, const Side& before, const Side& after)
{
    const auto changes = policyChanges(before.document, after.document);
    const std::string difference = textDifference(before.document, after.document);
    std::ostream& out = caller.streams().out;
    if (caller.invocation().json) {
        out << differenceJson(changes, difference);
        return caller.finish(exitOk);
    }
    if (caller.invocation().policy.words)
        out << changesText(changes, "") << (difference.empty() ? "" : "\n");
    out << namedDifference(difference, before.name, after.name);
    return caller.finish(exitOk);
}

} // namespace

int policyShow(Caller& caller)
{
    const auto answer = caller.ask<PolicyDocument>(caller.invocation().command);
    if (!answer)
        return caller.complain(answer.error());
    const std::string& document = answer->version.document;
    if (const std::string& file = caller.invocation().policy.output; !file.empty())
        return writeDocument(caller, file, caller.invocation().json ? jsonText(*answer) : document);
    if (caller.invocation().json)
        caller.streams().out << jsonText(*answer);
    else
        caller.streams().out << (caller.streams().outIsTerminal ? escapedLines(document) : document);
    return caller.finish(exitOk);
}

int policyCheck(Caller& caller)
{
    const Invocation& invocation = caller.invocation();
    const auto document = readDocument(caller, invocation.policy.file);
    if (!document)
        return exitFailure;
    const bool reachable = !invocation.policy.offline && (!invocation.config || liveSocket(*invocation.config));
    if (!reachable)
        return sayChecked(caller, checkOffline(invocation, *document), true);
    const auto answer = caller.ask<PolicyCheckResult>(PolicyCheckCommand{*document});
    if (answer)
        return sayChecked(caller, *answer, false);
    if (!answer.error().reached && invocation.config)
        return sayChecked(caller, checkOffline(invocation, *document), true);
    return complainOfDocument(caller, answer.error(), invocation.policy.file);
}

int policyDiff(Caller& caller)
{
    const PolicyOptions& options = caller.invocation().policy;
    const auto first = caller.ask<PolicyDocument>(PolicyGetQuery{options.version});
    if (!first)
        return caller.complain(first.error());
    const auto sideOf = [](const PolicyDocument& document) {
        return Side{"version " + std::to_string(document.version.version), document.version.document};
    };
    if (options.file.empty() && options.version != 0) {
        const auto running = caller.ask<PolicyDocument>(PolicyGetQuery{});
        return running ? sayDifference(caller, sideOf(*first), sideOf(*running)) : caller.complain(running.error());
    }
    if (const auto where = caller.address(); options.file.empty() && where && where->remote())
        return caller.complain("policy diff of a server elsewhere needs FILE or --version: its own file is not here",
                               exitUsage);
    // Without a name it is the server's own file, which somebody may have edited.
    const auto after = fileSide(caller, options.file.empty() ? first->file : options.file);
    return after ? sayDifference(caller, sideOf(*first), *after) : exitFailure;
}

int policyWhatIf(Caller& caller)
{
    const Invocation& invocation = caller.invocation();
    const auto document = readDocument(caller, invocation.policy.file);
    if (!document)
        return exitFailure;
    auto command = std::get<PolicyWhatIfCommand>(invocation.command);
    command.policy = *document;
    const auto answer = caller.ask<PolicyWhatIfResult>(command);
    if (!answer)
        return complainOfDocument(caller, answer.error(), invocation.policy.file);
    const std::size_t names = invocation.policy.everyName ? std::numeric_limits<std::size_t>::max() : namesShown;
    caller.streams().out << (invocation.json ? jsonText(*answer) : whatIfText(*answer, names));
    return caller.finish(exitOk);
}

int policyHistory(Caller& caller)
{
    const auto answer = caller.ask<PolicyHistory>(caller.invocation().command);
    if (!answer)
        return caller.complain(answer.error());
    caller.streams().out << (caller.invocation().json ? jsonText(*answer)
                                                      : historyText(*answer, caller.invocation().policy.differences));
    return caller.finish(exitOk);
}

} // namespace gatehouse::ctl
