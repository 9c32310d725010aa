// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/help.h"

#include "ctl/commandtable.h"
#include "ctl/helptopic.h"

#include "domain/auditrecord.h"

#include <array>
#include <span>

namespace gatehouse::ctl {

namespace {

constexpr std::string_view program = R"(Usage: gatehousectl [--socket PATH | --config FILE] COMMAND
       gatehousectl --url https://HOST:PORT --key-file FILE [--ca FILE] COMMAND

Asks and commands a running Gatehouse server over its control socket, or elsewhere over its
admin listener with an API key.

Commands:
  status                   what runs, and how much it does
  sessions                 open sessions
  session ID               one session, with why its last message was refused
  kick ID...               close sessions
  ban user|address|network|token VALUE   keep somebody out
  unban ID                 lift a ban
  bans                     bans that hold
  revoke --jti ID          make a token worth nothing
  revoke --user NAME       the same with all tokens that a user has now
  unrevoke ID              take a revocation back
  revocations              revocations that hold
  failures                 failed authentications by address and reason
  audit list               who did what, newest first
  audit verify             whether the audit log is whole
  certificate status       what the listeners' certificates are, and how long they last
  certificate renew        make those of the local CA anew, now
  key rotate               give an issuer a new secret; the old one verifies on for a while
  api-key new              make a key for the API
  api-key list             who has one
  policy show              the policy that runs, or ran
  policy check FILE        what is wrong with a document, and what it would change
  policy diff [FILE]       how a document differs from the policy that runs
  policy what-if FILE      which open sessions a document would end or limit
  policy apply FILE        put a document in place, for good or on trial
  policy confirm           keep what was put in place on trial
  policy history           versions of the policy, by whom and why
  policy rollback          go back to an earlier version
  lockdown                 whether the gate is locked down
  lockdown on|off          let in and keep none but the named
  limit                    let a session or a user send less
  limits                   such limits
  unlimit ID               lift one
  quarantine ID...         keep sessions open, but deliver and read nothing
  reload                   read the policy file again
  upstreams                applications behind the gate: which are up, and which do not answer
  upstream drain URL       open no new sessions there; upstream undrain URL takes it back
  publish CHANNEL JSON     publish to a channel of the hub
  channels                 channels that somebody is subscribed to
  presence CHANNEL         who is in a channel
  history CHANNEL          what a channel keeps
  drain                    let sessions go, then stop
  token                    make a token for a user

Options:
  --socket PATH   the server's control socket
  --config FILE   the server's configuration, which names its socket
  --url URL       a server elsewhere: https://HOST:PORT of its admin listener
  --key-file FILE the API key to show there; a file of mode 0600, or 0640
  --ca FILE       who vouches for its certificate (default: whom the system trusts)
  --json          print JSON instead of tables
  --help          this text, or that of a command
  --version       the version

Without --socket or --config the socket is $GATEHOUSE_SOCKET, or the one named by
gatehouse/gatehouse.json below XDG_CONFIG_HOME (~/.config) or else by
/etc/gatehouse/gatehouse.json.

$GATEHOUSE_URL, $GATEHOUSE_KEY_FILE and $GATEHOUSE_CA stand for --url, --key-file and --ca.

Exit codes: 0 done, 1 no server or refused, 64 usage, 78 bad configuration.
)";

constexpr std::array<HelpTopic, 18> topics{{
    {"status", "status", "Prints what runs, since when, on which addresses, and its counters.\n"},
    {"sessions", "sessions", "Lists open sessions. With --json: an array of objects.\n"},
    {"session", "session ID", "Prints all that is known about one session.\n"},
    {"kick", "kick ID... [--reason TEXT] [--cooldown 5m|none]",
     "Closes sessions with code 4403, on centrifuge routes 3503.\n\n"
     "  --reason TEXT     public: the client is told; at most 123 bytes are sent\n"
     "  --cooldown TIME   how long the user may not come back (default 1m), or none\n\n"
     "Exits with 1 where one of the sessions was gone already.\n"},
    {"ban", "ban user|address|network|token VALUE [--for 10m] [--reason TEXT] [--issuer NAME]",
     "Keeps a user, an address, a network or whoever shows a token out and ends their sessions.\n"
     "A token goes by its `jti`, which `gatehousectl session ID` prints.\n\n"
     "  --for TIME      how long; without it until it is lifted\n"
     "  --reason TEXT   for the audit log and whoever looks at the ban\n"
     "  --issuer NAME   of a user or token: banned only as vouched for by this issuer\n"},
    {"unban", "unban ID", "Lifts a ban. `gatehousectl bans` prints the IDs.\n"},
    {"bans", "bans", "Lists the bans that hold.\n"},
    {"revoke", "revoke --jti ID | --user NAME [--issuer NAME] [--for 30d] [--reason TEXT]",
     "Makes a token, or all tokens that a user has now, worth nothing, and ends their sessions with\n"
     "code 4401. A token's time of issue has whole seconds: one of this very second is among them, one\n"
     "of the next is good, and one that does not say when it was issued is not.\n\n"
     "  --jti ID        the token with this `jti`\n"
     "  --user NAME     all tokens of this user\n"
     "  --issuer NAME   only as vouched for by this issuer of the policy\n"
     "  --for TIME      how long it is remembered, such as the longest lifetime of a token; without it\n"
     "                  until it is taken back\n"
     "  --reason TEXT   for the audit log and whoever looks at the revocation\n"},
    {"unrevoke", "unrevoke ID", "Takes a revocation back. `gatehousectl revocations` prints the IDs.\n"},
    {"revocations", "revocations", "Lists the revocations that hold.\n"},
    {"failures", "failures",
     "Lists failed authentications by address and reason, most recent first, with the rule that\n"
     "refused the newest of each.\n"},
    {"audit", "audit list [OPTIONS] | audit verify --config FILE",
     "list prints the newest records. With --config it reads the store itself, so that it\n"
     "works on a stopped server too.\n\n"
     "  --limit N         how many, 1 to 1000 (default 50)\n"
     "  --before NUMBER   only records with a smaller number: the way to page\n"
     "  --kind KIND       one of: @KINDS@\n"
     "  --reason REASON   a reason's word, like jwt_sig\n"
     "  --user, --address, --session   whole values\n"
     "  --text TEXT       anywhere in user, address, route, reason, actor or detail\n\n"
     "verify walks the chain of hashes and names the first record that was edited, removed\n"
     "or reordered; it exits with 1 where there is one. It cannot see that the newest records\n"
     "were cut off: compare the number and hash that it prints with ones kept elsewhere.\n"},
    {"certificate", "certificate status [--config FILE] | certificate renew [--listener NAME] [--force]",
     "status prints the certificate that each listener serves with: names, issuer, end, whether it\n"
     "renews itself, and what was wrong with files that could not be taken into use. With --config\n"
     "it reads the files where no server runs.\n\n"
     "renew makes a new key and certificate for the same names, where the CA that signed the old one\n"
     "lies beside it as ca.pem and ca.key, and serves with them at once. The server does so by itself\n"
     "when a third of a certificate's life is left.\n\n"
     "  --listener NAME   this one alone, even where \"renew\" is \"off\" in the policy\n"
     "  --force           even where the CA ends so soon that the new one would not last longer\n"},
    {"key", "key rotate --config FILE [--issuer NAME] [--keep 24h]",
     "Makes a new secret for an issuer in a new file beside the old one, and rewrites FILE: the new\n"
     "secret signs and verifies, the old one moves to \"previous\" and verifies until its time is over.\n"
     "Entries of \"previous\" whose time is over are taken out; files of secrets are never deleted.\n"
     "A server that runs from FILE is told to reload; otherwise the new secret holds from its start on.\n\n"
     "  --issuer NAME   whose secret (default: the first issuer that has one)\n"
     "  --keep TIME     how long the old one verifies (default: the issuer's max_lifetime and leeway)\n\n"
     "Notes and the order of keys in FILE stay as they are; its layout becomes that of gatehoused --init.\n"},
    {"api-key new", "api-key new --name NAME --role ROLE --key-file FILE [--id ID] [--channels A,B] [--add]",
     "Makes a key for the API on an admin listener, writes it to a new file of mode 0600, and prints its\n"
     "entry for \"api_keys\" of the policy. Nobody can show the key again: the policy has a digest alone.\n\n"
     "  --name NAME       who has it, as the audit log names them\n"
     "  --role ROLE       viewer, publisher, operator or admin\n"
     "  --key-file FILE   where the key goes; - prints it alone on standard output\n"
     "  --id ID           letters, digits, \"_\", \"-\" and \".\" (default: one by chance)\n"
     "  --channels A,B    of a publisher: the channels that it may publish to\n"
     "  --add             put the entry into the policy that runs; where that fails no file is left\n\n"
     "Works on the server itself alone. With --json it prints the entry and nothing else.\n"},
    {"api-key list", "api-key list", "Lists the keys that the policy has, without their digests.\n"},
    {"reload", "reload", "Reads the policy file again. An invalid one changes nothing; all errors are printed.\n"},
    {"token", "token --user NAME [--roles A,B] [--ttl 1h] [--channels A,B] [--config FILE]",
     "Prints a token of the configuration's local issuer, alone on standard output.\n\n"
     "  --user NAME       whom it speaks for\n"
     "  --roles A,B       roles that the policy has\n"
     "  --ttl TIME        how long it is good (default 1h)\n"
     "  --channels A,B    put into the claim `channels`\n\n"
     "Needs no server, but must be able to read the issuer's secret.\n"},
}};

std::string kinds()
{
    std::string text;
    for (int i = 0; i <= static_cast<int>(AuditKind::Upstream); ++i)
        text += (i == 0 ? "" : ", ") + std::string(auditKindWord(static_cast<AuditKind>(i)));
    return text;
}

const HelpTopic* topicOf(std::string_view name)
{
    const std::span<const HelpTopic> own = topics;
    for (const auto& part : {own, policyTopics(), measureTopics(), upstreamTopics(), channelTopics()})
        for (const HelpTopic& topic : part)
            if (topic.name == name)
                return &topic;
    return nullptr;
}

} // namespace

std::string helpText(std::string_view topic)
{
    constexpr std::string_view last = "\nSee gatehousectl --help for --socket, --config, --url and --json.\n";
    if (const HelpTopic* found = topicOf(topic)) {
        std::string text = "Usage: gatehousectl " + std::string(found->usage) + "\n\n" + std::string(found->text);
        constexpr std::string_view placeholder = "@KINDS@";
        if (const std::size_t at = text.find(placeholder); at != std::string::npos)
            text.replace(at, placeholder.size(), kinds());
        return text + std::string(last);
    }
    if (const std::string second = secondWords(topic); !topic.empty() && !second.empty())
        return "Usage: gatehousectl " + std::string(topic) + " " + second + "\n\nEach of them has its own --help.\n";
    return std::string(program);
}

} // namespace gatehouse::ctl
