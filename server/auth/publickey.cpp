// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth/publickey.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <optional>

namespace gatehouse {

namespace {

using Type = PublicKey::Type;

constexpr int fewestBits = 2048;
constexpr int mostBits = 8192;
constexpr std::size_t mostExponentBytes = 8;

template <auto function> struct Free {
    template <class T> void operator()(T* object) const { function(object); }
};
using Number = std::unique_ptr<BIGNUM, Free<BN_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using ParametersBuilder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;

/// What fails here stays out of the thread's queue of errors, from which TLS on the same thread reads its own.
class QuietErrors {
public:
    QuietErrors() { ERR_set_mark(); }
    ~QuietErrors() { ERR_pop_to_mark(); }
    QuietErrors(const QuietErrors&) = delete;
    QuietErrors& operator=(const QuietErrors&) = delete;
};

const unsigned char* bytesOf(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

Number numberOf(std::string_view bytes)
{
    return Number(BN_bin2bn(bytesOf(bytes), static_cast<int>(bytes.size()), nullptr));
}

std::shared_ptr<EVP_PKEY> keyFrom(const char* name, OSSL_PARAM* parameters)
{
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, name, nullptr));
    EVP_PKEY* key = nullptr;
    if (!context || !parameters || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        return nullptr;
    return {key, Free<EVP_PKEY_free>()};
}

bool isOnItsCurve(EVP_PKEY* key)
{
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    return context && EVP_PKEY_public_check(context.get()) == 1;
}

const char* curveName(Type type)
{
    return type == Type::P256 ? "P-256" : type == Type::P384 ? "P-384" : "P-521";
}

const EVP_MD* digestOf(JwtAlgorithm algorithm)
{
    switch (algorithm) {
    case JwtAlgorithm::HS256:
    case JwtAlgorithm::RS256:
    case JwtAlgorithm::PS256:
    case JwtAlgorithm::ES256:
        return EVP_sha256();
    case JwtAlgorithm::HS384:
    case JwtAlgorithm::RS384:
    case JwtAlgorithm::PS384:
    case JwtAlgorithm::ES384:
        return EVP_sha384();
    case JwtAlgorithm::HS512:
    case JwtAlgorithm::RS512:
    case JwtAlgorithm::PS512:
    case JwtAlgorithm::ES512:
        return EVP_sha512();
    case JwtAlgorithm::EdDSA:
        break;
    }
    return nullptr;
}

bool isPss(JwtAlgorithm algorithm)
{
    return algorithm == JwtAlgorithm::PS256 || algorithm == JwtAlgorithm::PS384 || algorithm == JwtAlgorithm::PS512;
}

void appendDerLength(std::string& der, std::size_t size)
{
    if (size >= 0x80)
        der.push_back('\x81');
    der.push_back(static_cast<char>(size));
}

/// An INTEGER (X.690 §8.3) of a big-endian number.
void appendDerInteger(std::string& der, std::string_view number)
{
    number.remove_prefix(std::min(number.find_first_not_of('\0'), number.size() - 1));
    const bool sign = (static_cast<unsigned char>(number.front()) & 0x80U) != 0;
    der.push_back('\x02');
    appendDerLength(der, number.size() + (sign ? 1 : 0));
    if (sign)
        der.push_back('\0');
    der.append(number);
}

/// r and s side by side (RFC 7518 §3.4) as OpenSSL wants them; unset where the length is not the curve's. That both are
/// from 1 to n − 1 is checked by OpenSSL.
std::optional<std::string> derSignature(std::string_view raw, std::size_t coordinate)
{
    if (raw.size() != 2 * coordinate)
        return std::nullopt;
    std::string both;
    appendDerInteger(both, raw.substr(0, coordinate));
    appendDerInteger(both, raw.substr(coordinate));
    std::string der(1, '\x30');
    appendDerLength(der, both.size());
    return der + both;
}

} // namespace

std::size_t PublicKey::coordinateSize(Type type)
{
    switch (type) {
    case Type::Rsa:
        return 0;
    case Type::P256:
    case Type::Ed25519:
        return 32;
    case Type::P384:
        return 48;
    case Type::P521:
        return 66;
    case Type::Ed448:
        return 57;
    }
    return 0;
}

bool PublicKey::fits(Type type, JwtAlgorithm algorithm)
{
    switch (algorithm) {
    case JwtAlgorithm::HS256:
    case JwtAlgorithm::HS384:
    case JwtAlgorithm::HS512:
        return false;
    case JwtAlgorithm::RS256:
    case JwtAlgorithm::RS384:
    case JwtAlgorithm::RS512:
    case JwtAlgorithm::PS256:
    case JwtAlgorithm::PS384:
    case JwtAlgorithm::PS512:
        return type == Type::Rsa;
    case JwtAlgorithm::ES256:
        return type == Type::P256;
    case JwtAlgorithm::ES384:
        return type == Type::P384;
    case JwtAlgorithm::ES512:
        return type == Type::P521;
    case JwtAlgorithm::EdDSA:
        return type == Type::Ed25519 || type == Type::Ed448;
    }
    return false;
}

Result<PublicKey, std::string> PublicKey::rsa(std::string_view modulus, std::string_view exponent)
{
    const QuietErrors quiet;
    if (modulus.size() > static_cast<std::size_t>(mostBits) / 8 + 1)
        return Failure{"RSA of more than " + std::to_string(mostBits) + " bits"};
    const Number n = numberOf(modulus);
    const int bits = n ? BN_num_bits(n.get()) : 0;
    if (bits < fewestBits || bits > mostBits)
        return Failure{"RSA of " + std::to_string(bits) + " bits; 2048 to 8192 are allowed"};
    const Number e = exponent.size() <= mostExponentBytes ? numberOf(exponent) : nullptr;
    if (!e || !BN_is_odd(e.get()) || !BN_is_odd(n.get()) || BN_get_word(e.get()) < 65537)
        return Failure{std::string("RSA with an exponent below 65537 or over 64 bits, or with an even number")};
    const ParametersBuilder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return Failure{std::string("OpenSSL cannot take the key")};
    const Parameters parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    return prepared(Type::Rsa, keyFrom("RSA", parameters.get()));
}

Result<PublicKey, std::string> PublicKey::ec(Type type, std::string_view x, std::string_view y)
{
    const QuietErrors quiet;
    if (x.size() != coordinateSize(type) || y.size() != coordinateSize(type))
        return Failure{"a coordinate of " + std::string(curveName(type)) + " has " +
                       std::to_string(coordinateSize(type)) + " bytes"};
    std::string name(curveName(type));
    std::string point = std::string(1, '\x04').append(x).append(y);
    std::array<OSSL_PARAM, 3> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
        OSSL_PARAM_construct_end()};
    auto key = keyFrom("EC", parameters.data());
    if (!key || !isOnItsCurve(key.get()))
        return Failure{"the point is not on " + name};
    return prepared(type, std::move(key));
}

Result<PublicKey, std::string> PublicKey::edwards(Type type, std::string_view x)
{
    const QuietErrors quiet;
    const char* name = type == Type::Ed25519 ? "ED25519" : "ED448";
    if (x.size() != coordinateSize(type))
        return Failure{std::string(name) + " has " + std::to_string(coordinateSize(type)) + " bytes"};
    return prepared(
        type, std::shared_ptr<EVP_PKEY>(EVP_PKEY_new_raw_public_key_ex(nullptr, name, nullptr, bytesOf(x), x.size()),
                                        Free<EVP_PKEY_free>()));
}

Result<PublicKey, std::string> PublicKey::prepared(Type type, std::shared_ptr<evp_pkey_st> key)
{
    PublicKey made;
    made.m_type = type;
    made.m_key = std::move(key);
    for (std::size_t i = 0; i < jwtAlgorithmCount; ++i)
        if (const auto algorithm = static_cast<JwtAlgorithm>(i); fits(type, algorithm))
            if (!made.m_key || !made.prepare(algorithm))
                return Failure{std::string("OpenSSL cannot take the key")};
    if (!made.m_key || !made.takeFingerprint())
        return Failure{std::string("OpenSSL cannot take the key")};
    return made;
}

bool PublicKey::takeFingerprint()
{
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    unsigned char* der = nullptr;
    const int length = i2d_PUBKEY(m_key.get(), &der);
    const bool made = length > 0 && EVP_Digest(der, static_cast<std::size_t>(length), digest.data(), &size,
                                               EVP_sha256(), nullptr) == 1;
    OPENSSL_free(der);
    if (made)
        m_fingerprint.assign(static_cast<const char*>(static_cast<const void*>(digest.data())), size);
    return made;
}

bool PublicKey::prepare(JwtAlgorithm algorithm)
{
    std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), Free<EVP_MD_CTX_free>());
    EVP_PKEY_CTX* settings = nullptr;
    const EVP_MD* digest = digestOf(algorithm);
    if (!context || EVP_DigestVerifyInit(context.get(), &settings, digest, nullptr, m_key.get()) != 1)
        return false;
    // RFC 7518 §3.5: MGF1 with the same digest, and a salt as long as it.
    if (isPss(algorithm) && (EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) != 1 ||
                             EVP_PKEY_CTX_set_rsa_mgf1_md(settings, digest) != 1 ||
                             EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    m_prepared[static_cast<std::size_t>(algorithm)] = std::move(context);
    return true;
}

bool PublicKey::verifies(JwtAlgorithm algorithm, std::string_view message, std::string_view signature) const
{
    const auto& ready = m_prepared[static_cast<std::size_t>(algorithm)];
    const Context context(EVP_MD_CTX_new());
    if (!ready || !context)
        return false;
    const QuietErrors quiet;
    // OpenSSL 3.0 does not copy contexts of Edwards curves, which have no digest of their own.
    const bool copied = algorithm == JwtAlgorithm::EdDSA
                            ? EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, m_key.get()) == 1
                            : EVP_MD_CTX_copy_ex(context.get(), ready.get()) == 1;
    if (!copied)
        return false;
    std::optional<std::string> der;
    if (m_type == Type::P256 || m_type == Type::P384 || m_type == Type::P521) {
        der = derSignature(signature, coordinateSize(m_type));
        if (!der)
            return false;
        signature = *der;
    }
    return EVP_DigestVerify(context.get(), bytesOf(signature), signature.size(), bytesOf(message), message.size()) == 1;
}

} // namespace gatehouse
