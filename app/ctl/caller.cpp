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

} // namespace

Caller::Caller(const Invocation& invocation, const Streams& streams, Transport transport)
    : m_invocation(invocation)
    , m_streams(streams)
    , m_transport(std::move(transport))
{
}

Result<HttpAnswer, std::string> Caller::send(const std::filesystem::path& socket, const Command& command)
{
    const Progress progress(m_streams.errorIsTerminal ? &m_streams.error : nullptr);
    return m_transport(socket, command);
}

Result<Answer, CallError> Caller::call(const Command& command)
{
    const auto socket = socketPath();
    if (!socket)
        return Failure{CallError{exitBadConfig, false, {}}};
    const auto http = send(*socket, command);
    if (!http)
        return Failure{CallError{exitFailure, false, {ControlErrorCode::Unavailable, http.error()}}};
    Reply reply = parseReply(commandMethod(command), http->body);
    if (!reply)
        return Failure{CallError{exitFailure, true, reply.error()}};
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

std::optional<std::filesystem::path> Caller::socketPath()
{
    if (m_invocation.socket)
        return m_invocation.socket;
    const char* environment = std::getenv("GATEHOUSE_SOCKET");
    if (!m_invocation.config && environment && *environment)
        return environment;
    const auto file = m_invocation.config ? m_invocation.config : defaultConfiguration();
    if (file)
        if (auto socket = liveSocket(*file))
            return socket;
    const auto policy = configuration();
    return policy ? std::optional(policy->controlSocket) : std::nullopt;
}

} // namespace gatehouse::ctl
