// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"
#include "policy/policy.h"

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;
struct evp_pkey_st;

namespace gatehouse {

/// A public key that signatures of tokens are verified with (RFC 7518 §3, RFC 8037 §3.1), prepared for each algorithm
/// that it fits. Immutable; may be shared by threads.
class PublicKey {
public:
    enum class Type : std::uint8_t { Rsa, P256, P384, P521, Ed25519, Ed448 };

    /// Big-endian numbers. 2048 to 8192 bits; the exponent is odd and from 65537 to 64 bits, since smaller ones have
    /// been the door of forgeries and larger ones cost the verifier. Errors are in English.
    [[nodiscard]] static Result<PublicKey, std::string> rsa(std::string_view modulus, std::string_view exponent);
    /// A point of P-256, P-384 or P-521; each coordinate in its full length (RFC 7518 §6.2.1.2).
    [[nodiscard]] static Result<PublicKey, std::string> ec(Type type, std::string_view x, std::string_view y);
    /// Ed25519 or Ed448 (RFC 8032).
    [[nodiscard]] static Result<PublicKey, std::string> edwards(Type type, std::string_view x);

    [[nodiscard]] Type type() const { return m_type; }
    /// The same for the same key alone: a hash of its SubjectPublicKeyInfo (RFC 5280 §4.1).
    [[nodiscard]] const std::string& fingerprint() const { return m_fingerprint; }
    /// By type and curve.
    [[nodiscard]] static bool fits(Type type, JwtAlgorithm algorithm);
    /// False for whatever is not exactly a signature of this message, and where the library fails.
    [[nodiscard]] bool verifies(JwtAlgorithm algorithm, std::string_view message, std::string_view signature) const;

    /// Bytes of a coordinate of a curve, or of an Edwards key.
    [[nodiscard]] static std::size_t coordinateSize(Type type);

private:
    using Prepared = std::shared_ptr<const evp_md_ctx_st>;

    [[nodiscard]] static Result<PublicKey, std::string> prepared(Type type, std::shared_ptr<evp_pkey_st> key);
    [[nodiscard]] bool prepare(JwtAlgorithm algorithm);
    [[nodiscard]] bool takeFingerprint();

    Type m_type = Type::Rsa;
    std::shared_ptr<evp_pkey_st> m_key;
    std::string m_fingerprint;
    std::array<Prepared, jwtAlgorithmCount> m_prepared; ///< null for algorithms that do not fit
};

} // namespace gatehouse
