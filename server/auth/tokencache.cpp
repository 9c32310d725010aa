// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/tokencache.h"

#include "auth/claims.h"
#include "policy/text.h"

#include <algorithm>

namespace gatehouse {

TokenCache::TokenCache(std::size_t most)
    : m_most(most)
{
    if (const auto key = randomBytes(hmacSha256Size))
        m_key = HmacKey::make(*key, HmacDigest::Sha256);
}

std::optional<TokenCache::Digest> TokenCache::digestOf(std::string_view token) const
{
    const auto mac = m_key && m_most > 0 && token.size() <= longestToken ? m_key->mac(token) : std::nullopt;
    if (!mac || mac->size() != hmacSha256Size)
        return std::nullopt;
    Digest digest{};
    std::copy(mac->begin(), mac->end(), digest.begin());
    return digest;
}

void TokenCache::forgetOthersThan(const std::shared_ptr<const Policy>& policy,
                                  const std::shared_ptr<const IssuerKeys>& keys)
{
    if (policy == m_policy && keys == m_keys)
        return;
    m_index.clear();
    m_entries.clear();
    m_policy = policy;
    m_keys = keys;
}

Result<VerifiedToken, TokenRefusal> TokenCache::verify(const std::shared_ptr<const Policy>& policy,
                                                       const std::shared_ptr<const IssuerKeys>& keys, std::size_t route,
                                                       std::string_view token, WallTime now)
{
    forgetOthersThan(policy, keys);
    const auto digest = digestOf(token);
    const auto found = digest ? m_index.find(*digest) : m_index.end();
    if (found != m_index.end()) {
        const VerifiedToken& kept = found->second->token;
        const auto& names = policy->routes.at(route).authentication.issuers;
        const bool heard = names.empty() || contains(names, policy->issuers[kept.issuer].name);
        // What does not hold any more is judged from the start, so that both ways give one answer.
        if (heard && checkTimes(*policy, kept, now).allowed()) {
            m_entries.splice(m_entries.begin(), m_entries, found->second);
            ++m_hits;
            return kept;
        }
        m_entries.erase(found->second);
        m_index.erase(found);
    }
    auto verified = verifyToken(*policy, *keys, route, token, now);
    if (verified && digest)
        keep(*digest, *verified);
    return verified;
}

void TokenCache::keep(const Digest& digest, const VerifiedToken& token)
{
    if (m_entries.size() >= m_most) {
        m_index.erase(m_entries.back().digest);
        m_entries.pop_back();
    }
    m_entries.push_front({digest, token});
    m_index.emplace(digest, m_entries.begin());
}

} // namespace gatehouse
