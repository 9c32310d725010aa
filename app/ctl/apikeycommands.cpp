// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/apikeycommands.h"

#include "common/exitcodes.h"
#include "ctl/policyoutput.h"
#include "ctl/terminaltext.h"
#include "setup/newfile.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>
#include <sys/stat.h>
#include <unistd.h>

namespace gatehouse::ctl {

namespace {

constexpr const char* aloneOnOutput = "-";

/// How much of a change is sure.
enum class Outcome : std::uint8_t { Refused, Done, Unknown };

nlohmann::json keysOf(const std::string& document)
{
    const auto policy = nlohmann::json::parse(document, nullptr, false);
    if (!policy.is_object() || !policy.contains("api_keys") || !policy["api_keys"].is_array())
        return nlohmann::json::array();
    return policy["api_keys"];
}

bool isRefusal(const CallError& error)
{
    return error.reached && error.refusal.code != ControlErrorCode::Internal &&
           error.refusal.code != ControlErrorCode::Unavailable;
}

/// After an error that does not say whether the change happened.
Outcome lookFor(Caller& caller, const NewApiKey& key)
{
    const auto running = caller.ask<PolicyDocument>(PolicyGetQuery{});
    if (!running)
        return Outcome::Unknown;
    const auto keys = keysOf(running->version.document);
    const auto entry = nlohmann::json::parse(key.entry, nullptr, false);
    return std::find(keys.begin(), keys.end(), entry) != keys.end() ? Outcome::Done : Outcome::Refused;
}

std::string wordsFor(const ApiKeyRequest& request, const NewApiKey& key)
{
    return "API key " + key.id + " of " + request.name + " (" + std::string(apiRoleWord(request.role)) + ")";
}

Outcome refuse(Caller& caller, const CallError& error)
{
    caller.complain(error);
    return Outcome::Refused;
}

/// Puts the key's entry into the policy that runs. Whatever goes wrong is said.
Outcome add(Caller& caller, const NewApiKey& key)
{
    const auto running = caller.ask<PolicyDocument>(PolicyGetQuery{});
    if (!running)
        return refuse(caller, running.error());
    if (running->returnsTo != 0) {
        caller.complain("version " + std::to_string(running->running) +
                            " of the policy is on trial, and a new key would keep it: confirm it or roll it back first",
                        exitFailure);
        return Outcome::Refused;
    }
    auto document = withApiKey(running->version.document, key);
    if (!document) {
        caller.complain(document.error(), exitFailure);
        return Outcome::Refused;
    }
    PolicyApplyCommand apply;
    apply.policy = std::move(*document);
    apply.base = running->version.hash;
    apply.reason = wordsFor(caller.invocation().apiKey.request, key);
    const auto applied = caller.ask<PolicyApplied>(apply);
    if (applied) {
        caller.streams().error << problemsText(applied->warnings, "policy", true);
        return Outcome::Done;
    }
    if (isRefusal(applied.error()))
        return refuse(caller, applied.error());
    caller.complain(applied.error());
    return lookFor(caller, key);
}

/// Says what became of the file that holds a key, where adding it went wrong.
int sayUnsure(Caller& caller, Outcome outcome, const std::string& file)
{
    if (outcome == Outcome::Unknown)
        return caller.complain("whether the key was added is not known, and " + file +
                                   " stays: see gatehousectl api-key list",
                               exitFailure);
    if (::unlink(file.c_str()) != 0)
        return caller.complain("the key was not added, but " + file + " cannot be removed: remove it", exitFailure);
    return caller.complain("the key was not added, and " + file + " is removed again", exitFailure);
}

int sayMade(Caller& caller, const NewApiKey& key, const std::string& where)
{
    const Invocation& invocation = caller.invocation();
    std::ostream& out = where.empty() ? caller.streams().error : caller.streams().out;
    if (invocation.json) {
        out << key.entry;
        return caller.finish(exitOk);
    }
    out << escaped(wordsFor(invocation.apiKey.request, key)) << (where.empty() ? "" : " is in " + escaped(where))
        << ": keep it, since nobody can show it again.\n";
    if (invocation.apiKey.add)
        out << "The policy that runs knows it, and holds\n" << key.entry;
    else
        out << "It is worth nothing until api_keys of the policy hold\n" << key.entry;
    return caller.finish(exitOk);
}

/// Prints the key alone, once it is worth something.
int printKey(Caller& caller, const NewApiKey& key)
{
    if (caller.invocation().apiKey.add)
        switch (add(caller, key)) {
        case Outcome::Refused:
            return caller.complain("the key was not added, and is not shown", exitFailure);
        case Outcome::Unknown:
            caller.complain("whether the key was added is not known: see gatehousectl api-key list", exitFailure);
            caller.streams().out << key.key << '\n';
            static_cast<void>(caller.finish(exitFailure));
            return exitFailure;
        case Outcome::Done:
            break;
        }
    caller.streams().out << key.key << '\n';
    const int printed = caller.finish(exitOk);
    return printed == exitOk ? sayMade(caller, key, {}) : printed;
}

} // namespace

int apiKeyNew(Caller& caller)
{
    const ApiKeyOptions& asked = caller.invocation().apiKey;
    const auto made = makeApiKey(asked.request);
    if (!made)
        return caller.complain(made.error(), exitUsage);
    if (asked.file == aloneOnOutput)
        return printKey(caller, *made);
    std::error_code error;
    const auto file = std::filesystem::absolute(asked.file, error);
    if (error)
        return caller.complain(asked.file.string() + ": " + error.message(), exitFailure);
    if (const auto written = writeNewFile(file, made->key + "\n", S_IRUSR | S_IWUSR); !written)
        return caller.complain(written.error(), exitFailure);
    if (asked.add)
        if (const Outcome outcome = add(caller, *made); outcome != Outcome::Done)
            return sayUnsure(caller, outcome, file.string());
    return sayMade(caller, *made, asked.file.string());
}

int apiKeyList(Caller& caller)
{
    const auto running = caller.ask<PolicyDocument>(PolicyGetQuery{});
    if (!running)
        return caller.complain(running.error());
    auto keys = keysOf(running->version.document);
    Table table({"ID", "NAME", "ROLE", "CHANNELS", "NOTE"});
    for (auto& key : keys) {
        key.erase("sha256");
        const auto text = [&](const char* member) {
            return key.contains(member) && key[member].is_string() ? key[member].get<std::string>() : std::string();
        };
        std::string channels;
        if (key.contains("channels") && key["channels"].is_array())
            for (const auto& channel : key["channels"])
                channels += (channels.empty() ? "" : ", ") + channel.get<std::string>();
        table.add({text("id"), text("name").empty() ? text("id") : text("name"), text("role"), channels, text("note")});
    }
    if (caller.invocation().json)
        caller.streams().out << keys.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) << '\n';
    else
        caller.streams().out << (keys.empty() ? "No API keys.\n" : table.text());
    return caller.finish(exitOk);
}

} // namespace gatehouse::ctl
