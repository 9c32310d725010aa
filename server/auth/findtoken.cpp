// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/findtoken.h"

#include "policy/decide.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

namespace {

constexpr std::string_view bearerScheme = "bearer";
constexpr std::string_view bearerPrefix = "bearer.";
constexpr std::size_t longestUser = 128; // bytes, as of a token's user

/// The credentials of the Bearer scheme (RFC 6750 §2.1); unset for any other scheme.
std::optional<std::string_view> bearerCredentials(std::string_view header)
{
    const std::size_t space = std::min(header.find(' '), header.size());
    if (toLower(header.substr(0, space)) != bearerScheme)
        return std::nullopt;
    header.remove_prefix(std::min(header.find_first_not_of(' ', space), header.size()));
    return header;
}

/// Splits off the front of `rest` up to the separator, which goes too.
std::string_view takeUpTo(std::string_view& rest, char separator)
{
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string_view front = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return front;
}

std::string_view trimmed(std::string_view text)
{
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    const std::size_t end = text.find_last_not_of(" \t");
    return end == std::string_view::npos ? std::string_view() : text.substr(begin, end + 1 - begin);
}

void collect(TokenPlace place, const Authentication& rules, const TokenFacts& facts, std::vector<FoundToken>& tokens)
{
    const auto found = [&](std::string text) { tokens.push_back({place, std::move(text)}); };
    switch (place) {
    case TokenPlace::Authorization:
        for (const std::string_view header : facts.authorization)
            if (const auto token = bearerCredentials(header))
                found(std::string(*token));
        return;
    case TokenPlace::Subprotocol:
        for (const std::string_view name : facts.subprotocols)
            if (isBearerSubprotocol(name))
                found(std::string(name.substr(bearerPrefix.size())));
        return;
    case TokenPlace::Cookie:
        for (const std::string_view value : cookieValues(facts.cookies, rules.cookie))
            if (!value.empty())
                found(std::string(value));
        return;
    case TokenPlace::Query:
        for (std::string& value : queryValues(facts.query, rules.query))
            if (!value.empty())
                found(std::move(value));
        return;
    case TokenPlace::Certificate:
        if (facts.certificate && certificateIdentity(*facts.certificate, rules.certificate))
            found({});
        return;
    case TokenPlace::FirstMessage:
        return;
    }
}

bool offersTokenAlone(const Route& route, const TokenFacts& facts)
{
    const auto& names = facts.subprotocols;
    return std::ranges::any_of(names, isBearerSubprotocol) &&
           std::ranges::none_of(names, [&](std::string_view name) { return isAllowedSubprotocol(route, name); });
}

} // namespace

Result<std::optional<FoundToken>, Decision> findToken(const Policy& policy, std::size_t route, const TokenFacts& facts)
{
    const Route& at = policy.routes.at(route);
    std::vector<FoundToken> tokens;
    for (const TokenPlace place : at.authentication.from)
        collect(place, at.authentication, facts, tokens);
    Rule rule = routeRule(policy, route, "authentication/from");
    if (tokens.size() > 1)
        return Failure{
            Decision{Reason::AuthAmbiguous, std::move(rule), std::to_string(tokens.size()) + " tokens", "1"}};
    // Browsers abort when the server echoes none of the names that they offered, and a token is never echoed.
    if (looksAt(at.authentication, TokenPlace::Subprotocol) && offersTokenAlone(at, facts))
        return Failure{Decision{Reason::Subprotocol, std::move(rule), "a token alone", "a token beside \"gatehouse\""}};
    if (tokens.empty())
        return std::optional<FoundToken>();
    return std::optional(std::move(tokens.front()));
}

std::optional<Identity> certificateIdentity(const ClientCertificate& certificate, CertificateName kind)
{
    const auto& names = kind == CertificateName::CommonName ? certificate.commonNames
                        : kind == CertificateName::DnsName  ? certificate.dnsNames
                                                            : certificate.emails;
    if (names.size() != 1 || names.front().empty() || names.front().size() > longestUser || !isPlainText(names.front()))
        return std::nullopt;
    Identity who;
    who.issuer = certificateIssuer;
    who.user = names.front();
    who.tokenId = certificate.serial;
    who.issuedAt = certificate.notBefore;
    who.expires = certificate.notAfter;
    return who;
}

std::vector<std::string_view> cookieValues(const std::vector<std::string_view>& headers, std::string_view name)
{
    std::vector<std::string_view> values;
    for (std::string_view rest : headers) {
        while (!rest.empty()) {
            std::string_view value = takeUpTo(rest, ';');
            const bool pair = value.find('=') != std::string_view::npos;
            if (!pair || trimmed(takeUpTo(value, '=')) != name)
                continue;
            value = trimmed(value);
            if (value.size() > 1 && value.front() == '"' && value.back() == '"')
                value = value.substr(1, value.size() - 2);
            values.push_back(value);
        }
    }
    return values;
}

std::vector<std::string> queryValues(std::string_view query, std::string_view name)
{
    std::vector<std::string> values;
    while (!query.empty()) {
        std::string_view value = takeUpTo(query, '&');
        const bool pair = value.find('=') != std::string_view::npos;
        if (const std::string_view key = takeUpTo(value, '='); !pair || percentDecoded(key) != name)
            continue;
        values.push_back(percentDecoded(value).value_or(std::string(value)));
    }
    return values;
}

} // namespace gatehouse
