// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/issuerkeys.h"

#include <algorithm>

namespace gatehouse {

namespace {

HmacDigest hmacDigest(JwtAlgorithm algorithm)
{
    return algorithm == JwtAlgorithm::HS256   ? HmacDigest::Sha256
           : algorithm == JwtAlgorithm::HS384 ? HmacDigest::Sha384
                                              : HmacDigest::Sha512;
}

} // namespace

Result<std::shared_ptr<const IssuerKeys>, std::string> IssuerKeys::make(const Policy& policy,
                                                                        std::vector<std::shared_ptr<const KeySet>> sets)
{
    auto made = std::make_shared<IssuerKeys>();
    bool failed = false;
    const auto prepare = [&](const Issuer& issuer, const std::string& secret, std::optional<WallTime> until) {
        Secret one{{}, until, {}};
        if (!secret.empty()) {
            one.fingerprint = hmacSha256(secret, "gatehouse key fingerprint").value_or(std::string());
            failed = failed || one.fingerprint.empty();
        }
        for (const JwtAlgorithm algorithm : issuer.algorithms) {
            if (secret.empty() || !isSymmetric(algorithm))
                continue;
            auto key = HmacKey::make(secret, hmacDigest(algorithm));
            failed = failed || !key;
            if (key)
                one.keys.emplace_back(algorithm, std::move(*key));
        }
        return one;
    };
    for (const Issuer& issuer : policy.issuers) {
        auto& secrets = made->m_secrets.emplace_back();
        secrets.push_back(prepare(issuer, issuer.secret, std::nullopt));
        for (const PreviousSecret& previous : issuer.previous)
            secrets.push_back(prepare(issuer, previous.secret, previous.until));
    }
    if (failed)
        return Failure{std::string("OpenSSL cannot make HMACs")};
    made->m_sets = std::move(sets);
    made->m_sets.resize(policy.issuers.size());
    return std::shared_ptr<const IssuerKeys>(std::move(made));
}

std::shared_ptr<const KeySet> IssuerKeys::set(std::size_t issuer) const
{
    return issuer < m_sets.size() ? m_sets[issuer] : nullptr;
}

SignatureVerdict IssuerKeys::verifyBySecret(std::size_t issuer, JwtAlgorithm algorithm, std::string_view message,
                                            std::string_view signature, WallTime now) const
{
    for (const Secret& secret : m_secrets[issuer]) {
        if (secret.until && now >= *secret.until)
            continue;
        for (const auto& [which, key] : secret.keys) {
            const auto expected = which == algorithm ? key.mac(message) : std::nullopt;
            if (expected && equalInConstantTime(*expected, signature))
                return {true, true, false, secret.until, secret.fingerprint};
        }
    }
    return {};
}

SignatureVerdict IssuerKeys::verify(std::size_t issuer, JwtAlgorithm algorithm, std::string_view kid,
                                    std::string_view message, std::string_view signature, WallTime now,
                                    unsigned& tries) const
{
    if (issuer >= m_sets.size())
        return {};
    if (isSymmetric(algorithm))
        return verifyBySecret(issuer, algorithm, message, signature, now);
    SignatureVerdict verdict;
    verdict.keyKnown = kid.empty();
    if (!m_sets[issuer])
        return verdict;
    for (const KeySetKey& key : m_sets[issuer]->keys()) {
        // A key without a name may be meant by any.
        if (!kid.empty() && !key.id.empty() && key.id != kid)
            continue;
        verdict.keyKnown = true;
        if (!key.algorithms[static_cast<std::size_t>(algorithm)])
            continue;
        if (tries >= mostTries) {
            verdict.triesSpent = true;
            return verdict;
        }
        ++tries;
        verdict.good = key.key.verifies(algorithm, message, signature);
        if (verdict.good) {
            verdict.fingerprint = key.key.fingerprint();
            return verdict;
        }
    }
    return verdict;
}

SignatureVerdict IssuerKeys::judge(std::size_t issuer, JwtAlgorithm algorithm, std::string_view kid,
                                   std::string_view fingerprint, WallTime now) const
{
    if (issuer >= m_sets.size() || fingerprint.empty())
        return {};
    if (isSymmetric(algorithm)) {
        for (const Secret& secret : m_secrets[issuer]) {
            const bool ended = secret.until && now >= *secret.until;
            const bool fits = std::ranges::any_of(secret.keys, [&](const auto& key) { return key.first == algorithm; });
            if (!ended && fits && secret.fingerprint == fingerprint)
                return {true, true, false, secret.until, secret.fingerprint};
        }
        return {};
    }
    SignatureVerdict verdict;
    verdict.keyKnown = kid.empty();
    if (!m_sets[issuer])
        return verdict;
    for (const KeySetKey& key : m_sets[issuer]->keys()) {
        if (!kid.empty() && !key.id.empty() && key.id != kid)
            continue;
        verdict.keyKnown = true;
        if (!key.algorithms[static_cast<std::size_t>(algorithm)] || key.key.fingerprint() != fingerprint)
            continue;
        verdict.good = true;
        verdict.fingerprint = key.key.fingerprint();
        return verdict;
    }
    return verdict;
}

} // namespace gatehouse
