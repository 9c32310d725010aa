// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyscenes.h"

#include <algorithm>
#include <array>

namespace gatehouse::test {
namespace {

using namespace std::chrono_literals;

Reply refused(ControlErrorCode code, std::string message)
{
    return Failure{ControlError{code, std::move(message)}};
}

std::string replaced(std::string text, const std::string& what, const std::string& by)
{
    const std::size_t at = text.find(what);
    return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

AffectedSession affected(std::uint64_t id, std::string user, std::string address, Decision why, std::uint16_t code)
{
    return {SessionId{id}, std::move(user), std::move(address), "hub", std::move(why), code};
}

PolicyHistoryEntry entry(std::uint64_t number, PolicyOrigin origin, WallTime time, std::string author,
                         std::string reason)
{
    PolicyHistoryEntry made;
    made.version.version = number;
    made.version.origin = origin;
    made.version.time = time;
    made.version.author = std::move(author);
    made.version.via = origin == PolicyOrigin::File ? "file" : "console";
    made.version.reason = std::move(reason);
    made.version.hash = "8c1f0e5d" + std::to_string(number) + "a7b3942e6610cf5d8e2b7704913a";
    made.version.document = scenePolicy();
    return made;
}

} // namespace

PolicyServer::PolicyServer()
    : now(std::chrono::milliseconds(1'795'357'927'000))
    , impact(sceneImpact())
{
    check.valid = true;
    check.changes = sceneChanges();
    check.difference = sceneDifference();
    versions.push_back(entry(37, PolicyOrigin::File, now - 26h, "", ""));
    versions.push_back(entry(38, PolicyOrigin::Apply, now - 25h, "dana", "kiosks of the north hall"));
    versions.push_back(entry(39, PolicyOrigin::Provisional, now - 3h, "mei", "less for guests, tried for 5 min"));
    versions.push_back(entry(40, PolicyOrigin::Returned, now - 175min, "", ""));
    versions.push_back(entry(41, PolicyOrigin::Apply, now - 12min, "root", "line 3 sends more since the new firmware"));
    versions[3].version.restores = 38;
    versions[1].changes = {
        {PolicyChange::Kind::Added, "/routes/0/origins/1", "hub › origins", "", "https://old.example"}};
    versions[4].changes = {{PolicyChange::Kind::Changed, "/routes/0/messages/rate", "hub › messages › rate",
                            "20/s, burst 100", "50/s, burst 100"}};
    versions[4].difference = "@@ -33,4 +33,4 @@\n       \"messages\": {\n         \"max_size\": \"64KiB\",\n"
                             "-        \"rate\": { \"count\": 20, \"per\": \"1s\", \"burst\": 100 }\n"
                             "+        \"rate\": { \"count\": 50, \"per\": \"1s\", \"burst\": 100 }\n       }\n";
    versions[2].version.document = sceneDraft();
    versions[2].changes = sceneChanges();
    versions[2].difference = sceneDifference();
}

void PolicyServer::describe(GateStats& stats) const
{
    stats.policyVersion = running().version;
    const bool open = running().origin == PolicyOrigin::Provisional && !running().confirmed;
    stats.provisionalUntil = open ? running().provisionalUntil : std::nullopt;
}

void PolicyServer::applyByOther(const std::string& author, std::string document)
{
    PolicyHistoryEntry made = entry(running().version + 1, PolicyOrigin::Apply, now, author, "by hand");
    made.version.document = std::move(document);
    made.difference = "@@ -3,1 +3,1 @@\n-  \"name\": \"Plant 3\",\n+  \"name\": \"Plant 4\",\n";
    versions.push_back(std::move(made));
}

Reply PolicyServer::applyDocument(std::string document, const std::string& base, PolicyVersion made)
{
    if (base != running().hash) {
        ControlError error{ControlErrorCode::Conflict, "another version was applied first"};
        error.difference = versions.back().difference;
        return Failure{std::move(error)};
    }
    PolicyHistoryEntry next = entry(running().version + 1, made.origin, now, "dana", made.reason);
    next.version.document = std::move(document);
    next.version.restores = made.restores;
    next.version.provisionalUntil = made.provisionalUntil;
    next.changes = check.changes;
    next.difference = check.difference;
    versions.push_back(next);
    PolicyApplied applied;
    applied.version = next.version;
    applied.version.document.clear();
    applied.changes = check.changes;
    applied.restart = check.restart;
    applied.sessions = impact.sessions;
    applied.ended = impact.ended;
    return Answer(std::move(applied));
}

Reply PolicyServer::answer(const Command& command)
{
    const auto find = [this](std::uint64_t version) {
        return std::ranges::find(versions, version, [](const auto& each) { return each.version.version; });
    };
    const auto until = [this](const auto& asked) {
        return asked ? std::optional<WallTime>(now + *asked) : std::nullopt;
    };
    if (const auto* get = std::get_if<PolicyGetQuery>(&command)) {
        const auto found = get->version == 0 ? std::prev(versions.end()) : find(get->version);
        if (found == versions.end())
            return refused(ControlErrorCode::NotFound, "no such version is kept");
        const bool open = running().origin == PolicyOrigin::Provisional && !running().confirmed;
        PolicyDocument document{found->version, "/etc/gatehouse/gatehouse.json", running().version, 0, fileProblem, {}};
        if (open && versions.size() > 1)
            document.returnsTo = versions[versions.size() - 2].version.version;
        return Answer(std::move(document));
    }
    if (const auto* wanted = std::get_if<PolicyCheckCommand>(&command)) {
        PolicyCheckResult result = check;
        result.document = wanted->policy;
        return Answer(std::move(result));
    }
    if (std::holds_alternative<PolicyWhatIfCommand>(command))
        return Answer(PolicyWhatIfResult{"", check.changes, check.restart, impact});
    if (const auto* apply = std::get_if<PolicyApplyCommand>(&command)) {
        PolicyVersion made;
        made.origin = apply->provisional ? PolicyOrigin::Provisional : PolicyOrigin::Apply;
        made.reason = apply->reason;
        made.provisionalUntil = until(apply->provisional);
        return applyDocument(apply->policy, apply->base, made);
    }
    if (const auto* rollback = std::get_if<PolicyRollbackCommand>(&command)) {
        const auto found = rollback->version == 0 ? std::prev(versions.end(), 2) : find(rollback->version);
        if (found == versions.end())
            return refused(ControlErrorCode::NotFound, "no such version is kept");
        PolicyVersion made;
        made.origin = rollback->provisional ? PolicyOrigin::Provisional : PolicyOrigin::Rollback;
        made.reason = rollback->reason;
        made.restores = found->version.version;
        made.provisionalUntil = until(rollback->provisional);
        return applyDocument(found->version.document, rollback->base, made);
    }
    if (std::holds_alternative<PolicyConfirmCommand>(command)) {
        PolicyVersion& version = versions.back().version;
        version.confirmed = now;
        version.confirmedBy = "dana";
        PolicyApplied applied;
        applied.version = version;
        return Answer(std::move(applied));
    }
    if (const auto* query = std::get_if<PolicyHistoryQuery>(&command)) {
        PolicyHistory history;
        for (auto it = versions.rbegin(); it != versions.rend(); ++it) {
            if (query->before != 0 && it->version.version >= query->before)
                continue;
            if (history.versions.size() == query->limit) {
                history.more = true;
                break;
            }
            history.versions.push_back(*it);
            history.versions.back().version.document.clear();
        }
        return Answer(std::move(history));
    }
    if (std::holds_alternative<InfoQuery>(command))
        return Answer(Info{});
    return refused(ControlErrorCode::NotFound, "not here");
}

std::string scenePolicy()
{
    return R"({
  "gatehouse": 1,
  "name": "Plant 3",
  "state_dir": "state",
  "listeners": [
    {
      "name": "public",
      "address": "0.0.0.0",
      "port": 8443,
      "tls": {
        "certificate": "tls/server.pem",
        "key": "tls/server.key"
      },
      "networks": {
        "allow": ["0.0.0.0/0"],
        "deny": []
      }
    }
  ],
  "routes": [
    {
      "name": "hub",
      "path": "/connection/websocket",
      "hub": { "protocol": "centrifuge" },
      "origins": [
        "https://app.example",
        "https://old.example",
        "none"
      ],
      "messages": {
        "max_size": "64KiB",
        "rate": { "count": 50, "per": "1s", "burst": 100 },
        "on_excess": "close"
      },
      "idle_timeout": "off"
    }
  ],
  "channels": [
    { "match": "news.*", "subscribe": ["*"], "publish": ["editor"] },
    { "match": "user.{user}", "subscribe": ["*"], "publish": [] }
  ],
  "audit": {
    "retention": "90d",
    "max_size": "4GiB"
  }
}
)";
}

std::string sceneDraft()
{
    std::string text =
        replaced(scenePolicy(), "        \"deny\": []",
                 "        \"deny\": [\"10.20.9.0/24\"],\n        \"note\": \"scanner on floor 9, ticket 4711\"");
    text = replaced(text, "        \"https://old.example\",\n", "");
    return replaced(text, "\"count\": 50", "\"count\": 30");
}

std::string sceneDifference()
{
    return "@@ -14,5 +14,6 @@\n"
           "       \"networks\": {\n"
           "         \"allow\": [\"0.0.0.0/0\"],\n"
           "-        \"deny\": []\n"
           "+        \"deny\": [\"10.20.9.0/24\"],\n"
           "+        \"note\": \"scanner on floor 9, ticket 4711\"\n"
           "       }\n"
           "     }\n"
           "@@ -24,11 +25,10 @@\n"
           "       \"hub\": { \"protocol\": \"centrifuge\" },\n"
           "       \"origins\": [\n"
           "         \"https://app.example\",\n"
           "-        \"https://old.example\",\n"
           "         \"none\"\n"
           "       ],\n"
           "       \"messages\": {\n"
           "         \"max_size\": \"64KiB\",\n"
           "-        \"rate\": { \"count\": 50, \"per\": \"1s\", \"burst\": 100 },\n"
           "+        \"rate\": { \"count\": 30, \"per\": \"1s\", \"burst\": 100 },\n"
           "         \"on_excess\": \"close\"\n"
           "       },\n";
}

std::vector<PolicyChange> sceneChanges()
{
    using Kind = PolicyChange::Kind;
    return {{Kind::Changed, "/routes/0/messages/rate", "hub › messages › rate", "50/s, burst 100", "30/s, burst 100"},
            {Kind::Removed, "/routes/0/origins/1", "hub › origins", "https://old.example", ""},
            {Kind::Added, "/listeners/0/networks/deny/0", "public › networks › deny", "", "10.20.9.0/24"}};
}

PolicyImpact sceneImpact()
{
    const Decision network{Reason::IpDenied, {"/listeners/0/networks/deny", "public › networks › deny"}, "", ""};
    const Decision origin{Reason::Origin, {"/routes/0/origins", "hub › origins"}, "https://old.example", ""};
    PolicyImpact impact;
    impact.sessions = 1284;
    impact.examined = 1284;
    std::uint64_t id = 7000;
    for (const char* address : {"10.20.9.31", "10.20.9.31", "10.20.9.52", "10.20.9.77"})
        impact.ended.push_back(affected(++id, "scan", address, network, 4403));
    for (const char* user : {"kiosk-02", "kiosk-04", "kiosk-07", "kiosk-09", "kiosk-11", "kiosk-12", "kiosk-13",
                             "kiosk-15", "kiosk-16", "kiosk-19", "kiosk-21"})
        impact.ended.push_back(affected(++id, user, "10.20.3.44", origin, 4403));
    constexpr std::array limited{std::pair{"guest-118", "53/s over 10 s"}, std::pair{"line-3-plc", "48/s over 10 s"},
                                 std::pair{"line-1-plc", "31/s over 10 s"}};
    for (const auto& [user, rate] : limited)
        impact.limited.push_back(affected(
            ++id, user, "10.20.1.26",
            {Reason::RateSession, {"/routes/0/messages/rate", "hub › messages › rate"}, rate, "30/s, burst 100"}, 0));
    return impact;
}

} // namespace gatehouse::test
