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

std::optional<std::string> hmacSha256(std::string_view key, std::string_view message)
{
    EVP_MAC* algorithm = hmacAlgorithm();
    if (!algorithm)
        return std::nullopt;
    const std::unique_ptr<EVP_MAC_CTX, MacDeleter> context(EVP_MAC_CTX_new(algorithm));
    std::array<char, 7> digest{"SHA256"};
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
    std::array<unsigned char, hmacSha256Size> tag{};
    std::size_t size = 0;
    if (!context || EVP_MAC_init(context.get(), bytesOf(key), key.size(), parameters.data()) != 1 ||
        EVP_MAC_update(context.get(), bytesOf(message), message.size()) != 1 ||
        EVP_MAC_final(context.get(), tag.data(), &size, tag.size()) != 1 || size != tag.size())
        return std::nullopt;
    return std::string(tag.begin(), tag.end());
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
