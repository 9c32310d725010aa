// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"

#include "control/json.h"
#include "policy/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <map>
#include <string_view>

namespace gatehouse::ctl {

namespace {

using Texts = std::vector<std::string>;
using Options = std::map<std::string, std::string, std::less<>>;

/// What the words of a command line are, before they mean something.
struct Words {
    std::string command;
    Texts operands;
    Options options; ///< without dashes; flags have an empty value
};

/// Thrown and caught within this file alone: it keeps the parsers short.
struct Refused {
    std::string message;
};

struct CommandSpec {
    std::string_view name;
    std::vector<std::string_view> options;
    std::size_t fewest = 0;
    std::size_t most = 0;
    std::string_view operands; ///< how they are called in errors
    void (*fill)(const Words&, Invocation&);
};

constexpr std::array<std::string_view, 4> flags{"json", "help", "version", "force"};
constexpr std::array<std::string_view, 5> everywhere{"socket", "config", "json", "help", "version"};

template <class Range> bool has(const Range& range, std::string_view word)
{
    return std::find(range.begin(), range.end(), word) != range.end();
}

const std::string* option(const Words& words, std::string_view name)
{
    const auto found = words.options.find(name);
    return found == words.options.end() ? nullptr : &found->second;
}

std::string textOption(const Words& words, std::string_view name)
{
    const std::string* value = option(words, name);
    return value ? *value : std::string();
}

std::uint64_t number(std::string_view text, const std::string& what)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        throw Refused{what + " must be a whole number, found \"" + std::string(text) + '"'};
    return value;
}

std::chrono::milliseconds duration(std::string_view text, const std::string& what)
{
    const auto value = parseDuration(text);
    if (!value)
        throw Refused{what + " must be a duration like 30s, 5m or 24h, found \"" + std::string(text) + '"'};
    return *value;
}

Texts listOption(const Words& words, std::string_view name)
{
    Texts items;
    const std::string* value = option(words, name);
    std::string_view left = value ? std::string_view(*value) : std::string_view();
    while (!left.empty()) {
        const std::size_t comma = std::min(left.find(','), left.size());
        if (comma > 0)
            items.emplace_back(left.substr(0, comma));
        left.remove_prefix(std::min(comma + 1, left.size()));
    }
    return items;
}

std::vector<SessionId> sessionIds(const Words& words)
{
    std::vector<SessionId> ids;
    for (const std::string& operand : words.operands)
        ids.push_back(SessionId{number(operand, "a session's ID")});
    return ids;
}

void fillToken(const Words& words, Invocation& invocation)
{
    invocation.action = Action::Token;
    invocation.token.user = textOption(words, "user");
    if (invocation.token.user.empty())
        throw Refused{"token needs --user NAME"};
    invocation.token.roles = listOption(words, "roles");
    invocation.token.channels = listOption(words, "channels");
    if (const std::string* ttl = option(words, "ttl")) {
        invocation.token.ttl = std::chrono::floor<std::chrono::seconds>(duration(*ttl, "--ttl"));
        if (invocation.token.ttl.count() < 1)
            throw Refused{"--ttl must be at least 1s"};
    }
}

void fillKick(const Words& words, Invocation& invocation)
{
    KickCommand kick;
    kick.sessions = sessionIds(words);
    kick.reason = textOption(words, "reason");
    if (const std::string* cooldown = option(words, "cooldown"))
        kick.cooldown = *cooldown == "none" ? std::nullopt : std::optional(duration(*cooldown, "--cooldown"));
    invocation.command = std::move(kick);
}

void fillBan(const Words& words, Invocation& invocation)
{
    BanCommand ban;
    const std::string& subject = words.operands.at(0);
    const std::array known{BanSubject::User, BanSubject::Address, BanSubject::Network, BanSubject::Token};
    const auto found =
        std::find_if(known.begin(), known.end(), [&](BanSubject each) { return subject == banSubjectWord(each); });
    if (found == known.end())
        throw Refused{"ban takes user, address, network or token before the value, found \"" + subject + '"'};
    ban.subject = *found;
    ban.value = words.operands.at(1);
    if (ban.subject == BanSubject::Address && !IpAddress::parse(ban.value))
        throw Refused{"\"" + ban.value + "\" is not an IPv4 or IPv6 address"};
    if (ban.subject == BanSubject::Network && !Network::parse(ban.value))
        throw Refused{"\"" + ban.value + "\" is not a network like 10.0.0.0/8 (bits after the prefix must be 0)"};
    ban.issuer = textOption(words, "issuer");
    if (!ban.issuer.empty() && ban.subject != BanSubject::User && ban.subject != BanSubject::Token)
        throw Refused{"--issuer goes with a user or a token alone"};
    ban.reason = textOption(words, "reason");
    if (const std::string* length = option(words, "for"))
        ban.duration = duration(*length, "--for");
    invocation.command = std::move(ban);
}

void fillRevoke(const Words& words, Invocation& invocation)
{
    const std::string* tokenId = option(words, "jti");
    const std::string* user = option(words, "user");
    if ((tokenId != nullptr) == (user != nullptr))
        throw Refused{"revoke needs either --jti ID or --user NAME"};
    std::optional<std::chrono::milliseconds> length;
    if (const std::string* given = option(words, "for"))
        length = duration(*given, "--for");
    if (tokenId)
        invocation.command =
            RevokeTokenCommand{*tokenId, textOption(words, "issuer"), {}, length, textOption(words, "reason")};
    else
        invocation.command = InvalidateUserTokensCommand{*user,  textOption(words, "issuer"), {}, {},
                                                         length, textOption(words, "reason")};
}

void fillAuditList(const Words& words, Invocation& invocation)
{
    AuditQuery query;
    query.limit = 50;
    if (const std::string* limit = option(words, "limit")) {
        const std::uint64_t wanted = number(*limit, "--limit");
        if (wanted < 1 || wanted > 1000)
            throw Refused{"--limit must be 1 to 1000"};
        query.limit = static_cast<std::uint32_t>(wanted);
    }
    if (const std::string* kind = option(words, "kind")) {
        query.kind = auditKindFromWord(*kind);
        if (!query.kind)
            throw Refused{"--kind: \"" + *kind + "\" is no kind of record; see gatehousectl audit --help"};
    }
    if (const std::string* reason = option(words, "reason")) {
        query.reason = reasonFromWord(*reason);
        if (!query.reason)
            throw Refused{"--reason: \"" + *reason + "\" is no reason"};
    }
    if (const std::string* session = option(words, "session"))
        query.session = SessionId{number(*session, "--session")};
    if (const std::string* before = option(words, "before"))
        query.before = number(*before, "--before");
    query.user = textOption(words, "user");
    query.address = textOption(words, "address");
    query.text = textOption(words, "text");
    invocation.action = Action::AuditList;
    invocation.command = std::move(query);
}

void fillAudit(const Words& words, Invocation& invocation)
{
    const std::string& what = words.operands.at(0);
    if (what == "list")
        return fillAuditList(words, invocation);
    if (what != "verify")
        throw Refused{"audit takes list or verify, found \"" + what + '"'};
    for (const auto& [name, value] : words.options)
        if (!has(everywhere, name))
            throw Refused{"--" + name + " goes with audit list alone"};
    if (!words.options.contains("config"))
        throw Refused{"audit verify reads the store itself and needs --config FILE"};
    invocation.action = Action::AuditVerify;
}

void fillCertificate(const Words& words, Invocation& invocation)
{
    const std::string& what = words.operands.at(0);
    if (what == "renew") {
        invocation.command = CertificateRenewCommand{textOption(words, "listener"), words.options.contains("force")};
        return;
    }
    if (what != "status")
        throw Refused{"certificate takes status or renew, found \"" + what + '"'};
    for (const auto& [name, value] : words.options)
        if (!has(everywhere, name))
            throw Refused{"--" + name + " goes with certificate renew alone"};
    invocation.action = Action::CertificateStatus;
    invocation.command = CertificateStatusQuery{};
}

void fillKey(const Words& words, Invocation& invocation)
{
    if (words.operands.at(0) != "rotate")
        throw Refused{"key takes rotate, found \"" + words.operands.at(0) + '"'};
    if (!words.options.contains("config"))
        throw Refused{"key rotate changes the configuration itself and needs --config FILE"};
    invocation.action = Action::KeyRotate;
    invocation.rotation.issuer = textOption(words, "issuer");
    if (const std::string* keep = option(words, "keep"))
        invocation.rotation.keep = duration(*keep, "--keep");
}

template <class C> void fillPlain(const Words&, Invocation& invocation)
{
    invocation.command = C{};
}

const std::vector<CommandSpec>& specs()
{
    static const std::vector<CommandSpec> all{
        {"token", {"user", "roles", "ttl", "channels"}, 0, 0, "", fillToken},
        {"status", {}, 0, 0, "", fillPlain<InfoQuery>},
        {"sessions", {}, 0, 0, "", fillPlain<SessionsQuery>},
        {"session",
         {},
         1,
         1,
         "ID",
         [](const Words& words, Invocation& invocation) {
             invocation.command = SessionQuery{sessionIds(words).at(0)};
         }},
        {"kick", {"reason", "cooldown"}, 1, 100000, "ID…", fillKick},
        {"ban", {"for", "reason", "issuer"}, 2, 2, "user|address|network|token VALUE", fillBan},
        {"unban",
         {},
         1,
         1,
         "ID",
         [](const Words& words, Invocation& invocation) {
             invocation.command = UnbanCommand{BanId{number(words.operands.at(0), "a ban's ID")}};
         }},
        {"bans", {}, 0, 0, "", fillPlain<BansQuery>},
        {"revoke", {"jti", "user", "issuer", "for", "reason"}, 0, 0, "", fillRevoke},
        {"unrevoke",
         {},
         1,
         1,
         "ID",
         [](const Words& words, Invocation& invocation) {
             invocation.command = UnrevokeCommand{RevocationId{number(words.operands.at(0), "a revocation's ID")}};
         }},
        {"revocations", {}, 0, 0, "", fillPlain<RevocationsQuery>},
        {"failures", {}, 0, 0, "", fillPlain<AuthFailuresQuery>},
        {"audit",
         {"limit", "kind", "reason", "user", "address", "session", "text", "before"},
         1,
         1,
         "list|verify",
         fillAudit},
        {"certificate", {"listener", "force"}, 1, 1, "status|renew", fillCertificate},
        {"key", {"issuer", "keep"}, 1, 1, "rotate", fillKey},
        {"drain", {}, 0, 0, "", fillPlain<DrainCommand>},
        {"reload", {}, 0, 0, "", fillPlain<ReloadCommand>},
    };
    return all;
}

const CommandSpec* specOf(std::string_view name)
{
    const auto found =
        std::find_if(specs().begin(), specs().end(), [name](const CommandSpec& spec) { return spec.name == name; });
    return found == specs().end() ? nullptr : &*found;
}

void takeOption(const Texts& arguments, std::size_t& at, Words& words)
{
    std::string_view name = arguments[at] == "-h" ? std::string_view("--help") : arguments[at];
    name.remove_prefix(2);
    const std::size_t equals = name.find('=');
    const std::string key(name.substr(0, equals));
    std::string value;
    if (has(flags, key)) {
        if (equals != std::string_view::npos)
            throw Refused{"--" + key + " takes no value"};
    } else if (equals != std::string_view::npos) {
        value = name.substr(equals + 1);
    } else {
        // What comes next is the value whatever it looks like, but a forgotten one must not swallow an option.
        if (at + 1 == arguments.size() || arguments[at + 1].starts_with("--"))
            throw Refused{"--" + key + " needs a value"};
        value = arguments[++at];
    }
    if (!words.options.emplace(key, std::move(value)).second)
        throw Refused{"--" + key + " is given twice"};
}

Words split(const Texts& arguments)
{
    Words words;
    bool ended = false;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const std::string& argument = arguments[at];
        if (!ended && argument == "--")
            ended = true;
        else if (!ended && (argument == "-h" || (argument.starts_with("--"))))
            takeOption(arguments, at, words);
        else if (!ended && argument.size() > 1 && argument.front() == '-')
            throw Refused{"there is no option " + argument};
        else if (words.command.empty())
            words.command = argument;
        else
            words.operands.push_back(argument);
    }
    return words;
}

void checkAgainst(const CommandSpec& spec, const Words& words)
{
    const std::string name(spec.name);
    for (const auto& [key, value] : words.options) {
        if (!has(everywhere, key) && !has(spec.options, key))
            throw Refused{name + " has no option --" + key};
        if (!has(flags, key) && value.empty())
            throw Refused{"--" + key + " must not be empty"};
    }
    if (words.operands.size() < spec.fewest)
        throw Refused{name + " needs " + std::string(spec.operands)};
    if (words.operands.size() > spec.most)
        throw Refused{name + " takes " +
                      (spec.most == 0 ? std::string("no operands") : std::string(spec.operands) + " alone") +
                      ", found \"" + words.operands[spec.most] + '"'};
}

Invocation interpret(const Words& words)
{
    Invocation invocation;
    invocation.json = words.options.contains("json");
    if (words.options.contains("version")) {
        invocation.action = Action::Version;
        return invocation;
    }
    const CommandSpec* spec = specOf(words.command);
    if (!words.command.empty() && !spec)
        throw Refused{"there is no command \"" + words.command + '"'};
    if (words.options.contains("help")) {
        invocation.topic = words.command;
        return invocation;
    }
    if (!spec)
        throw Refused{"a command is needed"};
    checkAgainst(*spec, words);
    if (const std::string* socket = option(words, "socket"))
        invocation.socket = *socket;
    if (const std::string* config = option(words, "config"))
        invocation.config = *config;
    if (invocation.socket && invocation.config)
        throw Refused{"--socket and --config exclude each other: the configuration names the socket"};
    invocation.action = Action::Call;
    spec->fill(words, invocation);
    return invocation;
}

} // namespace

Result<Invocation, UsageError> parseArguments(const std::vector<std::string>& arguments)
{
    Words words;
    try {
        words = split(arguments);
        return interpret(words);
    } catch (const Refused& refused) {
        return Failure{UsageError{refused.message, specOf(words.command) ? words.command : std::string()}};
    }
}

} // namespace gatehouse::ctl
