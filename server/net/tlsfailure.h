// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "domain/reason.h"

#include <openssl/ssl.h>
#include <string>

namespace gatehouse {

/// Why a handshake failed, from the thread's OpenSSL error queue, which is emptied, and from how far the handshake had
/// come.
[[nodiscard]] Reason handshakeFailure(const SSL& ssl);

/// What was wrong with the client's certificate, in OpenSSL's words; empty where nothing was found.
[[nodiscard]] std::string clientCertificateProblem(const SSL& ssl);

} // namespace gatehouse
