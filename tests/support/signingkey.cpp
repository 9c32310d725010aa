// SPDX-License-Identifier: GPL-3.0-or-later
#include "signingkey.h"

#include "auth/base64url.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdexcept>
#include <vector>

namespace gatehouse::test {

namespace {

void require(bool good, const char* what)
{
    if (!good)
        throw std::runtime_error(std::string("signing key: ") + what);
}

const unsigned char* bytesOf(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string textOf(const std::vector<unsigned char>& bytes)
{
    return {bytes.begin(), bytes.end()};
}

const EVP_MD* digestOf(JwtAlgorithm algorithm)
{
    if (algorithm == JwtAlgorithm::EdDSA)
        return nullptr;
    const std::string_view word = jwtAlgorithmWord(algorithm);
    return word.ends_with("256") ? EVP_sha256() : word.ends_with("384") ? EVP_sha384() : EVP_sha512();
}

std::string numberOf(EVP_PKEY* key, const char* name, std::size_t size = 0)
{
    BIGNUM* number = nullptr;
    require(EVP_PKEY_get_bn_param(key, name, &number) == 1, name);
    const auto least = static_cast<std::size_t>(BN_num_bytes(number));
    std::vector<unsigned char> bytes(std::max(size, least));
    BN_bn2binpad(number, bytes.data(), static_cast<int>(bytes.size()));
    BN_free(number);
    return base64urlEncoded(textOf(bytes));
}

std::string curveOf(EVP_PKEY* key)
{
    std::vector<char> name(64);
    std::size_t size = 0;
    require(EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(), &size) == 1,
            "group");
    const std::string group(name.data(), size);
    return group == "prime256v1" ? "P-256" : group == "secp384r1" ? "P-384" : group == "secp521r1" ? "P-521" : group;
}

std::size_t coordinateSize(EVP_PKEY* key)
{
    return static_cast<std::size_t>(EVP_PKEY_get_bits(key) + 7) / 8;
}

} // namespace

SigningKey::SigningKey(evp_pkey_st* key)
    : m_key(key, [](EVP_PKEY* one) { EVP_PKEY_free(one); })
{
    require(key != nullptr, "cannot be made");
}

SigningKey SigningKey::rsa(unsigned bits, unsigned exponent)
{
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr);
    BIGNUM* e = BN_new();
    EVP_PKEY* key = nullptr;
    require(context && e && BN_set_word(e, exponent) == 1 && EVP_PKEY_keygen_init(context) == 1 &&
                EVP_PKEY_CTX_set_rsa_keygen_bits(context, static_cast<int>(bits)) == 1 &&
                EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e) == 1 && EVP_PKEY_generate(context, &key) == 1,
            "RSA");
    BN_free(e);
    EVP_PKEY_CTX_free(context);
    return SigningKey(key);
}

SigningKey SigningKey::ec(const std::string& curve)
{
    return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.c_str()));
}

SigningKey SigningKey::edwards(const std::string& curve)
{
    return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, curve.c_str()));
}

std::string SigningKey::jwk(const std::string& kid, const std::string& members) const
{
    EVP_PKEY* key = m_key.get();
    std::string text;
    if (EVP_PKEY_is_a(key, "RSA")) {
        text = R"({"kty":"RSA","n":")" + numberOf(key, OSSL_PKEY_PARAM_RSA_N) + R"(","e":")" +
               numberOf(key, OSSL_PKEY_PARAM_RSA_E) + '"';
    } else if (EVP_PKEY_is_a(key, "EC")) {
        const std::size_t size = coordinateSize(key);
        text = R"({"kty":"EC","crv":")" + curveOf(key) + R"(","x":")" + numberOf(key, OSSL_PKEY_PARAM_EC_PUB_X, size) +
               R"(","y":")" + numberOf(key, OSSL_PKEY_PARAM_EC_PUB_Y, size) + '"';
    } else {
        std::vector<unsigned char> bytes(64);
        std::size_t size = bytes.size();
        require(EVP_PKEY_get_raw_public_key(key, bytes.data(), &size) == 1, "raw");
        bytes.resize(size);
        text = std::string(R"({"kty":"OKP","crv":")") + (EVP_PKEY_is_a(key, "ED25519") ? "Ed25519" : "Ed448") +
               R"(","x":")" + base64urlEncoded(textOf(bytes)) + '"';
    }
    if (!kid.empty())
        text += R"(,"kid":")" + kid + '"';
    if (!members.empty())
        text += ',' + members;
    return text + '}';
}

std::string SigningKey::publicDer() const
{
    unsigned char* bytes = nullptr;
    const int size = i2d_PUBKEY(m_key.get(), &bytes);
    require(size > 0, "DER");
    std::string der(bytes, bytes + size);
    OPENSSL_free(bytes);
    return der;
}

std::string SigningKey::publicPem() const
{
    const std::string der = publicDer();
    std::vector<unsigned char> base64(der.size() * 2 + 8);
    const int size = EVP_EncodeBlock(base64.data(), bytesOf(der), static_cast<int>(der.size()));
    const std::string all(base64.begin(), base64.begin() + size);
    std::string pem = "-----BEGIN PUBLIC KEY-----\n";
    for (std::size_t at = 0; at < all.size(); at += 64)
        pem += all.substr(at, 64) + '\n';
    return pem + "-----END PUBLIC KEY-----\n";
}

std::string SigningKey::rawSignature(JwtAlgorithm algorithm, std::string_view message, int salt) const
{
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* settings = nullptr;
    const EVP_MD* digest = digestOf(algorithm);
    require(EVP_DigestSignInit(context, &settings, digest, nullptr, m_key.get()) == 1, "sign");
    if (jwtAlgorithmWord(algorithm).starts_with("PS"))
        require(EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1 &&
                    EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, salt < 0 ? RSA_PSS_SALTLEN_DIGEST : salt) == 1,
                "PSS");
    std::size_t size = 0;
    require(EVP_DigestSign(context, nullptr, &size, bytesOf(message), message.size()) == 1, "sign");
    std::vector<unsigned char> signature(size);
    require(EVP_DigestSign(context, signature.data(), &size, bytesOf(message), message.size()) == 1, "sign");
    signature.resize(size);
    EVP_MD_CTX_free(context);
    return textOf(signature);
}

std::string SigningKey::signDer(JwtAlgorithm algorithm, std::string_view message) const
{
    return rawSignature(algorithm, message, -1);
}

std::string SigningKey::sign(JwtAlgorithm algorithm, std::string_view message, int salt) const
{
    std::string signature = rawSignature(algorithm, message, salt);
    if (!EVP_PKEY_is_a(m_key.get(), "EC"))
        return signature;
    const unsigned char* at = bytesOf(signature);
    ECDSA_SIG* both = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(signature.size()));
    require(both != nullptr, "ECDSA");
    const std::size_t size = coordinateSize(m_key.get());
    std::vector<unsigned char> raw(2 * size);
    BN_bn2binpad(ECDSA_SIG_get0_r(both), raw.data(), static_cast<int>(size));
    BN_bn2binpad(ECDSA_SIG_get0_s(both), raw.data() + size, static_cast<int>(size));
    ECDSA_SIG_free(both);
    return textOf(raw);
}

std::string SigningKey::token(JwtAlgorithm algorithm, const std::string& header, const std::string& payload) const
{
    const std::string text = base64urlEncoded(header) + '.' + base64urlEncoded(payload);
    return text + '.' + base64urlEncoded(sign(algorithm, text));
}

std::string keySetText(std::initializer_list<std::string> keys)
{
    std::string text = R"({"keys":[)";
    for (const std::string& key : keys)
        text += (text.ends_with('[') ? "" : ",") + key;
    return text + "]}";
}

} // namespace gatehouse::test
