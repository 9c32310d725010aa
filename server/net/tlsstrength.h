// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "policy/policy.h"

#include <openssl/ssl.h>

namespace gatehouse {

/// Versions, suites, groups, signatures and key sizes for both roles, with nothing of what the system's openssl.cnf may
/// have set; no compression, no renegotiation. False where the TLS library fails.
[[nodiscard]] bool setTlsStrength(SSL_CTX& context, TlsVersion minVersion);

} // namespace gatehouse
