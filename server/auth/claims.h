// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/token.h"
#include "domain/decision.h"
#include "domain/result.h"
#include "policy/identity.h"
#include "policy/json.h"
#include "policy/policy.h"

namespace gatehouse {

inline constexpr std::size_t longestToken = 8192;  ///< bytes of a compact token
inline constexpr std::size_t deepestClaims = 8;    ///< objects and arrays open at once
inline constexpr std::size_t longestUser = 128;    ///< bytes of the claim that names the user
inline constexpr std::size_t longestTokenId = 128; ///< bytes of `jti`

/// Checks the claims of a token whose signature is good (RFC 7519 §4.1) against the issuer that signed it.
[[nodiscard]] Result<VerifiedToken, Decision> checkClaims(const Policy& policy, std::size_t issuer,
                                                          const JsonValue& claims, WallTime now);

/// `typ` of a token's header against what the issuer asks for (RFC 7515 §4.1.9): "application/" may be left out.
[[nodiscard]] Decision checkType(const Policy& policy, std::size_t issuer, const JsonValue& header);

/// The rule of an issuer: "/issuers/0/leeway", "issuer local › leeway".
[[nodiscard]] Rule issuerRule(const Policy& policy, std::size_t issuer, std::string_view key);

} // namespace gatehouse
