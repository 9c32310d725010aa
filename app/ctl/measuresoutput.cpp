// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/measuresoutput.h"

#include "ctl/terminaltext.h"
#include "domain/isotime.h"
#include "policy/decide.h"
#include "policy/text.h"

namespace gatehouse::ctl {

namespace {

std::string untilText(const std::optional<WallTime>& until, std::string_view open)
{
    return until ? "until " + formatTime(*until) : std::string(open);
}

std::string subjectText(const TemporaryLimit& limit)
{
    if (limit.session)
        return "session " + std::to_string(limit.session.value);
    return "user " + limit.user + (limit.issuer.empty() ? "" : " of " + limit.issuer);
}

} // namespace

std::string lockdownListsText(const LockdownLists& lists)
{
    if (lists.users.empty() && lists.networks.empty())
        return "nobody";
    std::vector<std::string> networks;
    for (const Network& network : lists.networks)
        networks.push_back(network.toString());
    const std::string from = networks.empty() ? "" : "from " + joined(networks, ", ");
    if (lists.users.empty())
        return from;
    return "users " + joined(lists.users, ", ") + (from.empty() ? "" : " " + from);
}

std::string text(const LockdownResult& result)
{
    if (!result.lockdown)
        return "No lockdown is on.\n";
    return "Locked down " + untilText(result.lockdown->until, "until somebody ends it") +
           ". Allowed: " + escaped(lockdownListsText(result.lists)) +
           ". Sessions ended: " + std::to_string(result.ended.size()) + ".\n";
}

std::string text(const LimitResult& result)
{
    std::string lines;
    for (const TemporaryLimit& limit : result.limits)
        lines += "Limit " + std::to_string(limit.id.value) + ": " + escaped(subjectText(limit)) + " to " +
                 describeRate(limit.rate) + ' ' + untilText(limit.until, "until it is lifted") + ".\n";
    if (!result.missing.empty())
        lines += "Gone already: " + idList(result.missing) + '\n';
    return lines.empty() ? "No limit.\n" : lines;
}

std::string text(const LimitList& list)
{
    if (list.limits.empty())
        return "No limits.\n";
    Table table({"ID", "WHOM", "RATE", "UNTIL", "BY", "REASON"});
    for (const TemporaryLimit& limit : list.limits)
        table.add({std::to_string(limit.id.value), subjectText(limit), describeRate(limit.rate),
                   limit.until ? formatTime(*limit.until) : "until lifted", limit.actor, limit.reason});
    return table.text();
}

std::string quarantineText(const QuarantineResult& result, bool on)
{
    std::string lines;
    if (!result.sessions.empty())
        lines += (on ? "Quarantined: " : "Released: ") + idList(result.sessions) + '\n';
    if (!result.missing.empty())
        lines += "Gone already: " + idList(result.missing) + '\n';
    return lines.empty() ? "No session.\n" : lines;
}

std::string text(const QuarantineResult& result)
{
    return quarantineText(result, true);
}

} // namespace gatehouse::ctl
