// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/helptopic.h"

#include <array>

namespace gatehouse::ctl {

namespace {

constexpr std::array<HelpTopic, 8> topics{{
    {"policy show", "policy show [--version N] [--output FILE]",
     "Prints the document of the policy that runs, alone on standard output and in its canonical form:\n"
     "what differs between two such texts is what differs in meaning.\n"
     "\n"
     "  --version N       an earlier version; gatehousectl policy history lists them\n"
     "  --output FILE     into a file\n"
     "\n"
     "With --json: the document with its version, author, reason and hash.\n"},
    {"policy check", "policy check FILE [--offline]",
     "Says what is wrong with a document, one problem a line as FILE:LINE:COLUMN: /pointer: what; then\n"
     "what it would change. - is standard input. Exits with 1 where the document is not valid.\n"
     "\n"
     "  --offline         ask no server; with --config changes are told from that file\n"
     "\n"
     "With --config it works where no server runs, too.\n"},
    {"policy diff", "policy diff [FILE] [--version N] [--words]",
     "Prints how a document differs from the policy that runs, as a unified difference of their\n"
     "canonical forms. - is standard input; without FILE it is the server's own policy file.\n"
     "\n"
     "  --version N       from this version on; without FILE to the one that runs\n"
     "  --words           what differs rule by rule, first\n"},
    {"policy what-if", "policy what-if FILE [--within 5s] [--all]",
     "Says what a document would change, and which open sessions it would end or limit and why. It\n"
     "changes nothing. - is standard input.\n"
     "\n"
     "  --within TIME     how long it may look, 10ms to 60s (default 5s)\n"
     "  --all             names every session, not the first 8 of each rule\n"},
    {"policy apply", "policy apply FILE [--base HASH] [--reason TEXT] [--for 5m] [--replace-file] [--yes]",
     "Shows what a document would change and which open sessions it would end, asks, and puts it in\n"
     "place: in the running server and in its policy file. Open sessions meet it within a second.\n"
     "- is standard input.\n"
     "\n"
     "  --base HASH       refuse where the policy that runs is no longer the one with this hash\n"
     "                    (default: the one that runs when the command begins)\n"
     "  --reason TEXT     for the history and the audit log\n"
     "  --for TIME        on trial: unless it is confirmed within this time, 1s to 24h, the version\n"
     "                    before returns by itself, after a crash too\n"
     "  --replace-file    even where somebody edited the policy file to something that is not valid\n"
     "  --yes             do not ask; needed where there is no terminal\n"
     "\n"
     "Where another version came first nothing changes: the difference is printed, and it exits with 1.\n"},
    {"policy confirm", "policy confirm [VERSION]",
     "Keeps the version that was put in place on trial, and writes it to the policy file.\n"},
    {"policy history", "policy history [--limit N] [--before N] [--diff]",
     "Lists versions of the policy, newest first: when, by whom, why, and what each changed.\n"
     "\n"
     "  --limit N         how many, 1 to 200 (default 10)\n"
     "  --before N        only versions with a smaller number: the way to page\n"
     "  --diff            with the differences of the texts\n"},
    {"policy rollback", "policy rollback [VERSION] [--base HASH] [--reason TEXT] [--for 5m] [--replace-file] [--yes]",
     "Puts an earlier version in place as a new one, as policy apply does: it shows and asks first.\n"
     "Without VERSION it is the one before the one that runs.\n"
     "\n"
     "  --base HASH       refuse where the policy that runs is no longer the one with this hash\n"
     "  --reason TEXT     for the history and the audit log\n"
     "  --for TIME        on trial: unless it is confirmed within this time, 1s to 24h, the version\n"
     "                    before returns by itself, after a crash too\n"
     "  --replace-file    even where somebody edited the policy file to something that is not valid\n"
     "  --yes             do not ask; needed where there is no terminal\n"},
}};

} // namespace

std::span<const HelpTopic> policyTopics()
{
    return topics;
}

} // namespace gatehouse::ctl
