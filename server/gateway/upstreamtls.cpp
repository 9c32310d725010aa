// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/upstreamtls.h"

#include "domain/address.h"
#include "net/clientca.h"
#include "net/tlsstrength.h"
#include "policy/privatefile.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string_view>

namespace gatehouse {

namespace {

constexpr std::size_t largestFile = 1U << 20; // bytes
constexpr std::size_t mostAuthorities = 512;
constexpr int mostIntermediates = 5;
constexpr long longestChain = 64L * 1024;             // bytes of the upstream's Certificate message
constexpr unsigned char protocols[] = "\x08http/1.1"; // ALPN: nothing else may answer (RFC 7301)
constexpr unsigned protocolsLength = sizeof protocols - 1;

/// Empty: they are in the store.
std::string addAuthorities(X509_STORE& store, const std::string& pem)
{
    const X509Owned<BIO> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    std::size_t count = 0;
    while (const X509Owned<X509> certificate{in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr}) {
        if (++count > mostAuthorities)
            return "holds more than " + std::to_string(mostAuthorities) + " certificates";
        if (X509_STORE_add_cert(&store, certificate.get()) != 1)
            return "cannot be kept: no memory";
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        return "holds a certificate that cannot be read, after " + std::to_string(count) + " good ones";
    return count == 0 ? "holds no certificate" : std::string();
}

UpstreamTlsPeer& peerOf(const SSL* ssl)
{
    return *static_cast<UpstreamTlsPeer*>(SSL_get_app_data(ssl));
}

/// For every record, so it must be cheap.
void onMessage(int sent, int, int type, const void* bytes, std::size_t size, SSL* ssl, void*)
{
    UpstreamTlsPeer& peer = peerOf(ssl);
    if (sent || !peer.established)
        return;
    if (type == SSL3_RT_HEADER)
        ++peer.records;
    if (type != SSL3_RT_HANDSHAKE)
        return;
    const bool ticket = size > 0 && *static_cast<const unsigned char*>(bytes) == SSL3_MT_NEWSESSION_TICKET;
    if (ticket && ++peer.tickets <= UpstreamTlsPeer::mostTickets)
        return;
    peer.guard.attempt(peer.clock->now());
}

bool configure(SSL_CTX& context)
{
    if (!setTlsStrength(context, TlsVersion::Tls12))
        return false;
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_verify_depth(&context, mostIntermediates);
    SSL_CTX_set_max_cert_list(&context, longestChain);
    SSL_CTX_set_msg_callback(&context, onMessage);
    return SSL_CTX_set_alpn_protos(&context, protocols, protocolsLength) == 0; // 0 is success here
}

} // namespace

UpstreamTls::Digest UpstreamTls::digestOf(const std::string& bytes)
{
    Digest digest{};
    if (EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(), digest.data(), nullptr) != 1)
        return {};
    return digest;
}

Result<std::shared_ptr<const UpstreamTls>, std::string> UpstreamTls::create(const std::filesystem::path& ca,
                                                                            const Clock& clock)
{
    const auto failed = [](std::string what) {
        ERR_clear_error();
        return Failure{std::move(what)};
    };
    ERR_clear_error();
    const std::shared_ptr<UpstreamTls> made(new UpstreamTls(clock));
    made->m_context.reset(SSL_CTX_new(TLS_client_method()));
    if (!made->m_context || !configure(*made->m_context))
        return failed("the TLS library cannot be set up for upstreams");
    if (ca.empty()) {
        if (SSL_CTX_set_default_verify_paths(made->m_context.get()) != 1)
            return failed("the system's certificate authorities cannot be read; name some in \"ca\"");
        return std::shared_ptr<const UpstreamTls>(made);
    }
    const auto pem = readWholeFile(ca, largestFile);
    if (!pem)
        return failed("ca " + pem.error());
    if (std::string problem = addAuthorities(*SSL_CTX_get_cert_store(made->m_context.get()), *pem); !problem.empty())
        return failed("ca " + ca.string() + ' ' + problem);
    ERR_clear_error();
    made->m_digest = digestOf(*pem);
    return std::shared_ptr<const UpstreamTls>(made);
}

/// A certificate's common name counts for nothing (RFC 9525 §2), and "w*.example" is no wildcard.
SslPtr UpstreamTls::connect(int fd, const std::string& host) const
{
    SslPtr ssl(SSL_new(m_context.get()));
    if (!ssl || SSL_set_fd(ssl.get(), fd) != 1)
        return nullptr;
    SSL_set_connect_state(ssl.get());
    X509_VERIFY_PARAM* expected = SSL_get0_param(ssl.get());
    X509_VERIFY_PARAM_set_time(expected, std::chrono::system_clock::to_time_t(m_clock.wall()));
    X509_VERIFY_PARAM_set_hostflags(expected,
                                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (const auto address = IpAddress::parse(host)) {
        const std::size_t from = address->isV4() ? 12 : 0; // of the mapped form
        if (X509_VERIFY_PARAM_set1_ip(expected, address->bytes().data() + from, address->bytes().size() - from) != 1)
            return nullptr;
        return ssl;
    }
    // What the macro SSL_set_tlsext_host_name() does, without its C cast.
    std::string name = host;
    if (host.empty() || SSL_set1_host(ssl.get(), host.c_str()) != 1 ||
        SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) != 1)
        return nullptr;
    return ssl;
}

std::string upstreamTlsProblem(const SSL& ssl)
{
    const unsigned long code = ERR_peek_error();
    ERR_clear_error();
    if (const long verified = SSL_get_verify_result(&ssl); verified != X509_V_OK)
        return std::string("its certificate: ") + X509_verify_cert_error_string(verified);
    if (code == 0)
        return "it ended the connection within the TLS handshake";
    switch (ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_BAD_PACKET_LENGTH:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        return "it does not speak TLS";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
        return "it speaks no TLS of version 1.2 or later";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_WRONG_CIPHER_RETURNED:
    case SSL_R_UNKNOWN_CIPHER_RETURNED:
        return "it takes none of the cipher suites, groups and signatures that are allowed";
    default:
        break;
    }
    const char* reason = ERR_reason_error_string(code);
    return std::string("the TLS handshake failed: ") + (reason ? reason : "for an unknown reason");
}

} // namespace gatehouse
