// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apihttp.h"

#include "control/json.h"
#include "policy/text.h"
#include "wire/headscanner.h"

namespace gatehouse {

namespace {

constexpr std::string_view apiPrefix = "/api/";

ApiRequest refused(std::size_t size, ApiAnswer answer)
{
    // Where the next request starts is not known after a malformed one.
    return ApiRequest{size, false, std::move(answer)};
}

ApiRequest refuseHead(std::string_view bytes, Reason reason, bool versionUnsupported = false)
{
    const std::uint16_t status = versionUnsupported ? std::uint16_t{505} : httpStatus(reason).value_or(400);
    return refused(bytes.size(), refuseApi(status, ControlErrorCode::BadRequest,
                                           "not an HTTP/1.1 request: " + std::string(reasonWord(reason))));
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

std::optional<ApiCall::Kind> healthKind(std::string_view path)
{
    if (path == "/livez")
        return ApiCall::Kind::Live;
    if (path == "/readyz" || path == "/healthz")
        return ApiCall::Kind::Ready;
    return std::nullopt;
}

std::variant<ApiCall, ApiAnswer> interpret(const wire::Request& request, std::string_view body)
{
    if (const auto kind = healthKind(request.path)) {
        if (request.method != "GET")
            return wrongVerb(request.path, "GET");
        return ApiCall{*kind, InfoQuery{}};
    }
    if (!request.path.starts_with(apiPrefix))
        return refuseApi(404, ControlErrorCode::NotFound, "there is no " + clipped(request.path, 80));
    const std::string_view method = request.path.substr(apiPrefix.size());
    if (isCommandMethod(method) && request.method != "POST")
        return wrongVerb(request.path, "POST");
    auto command = parseCommand(method, body);
    if (!command) {
        const ControlError& error = command.error();
        return refuseApi(error.code == ControlErrorCode::NotFound ? 404 : 400, error.code, error.message);
    }
    return ApiCall{ApiCall::Kind::Method, std::move(command).value()};
}

} // namespace

std::optional<ApiRequest> takeApiRequest(std::string_view bytes, std::size_t bodyLimit)
{
    wire::HeadScanner scanner{wire::RequestLimits()};
    const auto head = scanner.scan(bytes);
    if (!head)
        return refuseHead(bytes, head.error(), scanner.versionUnsupported());
    if (*head == 0)
        return std::nullopt;
    const wire::Request request = scanner.request(bytes);
    const auto length = wire::contentLength(request);
    if (!length)
        return refuseHead(bytes, length.error());
    if (*length > bodyLimit)
        return refused(bytes.size(), refuseApi(413, ControlErrorCode::BadRequest,
                                               "the body is over " + std::to_string(bodyLimit) + " bytes"));
    const std::size_t size = *head + static_cast<std::size_t>(*length);
    if (bytes.size() < size)
        return std::nullopt;
    return ApiRequest{size, !wantsClose(request), interpret(request, bytes.substr(*head, size - *head))};
}

namespace {

/// Commands that fail answer 200 with an error, as Centrifugo does; a conflict is told from them by its status too.
std::uint16_t statusOf(const Reply& reply)
{
    return !reply && reply.error().code == ControlErrorCode::Conflict ? 409 : 200;
}

} // namespace

ApiAnswer answerTo(ApiCall::Kind kind, const Reply& reply)
{
    if (kind == ApiCall::Kind::Method)
        return ApiAnswer{statusOf(reply), formatReply(reply), {}};
    const Info* info = reply ? std::get_if<Info>(&reply.value()) : nullptr;
    if (!info)
        return refuseApi(503, ControlErrorCode::Unavailable, "the gate does not answer");
    const GateState state = info->stats.state;
    const bool good = kind == ApiCall::Kind::Live ? state != GateState::Stopped : state == GateState::Serving;
    if (!good)
        return refuseApi(503, ControlErrorCode::Unavailable, "the gate does not serve");
    return ApiAnswer{200, R"({"result":{}})", {}};
}

ApiAnswer refuseApi(std::uint16_t status, ControlErrorCode code, std::string message)
{
    return ApiAnswer{status, formatReply(Failure{ControlError{code, std::move(message)}}), {}};
}

std::string formatAnswer(const ApiAnswer& answer, bool keepAlive)
{
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + ' ' + std::string(wire::statusText(answer.status));
    text += "\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: ";
    text += std::to_string(answer.body.size());
    if (!answer.allow.empty())
        text += "\r\nAllow: " + std::string(answer.allow);
    text += keepAlive ? "\r\n\r\n" : "\r\nConnection: close\r\n\r\n";
    return text + answer.body;
}

} // namespace gatehouse
