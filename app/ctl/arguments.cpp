// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/arguments.h"

#include "ctl/apiaddress.h"
#include "ctl/commandtable.h"

#include <algorithm>

namespace gatehouse::ctl {

namespace {

void takeOption(const Texts& arguments, std::size_t& at, Words& words)
{
    std::string_view name = arguments[at] == "-h" ? std::string_view("--help") : arguments[at];
    name.remove_prefix(2);
    const std::size_t equals = name.find('=');
    const std::string key(name.substr(0, equals));
    std::string value;
    // A version of the policy, and not gatehousectl's own.
    const bool takesValue = !isFlag(key) || (key == "version" && words.command == "policy");
    if (!takesValue) {
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
    words.options[key].push_back(std::move(value));
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

/// Makes "policy show" one command where the table has it as such.
void joinSecondWord(Words& words)
{
    if (words.operands.empty())
        return;
    const std::string both = words.command + ' ' + words.operands.front();
    if (!specOf(both))
        return;
    words.command = both;
    words.operands.erase(words.operands.begin());
}

void checkAgainst(const CommandSpec& spec, const Words& words)
{
    const std::string name(spec.name);
    const auto among = [](const std::vector<std::string_view>& list, std::string_view word) {
        return std::find(list.begin(), list.end(), word) != list.end();
    };
    for (const auto& [key, values] : words.options) {
        const bool policyVersion = key == "version" && !values.back().empty();
        if ((!isGeneralOption(key) || policyVersion) && !among(spec.options, key))
            throw Refused{name + " has no option --" + key};
        if (values.size() > 1 && !among(spec.repeated, key))
            throw Refused{"--" + key + " is given twice"};
        if (!isFlag(key) && std::any_of(values.begin(), values.end(), [](const auto& value) { return value.empty(); }))
            throw Refused{"--" + key + " must not be empty"};
    }
    if (words.operands.size() < spec.fewest)
        throw Refused{name + " needs " + std::string(spec.operands)};
    if (words.operands.size() > spec.most)
        throw Refused{name + " takes " +
                      (spec.most == 0 ? std::string("no operands") : std::string(spec.operands) + " alone") +
                      ", found \"" + words.operands[spec.most] + '"'};
}

const CommandSpec& neededSpec(const Words& words)
{
    if (words.command.empty())
        throw Refused{"a command is needed"};
    if (const CommandSpec* spec = specOf(words.command))
        return *spec;
    const std::string second = secondWords(words.command);
    if (second.empty())
        throw Refused{"there is no command \"" + words.command + '"'};
    throw Refused{words.command + " takes " + second +
                  (words.operands.empty() ? std::string() : ", found \"" + words.operands.front() + '"')};
}

void takeGeneralOptions(const CommandSpec& spec, const Words& words, Invocation& invocation)
{
    invocation.json = given(words, "json");
    invocation.yes = given(words, "yes");
    if (const std::string* socket = option(words, "socket"))
        invocation.socket = *socket;
    if (const std::string* config = option(words, "config"))
        invocation.config = *config;
    if (invocation.socket && invocation.config)
        throw Refused{"--socket and --config exclude each other: the configuration names the socket"};
    if (const std::string* url = option(words, "url")) {
        if (invocation.socket || invocation.config)
            throw Refused{"--url names a server elsewhere: --socket and --config do not go with it"};
        const auto checked = apiUrl(*url);
        if (!checked)
            throw Refused{checked.error()};
        invocation.url = *checked;
    }
    const bool ownKeyFile = std::find(spec.options.begin(), spec.options.end(), "key-file") != spec.options.end();
    if (const std::string* file = option(words, "key-file"); file && !ownKeyFile)
        invocation.keyFile = *file;
    if (const std::string* ca = option(words, "ca"))
        invocation.ca = *ca;
}

/// What is done here, and not by a server, cannot be asked of one elsewhere.
void checkRemote(const CommandSpec& spec, const Invocation& invocation)
{
    if (!invocation.url && !invocation.keyFile && !invocation.ca)
        return;
    const bool offline = invocation.action == Action::PolicyCheck && invocation.policy.offline;
    switch (invocation.action) {
    case Action::Token:
    case Action::AuditVerify:
    case Action::KeyRotate:
        break;
    case Action::ApiKeyNew:
        throw Refused{"api-key new works on the server itself alone: --url and --ca do not go with it"};
    case Action::PolicyDiff:
        if (invocation.policy.file.empty() && invocation.policy.version == 0)
            throw Refused{"policy diff over --url needs FILE or --version: the server's own file is not here"};
        return;
    default:
        if (!offline)
            return;
    }
    throw Refused{std::string(spec.name) + (offline ? " --offline" : "") +
                  " asks no server: --url, --key-file and --ca do not go with it"};
}

Invocation interpret(const Words& words)
{
    Invocation invocation;
    if (given(words, "version") && option(words, "version")->empty()) {
        invocation.action = Action::Version;
        return invocation;
    }
    if (given(words, "help") &&
        (specOf(words.command) || words.command.empty() || !secondWords(words.command).empty())) {
        invocation.topic = words.command;
        return invocation;
    }
    const CommandSpec& spec = neededSpec(words);
    checkAgainst(spec, words);
    takeGeneralOptions(spec, words, invocation);
    invocation.action = Action::Call;
    spec.fill(words, invocation);
    checkRemote(spec, invocation);
    return invocation;
}

/// Whose help says more.
std::string topicOf(const Words& words)
{
    return specOf(words.command) || !secondWords(words.command).empty() ? words.command : std::string();
}

} // namespace

Result<Invocation, UsageError> parseArguments(const std::vector<std::string>& arguments)
{
    Words words;
    try {
        words = split(arguments);
        joinSecondWord(words);
        return interpret(words);
    } catch (const Refused& refused) {
        return Failure{UsageError{refused.message, topicOf(words)}};
    }
}

} // namespace gatehouse::ctl
