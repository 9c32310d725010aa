// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/certificate.h"
#include "domain/result.h"
#include "policy/policy.h"
#include "setup/renewal.h"

#include <string>

namespace gatehouse {

/// What lies in the listener's certificate file and its folder; the listener has TLS.
[[nodiscard]] RenewalPlan planRenewal(const Listener& listener, WallTime now);

/// `facts`: of the certificate that is meant; `plan` of the listener.
[[nodiscard]] CertificateStatus certificateStatus(const Listener& listener, const CertificateFacts& facts,
                                                  const RenewalPlan& plan, WallTime now);

/// Of the certificate that lies in the listener's file, for a server that does not run. The error names the file.
[[nodiscard]] Result<CertificateStatus, std::string> certificateStatus(const Listener& listener, WallTime now);

} // namespace gatehouse
