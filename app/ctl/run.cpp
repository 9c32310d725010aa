// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/run.h"
#include "common/exitcodes.h"

#include "control/json.h"
#include "ctl/arguments.h"
#include "ctl/auditcommands.h"
#include "ctl/certificatecommand.h"
#include "ctl/configuration.h"
#include "ctl/controlclient.h"
#include "ctl/help.h"
#include "ctl/keycommand.h"
#include "ctl/output.h"
#include "ctl/terminaltext.h"

#include <algorithm>
#include <cstdlib>
#include <ostream>

namespace gatehouse::ctl {

namespace {

constexpr const char* noConfiguration =
    "there is no configuration to go by; name it with --config FILE, or the socket with --socket PATH";

/// One run of the program: where it writes, and what it was asked.
class Run {
public:
    Run(const Invocation& invocation, std::ostream& out, std::ostream& error)
        : m_invocation(invocation)
        , m_out(out)
        , m_error(error)
    {
    }

    int token()
    {
        const auto policy = configuration();
        if (!policy)
            return exitBadConfig;
        const auto minted = mintToken(*policy, m_invocation.token, SystemClock().wall());
        if (!minted)
            return complain(minted.error(), exitFailure);
        m_out << *minted << '\n';
        return finish(exitOk);
    }

    int auditList()
    {
        if (!m_invocation.config)
            return call();
        const auto policy = configuration();
        if (!policy)
            return exitBadConfig;
        if (const auto http = post(policy->controlSocket, m_invocation.command)) // what is not on disk yet counts too
            return answer(*http);
        return finish(ctl::auditList(m_invocation, policy->stateDir / "gatehouse.sqlite", m_out, m_error));
    }

    int certificateStatus()
    {
        if (!m_invocation.config)
            return call();
        if (const auto socket = liveSocket(*m_invocation.config)) // what is served may not be what lies there
            if (const auto http = post(*socket, m_invocation.command))
                return answer(*http);
        const auto policy = configuration();
        if (!policy)
            return exitBadConfig;
        return finish(ctl::certificateStatus(m_invocation, *policy, m_out, m_error));
    }

    int auditVerify()
    {
        const auto policy = configuration();
        return policy ? finish(ctl::auditVerify(m_invocation, policy->stateDir / "gatehouse.sqlite", m_out, m_error))
                      : exitBadConfig;
    }

    int keyRotate()
    {
        const std::filesystem::path& file = *m_invocation.config;
        KeyRotationRequest request = m_invocation.rotation;
        request.policy = file;
        const auto done = rotateKey(request, SystemClock().wall());
        if (!done)
            return complain(done.error(), exitFailure);
        std::optional<std::string> refusal; // of a server that runs
        const auto socket = liveSocket(file);
        const auto http = socket ? post(*socket, ReloadCommand{}) : Failure{std::string()};
        if (http)
            if (const Reply reply = parseReply(commandMethod(ReloadCommand{}), http->body); !reply)
                refusal = reply.error().message;
        m_out << (m_invocation.json ? rotationJson(*done, http && !refusal) : rotationText(*done));
        if (refusal)
            return complain("the server that runs did not take it:\n" + *refusal, exitFailure);
        if (!m_invocation.json)
            m_out << (http ? "The running server has reloaded and signs with it.\n"
                           : "No server runs: it takes effect at the start.\n");
        return finish(exitOk);
    }

    int call()
    {
        const auto socket = socketPath();
        if (!socket)
            return exitBadConfig;
        const auto http = post(*socket, m_invocation.command);
        return http ? answer(*http) : complain(http.error(), exitFailure);
    }

private:
    int answer(const HttpAnswer& http)
    {
        const Reply reply = parseReply(commandMethod(m_invocation.command), http.body);
        if (!reply)
            return complain(reply.error().message, exitFailure);
        m_out << (m_invocation.json ? jsonText(*reply) : humanText(*reply));
        const auto* kick = std::get_if<KickResult>(&*reply);
        return finish(kick && !kick->missing.empty() ? exitFailure : exitOk);
    }

    int complain(const std::string& message, int code)
    {
        // Several lines are several errors; within a line nothing of others may steer the terminal.
        std::string_view left = message;
        while (!left.empty()) {
            const std::size_t end = std::min(left.find('\n'), left.size());
            m_error << "gatehousectl: " << escaped(left.substr(0, end)) << '\n';
            left.remove_prefix(std::min(end + 1, left.size()));
        }
        return code;
    }

    // A full disk behind standard output must not look like success.
    int finish(int code)
    {
        m_out.flush();
        return m_out ? code : complain("cannot write to standard output", exitFailure);
    }

    std::optional<Policy> configuration()
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

    std::optional<std::filesystem::path> socketPath()
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

    const Invocation& m_invocation;
    std::ostream& m_out;
    std::ostream& m_error;
};

} // namespace

int run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& error)
{
    const auto invocation = parseArguments(arguments);
    if (!invocation) {
        const std::string topic = invocation.error().topic.empty() ? "" : ' ' + invocation.error().topic;
        error << "gatehousectl: " << escaped(invocation.error().message) << "; see gatehousectl" << topic
              << " --help\n";
        return exitUsage;
    }
    Run program(*invocation, out, error);
    switch (invocation->action) {
    case Action::Help:
        out << helpText(invocation->topic);
        return exitOk;
    case Action::Version:
        out << "gatehousectl " GATEHOUSE_VERSION "\n";
        return exitOk;
    case Action::Token:
        return program.token();
    case Action::AuditList:
        return program.auditList();
    case Action::AuditVerify:
        return program.auditVerify();
    case Action::CertificateStatus:
        return program.certificateStatus();
    case Action::KeyRotate:
        return program.keyRotate();
    case Action::Call:
        return program.call();
    }
    return exitFailure;
}

} // namespace gatehouse::ctl
