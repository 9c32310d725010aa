// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <array>
#include <cstdint>

namespace gatehouse {

/// Stands for an issuer and a `jti`, so that neither is kept.
using TokenDigest = std::array<std::uint8_t, 16>;

/// A one-time token that was used up.
struct TokenUse {
    TokenDigest digest{};
    WallTime until{}; ///< from then on the token is refused for its age, and need not be remembered

    friend bool operator==(const TokenUse&, const TokenUse&) = default;
};

/// All uses that ended by then may be forgotten.
struct ForgetTokenUses {
    WallTime now{};
};

} // namespace gatehouse
