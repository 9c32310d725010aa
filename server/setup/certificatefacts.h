// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/certificate.h"
#include "domain/result.h"

#include <string>

namespace gatehouse {

/// Of the first certificate in PEM text. The error says what is wrong with the text.
[[nodiscard]] Result<CertificateFacts, std::string> certificateFacts(const std::string& pem);

/// What is wrong with the PEM text of a private key; empty: nothing. A passphrase is never asked for.
[[nodiscard]] std::string keyProblem(const std::string& pem);

} // namespace gatehouse
