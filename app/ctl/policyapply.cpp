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

int complainOfConflict(Caller& caller, const CallError& error, const std::string& file)
{
    const int code = complainOfDocument(caller, error, file);
    if (error.refusal.code == ControlErrorCode::Conflict)
        caller.complain("take over what has changed: gatehousectl policy show > FILE, edit that, and apply it again",
                        code);
    return code;
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
    return applied ? sayApplied(caller, *applied, file) : complainOfConflict(caller, applied.error(), file);
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
    if (rollback.version == 0) { // what is shown must be what is restored
        const auto history = caller.ask<PolicyHistory>(PolicyHistoryQuery{running->version.version, 1});
        if (!history)
            return caller.complain(history.error());
        if (history->versions.empty())
            return caller.complain("there is no version before the one that runs", exitFailure);
        rollback.version = history->versions.front().version.version;
    }
    const std::string name = "version " + std::to_string(rollback.version);
    const auto wanted = caller.ask<PolicyDocument>(PolicyGetQuery{rollback.version});
    if (!wanted)
        return caller.complain(wanted.error());
    if (const auto ended = askFirst(caller, wanted->version.document, "Restore " + name, name))
        return *ended;
    const auto applied = caller.ask<PolicyApplied>(rollback);
    return applied ? sayApplied(caller, *applied, name) : complainOfConflict(caller, applied.error(), name);
}

} // namespace gatehouse::ctl
