// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/tlsfailure.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <optional>

namespace gatehouse {

namespace {

/// What OpenSSL's reason alone decides.
std::optional<Reason> reasonOf(int openssl)
{
    switch (openssl) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_BAD_PACKET_LENGTH:
        return Reason::TlsNotHello;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_UNKNOWN_PROTOCOL:
    case SSL_R_INAPPROPRIATE_FALLBACK:
        return Reason::TlsVersion;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_CIPHERS_SPECIFIED:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
        return Reason::TlsCipher;
    case SSL_R_NO_APPLICATION_PROTOCOL:
        return Reason::TlsAlpn;
    case SSL_R_TOO_MUCH_EARLY_DATA:
        return Reason::TlsRenegotiation;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return Reason::TlsClientCert;
    default:
        return std::nullopt;
    }
}

/// What the message decides that the handshake stopped at.
Reason reasonAt(OSSL_HANDSHAKE_STATE state)
{
    switch (state) {
    case TLS_ST_BEFORE:
    case TLS_ST_SR_CLNT_HELLO:
        return Reason::TlsNotHello;
    case TLS_ST_SR_CERT:
    case TLS_ST_SR_CERT_VRFY:
        return Reason::TlsClientCert;
    default:
        return Reason::TlsAborted;
    }
}

} // namespace

Reason handshakeFailure(const SSL& ssl)
{
    const unsigned long code = ERR_peek_error();
    ERR_clear_error();
    if (code == 0) // the connection broke
        return Reason::TlsAborted;
    if (ERR_GET_LIB(code) == ERR_LIB_SSL) { // reasons of other libraries have the same numbers
        if (const auto reason = reasonOf(ERR_GET_REASON(code)))
            return *reason;
        if (ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET) // the peer's own alert
            return Reason::TlsAborted;
    }
    return reasonAt(SSL_get_state(&ssl));
}

std::string clientCertificateProblem(const SSL& ssl)
{
    const long result = SSL_get_verify_result(&ssl);
    return result == X509_V_OK ? std::string() : X509_verify_cert_error_string(result);
}

} // namespace gatehouse
