// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <memory>

namespace gatehouse {

namespace {

struct MacDeleter {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};

const unsigned char* bytesOf(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// Fetched once, since a fetch walks the providers; immutable and safe to share between threads afterwards.
EVP_MAC* hmacAlgorithm()
{
    static const std::unique_ptr<EVP_MAC, MacDeleter> mac(EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr));
    return mac.get();
}

} // namespace

std::optional<HmacKey> HmacKey::make(std::string_view key, HmacDigest digest)
{
    EVP_MAC* algorithm = hmacAlgorithm();
    if (!algorithm)
        return std::nullopt;
    std::shared_ptr<EVP_MAC_CTX> context(EVP_MAC_CTX_new(algorithm), MacDeleter());
    std::string name(digest == HmacDigest::Sha256 ? "SHA256" : digest == HmacDigest::Sha384 ? "SHA384" : "SHA512");
    const std::array<OSSL_PARAM, 2> parameters{OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
                                               OSSL_PARAM_construct_end()};
    if (!context || EVP_MAC_init(context.get(), bytesOf(key), key.size(), parameters.data()) != 1)
        return std::nullopt;
    return HmacKey(std::move(context));
}

std::optional<std::string> HmacKey::mac(std::string_view message) const
{
    const std::unique_ptr<EVP_MAC_CTX, MacDeleter> context(EVP_MAC_CTX_dup(m_prepared.get()));
    std::array<unsigned char, EVP_MAX_MD_SIZE> tag{};
    std::size_t size = 0;
    if (!context || EVP_MAC_update(context.get(), bytesOf(message), message.size()) != 1 ||
        EVP_MAC_final(context.get(), tag.data(), &size, tag.size()) != 1)
        return std::nullopt;
    return std::string(tag.begin(), tag.begin() + static_cast<std::ptrdiff_t>(size));
}

std::optional<std::string> hmacSha256(std::string_view key, std::string_view message)
{
    const auto prepared = HmacKey::make(key, HmacDigest::Sha256);
    return prepared ? prepared->mac(message) : std::nullopt;
}

bool equalInConstantTime(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<std::string> randomBytes(std::size_t count)
{
    std::string bytes(count, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1)
        return std::nullopt;
    return bytes;
}

} // namespace gatehouse
