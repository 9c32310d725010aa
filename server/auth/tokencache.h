// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "auth/token.h"

#include <array>
#include <cstring>
#include <list>
#include <memory>
#include <unordered_map>

namespace gatehouse {

/// Tokens that were verified, so that a client that comes again costs no signature. Bounded; the one that was not asked
/// for the longest goes first. What is kept is the token's HMAC under a key of this cache's own, never the token. It
/// says what a signature and claims are worth and no more: whether a token was revoked, banned or used up is for others
/// to ask, each time. Owner: one I/O worker.
class TokenCache {
public:
    static constexpr std::size_t capacity = 4096;

    explicit TokenCache(std::size_t most = capacity);

    /// As verifyToken(). What was verified under another policy or other keys is forgotten; times are looked at each
    /// time. Both pointers are kept, and neither is null.
    [[nodiscard]] Result<VerifiedToken, TokenRefusal> verify(const std::shared_ptr<const Policy>& policy,
                                                             const std::shared_ptr<const IssuerKeys>& keys,
                                                             std::size_t route, std::string_view token, WallTime now);

    [[nodiscard]] std::size_t size() const { return m_entries.size(); }
    /// How many answers came from here.
    [[nodiscard]] std::uint64_t hits() const { return m_hits; }

private:
    using Digest = std::array<char, hmacSha256Size>;
    struct DigestHash {
        /// Any part of it will do: nobody outside can choose it.
        std::size_t operator()(const Digest& digest) const noexcept
        {
            std::size_t first = 0;
            std::memcpy(&first, digest.data(), sizeof first);
            return first;
        }
    };
    struct Entry {
        Digest digest;
        VerifiedToken token;
    };
    using Entries = std::list<Entry>;

    [[nodiscard]] std::optional<Digest> digestOf(std::string_view token) const;
    void forgetOthersThan(const std::shared_ptr<const Policy>& policy, const std::shared_ptr<const IssuerKeys>& keys);
    void keep(const Digest& digest, const VerifiedToken& token);

    std::size_t m_most;
    std::optional<HmacKey> m_key; ///< unset, and nothing is kept, where the system has no random bytes
    std::shared_ptr<const Policy> m_policy;
    std::shared_ptr<const IssuerKeys> m_keys;
    Entries m_entries; ///< last used first
    std::unordered_map<Digest, Entries::iterator, DigestHash> m_index;
    std::uint64_t m_hits = 0;
};

} // namespace gatehouse
