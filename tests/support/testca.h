// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <filesystem>
#include <string>

struct ssl_ctx_st;

namespace gatehouse::test {

/// A certificate with its key, in PEM; those that vouch for it follow it, but for the root.
struct Credential {
    std::string certificate;
    std::string key;
};

struct CredentialOptions {
    std::string name = "client";
    bool authority = false;             ///< a CA's certificate
    std::string usage = "clientAuth";   ///< extendedKeyUsage; empty: none is written
    std::string alternatives{};         ///< subjectAltName, "DNS:a.example,email:a@example.com"; empty: none
    WallTime from{};                    ///< notBefore
    std::chrono::hours lasts{24};       ///< to notAfter
    const Credential* issuer = nullptr; ///< null: it signs itself
};

/// Throws where OpenSSL fails.
[[nodiscard]] Credential makeCredential(const CredentialOptions& options);

/// Lets a TLS client show it.
void useCredential(ssl_ctx_st* context, const Credential& credential);

/// Writes the certificate and key as NAME.pem and NAME.key, the key readable by its owner alone.
void writeCredential(const std::filesystem::path& folder, const std::string& name, const Credential& credential);

} // namespace gatehouse::test
