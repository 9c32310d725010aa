// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/policycommands.h"

#include "common/exitcodes.h"
#include "ctl/output.h"
#include "ctl/policydocuments.h"
#include "ctl/policyoutput.h"
#include "ctl/terminaltext.h"

#include <ostream>

// Commands that put another policy in place, with what they show and ask before.
namespace gatehouse::ctl {

namespace {

constexpr const char* needsYes = " without a terminal to ask on: add --yes";

/// What goes to people before the question; standard output is for the JSON where that was asked for.
std::ostream& planStream(Caller& caller)
{
    return caller.invocation().json ? caller.streams().error : caller.streams().out;
}

/// How to call gatehousectl again for the same server.
std::string sameServer(const Invocation& invocation)
{
    const auto quoted = [](const std::string& word) {
        const bool plain = word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                                  "/._-+,:@%") == std::string::npos;
        return plain ? word : '\'' + word + '\'';
    };
    const auto given = [&](const char* name, const std::optional<std::filesystem::path>& file) {
        return file ? std::string(name) + quoted(file->string()) : std::string();
    };
    if (invocation.url)
        return "gatehousectl --url " + quoted(*invocation.url) + given(" --key-file ", invocation.keyFile) +
               given(" --ca ", invocation.ca);
    if (invocation.socket)
        return "gatehousectl --socket " + quoted(invocation.socket->string());
    if (invocation.config)
        return "gatehousectl --config " + quoted(invocation.config->string());
    return "gatehousectl";
}

int sayApplied(Caller& caller, const PolicyApplied& applied, const std::string& file)
{
    const Streams& streams = caller.streams();
    if (caller.invocation().json) {
        streams.out << jsonText(applied);
        return caller.finish(exitOk);
    }
    streams.error << problemsText(applied.warnings, fileLabel(file), true);
    streams.out << text(applied);
    if (applied.version.provisionalUntil && !applied.version.confirmed)
        streams.out << "To keep it: " << escaped(sameServer(caller.invocation())) << " policy confirm "
                    << applied.version.version << '\n';
    return caller.finish(exitOk);
}

/// Says what stands in the way of a change on top of `base`, and what to do about it.
int complainOfConflict(Caller& caller, const CallError& error, const std::string& base, const std::string& file)
{
    if (error.refusal.code != ControlErrorCode::Conflict)
        return complainOfDocument(caller, error, file);
    caller.streams().error << escapedLines(error.refusal.difference);
    const int code = caller.complain(error);
    const auto running = caller.ask<PolicyDocument>(PolicyGetQuery{});
    if (!running)
        return code;
    if (running->version.hash == base)
        return caller.complain(
            "see what the file holds with gatehousectl policy diff, take it with gatehousectl reload, "
            "or overwrite it with --replace-file",
            code);
    return caller.complain(
        "start again from gatehousectl policy show, or look at gatehousectl policy diff and apply with "
        "--base " +
            running->version.hash,
        code);
}

/// Shows what `document` would do and asks; unset where it may be applied, else the exit code.
std::optional<int> askFirst(Caller& caller, const std::string& document, const std::string& what,
                            const std::string& file)
{
    if (caller.invocation().yes)
        return std::nullopt;
    const auto plan = caller.ask<PolicyWhatIfResult>(PolicyWhatIfCommand{document});
    if (!plan)
        return complainOfDocument(caller, plan.error(), file);
    planStream(caller) << whatIfText(*plan, namesShown);
    if (caller.confirmed(what + "?"))
        return std::nullopt;
    return caller.complain("nothing was changed", exitFailure);
}

/// Whether a version was there to stay.
bool isDefinitive(const PolicyVersion& version)
{
    return !version.provisionalUntil || version.confirmed;
}

/// The version that a rollback without a number restores: the last one that was there to stay and is not what runs.
Result<std::uint64_t, CallError> versionBefore(Caller& caller, const PolicyDocument& running)
{
    if (running.returnsTo != 0)
        return running.returnsTo;
    PolicyHistoryQuery query{running.version.version, 200};
    for (bool more = true; more;) {
        const auto history = caller.ask<PolicyHistory>(query);
        if (!history)
            return Failure{history.error()};
        for (const PolicyHistoryEntry& entry : history->versions)
            if (isDefinitive(entry.version) && entry.version.hash != running.version.hash)
                return entry.version.version;
        more = history->more && !history->versions.empty();
        if (more)
            query.before = history->versions.back().version.version;
    }
    return Failure{
        CallError{exitFailure,
                  true,
                  {ControlErrorCode::NotFound, "the history holds no other version before the one that runs"}}};
}

} // namespace

int policyApply(Caller& caller)
{
    const Invocation& invocation = caller.invocation();
    const std::string& file = invocation.policy.file;
    if (!invocation.yes && (!caller.streams().canAsk || file == "-"))
        return caller.complain("policy apply changes what is allowed and cannot do so" + std::string(needsYes),
                               exitUsage);
    const auto document = readDocument(caller, file);
    if (!document)
        return exitFailure;
    auto apply = std::get<PolicyApplyCommand>(invocation.command);
    apply.policy = *document;
    if (apply.base.empty()) {
        const auto running = caller.ask<PolicyDocument>(PolicyGetQuery{});
        if (!running)
            return caller.complain(running.error());
        apply.base = running->version.hash;
    }
    if (const auto ended = askFirst(caller, apply.policy, "Apply " + fileLabel(file), file))
        return *ended;
    const auto applied = caller.ask<PolicyApplied>(apply);
    return applied ? sayApplied(caller, *applied, file) : complainOfConflict(caller, applied.error(), apply.base, file);
}

int policyRollback(Caller& caller)
{
    const Invocation& invocation = caller.invocation();
    if (!invocation.yes && !caller.streams().canAsk)
        return caller.complain("policy rollback changes what is allowed and cannot do so" + std::string(needsYes),
                               exitUsage);
    auto rollback = std::get<PolicyRollbackCommand>(invocation.command);
    const auto running = caller.ask<PolicyDocument>(PolicyGetQuery{});
    if (!running)
        return caller.complain(running.error());
    if (rollback.base.empty())
        rollback.base = running->version.hash;
    if (invocation.yes) {
        const auto applied = caller.ask<PolicyApplied>(rollback);
        return applied ? sayApplied(caller, *applied, "policy")
                       : complainOfConflict(caller, applied.error(), rollback.base, "policy");
    }
    if (rollback.version == 0) { // what is shown must be what is restored
        const auto before = versionBefore(caller, *running);
        if (!before)
            return caller.complain(before.error());
        rollback.version = *before;
    }
    const std::string name = "version " + std::to_string(rollback.version);
    const auto wanted = caller.ask<PolicyDocument>(PolicyGetQuery{rollback.version});
    if (!wanted)
        return caller.complain(wanted.error());
    if (const auto ended = askFirst(caller, wanted->version.document, "Restore " + name, name))
        return *ended;
    const auto applied = caller.ask<PolicyApplied>(rollback);
    return applied ? sayApplied(caller, *applied, name)
                   : complainOfConflict(caller, applied.error(), rollback.base, name);
}

} // namespace gatehouse::ctl
