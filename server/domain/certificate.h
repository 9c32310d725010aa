// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gatehouse {

/// What a certificate says of itself. Names are text of whoever made it.
struct CertificateFacts {
    std::string subject;            ///< RFC 4514: "CN=localhost,O=Gatehouse"
    std::vector<std::string> names; ///< host names and addresses that it speaks for
    std::string issuer;             ///< RFC 4514
    std::string serial;             ///< hexadecimal
    std::string fingerprint;        ///< SHA-256, 64 lower-case hexadecimal digits
    WallTime notBefore{};
    WallTime notAfter{};
    std::string keyType; ///< "EC P-256", "RSA 2048", "ED25519"

    friend bool operator==(const CertificateFacts&, const CertificateFacts&) = default;
};

/// The certificate that a listener serves with.
struct LoadedCertificate {
    std::string digest; ///< of all that was read for it, the key too
    CertificateFacts facts;
};

/// How a listener's certificate stands.
struct CertificateStatus {
    std::string listener;
    std::string certificateFile;
    std::string keyFile;
    CertificateFacts facts;
    std::int64_t daysLeft = 0; ///< whole ones; below 0 where it has ended
    bool renews = false;       ///< by itself
    std::string renewsNot;     ///< why not
    std::optional<WallTime> renewsAt;
    std::optional<WallTime> caExpires; ///< of the local CA that it comes from
    std::string failure;               ///< the last change or renewal that failed, where none worked since
    std::optional<WallTime> failedAt;

    friend bool operator==(const CertificateStatus&, const CertificateStatus&) = default;
};

/// Whole days from `now` to the end of a certificate; below 0 where it has ended.
[[nodiscard]] inline std::int64_t daysLeft(WallTime notAfter, WallTime now)
{
    return std::chrono::floor<std::chrono::days>(notAfter - now).count();
}

} // namespace gatehouse
