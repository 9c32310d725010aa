// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/publickey.h"

#include <bitset>
#include <vector>

namespace gatehouse {

inline constexpr std::size_t largestKeySet = 256 * 1024; ///< bytes
inline constexpr std::size_t mostKeys = 64;              ///< of a set
inline constexpr std::size_t longestKeyId = 128;         ///< bytes of `kid`

/// A public key with what its set says of it.
struct KeySetKey {
    std::string id;                            ///< `kid`; empty where it has none
    std::bitset<jwtAlgorithmCount> algorithms; ///< by type and curve, and by `alg` where it is there
    PublicKey key;
};

/// The keys of a JSON Web Key Set (RFC 7517 §5) that tokens can be verified with. Immutable; may be shared by threads.
class KeySet {
public:
    /// A set is refused as a whole where it is no key set, is over a bound, names two keys of one type and algorithm
    /// alike, holds a key that is broken, or any private or symmetric member: whoever could read it could sign. Keys of
    /// other kinds and for other uses are left out, as RFC 7517 §5 wants it. Errors are in English.
    [[nodiscard]] static Result<std::shared_ptr<const KeySet>, std::string> parse(std::string_view text);

    [[nodiscard]] const std::vector<KeySetKey>& keys() const { return m_keys; }
    /// Keys that were left out, and why.
    [[nodiscard]] const std::vector<std::string>& leftOut() const { return m_leftOut; }
    [[nodiscard]] const std::string& text() const { return m_text; }
    [[nodiscard]] bool hasId(std::string_view id) const;

private:
    std::vector<KeySetKey> m_keys;
    std::vector<std::string> m_leftOut;
    std::string m_text;
};

/// Why no token of this issuer could ever be verified with the set, in English; empty where one could.
[[nodiscard]] std::string keySetProblem(const KeySet& set, const Issuer& issuer);

} // namespace gatehouse
