// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/tlscontext.h"

#include <array>
#include <cstring>
#include <ctime>
#include <openssl/err.h>
#include <openssl/x509.h>

namespace gatehouse {

namespace {

constexpr char suites12[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                            "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

std::string opensslError(const std::string& what)
{
    std::array<char, 256> text{};
    const unsigned long code = ERR_peek_last_error();
    ERR_error_string_n(code, text.data(), text.size());
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(code);
    return what + ": " + (reason ? reason : text.data());
}

/// RFC 7301: `http/1.1` where it is offered; a list without it ends the handshake with alert 120.
int selectProtocol(SSL*, const unsigned char** out, unsigned char* outLength, const unsigned char* in, unsigned length,
                   void*)
{
    static constexpr unsigned char wanted[] = "http/1.1";
    constexpr unsigned wantedLength = sizeof wanted - 1;
    for (unsigned i = 0; i + 1 <= length; i += 1U + in[i]) {
        if (i + 1U + in[i] <= length && in[i] == wantedLength && std::memcmp(in + i + 1, wanted, wantedLength) == 0) {
            *out = in + i + 1;
            *outLength = in[i];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

std::optional<WallTime> notAfter(const X509& certificate)
{
    std::tm time{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &time) != 1)
        return std::nullopt;
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::from_time_t(timegm(&time)));
}

std::string subjectOf(const X509& certificate)
{
    std::array<char, 256> name{};
    const int length =
        X509_NAME_get_text_by_NID(X509_get_subject_name(&certificate), NID_commonName, name.data(), name.size());
    return length > 0 ? std::string(name.data()) : std::string();
}

void configure(SSL_CTX& context, TlsVersion minVersion)
{
    SSL_CTX_set_min_proto_version(&context, minVersion == TlsVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    SSL_CTX_set_options(&context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                      SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(&context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF); // tickets alone: nothing is kept for a peer
    SSL_CTX_set_num_tickets(&context, 1);
    SSL_CTX_set_alpn_select_cb(&context, selectProtocol, nullptr);
}

} // namespace

Result<std::shared_ptr<const TlsContext>, std::string> TlsContext::create(const ListenerTls& settings)
{
    ERR_clear_error();
    std::shared_ptr<TlsContext> made(new TlsContext);
    made->m_context.reset(SSL_CTX_new(TLS_server_method()));
    if (!made->m_context)
        return Failure{opensslError("cannot make a TLS context")};
    SSL_CTX& context = *made->m_context;
    configure(context, settings.minVersion);
    if (SSL_CTX_set_cipher_list(&context, suites12) != 1 ||
        SSL_CTX_set1_groups_list(&context, "X25519:P-256:P-384") != 1)
        return Failure{opensslError("cannot set cipher suites")};
    if (SSL_CTX_use_certificate_chain_file(&context, settings.certificate.c_str()) != 1)
        return Failure{opensslError("cannot read certificate " + settings.certificate.string())};
    if (SSL_CTX_use_PrivateKey_file(&context, settings.key.c_str(), SSL_FILETYPE_PEM) != 1)
        return Failure{opensslError("cannot read private key " + settings.key.string())};
    if (SSL_CTX_check_private_key(&context) != 1)
        return Failure{opensslError("private key " + settings.key.string() + " does not belong to certificate " +
                                    settings.certificate.string())};
    const X509* certificate = SSL_CTX_get0_certificate(&context);
    made->m_expires = notAfter(*certificate);
    made->m_subject = subjectOf(*certificate);
    return std::shared_ptr<const TlsContext>(std::move(made));
}

SslPtr TlsContext::accept(int fd) const
{
    SslPtr ssl(SSL_new(m_context.get()));
    if (!ssl || SSL_set_fd(ssl.get(), fd) != 1) {
        ERR_clear_error();
        return nullptr;
    }
    SSL_set_accept_state(ssl.get());
    return ssl;
}

Reason handshakeFailure()
{
    const unsigned long code = ERR_peek_error();
    ERR_clear_error();
    if (ERR_GET_LIB(code) != ERR_LIB_SSL) // reasons of other libraries have the same numbers
        return Reason::TlsAborted;
    switch (ERR_GET_REASON(code)) {
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_BAD_PACKET_LENGTH:
    case SSL_R_UNEXPECTED_MESSAGE:
        return Reason::TlsNotHello;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_UNKNOWN_PROTOCOL:
        return Reason::TlsVersion;
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
        return Reason::TlsCipher;
    case SSL_R_NO_APPLICATION_PROTOCOL:
        return Reason::TlsAlpn;
    default:
        return Reason::TlsAborted;
    }
}

} // namespace gatehouse
