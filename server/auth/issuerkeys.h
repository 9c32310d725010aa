// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/hmac.h"
#include "auth/keyset.h"
#include "domain/clock.h"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace gatehouse {

/// What the keys of one issuer say of a signature.
struct SignatureVerdict {
    bool good = false;
    bool keyKnown = true;           ///< false: the token names a key that the issuer does not have
    bool triesSpent = false;        ///< more keys fit than one token may cost
    std::optional<WallTime> until;  ///< of a good one: from then on its key verifies no more
    std::string_view fingerprint{}; ///< of a good one's key; holds as long as the keys
};

/// The keys of each issuer of one policy, in the policy's order. Immutable; held by the workers beside the policy.
class IssuerKeys {
public:
    /// Verifications by a public key that one token may cost; a fetched set may hold many keys, and a token need not
    /// say which one it means.
    static constexpr unsigned mostTries = 16;

    /// No issuer has a key.
    IssuerKeys() = default;
    /// `sets`: for each issuer; null where it has a secret, or no keys yet.
    [[nodiscard]] static Result<std::shared_ptr<const IssuerKeys>, std::string>
    make(const Policy& policy, std::vector<std::shared_ptr<const KeySet>> sets);

    [[nodiscard]] std::shared_ptr<const KeySet> set(std::size_t issuer) const;
    [[nodiscard]] const std::vector<std::shared_ptr<const KeySet>>& sets() const { return m_sets; }

    /// `algorithm` is one that the issuer lists. `kid` is empty where the token names no key. `tries` is what the token
    /// has cost so far.
    [[nodiscard]] SignatureVerdict verify(std::size_t issuer, JwtAlgorithm algorithm, std::string_view kid,
                                          std::string_view message, std::string_view signature, WallTime now,
                                          unsigned& tries) const;

    /// What verify() would say of a signature that the key of this fingerprint made.
    [[nodiscard]] SignatureVerdict judge(std::size_t issuer, JwtAlgorithm algorithm, std::string_view kid,
                                         std::string_view fingerprint, WallTime now) const;

private:
    struct Secret {
        std::vector<std::pair<JwtAlgorithm, HmacKey>> keys; ///< for each algorithm that the issuer lists
        std::optional<WallTime> until;                      ///< unset: the one that signs
        std::string fingerprint;
    };

    [[nodiscard]] SignatureVerdict verifyBySecret(std::size_t issuer, JwtAlgorithm algorithm, std::string_view message,
                                                  std::string_view signature, WallTime now) const;

    std::vector<std::vector<Secret>> m_secrets;
    std::vector<std::shared_ptr<const KeySet>> m_sets;
};

} // namespace gatehouse
