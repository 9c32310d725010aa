// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/helptopic.h"

#include <array>

namespace gatehouse::ctl {

namespace {

constexpr std::array<HelpTopic, 8> topics{{
    {"lockdown", "lockdown",
     "Says whether the gate is locked down, since when, by whom, until when and with what exceptions.\n"
     "`lockdown on` and `lockdown off` have their own --help.\n"},
    {"lockdown on", "lockdown on [--user NAME]... [--network CIDR]... [--for 30m] [--reason TEXT] [--yes]",
     "Closes all sessions but those that the lists allow, with code 4403 (on centrifuge routes 4503),\n"
     "and lets nobody else in. It asks first, and outlasts a restart.\n"
     "\n"
     "  --user NAME       who stays and may come in; may be given several times\n"
     "  --network CIDR    from where; may be given several times. Where both are given both must match\n"
     "  --for TIME        when it ends by itself; without it when somebody ends it\n"
     "  --reason TEXT     public: clients that are closed are told; at most 123 bytes are sent\n"
     "  --yes             do not ask; needed where there is no terminal\n"
     "\n"
     "Without --user and --network the lists are those of \"lockdown\" in the policy; where they are\n"
     "empty nobody may stay. Given while a lockdown is on it replaces that one.\n"},
    {"lockdown off", "lockdown off", "Ends a lockdown.\n"},
    {"limit", "limit ID... | --user NAME [--issuer NAME] --rate 5/s[,burst 10] [--for 10m|none] [--reason TEXT]",
     "Lets sessions, or all sessions of a user together, send no more than this many messages, beside\n"
     "the limits of the policy.\n"
     "\n"
     "  --rate RATE       5/s, 100/m or 20/10s, and how many at once: \"5/s,burst 10\"\n"
     "  --user NAME       instead of IDs: all sessions of this user, also those to come\n"
     "  --issuer NAME     the user as vouched for by this issuer alone\n"
     "  --for TIME        how long (default 10m), or none: until it is lifted\n"
     "  --reason TEXT     for the audit log and whoever looks at the limit\n"
     "\n"
     "Exits with 1 where one of the sessions was gone already.\n"},
    {"limits", "limits", "Lists the limits that operators set.\n"},
    {"unlimit", "unlimit ID", "Lifts a limit. `gatehousectl limits` prints the IDs.\n"},
    {"quarantine", "quarantine ID... [--for 5m] [--reason TEXT] | quarantine --off ID...",
     "Keeps sessions open, but delivers nothing to them and reads nothing from them.\n"
     "\n"
     "  --for TIME        how long; without it until somebody ends it\n"
     "  --reason TEXT     for the audit log\n"
     "  --off             ends it\n"
     "\n"
     "Exits with 1 where one of the sessions was gone already.\n"},
    {"drain", "drain [--within 20s] [--spread 10s]",
     "Takes no new sessions, closes the open ones with code 1001 and stops the server.\n"
     "\n"
     "  --within TIME     when it stops at the latest (default: \"drain\" of the policy)\n"
     "  --spread TIME     over how long the sessions are closed, so that not all come back at once\n"
     "                    elsewhere (default: \"drain\" of the policy)\n"},
}};

} // namespace

std::span<const HelpTopic> measureTopics()
{
    return topics;
}

} // namespace gatehouse::ctl
