// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "control/commands.h"
#include "ctl/apiaddress.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::ctl {

struct HttpAnswer {
    unsigned status = 0;
    std::string body;
    std::optional<std::chrono::seconds> retryAfter{};
};

/// How long a server may say nothing; "nothing" is less than a KiB in each second, too.
struct Patience {
    std::chrono::seconds connect{10}; ///< with the TLS handshake
    std::chrono::seconds answer{30};
};

/// One POST to the API, with the patience that the command needs. Errors say what, where and what to do.
[[nodiscard]] Result<HttpAnswer, std::string> post(const ApiAddress& address, const Command& command);

/// The same of any method and body. Nothing but the address decides where to: no proxy, no redirect, no other
/// protocol; at an admin listener always TLS, and a certificate that is verified.
[[nodiscard]] Result<HttpAnswer, std::string> postText(const ApiAddress& address, std::string_view method,
                                                       const std::string& body, Patience patience);

/// A refusal as a person can use it: at an admin listener by its status, too.
[[nodiscard]] ControlError explained(const ApiAddress& address, const HttpAnswer& answer, ControlError refusal);

} // namespace gatehouse::ctl
