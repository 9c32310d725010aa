// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clock.h"

#include <string>
#include <vector>

namespace gatehouse {

/// What a verified client certificate says of its holder; the names as UTF-8, in the order of the certificate.
struct ClientCertificate {
    std::vector<std::string> commonNames; ///< of the subject
    std::vector<std::string> dnsNames;    ///< of subjectAltName
    std::vector<std::string> emails;      ///< of subjectAltName
    std::string serial;                   ///< in hexadecimal, as `openssl x509 -serial` prints it
    WallTime notBefore{};
    WallTime notAfter{};

    friend bool operator==(const ClientCertificate&, const ClientCertificate&) = default;
};

} // namespace gatehouse
