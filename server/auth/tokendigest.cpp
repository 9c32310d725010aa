// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/tokendigest.h"

#include <algorithm>
#include <cstring>
#include <string>

#include <openssl/evp.h>

namespace gatehouse {

std::optional<TokenDigest> tokenDigest(std::string_view issuer, std::string_view tokenId)
{
    std::string text = std::to_string(issuer.size()) + ':';
    text.append(issuer).append(tokenId);
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> whole{};
    unsigned size = 0;
    TokenDigest digest{};
    if (EVP_Digest(text.data(), text.size(), whole.data(), &size, EVP_sha256(), nullptr) != 1 || size < digest.size())
        return std::nullopt;
    std::copy_n(whole.begin(), digest.size(), digest.begin());
    return digest;
}

std::size_t TokenDigestHash::operator()(const TokenDigest& digest) const noexcept
{
    std::size_t value = 0; // what came out of SHA-256 is as good as random
    std::memcpy(&value, digest.data(), sizeof value);
    return value;
}

} // namespace gatehouse
