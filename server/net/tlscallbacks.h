// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <openssl/ssl.h>

namespace gatehouse {

/// Sets what a TlsContext decides while a handshake runs: server name, protocol, tickets, the client's certificate, and
/// what is counted after it. The app data of the SSL_CTX leads to the TlsContext, that of each SSL to its TlsPeer.
void setCallbacks(SSL_CTX& context);

/// Looks at what one connection reads until its handshake is over, and lets the read fail that brings a ClientHello
/// over its limit.
void watchHello(SSL& ssl);
void unwatchHello(SSL& ssl);

} // namespace gatehouse
