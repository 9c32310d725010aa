// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "domain/result.h"
#include "wire/headscanner.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

// The API over HTTP/1.1 without any I/O: bytes to commands, replies to bytes.
namespace gatehouse {

struct ApiCall {
    enum class Kind : std::uint8_t { Method, Live, Ready, Metrics };
    Kind kind = Kind::Method;
    Actor actor;     ///< of a Method and of Metrics
    Command command; ///< InfoQuery for all but a Method
};

struct ApiAnswer {
    std::uint16_t status = 200;
    std::string body;
    std::string_view allow{};                  ///< of a 405
    std::optional<std::uint32_t> retryAfter{}; ///< seconds
    Decision why{};                            ///< of a refusal
    std::string_view type = "application/json";
};

/// Who asks, by the request's head alone; or the answer that refuses. Asked once the head is whole, before its body.
using ApiDoor = std::function<Result<Actor, ApiAnswer>(const wire::Request&)>;

/// The request at the front of a connection's bytes.
struct ApiRequest {
    std::size_t size = 0;                  ///< bytes that it takes
    bool keepAlive = true;                 ///< false: the connection ends with the answer
    std::variant<ApiCall, ApiAnswer> what; ///< what to carry out, or the refusal
};

/// Takes requests off the front of a connection's bytes, and looks at each byte of a head once.
class ApiRequestReader {
public:
    explicit ApiRequestReader(std::size_t bodyLimit)
        : m_bodyLimit(bodyLimit)
    {
    }

    /// `bytes` begins with what the call before was given, or with the next request where that yielded one. Unset while
    /// the request is not whole. GET /livez, /readyz and /healthz for anybody; for whom the door lets in
    /// GET /metrics and POST /api/METHOD with a JSON object of at most `bodyLimit` bytes. The door is asked when the
    /// head is whole, and where the body came later once more. Refusals: those of the door; 400 for bad HTTP, no JSON
    /// or bad parameters, 403 for a method above the actor's role, 404 for an unknown path or method, 405, 413, 431,
    /// 505.
    [[nodiscard]] std::optional<ApiRequest> take(std::string_view bytes, const ApiDoor& door);

private:
    [[nodiscard]] std::optional<ApiRequest> read(std::string_view bytes, const ApiDoor& door);

    const std::size_t m_bodyLimit;
    std::optional<wire::HeadScanner> m_scanner;
    std::size_t m_head = 0; ///< bytes of the request's head; 0: it is not whole
    bool m_entered = false; ///< the door let it in when its head was whole
};

/// What a reply becomes: 200 with {"result"} or {"error"} for commands; for health 200, or 503 where the gate does not
/// run (Live) or does not serve (Ready); metrics as text.
[[nodiscard]] ApiAnswer answerTo(ApiCall::Kind kind, const Reply& reply);

/// `reason`: of the refusal; None where nothing of the gate's is refused.
[[nodiscard]] ApiAnswer refuseApi(std::uint16_t status, ControlErrorCode code, std::string message,
                                  Reason reason = Reason::None);

[[nodiscard]] std::string formatAnswer(const ApiAnswer& answer, bool keepAlive);

} // namespace gatehouse
