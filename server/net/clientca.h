// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/result.h"

#include <array>
#include <filesystem>
#include <memory>
#include <openssl/x509.h>
#include <string>

namespace gatehouse {

struct X509Free {
    void operator()(X509* p) const { X509_free(p); }
    void operator()(X509_STORE* p) const { X509_STORE_free(p); }
    void operator()(STACK_OF(X509_NAME) * p) const { sk_X509_NAME_pop_free(p, X509_NAME_free); }
    void operator()(BIO* p) const { BIO_free_all(p); }
};
template <class T> using X509Owned = std::unique_ptr<T, X509Free>;

/// The certificate authorities that may vouch for clients of a listener.
struct ClientCa {
    X509Owned<X509_STORE> store;               ///< these alone: no system store stands behind it
    X509Owned<STACK_OF(X509_NAME)> names;      ///< for the CertificateRequest
    std::array<unsigned char, 32> fingerprint; ///< SHA-256 over all of them, in the file's order
};

/// Reads a PEM bundle. Every certificate in it must be a CA's: a client's own would let that client in alone, whatever
/// it is for. The error names the file.
[[nodiscard]] Result<ClientCa, std::string> loadClientCa(const std::filesystem::path& file);

} // namespace gatehouse
