// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/commandtable.h"

#include <algorithm>
#include <array>

namespace gatehouse::ctl {

namespace {

constexpr std::array<std::string_view, 14> flags{"skip-history", "reverse", "add",     "json",        "help",
                                                 "version",      "force",   "yes",     "off",         "all",
                                                 "words",        "diff",    "offline", "replace-file"};
constexpr std::array<std::string_view, 8> everywhere{"socket", "config", "url",  "key-file",
                                                     "ca",     "json",   "help", "version"};

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
    for (const auto& [name, values] : words.options)
        if (!isGeneralOption(name))
            throw Refused{"--" + name + " goes with audit list alone"};
    if (!given(words, "config"))
        throw Refused{"audit verify reads the store itself and needs --config FILE"};
    invocation.action = Action::AuditVerify;
}

void fillCertificate(const Words& words, Invocation& invocation)
{
    const std::string& what = words.operands.at(0);
    if (what == "renew") {
        invocation.command = CertificateRenewCommand{textOption(words, "listener"), given(words, "force")};
        return;
    }
    if (what != "status")
        throw Refused{"certificate takes status or renew, found \"" + what + '"'};
    for (const auto& [name, values] : words.options)
        if (!isGeneralOption(name))
            throw Refused{"--" + name + " goes with certificate renew alone"};
    invocation.action = Action::CertificateStatus;
    invocation.command = CertificateStatusQuery{};
}

void fillKey(const Words& words, Invocation& invocation)
{
    if (words.operands.at(0) != "rotate")
        throw Refused{"key takes rotate, found \"" + words.operands.at(0) + '"'};
    if (!given(words, "config"))
        throw Refused{"key rotate changes the configuration itself and needs --config FILE"};
    invocation.action = Action::KeyRotate;
    invocation.rotation.issuer = textOption(words, "issuer");
    if (const std::string* keep = option(words, "keep"))
        invocation.rotation.keep = duration(*keep, "--keep");
}

void fillApiKeyNew(const Words& words, Invocation& invocation)
{
    invocation.action = Action::ApiKeyNew;
    ApiKeyOptions& asked = invocation.apiKey;
    for (const char* needed : {"name", "role", "key-file"})
        if (!given(words, needed))
            throw Refused{"api-key new needs --name NAME, --role ROLE and --key-file FILE"};
    const auto role = apiRoleFromWord(*option(words, "role"));
    if (!role)
        throw Refused{"--role: expected viewer, publisher, operator or admin"};
    asked.request = {textOption(words, "id"), textOption(words, "name"), *role, listOption(words, "channels")};
    if (*role == ApiRole::Publisher && asked.request.channels.empty())
        throw Refused{"a publisher needs --channels A,B: without it there is nothing that it may publish to"};
    asked.file = *option(words, "key-file");
    asked.add = given(words, "add");
    if (asked.file == "-" && invocation.json)
        throw Refused{"--key-file - prints the key alone: --json does not go with it"};
}

void fillApiKeyList(const Words&, Invocation& invocation)
{
    invocation.action = Action::ApiKeyList;
}

std::vector<CommandSpec> otherSpecs()
{
    return {
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
        {"failures", {}, 0, 0, "", fillPlain<AuthFailuresQuery>},
        {"audit",
         {"limit", "kind", "reason", "user", "address", "session", "text", "before"},
         1,
         1,
         "list|verify",
         fillAudit},
        {"certificate", {"listener", "force"}, 1, 1, "status|renew", fillCertificate},
        {"key", {"issuer", "keep"}, 1, 1, "rotate", fillKey},
        {"api-key new", {"name", "role", "id", "channels", "key-file", "add"}, 0, 0, "", fillApiKeyNew},
        {"api-key list", {}, 0, 0, "", fillApiKeyList},
        {"reload", {}, 0, 0, "", fillPlain<ReloadCommand>},
    };
}

} // namespace

const std::vector<CommandSpec>& commandTable()
{
    static const std::vector<CommandSpec> all = [] {
        std::vector<CommandSpec> table = otherSpecs();
        for (const auto& part : {measureSpecs(), upstreamSpecs(), channelSpecs(), policySpecs()})
            table.insert(table.end(), part.begin(), part.end());
        return table;
    }();
    return all;
}

const CommandSpec* specOf(std::string_view name)
{
    const auto& all = commandTable();
    const auto found =
        std::find_if(all.begin(), all.end(), [name](const CommandSpec& spec) { return spec.name == name; });
    return found == all.end() ? nullptr : &*found;
}

std::string secondWords(std::string_view first)
{
    Texts found;
    for (const CommandSpec& spec : commandTable())
        if (spec.name.size() > first.size() && spec.name.starts_with(first) && spec.name[first.size()] == ' ')
            found.emplace_back(spec.name.substr(first.size() + 1));
    std::string text;
    for (std::size_t i = 0; i < found.size(); ++i)
        text += (i == 0 ? "" : i + 1 == found.size() ? " or " : ", ") + found[i];
    return text;
}

bool isGeneralOption(std::string_view name)
{
    return std::find(everywhere.begin(), everywhere.end(), name) != everywhere.end();
}

bool isFlag(std::string_view name)
{
    return std::find(flags.begin(), flags.end(), name) != flags.end();
}

} // namespace gatehouse::ctl
