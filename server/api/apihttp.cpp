// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apihttp.h"

#include "api/metrics.h"
#include "control/access.h"
#include "control/json.h"
#include "policy/text.h"

namespace gatehouse {

namespace {

constexpr std::string_view apiPrefix = "/api/";
constexpr std::string_view metricsPath = "/metrics";

ApiRequest refused(std::size_t size, ApiAnswer answer)
{
    // Where the next request starts is not known after a malformed one.
    return ApiRequest{size, false, std::move(answer)};
}

ApiRequest refuseHead(std::string_view bytes, Reason reason, bool versionUnsupported = false)
{
    const std::uint16_t status = versionUnsupported ? std::uint16_t{505} : httpStatus(reason).value_or(400);
    return refused(bytes.size(), refuseApi(status, ControlErrorCode::BadRequest,
                                           "not an HTTP/1.1 request: " + std::string(reasonWord(reason)), reason));
}

bool wantsClose(const wire::Request& request)
{
    for (const std::string_view value : request.all("connection"))
        if (toLower(value).find("close") != std::string::npos)
            return true;
    return false;
}

ApiAnswer wrongVerb(std::string_view path, std::string_view allow)
{
    ApiAnswer answer =
        refuseApi(405, ControlErrorCode::BadRequest, clipped(path, 80) + " takes " + std::string(allow) + " alone");
    answer.allow = allow;
    return answer;
}

ApiAnswer refuseRole(const Actor& actor, std::string_view method)
{
    const std::string role(apiRoleWord(actor.role));
    ApiAnswer answer = refuseApi(403, ControlErrorCode::Rejected,
                                 "the role " + role + " may not call " + std::string(method), Reason::ApiRole);
    answer.why.met = std::string(method);
    answer.why.limit = role;
    return answer;
}

std::optional<ApiCall::Kind> healthKind(std::string_view path)
{
    if (path == "/livez")
        return ApiCall::Kind::Live;
    if (path == "/readyz" || path == "/healthz")
        return ApiCall::Kind::Ready;
    return std::nullopt;
}

std::variant<ApiCall, ApiAnswer> interpretHealth(const wire::Request& request, ApiCall::Kind kind)
{
    if (request.method != "GET")
        return wrongVerb(request.path, "GET");
    return ApiCall{kind, {}, InfoQuery{}};
}

/// For whoever may ask for the same figures as JSON.
std::variant<ApiCall, ApiAnswer> interpretMetrics(const wire::Request& request, const Actor& actor)
{
    if (request.method != "GET")
        return wrongVerb(request.path, "GET");
    if (!mayCall(actor.role, "stats"))
        return refuseRole(actor, request.path);
    return ApiCall{ApiCall::Kind::Metrics, actor, InfoQuery{}};
}

std::variant<ApiCall, ApiAnswer> interpret(const wire::Request& request, std::string_view body, const Actor& actor)
{
    if (request.path == metricsPath)
        return interpretMetrics(request, actor);
    if (!request.path.starts_with(apiPrefix))
        return refuseApi(404, ControlErrorCode::NotFound, "there is no " + clipped(request.path, 80));
    const std::string_view method = request.path.substr(apiPrefix.size());
    if (isCommandMethod(method) && request.method != "POST")
        return wrongVerb(request.path, "POST");
    if (isCommandMethod(method) && !mayCall(actor.role, method))
        return refuseRole(actor, method);
    auto command = parseCommand(method, body);
    if (!command) {
        const ControlError& error = command.error();
        const bool unknown = error.code == ControlErrorCode::NotFound;
        return refuseApi(unknown ? 404 : 400, error.code, error.message,
                         unknown ? Reason::ApiMethod : Reason::ApiFormat);
    }
    if (const auto* batch = std::get_if<BatchCommand>(&*command))
        for (const HubCommand& part : batch->commands)
            if (const std::string_view name = commandMethod(part); !mayCall(actor.role, name))
                return refuseRole(actor, name); // the whole of it: nothing was done yet
    return ApiCall{ApiCall::Kind::Method, actor, std::move(command).value()};
}

} // namespace

std::optional<ApiRequest> ApiRequestReader::take(std::string_view bytes, const ApiDoor& door)
{
    auto request = read(bytes, door);
    if (request) {
        m_scanner.reset();
        m_head = 0;
        m_entered = false;
    }
    return request;
}

std::optional<ApiRequest> ApiRequestReader::read(std::string_view bytes, const ApiDoor& door)
{
    if (!m_scanner)
        m_scanner.emplace(wire::RequestLimits());
    if (m_head == 0) {
        const auto head = m_scanner->scan(bytes);
        if (!head)
            return refuseHead(bytes, head.error(), m_scanner->versionUnsupported());
        if (*head == 0)
            return std::nullopt;
        m_head = *head;
    }
    const wire::Request request = m_scanner->request(bytes);
    const auto health = healthKind(request.path);
    const auto length = wire::contentLength(request);
    const bool whole = length && *length <= m_bodyLimit && bytes.size() - m_head >= *length;
    Actor actor;
    if (!health && (!m_entered || whole)) { // whoever shows no key learns nothing else
        auto entered = door(request);
        if (!entered)
            return refused(bytes.size(), entered.error());
        actor = std::move(*entered);
        m_entered = true;
    }
    if (!length)
        return refuseHead(bytes, length.error());
    if (*length > m_bodyLimit)
        return refused(bytes.size(),
                       refuseApi(413, ControlErrorCode::BadRequest,
                                 "the body is over " + std::to_string(m_bodyLimit) + " bytes", Reason::ApiSize));
    if (!whole)
        return std::nullopt;
    const std::size_t size = m_head + static_cast<std::size_t>(*length);
    return ApiRequest{size, !wantsClose(request),
                      health ? interpretHealth(request, *health)
                             : interpret(request, bytes.substr(m_head, size - m_head), actor)};
}

namespace {

/// Commands that fail answer 200 with an error, as Centrifugo does; a conflict, and what the key is not for, are told
/// from them by their status too.
std::uint16_t statusOf(const Reply& reply)
{
    if (reply)
        return 200;
    switch (reply.error().code) {
    case ControlErrorCode::Conflict:
        return 409;
    case ControlErrorCode::PermissionDenied:
        return 403;
    default:
        return 200;
    }
}

} // namespace

ApiAnswer answerTo(ApiCall::Kind kind, const Reply& reply)
{
    if (kind == ApiCall::Kind::Method)
        return ApiAnswer{.status = statusOf(reply), .body = formatReply(reply)};
    const Info* info = reply ? std::get_if<Info>(&reply.value()) : nullptr;
    if (!info)
        return refuseApi(503, ControlErrorCode::Unavailable, "the gate does not answer");
    if (kind == ApiCall::Kind::Metrics)
        return ApiAnswer{.body = formatMetrics(*info), .type = metricsType};
    const GateState state = info->stats.state;
    const bool good = kind == ApiCall::Kind::Live ? state != GateState::Stopped : state == GateState::Serving;
    if (!good)
        return refuseApi(503, ControlErrorCode::Unavailable, "the gate does not serve");
    return ApiAnswer{.body = R"({"result":{}})"};
}

ApiAnswer refuseApi(std::uint16_t status, ControlErrorCode code, std::string message, Reason reason)
{
    ApiAnswer answer;
    answer.status = status;
    answer.body = formatReply(Failure{ControlError{code, std::move(message)}});
    answer.why.reason = reason;
    return answer;
}

std::string formatAnswer(const ApiAnswer& answer, bool keepAlive)
{
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + ' ' + std::string(wire::statusText(answer.status));
    text += "\r\nContent-Type: " + std::string(answer.type) + "\r\nCache-Control: no-store\r\nContent-Length: ";
    text += std::to_string(answer.body.size());
    if (!answer.allow.empty())
        text += "\r\nAllow: " + std::string(answer.allow);
    if (answer.retryAfter)
        text += "\r\nRetry-After: " + std::to_string(*answer.retryAfter);
    text += keepAlive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
    return text + answer.body;
}

} // namespace gatehouse
