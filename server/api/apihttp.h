// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

// The API over HTTP/1.1 without any I/O: bytes to commands, replies to bytes.
namespace gatehouse {

struct ApiCall {
    enum class Kind : std::uint8_t { Method, Live, Ready };
    Kind kind = Kind::Method;
    Command command; ///< InfoQuery for Live and Ready
};

struct ApiAnswer {
    std::uint16_t status = 200;
    std::string body;
    std::string_view allow; ///< of a 405
};

/// The request at the front of a connection's bytes.
struct ApiRequest {
    std::size_t size = 0;                  ///< bytes that it takes
    bool keepAlive = true;                 ///< false: the connection ends with the answer
    std::variant<ApiCall, ApiAnswer> what; ///< what to carry out, or the refusal
};

/// Unset while the request is not whole. POST /api/METHOD with a JSON object of at most `bodyLimit` bytes; GET /livez,
/// /readyz and /healthz. Refusals: 400 for bad HTTP, no JSON or bad parameters, 404 for an unknown path or method, 405,
/// 413, 431, 505.
[[nodiscard]] std::optional<ApiRequest> takeApiRequest(std::string_view bytes, std::size_t bodyLimit);

/// What a reply becomes: 200 with {"result"} or {"error"} for commands; for health 200, or 503 where the gate does not
/// run (Live) or does not serve (Ready).
[[nodiscard]] ApiAnswer answerTo(ApiCall::Kind kind, const Reply& reply);

[[nodiscard]] ApiAnswer refuseApi(std::uint16_t status, ControlErrorCode code, std::string message);

[[nodiscard]] std::string formatAnswer(const ApiAnswer& answer, bool keepAlive);

} // namespace gatehouse
