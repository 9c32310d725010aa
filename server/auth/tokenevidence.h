// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/policy.h"

#include <optional>
#include <string>

namespace gatehouse {

/// What is kept of a token that was verified, so that another policy can judge it again. It holds no signature: who has
/// it has nothing to come in with.
struct TokenEvidence {
    JwtAlgorithm algorithm = JwtAlgorithm::HS256;
    std::string keyId;               ///< `kid`; empty where the token has none
    std::string keyFingerprint;      ///< of the key that verified it
    std::optional<std::string> type; ///< `typ` of its header
    std::string claims;              ///< JSON, as it was signed

    friend bool operator==(const TokenEvidence&, const TokenEvidence&) = default;
};

} // namespace gatehouse
