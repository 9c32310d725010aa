// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/token.h"
#include "policy/decide.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::string_view bearerScheme = "bearer";
constexpr std::string_view bearerPrefix = "bearer.";
constexpr std::string_view ownSubprotocol = "gatehouse";

/// The credentials of the Bearer scheme (RFC 6750 §2.1); unset for any other scheme.
std::optional<std::string_view> bearerCredentials(std::string_view header)
{
    const std::size_t space = std::min(header.find(' '), header.size());
    if (toLower(header.substr(0, space)) != bearerScheme)
        return std::nullopt;
    header.remove_prefix(std::min(header.find_first_not_of(' ', space), header.size()));
    return header;
}

void collect(TokenPlace place, const TokenFacts& facts, std::vector<std::string_view>& tokens)
{
    switch (place) {
    case TokenPlace::Authorization:
        for (const std::string_view header : facts.authorization)
            if (const auto token = bearerCredentials(header))
                tokens.push_back(*token);
        return;
    case TokenPlace::Subprotocol:
        for (const std::string_view name : facts.subprotocols)
            if (name.starts_with(bearerPrefix))
                tokens.push_back(name.substr(bearerPrefix.size()));
        return;
    case TokenPlace::FirstMessage:
    case TokenPlace::Cookie:
    case TokenPlace::Query:
    case TokenPlace::Certificate:
        return;
    }
}

bool offersTokenAlone(const TokenFacts& facts)
{
    const auto& names = facts.subprotocols;
    const bool offered =
        std::any_of(names.begin(), names.end(), [](std::string_view name) { return name.starts_with(bearerPrefix); });
    return offered && std::find(names.begin(), names.end(), ownSubprotocol) == names.end();
}

} // namespace

Result<std::optional<std::string_view>, Decision> findToken(const Policy& policy, std::size_t route,
                                                            const TokenFacts& facts)
{
    const auto& places = policy.routes.at(route).authentication.from;
    std::vector<std::string_view> tokens;
    for (const TokenPlace place : places)
        collect(place, facts, tokens);
    Rule rule = routeRule(policy, route, "authentication/from");
    if (tokens.size() > 1)
        return Failure{
            Decision{Reason::AuthAmbiguous, std::move(rule), std::to_string(tokens.size()) + " tokens", "1"}};
    // Browsers abort when the server echoes none of the names that they offered, and a token is never echoed.
    const bool looksThere = std::find(places.begin(), places.end(), TokenPlace::Subprotocol) != places.end();
    if (looksThere && offersTokenAlone(facts))
        return Failure{Decision{Reason::Subprotocol, std::move(rule), "a token alone", "a token beside \"gatehouse\""}};
    if (tokens.empty())
        return std::optional<std::string_view>();
    return std::optional(tokens.front());
}

} // namespace gatehouse
