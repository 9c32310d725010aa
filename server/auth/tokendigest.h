// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/tokenuse.h"

#include <cstddef>
#include <optional>
#include <string_view>

namespace gatehouse {

/// The first half of SHA-256 (FIPS 180-4) over the issuer's length, the issuer and the `jti`. Unset where the library
/// fails, which must be treated as a token that cannot be remembered.
[[nodiscard]] std::optional<TokenDigest> tokenDigest(std::string_view issuer, std::string_view tokenId);

/// For hash tables.
struct TokenDigestHash {
    [[nodiscard]] std::size_t operator()(const TokenDigest& digest) const noexcept;
};

} // namespace gatehouse
