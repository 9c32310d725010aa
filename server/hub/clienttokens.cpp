// SPDX-License-Identifier: GPL-3.0-or-later
#include "hub/clienttokens.h"

#include "policy/documenttext.h"
#include "policy/json.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::size_t deepestClaims = 64;

} // namespace

HubClaims readHubClaims(const TokenEvidence& evidence)
{
    using Kind = JsonValue::Kind;
    HubClaims claims;
    const auto parsed = parseJson(evidence.claims, deepestClaims);
    if (!parsed) { // it was read when the token was verified: what cannot be read is no good now
        claims.channel.emplace();
        return claims;
    }
    const JsonValue& root = parsed->root;
    if (const JsonValue* channel = root.find("channel"))
        claims.channel = channel->is(Kind::String) ? channel->text : std::string();
    if (const JsonValue* channels = root.find("channels"); channels && channels->is(Kind::Array))
        for (const JsonValue& channel : channels->items)
            if (channel.is(Kind::String) &&
                std::find(claims.channels.begin(), claims.channels.end(), channel.text) == claims.channels.end())
                claims.channels.push_back(channel.text);
    if (const JsonValue* info = root.find("info"); info && !info->is(Kind::Null))
        claims.info = jsonLine(*info, evidence.claims);
    return claims;
}

clientprotocol::TimeToLive timeToLive(const std::optional<WallTime>& expires, WallTime now)
{
    using namespace std::chrono_literals;
    if (!expires)
        return std::nullopt;
    const auto left = std::chrono::floor<std::chrono::seconds>(*expires - now);
    return std::max(std::chrono::seconds(1), left - std::max(std::chrono::seconds(10), left / 10));
}

} // namespace gatehouse
