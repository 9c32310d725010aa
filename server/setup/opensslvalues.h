// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <string>

// OpenSSL's values as this folder uses them.
namespace gatehouse {

struct OpensslFree {
    void operator()(X509* p) const { X509_free(p); }
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(BIO* p) const { BIO_free_all(p); }
    void operator()(BIGNUM* p) const { BN_free(p); }
    void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
    void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
    void operator()(X509_STORE* p) const { X509_STORE_free(p); }
    void operator()(X509_STORE_CTX* p) const { X509_STORE_CTX_free(p); }
    void operator()(char* p) const { OPENSSL_free(p); }
};
template <class T> using Owned = std::unique_ptr<T, OpensslFree>;

/// The first certificate of PEM text; null where there is none that can be read.
[[nodiscard]] Owned<X509> readCertificate(const std::string& pem);
/// Null where there is none, or a passphrase would be asked for.
[[nodiscard]] Owned<EVP_PKEY> readKey(const std::string& pem);
[[nodiscard]] std::optional<WallTime> wallTime(const ASN1_TIME* time);
/// What was written to a memory BIO.
[[nodiscard]] std::string textOf(BIO& memory);

} // namespace gatehouse
