// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <string>
#include <string_view>

// Names of headers that go to an upstream. Names are compared in any case, and with '_' taken as '-': many applications
// read both alike.
namespace gatehouse {

/// Host, Connection, Upgrade, Sec-WebSocket-… and what else belongs to the connection alone (RFC 9110 §7.6.1), or to
/// the bounds of the request: the gate makes them itself.
[[nodiscard]] bool isConnectionHeader(std::string_view name);

/// X-Forwarded-…, Forwarded, X-Real-IP, X-Gatehouse-…: what tells an upstream of the client. Only the gate says that.
[[nodiscard]] bool isClientHeader(std::string_view name);

struct UpstreamHeader {
    std::string name;
    std::string value;

    friend bool operator==(const UpstreamHeader&, const UpstreamHeader&) = default;
};

/// What an `auth_header_file` holds: "Name: value", or a value of Authorization; one line of visible ASCII and spaces,
/// one newline at its end cut. The error repeats nothing of it.
[[nodiscard]] Result<UpstreamHeader, std::string> parseAuthHeader(std::string_view text);

} // namespace gatehouse
