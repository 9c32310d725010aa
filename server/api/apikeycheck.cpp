// SPDX-License-Identifier: GPL-3.0-or-later
#include "api/apikeycheck.h"

#include "policy/text.h"

#include <array>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <optional>
#include <vector>

namespace gatehouse {

namespace {

constexpr std::string_view keyPrefix = "gh_";
constexpr std::string_view scheme = "apikey ";
constexpr std::size_t longestShown = 256; // bytes; longer ones are no keys, and not hashed
constexpr std::string_view noKey = "no key";

using Digest = std::array<std::byte, 32>;

/// Unset where OpenSSL fails.
std::optional<Digest> digestOf(std::string_view secret)
{
    Digest digest{};
    unsigned size = 0;
    auto* out = static_cast<unsigned char*>(static_cast<void*>(digest.data()));
    if (EVP_Digest(secret.data(), secret.size(), out, &size, EVP_sha256(), nullptr) != 1 || size != digest.size())
        return std::nullopt;
    return digest;
}

Decision refusal(Reason reason, std::string met)
{
    return {reason, {"/api_keys", "api_keys"}, std::move(met), "a key of this gate in X-API-Key"};
}

/// What stands behind "gh_ID_"; unset where the key is not of that id. An id may hold '_', so that several may fit.
std::optional<std::string_view> secretFor(const ApiKey& key, std::string_view shown)
{
    if (!shown.starts_with(keyPrefix))
        return std::nullopt;
    shown.remove_prefix(keyPrefix.size());
    if (!shown.starts_with(key.id))
        return std::nullopt;
    shown.remove_prefix(key.id.size());
    if (!shown.starts_with('_'))
        return std::nullopt;
    return shown.substr(1);
}

} // namespace

Result<const ApiKey*, Decision> findApiKey(std::span<const ApiKey> keys, std::string_view shown)
{
    static const ApiKey nobody{};
    if (shown.size() > longestShown)
        return Failure{refusal(Reason::ApiKey, "a key of " + std::to_string(shown.size()) + " bytes")};
    const ApiKey* found = nullptr;
    const ApiKey* known = nullptr;
    for (const ApiKey& key : keys) {
        const auto secret = secretFor(key, shown);
        if (!secret)
            continue;
        known = &key;
        const auto digest = digestOf(*secret);
        if (digest && !secret->empty() && CRYPTO_memcmp(digest->data(), key.sha256.data(), digest->size()) == 0)
            found = &key;
    }
    if (found)
        return found;
    if (!known) {
        const auto digest = digestOf(shown);
        (void)(digest && CRYPTO_memcmp(digest->data(), nobody.sha256.data(), digest->size()) == 0);
        return Failure{refusal(Reason::ApiKey, "a key that is not of this gate")};
    }
    return Failure{refusal(Reason::ApiKey, "a wrong secret for the key " + known->id)};
}

Result<const ApiKey*, Decision> checkApiKey(std::span<const ApiKey> keys, const wire::Request& request)
{
    std::vector<std::string_view> shown = request.all("X-API-Key");
    for (const std::string_view value : request.all("Authorization"))
        if (toLower(value.substr(0, scheme.size())) == scheme)
            shown.push_back(value.substr(scheme.size()));
    if (shown.empty())
        return Failure{refusal(Reason::ApiKey, std::string(noKey))};
    if (shown.size() > 1)
        return Failure{refusal(Reason::ApiFormat, std::to_string(shown.size()) + " keys")};
    return findApiKey(keys, shown.front());
}

bool isWrongKey(const Decision& decision)
{
    return decision.reason == Reason::ApiKey && decision.met != noKey;
}

} // namespace gatehouse
