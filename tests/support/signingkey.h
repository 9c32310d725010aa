// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/policy.h"

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace gatehouse::test {

/// The private half of a key, fresh, that tokens are signed with as an identity provider would. Throws where the
/// library fails.
class SigningKey {
public:
    static SigningKey rsa(unsigned bits = 2048, unsigned exponent = 65537);
    static SigningKey ec(const std::string& curve);      ///< "P-256", "P-384", "P-521", "secp256k1"
    static SigningKey edwards(const std::string& curve); ///< "ED25519", "ED448"

    /// Its public half as a JSON Web Key; `members` are more of them: R"("use":"sig")".
    [[nodiscard]] std::string jwk(const std::string& kid, const std::string& members = {}) const;
    [[nodiscard]] std::string publicPem() const;
    [[nodiscard]] std::string publicDer() const;

    /// As RFC 7518 §3 and RFC 8037 §3.1 have it. `salt`: of PS…, in bytes; −1: as long as the digest.
    [[nodiscard]] std::string sign(JwtAlgorithm algorithm, std::string_view message, int salt = -1) const;
    /// The same, with r and s in the DER form that OpenSSL makes.
    [[nodiscard]] std::string signDer(JwtAlgorithm algorithm, std::string_view message) const;
    [[nodiscard]] std::string token(JwtAlgorithm algorithm, const std::string& header,
                                    const std::string& payload) const;

private:
    explicit SigningKey(evp_pkey_st* key);
    [[nodiscard]] std::string rawSignature(JwtAlgorithm algorithm, std::string_view message, int salt) const;

    std::shared_ptr<evp_pkey_st> m_key;
};

/// A key set of these keys' texts.
[[nodiscard]] std::string keySetText(std::initializer_list<std::string> keys);

} // namespace gatehouse::test
