// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/commandtable.h"
#include "ctl/helptopic.h"

#include <array>

// The applications behind the gate.
namespace gatehouse::ctl {

namespace {

UpstreamDrainCommand drainOf(const Words& words)
{
    UpstreamDrainCommand drain;
    drain.upstream = words.operands.at(0);
    drain.route = textOption(words, "route");
    drain.within = durationOption(words, "within");
    drain.reason = textOption(words, "reason");
    return drain;
}

constexpr std::array<HelpTopic, 3> topics{{
    {"upstreams", "upstreams",
     "Lists the applications behind the routes that are gateways: the state of each, its sessions, the\n"
     "attempts and health checks that failed, the sessions that were lost with it, and its last problem.\n"
     "With --json: an array of objects.\n"
     "\n"
     "  up          sessions are opened there\n"
     "  ejected     it failed three times in a row; the route's others take over. It comes back when it\n"
     "              answers again, or is tried again when the time of the ejection is over\n"
     "  draining    an operator wants no new sessions there\n"},
    {"upstream drain", "upstream drain URL [--route NAME] [--within 30s] [--reason TEXT]",
     "Opens no new sessions to an upstream. Those that it has stay, unless --within is given.\n"
     "\n"
     "  --route NAME      of this route alone; without it of every route that has the URL\n"
     "  --within TIME     end its sessions too, evenly over this time, with code 1001\n"
     "  --reason TEXT     for the audit log\n"
     "\n"
     "The URL is as the policy and `gatehousectl upstreams` have it. It holds until `upstream undrain`,\n"
     "over changes of the policy too, and not after a restart. Where all upstreams of a route drain,\n"
     "newcomers get 503.\n"},
    {"upstream undrain", "upstream undrain URL [--route NAME]",
     "Opens sessions to an upstream again. Sessions that were about to be ended stay.\n"
     "\n"
     "  --route NAME      of this route alone; without it of every route that has the URL\n"},
}};

} // namespace

std::vector<CommandSpec> upstreamSpecs()
{
    return {
        {"upstreams", {}, 0, 0, "", fillPlain<UpstreamsQuery>},
        {"upstream drain",
         {"route", "within", "reason"},
         1,
         1,
         "URL",
         [](const Words& words, Invocation& invocation) { invocation.command = drainOf(words); }},
        {"upstream undrain",
         {"route"},
         1,
         1,
         "URL",
         [](const Words& words, Invocation& invocation) {
             UpstreamDrainCommand drain = drainOf(words);
             drain.on = false;
             invocation.command = std::move(drain);
         }},
    };
}

std::span<const HelpTopic> upstreamTopics()
{
    return topics;
}

} // namespace gatehouse::ctl
