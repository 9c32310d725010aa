// SPDX-License-Identifier: GPL-3.0-or-later
#include "ctl/run.h"
#include "common/exitcodes.h"

#include "control/json.h"
#include "ctl/apikeycommands.h"
#include "ctl/arguments.h"
#include "ctl/auditcommands.h"
#include "ctl/certificatecommand.h"
#include "ctl/configuration.h"
#include "ctl/help.h"
#include "ctl/keycommand.h"
#include "ctl/lockdowncommand.h"
#include "ctl/measuresoutput.h"
#include "ctl/output.h"
#include "ctl/policycommands.h"
#include "ctl/terminaltext.h"

#include <ostream>

namespace gatehouse::ctl {

namespace {

/// One run of the program: where it writes, and what it was asked.
class Run {
public:
    explicit Run(Caller& caller)
        : m_caller(caller)
        , m_invocation(caller.invocation())
        , m_out(caller.streams().out)
        , m_error(caller.streams().error)
    {
    }

    int token()
    {
        const auto policy = m_caller.configuration();
        if (!policy)
            return exitBadConfig;
        const auto minted = mintToken(*policy, m_invocation.token, SystemClock().wall());
        if (!minted)
            return m_caller.complain(minted.error(), exitFailure);
        m_out << *minted << '\n';
        return m_caller.finish(exitOk);
    }

    int auditList()
    {
        if (!m_invocation.config)
            return call();
        const auto policy = m_caller.configuration();
        if (!policy)
            return exitBadConfig;
        if (const auto http =
                m_caller.send({policy->controlSocket}, m_invocation.command)) // what is not on disk yet counts too
            return answer(*http);
        return m_caller.finish(ctl::auditList(m_invocation, policy->stateDir / "gatehouse.sqlite", m_out, m_error));
    }

    int certificateStatus()
    {
        if (!m_invocation.config)
            return call();
        if (const auto socket = liveSocket(*m_invocation.config)) // what is served may not be what lies there
            if (const auto http = m_caller.send({*socket}, m_invocation.command))
                return answer(*http);
        const auto policy = m_caller.configuration();
        if (!policy)
            return exitBadConfig;
        return m_caller.finish(ctl::certificateStatus(m_invocation, *policy, m_out, m_error));
    }

    int auditVerify()
    {
        const auto policy = m_caller.configuration();
        return policy ? m_caller.finish(
                            ctl::auditVerify(m_invocation, policy->stateDir / "gatehouse.sqlite", m_out, m_error))
                      : exitBadConfig;
    }

    int keyRotate()
    {
        const std::filesystem::path& file = *m_invocation.config;
        KeyRotationRequest request = m_invocation.rotation;
        request.policy = file;
        const auto done = rotateKey(request, SystemClock().wall());
        if (!done)
            return m_caller.complain(done.error(), exitFailure);
        std::optional<std::string> refusal; // of a server that runs
        const auto socket = liveSocket(file);
        const auto http = socket ? m_caller.send({*socket}, ReloadCommand{}) : Failure{std::string()};
        if (http)
            if (const Reply reply = parseReply(commandMethod(ReloadCommand{}), http->body); !reply)
                refusal = reply.error().message;
        m_out << (m_invocation.json ? rotationJson(*done, http && !refusal) : rotationText(*done));
        if (refusal)
            return m_caller.complain("the server that runs did not take it:\n" + *refusal, exitFailure);
        if (!m_invocation.json)
            m_out << (http ? "The running server has reloaded and signs with it.\n"
                           : "No server runs: it takes effect at the start.\n");
        return m_caller.finish(exitOk);
    }

    int call()
    {
        const auto reply = m_caller.call(m_invocation.command);
        return reply ? say(*reply) : m_caller.complain(reply.error());
    }

private:
    int answer(const HttpAnswer& http)
    {
        const Reply reply = parseReply(commandMethod(m_invocation.command), http.body);
        if (!reply)
            return m_caller.complain(reply.error().message, exitFailure);
        return say(*reply);
    }

    int say(const Answer& reply)
    {
        m_out << (m_invocation.json ? jsonText(reply) : textFor(m_invocation.command, reply));
        return m_caller.finish(allWereThere(reply) ? exitOk : exitFailure);
    }

    static std::string textFor(const Command& command, const Answer& reply)
    {
        const auto* asked = std::get_if<QuarantineCommand>(&command);
        const auto* result = std::get_if<QuarantineResult>(&reply);
        return asked && result ? quarantineText(*result, asked->on) : humanText(reply);
    }

    static bool allWereThere(const Answer& answer)
    {
        if (const auto* kick = std::get_if<KickResult>(&answer))
            return kick->missing.empty();
        if (const auto* limit = std::get_if<LimitResult>(&answer))
            return limit->missing.empty();
        const auto* quarantine = std::get_if<QuarantineResult>(&answer);
        return !quarantine || quarantine->missing.empty();
    }

    Caller& m_caller;
    const Invocation& m_invocation;
    std::ostream& m_out;
    std::ostream& m_error;
};

int perform(Caller& caller)
{
    Run program(caller);
    switch (caller.invocation().action) {
    case Action::Help:
        caller.streams().out << helpText(caller.invocation().topic);
        return caller.finish(exitOk);
    case Action::Version:
        caller.streams().out << "gatehousectl " GATEHOUSE_VERSION "\n";
        return caller.finish(exitOk);
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
    case Action::ApiKeyNew:
        return apiKeyNew(caller);
    case Action::ApiKeyList:
        return apiKeyList(caller);
    case Action::PolicyShow:
        return policyShow(caller);
    case Action::PolicyCheck:
        return policyCheck(caller);
    case Action::PolicyDiff:
        return policyDiff(caller);
    case Action::PolicyWhatIf:
        return policyWhatIf(caller);
    case Action::PolicyApply:
        return policyApply(caller);
    case Action::PolicyHistory:
        return policyHistory(caller);
    case Action::PolicyRollback:
        return policyRollback(caller);
    case Action::LockdownOn:
        return lockdownOn(caller);
    case Action::LockdownState:
        return lockdownState(caller);
    case Action::Call:
        return program.call();
    }
    return exitFailure;
}

} // namespace

int run(const std::vector<std::string>& arguments, const Streams& streams, Transport transport)
{
    const auto invocation = parseArguments(arguments);
    if (!invocation) {
        const std::string topic = invocation.error().topic.empty() ? "" : ' ' + invocation.error().topic;
        streams.error << "gatehousectl: " << escaped(invocation.error().message) << "; see gatehousectl" << topic
                      << " --help\n";
        return exitUsage;
    }
    Caller caller(*invocation, streams, std::move(transport));
    return perform(caller);
}

} // namespace gatehouse::ctl
