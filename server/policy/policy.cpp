// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/policy.h"

#include "policy/text.h"

#include <algorithm>
#include <array>

namespace gatehouse {

std::string_view jwtAlgorithmWord(JwtAlgorithm algorithm)
{
    constexpr std::array words{"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256",
                               "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"};
    static_assert(words.size() == jwtAlgorithmCount);
    return words.at(static_cast<std::size_t>(algorithm));
}

std::optional<JwtAlgorithm> jwtAlgorithmFromWord(std::string_view word)
{
    for (std::size_t i = 0; i < jwtAlgorithmCount; ++i)
        if (jwtAlgorithmWord(static_cast<JwtAlgorithm>(i)) == word)
            return static_cast<JwtAlgorithm>(i);
    return std::nullopt;
}

bool isSymmetric(JwtAlgorithm algorithm)
{
    return algorithm <= JwtAlgorithm::HS512;
}

bool looksAt(const Authentication& authentication, TokenPlace place)
{
    return std::find(authentication.from.begin(), authentication.from.end(), place) != authentication.from.end();
}

std::string_view forwardedHeaderName(ForwardedHeader header)
{
    switch (header) {
    case ForwardedHeader::XForwardedFor:
        return "X-Forwarded-For";
    case ForwardedHeader::XForwardedProto:
        return "X-Forwarded-Proto";
    case ForwardedHeader::XForwardedHost:
        return "X-Forwarded-Host";
    case ForwardedHeader::Forwarded:
        return "Forwarded";
    case ForwardedHeader::User:
        return "X-Gatehouse-User";
    case ForwardedHeader::Roles:
        return "X-Gatehouse-Roles";
    case ForwardedHeader::Issuer:
        return "X-Gatehouse-Issuer";
    case ForwardedHeader::Session:
        return "X-Gatehouse-Session";
    }
    return "";
}

std::optional<ForwardedHeader> forwardedHeaderFromName(std::string_view name)
{
    for (std::size_t i = 0; i < forwardedHeaderCount; ++i)
        if (toLower(forwardedHeaderName(static_cast<ForwardedHeader>(i))) == toLower(name))
            return static_cast<ForwardedHeader>(i);
    return std::nullopt;
}

} // namespace gatehouse
