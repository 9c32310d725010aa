// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/caller.h"

#include "common/exitcodes.h"
#include "control/json.h"
#include "ctl/configuration.h"
#include "ctl/progress.h"
#include "ctl/terminaltext.h"

#include <algorithm>
#include <cstdlib>
#include <istream>
#include <ostream>

namespace gatehouse::ctl {

namespace {

constexpr const char* noConfiguration =
    "there is no configuration to go by; name it with --config FILE, or the socket with --socket PATH";

std::string environment(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

Failure<CallError> badUse(const std::string& what)
{
    return Failure{CallError{exitUsage, false, {ControlErrorCode::BadRequest, what}}};
}

} // namespace

Caller::Caller(const Invocation& invocation, const Streams& streams, Transport transport)
    : m_invocation(invocation)
    , m_streams(streams)
    , m_transport(std::move(transport))
{
}

Result<HttpAnswer, std::string> Caller::send(const ApiAddress& address, const Command& command)
{
    const Progress progress(m_streams.errorIsTerminal ? &m_streams.error : nullptr);
    return m_transport(address, command);
}

Result<Answer, CallError> Caller::call(const Command& command)
{
    const auto where = address();
    if (!where)
        return Failure{where.error()};
    const auto http = send(*where, command);
    if (!http)
        return Failure{CallError{exitFailure, false, {ControlErrorCode::Unavailable, http.error()}}};
    Reply reply = parseReply(commandMethod(command), http->body);
    if (!reply)
        return Failure{CallError{exitFailure, true, explained(*where, *http, reply.error())}};
    return std::move(*reply);
}

int Caller::complain(const std::string& message, int code)
{
    // Several lines are several errors; within a line nothing of others may steer the terminal.
    std::string_view left = message;
    while (!left.empty()) {
        const std::size_t end = std::min(left.find('\n'), left.size());
        m_streams.error << "gatehousectl: " << escaped(left.substr(0, end)) << '\n';
        left.remove_prefix(std::min(end + 1, left.size()));
    }
    return code;
}

int Caller::complain(const CallError& error)
{
    return complain(error.refusal.message, error.exitCode);
}

int Caller::finish(int code)
{
    m_streams.out.flush();
    return m_streams.out ? code : complain("cannot write to standard output", exitFailure);
}

bool Caller::confirmed(const std::string& question)
{
    m_streams.out.flush();
    m_streams.error << question << " [y/N] " << std::flush;
    std::string answer;
    std::getline(m_streams.in, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
}

std::optional<Policy> Caller::configuration()
{
    const auto file = m_invocation.config ? m_invocation.config : defaultConfiguration();
    if (!file) {
        complain(noConfiguration, exitBadConfig);
        return std::nullopt;
    }
    auto policy = loadConfiguration(*file);
    if (!policy) {
        complain(policy.error(), exitBadConfig);
        return std::nullopt;
    }
    return std::move(policy).value();
}

Result<ApiAddress, CallError> Caller::address()
{
    if (m_address)
        return *m_address;
    const Invocation& asked = m_invocation;
    const bool named = asked.socket || asked.config || asked.url;
    const bool local = named || asked.action == Action::ApiKeyNew; // which only the server itself takes
    const std::string socketThere = named ? std::string() : environment("GATEHOUSE_SOCKET");
    const std::string url = asked.url ? *asked.url : local ? std::string() : environment("GATEHOUSE_URL");
    if (!url.empty() && !socketThere.empty())
        return badUse("GATEHOUSE_URL and GATEHOUSE_SOCKET are both set; unset one, or name the server with --url, "
                      "--socket or --config");
    if (url.empty() && (asked.keyFile || asked.ca))
        return badUse("--key-file and --ca go with --url");
    if (!url.empty()) {
        auto remote = remoteAddress(url);
        if (remote)
            m_address = *remote;
        return remote;
    }
    const auto socket = asked.socket          ? asked.socket
                        : socketThere.empty() ? configuredSocket()
                                              : std::filesystem::path(socketThere);
    if (!socket)
        return Failure{CallError{exitBadConfig, false, {}}};
    m_address = ApiAddress{*socket};
    return *m_address;
}

Result<ApiAddress, CallError> Caller::remoteAddress(const std::string& url) const
{
    auto checked = apiUrl(url);
    if (!checked)
        return badUse(checked.error());
    ApiAddress address;
    address.url = *checked;
    address.keyFile = m_invocation.keyFile.value_or(environment("GATEHOUSE_KEY_FILE"));
    address.ca = m_invocation.ca.value_or(environment("GATEHOUSE_CA"));
    if (address.keyFile.empty())
        return badUse("--url needs --key-file FILE, with the API key to show there");
    auto key = readApiKey(address.keyFile);
    if (!key)
        return Failure{CallError{exitBadConfig, false, {ControlErrorCode::Unavailable, key.error()}}};
    address.key = std::move(*key);
    return address;
}

std::optional<std::filesystem::path> Caller::configuredSocket()
{
    const auto file = m_invocation.config ? m_invocation.config : defaultConfiguration();
    if (file)
        if (auto socket = liveSocket(*file))
            return socket;
    const auto policy = configuration();
    return policy ? std::optional(policy->controlSocket) : std::nullopt;
}

} // namespace gatehouse::ctl
