// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"
#include "domain/result.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

namespace gatehouse {

struct KeyRotationRequest {
    std::filesystem::path policy;
    std::string issuer;                            ///< empty: the first with a secret
    std::optional<std::chrono::milliseconds> keep; ///< unset: as long as a token can live, and the leeway
};

struct KeyRotation {
    std::string issuer;
    std::filesystem::path secret; ///< the new one
    std::filesystem::path previous;
    WallTime previousUntil{};
    std::size_t pruned = 0; ///< entries of `previous` whose time was over; their files stay
};

/// Gives an issuer a new secret in a new file beside the old one, and rewrites the policy: the new secret signs, the
/// old one verifies until its time is over. Notes and the order of keys stay; the layout becomes the one that --init
/// writes. The secret is on disk before the policy names it, and the policy is replaced whole, so that what lies there
/// can be loaded at any moment. Nothing changes where the policy is not valid, before or after. Errors are in English.
[[nodiscard]] Result<KeyRotation, std::string> rotateKey(const KeyRotationRequest& request, WallTime now);

} // namespace gatehouse
