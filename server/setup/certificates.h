// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/address.h"
#include "domain/clock.h"
#include "domain/result.h"

#include <string>
#include <vector>

namespace gatehouse {

inline constexpr std::chrono::days serverLife{365}; ///< of a server certificate; browsers refuse more than 398

/// What a certificate speaks for, or a CA is confined to.
struct CertificateNames {
    std::vector<std::string> hosts; ///< lower case; each passes isHostName()
    std::vector<IpAddress> addresses;
};

struct CertificateAndKey {
    std::string certificate; ///< PEM
    std::string key;         ///< PEM, PKCS #8, unencrypted: a secret
};

/// A self-signed CA (EC P-256, ten years, path length 0) that is confined (RFC 5280 §4.2.1.10) to `names`, the loopback
/// addresses and localhost, so that trusting it opens no other site. `host` goes into its name.
[[nodiscard]] Result<CertificateAndKey, std::string> makeLocalCa(const std::string& host, const CertificateNames& names,
                                                                 WallTime now);

/// A server certificate (EC P-256, serverAuth) for `names`, signed by `ca`: for one year, but not beyond the CA's end.
/// It stands alone: who trusts the CA has its certificate, and who does not has no use for it.
[[nodiscard]] Result<CertificateAndKey, std::string> makeServerCertificate(const CertificateAndKey& ca,
                                                                           const std::string& host,
                                                                           const CertificateNames& names, WallTime now);

/// The same with the subject and the alternative names of `old` (PEM) and a new key, proven against `ca` as a client
/// would.
[[nodiscard]] Result<CertificateAndKey, std::string> renewServerCertificate(const CertificateAndKey& ca,
                                                                            const std::string& old, WallTime now);

} // namespace gatehouse
