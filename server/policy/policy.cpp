// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/policy.h"

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

} // namespace gatehouse
