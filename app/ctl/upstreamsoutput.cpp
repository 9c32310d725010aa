// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/upstreamsoutput.h"

#include "ctl/terminaltext.h"
#include "domain/isotime.h"

#include <algorithm>

namespace gatehouse::ctl {

namespace {

std::string_view stateWord(UpstreamState state)
{
    switch (state) {
    case UpstreamState::Up:
        return "up";
    case UpstreamState::Ejected:
        return "ejected";
    case UpstreamState::Draining:
        return "draining";
    }
    return "";
}

/// "upstream_connect: connection refused"; empty: nothing failed yet.
std::string problemText(const UpstreamStatus& status)
{
    std::string text(reasonWord(status.lastFailure));
    if (!status.problem.empty())
        text += (text.empty() ? "" : ": ") + status.problem;
    return text;
}

} // namespace

std::string text(const UpstreamList& list)
{
    if (list.upstreams.empty())
        return "No route of the policy is a gateway.\n";
    Table table({"ROUTE", "UPSTREAM", "STATE", "SINCE", "SESSIONS", "FAILURES", "LOST", "LAST PROBLEM"});
    for (const UpstreamStatus& status : list.upstreams)
        table.add({status.route, status.url, std::string(stateWord(status.state)), formatTime(status.since),
                   std::to_string(status.sessions), std::to_string(status.failures), std::to_string(status.lost),
                   problemText(status)});
    return table.text();
}

std::string text(const UpstreamDrainResult& result)
{
    std::string lines;
    for (const UpstreamStatus& status : result.upstreams)
        lines += escaped(status.url + " of " + status.route) + ": " + std::string(stateWord(status.state)) +
                 ", sessions open: " + std::to_string(status.sessions) + '\n';
    const auto draining = [](const UpstreamStatus& status) { return status.state == UpstreamState::Draining; };
    if (std::ranges::any_of(result.upstreams, draining))
        lines += "Sessions that are to end: " + std::to_string(result.ending) + '\n';
    return lines;
}

std::string ejectedText(const UpstreamStatus& status)
{
    const std::string problem = problemText(status);
    return status.url + " of " + status.route + " since " + formatTime(status.since) +
           (problem.empty() ? "" : ": " + problem);
}

} // namespace gatehouse::ctl
