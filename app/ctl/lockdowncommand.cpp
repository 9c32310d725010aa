// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/lockdowncommand.h"

#include "common/exitcodes.h"
#include "control/json.h"
#include "ctl/measuresoutput.h"
#include "ctl/output.h"
#include "ctl/statusoutput.h"
#include "ctl/terminaltext.h"

#include <nlohmann/json.hpp>

#include <ostream>

namespace gatehouse::ctl {

int lockdownOn(Caller& caller)
{
    const Invocation& invocation = caller.invocation();
    const auto& lockdown = std::get<LockdownCommand>(invocation.command);
    if (!invocation.yes) {
        if (!caller.streams().canAsk)
            return caller.complain("lockdown on ends sessions and cannot do so without a terminal to ask on: add --yes",
                                   exitUsage);
        const auto info = caller.ask<Info>(InfoQuery{});
        if (!info)
            return caller.complain(info.error());
        const bool ownLists = lockdown.allowUsers || lockdown.allowNetworks;
        const LockdownLists lists{lockdown.allowUsers.value_or(std::vector<std::string>()),
                                  lockdown.allowNetworks.value_or(std::vector<Network>())};
        if (!caller.confirmed("Lock down " + escaped(info->name) + " with " + std::to_string(info->stats.sessions) +
                              " open sessions, and let in " +
                              (ownLists ? escaped(lockdownListsText(lists)) : "whom the policy names") + " alone?"))
            return caller.complain("nothing was changed", exitFailure);
    }
    const auto result = caller.ask<LockdownResult>(lockdown);
    if (!result)
        return caller.complain(result.error());
    caller.streams().out << (invocation.json ? jsonText(*result) : humanText(*result));
    return caller.finish(exitOk);
}

int lockdownState(Caller& caller)
{
    const auto info = caller.ask<Info>(InfoQuery{});
    if (!info)
        return caller.complain(info.error());
    const auto& lockdown = info->stats.lockdown;
    if (caller.invocation().json)
        caller.streams().out << replyToJson(Answer(*info)).at("result").at("stats").at("lockdown").dump(2, ' ', true)
                             << '\n';
    else
        caller.streams().out << (lockdown ? "Locked down " + escaped(lockdownText(*lockdown, info->stats.time)) + '\n'
                                          : "No lockdown is on.\n");
    return caller.finish(exitOk);
}

} // namespace gatehouse::ctl
