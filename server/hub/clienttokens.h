// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/token.h"
#include "hub/clienterror.h"
#include "hub/clientreply.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What Centrifugo's claims in a token say, beside those that every token has.
namespace gatehouse {

/// Claims of a token that was verified.
struct HubClaims {
    std::optional<std::string> channel; ///< it is a subscription's token, for this channel; empty: for no channel
    std::vector<std::string> channels;  ///< that the server subscribes whoever connects with it to
    std::string info;                   ///< JSON, for the presence and publications; empty: none
};

/// Claims of another type than Centrifugo's are as if they were not there, but for `channel`: it is empty then, which
/// fits nothing.
[[nodiscard]] HubClaims readHubClaims(const TokenEvidence& evidence);

/// How long a client is to wait before it asks for another token: what is left, less the larger of 10 s and a tenth,
/// but a second at least.
[[nodiscard]] clientprotocol::TimeToLive timeToLive(const std::optional<WallTime>& expires, WallTime now);

} // namespace gatehouse
