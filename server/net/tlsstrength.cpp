// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/tlsstrength.h"

namespace gatehouse {

namespace {

constexpr char suites12[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                            "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr char suites13[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr char groups[] = "X25519:P-256:P-384";
// No SHA-1, no DSA; RSA with PKCS #1 v1.5 for TLS 1.2 and for signatures of certificates.
constexpr char signatures[] = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:"
                              "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
                              "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
                              "RSA+SHA256:RSA+SHA384:RSA+SHA512";
constexpr int securityLevel = 2; // 112 bits: RSA from 2048, no SHA-1 in certificates

/// A Close frame ends a WebSocket, and a message has its length in front: where a peer leaves out TLS's own
/// close_notify, nothing can be cut off unseen.
constexpr std::uint64_t options = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                  SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                  SSL_OP_ENABLE_MIDDLEBOX_COMPAT;

} // namespace

bool setTlsStrength(SSL_CTX& context, TlsVersion minVersion)
{
    SSL_CTX_clear_options(&context, SSL_CTX_get_options(&context));
    SSL_CTX_set_options(&context, options);
    SSL_CTX_set_mode(&context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_clear_mode(&context, SSL_MODE_AUTO_RETRY); // a handshake message ends a read, so that it can be judged
    SSL_CTX_set_security_level(&context, securityLevel);
    return SSL_CTX_set_min_proto_version(&context, minVersion == TlsVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION) ==
               1 &&
           SSL_CTX_set_max_proto_version(&context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(&context, suites12) == 1 && SSL_CTX_set_ciphersuites(&context, suites13) == 1 &&
           SSL_CTX_set1_groups_list(&context, groups) == 1 && SSL_CTX_set1_sigalgs_list(&context, signatures) == 1 &&
           SSL_CTX_set1_client_sigalgs_list(&context, signatures) == 1;
}

} // namespace gatehouse
