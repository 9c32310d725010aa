// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/clientcertificate.h"

#include <openssl/x509.h>
#include <optional>

namespace gatehouse {

/// The names, serial number and times of a certificate; unset where one of them cannot be read.
[[nodiscard]] std::optional<ClientCertificate> readClientCertificate(const X509& certificate);

} // namespace gatehouse
